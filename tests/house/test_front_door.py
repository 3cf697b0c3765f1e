"""``import msap_geo as mg``: everything an analyst asks, in one call each."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys

import geopandas as gpd
import pytest

import msap_geo as mg
from msap_geo import errors

NAMES = [
    "backtest", "check", "compare", "diagnose", "map", "plan", "rate", "read", "report", "run",
    "sample", "scenario", "services", "tour", "write",
]  # fmt: skip


@pytest.fixture(scope="module")
def ran():
    return mg.run(mg.sample())


def test_the_door_has_these_names_and_documents_them():
    assert [name for name in mg.__all__ if name != "__version__"] == NAMES
    for name in NAMES:
        function = getattr(mg, name)
        assert callable(function)
        assert function.__doc__.count("---") >= 1, name  # numpydoc sections
    with pytest.raises(AttributeError, match="nimporte"):
        _ = mg.nimporte


def test_no_room_takes_the_name_of_a_door():
    # Importing a submodule sets an attribute of the package: one named `compare` would hide it.
    rooms = {module.name for module in pkgutil.iter_modules(mg.__path__)}
    assert not rooms & set(NAMES)
    for module in pkgutil.walk_packages(mg.__path__, "msap_geo."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in NAMES:
        assert getattr(mg, name) is getattr(mg, name)
        assert callable(getattr(mg, name)), name


@pytest.mark.slow
def test_importing_costs_nothing_and_rooms_open_by_their_names():
    code = (
        "import sys, msap_geo as mg\n"
        "assert not {'pandas', 'numpy', 'folium', 'numba'} & set(sys.modules)\n"
        "assert mg.travel.matrix and mg.network.load_network\n"
        "print(sorted(set(dir(mg)) & {'travel', 'run', '__version__'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "['__version__', 'run', 'travel']", done.stderr


@pytest.mark.slow
def test_each_call_twice(ran, tmp_path):
    for _ in range(2):
        assert isinstance(ran.candidates, gpd.GeoDataFrame)
        assert isinstance(ran.zones, gpd.GeoDataFrame)
        assert "leaflet" in mg.map(ran).get_root().render().lower()
        diagnosis = mg.diagnose(ran)
        assert "zones" in diagnosis.tables
        assert "leaflet" in mg.map(diagnosis).get_root().render().lower()
        assert mg.rate(ran, top=2).table["rang"].tolist() == [1, 2]
        assert len(mg.plan(ran, number=2).plan.sites) == 2
        first = ran.candidates.iloc[0]
        assumed = mg.scenario(ran, opened=[first["site_id"]])
        assert len(assumed.maisons) == len(ran.maisons) + 1
        compared = mg.compare(ran, assumed)
        gained = int(compared.territories["gagnent"].iloc[0])
        assert gained == assumed.shares[0].within - ran.shares[0].within > 0
        mg.write(ran, tmp_path / "etude")
        mg.write(compared, str(tmp_path / "ecarts"))
        assert (tmp_path / "etude" / "carte.html").is_file()
        assert (tmp_path / "ecarts" / "comparaison.json").is_file()
    folders = mg.compare(tmp_path / "etude", tmp_path / "etude")
    assert folders.territories["gagnent"].eq(0).all()


@pytest.mark.slow
def test_reports_and_everything(ran, tmp_path):
    mg.report(ran, tmp_path / "rapport.html", number=1)
    assert "<html" in (tmp_path / "rapport.html").read_text(encoding="utf-8")
    with pytest.raises(errors.OutputError, match=r"\.docx"):
        mg.report(ran, tmp_path / "rapport.odt")
    mg.write(ran, tmp_path / "tout", everything=True)
    assert (tmp_path / "tout" / "etude.xlsx").is_file()


@pytest.mark.slow
def test_a_study_is_read_run_and_checked_from_its_path(toy_study):
    written = str(toy_study.path)
    assert mg.run(written).access.equals(mg.run(mg.read(written)).access)
    assert mg.study.run_study(written).access.equals(mg.run(written).access)
    assert mg.check(written).title == mg.read(toy_study.path).etude.nom
    with pytest.raises(errors.FileMissingError):
        mg.read("nulle/part.toml")


def test_sites_are_chosen_by_name_too(ran):
    first = ran.candidates.iloc[0]
    by_name = mg.scenario(ran, opened=[first["nom"].lower()])
    assert by_name.choice.opened[0].site_id == first["site_id"]
    planned = mg.plan(ran, number=1, imposed=[first["nom"]])
    assert planned.plan.sites == (first["site_id"],)
    with pytest.raises(errors.StudyError, match="ni l'identifiant ni le nom"):
        mg.scenario(ran, opened=["Nulle-Part"])
    with pytest.raises(errors.StudyError, match="nombre de sites, un budget ou une part"):
        mg.plan(ran)
    with pytest.raises(errors.StudyError, match="nombre de sites, un budget ou une part"):
        mg.plan(ran, number=1, share=0.5)
