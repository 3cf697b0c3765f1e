"""Which mix of offices, buses and permanences for a budget: against brute force, and its words."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from support.dictionaries import check_entries
from support.json_keys import untold

from msap_geo import answers, cli, rounds, siting
from msap_geo.answers.services import _bus_hours, _even
from msap_geo.errors import StudyError
from msap_geo.folder import services_tables
from msap_geo.rounds.mixed import HALF_DAYS
from msap_geo.siting.money import available_models
from msap_geo.study import read_study, run_study

BENEFIT = rounds.Benefit()
BUS_EUR = 100.0


def case(seed):
    rng = np.random.default_rng(seed)
    options = [
        rounds.Option("maison", "a", 24.0, 90.0),
        rounds.Option("deux-jours", "a", 14.0, 40.0),
        rounds.Option("permanence", "b", 3.5, float(rng.integers(5, 30))),
        rounds.Option("bus", "b", 3.0, float(rng.integers(1, 9)), 1),
        rounds.Option("bus", "c", 7.0, float(rng.integers(1, 9)), 2),
    ]
    weight = rng.integers(10, 500, 6).astype(float)
    reach = csr_array((rng.random((6, len(options))) < 0.5).astype(float))
    return weight, reach, options


def brute_force(weight, reach, options, budget):
    best = 0.0
    for times in itertools.product(*(range(option.most + 1) for option in options)):
        if times[0] + times[1] > 1:
            continue
        halves = sum(t * o.half_days for t, o in zip(times, options, strict=True))
        cost = sum(t * o.cost_eur for t, o in zip(times, options, strict=True))
        cost += BUS_EUR * -(-halves // HALF_DAYS)
        if cost <= budget:
            opened = reach @ np.array([t * o.hours for t, o in zip(times, options, strict=True)])
            best = max(best, float(weight @ BENEFIT(opened)))
    return best


class TestMixedPlan:
    @given(st.integers(0, 10_000), st.sampled_from([0, 20, 60, 120, 200, 400]))
    @settings(max_examples=15, deadline=None)
    def test_equals_brute_force(self, seed, budget):
        weight, reach, options = case(seed)
        plan = rounds.mixed_plan(
            weight, reach, options, BENEFIT, budget_eur=budget, bus_eur=BUS_EUR
        )
        best = brute_force(weight, reach, options, budget)
        assert plan.value == pytest.approx(best, rel=1e-4)
        assert plan.bound >= best - 1e-6
        assert plan.cost_eur <= budget + 1e-6
        halves = int((plan.times * [o.half_days for o in options]).sum())
        assert plan.buses == -(-halves // HALF_DAYS)

    def test_more_money_never_serves_fewer(self):
        weight, reach, options = case(3)
        values = [
            rounds.mixed_plan(weight, reach, options, BENEFIT, budget_eur=b, bus_eur=BUS_EUR).value
            for b in range(0, 400, 40)
        ]
        assert all(later >= before * (1 - 1e-4) for before, later in itertools.pairwise(values))
        assert values[0] == 0

    @pytest.mark.parametrize("budget", [-1.0, float("nan"), float("inf")])
    def test_a_budget_is_a_number_of_euros(self, budget):
        with pytest.raises(StudyError, match="budget"):
            rounds.mixed_plan(*case(0), BENEFIT, budget_eur=budget, bus_eur=BUS_EUR)


class TestByHand:
    def test_a_bus_half_day_a_day_or_nothing(self):
        # 555 minutes a day: 10 there and back leave 257, three and a half hours at most.
        assert _bus_hours(10.0, 1, 555) == 3.5
        assert _bus_hours(10.0, 2, 555) == 7.0
        # Two hours away: 555 - 240 = 315 minutes, 5 h 15; half a day leaves 37.
        assert _bus_hours(120.0, 2, 555) == 5.25
        assert _bus_hours(120.0, 1, 555) == 0.0

    def test_where_a_whole_office_becomes_cheaper(self):
        # Five times 20,000 euros pass 94,000: four days of seven hours at 2 h for a thousand.
        assert _even(7.0, 20_000.0, 94_000.0, 2.0) == 14_000


class TestStudy:
    @pytest.fixture
    def result(self, toy_study):
        return run_study(read_study(toy_study.path))

    def test_each_way_for_each_zone(self, result):
        found = answers.compare_services(result, budget_eur=100_000)
        table = found.table.set_index("moyen")
        assert table.index.tolist() == ["maison", "deux-jours", "bus", "permanence"]
        # From the last commune or the one before, all three communes beyond are within 20 minutes.
        assert (table["habitants_a_portee"] == 1500).all()
        assert table.loc["maison", "cout_eur_an"] == 94_000
        assert table.loc["deux-jours", "cout_eur_an"] == pytest.approx(37_600)
        assert table.loc["permanence", "habitants_servis"] == int(1500 * float(BENEFIT(3.5)))
        costs = found.costs
        place = result.access.set_index("code_insee").loc[table.loc["permanence", "code_insee"]]
        hours = 3.5 + 2 * place["minutes"] / 60
        eur = 47 * (50 + costs.agent_hour_eur * hours + costs.km_eur * 2 * place["km"])
        assert table.loc["permanence", "cout_eur_an"] == pytest.approx(eur, abs=1)
        assert table.loc["permanence", "km_an"] == round(2 * place["km"] * 47)
        assert found.mixed.cost_eur <= 100_000
        assert found.mixed.value <= found.mixed.bound
        assert found.chosen()["cout_eur_an"].sum() <= found.mixed.cost_eur + 1
        for name, written in services_tables(found).items():
            check_entries(name, list(written.columns))
        assert untold(answers.services_json(found), "tournees") == []

    @pytest.mark.parametrize("model", available_models())
    def test_prices_do_not_hang_on_the_cost_model_of_offices(self, toy_study, model):
        toy_study.configure(("[reseau]", f'[couts]\nmodele = "{model}"\n\n[reseau]'))
        result = run_study(read_study(toy_study.path))
        found = answers.compare_services(result)
        assert found.costs == siting.load_itinerant_costs()

    def test_the_price_of_a_maison_is_told_beside_that_of_optimiser(self, toy_study, result):
        told = answers.compare_services(result).remarks[-1].replace("\u202f", " ")
        assert "94 000" in told
        assert "optimiser en compte 150 000" in told.replace("\xa0", " ")
        own = '[couts.fonctionnement_eur]\ndefaut = 120000\n"Bureau de Poste" = 120000\n\n[reseau]'
        toy_study.configure(("[reseau]", own))
        told = answers.compare_services(run_study(read_study(toy_study.path))).remarks[-1]
        assert "120" in told
        assert "optimiser" not in told

    @pytest.mark.slow
    @pytest.mark.parametrize("options", [("--comparer",), ("--budget", "120 000")])
    def test_the_command(self, toy_study, capsys, options):
        with pytest.raises(SystemExit) as left:
            cli.main(["tournees", str(toy_study.path), *options, "--json"])
        assert left.value.code == 0
        told = json.loads(capsys.readouterr().out)
        assert len(told["zones"]) == 4
        assert (told["plan_mixte"] is None) == (options == ("--comparer",))
        with pytest.raises(SystemExit) as left:
            cli.main(["tournees", str(toy_study.path), *options])
        out = capsys.readouterr().out
        assert left.value.code == 0
        assert "permanence à la mairie" in out
        assert ("plan mixte" in out) == (options != ("--comparer",))

    @pytest.mark.parametrize("budget", ["beaucoup", "-5", "nan"])
    def test_a_budget_that_is_none(self, toy_study, capsys, budget):
        with pytest.raises(SystemExit) as left:
            cli.main(["tournees", str(toy_study.path), "--budget", budget])
        assert left.value.code == 2
        assert "somme en euros" in capsys.readouterr().err

    def test_nobody_to_serve(self, toy_study):
        toy_study.configure(("seuils_minutes = [20, 30]", "seuils_minutes = [120]"))
        with pytest.raises(StudyError, match="rien n'est à comparer"):
            answers.compare_services(run_study(read_study(toy_study.path)))

    def test_the_rules_of_the_study_hold(self, toy_study):
        toy_study.configure(
            (
                "[candidats]",
                '[regles_tournees]\ninterdits = ["53005"]\njournee_max_heures = 6\n\n[candidats]',
            )
        )
        found = answers.compare_services(
            run_study(read_study(toy_study.path)), budget_eur=1_000_000
        )
        moving = [o for o in found.options if o.way in ("bus", "permanence")]
        assert {o.place for o in moving}.isdisjoint({"53005"})
        assert {o.place for o in moving} >= {"53004", "53006"}
        # Six hours, no break due, twice fifty minutes of driving to the last commune.
        assert max(o.hours for o in moving if o.way == "bus" and o.place == "53006") == 4.25
