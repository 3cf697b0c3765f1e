"""What the map is drawn on, in the page: simplified to a weight, in its place, shaded."""

from __future__ import annotations

import base64
import dataclasses
import io
import itertools
import json

import geopandas as gpd
import numpy as np
import pytest
import shapely
from PIL import Image
from support.pages import picture, visit
from support.pages import pytestmark as pytestmark  # noqa: PLC0414 - the marks of its tests
from support.toy import STEP, X0, Y0, StudyFolder, toy_communes

from msap_geo import outputs
from msap_geo.audit import Severity
from msap_geo.errors import FileMissingError
from msap_geo.folder import write_study
from msap_geo.loaders import Relief, Scenery
from msap_geo.outputs.page import payload_parts as page_parts
from msap_geo.outputs.page import scenery as page
from msap_geo.outputs.page.packing import unpack
from msap_geo.outputs.page.topology import degrees_of, grid_of, on_grid
from msap_geo.study import audit_study, read_study, run_study


@pytest.fixture
def toy():
    communes = toy_communes()
    return communes, communes.geometry, grid_of(communes.geometry, step_m=10)


def layer(shapes, **columns):
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=2154)


def test_flat_ground_has_no_shadow_and_slopes_away_from_the_light_do():
    x, y = np.meshgrid(np.arange(9.0), np.arange(9.0))
    side = np.full(x.shape, 100.0)

    def shade(metres):
        return page.hill_shade(metres, across_m=side, down_m=side)[4, 4]

    assert shade(np.zeros(x.shape)) == 0
    # Falling to the south-east, away from a north-west light; rising to it; and half-way.
    assert shade(-50 * (x + y)) > 0.4
    assert shade(50 * (x + y)) == 0
    assert shade(-50 * (x + y)) > shade(-10 * (x + y)) > 0
    unknown = np.full(x.shape, np.nan)
    assert page.hill_shade(unknown, across_m=side, down_m=side).max() == 0


def test_a_slope_at_right_angles_to_the_light_is_lambert_s_cosine():
    x, y = np.meshgrid(np.arange(9.0), np.arange(9.0))
    side = np.full(x.shape, 100.0)
    slope = 0.5
    metres = slope * 100 * (x - y) / np.sqrt(2) / page._RAISED  # falls to the south-west
    found = page.hill_shade(metres, across_m=side, down_m=side)[4, 4]
    assert found == pytest.approx(1 - 1 / np.sqrt(1 + slope**2))


def test_points_of_the_grid_come_back(toy):
    grid = toy[2]
    x, y = np.array([10.0, -500.0]), np.array([200.0, 3000.0])
    points = np.column_stack(degrees_of(x, y, grid))
    assert on_grid(points, grid, crs=4326).tolist() == [[10, 200], [-500, 3000]]


def test_a_commune_is_named_at_its_town_hall_where_it_is_drawn(toy):
    _, areas, grid = toy
    middle = areas.representative_point()
    starts = middle.translate(STEP / 8, STEP / 8)
    starts.iloc[0] = None  # unknown
    starts.iloc[1] = starts.iloc[2]  # another commune's
    starts.iloc[3] = shapely.Point(areas.iloc[3].exterior.coords[0])  # on the border
    told = page_parts.places(areas, starts, grid, margin_m=20)
    expected = starts.copy()
    expected.iloc[[0, 1, 3]] = middle.iloc[[0, 1, 3]]
    assert told.tolist() == on_grid(expected.get_coordinates().to_numpy(), grid, crs=2154).tolist()
    assert shapely.contains(areas.to_numpy(), shapely.points(expected.get_coordinates())).all()


def test_the_picture_of_relief_frames_the_territory(toy):
    communes, areas, grid = toy
    metres = np.tile(np.linspace(0, 3000, 200, dtype=np.float32), (100, 1))
    relief = Relief(metres, X0 - STEP, Y0 + 2 * STEP, 8 * STEP / 200, 3 * STEP / 100, "EPSG:2154")
    told = page.scenery_data(Scenery(relief=(relief,)), communes, areas, grid)["relief"]
    west, north, east, south = told["boite"]
    corners = on_grid(np.array([[X0, Y0], [X0 + 6 * STEP, Y0 + STEP]]), grid, crs=2154)
    assert west < corners[:, 0].min() < corners[:, 0].max() < east
    assert north < corners[:, 1].min() < corners[:, 1].max() < south
    image = Image.open(io.BytesIO(base64.b64decode(told["image"])))
    assert image.width / image.height == pytest.approx((east - west) / (south - north), rel=0.05)
    # It rises eastwards, towards no light: no shadow at all in the middle.
    assert image.convert("RGBA").getpixel((image.width // 2, image.height // 2)) == (0, 0, 0, 0)


def test_relief_elsewhere_is_left_out(toy):
    communes, areas, grid = toy
    far = Relief(np.ones((3, 3), np.float32), 0.0, 0.0, 10.0, 10.0, "EPSG:2154")
    assert page.scenery_data(Scenery(relief=(far,)), communes, areas, grid) == {}


def test_ours_is_no_neighbour_whether_it_has_a_code_or_not(toy):
    communes, areas, grid = toy
    ours = shapely.box(X0, Y0, X0 + 6 * STEP, Y0 + STEP)
    beside = shapely.box(X0, Y0 + STEP, X0 + 6 * STEP, Y0 + 3 * STEP)
    far = shapely.box(0, 0, 10, 10)
    for code in ("53", ""):
        table = layer([ours, beside, far], nom=["Mayenne", "Orne", "Loin"], code=[code, "61", "99"])
        told = page.scenery_data(Scenery(neighbours=table), communes, areas, grid)["voisins"]
        assert told["noms"] == ["Orne"]
    only = layer([ours], nom=["Mayenne"], code=["53"])
    assert page.scenery_data(Scenery(neighbours=only), communes, areas, grid) == {}


def test_rivers_are_thinned_until_they_hold_in_their_share(toy):
    communes, areas, grid = toy
    rng = np.random.default_rng(3)
    ways = np.cumsum(rng.normal(0, 60, (400, 300, 2)), axis=1)
    ways += (X0 + 3 * STEP, Y0 + STEP / 2)
    table = layer(shapely.linestrings(list(ways)), nom=[""] * 400, code=[""] * 400)
    told = page.scenery_data(Scenery(rivers=table), communes, areas, grid)["rivieres"]
    assert 0 < len(told["arcs"]) <= page._MOST_LINES
    assert len(json.dumps(told)) < page._MOST_LINES + 100


@pytest.fixture
def drawn_on(toy_study):
    """Toy town with a river, a sea, a neighbour and a slope."""
    folder = toy_study.folder
    shapes = {
        "rivieres": [shapely.LineString([(X0, Y0 + 4000), (X0 + 6 * STEP, Y0 + 6000)])],
        "mer": [shapely.box(X0 - 9 * STEP, Y0 - 3 * STEP, X0 - STEP, Y0 + 3 * STEP)],
        "voisins": [shapely.box(X0, Y0 + STEP, X0 + 6 * STEP, Y0 + 4 * STEP)],
    }
    for name, drawn in shapes.items():
        table = gpd.GeoDataFrame({"nom": [name], "code": ["61"]}, geometry=drawn, crs=2154)
        table.to_crs(4326).to_file(folder / f"{name}.geojson")
    head = f"ncols 60\nnrows 10\nxllcorner {X0}\nyllcorner {Y0}\ncellsize 1000\n"
    rows = "\n".join(" ".join(str(40 * ((i * j) % 17)) for i in range(60)) for j in range(10))
    (folder / "mnt.asc").write_text(head + rows, encoding="utf-8")
    toy_study.configure(
        (
            "[candidats]",
            (
                '[carte]\nrivieres = "rivieres.geojson"\nmer = ["mer.geojson"]\n'
                'voisins = "voisins.geojson"\nrelief = "mnt.asc"\n\n[candidats]'
            ),
        )
    )
    return toy_study


def test_a_study_draws_its_files_and_says_where_they_come_from(browser, drawn_on, tmp_path):
    out = tmp_path / "sortie"
    write_study(run_study(read_study(drawn_on.path)), out)
    roles = [one["role"] for one in json.loads((out / "manifest.json").read_text())["entrees"]]
    assert {"rivieres", "mer", "voisins", "relief"} <= set(roles)
    visit(browser, out / "carte.html")
    layers = browser.execute_script("return Object.keys(msap.couches)")
    assert {"rivieres", "mer", "voisins", "relief"} <= set(layers)
    names = browser.execute_script(
        "return Array.from(document.querySelectorAll('.msap-voisin'), e => e.textContent)"
    )
    assert names == ["voisins"]
    svg = browser.execute_script("return msap.image.svg(msap.etat.carte)")
    assert "#2b7bba" in svg
    assert "data:image/png;base64," in svg
    picture(browser, "fond")


def test_main_roads_are_numbered_along_their_way_and_far_apart(browser, toy_study, tmp_path):
    content = run_study(read_study(toy_study.path)).map_content()
    crs = content.communes.crs
    roads = gpd.GeoDataFrame(
        {"rang": [0, 1, 1], "numero": ["A 7", "D 81b", ""]},
        geometry=[
            shapely.LineString([(X0, Y0 + y), (X0 + 6 * STEP, Y0 + y)]) for y in (2000, 5000, 8000)
        ],
        crs=crs,
    )
    content = dataclasses.replace(content, main_roads=roads)
    told = page_parts.road_numbers(content, grid_of(content.communes.geometry, step_m=5.0))
    assert told["mots"] == ["A 7", "D 81b"]
    assert len(unpack(told["de"])) == 2 * round(6 * STEP / 4000)
    outputs.write_map(outputs.map(content), tmp_path / "carte.html", title="x")
    visit(browser, tmp_path / "carte.html")
    drawn = browser.execute_script(
        "return Array.from(document.querySelectorAll('.msap-route'), e => {"
        "  const r = e.getBoundingClientRect(); return [e.textContent, r.left, r.top]; })"
    )
    assert {name for name, *_ in drawn} == {"A 7", "D 81b"}
    places = sorted(left for name, left, _ in drawn if name == "A 7")
    assert all(after - before > 200 for before, after in itertools.pairwise(places))
    assert "A 7" in browser.execute_script("return msap.image.svg(msap.etat.carte)")
    picture(browser, "numeros")
    browser.execute_script("msap.etat.carte.removeLayer(msap.couches.routes)")
    browser.execute_async_script("requestAnimationFrame(() => setTimeout(arguments[0], 50))")
    assert not browser.find_elements("css selector", ".msap-route")


def test_a_page_carries_no_script_it_has_nothing_for(drawn_on, tmp_path):
    write_study(run_study(read_study(drawn_on.path)), tmp_path / "avec")
    bare = StudyFolder(drawn_on.folder).configure()
    write_study(run_study(read_study(bare.path)), tmp_path / "sans")
    pages = [
        (tmp_path / name / "carte.html").read_text(encoding="utf-8") for name in ("avec", "sans")
    ]
    assert ["faiseurs,{mer:" in page for page in pages] == [True, False]
    assert ["vueDEnsemble:wide" in page for page in pages] == [False, False]
    assert all("trajetSimule:" in page for page in pages)  # both have roads


def test_a_broken_file_of_the_map_stops_a_run_and_is_a_finding_of_an_audit(drawn_on):
    (drawn_on.folder / "mnt.asc").write_text("rien", encoding="utf-8")
    (drawn_on.folder / "mer.geojson").unlink()
    study = read_study(drawn_on.path)
    with pytest.raises(FileMissingError):
        run_study(study)
    wrong = {one.file for one in audit_study(study).of(Severity.BLOCKING)}
    assert {"mnt.asc", "mer.geojson"} <= wrong


# Counts names taken off the map while the page is read, and for as long as a frame may ask.
_WATCH = """
window.msapOtees = 0;
new MutationObserver(found => found.forEach(one => one.removedNodes.forEach(node => {
  if (node.classList && node.classList.contains('msap-ville')) { window.msapOtees += 1; }
}))).observe(document, {childList: true, subtree: true});
"""
_FRAMES = """
const done = arguments[0], frame = requestAnimationFrame;
setTimeout(() => frame(() => frame(() => done([
    window.msapOtees, document.querySelectorAll('.msap-ville').length]))), 200);
"""


def test_names_are_placed_once_while_the_page_opens(browser, demo, tmp_path):
    shown = dataclasses.replace(demo.map_content(), simulation=None)
    outputs.write_map(outputs.map(shown), tmp_path / "carte.html", title="x")
    watch = browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": _WATCH})
    try:
        visit(browser, tmp_path / "carte.html")
        removed, named = browser.execute_async_script(_FRAMES)
        assert named
        assert removed == 0
        # Folded later, the legend leaves room for other names: they are placed again.
        browser.execute_script("document.querySelector('details.msap-cle').open = false")
        assert browser.execute_async_script(_FRAMES)[0] > 0
    finally:
        browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", watch)
