"""What it may cost, as ratios to something measured in the same run, with wide margins.

Processor time, never the clock: a machine at work does not change it much. The figures themselves
are in docs/performance.md; here a budget fails where something has gone astray by half or more.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import folium
import geopandas as gpd
import pytest

from msap_geo import outputs
from msap_geo.study import read_study, run_study

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "data" / "demo"

IMPORT = 0.5
"""Of the time importing geopandas takes; measured: 0.03."""

ROOMS = 9.0
"""Opening the rooms of a whole study, of the same; measured: 3.5."""

WHEEL = 8.0
"""Bytes of the wheel over those of the sample it carries; measured: 4.5."""

PAGE = 1.5
"""The sample's page over Folium's own bare choropleth with Leaflet inside; measured: 1.04."""

WARM = 7.0
"""Processor time of a warm Corsica over bare reads of its files; measured: 3.4 to 4.2."""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="measures as POSIX does")


def processor(*command, times=3):
    """Return the least processor time of a command, in seconds, of several runs."""
    import resource  # noqa: PLC0415 - POSIX only

    spent = []
    for _ in range(times):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(spent)


def python(code, *arguments, times=3):
    return processor(sys.executable, "-c", code, *arguments, times=times)


@pytest.mark.slow
def test_importing_is_a_part_of_importing_geopandas():
    nothing = python("pass")
    peer = python("import geopandas") - nothing
    assert python("import msap_geo") - nothing <= IMPORT * peer
    rooms = "import msap_geo.study, msap_geo.answers, msap_geo.folder, msap_geo.outputs"
    assert python(rooms) - nothing <= ROOMS * peer


@pytest.mark.slow
def test_the_wheel_is_a_few_times_the_data_it_must_carry(tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    done = subprocess.run(
        [*build, "--directory", tmp_path], cwd=ROOT, capture_output=True, check=False
    )
    if done.returncode and b"hatchling" in done.stderr:
        pytest.skip("hatchling is not installed here")
    assert not done.returncode, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    needed = sum(path.stat().st_size for path in DEMO.iterdir())
    assert wheel.stat().st_size <= WHEEL * needed


def _leaflet():
    """Return the bytes of Leaflet's script and style, which both maps hold."""
    root = files("js_lib_leaflet")
    found = [one for one in Path(str(root)).rglob("leaflet.*") if one.suffix in {".js", ".css"}]
    assert found
    return sum(
        max(path.stat().st_size for path in found if path.suffix == end) for end in (".js", ".css")
    )


@pytest.mark.slow
def test_the_page_weighs_little_more_than_a_bare_choropleth(tmp_path):
    result = run_study(read_study(DEMO / "etude.toml"))
    outputs.write_map(outputs.map(result), tmp_path / "carte.html", title="Budget")
    communes = gpd.read_file(DEMO / "communes.geojson")[["code", "nom", "geometry"]]
    access = result.access.set_index("code_insee")["minutes"]
    told = communes.assign(minutes=communes["code"].map(access).round(1))
    peer = folium.Map()
    folium.Choropleth(
        geo_data=json.loads(told.to_json()),
        data=told[["code", "minutes"]],
        columns=["code", "minutes"],
        key_on="feature.properties.code",
    ).add_to(peer)
    bare = len(peer.get_root().render().encode()) + _leaflet()
    assert (tmp_path / "carte.html").stat().st_size <= PAGE * bare


@pytest.mark.slow
@pytest.mark.corse
@pytest.mark.xdist_group("corse")
@pytest.mark.usefixtures("corsica_folders")  # warm: the network's store, the compiler's cache
def test_a_warm_corsica_is_a_few_bare_reads(corsica, tmp_path):
    spec = importlib.util.spec_from_file_location("warm_run", ROOT / "benchmarks" / "warm_run.py")
    warm_run = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(warm_run)
    study = read_study(corsica)
    inputs = [str(study.path(path)) for paths in study.inputs().values() for path in paths]
    run = [sys.executable, "-m", "msap_geo", "lancer", str(corsica), "--sortie", str(tmp_path)]
    floor = python(warm_run.FLOOR, *inputs, times=1)
    assert processor(*run, times=1) <= WARM * floor
