"""Adapting a network: against every choice of changes, and by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from msap_geo.errors import DataError, InfeasibleError, MissingColumnError
from msap_geo.siting import adaptation
from msap_geo.siting.adaptation import BUREAU, CONTACT, Change, Guarantee, Network, Number, Question
from msap_geo.siting.solving.highs import Effort
from msap_geo.travel import TravelTimes

PLACES, POINTS = 10, 6
FAR = 40.0
EXACT = Effort(gap=0.0)


def random_question(seed: int) -> tuple[Question, np.ndarray]:
    """Draw a small network, what may change, and promises that often bind."""
    rng = np.random.default_rng(seed)
    full = np.round(rng.uniform(0, 55, (PLACES, POINTS)), 1)
    full[rng.random(full.shape) < 0.3] = np.inf
    row, column = np.nonzero(np.isfinite(full))
    start = np.concatenate([[0], np.cumsum(np.isfinite(full).sum(axis=1))])
    table = csr_array((full[row, column], column, start), shape=full.shape)
    times = TravelTimes(
        pd.Index([f"p{n}" for n in range(PLACES)]),
        pd.Index([f"s{n}" for n in range(POINTS)]),
        table,
        table,
        60.0,
    )
    bureau = rng.random(POINTS) < 0.7
    people = rng.integers(0, 60, PLACES)
    network = Network.of(
        times, people, {BUREAU: bureau, CONTACT: np.ones(POINTS, dtype=bool)}, longest=FAR
    )
    changes = []
    for point in range(POINTS):
        if bureau[point] and rng.random() < 0.9:
            changes.append(Change(point, "agence", frozenset({BUREAU}), float(rng.integers(1, 9))))
        if rng.random() < 0.4:
            loses = frozenset({BUREAU, CONTACT})
            changes.append(Change(point, "fermé", loses, float(rng.integers(1, 9))))
        if bureau[point] and rng.random() < 0.2:
            changes.append(
                Change(point, "horaires", frozenset(), 1.0, toll=float(rng.integers(0, 500)))
            )
    promises = []
    for service in (BUREAU, CONTACT):
        if rng.random() < 0.6:
            reach = csr_array((full <= rng.uniform(5, 40)).astype(bool))
            places = np.flatnonzero(rng.random(PLACES) < 0.6)
            allowed = float(rng.integers(0, 80))
            promises.append(Guarantee("règle", "2A", service, reach, places, people, allowed))
    numbers = ()
    if changes and rng.random() < 0.4:
        some = frozenset(np.flatnonzero(rng.random(len(changes)) < 0.5).tolist())
        numbers = (Number("quota", some, int(rng.integers(0, 2)), int(rng.integers(0, 3))),)
    imposed = frozenset()
    if changes and rng.random() < 0.2:
        imposed = frozenset({int(rng.integers(0, len(changes)))})
    question = Question(
        network,
        tuple(changes),
        tuple(promises),
        numbers,
        imposed,
        weights={BUREAU: 1.0, CONTACT: 2.0},
    )
    return question, full


def loss_by_hand(question: Question, full: np.ndarray, chosen: tuple[int, ...]) -> float:
    network, total = question.network, 0.0
    for service, weight in question.weights.items():
        gone = {question.changes[c].point for c in chosen if service in question.changes[c].loses}
        for place in range(PLACES):
            have = [j for j in range(POINTS) if network.gives[service][j]]
            before = min([full[place, j] for j in have] + [FAR])
            after = min([full[place, j] for j in have if j not in gone] + [FAR])
            total += weight * network.people[place] * (after - before)
    return total + sum(question.changes[c].toll for c in chosen)


def allowed_by_hand(question: Question, chosen: tuple[int, ...]) -> bool:
    points = [question.changes[c].point for c in chosen]
    if len(set(points)) < len(points) or not question.imposed <= set(chosen):
        return False
    for promise in question.guarantees:
        gives = question.network.gives[promise.service]
        gone = {
            question.changes[c].point
            for c in chosen
            if promise.service in question.changes[c].loses
        }
        reach, left = promise.reach.toarray(), 0
        for place in promise.places:
            near = {j for j in range(POINTS) if reach[place, j] and gives[j]}
            if near and near <= gone:
                left += question.network.people[place]
        if left > promise.allowed:
            return False
    return all(
        n.least <= len(n.changes & set(chosen)) <= (99 if n.most is None else n.most)
        for n in question.numbers
    )


def choices(question: Question):
    ranks = range(len(question.changes))
    every = (c for n in range(POINTS + 1) for c in itertools.combinations(ranks, n))
    return [chosen for chosen in every if allowed_by_hand(question, chosen)]


IMPOSSIBLE = (
    "hors d'atteinte ; au plus|déjà accordées|les règles en demandent davantage"
    "|aucune adaptation ne respecte toutes les règles|aucun point de contact ne peut changer"
)


@pytest.mark.slow
@given(st.integers(0, 100_000), st.integers(0, 4), st.sampled_from([0.0, 1e-4]))
@settings(max_examples=150, deadline=None)
def test_so_many_changes_at_least_harm(seed, count, gap):
    question, full = random_question(seed)
    able = [chosen for chosen in choices(question) if len(chosen) == count]
    if not able:
        with pytest.raises(InfeasibleError, match=IMPOSSIBLE):
            adaptation.adapt(question, count=count, effort=EXACT)
        return
    best = min(loss_by_hand(question, full, chosen) for chosen in able)
    found = adaptation.adapt(question, count=count, effort=Effort(gap=gap))
    assert allowed_by_hand(question, tuple(found.chosen))
    assert len(found.chosen) == count
    assert best - 1e-6 <= found.value <= (1 + gap) * best + 1e-5
    assert found.value == pytest.approx(loss_by_hand(question, full, tuple(found.chosen)))
    assert found.value * (1 - gap) - 1e-4 <= found.bound <= best + 1e-4
    assert found.status == "optimal" or found.gap <= gap + 1e-6


@pytest.mark.slow
@given(st.integers(0, 100_000), st.integers(0, 25))
@settings(max_examples=150, deadline=None)
def test_so_many_euros_at_least_harm(seed, euros):
    question, full = random_question(seed)
    able = [c for c in choices(question) if question.saved(np.array(c, dtype=int)) >= euros]
    if not able:
        with pytest.raises(InfeasibleError, match=IMPOSSIBLE):
            adaptation.adapt(question, saving_eur=float(euros), effort=EXACT)
        return
    best = min(loss_by_hand(question, full, chosen) for chosen in able)
    found = adaptation.adapt(question, saving_eur=float(euros), effort=EXACT)
    assert allowed_by_hand(question, tuple(found.chosen))
    assert found.saved_eur >= euros
    assert found.value == pytest.approx(best, abs=1e-6)
    assert found.bound == pytest.approx(best, abs=1e-4)


@given(st.integers(0, 100_000))
@settings(max_examples=60, deadline=None)
def test_an_infeasible_number_says_how_many_are_possible(seed):
    question, _ = random_question(seed)
    able = choices(question)
    count = max((len(chosen) for chosen in able), default=-1) + 1
    with pytest.raises(InfeasibleError) as raised:
        adaptation.adapt(question, count=max(count, POINTS + 1), effort=EXACT)
    said = str(raised.value)
    if able:
        assert f"au plus {count - 1} avec ces règles" in said
    else:
        what = "déjà accordées" if question.imposed else "aucune adaptation"
        assert what in said
        # Whatever the number asked, the rules that contradict one another are named.
        assert "de trop" in said or "à déplacer de" in said


def test_an_agreement_in_the_way_is_told():
    question, _ = random_question(0)
    both = frozenset({BUREAU, CONTACT})
    changes = (
        Change(0, "agence", frozenset({BUREAU}), 0.0),
        Change(0, "fermeture", both, 10.0),
        Change(1, "fermeture", both, 10.0),
    )
    agreed = Question(question.network, changes, imposed=frozenset({0}))
    with pytest.raises(InfeasibleError, match=r"au plus 10.*accord donné au point s0 .« agence »"):
        adaptation.adapt(agreed, saving_eur=15.0, effort=EXACT)


def harm(question: Question, chosen) -> frozenset:
    every = (question.changes[rank] for rank in chosen)
    return frozenset((change.point, change.loses, change.toll) for change in every)


@pytest.mark.slow
@given(st.integers(0, 100_000))
@settings(max_examples=60, deadline=None)
def test_near_equal_choices_are_the_next_best(seed):
    question, full = random_question(seed)
    able = [chosen for chosen in choices(question) if len(chosen) == 2]
    if not able:
        return
    first = adaptation.adapt(question, count=2, effort=EXACT)
    others = adaptation.near_equal(question, first, count=3, within=0.2, effort=EXACT)
    limit = 1.2 * first.value + 1e-6

    # What harms alike is one choice, whatever the points are called afterwards.
    values = {harm(question, chosen): loss_by_hand(question, full, chosen) for chosen in able}
    found = [harm(question, plan.chosen) for plan in (first, *others)]
    assert len(set(found)) == len(found)
    expected = [value for value in sorted(values.values())[1:] if value <= limit][:3]
    assert [found.value for found in others] == pytest.approx(expected, abs=1e-5)


@pytest.mark.slow
@given(st.integers(0, 100_000), st.integers(1, 21))
@settings(max_examples=60, deadline=None)
def test_near_equal_choices_save_as_many_euros_as_asked(seed, euros):
    question, full = random_question(seed)
    able = [c for c in choices(question) if question.saved(np.array(c, dtype=int)) >= euros]
    if not able or () in able:
        return
    first = adaptation.adapt(question, saving_eur=euros, effort=EXACT)
    others = adaptation.near_equal(
        question, first, count=3, within=0.2, saving_eur=euros, effort=EXACT
    )
    told = [first]
    for other in [*others, None][:3]:
        seen = [harm(question, plan.chosen) for plan in told]
        left = [c for c in able if not any(one <= harm(question, c) for one in seen)]
        best = min((loss_by_hand(question, full, chosen) for chosen in left), default=np.inf)
        if other is None:
            assert best > 1.2 * first.value - 1e-5
        else:
            assert other.value == pytest.approx(best, abs=1e-5)
            assert other.saved_eur == question.saved(other.chosen) >= euros
            assert tuple(other.chosen.tolist()) in able
            told.append(other)


@given(st.integers(0, 100_000))
@settings(max_examples=100, deadline=None)
def test_what_breaks_a_promise_alone_or_together(seed):
    question, _ = random_question(seed)
    rng = np.random.default_rng(seed)
    may_go = rng.random(POINTS) < 0.8
    for found in adaptation.ruptures(question.network, question.guarantees, may_go, effort=EXACT):
        promise = found.guarantee

        def breaks(points, promise=promise):
            lost = np.zeros(POINTS, dtype=bool)
            lost[list(points)] = True
            left = promise.left(question.network, lost)
            return promise.people[left].sum() > promise.allowed

        goers = np.flatnonzero(may_go).tolist()
        assert found.alone.tolist() == [point for point in goers if breaks([point])]
        sizes = [
            n
            for n in range(1, len(goers) + 1)
            if any(breaks(points) for points in itertools.combinations(goers, n))
        ]
        assert len(found.fewest) == min(sizes, default=0)
        assert not sizes or breaks(found.fewest)
        assert found.proven


@given(st.integers(0, 100_000))
@settings(max_examples=100, deadline=None)
def test_the_worst_two_losses(seed):
    question, full = random_question(seed)
    network = question.network
    lost = np.random.default_rng(seed).random(POINTS) < 0.2
    open_ = [j for j in range(POINTS) if network.gives[BUREAU][j] and not lost[j]]
    found = adaptation.worst_two(network, BUREAU, lost, threshold=20.0)

    def left(pair):
        near = (full[:, open_] <= 20).any(axis=1)
        kept = [j for j in open_ if j not in pair]
        return int(network.people[near & ~(full[:, kept] <= 20).any(axis=1)].sum())

    pairs = list(itertools.combinations(open_, 2)) or [tuple(open_)]
    assert found.people == max(left(pair) for pair in pairs) == left(found.points)


def test_answers_of_mayors(tmp_path):
    path = tmp_path / "accords.csv"
    path.write_text(
        "site_id;accord;devient\nA;oui;relais\nB;Refusé;\nC;;\nD;défavorable;\n", encoding="utf-8"
    )
    found = adaptation.read_accords(path)
    assert [(a.site_id, a.agreed, a.becomes, a.line) for a in found] == [
        ("A", True, "relais", 2),
        ("B", False, "", 3),
        ("D", False, "", 5),
    ]


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("site_id,accord\nA,peut-être\n", DataError, "peut-être.*ligne 2"),
        ("site_id,accord\nA,oui\nA,non\n", DataError, "deux réponses pour le site A.*ligne 3"),
        ("site,avis\nA,oui\n", MissingColumnError, "colonne absente"),
    ],
)
def test_answers_not_understood_are_refused(tmp_path, text, error, said):
    path = tmp_path / "accords.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(error, match=said):
        adaptation.read_accords(path)


def test_no_trip_counts_the_longest():
    table = csr_array(np.array([[5.0]]))
    times = TravelTimes(pd.Index(["a"]), pd.Index(["s"]), table, table, 60.0)
    network = Network.of(times, np.array([10]), {BUREAU: np.array([True])}, longest=40.0)
    question = Question(network, (Change(0, "agence", frozenset({BUREAU})),))
    assert adaptation.adapt(question, count=1, effort=EXACT).value == 350
    assert adaptation.adapt(question, count=0, effort=EXACT).value == 0


def two_agencies():
    """Two agencies ten minutes from one place each, and nowhere else to go."""
    minutes = csr_array(np.array([[10.0, 0.0], [0.0, 10.0]]))
    times = TravelTimes(pd.Index(["a", "b"]), pd.Index(["s", "t"]), minutes, minutes, 60.0)
    network = Network.of(times, np.array([10, 30]), {BUREAU: np.array([True] * 2)}, longest=40.0)
    lost = frozenset({BUREAU})
    return Question(network, (Change(0, "agence", lost, 100.0), Change(1, "agence", lost, 250.0)))


@pytest.mark.parametrize(
    ("euros", "value", "saved"),
    [(100, 300, 100), (101, 900, 250), (250, 900, 250), (350, 1200, 350)],
)
def test_a_saving_may_be_met_to_the_euro(euros, value, saved):
    found = adaptation.adapt(two_agencies(), saving_eur=float(euros), effort=EXACT)
    assert (found.value, found.bound, found.saved_eur) == (value, value, saved)


def test_one_euro_more_than_all_save_is_out_of_reach():
    with pytest.raises(InfeasibleError, match="350"):
        adaptation.adapt(two_agencies(), saving_eur=351.0, effort=EXACT)
