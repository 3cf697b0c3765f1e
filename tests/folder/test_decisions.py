"""What a study asks to be decided: in its folder, its workbook, its report and on its map."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import openpyxl
import pandas as pd
import pytest
from scipy.sparse import csr_array
from support.json_keys import keys_of, untold

from msap_geo import answers, documents, folder, outputs, study
from msap_geo.answers.decided import adaptation_tables
from msap_geo.errors import StudyError
from msap_geo.outputs.page import proposals
from msap_geo.outputs.page.payload import payload
from msap_geo.siting import adaptation
from msap_geo.siting.adaptation import BUREAU, CONTACT
from msap_geo.travel import TravelTimes

pytestmark = pytest.mark.slow  # the study they all read takes some seconds
DEMO = Path(__file__).parents[2] / "data" / "demo"
ROUNDS = '\n[regles_tournees]\nvehicules = 2\nheures_ouvertes = 14\nfrequence = "quinzaine"\n'
ASKED = f"\n[adaptation]\nnombre = 3\n\n[horaires]\nheures = 7\n{ROUNDS}"


def study_of(tmp_path, section):
    shutil.copytree(DEMO, tmp_path / "demo")
    path = tmp_path / "demo" / "etude.toml"
    path.write_text(path.read_text(encoding="utf-8") + section, encoding="utf-8")
    return study.read_study(path)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    where = tmp_path_factory.mktemp("decisions")
    found = folder.run_everything(study_of(where, ASKED))
    folder.write_everything(found, where / "sortie")
    return found, where / "sortie"


def test_the_folder_holds_what_the_commands_say(made):
    found, written = made
    told = json.loads((written / "adaptation.json").read_text(encoding="utf-8"))
    alone = answers.adapt_network(found.result, answers.Wanted(number=3))
    assert told == json.loads(json.dumps(answers.adaptation_json(alone)))
    told = json.loads((written / "horaires.json").read_text(encoding="utf-8"))
    assert told == json.loads(json.dumps(answers.longer_json(answers.open_longer(found.result, 7))))
    told = json.loads((written / "tournees.json").read_text(encoding="utf-8"))
    alone = answers.design_rounds(found.result, answers.RoundsAsked(2, 14, 90, "quinzaine"))
    assert told == json.loads(json.dumps(answers.rounds_json(alone)))
    assert len(told["tournees"]) > 1
    sheets = openpyxl.load_workbook(written / "etude.xlsx", read_only=True).sheetnames
    assert {"Transformations", "Plus loin", "Marges", "Tournées"} <= set(sheets)
    assert any("emi-journées" in name for name in sheets)


@pytest.mark.parametrize("command", ["adapter", "horaires", "panier", "implantation", "tournees"])
def test_every_key_of_a_json_is_in_its_page(made, command):
    found, _ = made
    asked = answers.Asked(number=2, frontier=True)
    forced = answers.Asked(number=2, imposed=(found.result.candidates["site_id"].iloc[-1],))
    told = {
        "adapter": lambda: answers.adaptation_json(found.decisions.adapted),
        "horaires": lambda: answers.longer_json(found.decisions.longer),
        "panier": lambda: answers.basket_json(answers.fill_basket(found.result)),
        "implantation": lambda: [
            answers.implantation_json(answers.optimise(found.result, one))
            for one in (asked, forced)
        ],
        "tournees": lambda: answers.rounds_json(found.decisions.designed),
    }[command]()
    assert len(keys_of(told)) > 20
    assert untold(told, command) == []


def test_the_report_tells_each_transformation_and_each_addition(made):
    found, _ = made
    parts = documents.ReportParts(
        found.result, found.diagnosis, found.rating, found.found,
        study.provenance_of(found.result), found.decisions,
    )  # fmt: skip
    sections = {s.title: s for s in documents.report_document(parts).sections}
    adapted = sections["Adapter le réseau postal"]
    tables = {block.caption: block for block in adapted.blocks if hasattr(block, "rows")}
    rows = tables["Bureaux à transformer, du moins au plus dommageable"].rows
    assert [row[0] for row in rows] == found.decisions.adapted.transformations["nom"].tolist()
    assert {row[3] for row in rows} == {"requis"}
    longer = sections["Ouvrir plus longtemps, ou à un autre moment"]
    tables = {block.caption: block for block in longer.blocks if hasattr(block, "rows")}
    rows = tables["Demi-journées à ajouter"].rows
    assert [row[1] for row in rows] == found.decisions.longer.additions["nom"].tolist()
    designed = sections["Des tournées pour qui reste loin"]
    plan = found.decisions.designed.plan
    assert "Aucun plan qui respecte les mêmes règles n’en sert plus de " in designed.blocks[0].text
    assert "2\u00a0véhicules, " in designed.blocks[0].text
    week = designed.blocks[1]
    assert [row[2] for row in week.rows] == found.decisions.designed.stops()["nom"].tolist()
    assert all("semaine" in row[1] for row in week.rows)
    assert plan.value <= plan.bound
    scheme = documents.report_document(parts, model="sdaasap").sections
    assert any(s.title == "Objectifs : adapter le réseau postal" for s in scheme)
    assert any(s.title == "Objectifs : des tournées pour qui reste loin" for s in scheme)


def test_the_map_marks_them_and_who_is_farther(made):
    found, _ = made
    content = found.result.map_content()
    assert payload(content).get("propositions") is None
    decided = found.decisions
    assert outputs.Proposals().transformations is None
    data = payload(dataclasses.replace(content, proposals=decided.proposals()))
    shown = data["propositions"]
    assert list(shown["transformations"]) == decided.adapted.transformations["site_id"].tolist()
    assert set(shown["ajouts"]) == set(decided.longer.additions["site_id"])
    farther = decided.adapted.farther
    codes = found.result.access["code_insee"].tolist()
    assert {codes[int(row)] for row in shown["communes"]} == set(farther["code_insee"])
    classes = data["plusLoin"]
    assert sum(c["habitants"] for c in classes["classes"][1:]) == decided.adapted.people_farther
    more = dict(
        zip(farther["code_insee"], farther.minutes_apres - farther.minutes_avant, strict=True)
    )
    for code, rank in zip(codes, classes["classe"], strict=True):
        minutes = more.get(code, 0)
        assert rank == (0 if not minutes else 1 if minutes <= 5 else 2 if minutes <= 10 else 3)


def test_who_is_a_little_farther_is_not_told_to_be_much():
    table = pd.DataFrame(
        [("A", "bureau", 100, 100, 15.0), ("A", "contact", 5000, 100, 4.0),
         ("B", "contact", 7, 2, 9.0), ("B", "bureau", 9, 2, 12.0)],
        columns=["code_insee", "service", "population", "dont_des_deux", "minutes_apres"],
    ).assign(minutes_avant=3.0)  # fmt: skip
    found = proposals.farther(outputs.Proposals(farther=table), ["A", "B", "C"])
    # Two of B are farther from both: nine, and five others.
    assert [c["habitants"] for c in found["classes"]] == [None, 4900, 9 + 5, 100]
    assert found["classe"] == [3, 2, 0]
    # As many are farther in words as on the map, of whatever service.
    told = answers.AdaptedNetwork.people_farther.fget(SimpleNamespace(farther=table))
    assert told == 5000 + 14


def test_the_people_of_many_cells_are_counted_once_and_sent_where_most_go():
    """Commune A: cells of 50, 30, 30 and 20 people; two offices change, an agence closes."""
    far = np.inf
    minutes = np.array(
        [[1, 9, 5, 9], [2, 1, 8, 6], [2, 1, 9, 7], [30, 30, 3, 1]], dtype=float
    )  # fmt: skip
    table = csr_array(minutes)
    ids = pd.Index(["one", "two", "far", "agence"])
    times = TravelTimes(pd.Index(list("wxyz")), ids, table, table, far)
    gives = {BUREAU: np.array([True, True, True, False]), CONTACT: np.ones(4, dtype=bool)}
    people = np.array([50, 30, 30, 20])
    network = adaptation.Network.of(times, people, gives, longest=60.0)
    changes = (
        adaptation.Change(0, "agence", frozenset({BUREAU})),
        adaptation.Change(1, "agence", frozenset({BUREAU})),
        adaptation.Change(3, "fermeture", frozenset({CONTACT})),
    )
    question = adaptation.Question(network, changes, weights={BUREAU: 1.0, CONTACT: 1.0})
    chosen = np.array([0, 1, 2])
    plan = SimpleNamespace(chosen=chosen, value=question.loss(chosen))
    result = SimpleNamespace(communes=pd.DataFrame({"code_insee": ["A"], "nom": ["Alpha"]}))
    points = pd.DataFrame({"site_id": ids, "nom": ids, "commune": "Alpha", "code_insee": "A"})
    points["genre"] = ["Bureau de Poste"] * 3 + ["Agence postale communale"]
    codes = np.array(["A"] * 4, dtype=object)
    told = adaptation_tables.farther(result, question, plan, points, codes)
    bureau, contact = told.to_dict("records")
    assert (bureau["population"], contact["population"], contact["dont_des_deux"]) == (110, 20, 0)
    # The largest cell had « one »: most people had « two », in two cells.
    assert (bureau["site_avant"], bureau["site_apres"]) == ("two", "far")
    assert (contact["site_avant"], contact["site_apres"]) == ("agence", "far")
    assert answers.AdaptedNetwork.people_farther.fget(SimpleNamespace(farther=told)) == 130
    # An agence is nobody's post office, but the contact point of twenty.
    offered = SimpleNamespace(accords={})
    table = adaptation_tables.transformations(question, plan, points, offered)
    assert table.set_index("site_id")["habitants"].to_dict() == {
        "one": 50, "two": 60, "agence": 20,
    }  # fmt: skip


def test_nothing_is_decided_that_is_not_asked(tmp_path):
    result = study.run_study(study_of(tmp_path, ""))
    assert answers.decisions_of(result) == answers.Decisions()
    assert answers.Decisions().proposals() is None


def test_no_rounds_where_nobody_is_far(tmp_path):
    asked = study_of(tmp_path, ROUNDS)
    near = asked.with_values("etude", seuils_minutes=(500.0,))
    assert answers.decisions_of(study.run_study(near)).designed is None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('frequence = "annuelle"', "fréquence inconnue : « annuelle »"),
        ("vehicules = 0", "vehicules"),
        ("vehicules = 1\narret_minutes = 50", "quarts d'heure"),
    ],
)
def test_rounds_that_mean_nothing_are_refused(tmp_path, line, said):
    with pytest.raises(StudyError, match=said):
        answers.decisions_of(study.run_study(study_of(tmp_path, f"\n[regles_tournees]\n{line}\n")))


def test_both_sizes_at_once_are_refused(tmp_path):
    with pytest.raises(StudyError, match="à la fois"):
        study_of(tmp_path, "\n[adaptation]\nnombre = 3\neconomie_eur = 100\n")
