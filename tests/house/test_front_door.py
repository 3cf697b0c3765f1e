"""``import msap_geo as mg``: everything an analyst asks, in one call each."""

from __future__ import annotations

import dataclasses
import datetime as dt
import importlib
import pkgutil
import re
import subprocess
import sys

import geopandas as gpd
import pytest

import msap_geo as mg
from msap_geo import errors

NAMES = [
    "adapt", "backtest", "basket", "check", "compare", "diagnose", "map", "open_longer", "plan",
    "plan_ahead", "rate", "read", "report", "run", "sample", "scenario", "services", "tour",
    "write",
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
    wrong = f"{first['nom'].upper()}X"
    with pytest.raises(errors.StudyError, match=re.escape(f"vouliez-vous dire « {first['nom']} »")):
        mg.plan(ran, number=1, imposed=[wrong])
    with pytest.raises(errors.StudyError, match="nombre de sites, un budget ou une part"):
        mg.plan(ran)
    with pytest.raises(errors.StudyError, match="nombre de sites, un budget ou une part"):
        mg.plan(ran, number=1, share=0.5)
    for ask in (mg.adapt, mg.plan_ahead):
        with pytest.raises(errors.StudyError, match="donner l'un des deux : number=3 ou"):
            ask(ran)
    with pytest.raises(errors.StudyError, match="transformations ou une économie"):
        mg.adapt(ran, number=1, saving_eur=1000)


@pytest.mark.slow
def test_a_lone_name_and_a_table_are_sites_too(ran):
    first = ran.candidates.iloc[0]
    for given in (first["site_id"], first["nom"], ran.candidates.head(1), (first["site_id"],)):
        opened = mg.scenario(ran, opened=given).choice.opened
        assert [site.site_id for site in opened] == [first["site_id"]]
    assert mg.plan(ran, number=1, imposed=first["nom"]).plan.sites == (first["site_id"],)
    with pytest.raises(errors.StudyError, match="base inconnue dans cette étude : Laval"):
        mg.tour(ran, bases="Laval")
    with pytest.raises(errors.OutputError, match="couche inconnue : Rien"):
        mg.map(ran, layers="Rien")


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (mg.run, "son fichier, pas son résultat"),
        (mg.check, r"écrire mg\.check\(r\.study\)"),
        *(
            (lambda r, name=name: getattr(mg, name)(r.study), "pas un objet Study")
            for name in ("map", "diagnose", "rate", "backtest", "basket", "scenario", "tour")
        ),
        (lambda r: mg.services(r.study), "pas un objet Study"),
        (lambda r: mg.adapt(r.study, number=1), "pas un objet Study"),
        (lambda r: mg.open_longer(r.study, hours=1), "pas un objet Study"),
        (lambda r: mg.plan_ahead(r.study, number=1), "pas un objet Study"),
        (lambda r: mg.plan(r.study, number=1), "pas un objet Study"),
        (lambda r: mg.compare(r.study, r), "pas un objet Study"),
        (lambda r: mg.write(r.study, "x"), "pas un objet Study"),
        (lambda r: mg.report(r.study, "x.pdf"), "pas un objet Study"),
        (lambda r: mg.map(mg.plan(r, number=1)), r"opened=p\.plan\.sites"),
        (lambda r: mg.scenario(r, opened=ran_columns(r)), "pas par un objet DataFrame"),
        (lambda r: mg.scenario(r, opened=3), "pas par « 3 »"),
        (lambda r: mg.plan(r, number=2.5), "« number » est un nombre entier, pas « 2.5 »"),
        (lambda r: mg.plan(r, number="3"), "« number » est un nombre entier"),
        (lambda r: mg.plan(r, number=-1), "« number » est un nombre entier"),
        (lambda r: mg.plan(r, number=True), "« number » est un nombre entier"),
        (lambda r: mg.plan(r, share=95), "une part de 0 à 1, pas « 95 »"),
        (lambda r: mg.plan(r, budget_eur=float("nan")), "un nombre positif"),
        (lambda r: mg.services(r, budget_eur="300 000"), "un nombre positif"),
        (lambda r: mg.adapt(r, number=1.5), "« number » est un nombre entier"),
        (lambda r: mg.adapt(r, saving_eur=-5), "un nombre positif"),
        (lambda r: mg.open_longer(r, hours="huit"), "un nombre positif"),
        (lambda r: mg.basket(r, number="2"), "« number » est un nombre entier"),
        (lambda r: mg.plan_ahead(r, budget_eur="beaucoup"), "un nombre positif"),
        (lambda r: mg.rate(r, top="3"), "« top » est un nombre entier"),
        (lambda r: mg.tour(r, vehicles=1.5), "« vehicles » est un nombre entier"),
        (lambda r: mg.backtest(r, date="hier"), "une date AAAA-MM-JJ"),
    ],
)  # fmt: skip
def test_what_is_none_is_refused_with_its_remedy(ran, call, told):
    with pytest.raises(errors.StudyError, match=told) as refused:
        call(ran)
    assert "Que faire : écrire" in str(refused.value)


def ran_columns(result):
    return result.access[["minutes", "population"]]


def test_a_day_is_a_day_or_its_text(ran):
    told = []
    for day in ("2019-06-30", dt.date(2019, 6, 30), dt.datetime(2019, 6, 30, 12, tzinfo=dt.UTC)):
        with pytest.raises(errors.DataError, match="après le 30/06/2019") as refused:
            mg.backtest(ran, date=day)
        told.append(str(refused.value))
    assert len(set(told)) == 1


@pytest.mark.slow
@pytest.mark.slow
def test_the_network_and_its_hours_are_asked_as_the_commands_do(ran):
    # Little time for the proof of what would break a promise, which is not looked at here.
    hasty = dataclasses.replace(ran, study=ran.study.with_values("adaptation", secondes=3))
    adapted = mg.adapt(hasty, number=2)
    assert len(adapted.transformations) == 2
    assert mg.adapt(hasty, saving_eur=1000).plan.saved_eur >= 1000
    longer = mg.open_longer(ran, hours=8)
    assert 0 < longer.additions["heures"].sum() <= 8
    basket = mg.basket(ran, number=2)
    assert len(basket.plan_sites) == 2
    for answer in (adapted, longer, basket):
        assert len(repr(answer)) < 300
        # A notebook says it of invented data as the commands do.
        assert "DÉMONSTRATION" in answer._repr_html_()
    with pytest.raises(errors.StudyError, match="ne donne pas de projection"):
        mg.plan_ahead(ran, number=1)


@pytest.mark.slow
def test_answers_show_themselves_in_a_line(ran):
    opened = mg.scenario(ran, opened=ran.candidates.head(1))
    assert repr(mg.compare(ran, opened)).startswith("Comparison('Mayenne (démonstration)', ")
    for answer in (ran, mg.rate(ran), mg.plan(ran, number=1), mg.diagnose(ran)):
        assert len(repr(answer)) < 500
