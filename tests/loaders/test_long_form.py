"""INSEE's tables in long form, one row per commune, variable and year."""

from __future__ import annotations

import zipfile

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msap_geo import loaders
from msap_geo.errors import DataError, MissingColumnError
from msap_geo.tabular import LINE
from msap_geo.tabular.long_form import CODE, widen

COLUMNS = ["GEO_OBJECT", "GEO", "TAB_MEASURE", "TIME_PERIOD", "OBS_VALUE"]
ROWS = [
    ("DEP", "01", "POP", 2023, 671_000),
    ("COM", "01001", "POP", 1968, 350),
    ("COM", "01001", "POP", 2023, 850),
    ("COM", "01001", "PR_MD60", 2023, 10),
    ("COM", "01001", "MED_SL", 2023, 24_000.5),
    ("COM", "01001", "POP_SEX_M_AGE_Y_GE65", 2023, 40.25),
    ("COM", "01001", "POP_SEX_F_AGE_Y_GE65", 2023, 60),
    ("COM", "01001", "POP_EMPSTA_ENQ_2_AGE_Y15T64", 2023, 21.5),
    ("COM", "01001", "DWELLINGS_OCS_DW_MAIN", 2023, 330),
    ("COM", "01002", "POP", 2017, 240),
    ("COM", "01002", "POP", 2023, 260),
    ("COM", "01002", "UNIT_LOC", 2024, 12),
    ("EPCI", "200069193", "POP", 2023, 9_000),
]


@pytest.fixture(params=["parquet", "csv", "zip"])
def long_file(request, tmp_path):
    """Write the rows, in each form INSEE publishes tables in."""

    def write(rows=ROWS, columns=COLUMNS, name="comparateur"):
        table = pd.DataFrame(rows, columns=columns)
        path = tmp_path / f"{name}.{request.param}"
        if request.param == "parquet":
            table.to_parquet(path)
        elif request.param == "csv":
            table.to_csv(path, sep=";", index=False)
        else:
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr(f"{name}.csv", table.to_csv(sep=";", index=False))
                archive.writestr("varmod.csv", "COD_VAR;LIB_VAR\nPOP;Population\n")
        return path

    return write


def test_indicators_are_those_of_the_edition_in_columns(long_file):
    loaded = loaders.load_indicators(long_file())
    assert loaded.table.to_dict("list") == {
        "code_insee": ["01001", "01002"],
        "habitants_65_plus": [100.25, pytest.approx(float("nan"), nan_ok=True)],
        "chomeurs": [21.5, pytest.approx(float("nan"), nan_ok=True)],
        "habitants_pauvres": [85.0, pytest.approx(float("nan"), nan_ok=True)],
        "menages": [330.0, pytest.approx(float("nan"), nan_ok=True)],
        "niveau_de_vie": [24_000.5, pytest.approx(float("nan"), nan_ok=True)],
    }
    assert set(loaded.vintages.values()) == {"2023"}


def test_the_population_is_that_of_the_latest_year(long_file):
    assert loaders.load_population(long_file()).table["population"].tolist() == [850, 260]


def test_other_orders_and_cases_of_columns_say_the_same(long_file):
    order = [4, 2, 0, 3, 1]
    rows = [tuple(row[n] for n in order) for row in ROWS]
    columns = [COLUMNS[n].lower() for n in order]
    assert loaders.load_population(long_file(rows, columns)).table["population"].sum() == 1110


def test_populations_of_reference_are_read_too(long_file):
    rows = [("COM", "01001", "PMUN", "2023", 771), ("COM", "01001", "PTOT", "2023", 790)]
    columns = ["GEO_OBJECT", "GEO", "POPREF_MEASURE", "TIME_PERIOD", "OBS_VALUE"]
    assert loaders.load_population(long_file(rows, columns)).table["population"].tolist() == [771]


def test_codes_of_the_api_are_codes_of_communes(long_file):
    rows = [("COM", "2026-COM-01001", "POP", 2023, 771)]
    assert loaders.load_population(long_file(rows)).table["code_insee"].tolist() == ["01001"]


def test_a_figure_kept_secret_is_null_whatever_stands_there(long_file):
    columns = [*COLUMNS, "CONF_STATUS"]
    rows = [
        ("COM", "01001", "MED_SL", 2023, 1, "C"),
        ("COM", "01001", "POP", 2023, 10, "F"),
        ("COM", "01002", "MED_SL", 2023, 21_000, "F"),
    ]
    table = loaders.load_indicators(long_file(rows, columns)).table
    assert table["niveau_de_vie"].isna().tolist() == [True, False]


def test_a_figure_given_again_with_another_value_is_told(long_file):
    rows = [
        ("COM", "01001", "POP", 2023, ""),
        ("COM", "01001", "POP", 2023, "850"),
        ("COM", "01001", "POP", 2023, "850.0"),
        ("COM", "01001", "POP", 2023, "860"),
        ("COM", "01001", "POP", 2017, "800"),
        ("COM", "01002", "POP", 2023, "260"),
    ]
    loaded_from = long_file(rows)
    loaded = loaders.load_population(loaded_from)
    assert loaded.table["population"].tolist() == [850, 260]
    (told,) = loaded.anomalies
    # A Parquet file has no header to count.
    line = 4 if loaded_from.suffix == ".parquet" else 5
    assert told.code == "chiffre-contredit"
    assert told.message == (
        f"01001 : P23_POP vaut 850, puis 860 (ligne {line}) : le premier est retenu"
    )


def test_arrondissements_and_their_city_count_each_person_once(long_file):
    rows = [
        ("COM", "75056", "POP", 2023, 30),
        *[("ARM", f"751{n:02}", "POP", 2023, 1.5) for n in range(1, 21)],
    ]
    table = loaders.load_population(long_file(rows)).table
    assert table["population"].sum() == 30


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("COM", "01001", "UNIT_LOC", 2024, 5)], "forme longue.*TAB_MEASURE : POP"),
        ([("DEP", "01", "POP", 2023, 5)], "forme longue.*aucune commune"),
    ],
)
def test_a_long_file_without_a_variable_wanted_says_which_are(long_file, rows, said):
    with pytest.raises(MissingColumnError, match=said):
        loaders.load_indicators(long_file(rows))


@pytest.mark.parametrize(
    "load",
    [
        loaders.load_indicators,
        loaders.load_population,
        loaders.load_memberships,
        loaders.load_movements,
    ],
)
def test_a_missing_column_is_never_followed_by_nothing(long_file, load):
    path = long_file([("a", 1)], ["Intitulé", "Autre"], name="autre")
    with pytest.raises(MissingColumnError, match=r"trouvées : .*intitule, autre") as caught:
        load(path)
    assert ": ." not in str(caught.value)
    assert ": )" not in str(caught.value)


def test_values_that_are_no_numbers_leave_a_commune_without(long_file):
    with pytest.raises(DataError, match="population d'aucune commune"):
        loaders.load_population(long_file([("COM", "01001", "POP", 2023, "nd")]))


@pytest.mark.slow
@given(
    st.dictionaries(
        st.tuples(
            st.sampled_from(["01001", "01002", "2A004"]), st.sampled_from([2012, 2017, 2023])
        ),
        st.integers(0, 10**6),
        min_size=1,
    ),
    st.randoms(),
)
def test_every_figure_stands_where_its_commune_and_year_say(figures, shuffled):
    rows = [(geo, "POP", str(year), str(value)) for (geo, year), value in figures.items()]
    shuffled.shuffle(rows)
    table = pd.DataFrame(rows, columns=["geo", "tab_measure", "time_period", "obs_value"])
    table.insert(0, LINE, range(2, 2 + len(table)))
    wide, contradicted = widen(table, {"POP": "p{y}_pop"})
    assert contradicted == ()
    wide = wide.set_index(CODE)
    for (geo, year), value in figures.items():
        assert wide.loc[geo, f"p{year % 100}_pop"] == str(value)
    assert (wide.drop(columns=LINE) != "").to_numpy().sum() == len(figures)


@pytest.mark.parametrize("name", ["communes.gpkg", "population.csv", "cog.7z", "maisons.json"])
def test_a_7z_archive_says_how_to_be_opened_whatever_its_name(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(100))
    loads = (
        loaders.load_population,
        loaders.load_indicators,
        loaders.load_maisons,
        lambda given: loaders.load_communes([given]),
    )
    for load in loads:
        with pytest.raises(DataError, match=r"archive 7z.*7-Zip.*tar -xf"):
            load(path)
