"""Commune boundaries in every container they come in."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from support.toy import sites

from msap_geo import loaders
from msap_geo.errors import DataError, MissingColumnError, UnreadableFileError
from msap_geo.loaders.people import grille_lecture
from msap_geo.loaders.sites.layers import is_layer

NAMES = ["Évron", "L'Abergement-Clémenciat"]


def communes(**columns):
    columns = columns or {"code": ["53097", "01001"], "nom": NAMES}
    return gpd.GeoDataFrame(
        columns,
        geometry=[shapely.box(i, 46, i + 1, 47) for i in range(len(NAMES))],
        crs=4326,
    )


def zipped(folder, pattern, name="archive.zip"):
    path = folder / name
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.glob(pattern)):
            archive.write(file, f"dossier/{file.name}")
    return path


def names_of(path):
    table = loaders.load_communes([path]).table
    return dict(zip(table["code_insee"], table["nom"], strict=True))


WANTED = {"53097": NAMES[0], "01001": NAMES[1]}


@pytest.mark.parametrize("suffix", ["geojson", "gpkg", "parquet", "shp", "fgb"])
@pytest.mark.parametrize("zip_it", [False, True])
def test_every_container_alone_or_zipped(tmp_path, suffix, zip_it):
    path = tmp_path / f"communes.{suffix}"
    table = communes().to_crs(2154)
    table.to_parquet(path) if suffix == "parquet" else table.to_file(path)
    assert names_of(zipped(tmp_path, "communes.*") if zip_it else path) == WANTED


@pytest.mark.parametrize("encoding", ["UTF-8", "CP1252"])
@pytest.mark.parametrize("zip_it", [False, True])
@pytest.mark.parametrize("declared", [False, True])
def test_accents_of_a_shapefile(tmp_path, encoding, zip_it, declared):
    path = tmp_path / "communes.shp"
    communes().to_file(path, encoding=encoding)
    if not declared:
        path.with_suffix(".cpg").unlink()
    assert names_of(zipped(tmp_path, "communes.*") if zip_it else path) == WANTED


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("INSEE_COM", "NOM"),
        ("INSEE_COM", "NOM_M"),
        ("CODE_INSEE", "NOM_COM"),
        ("code_insee", "nom_officiel"),
        ("insee", "nom"),
        ("CODGEO", "LIBGEO"),
    ],
)
def test_spellings_of_the_years(tmp_path, code, name):
    path = tmp_path / "communes.gpkg"
    communes(**{code: list(WANTED), name: list(WANTED.values()), "POPULATION": [7, 8]}).to_file(
        path
    )
    assert names_of(path) == WANTED


@pytest.mark.filterwarnings("ignore:Geometry is in a geographic CRS:UserWarning")
def test_the_layer_of_communes_among_those_of_admin_express(tmp_path):
    path = tmp_path / "ADE.gpkg"
    table = communes(INSEE_COM=list(WANTED), NOM=list(WANTED.values()))
    table.to_file(path, layer="COMMUNE")
    table.assign(INSEE_CAD=["1", "2"]).to_file(path, layer="COMMUNE_ASSOCIEE_OU_DELEGUEE")
    table.assign(geometry=table.centroid).to_file(path, layer="CHFLIEU_COMMUNE")
    communes(INSEE_DEP=["53", "01"], NOM=["Mayenne", "Ain"]).to_file(path, layer="DEPARTEMENT")
    assert names_of(path) == WANTED


def test_the_file_of_communes_among_those_of_a_zip(tmp_path):
    communes().to_file(tmp_path / "COMMUNE.geojson")
    communes().to_file(tmp_path / "CANTON.geojson")
    assert names_of(zipped(tmp_path, "*.geojson")) == WANTED
    (tmp_path / "COMMUNE.geojson").rename(tmp_path / "EPCI.geojson")
    with pytest.raises(DataError, match="plusieurs couches"):
        names_of(zipped(tmp_path, "*.geojson", "deux.zip"))


def test_archives_that_cannot_be_read(tmp_path):
    broken = tmp_path / "abime.zip"
    broken.write_bytes(b"PK\x03\x04 et puis rien")
    with pytest.raises(UnreadableFileError, match=r"abime\.zip.* abîmée"):
        names_of(broken)
    (tmp_path / "lisezmoi.pdf").write_bytes(b"%PDF")
    with pytest.raises(DataError, match="aucune couche"):
        names_of(zipped(tmp_path, "*.pdf", "vide.zip"))
    seven = tmp_path / "ADMIN-EXPRESS.7z"
    seven.write_bytes(b"7z\xbc\xaf\x27\x1c" + b"\x00" * 50)
    with pytest.raises(UnreadableFileError, match="7z"):
        names_of(seven)


def test_lost_zeros_are_an_error_and_never_padded(tmp_path):
    path = tmp_path / "communes.geojson"
    communes(code=[1001, 1002], nom=NAMES).to_file(path)
    with pytest.raises(DataError, match="perdu leur zéro initial"):
        names_of(path)


def test_missing_columns_are_named(tmp_path):
    path = tmp_path / "communes.geojson"
    communes(CODE_POSTAL=["53600", "01400"], nom=NAMES).to_file(path)
    with pytest.raises(MissingColumnError, match=r"insee_com .*code_postal"):
        names_of(path)


@pytest.mark.parametrize(
    ("name", "layer"),
    [("a.gpkg", True), ("a.GeoJSON", True), ("a.parquet", True), ("a.csv", False), ("a", False)],
)
def test_a_layer_is_told_by_its_extension(name, layer):
    assert is_layer(Path(name)) == layer


def test_rings_left_open_are_closed_and_only_they_are_told():
    sound = shapely.to_wkb(shapely.box(0, 0, 2, 2))
    left_open = sound[:-16] + struct.pack("<dd", 1.0, 1.0)
    outlines, (told,) = grille_lecture._mended(np.array([sound, None, left_open], object), "x")
    assert shapely.is_valid(outlines).tolist() == [True, False, True]
    assert outlines[0].equals(shapely.box(0, 0, 2, 2))
    assert told.message.startswith("1 contours")


@pytest.mark.parametrize("side", ["west", "east", "south", "north"])
def test_sites_of_neighbours_are_kept_up_to_forty_kilometres(town, side):
    west, south, east, north = town.communes.total_bounds
    middle = ((west + east) / 2, (south + north) / 2)
    points = [
        {
            "west": (west - away, middle[1]),
            "east": (east + away, middle[1]),
            "south": (middle[0], south - away),
            "north": (middle[0], north + away),
        }[side]
        for away in (39_900, 40_100)
    ]
    around = sites([("near", points[0]), ("far", points[1])]).assign(departement="72")
    assert loaders.within_reach(around, town.communes)["site_id"].tolist() == ["near"]
