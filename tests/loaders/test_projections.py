"""Projected people, in every form they come in, against one table."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msap_geo import loaders
from msap_geo.errors import DataError, MissingColumnError
from msap_geo.loaders.prospective.effectifs import Heading, read_counts, read_heading
from msap_geo.loaders.prospective.tranches import (
    EVERYONE,
    Band,
    between,
    older_than,
    opened,
    read_band,
)
from msap_geo.loaders.variables import year_of

OPEN = math.inf
YEARS = (2026, 2035, 2040)
WANTED = {
    ("53", 2026): (30, 50, 15, 5),
    ("53", 2035): (28, 49, 17, 9),
    ("53", 2040): (27, 48, 18, 12),
    ("72", 2026): (60, 90, 20, 10),
    ("72", 2035): (58, 88, 25, 15),
    ("72", 2040): (55, 87, 26, 21),
}
BANDS = (Band(0, 20), Band(20, 65), Band(65, 75), Band(75, OPEN))
NAMES = ("0-19", "20-64", "65-74", "75 ans et plus")


@pytest.mark.parametrize(
    ("text", "band"),
    [
        ("0-19", (0, 20)),
        ("130", (130, 131)),
        ("0 à 19 ans", (0, 20)),
        ("[20-64]", (20, 65)),
        ("de 20 à 64 ans", (20, 65)),
        ("7589", (75, 90)),
        ("Y20T64", (20, 65)),
        ("moins de 20 ans", (0, 20)),
        ("Y_LT20", (0, 20)),
        ("75 ans et plus", (75, OPEN)),
        ("75 ans ou +", (75, OPEN)),
        ("75+", (75, OPEN)),
        ("75P", (75, OPEN)),
        ("Y_GE75", (75, OPEN)),
        ("42 ans", (42, 43)),
        ("Total", EVERYONE),
        ("_T", EVERYONE),
    ],
)
def test_bands_are_read_as_people_write_them(text, band):
    assert read_band(text) == Band(*band)


@pytest.mark.parametrize("text", ["pop", "19-0", "n.c.", "75 bis", "131", "200+"])
def test_what_is_no_band_is_none(text):
    assert read_band(text) is None


@pytest.mark.parametrize(
    ("name", "heading"),
    [
        ("p21_pop0014", Heading(2021, Band(0, 15))),
        ("p21_pop75p", Heading(2021, Band(75, OPEN))),
        ("p21_pop", Heading(2021, EVERYONE)),
        ("2035", Heading(2035, None)),
        ("pop_2035", Heading(2035, None)),
        ("pop_75p_2040", Heading(2040, Band(75, OPEN))),
        ("2040_75_plus", Heading(2040, Band(75, OPEN))),
        ("75_plus", Heading(None, Band(75, OPEN))),
        ("p21_chom1564", None),
        ("superf", None),
        ("code", None),
        ("53", None),
        ("1564", None),
        ("pop1564", Heading(None, Band(15, 65))),
        ("population", None),
    ],
)
def test_headings_tell_years_and_bands(name, heading):
    assert read_heading(name) == heading


@pytest.mark.slow
@given(
    st.lists(st.integers(1, 99), min_size=1, max_size=8, unique=True),
    st.integers(0, 2**32 - 1),
)
def test_bands_of_any_cut_tell_the_same_people(cuts, seed):
    """Whatever overlapping bands a file has, those between its ages are the true ones."""
    rng = np.random.default_rng(seed)
    ends = [0, *sorted(cuts), OPEN]
    true = rng.integers(0, 50, (3, len(ends) - 1)).astype(float)
    # From each age up, and a few chained bands instead.
    bands, columns = [], []
    for rank, low in enumerate(ends[:-1]):
        stop = len(ends) - 1 if rng.random() < 0.5 or rank == len(ends) - 2 else rank + 1
        bands.append(Band(low, ends[stop]))
        columns.append(true[:, rank:stop].sum(axis=1))
    order = rng.permutation(len(bands))
    ages, older = older_than([bands[i] for i in order], np.stack(columns, axis=1)[:, order])
    kept, people = between(ages, older)
    assert [band.low for band in kept] == ends[:-1]
    assert kept[-1].high == OPEN
    np.testing.assert_allclose(people, true)


def test_first_ages_alone_begin_bands():
    assert opened([Band(85, 86), Band(90, 91), Band(95, 96)]) == [
        Band(85, 90),
        Band(90, 95),
        Band(95, OPEN),
    ]
    assert opened([Band(97, 98), Band(98, 99), Band(99, 100)])[-1] == Band(99, OPEN)
    # Bands that end too soon lack the oldest.
    assert opened([Band(0, 65), Band(65, 75)])[-1] == Band(65, 75)


def test_single_ages_are_where_bands_begin_and_an_unknown_sex_leaves_a_band_unknown(tmp_path):
    path = tmp_path / "ages.csv"
    rows = [
        f"53001;{age};{sex};{people}"
        for age, both in ((0, (3, 4)), (40, (5, "")), (80, (1, 2)))
        for sex, people in zip("HF", both, strict=True)
    ]
    path.write_text("\n".join(["CODGEO;AGE;SEXE;POPULATION", *rows]) + "\n", encoding="utf-8")
    table = read_counts(path).table
    assert list(zip(table["bas"], table["haut"], strict=True)) == [(0, 40), (40, 80), (80, OPEN)]
    assert table["effectif"].tolist()[::2] == [7, 3]
    assert np.isnan(table["effectif"].iloc[1])


@pytest.mark.parametrize(
    ("digits", "year"), [("60", 1960), ("68", 1968), ("99", 1999), ("00", 2000), ("59", 2059)]
)
def test_two_digits_are_a_year_of_the_censuses(digits, year):
    assert year_of(digits) == year


def long_form():
    return pd.DataFrame(
        [
            {"ZONE": zone, "ANNEE": year, "AGE": name, "POPULATION": people}
            for (zone, year), row in WANTED.items()
            for name, people in zip(NAMES, row, strict=True)
        ]
    )


def forms():
    table = long_form()
    by_sex = pd.concat(
        [
            table.assign(SEXE="H", POPULATION=table["POPULATION"] // 2),
            table.assign(SEXE="F", POPULATION=table["POPULATION"] - table["POPULATION"] // 2),
        ]
    )
    everyone = pd.concat([by_sex, table.assign(SEXE="Ensemble")])
    wide_years = table.pivot_table(index=["ZONE", "AGE"], columns="ANNEE", values="POPULATION")
    wide_ages = table.pivot_table(index=["ZONE", "ANNEE"], columns="AGE", values="POPULATION")
    both = table.assign(
        key=[
            f"pop_{n.replace(' ans et plus', 'p').replace('-', '_')}_{y}"
            for n, y in zip(table["AGE"], table["ANNEE"], strict=True)
        ]
    ).pivot_table(index="ZONE", columns="key", values="POPULATION")
    overlapping = pd.concat(
        [
            table[table["AGE"].isin(NAMES[:2])],
            table[table["AGE"] == NAMES[3]],
            table[table["AGE"].isin(NAMES[2:])]
            .groupby(["ZONE", "ANNEE"], as_index=False)["POPULATION"]
            .sum()
            .assign(AGE="65 et +"),
            table.groupby(["ZONE", "ANNEE"], as_index=False)["POPULATION"]
            .sum()
            .assign(AGE="Total"),
        ]
    )
    melodi = table.rename(
        columns={"ZONE": "GEO", "ANNEE": "TIME_PERIOD", "POPULATION": "OBS_VALUE"}
    ).assign(
        GEO=[f"2025-DEP-{zone}" for zone in table["ZONE"]],
        AGE=table["AGE"].map(
            dict(zip(NAMES, ("Y_LT20", "Y20T64", "Y65T74", "Y_GE75"), strict=True))
        ),
        SEX="_T",
    )
    scenario = pd.concat(
        [
            table.assign(SCENARIO="Central"),
            table.assign(SCENARIO="Fécondité haute", POPULATION=table["POPULATION"] * 2),
        ]
    )
    return {
        "long": table,
        "by_sex": by_sex,
        "everyone": everyone,
        "wide_years": wide_years.reset_index(),
        "wide_years_named": wide_years.rename(columns=lambda y: f"POP_{y}").reset_index(),
        "wide_ages": wide_ages.reset_index(),
        "wide_ages_plus": wide_ages.rename(columns={NAMES[3]: "75+"}).reset_index(),
        "both": both.reset_index(),
        "overlapping": overlapping,
        "melodi": melodi,
        "scenario": scenario,
    }


@pytest.mark.parametrize("form", list(forms()))
def test_every_form_gives_one_table(tmp_path, form):
    path = tmp_path / "projections.csv"
    forms()[form].to_csv(path, sep=";", index=False, encoding="utf-8")
    table = loaders.load_projections(path).table
    assert set(zip(table["bas"], table["haut"], strict=True)) == set(BANDS)
    for (zone, year), row in WANTED.items():
        here = table[(table["zone"] == zone) & (table["annee"] == year)].sort_values("bas")
        assert here["population"].tolist() == list(row), (zone, year)
    assert len(table) == len(WANTED) * len(BANDS)


def test_a_workbook_and_years_apart_read_alike(tmp_path):
    path = tmp_path / "projections.xlsx"
    long_form().to_excel(path, index=False, startrow=3)
    assert loaders.load_projections(path).table["population"].sum() == sum(
        map(sum, WANTED.values())
    )


def refused(tmp_path, table, *said, **options):
    path = tmp_path / "projections.csv"
    table.to_csv(path, index=False)
    with pytest.raises(DataError) as told:
        loaders.load_projections(path, **options)
    for words in said:
        assert words in str(told.value)


def test_what_cannot_be_counted_is_refused(tmp_path):
    table = long_form()
    refused(tmp_path, pd.concat([table, table.iloc[[3]]]), "deux lignes", "ligne 26")
    refused(tmp_path, table.assign(POPULATION=table["POPULATION"].replace(9, -9)), "négatif", "53")
    refused(tmp_path, table.drop(index=3), "manquent pour un territoire")
    refused(tmp_path, table[table["AGE"] != "0-19"], "depuis 0 an")
    refused(tmp_path, table[table["AGE"] != NAMES[3]], "à la dernière, ouverte")
    refused(tmp_path, table.drop(columns="ANNEE").drop_duplicates(["ZONE", "AGE"]), "l'année")
    refused(tmp_path, table[(table["ZONE"] != "72") | (table["ANNEE"] != 2040)], "72", "(2040)")
    refused(tmp_path, table.assign(AGE=table["AGE"].replace("65-74", "vieux")), "vieux", "ligne 4")
    both = pd.concat([table.assign(SCENARIO=name) for name in ("haut", "bas")])
    refused(tmp_path, both, "2 scénarios (haut, bas)")
    refused(tmp_path, both, "pas de scénario « moyen »", variant="moyen")
    path = tmp_path / "autre.csv"
    path.write_text("nom;age\nLaval;75+\n", encoding="utf-8")
    with pytest.raises(MissingColumnError):
        loaders.load_projections(path)


def test_a_variant_is_chosen_whatever_its_accents(tmp_path):
    path = tmp_path / "projections.csv"
    forms()["scenario"].to_csv(path, index=False)
    central = loaders.load_projections(path)
    assert [told.code for told in central.anomalies] == ["projection-scenario"]
    high = loaders.load_projections(path, variant="fecondite HAUTE").table
    assert high["population"].sum() == 2 * central.table["population"].sum()


def test_ages_of_communes_come_from_the_finest_file(tmp_path):
    rough, fine = tmp_path / "rough.csv", tmp_path / "fine.csv"
    rough.write_text("CODGEO;P21_POP;P21_POP65P\n53001;100;20\n", encoding="utf-8")
    fine.write_text(
        "CODGEO;P15_POP0014;P21_POP0014;P21_POP1564;P21_POP65P;P21_POP75P;P21_H0014\n"
        "53001;99;15;65;20;8;7\n53002;99;5;5;0;0;1\n",
        encoding="utf-8",
    )
    other = tmp_path / "other.csv"
    other.write_text("CODGEO;MED21\n53001;20000\n", encoding="utf-8")
    table = loaders.load_ages([other, rough, fine]).table
    assert list(table.columns) == ["code_insee", "0", "15", "65", "75"]
    assert table.to_numpy()[:, 1:].tolist() == [[15, 65, 12, 8], [5, 5, 0, 0]]
    assert list(loaders.load_ages([other, rough]).table.columns) == ["code_insee", "0", "65"]
    assert loaders.load_ages([other]) is None


def test_ages_of_iris_add_up_to_communes(tmp_path):
    path = tmp_path / "iris.csv"
    path.write_text(
        "iris;com;pop;pop_0_19;pop_20_64;pop_65p\n"
        "530010101;53001;10;3;5;2\n530010102;53001;20;6;10;4\n",
        encoding="utf-8",
    )
    table = loaders.load_ages([path]).table
    assert table.to_numpy().tolist() == [["53001", 9, 15, 6]]
