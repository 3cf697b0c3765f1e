"""Whatever the bytes, a loader gives a table under contract or an error of ours, nothing else.

Files are made of what real ones are made of, cut, repeated and spoilt: random bytes alone never get
past the first check.
"""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from msap_geo import loaders
from msap_geo.errors import MsapGeoError

CODES = loaders.commune_codes(
    [
        {"code": "01015", "nom": "Arboys", "type": "commune-actuelle", "anciensCodes": ["01340"]},
        {"code": "75056", "nom": "Paris", "type": "commune-actuelle"},
        {"code": "75101", "nom": "1er", "type": "arrondissement-municipal", "commune": "75056"},
    ]
)
COLUMNS = (
    "CODGEO LIBGEO DEPCOM COM PMUN P21_POP P21_CHOM1564 MED21 TP6021 P21_RP P21_RP_VOIT1P IRIS "
    "code nom latitude longitude insee_com lib_com lib_fs id_fs code_insee EPCI DENS REG NIVGEO "
    "MOD DATE_EFF TYPECOM_AV COM_AV TYPECOM_AP COM_AP TYPECOM LIBELLE COMPARENT "
    "idcar_200m lcog_geo ind men x_laea y_laea libelle_du_site caracteristique_du_site"
).split()
CELLS = st.one_of(
    st.sampled_from(
        ["01015", "01340", "75056", "75101", "1015", "2A004", "12", "1,5", "-3", "1e999", "nan",
         "2019-01-01", "COM", "32", "s", "", '"', "é", "47.3", "-0.5",
         "CRS3035RES200mN2029800E4252400", "CRS3035RES200mN99999999E99999999", "null", "#"]
    ),
    st.text(max_size=6),
)  # fmt: skip


@st.composite
def tables(draw):
    """Delimited text with known columns, in any encoding, perhaps spoilt."""
    columns = draw(st.lists(st.sampled_from(COLUMNS), min_size=1, max_size=12))
    separator = draw(st.sampled_from(";,\t|"))
    width = len(columns)
    rows = draw(st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=4))
    lines = [*draw(st.lists(st.text(max_size=12), max_size=2)), separator.join(columns)]
    text = "\n".join([*lines, *(separator.join(row) for row in rows)])
    content = text.encode(draw(st.sampled_from(["utf-8", "utf-8-sig", "cp1252"])), "replace")
    if draw(st.booleans()):
        cut = draw(st.integers(0, len(content)))
        content = content[:cut] + draw(st.binary(max_size=4)) + content[cut:]
    return content


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | CELLS,
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["code", "nom", "type", "population", "chefLieu", "commune", "anciensCodes", "membres",
             "features", "properties", "geometry", "coordinates", "region", "departement"]
        ),
        inner,
        max_size=5,
    ),
    max_leaves=12,
)  # fmt: skip
RECORDS = st.lists(
    st.fixed_dictionaries(
        {
            "code": st.sampled_from(["01015", "75056", "9", ""]) | VALUES,
            "nom": st.text(max_size=4) | VALUES,
            "type": st.sampled_from(["commune-actuelle", "commune-deleguee"]) | VALUES,
        },
        optional={"population": VALUES, "anciensCodes": VALUES, "chefLieu": VALUES,
                  "membres": VALUES, "region": VALUES},
    ),
    max_size=3,
)  # fmt: skip
GEOMETRIES = st.one_of(
    st.just({"type": "Polygon", "coordinates": [[[0, 46], [1, 46], [1, 47], [0, 46]]]}),
    st.just({"type": "Polygon", "coordinates": [[[0, 46], [1, 46], [1, 47]]]}),
    st.just({"type": "Point", "coordinates": [0, 46]}),
    st.just({"type": "Polygon", "coordinates": []}),
    VALUES,
)
LAYERS = st.fixed_dictionaries(
    {
        "type": st.just("FeatureCollection"),
        "features": st.lists(
            st.fixed_dictionaries(
                {
                    "type": st.just("Feature"),
                    "properties": st.fixed_dictionaries(
                        {"code": st.sampled_from(["01015", "75101", "x"]) | VALUES, "nom": VALUES},
                        optional={"ind": VALUES, "idcar_200m": VALUES},
                    ),
                    "geometry": GEOMETRIES,
                }
            ),
            max_size=3,
        ),
    }
)


def outcome(load, path, content):
    """Return what became of the bytes; anything but a table or our error fails the test."""
    path.write_bytes(content)
    try:
        load(path)
    except MsapGeoError as error:
        return "refusé" if error.problem.strip() else "refusé sans un mot"
    return "lu"


TEXT_LOADERS = {
    "population": lambda p: loaders.load_population(p, codes=CODES),
    "indicateurs": lambda p: loaders.load_indicators(p, codes=CODES),
    "appartenance": lambda p: loaders.load_memberships(p, codes=CODES),
    "mouvements": lambda p: loaders.with_movements(CODES, loaders.load_movements(p).table),
    "carreaux": lambda p: loaders.load_carreaux(p, codes=CODES),
    "mairies": lambda p: loaders.load_mairies([p], codes=CODES),
    "maisons": loaders.load_maisons,
    "la_poste": loaders.load_la_poste,
    "cog": lambda p: loaders.commune_codes(loaders.read_records(p)),
}
JSON_LOADERS = {
    "cog": lambda p: loaders.commune_codes(loaders.read_records(p)),
    "population": loaders.load_population,
    "appartenance": loaders.load_memberships,
}
LAYER_LOADERS = {
    "communes": lambda p: loaders.load_communes([p], codes=CODES),
    "carreaux": loaders.load_carreaux,
}
BOUNDED = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(autouse=True)
def gdal_may_grumble(recwarn):
    """GDAL tells of broken features by warnings; the loaders tell of them in their own way."""


@pytest.mark.slow
@pytest.mark.parametrize("role", TEXT_LOADERS)
@pytest.mark.parametrize("zip_it", [False, True])
@BOUNDED
@given(content=tables())
def test_delimited_text(tmp_path, role, zip_it, content):
    path = tmp_path / "fichier.csv"
    if zip_it:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("fichier.csv", content)
        path, content = tmp_path / "fichier.zip", stream.getvalue()
    assert outcome(TEXT_LOADERS[role], path, content) in {"lu", "refusé"}


@pytest.mark.parametrize("role", JSON_LOADERS)
@BOUNDED
@given(value=RECORDS | VALUES)
def test_json(tmp_path, role, value):
    content = json.dumps(value).encode()
    assert outcome(JSON_LOADERS[role], tmp_path / "fichier.json", content) in {"lu", "refusé"}


@pytest.mark.slow
@pytest.mark.parametrize("role", LAYER_LOADERS)
@BOUNDED
@given(value=LAYERS | VALUES)
def test_geojson(tmp_path, role, value):
    content = json.dumps(value).encode()
    assert outcome(LAYER_LOADERS[role], tmp_path / "fichier.geojson", content) in {"lu", "refusé"}


@pytest.mark.parametrize(
    "suffix", ["csv", "json", "geojson", "zip", "xlsx", "parquet", "gpkg", "shp"]
)
@BOUNDED
@given(content=st.binary(max_size=200), magic=st.sampled_from(
    [b"", b"PK\x03\x04", b"PAR1", b"SQLite format 3\x00", b"\xef\xbb\xbf", b"\xff\xfe", b"{", b"["]
))  # fmt: skip
def test_bytes_under_any_name(tmp_path, suffix, content, magic):
    path = tmp_path / f"fichier.{suffix}"
    for load in {**TEXT_LOADERS, **LAYER_LOADERS}.values():
        assert outcome(load, path, magic + content) in {"lu", "refusé"}


def test_the_fuzz_reaches_the_tables(tmp_path):
    """Some of what is thrown at the loaders is sound: otherwise nothing would be tested."""
    sound = b"CODGEO;LIBGEO;P21_POP;P21_CHOM1564;EPCI\n01015;Arboys;7;2;2000\n"
    for role in ("population", "indicateurs", "appartenance"):
        assert outcome(TEXT_LOADERS[role], tmp_path / "f.csv", sound) == "lu"
