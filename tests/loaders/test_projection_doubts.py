"""Projections that can be read in two ways, or in none: refused, never guessed."""

from __future__ import annotations

import re

import pytest

from msap_geo import loaders
from msap_geo.errors import DataError
from msap_geo.loaders.prospective.effectifs import read_counts

SOUND = [
    ("2026", "0-74", "1050"),
    ("2026", "75+", "1050"),
    ("2035", "0-74", "1200"),
    ("2035", "75+", "1300"),
]


def projection(folder, *rows, head="zone;annee;age;population"):
    path = folder / "p.csv"
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return loaders.load_projections(path)


def rows(last="1300", *, more=""):
    return [f"53;{y};{a}{more};{last if (y, a) == ('2035', '75+') else n}" for y, a, n in SOUND]


@pytest.mark.parametrize("last", ["1e300", "9" * 400, "1,200", "NaN", "-1", "inf", ""])
def test_impossible_people_are_refused_with_their_line(tmp_path, last):
    with pytest.raises(DataError, match=r"p\.csv, ligne 5"):
        projection(tmp_path, *rows(last))


def test_a_small_place_may_empty(tmp_path):
    small = [row.replace("1050", "99").replace("1200", "99") for row in rows("0")]
    assert projection(tmp_path, *small).table["population"].min() == 0


@pytest.mark.parametrize("sexes", [("0", "1"), ("", "1"), ("0", "F")])
def test_one_sex_and_what_may_be_the_other(tmp_path, sexes):
    told = [
        row.replace("+", f"+;{sex}").replace("74", f"74;{sex}") for sex in sexes for row in rows()
    ]
    with pytest.raises(DataError, match="est-il l'ensemble"):
        projection(tmp_path, *told, head="zone;annee;age;sexe;population")


@pytest.mark.parametrize("sexes", [("1", "2"), ("H", "F"), ("0", "1", "2"), ("Ensemble", "H")])
def test_sexes_that_are_told(tmp_path, sexes):
    told = [
        row.replace("+", f"+;{sex}").replace("74", f"74;{sex}") for sex in sexes for row in rows()
    ]
    found = projection(tmp_path, *told, head="zone;annee;age;sexe;population").table
    once = 1 if {"0", "Ensemble"} & set(sexes) else 2
    assert found["population"].sum() == once * (1050 + 1050 + 1200 + 1300)


def test_a_column_of_ages_is_no_year_beside_a_column_of_years(tmp_path):
    head = "zone;annee;pop0019;pop2064;pop6574;pop75p"
    found = projection(tmp_path, "53;2026;1;2;3;4", "53;2035;5;6;7;8", head=head).table
    assert sorted(found["annee"].unique()) == [2026, 2035]
    assert found["population"].sum() == sum(range(1, 9))


def test_two_columns_of_people_that_differ(tmp_path):
    with pytest.raises(DataError, match="« population » et « effectif »"):
        projection(tmp_path, "53;2026;10;10", "53;2035;20;2", head="zone;annee;population;effectif")


@pytest.mark.parametrize(
    ("head", "rows", "said"),
    [
        ("age", ["53,2035,0-19,9", "53,2035,0 à 19 ans,9"], "deux lignes pour 53, 2035, 0 à 19"),
        ("age", ["53,2035,0-19,9", "2025-DEP-53,2035,0-19,9"], "deux lignes pour 2025-DEP-53"),
        ("age", ["53,2035,0-19,9", '53,"2 035",0-19,9'], "deux lignes pour 53"),
        ("sexe", ["53,2035,H,9", "53,2035,Hommes,9"], "deux lignes pour 53, 2035, Hommes"),
        ("sexe", ["53,2035,H,9", "53,2040,H,9"], "un seul sexe, « H », pour 53, 2035"),
        ("sexe", ["53,2035,H,9", "53,2035,F,9", "72,2035,F,9"], "« F », pour 72, 2035"),
        ("sexe,age", ["53,2035,1,0-19,9", "53,2035,2,0-19,9", "53,2035,1,20+,9"], "2035, 20+"),
    ],
)
def test_people_counted_twice_or_by_half_are_refused(tmp_path, head, rows, said):
    path = tmp_path / "habitants.csv"
    path.write_text("\n".join([f"zone,annee,{head},population", *rows]) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=re.escape(said)):
        read_counts(path)


def test_the_oldest_may_be_of_one_sex(tmp_path):
    path = tmp_path / "habitants.csv"
    rows = ["53,H,0-19,9", "53,F,0-19,9", "53,F,95,1"]
    path.write_text("\n".join(["zone,sexe,age,population", *rows]) + "\n", encoding="utf-8")
    assert read_counts(path).table["effectif"].tolist() == [18, 1]
