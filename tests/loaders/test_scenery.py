"""What a map is drawn on: layers of lines and surfaces, grids of elevations."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely
from PIL import Image, TiffImagePlugin

from msap_geo import loaders
from msap_geo.errors import FileMissingError, UnreadableFileError

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
