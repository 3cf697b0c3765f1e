"""The one table of a before and an after, and the title of a card."""

from __future__ import annotations

import pandas as pd

from msap_geo.documents.fiches import _title as fiche_title
from msap_geo.documents.passages import passages


def test_a_row_is_told_as_it_is_with_hours_or_without():
    rows = pd.DataFrame(
        {
            "couverture_avant": ["aucun"],
            "couverture_apres": ["itinérant"],
            "nb_communes": [3],
            "population": [1200],
        }
    )
    table = passages("Depuis", rows, by="couverture", note="n")
    assert [column.title for column in table.columns] == ["Avant", "Après", "Communes", "Habitants"]
    assert table.rows == (("aucun", "itinérant", "3", "1\u202f200"),)
    hours = rows.rename(columns={"nb_communes": "communes"}).assign(
        heures_avant=0.0, heures_apres=1.5
    )
    table = passages("Depuis", hours, by="couverture")
    assert table.rows[0][2:] == ("3", "1\u202f200", "0,0", "1,5")
    assert len(table.columns) == len(table.rows[0])


def test_communes_of_one_date_alone_are_counted_at_that_date():
    rows = pd.DataFrame(
        {
            "palier_avant": ["plus de 30 min", "absente"],
            "palier_apres": ["absente", "20 min ou moins"],
            "communes": [1, 2],
            "population_avant": [50, 0],
            "population_apres": [0, 70],
        }
    )
    assert [row[3] for row in passages("x", rows, by="palier").rows] == ["50", "70"]


def test_an_office_called_as_its_commune_is_named_once():
    assert fiche_title({"rang": 3, "nom": "Conca"}, "Conca") == "3. Conca"
    assert fiche_title({"rang": 1, "nom": "Agosta"}, "Albitreccia") == "1. Agosta – Albitreccia"
