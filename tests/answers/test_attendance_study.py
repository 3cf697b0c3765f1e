"""Visits in a whole study: calibrated, told, in its tables, its report and its audit."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.dictionaries import check_entries

from msap_geo import answers, cli, coverage, documents, study
from msap_geo.answers.origins import from_communes

DEMO = Path(__file__).parents[2] / "data" / "demo"


def with_visits(tmp_path, rows):
    shutil.copytree(DEMO, tmp_path / "demo")
    path = tmp_path / "demo" / "etude.toml"
    text = path.read_text(encoding="utf-8") + '\n[maisons]\nfrequentation = "visites.csv"\n'
    path.write_text(text, encoding="utf-8")
    lines = ["site_id;visites;periode", *(f"{site};{count};2024" for site, count in rows)]
    (tmp_path / "demo" / "visites.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def simulated():
    """Visits of the demo under another law than the usual one."""
    result = study.run_study(study.sample_study())
    origin = from_communes(result)
    hours = coverage.weekly_supply(result.maisons).set_index("site_id")["heures"]
    law = coverage.Huff(0.5, 1.3)
    shares = coverage.huff_probabilities(
        origin.times,
        law.attraction(hours.loc[origin.times.site_ids].to_numpy(dtype=float)),
        exponent=law.time_exponent,
    )
    visits = 0.7 * (shares.T @ origin.places["population"].to_numpy(dtype=float))
    return dict(zip(origin.times.site_ids, np.round(visits).astype(int), strict=True))


@pytest.mark.slow
def test_a_study_finds_the_law_again_and_uses_it(tmp_path, simulated, capsys):
    path = with_visits(tmp_path, simulated.items())
    result = study.run_study(study.read_study(path))
    found = answers.diagnose(result)
    fit = found.tables["frequentation_calage"].iloc[0]
    assert fit["exposant_temps"] == pytest.approx(1.3, abs=0.05)
    assert fit["visites_par_habitant"] == pytest.approx(0.7, abs=0.02)
    assert fit["r2"] > 0.999
    usual = answers.diagnose(study.run_study(study.sample_study())).tables["bassins"]
    assert not found.tables["bassins"].equals(usual)
    table = found.tables["frequentation"]
    assert set(table["site_id"]) == set(result.maisons["site_id"])
    for name in ("frequentation", "frequentation_calage"):
        check_entries(f"diagnostic_{name}", list(found.tables[name].columns))
    parts = documents.report_parts(result)
    sections = {s.title: s for s in documents.report_document(parts).sections}
    told = sections["La fréquentation observée"].blocks[0].text
    assert "1,3" in told
    with pytest.raises(SystemExit) as ended:
        cli.main(["diagnostiquer", str(path), "--sortie", str(tmp_path / "sortie")])
    assert ended.value.code == 0
    assert "modèle de Huff calé sur" in capsys.readouterr().out
    manifest = (tmp_path / "sortie" / "manifest.json").read_text(encoding="utf-8")
    assert "visites.csv" in manifest


def test_a_law_that_explains_nothing_is_not_to_be_trusted():
    row = {
        "statut": "pas mieux que des visites égales", "nb_sites": 8, "exposant_temps": 0.0,
        "exposant_taille": 0.0, "visites_par_habitant": 2.5, "r2": -3.2,
        "deviance_expliquee": -4.6, "visites_par_heure": 0.8,
    }  # fmt: skip
    told = answers.attendance_in_words(pd.DataFrame([row]))
    assert "les bassins gardent la loi de Huff usuelle" in told
    assert "2,5 visites par habitant" in told
    assert told.endswith("0,8 visite")
    better = {**row, "statut": "calé sur peu de sites", "deviance_expliquee": 0.4}
    assert "usuelle" not in answers.attendance_in_words(pd.DataFrame([better]))


@pytest.mark.slow
def test_few_sites_and_unknown_ones_are_told(tmp_path, simulated):
    rows = [*list(simulated.items())[:3], ("inconnue", 12), (list(simulated)[4], "beaucoup")]
    path = with_visits(tmp_path, rows)
    result = study.run_study(study.read_study(path))
    found = answers.diagnose(result)
    told = {anomaly.code for anomaly in found.anomalies}
    assert {"frequentation-inconnue", "frequentation-illisible"} <= told
    assert "trop peu" in answers.attendance_in_words(found.tables["frequentation_calage"])
    assert found.tables["frequentation"]["visites_modele"].isna().all()
    usual = answers.diagnose(study.run_study(study.sample_study())).tables["bassins"]
    assert found.tables["bassins"].equals(usual)
    audited = study.audit_study(path)
    codes = {finding.code for finding in audited.findings}
    assert {"frequentation-inconnue", "frequentation-illisible"} <= codes
