"""Who is there each month, in every form it comes in."""

from __future__ import annotations

import pytest

from msap_geo import loaders
from msap_geo.errors import DataError, MissingColumnError
from msap_geo.loaders.prospective.saison import month_of


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("août", 8),
        ("AOUT", 8),
        ("8", 8),
        ("08", 8),
        ("2025-08", 8),
        ("2025-08-01", 8),
        ("2025-12-31 00:00:00", 12),
        ("2025-13-01", None),
        ("2025", None),
        ("févr.", 2),
        ("juil", 7),
        ("jui", 6),
        ("jun", 6),
        ("jul", 7),
        ("sept", 9),
        ("13", None),
        ("été", None),
        ("", None),
    ],
)
def test_months_are_read_as_people_write_them(text, month):
    assert month_of(text) == month


def loaded(tmp_path, text):
    path = tmp_path / "saison.csv"
    path.write_text(text, encoding="utf-8")
    return loaders.load_season(path).table


@pytest.mark.parametrize(
    "text",
    [
        "mois;occupation\njanvier;0,1\naoût;0,8\n",
        "mois;taux\n1;10 %\n8;80%\n",
        "janvier;aout\n0.1;0.8\n",
    ],
)
def test_shares_of_second_homes(tmp_path, text):
    table = loaded(tmp_path, text)
    assert table[["code", "mois", "valeur"]].to_numpy().tolist() == [["", 1, 0.1], ["", 8, 0.8]]
    assert set(table["genre"]) == {"occupation"}


def test_no_month_of_three_letters_is_passed_over(tmp_path):
    table = loaded(tmp_path, "jan;jun;jul;aou\n0,1;0,2;0,6;0,8\n")
    assert table["mois"].tolist() == [1, 6, 7, 8]
    with pytest.raises(DataError, match="donné deux fois"):
        loaded(tmp_path, "jun;jui;aou\n0,2;0,6;0,8\n")


def test_people_present_by_place(tmp_path):
    table = loaded(tmp_path, "code_insee;janvier;août\n53001;90;400\n53002;50;50\n")
    assert set(table["genre"]) == {"presents"}
    told = table.set_index(["code", "mois"])["valeur"]
    assert told["53001", 8] == 400
    assert len(told) == 4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mois;occupation\naout;0,8\naoût;0,7\n", "donné deux fois"),
        ("mois;occupation\naout;-0,8\n", "négatif"),
        ("mois;occupation\nété;0,8\n", "un mois"),
        ("mois;presents\naout;5000\n", "sans dire où"),
        ("code_insee;mois;occupation\n53001;aout;70\n", r"dépasse 1 \(70\)"),
        ("dep;mois;facteur\n53;juillet;0,4\n53;aout;1,8\n", r"dépasse 1 \(1,8\)"),
        ("code_insee;janvier;aout\n53001;10 %;110 %\n", r"dépasse 1 \(110 %\)"),
    ],
)
def test_what_cannot_be_told_is_refused(tmp_path, text, said):
    with pytest.raises(DataError, match=said):
        loaded(tmp_path, text)


def test_a_file_without_months(tmp_path):
    with pytest.raises(MissingColumnError, match="aucun mois"):
        loaded(tmp_path, "code_insee;occupation\n53001;1\n")
