from __future__ import annotations

import json
import sqlite3
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from msap_geo import loaders, tabular
from msap_geo.errors import MsapGeoError, UnreadableFileError
from msap_geo.loaders.people.grille_lecture import read_grid
from msap_geo.loaders.sites.layers import read_layer_table
from msap_geo.loaders.territory.contours import read_layer
from msap_geo.network import load_profile, read_segments

pytestmark = pytest.mark.enable_socket
SQUARE = shapely.box(-0.9, 48.0, -0.8, 48.1)


def astray(outline):
    """Return an outline whose second vertex is nowhere."""
    xy = shapely.get_coordinates(outline)
    xy[1] = np.nan
    with np.errstate(invalid="ignore"):
        return shapely.set_coordinates(outline, xy)


@pytest.fixture
def called():
    """An address of this machine, and what was asked of it."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_GET  # noqa: N815 - the name http.server calls

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/communes.geojson", asked
    server.shutdown()
    server.server_close()


def vrt(address):
    return (
        '<OGRVRTDataSource><OGRVRTLayer name="communes"><SrcDataSource relativeToVRT="0">'
        f"/vsicurl/{address}</SrcDataSource><SrcLayer>communes</SrcLayer></OGRVRTLayer>"
        "</OGRVRTDataSource>"
    )


def algorithm(address):
    return json.dumps(
        {
            "type": "gdal_streamed_alg",
            "command_line": f"gdal vector pipeline ! read /vsicurl/{address} ! limit 3",
        }
    )


def after_a_brace(address):
    return json.dumps({"type": "FeatureCollection", "name": vrt(address), "features": []})


READERS = {
    "communes": lambda path: loaders.load_communes([path]),
    "maisons": loaders.load_maisons,
    "carreaux": lambda path: read_grid(path, ["53"]),
    "routes": lambda path: read_segments(path, load_profile("voiture"), epsg=2154),
}


@pytest.mark.parametrize("disguise", [vrt, algorithm, after_a_brace])
@pytest.mark.parametrize("name", ["f.geojson", "f.json", "f.gpkg", "f.shp", "f.fgb"])
@pytest.mark.parametrize("reader", READERS)
def test_a_file_that_leads_elsewhere_is_refused_and_nothing_called(
    tmp_path, called, reader, name, disguise
):
    address, asked = called
    path = tmp_path / name
    path.write_text(disguise(address))
    with pytest.raises(MsapGeoError):
        READERS[reader](path)
    assert not asked


@pytest.mark.parametrize("disguise", [vrt, algorithm, after_a_brace])
def test_so_is_one_in_a_zip(tmp_path, called, disguise):
    address, asked = called
    path = tmp_path / "communes.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("communes.geojson", disguise(address))
    for read in READERS.values():
        with pytest.raises(MsapGeoError):
            read(path)
    assert not asked


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("suffix", [".vrt", ".kml", ".gml", ".tab", ".xml", ".sqlite", ".osm"])
def test_other_kinds_are_not_opened(tmp_path, called, reader, suffix):
    address, asked = called
    path = tmp_path / f"communes{suffix}"
    path.write_text(vrt(address))
    with pytest.raises(MsapGeoError):
        READERS[reader](path)
    assert not asked


def test_addresses_of_gdal_are_files_nobody_has(called):
    address, asked = called
    for prefix in ("/vsicurl/", "/vsizip//vsicurl/", "/vsicurl_streaming/"):
        with pytest.raises(MsapGeoError, match="introuvable"):
            tabular.vector_file(Path(prefix + address))
    assert not asked


def test_a_geopackage_with_a_virtual_table_is_refused(tmp_path):
    path = tmp_path / "c.gpkg"
    table = gpd.GeoDataFrame({"code": ["53001"]}, geometry=[SQUARE], crs=4326)
    table.to_file(path, layer="communes")
    assert tabular.vector_file(path).layers() == [("communes", "Polygon")]
    base = sqlite3.connect(path)
    base.execute("PRAGMA writable_schema = ON")
    base.execute(
        "INSERT INTO sqlite_master VALUES ('table', 'v', 'v', 0, "
        "'CREATE VIRTUAL TABLE v USING VirtualOGR(''/etc/passwd'')')"
    )
    base.commit()
    base.close()
    zipped = tmp_path / "c.zip"
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.write(path, "c.gpkg")
    for arguments in ((path,), (zipped, "c.gpkg")):
        with pytest.raises(UnreadableFileError, match="tables virtuelles"):
            tabular.vector_file(*arguments)


def base_with_changes_aside(path, *, mode):
    """Leave a GeoPackage as a program that was killed leaves it: its changes lie beside."""
    square = gpd.GeoDataFrame(
        {"code": ["53001"], "nom": ["Alpha"]}, geometry=[shapely.box(0, 46, 1, 47)], crs=4326
    )
    crashed = path.parent / "ailleurs" / path.name
    crashed.parent.mkdir()
    square.to_file(crashed, layer="communes", driver="GPKG", SPATIAL_INDEX="NO")
    base = sqlite3.connect(crashed, isolation_level=None)
    base.execute(f"PRAGMA journal_mode={mode}")
    base.execute("PRAGMA cache_size=1")
    base.execute("BEGIN")
    base.execute("UPDATE communes SET nom = 'Oméga'")
    base.execute("CREATE TABLE large AS SELECT zeroblob(100000)")
    if mode == "wal":
        base.execute("COMMIT")
    for one in crashed.parent.iterdir():
        (path.parent / one.name).write_bytes(one.read_bytes())
    base.close()


@pytest.mark.parametrize("mode", ["wal", "delete"])
@pytest.mark.parametrize("replaced", [False, True])
def test_a_geopackage_whose_changes_lie_beside_is_refused_and_nothing_touched(
    tmp_path, mode, replaced
):
    path = tmp_path / "communes.gpkg"
    base_with_changes_aside(path, mode=mode)
    if replaced:  # another base, put where the first one was
        path.write_bytes((tmp_path / "ailleurs" / path.name).read_bytes() + b"\0" * 4096)
    before = {one.name: one.read_bytes() for one in tmp_path.iterdir() if one.is_file()}
    assert len(before) > 1
    with pytest.raises(UnreadableFileError, match=r"garde à part ce qui y a changé.*fermer QGIS"):
        loaders.load_communes([path])
    assert before == {one.name: one.read_bytes() for one in tmp_path.iterdir() if one.is_file()}


@pytest.mark.parametrize("suffix", ["-wal", "-journal"])
def test_an_empty_file_beside_a_geopackage_is_nothing(tmp_path, suffix):
    path = tmp_path / "communes.gpkg"
    base_with_changes_aside(path, mode="wal")
    for one in tmp_path.glob("communes.gpkg-*"):
        one.unlink()
    (tmp_path / f"communes.gpkg{suffix}").touch()
    assert loaders.load_communes([path]).table["nom"].tolist() == ["Alpha"]


@pytest.mark.parametrize("name", ["a!b.geojson", "a {b}.geojson", "c.gpkg", "d.shp", "e.fgb"])
@pytest.mark.parametrize("zipped", [False, True])
def test_the_kinds_allowed_are_read_whatever_their_name(tmp_path, name, zipped):
    table = gpd.GeoDataFrame({"code": ["53001"], "nom": ["É"]}, geometry=[SQUARE], crs=4326)
    written = tmp_path / f"couche{Path(name).suffix}"
    table.to_file(written, encoding="utf-8")
    for each in tmp_path.glob("couche.*"):
        each.rename(each.with_stem(Path(name).stem))
    path = tmp_path / name
    if zipped:
        whole = tmp_path / "un zip.zip"
        with zipfile.ZipFile(whole, "w") as archive:
            for each in tmp_path.glob(f"{path.stem}.*"):
                archive.write(each, f"dossier/{each.name}")
        path = whole
    loaded = loaders.load_communes([path])
    assert loaded.table["code_insee"].tolist() == ["53001"]
    assert loaded.table.geometry.iloc[0].area == pytest.approx(SQUARE.area)


@pytest.mark.parametrize(
    ("outline", "code", "said"),
    [
        (shapely.Point(-0.8, 48.0), "contour-sans-surface", "(Point)"),
        (
            shapely.GeometryCollection([SQUARE, shapely.Point(-0.8, 48.0)]),
            "contour-sans-surface",
            "(GeometryCollection)",
        ),
        (shapely.LineString([(-0.8, 48), (-0.7, 48)]), "contour-sans-surface", "(LineString)"),
        (
            astray(SQUARE),
            "contour-illisible",
            "NaN",
        ),
        (
            shapely.Polygon([(-0.8, 48), (-0.7, 48), (-0.6, 48), (-0.8, 48)]),
            "contour-sans-surface",
            "sans surface",
        ),
    ],
)
def test_an_outline_that_is_no_area_is_a_missing_one_and_the_commune_named(
    tmp_path, outline, code, said
):
    path = tmp_path / "communes.parquet"
    gpd.GeoDataFrame(
        {"code": ["53001", "53002"], "nom": ["Ahuillé", "B"]}, geometry=[outline, SQUARE], crs=4326
    ).to_parquet(path)
    loaded = loaders.load_communes([path])
    assert loaded.table.geometry.isna().tolist() == [True, False]
    told = [each for each in loaded.anomalies if each.identifier == "53001"]
    assert [each.code for each in told] == [code]
    assert told[0].message.startswith("Ahuillé")
    assert said in told[0].message


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize(
    "written", ["NaN", "1e999", "-1E+999", "1e400", "1.5e309", "Infinity", "1e308", "9" * 400]
)
def test_a_vertex_no_float_can_hold_is_that_commune_s_fault_alone(tmp_path, written, zipped):
    def feature(code, name, x):
        return (
            f'{{"type":"Feature","properties":{{"code":"{code}","nom":"{name}"}},"geometry":'
            f'{{"type":"Polygon","coordinates":[[[-0.8,48],[{x},48],[-0.7,48.1],[-0.8,48]]]}}}}'
        )

    text = (
        '{"type":"FeatureCollection","features":['
        + ",".join(
            [feature("53001", "Ahuillé", written), feature("53002", 'Le \\"1e999, 1e999', -0.7)]
        )
        + "]}"
    )
    path = tmp_path / "communes.geojson"
    path.write_text(text, encoding="utf-8")
    if zipped:
        whole = tmp_path / "communes.zip"
        with zipfile.ZipFile(whole, "w") as archive:
            archive.write(path, "communes.geojson")
        path = whole
    loaded = loaders.load_communes([path])
    assert loaded.table.geometry.isna().tolist() == [True, False]
    assert loaded.table["nom"].tolist() == ["Ahuillé", 'Le "1e999, 1e999']
    told = [each.message for each in loaded.anomalies if each.identifier == "53001"]
    assert len(told) == 1
    assert told[0].startswith("Ahuillé")


@pytest.mark.parametrize(
    ("folder", "member", "said"),
    [
        *[(folder, "c.geojson", "contient une accolade") for folder in ("{", "}", "a}{b")],
        *[("a", member, "pas un chemin simple") for member in ("/c.geojson", "a/../c.geojson")],
        *[(folder, "s/{c.geojson", None) for folder in ("{a}", "{{a}}")],
        ("a", "../c.geojson", None),
    ],
)
def test_what_gdal_would_look_for_elsewhere_is_told(tmp_path, folder, member, said):
    path = tmp_path / folder / "x.zip"
    path.parent.mkdir()
    point = {"type": "Point", "coordinates": [0, 0]}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            member, json.dumps({"type": "Feature", "properties": {}, "geometry": point})
        )
    if said is None:
        assert len(tabular.vector_file(path, member).read()) == 1
        return
    with pytest.raises(UnreadableFileError, match=said):
        tabular.vector_file(path, member)


def test_a_number_too_small_is_zero(tmp_path):
    path = tmp_path / "communes.geojson"
    path.write_text(
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"53001",'
        '"nom":"A"},"geometry":{"type":"Polygon","coordinates":[[[1e-999,48],[1,48],[1,49],'
        "[1e-999,48]]]}}]}",
        encoding="utf-8",
    )
    assert loaders.load_communes([path]).table.geometry.iloc[0].area == 0.5


@pytest.mark.parametrize(
    "reader",
    [
        lambda path: read_layer(path, {"nom": ("nom",)}),
        read_layer_table,
        lambda path: read_grid(path, ["53"]),
    ],
    ids=["contours", "sites", "carreaux"],
)
@pytest.mark.parametrize("error", [IndexError, KeyError, UnicodeDecodeError, RuntimeError])
def test_whatever_a_library_raises_of_a_damaged_layer_is_told(tmp_path, monkeypatch, reader, error):
    """A damaged FlatGeobuf makes pyogrio raise IndexError, damaged pandas metadata KeyError."""
    path = tmp_path / "couche.gpkg"
    square = gpd.GeoDataFrame({"nom": ["a"]}, geometry=[shapely.box(0, 48, 1, 49)], crs=4326)
    square.to_file(path)

    def fails(*_, **__):
        raise error(*(("utf-8", b"x", 0, 1, "y") if error is UnicodeDecodeError else ("x",)))

    for method in ("layers", "fields", "read", "raw"):
        monkeypatch.setattr(tabular.VectorFile, method, fails)
    with pytest.raises(UnreadableFileError, match=r"couche\.gpkg"):
        reader(path)
