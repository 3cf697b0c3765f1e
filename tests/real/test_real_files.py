"""The national files themselves: what is really in them must be found (skipped where absent)."""

from __future__ import annotations

from collections import Counter

import pytest

from msap_geo import loaders

pytestmark = pytest.mark.xdist_group("france")


def told(loaded):
    return Counter(anomaly.code for anomaly in loaded.anomalies)


@pytest.fixture(scope="module")
def france(shared):
    return shared / "france"


@pytest.fixture(scope="module")
def codes(france):
    return loaders.commune_codes(loaders.read_records(france / "decoupage-communes-2026.json"))


@pytest.mark.parametrize(
    ("name", "rows", "kinds", "anomalies"),
    [
        (
            "france-services-20200108.csv",
            456,
            {"Fixe": 430, "Itinérante": 16, "Bus": 2},
            {
                "geocodage-ailleurs": 6,
                "coordonnees-absentes": 2,
                "horaires-illisibles": 24,
                "doublon": 8,
            },
        ),
        (
            "france-services-20200603.geojson",
            580,
            {"Fixe": 508, "Antenne": 39, "Itinérante": 30, "Bus": 3},
            {"horaires-illisibles": 36},
        ),
        (
            "liste-fs-20221201.csv",
            2683,
            {"Fixe": 2256, "Itinérante": 164, "Antenne": 139, "Bus": 124},
            {
                "coordonnees-absentes": 30,
                "accents-abimes": 4,
                "code-commune-invalide": 1,
                "horaires-illisibles": 1,
            },
        ),
        (
            "liste-fs-20240801.csv",
            2845,
            {"Fixe": 2397, "Multisites": 161, "Bus": 134, "Antenne": 124, "Itinérante": 29},
            {},
        ),
    ],
)
def test_maisons(france, name, rows, kinds, anomalies):
    loaded = loaders.load_maisons(france / name)
    assert loaded.rows_read == len(loaded.table) + anomalies.get("doublon", 0) == rows
    assert loaded.table["genre"].value_counts().to_dict() == kinds
    assert told(loaded) == anomalies


@pytest.mark.slow
@pytest.mark.parametrize(
    ("day", "maisons"), [("2020-01-01", 516), ("2021-01-01", 945), ("2022-12-31", 2660)]
)
def test_the_network_of_a_past_day(france, day, maisons):
    loaded = loaders.load_maisons(france / "liste-fs-20240801.csv", au=day)
    assert len(loaded.table) == maisons
    assert told(loaded) == {"labellisee-apres": 2845 - maisons}


def test_antennes_find_their_principal_site(france):
    table = loaders.load_maisons(france / "liste-fs-20240801.csv").table
    antennes = table[table["rattachement"].notna()]
    assert set(antennes["genre"]) == {"Antenne"}
    assert len(antennes) == 69
    of = table.set_index("site_id")
    assert (antennes["departement"] == of.loc[antennes["rattachement"], "departement"].array).all()
    assert not (of.loc[antennes["rattachement"], "genre"] == "Antenne").any()
    named = loaders.load_maisons(france / "france-services-20200603.geojson").table
    assert int(named["rattachement"].notna().sum()) == 47


def test_operators_of_corsica(shared):
    files = [shared / "corse" / f"annuaire-{code}.sjson" for code in ("2A", "2B")]
    loaded = loaders.load_operateurs(files)
    assert loaded.table["genre"].value_counts().to_dict() == {
        "Mairie": 360,
        "Trésorerie": 11,
        "CAF": 8,
        "France Travail": 7,
        "Service des impôts des particuliers": 6,
        "CPAM": 5,
        "Sous-préfecture": 3,
        "Préfecture": 2,
        "MSA": 1,
    }
    assert told(loaded) == {"coordonnees-hors-territoire": 1}
    assert len(loaders.load_mairies(files).table) == 360


def test_the_unreadable_code_of_2022(france):
    loaded = loaders.load_maisons(france / "liste-fs-20221201.csv")
    (anomaly,) = [a for a in loaded.anomalies if a.code == "code-commune-invalide"]
    assert "0null" in anomaly.message
    assert anomaly.line == 1631


def test_la_poste_2025_has_one_row_swapped(france):
    loaded = loaders.load_la_poste(france / "laposte_poincont-2025.csv")
    assert loaded.rows_read == 17_972
    assert told(loaded) == {
        "hors-de-france": 7,
        "categorie-inconnue": 8,
        "bureau-itinerant": 5,
        "code-commune-invalide": 2,
        "coordonnees-inversees": 1,
    }
    (swapped,) = [a for a in loaded.anomalies if a.code == "coordonnees-inversees"]
    assert (swapped.identifier, swapped.departement) == ("06086A", "33")
    point = loaded.table.set_index("site_id").geometry["06086A"]
    assert (point.x, point.y) == (-0.589286, 44.86918)


def test_la_poste_2016(france):
    loaded = loaders.load_la_poste(france / "laposte_poincont2-2016.csv")
    assert loaded.rows_read == len(loaded.table) == 17_212
    assert told(loaded)["coordonnees-absentes"] == 18
    assert (loaded.table["genre"] == "Bureau de Poste").sum() == 9087
    share = loaded.table["precision"].eq("Géocodé au centre de la commune").mean()
    assert share == pytest.approx(0.15, abs=0.005)
    assert (loaded.table["position"] == "commune").mean() == share


@pytest.mark.slow
def test_population_2026_and_2017_name_the_same_communes(france, codes):
    today = loaders.load_population(france / "decoupage-communes-2026.json").table
    before = loaders.load_population(
        france / "insee-populations-legales-2017-communes.csv", codes=codes
    ).table
    assert today["population"].sum() == 68_952_941
    assert before["population"].sum() == 66_524_339
    # The file of 2017 has no commune of Mayotte nor of the collectivités.
    assert set(before["code_insee"]) <= set(today["code_insee"])
    assert "75056" in set(before["code_insee"])
    assert "75101" not in set(before["code_insee"])


@pytest.mark.slow
def test_communes_2026(france):
    loaded = loaders.load_communes([france / "communes-france-2026.parquet"])
    assert loaded.rows_read == len(loaded.table) == 34_875
    assert told(loaded) == {"commune-sans-contour": 8}


def test_boundaries_of_2018_are_brought_to_2026(shared, codes):
    files = sorted((shared / "pays-de-la-loire").glob("communes-*.geojson"))
    loaded = loaders.load_communes(files, codes=codes)
    assert set(loaded.table["code_insee"]) <= set(codes.names)
    assert (loaded.rows_read, len(loaded.table)) == (1272, 1226)
    assert told(loaded) == {"commune-fusionnee": 47}


def test_mairies_2026(france, codes):
    loaded = loaders.load_mairies([france / "mairies-france-2026.csv"], codes=codes)
    assert told(loaded) == {
        "coordonnees-absentes": 50,
        "coordonnees-identiques": 7,
        "longitude-sans-signe": 3,
    }
