"""What a map is drawn on: layers of lines and surfaces, grids of elevations."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely
from PIL import Image, TiffImagePlugin
from support.toy import STEP, X0, Y0

from msap_geo import loaders
from msap_geo.errors import FileMissingError, UnreadableFileError
from msap_geo.study import audit_study, read_study, run_study

HEAD = "ncols 3\nnrows 2\nxllcorner 100\nyllcorner 200\ncellsize 10\nNODATA_value -9999\n"
DEGREES = pyproj.Transformer.from_crs(2154, 4326, always_xy=True)


def grid(tmp_path, text, name="mnt.asc"):
    (tmp_path / name).write_text(text, encoding="utf-8")
    return loaders.load_relief(tmp_path / name, crs=2154)


def at(relief, x, y):
    return float(relief.at(*(np.array([one]) for one in DEGREES.transform(x, y)))[0])


def test_an_ascii_grid_is_read_from_the_north(tmp_path):
    relief = grid(tmp_path, HEAD + "1 2 3\n4 5 -9999\n")
    assert relief.metres[:, :2].tolist() == [[1, 2], [4, 5]]
    assert np.isnan(relief.metres[1, 2])
    assert (relief.west, relief.north, relief.crs) == (100, 220, "EPSG:2154")


def test_between_cells_elevations_are_those_of_the_four_around(tmp_path):
    head = HEAD.replace("100", "700000").replace("200", "6600000")
    relief = grid(tmp_path, head + "1 2 3\n4 5 6\n")
    assert at(relief, 700_005, 6_600_015) == pytest.approx(1, abs=1e-3)
    assert at(relief, 700_010, 6_600_010) == pytest.approx(3, abs=1e-3)
    assert at(relief, 700_001, 6_600_019) == pytest.approx(1, abs=1e-3)  # beyond the outer centres
    assert np.isnan(at(relief, 700_060, 6_600_010))


def test_a_corner_given_by_its_centre_and_degrees_are_known(tmp_path):
    centred = HEAD.replace("corner", "center")
    assert grid(tmp_path, centred + "1 2 3\n4 5 6\n").west == 95
    degrees = "ncols 2\nnrows 1\nxllcorner 9\nyllcorner 42\ncellsize 0.01\n1 2\n"
    assert grid(tmp_path, degrees).crs == "4326"


@pytest.mark.parametrize(
    "text",
    [
        "pas une grille",
        HEAD,
        HEAD + "1 2 3\n4 5\n",
        HEAD + "1 2 3\n4 5 6 7\n",
        HEAD + "1 2 3\n4 5 six\n",
        HEAD.replace("10", "0") + "1 2 3\n4 5 6\n",
        HEAD.replace("cellsize 10\n", "") + "1 2 3\n4 5 6\n",
        HEAD.replace("ncols 3", "ncols 99999999") + "1 2 3\n4 5 6\n",
        HEAD.replace("xllcorner 100\n", "") + "1 2 3\n4 5 6\n",
        HEAD.replace("ncols 3", "ncols nan") + "1 2 3\n4 5 6\n",
        HEAD.replace("ncols 3", "ncols inf") + "1 2 3\n4 5 6\n",
        HEAD.replace("ncols 3", "ncols -3").replace("nrows 2", "nrows -2") + "1 2 3\n4 5 6\n",
        HEAD.replace("xllcorner 100", "xllcorner nan") + "1 2 3\n4 5 6\n",
        HEAD + "-9999 -9999 -9999\n-9999 -9999 -9999\n",
        HEAD + "99999 99999 99999\n99999 nan inf\n",
    ],
)
def test_what_is_no_grid_is_refused_with_a_remedy(tmp_path, text):
    with pytest.raises(UnreadableFileError) as caught:
        grid(tmp_path, text)
    assert "BD ALTI" in caught.value.remedy or "altitude" in caught.value.problem


def test_a_missing_file_and_another_kind_are_told(tmp_path):
    with pytest.raises(FileMissingError):
        loaders.load_relief(tmp_path / "mnt.asc", crs=2154)
    with pytest.raises(UnreadableFileError, match="ni une grille"):
        grid(tmp_path, "x", "mnt.png")
    with pytest.raises(UnreadableFileError):
        grid(tmp_path, "pas une image", "mnt.tif")


def tiff(path, metres, *, code=2154, point=False):
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, kind, value in (
        (33550, 12, (10.0, 10.0, 0.0)),
        (33922, 12, (0.0, 0.0, 0.0, 700_000.0, 6_600_020.0, 0.0)),
        (34735, 3, (1, 1, 0, 2, 1025, 0, 1, 2 if point else 1, 3072, 0, 1, code)),
        (42113, 2, "-9999"),
    ):
        tags.tagtype[tag] = kind
        tags[tag] = value
    Image.fromarray(np.array(metres, dtype=np.float32)).save(path, tiffinfo=tags)


def test_a_geotiff_is_read_where_it_stands(tmp_path):
    tiff(tmp_path / "mnt.tif", [[1, 2, 3], [4, 5, -9999]])
    relief = loaders.load_relief(tmp_path / "mnt.tif", crs=5490)
    assert at(relief, 700_005, 6_600_015) == pytest.approx(1, abs=1e-3)
    assert np.isnan(relief.metres[1, 2])
    tiff(tmp_path / "point.tif", [[1, 2, 3], [4, 5, 6]], point=True)
    by_points = loaders.load_relief(tmp_path / "point.tif", crs=2154)
    assert at(by_points, 700_000, 6_600_020) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("code", [32767, 0, 999])
def test_a_geotiff_that_does_not_say_where_it_is_is_refused(tmp_path, code):
    tiff(tmp_path / "mnt.tif", [[1, 2], [3, 4]], code=code)
    with pytest.raises(UnreadableFileError):
        loaders.load_relief(tmp_path / "mnt.tif", crs=2154)


def layer(tmp_path, shapes, **columns):
    path = tmp_path / "couche.geojson"
    gpd.GeoDataFrame(columns, geometry=shapes, crs=4326).to_file(path)
    return path


def test_lines_come_alone_and_surfaces_by_their_outline(tmp_path):
    line, square = shapely.LineString([(0, 45), (1, 45)]), shapely.box(0, 45, 1, 46)
    both = shapely.GeometryCollection([line, square, shapely.Point(0, 0)])
    path = layer(tmp_path, [both, None], nom=["Loire", None])
    found = loaders.load_drawn(path, crs=4326, dimension=loaders.LINES, remedy="")
    assert set(found.geometry.geom_type) == {"LineString"}
    assert shapely.length(found.geometry.to_numpy()).sum() == pytest.approx(5)
    assert set(found["nom"]) == {"Loire"}
    surfaces = loaders.load_drawn(path, crs=4326, dimension=loaders.SURFACES, remedy="")
    assert shapely.area(surfaces.geometry.to_numpy()).sum() == pytest.approx(1)


def test_a_layer_without_what_is_wanted_is_refused(tmp_path):
    path = layer(tmp_path, [shapely.Point(0, 45)])
    with pytest.raises(UnreadableFileError, match="ne dessine rien") as caught:
        loaders.load_drawn(path, crs=4326, dimension=loaders.SURFACES, remedy="des surfaces")
    assert caught.value.remedy == "des surfaces"


@pytest.mark.parametrize(
    ("code", "read"),
    [(1, "01"), (72.0, "72"), ("1", "01"), ("2a", "2A"), ("974", "974"), (None, ""), (1.5, "")],
)
def test_codes_a_spreadsheet_made_numbers_of_are_codes(tmp_path, code, read):
    path = tmp_path / "voisins.geojson"
    square = {"type": "Polygon", "coordinates": [[[0, 47], [1, 47], [1, 48], [0, 47]]]}
    feature = {"type": "Feature", "properties": {"code": code, "nom": 7}, "geometry": square}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), "utf-8")
    table = loaders.load_drawn(path, crs=4326, dimension=loaders.SURFACES, remedy="")
    assert table["code"].tolist() == [read]
    assert table["nom"].tolist() == [""]


def half(west, *, nodata=False):
    """Return a grid of one kilometre, 10 m a cell, from some place east."""
    metres = np.full((100, 100), np.nan if nodata else 5.0, dtype=np.float32)
    return loaders.Relief(metres, west, 6_601_000, 10, 10, "EPSG:2154")


@pytest.mark.parametrize(
    ("reliefs", "share"),
    [
        ([half(700_000), half(701_000)], 0.0),
        ([half(700_000)], 0.5),
        ([half(700_500)], 0.5),
        ([half(701_500)], 0.75),
        ([half(710_000)], 1.0),
        ([half(700_000), half(701_000, nodata=True)], 0.5),
        ([half(700_000), half(700_000)], 0.5),
    ],
)
def test_the_share_without_relief_is_that_of_the_surface(reliefs, share):
    squares = [shapely.box(x, 6_600_000, x + 500, 6_601_000) for x in range(700_000, 702_000, 500)]
    areas = gpd.GeoSeries([*squares, None, shapely.Polygon()], crs=2154)
    assert loaders.without_relief(reliefs, areas) == pytest.approx(share, abs=0.011)


def test_of_a_territory_without_outline_nothing_is_said():
    assert loaders.without_relief([half(0)], gpd.GeoSeries([None, None], crs=2154)) == 0
    point = gpd.GeoSeries([shapely.Point(700_500, 6_600_500)], crs=2154)
    assert loaders.without_relief([half(700_000)], point) == 0
    assert loaders.without_relief([half(720_000)], point) == 1


@pytest.mark.parametrize(("columns", "told"), [(60, ""), (30, "49"), (0, "100")])
def test_a_study_says_what_part_of_it_has_no_relief(toy_study, columns, told):
    begin = X0 if columns else X0 + 90 * STEP
    head = f"ncols {columns or 60}\nnrows 10\nxllcorner {begin}\nyllcorner {Y0}\ncellsize 1000\n"
    row = " ".join(["7"] * (columns or 60))
    (toy_study.folder / "mnt.asc").write_text(head + f"{row}\n" * 10, encoding="utf-8")
    toy_study.configure(("[candidats]", '[carte]\nrelief = "mnt.asc"\n\n[candidats]'))
    study = read_study(toy_study.path)
    said = [one for one in run_study(study).anomalies if one.code == "relief-partiel"]
    noticed = [one for one in audit_study(study).findings if one.code == "relief-partiel"]
    assert len(said) == len(noticed) == (1 if told else 0)
    if told:
        assert f"aucune altitude sur {told}" in said[0].message
        assert said[0].file == "mnt.asc"


def test_a_zone_of_several_kinds_is_refused(tmp_path):
    path = tmp_path / "zone.geojson"
    shapes = [shapely.box(3, 46, 3.1, 46.1), shapely.LineString([(3, 46), (4, 46)])]
    gpd.GeoDataFrame(geometry=shapes, crs=4326).to_file(path)
    with pytest.raises(UnreadableFileError, match="à la fois des surfaces et des lignes"):
        loaders.load_drawn(path, crs=2154, dimension=0, remedy="")
    gpd.GeoDataFrame(geometry=shapes[1:], crs=4326).to_file(path)
    assert len(loaders.load_drawn(path, crs=2154, dimension=0, remedy="")) == 1
