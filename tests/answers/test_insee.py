"""A study held against INSEE: shares, minutes, reasons, on toy town."""

from __future__ import annotations

import pandas as pd
import pytest
from support.dictionaries import check_entries

from msap_geo import documents
from msap_geo.answers import diagnose
from msap_geo.answers.truth.insee import spread_of
from msap_geo.folder import write_diagnosis
from msap_geo.study import read_study, run_study


@pytest.fixture
def found(toy_study):
    # INSEE: A, B, C at their own times; D a quarter of an hour nearer; nothing of E and F.
    pd.DataFrame(
        {
            "typeeq_id": "A128",
            "duree": [0.0, 10.0, 20.0, 15.0],
            "depcom": ["53001", "53002", "53003", "53004"],
            "pop": [100.0, 200.0, 300.0, 400.0],
        }
    ).to_parquet(toy_study.folder / "acces.parquet")
    toy_study.configure(("[reseau]", 'acces_insee = "acces.parquet"\n\n[reseau]'))
    return diagnose(run_study(read_study(toy_study.path)))


@pytest.mark.slow
def test_shares_side_by_side(found):
    first = found.tables["insee_departements"].iloc[0]
    # 600 of 2,100 people live within 20 minutes; INSEE's cells are all within.
    assert first["part"] == pytest.approx(600 / 2100, abs=1e-6)
    assert first["part_insee"] == 1
    assert first["ecart_points"] == pytest.approx(100 * (600 / 2100 - 1), abs=0.01)


@pytest.mark.slow
def test_minutes_side_by_side(found):
    communes = found.tables["insee_communes"].set_index("code_insee")
    assert communes["ecart_minutes"].fillna(-1).to_list() == [0, 0, 0, 15, -1, -1]
    n, median, tail = spread_of(communes)
    assert (n, median) == (4, 0)
    assert tail == pytest.approx(10.5)


@pytest.mark.slow
def test_every_column_has_its_words(found):
    for name in ("insee_departements", "insee_communes"):
        check_entries(f"diagnostic_{name}", list(found.tables[name].columns))


@pytest.mark.slow
def test_the_report_says_why(found, toy_study):
    told = str(documents.report_document(documents.report_parts(found.result)))
    assert "Écart avec l’Insee" in told
    assert "OSRM 5.26" in told
    write_diagnosis(found, toy_study.folder / "sortie")
    assert (toy_study.folder / "sortie" / "diagnostic_insee_communes.csv").exists()


@pytest.mark.slow
def test_without_the_file_nothing_changes(toy_study):
    tables = diagnose(run_study(read_study(toy_study.path))).tables
    assert not [name for name in tables if name.startswith("insee")]
