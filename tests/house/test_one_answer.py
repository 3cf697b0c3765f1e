"""One answer to one question: laws that hold whatever the files."""

from __future__ import annotations

import json

import numpy as np
import pytest
from support.toy import StudyFolder, maison_row, poste_row

import msap_geo as mg
from msap_geo import answers, comparison, siting, travel
from msap_geo.study import audit_study, read_study, run_study


def moved_code(folder):
    """Write a toy town whose second Maison bears the code of a commune déléguée, and no place."""
    toy = StudyFolder(folder).write(
        maisons=[
            maison_row(0),
            maison_row(4, insee_com="53099", latitude="", longitude="", lib_com="Epsilon"),
        ]
    )
    records = json.loads((folder / "population.json").read_text(encoding="utf-8"))
    records.append(
        {
            "code": "53099",
            "nom": "Epsilon-le-Vieux",
            "type": "commune-deleguee",
            "chefLieu": "53005",
        }
    )
    (folder / "population.json").write_text(json.dumps(records), encoding="utf-8")
    return toy


@pytest.mark.slow
def test_a_list_against_itself_changes_nobody(tmp_path):
    toy = moved_code(tmp_path)
    toy.configure(("[reseau]", '[diagnostic]\nmaisons_avant = "maisons.csv"\n\n[reseau]'))
    result = run_study(read_study(toy.path))
    assert set(result.maisons["code_insee"]) == {"53001", "53005"}
    changed = answers.diagnose(result).tables["evolution_departements"]
    assert changed[[name for name in changed if name.startswith(("gagn", "perd"))]].sum().sum() == 0


@pytest.mark.slow
def test_a_study_against_itself_differs_in_nothing(toy_study):
    result = mg.run(toy_study.path)
    compared = mg.compare(result, result)
    figures = compared.territories.select_dtypes("number")
    moves = figures[[name for name in figures if name.startswith(("gagn", "perd"))]]
    assert moves.to_numpy().sum() == 0
    assert not compared.communes["ecart_minutes"].fillna(0.0).any()
    assert compared.differences == ()


@pytest.mark.slow
def test_a_comparison_in_memory_is_that_of_the_folders(toy_study, tmp_path):
    result = mg.run(toy_study.path)
    other = mg.scenario(result, opened=[result.candidates["site_id"].iloc[0]])
    mg.write(result, tmp_path / "a")
    mg.write(other, tmp_path / "b")
    here, there = mg.compare(result, other), mg.compare(tmp_path / "a", tmp_path / "b")
    for name in ("territories", "transitions", "zones", "maisons", "candidates"):
        ours, theirs = getattr(here, name), getattr(there, name)
        assert ours.astype(str).values.tolist() == theirs.astype(str).values.tolist(), name
    assert comparison.comparison_told(here) == comparison.comparison_told(there)


def test_an_empty_choice_is_the_study(toy_study):
    result = mg.run(toy_study.path)
    assert mg.scenario(result) is result


@pytest.mark.slow
def test_a_scenario_counts_its_own_maisons(toy_study):
    result = mg.run(toy_study.path)
    assumed = mg.scenario(result, opened=result.candidates["site_id"].tolist())
    assert assumed.rows["maisons"].kept == len(assumed.maisons) == len(result.maisons) + 2
    assert assumed.rows["maisons"].read == result.rows["maisons"].read


@pytest.mark.slow
@pytest.mark.parametrize(
    "weights",
    [
        "",
        "[score.poids]\npopulation_gagnee = 1\nminutes_economisees = 1\nminutes_maison = 1\n",
        "[score.poids]\nminutes_maison = 0.2\nbassin = 0.5\nrobustesse = 0.3\n",
    ],
)
def test_one_note_and_one_rank_everywhere(tmp_path, weights):
    toy = StudyFolder(tmp_path).write(la_poste=[poste_row(i) for i in (1, 2, 4, 5)])
    toy.path.write_text(f"{toy.path.read_text(encoding='utf-8')}\n{weights}", encoding="utf-8")
    result = mg.run(toy.path)
    rated = mg.rate(result).table
    columns = ["rang", "site_id", "score", "population_gagnee"]
    assert rated[columns].equals(result.candidates[columns].reset_index(drop=True))
    points = rated[[name for name in rated if name.startswith("points_")]].sum(axis=1)
    assert np.allclose(points, rated["score"], atol=0.06)
    shown = result.map_content().candidates[columns]
    assert shown.equals(result.candidates[columns])
    if weights:
        asked = mg.read(toy.path).score.poids
        total = sum(asked.values())
        for name, weight in mg.rate(result).weights.items():
            assert weight == pytest.approx(asked[name] / total)


def test_equals_are_told_apart_the_same_way_by_curve_and_plan(tmp_path):
    # Offices of E and F each bring D, E and F within reach; that of E saves them more minutes.
    toy = StudyFolder(tmp_path).write(la_poste=[poste_row(5), poste_row(4)])
    result = mg.run(toy.path)
    rated = mg.rate(result).table.set_index("site_id")
    assert rated["population_gagnee"].nunique() == 1
    first = rated["minutes_economisees"].idxmax()
    assert rated["ordre"].dropna().to_dict() == {first: 1.0}
    assert rated.loc[first, "gain_marginal"] == rated.loc[first, "population_gagnee"]
    assert mg.plan(result, number=1).plan.sites == (first,)


@pytest.mark.slow
def test_zones_have_a_rank_by_people_and_one_by_gravity(toy_study):
    result = mg.run(toy_study.path)
    zones = mg.diagnose(result).tables["zones"]
    assert "rang" not in zones
    first = zones[zones["seuil"] == 20].set_index("zone_id")
    known = result.zones.set_index("zone_id")["rang"]
    assert first["rang_habitants"].to_dict() == known.to_dict()
    assert first["rang_gravite"].is_monotonic_increasing


@pytest.mark.slow
def test_run_and_audit_read_equal_tables(tmp_path):
    toy = moved_code(tmp_path)
    study = read_study(toy.path)
    result, audited = run_study(study), audit_study(study)
    read = {file.role: (file.read, file.kept) for file in audited.files}
    for role in ("population", "maisons", "la_poste"):
        assert read[role][0] == result.rows[role].read, role


@pytest.mark.slow
def test_trips_are_measured_once_for_everything(toy_study, tmp_path, monkeypatch):
    calls = {"nearest": 0, "matrix": 0}
    real = {name: getattr(travel, name) for name in calls}

    def counting(name):
        def call(roads, demand, sites, **options):
            here = len(demand) == 6 and "origine" in demand
            calls[name] += here
            return real[name](roads, demand, sites, **options)

        return call

    for name in calls:
        monkeypatch.setattr(travel, name, counting(name))
    result = mg.run(toy_study.path)
    mg.write(result, tmp_path / "tout", everything=True)
    # One to the Maisons, one to La Poste for its rules; one matrix for every question.
    assert calls == {"nearest": 2, "matrix": 1}


@pytest.mark.slow
def test_the_score_says_what_it_weighs(toy_study):
    content = mg.run(toy_study.path).map_content()
    for name in siting.WEIGHTS:
        assert siting.CRITERIA[name].title in content.score
