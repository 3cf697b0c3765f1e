"""What results look like in a notebook: right figures, French, and nothing from a file executed."""

from __future__ import annotations

import dataclasses
import datetime as dt
from html.parser import HTMLParser

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.toy import StudyFolder, maison_row, poste_row

from msap_geo import answers, audit, loaders, network, outputs, siting, study, travel
from msap_geo.notebook_html import card, table

HOSTILE = "<img src=x onerror=alert(1)>'\"&${7*7}</td>"


class Read(HTMLParser):
    """Tags and text of a fragment, which must close what it opens."""

    def __init__(self, fragment):
        super().__init__()
        self.tags, self.open, self.text = [], [], []
        self.feed(fragment)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.open.append(tag)
        assert all(not name.startswith("on") for name, _ in attrs)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


OURS = {"div", "p", "strong", "table", "caption", "thead", "tbody", "tr", "th", "td"}


@pytest.mark.slow
@given(st.text(), st.text(), st.text(), st.lists(st.text(), max_size=3))
def test_text_is_shown_as_it_is_and_never_as_markup(title, name, cell, remarks):
    frame = pd.DataFrame({"a": [cell]})
    small = table(frame, {"a": name}, caption=title)
    read = Read(card(title, {name: cell}, tables=[small], remarks=remarks))
    assert set(read.tags) <= OURS
    # A parser may cut text and a page has its own newlines: compare what is left of it.
    flat = _lines("".join(read.text))
    for text in (title, name, cell, *remarks):
        assert _lines(text) in flat


def _lines(text):
    """Return text with one kind of newline: a page knows but one."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def test_numbers_are_french_and_the_unknown_is_a_dash():
    frame = pd.DataFrame(
        {
            "habitants": [1234567, 2],
            "minutes": [20.04, None],
            "total": [3000.0, None],
            "nom": ["Alpha", None],
            "la": [True, False],
            "communes": [["a", "b"], []],
        }
    ).astype({"nom": object})
    shown = table(frame, {name: name.title() for name in frame})
    assert shown.rows == (
        ("1\u202f234\u202f567", "20,0", "3\u202f000", "Alpha", "oui", "a, b"),
        ("2", "–", "–", "–", "non", ""),
    )
    assert shown.titles == ("Habitants", "Minutes", "Total", "Nom", "La", "Communes")
    assert shown.numeric == (True, True, True, False, False, False)
    assert frame.columns.tolist()[0] == "habitants"


def test_rows_left_out_are_counted():
    frame = pd.DataFrame({"n": range(12)})
    shown = table(frame, {"n": "N"}, shown=5)
    assert (len(shown.rows), shown.left_out) == (5, 7)
    assert "… et 7\u00a0lignes de plus." in shown._repr_html_()
    assert str(shown).endswith("… et 7\u00a0lignes de plus.")
    everything = table(frame, {"n": "N"}, shown=None)
    assert (len(everything.rows), everything.left_out) == (12, 0)
    assert "de plus" not in everything._repr_html_()
    empty = table(frame.head(0), {"n": "N"}, caption="Rien")
    assert empty.rows == ()
    assert "Rien" not in card("titre", {}, tables=[empty])


def test_a_table_is_ours_to_show():
    shown = outputs.table(pd.DataFrame({"nom": ["A"]}), {"nom": "Commune"})
    assert isinstance(shown, outputs.Table)
    assert repr(shown) == "Commune\nA"
    with pytest.raises(KeyError):
        outputs.table(pd.DataFrame({"nom": ["A"]}), {"absente": "Commune"})


@pytest.fixture
def results(tmp_path):
    """Everything a study gives, on a toy town of hostile names."""
    toy = StudyFolder(tmp_path).write(
        maisons=[maison_row(0, lib_fs=HOSTILE)],
        la_poste=[
            poste_row(1, libelle_du_site=HOSTILE),
            poste_row(4, libelle_du_site=f"Autre {HOSTILE}"),
        ],
    )
    asked = study.read_study(toy.path)
    result = study.run_study(asked)
    offices = list(result.candidates["site_id"])
    plan = answers.optimise(result, answers.Asked(number=1, imposed=(offices[-1],)))
    return {
        "study": asked,
        "result": result,
        "roads": result.roads,
        "times": travel.matrix(result.roads, result.origins, result.maisons),
        "loaded": loaders.load_maisons(asked.path(asked.donnees.maisons)),
        "diagnosis": answers.diagnose(result),
        "rating": answers.rate(result),
        "implantation": plan,
        "plan": plan.plan,
        "regret": plan.regret,
        "audit": study.audit_study(asked),
    }


@pytest.mark.slow
def test_every_result_shows_itself(results):
    for name, result in results.items():
        read = Read(result._repr_html_())
        assert set(read.tags) <= OURS, name
        assert "nan" not in "".join(read.text).lower(), name
        short = repr(result)
        assert "\n" not in short, name
        assert len(short) < 600, name
        assert short.startswith(type(result).__name__), name


@pytest.mark.slow
def test_a_study_result_shows_its_figures(results):
    text = " ".join(Read(results["result"]._repr_html_()).text)
    # A, B and C are within 20 minutes: 600 of 2,100 inhabitants; D, E and F are not: 1,500.
    assert "28,6" in text
    assert "1\u202f500 au-delà, dans 3\u00a0communes" in text
    assert f"Autre {HOSTILE}" in text
    assert "Zones blanches" in text
    assert "Exemple" not in text  # it is not the demonstration
    assert results["result"].report().columns.tolist() == [
        "code", "action", "fichier", "message", "ligne", "identifiant", "departement",
    ]  # fmt: skip
    assert len(results["result"].report()) == len(results["result"].anomalies)


@pytest.mark.slow
def test_the_sample_says_everywhere_that_it_is_one():
    result = study.run_study(study.sample_study())
    for shown in (result, answers.rate(result), answers.diagnose(result)):
        text = " ".join(Read(shown._repr_html_()).text)
        for caution in result.cautions:
            assert str(caution) in text
    assert [caution.mark for caution in result.cautions] == ["DÉMONSTRATION", "TEMPS ESTIMÉS"]


@pytest.mark.slow
def test_times_and_networks_show_their_sizes(results):
    times = " ".join(Read(results["times"]._repr_html_()).text)
    assert "sans limite" in times
    # Six communes, one Maison: six trips, of which five are shown.
    assert "… et 1\u00a0ligne de plus." in times
    none = dataclasses.replace(
        results["times"],
        minutes=results["times"].minutes[:0],
        km=results["times"].km[:0],
        demand_ids=results["times"].demand_ids[:0],
        max_minutes=30.0,
    )
    text = " ".join(Read(none._repr_html_()).text)
    assert "30,0\u202fmin" in text
    assert "médian" not in text
    assert "50 km" in " ".join(Read(results["roads"]._repr_html_()).text)


@pytest.mark.slow
def test_a_plan_shows_its_proof(results):
    text = " ".join(Read(results["implantation"]._repr_html_()).text)
    assert "optimal, écart 0\u202f%" in text
    assert "le choix imposé coûte" in text
    text = " ".join(Read(results["plan"]._repr_html_()).text)
    assert "borne prouvée" in text
    assert "optimal" in text
    endless = dataclasses.replace(results["plan"], bound=float("inf"))
    assert "–" in endless._repr_html_()


@pytest.mark.slow
def test_choices_are_compared_by_those_they_cover(results):
    # A covers A, B and C: 600 inhabitants; E, at 10 minutes of D and F, covers 1,500 more.
    found = results["implantation"]
    assert found.covered_with(()) == 600
    assert found.covered_with(["00004A", "inconnu"]) == 2100
    assert found.newly_covered == found.covered_with(found.plan.sites) - 600


@pytest.mark.parametrize("name", network.available_profiles())
def test_profiles_show_their_speeds(name):
    profile = network.load_profile(name)
    text = " ".join(Read(profile._repr_html_()).text)
    assert profile.title in text
    assert all(road in text for road in profile.speeds_kmh)


@pytest.mark.slow
def test_a_backtest_shows_what_was_chosen(tmp_path):
    toy = StudyFolder(tmp_path).write(
        maisons=[
            maison_row(0, labellisation_fs="2019-12-01"),
            maison_row(4, lib_fs="France services La Poste", labellisation_fs="2021-05-01"),
        ],
        la_poste=[poste_row(1), poste_row(4)],
    )
    result = study.run_study(study.read_study(toy.path))
    found = answers.run_backtest(result, date=dt.date(2020, 1, 31))
    text = " ".join(Read(found._repr_html_()).text)
    assert "31/01/2020" in text
    assert "avec les choix réels" in text
    assert set(Read(found._repr_html_()).tags) <= OURS
    assert repr(found).startswith("Backtest(date=2020-01-31, real=1")
    # The list of figures of a backtest and their names go together.
    assert not [name for name in found.coverages if f">{name}<" in found._repr_html_()]


def test_an_empty_audit_shows_itself():
    text = " ".join(Read(audit.Audit("Rien", {}, ())._repr_html_()).text)
    assert "propre" in text


@pytest.mark.slow
def test_a_plan_of_no_site_shows_itself(results):
    problem = results["implantation"].problem
    nothing = siting.maximal_covering(problem, siting.Rules(count=0), thresholds=[20.0])
    assert set(Read(nothing._repr_html_()).tags) <= OURS
    assert repr(nothing).startswith("Plan(objective='couverture', sites=0")
