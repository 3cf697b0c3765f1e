"""Real files of the territory: what is really in them must be found (skipped where absent)."""

from __future__ import annotations

from collections import Counter

import pytest

from msap_geo import loaders
from msap_geo.tabular import read_text_table, to_number

pytestmark = pytest.mark.xdist_group("france")


def told(loaded):
    return Counter(anomaly.code for anomaly in loaded.anomalies)


@pytest.fixture(scope="module")
def france(shared):
    return shared / "france"


@pytest.fixture(scope="module")
def codes(france):
    return loaders.commune_codes(loaders.read_records(france / "decoupage-communes-2026.json"))


def test_two_codes_have_led_two_lives(codes):
    assert dict(codes.alternatives) == {
        "55273": ("55386", "55245"),
        "60455": ("60694", "60054"),
    }
    assert len(codes.names) == 34_969


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "rows", "total", "anomalies"),
    [
        ("insee-populations-legales-2018-ensemble.xlsx", 34_997, 66_782_712, set()),
        ("insee-iris-population-2021.parquet", 49_280, 67_408_104, set()),
        ("communes-france-2026.parquet", 34_875, 68_350_798, set()),
        (
            "insee-comparateur-2022.zip",
            35_010,
            66_732_538,
            {("double-compte", "13055"), ("double-compte", "69123"), ("double-compte", "75056")},
        ),
    ],
)
def test_population(france, codes, name, rows, total, anomalies):
    loaded = loaders.load_population(france / name, codes=codes)
    assert loaded.rows_read == rows
    assert loaded.table["population"].sum() == total
    assert set(loaded.table["code_insee"]) <= set(codes.names)
    doubled = {(a.code, a.identifier) for a in loaded.anomalies if a.code == "double-compte"}
    assert doubled == anomalies
    if "comparateur" in name:
        # The communes of Mayotte are listed without figures.
        assert told(loaded)["population-inconnue"] == 17


@pytest.mark.slow
def test_population_by_insee_s_two_files_of_one_year_agree(france, codes):
    """The workbook of 2018 and the comparateur of 2022 give the same census, to the person."""
    one, other = (
        loaders.load_population(france / name, codes=codes).table.set_index("code_insee")
        for name in (
            "insee-populations-legales-2018-ensemble.xlsx",
            "insee-comparateur-2022.zip",
        )
    )
    both = one.join(other, how="inner", rsuffix="_autre")
    agree = (both["population"] == both["population_autre"]).mean()
    # The comparateur was brought to the geography of 2021: a few mergers were undone since.
    assert len(both) == 34_851
    assert agree > 0.999


@pytest.mark.slow
def test_indicators_of_the_comparateur(france, codes):
    loaded = loaders.load_indicators(france / "insee-comparateur-2022.zip", codes=codes)
    assert loaded.vintages == {
        "chomeurs": "2018",
        "habitants_pauvres": "2019",
        "menages": "2018",
        "residences_secondaires": "2018",
        "niveau_de_vie": "2019",
    }
    assert loaded.made_of["chomeurs"] == "P18_CHOM1564 (Nombre de chômeurs de 15 à 64 ans en 2018)"
    paris = loaded.table.set_index("code_insee").loc["75056"]
    assert paris["chomeurs"] == pytest.approx(135_762.17, abs=0.01)
    assert paris["habitants_pauvres"] == pytest.approx(0.15 * 2_175_601)
    assert paris["niveau_de_vie"] == 28_570
    assert loaded.table["habitants_pauvres"].notna().sum() == 4_311


def test_indicators_of_the_iris(france, codes):
    loaded = loaders.load_indicators(france / "insee-iris-population-2021.parquet", codes=codes)
    assert loaded.table["habitants_65_plus"].sum() == 13_823_803


@pytest.mark.slow
def test_memberships(france, codes):
    table = loaders.load_memberships(france / "insee-table-appartenance-2022.xlsx", codes=codes)
    row = table.table.set_index("code_insee").loc["2A004"]
    assert (row["epci_nom"], row["region_nom"]) == ("CA du Pays Ajaccien", "Corse")
    assert row["bassin_de_vie"] == "2A004"
    assert table.rows_read == 34_955
    assert told(table) == {"appartenance-differente": 19}
    epci = loaders.load_memberships(france / "decoupage-epci-2026.json", codes=codes)
    assert epci.table["epci"].nunique() == 1_255


@pytest.mark.slow
def test_carreaux_of_corsica(shared, codes):
    boundaries = loaders.load_communes(sorted((shared / "corse").glob("communes-*")), codes=codes)
    loaded = loaders.load_carreaux(
        shared / "corse" / "carr_corse_1km_2015_crs3035.gpkg",
        boundaries=boundaries.table,
        departements=["2A", "2B"],
        codes=codes,
    )
    assert loaded.rows_read == len(loaded.table) == 2_994
    assert loaded.table["population"].sum() == 270_859
    # Five more cells bear the flag 2: true figures, rounded under eleven households.
    assert loaded.table["impute"].sum() == 2_162
    assert set(loaded.table["code_insee"]) <= set(boundaries.table["code_insee"])


def test_the_grid_of_2010_is_drawn_a_row_astray(shared, codes):
    """Rings are open, and each outline is the next row's: corners tell where people are.

    Against the grid of 2015, the logarithms of the people agree (r = 0.97) by corners, not by
    outlines (r = 0.40).
    """
    boundaries = loaders.load_communes(sorted((shared / "corse").glob("communes-*")), codes=codes)
    options = {"boundaries": boundaries.table, "departements": ["2A", "2B"], "codes": codes}
    old = loaders.load_carreaux(shared / "formats" / "carreaux-anneaux-non-fermes.gpkg", **options)
    new = loaders.load_carreaux(shared / "corse" / "carr_corse_1km_2015_crs3035.gpkg", **options)
    messages = {a.code: a.message for a in old.anomalies}
    assert messages["contour-invalide"].startswith("2952 contours")
    assert messages["carreau-deplace"].startswith("2952 contours")
    # The first row stands in the north of France, another at sea.
    assert "2 (157\xa0habitants)" in messages["carreau-sans-commune"]
    both = old.table.merge(new.table, on="demand_id")
    assert both["population_x"].rank().corr(both["population_y"].rank()) > 0.9


def test_accents_of_a_shapefile_without_cpg(shared):
    folder = shared / "formats" / "communes-shp-sans-cpg"
    loaded = loaders.load_communes([folder / "communes.shp"])
    names = loaded.table.set_index("code_insee")["nom"]
    assert names["31163"] == "Drémil-Lafage"
    assert not names.str.contains("Ã").any()
    assert len(loaded.table) == 37


def test_messy_csv(shared):
    """A sentence with a comma before the header; decimal commas."""

    formats = shared / "formats"
    read = read_text_table(formats / "debit-communes-commentaire-avant-entete.csv")
    assert list(read.columns[:4]) == ["ligne", "code_insee", "nom_com", "code_dep"]
    assert read["ligne"].iloc[0] == 3
    decimals = read_text_table(formats / "insee-virgule-decimale.csv")
    assert to_number(decimals["tx_f"]).iloc[0] == 51.6
    assert len(decimals.columns) == 30
