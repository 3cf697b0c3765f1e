"""The what-if engine of the page against Python on the same choices, person for person."""

from __future__ import annotations

import dataclasses
import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import coo_array, csr_array
from support.pages import visit
from support.toy import CODES, with_rounds

import msap_geo.outputs
from msap_geo import coverage, outputs, rounds, schemas, siting, travel
from msap_geo.answers.plan import study_costs
from msap_geo.folder import write_study
from msap_geo.outputs.page import payload_parts
from msap_geo.outputs.page.payload import payload
from msap_geo.study import read_study, run_study, sample_study, scenario, simulation_of
from msap_geo.study import trips as trips_module
from msap_geo.study import what_if as simulation_module
from msap_geo.study.choice import Site, make_choice
from msap_geo.study.times.carried import in_order, whole
from msap_geo.travel.times import TIE_MINUTES

ASSETS = Path(msap_geo.outputs.__file__).parent / "page" / "assets"
ENGINE = "".join(
    (ASSETS / f"simulation_{part}.js").read_text(encoding="utf-8")
    for part in ("effets", "tournees", "moteur")
)

in_browser = [
    pytest.mark.browser,
    pytest.mark.enable_socket,
    pytest.mark.xdist_group("browser"),
]


def choose(result, opened=(), closed=()):
    return make_choice(
        result.study.etude.nom, result.study.departements, map(Site, opened), map(Site, closed)
    )


def random_choices(result, n, *, seed=0):
    """Choices of every size, closings included, from nothing to everything."""
    rng = np.random.default_rng(seed)
    offices = result.candidates["site_id"].to_numpy()
    maisons = result.maisons["site_id"].to_numpy()
    choices = []
    for _ in range(n):
        most = rng.choice([1, 3, 8, len(offices)])
        opened = rng.permutation(offices)[: rng.integers(0, min(most, len(offices)) + 1)]
        fewer = rng.choice([0, 1, 3, len(maisons)])
        closed = rng.permutation(maisons)[: rng.integers(0, min(fewer, len(maisons)) + 1)]
        share = rng.random(2)
        opened = [*opened, *some_of(rounds.stop_ids(result.planned), share[0], rng)]
        closed = [*closed, *some_of(rounds.stop_ids(result.stops), share[1], rng)]
        if len(opened) + len(closed):
            choices.append((list(opened), list(closed)))
    return choices


def some_of(names, share, rng):
    return [name for name in names if rng.random() < share]


def contiguity(communes):
    """Neighbours of each commune, as rows of a sparse matrix."""
    i, j = coverage.contiguous_pairs(communes.geometry.to_numpy())
    n = len(communes)
    both = (np.concatenate([i, j]), np.concatenate([j, i]))
    graph = csr_array(coo_array((np.ones(2 * len(i)), both), shape=(n, n)))
    return {"debut": graph.indptr.tolist(), "index": graph.indices.tolist()}


def engine_data(result):
    """What the engine reads, without the rest of the page."""
    return {
        "communes": {
            "code": result.access["code_insee"].tolist(),
            "population": result.access["population"].tolist(),
            "voisines": contiguity(result.communes),
        },
        "simulation": outputs.simulation_data(simulation_of(result)),
    }


def bare_page(folder, data):
    text = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
    page = folder / "moteur.html"
    page.write_text(
        '<!doctype html><html lang="fr"><meta charset="utf-8"><title>moteur</title>'
        '<link rel="icon" href="data:,">'
        f'<script type="application/json" id="d">{text}</script>'
        f"<script>{ENGINE}</script>"
        "<script>var E = msapMoteur.preparer(JSON.parse(document.getElementById('d').textContent));"
        "</script></html>",
        encoding="utf-8",
    )
    return page


def recompute(browser, choices):
    """Run the engine on choices of identifiers; everything it tells, as plain lists."""
    return browser.execute_script(
        """
        return arguments[0].map(function (choice) {
            var rank = function (id) { return E.rang[id]; };
            var site = function (id) { return id.indexOf("arret:") < 0; };
            var stops = choice[0].concat(choice[1]).filter(function (id) { return !site(id); });
            var r = msapMoteur.calculer(E, {
                ouverts: choice[0].filter(site).map(rank), fermes: choice[1].filter(site).map(rank),
                arrets: stops.map(function (id) { return E.tournees.rang[id]; }) });
            if (r.tournees) {
                ["minutes", "couverture"].forEach(function (key) {
                    r.tournees[key] = Array.from(r.tournees[key]); });
                r.tournees.heures = r.tournees.minutes.map(function (m) {
                    return m / 60 / E.tournees.semaines; });
            }
            r.acces.millimes = Array.from(r.acces.millimes).slice(0, E.n);
            r.acces.site = Array.from(r.acces.site).slice(0, E.n).map(
                function (s) { return s < 0 ? null : E.sites.site_id[s]; });
            r.classes = Array.from(r.classes);
            r.heures.minutes = Array.from(r.heures.minutes);
            r.zones.forEach(function (z) {
                z.communes = z.communes.map(function (c) { return E.code[c]; });
                z.site = z.site < 0 ? null : E.sites.site_id[z.site];
            });
            return r;
        });
        """,
        [[list(map(str, opened)), list(map(str, closed))] for opened, closed in choices],
    )


def thousandths(minutes):
    return np.rint(1000 * minutes.fillna(-0.001)).astype(int).tolist()


def none_for_null(values):
    return [None if pd.isna(value) else value for value in values]


def assert_same(found, base, result, *, hours=True):
    """Compare what the engine found with a scenario that Python ran."""
    access = result.access
    assert found["acces"]["millimes"] == thousandths(access["minutes"])
    assert found["acces"]["site"] == none_for_null(access["site_id"])
    labels = coverage.class_labels(result.study.thresholds)
    assert [labels[rank] for rank in found["classes"]] == access["palier"].tolist()
    for line, share in zip(found["seuils"], result.shares, strict=True):
        assert line == {
            "seuil": round(1000 * share.threshold),
            "population": share.population,
            "couverts": share.within,
            "audela": share.beyond,
            "communes": share.communes_beyond,
        }
    people = access.groupby("palier")["population"].sum()
    assert found["parClasse"]["habitants"] == [int(people.get(label, 0)) for label in labels]
    zones = result.zones
    assert [z["id"] for z in found["zones"]] == zones["zone_id"].tolist()
    assert [z["rang"] for z in found["zones"]] == zones["rang"].tolist()
    assert [z["communes"] for z in found["zones"]] == zones["communes"].tolist()
    assert [z["population"] for z in found["zones"]] == zones["population"].tolist()
    assert [z["minutesMax"] for z in found["zones"]] == none_for_null(zones["minutes_max"])
    assert [z["site"] for z in found["zones"]] == none_for_null(zones["site_id"])
    assert_same_movements(found["mouvements"], base, result)
    assert_same_ranking(found["classement"], result.candidates)
    if hours:
        assert_same_hours(found["heures"], result)
    assert_same_groups(found["groupes"], result)
    assert_same_cover(found["tournees"], result)
    opened = [site.site_id for site in result.choice.opened]
    kinds = result.la_poste.set_index("site_id").loc[opened, "genre"]
    model, year = study_costs(result.study), result.study.couts.annee
    assert_same_euros(found["couts"], siting.plan_costs(model, kinds, first_year=year))
    closed = [site.site_id for site in result.choice.closed]
    shut = base.maisons.set_index("site_id").loc[closed, "genre"]
    assert_same_euros(found["epargne"], siting.closing_savings(model, shut, first_year=year))


def assert_same_euros(found, table):
    rows = table.rename(columns={"montant_eur": "montant"}).to_dict("records")
    assert [{**row, "montant": round(row["montant"], 2)} for row in found] == [
        {**row, "montant": round(row["montant"], 2)} for row in rows
    ]


def assert_same_movements(found, base, result):
    before, after = base.access["minutes"], result.access["minutes"]
    people = result.access["population"]
    for line, threshold in zip(found["seuils"], result.study.thresholds, strict=True):
        near, nearer = before <= threshold, after <= threshold
        assert line["gagnes"] == people[nearer & ~near].sum()
        assert line["perdus"] == people[near & ~nearer].sum()
        assert line["communesGagnees"] == np.flatnonzero(nearer & ~near).tolist()
    closer = after.fillna(np.inf) < before.fillna(np.inf)
    farther = after.fillna(np.inf) > before.fillna(np.inf)
    assert found["rapproches"] == people[closer].sum()
    assert found["eloignes"] == people[farther].sum()
    saved = (1000 * before).round().sub((1000 * after).round()).fillna(0)
    assert found["millimesEconomises"] == int((people * saved).sum())


def assert_same_ranking(found, candidates):
    names = {
        "rang": "rang",
        "site_id": "id",
        "score": "score",
        "population_gagnee": "gagnes",
        "habitants_rapproches": "rapproches",
        "minutes_economisees": "minutesEconomisees",
        "minutes_gagnees": "minutesGagnees",
    }
    ours = [tuple(line[key] for key in names.values()) for line in found]
    theirs = list(candidates[list(names)].itertuples(index=False, name=None))
    assert ours == theirs


def assert_same_hours(found, result):
    maisons = result.maisons
    times = travel.matrix(
        result.roads, result.origins, maisons, max_minutes=result.study.threshold + 1
    )
    hours = coverage.open_hours(times, maisons, threshold=result.study.threshold)
    ours = [None if value < 0 else round(value / 60, 4) for value in found["minutes"]]
    assert ours == none_for_null(hours["heures_semaine"])
    week = coverage.people_by_half_day(result.access["population"], hours).iloc[-1]
    mean = week["heures_moyennes"]
    if pd.isna(mean):
        assert found["moyenne"] is None
    else:
        assert found["moyenne"] == pytest.approx(mean, abs=1e-3)


def assert_same_cover(found, result):
    if result.cover is None:
        assert found is None
        return
    kinds = [rounds.PERMANENT, rounds.ITINERANT, rounds.NOTHING]
    people = result.people_by_cover()
    assert [kinds[rank] for rank in found["couverture"]] == result.cover["couverture"].tolist()
    assert found["habitants"] == [people[kind] for kind in kinds]
    assert found["communes"] == [int((result.cover["couverture"] == k).sum()) for k in kinds]
    assert found["heures"] == pytest.approx(result.cover["heures_itinerantes"], abs=6e-5)
    mean = np.average(found["heures"], weights=result.access["population"])
    assert found["moyenne"] == pytest.approx(mean)


def assert_same_groups(found, result):
    known = result.communes.notna().any()
    named = [name for name in schemas.GROUPS if known.get(name, False)]
    assert [line["nom"] for line in found] == named
    for line in found:
        people = result.communes[line["nom"]].fillna(0).to_numpy()
        assert ("au moins" in line["titre"]) == result.communes[line["nom"]].isna().any()
        assert line["effectif"] == pytest.approx(1000 * people.sum(), abs=len(people))
        for within, threshold in zip(line["couverts"], result.study.thresholds, strict=True):
            near = (result.access["minutes"] <= threshold).to_numpy()
            assert within == pytest.approx(1000 * people[near].sum(), abs=len(people))


def check_choices(browser, result, choices, folder):
    """Recompute choices in the real page of a study, and compare each with Python's scenario."""
    write_study(result, folder / "sortie")
    page = folder / "sortie" / "carte.html"
    assert page.stat().st_size < 1_500_000
    visit(browser, page)
    browser.execute_script("window.E = msapEssai.moteur()")
    for (opened, closed), found in zip(choices, recompute(browser, choices), strict=True):
        expected = scenario(result, choose(result, opened, closed))
        assert_same(found, result, expected)
    assert browser.get_log("browser") == []


def open_wide(browser, result, folder):
    """Open the real page of a study too wide for every trip, once its trial is unfolded."""
    write_study(result, folder / "sortie")
    visit(browser, folder / "sortie" / "carte.html")
    for _ in range(200):
        if browser.execute_script("return Boolean(msapEssai.moteur())"):
            break
        time.sleep(0.05)
    browser.execute_script("window.E = msapEssai.moteur()")


def assert_same_where_known(found, result, bound):
    """Compare a choice that closes; return of how many communes the class is not known."""
    truth = np.array(thousandths(result.access["minutes"]))
    ours = np.array(found["acces"]["millimes"])
    known, longest = ours != -2, round(1000 * result.study.thresholds[-1])
    np.testing.assert_array_equal(ours[known], truth[known])
    assert (truth[~known] > bound[: len(truth)][~known]).all()
    unsure = ~known & (bound[: len(truth)] < longest)
    people = result.access["population"].to_numpy()
    assert found["acces"]["indecis"] == {
        "communes": int(unsure.sum()),
        "habitants": int(people[unsure].sum()),
    }
    labels = np.array(coverage.class_labels(result.study.thresholds))[found["classes"]]
    assert (labels == result.access["palier"])[~unsure].all()
    if not unsure.any():
        assert [z["id"] for z in found["zones"]] == result.zones["zone_id"].tolist()
        assert [z["population"] for z in found["zones"]] == result.zones["population"].tolist()
        for line, share in zip(found["seuils"], result.shares, strict=True):
            assert (line["couverts"], line["communes"]) == (share.within, share.communes_beyond)
    return int(unsure.sum())


@pytest.fixture(scope="module")
def demo():
    return run_study(sample_study())


def test_ways_to_offices_are_those_of_whom_they_are_nearer_to(toy_study):
    result = run_study(read_study(toy_study.path))
    content = result.map_content()
    offices = result.candidates.set_index("site_id", drop=False)
    times = travel.matrix(result.roads, result.origins, offices.reset_index(drop=True))
    minutes, km = times.minutes.toarray(), times.km.toarray()
    column = {site: i for i, site in enumerate(times.site_ids)}
    today = result.access["minutes"].to_numpy()
    assert content.office_ways
    nearer = {
        (site, int(row))
        for site, i in column.items()
        for row in np.flatnonzero(np.round(minutes[:, i], 3) <= today)
    }
    assert nearer == {(one.site_id, int(row)) for one in content.office_ways for row in one.rows}
    planned = {site for plan in content.simulation.plans for site in plan["sites"]}
    assert planned <= {one.site_id for one in content.office_ways if one.planned}
    for one in content.office_ways:
        for place, row in enumerate(one.rows):
            line = one.ways.line(place)
            assert line.length / 1000 == pytest.approx(km[row, column[one.site_id]], abs=0.1)


def test_ways_to_every_office_or_to_those_of_the_plans(toy_study, monkeypatch):
    content = run_study(read_study(toy_study.path)).map_content()
    first, *others = content.office_ways
    assert others
    content = dataclasses.replace(
        content,
        office_ways=(
            dataclasses.replace(first, planned=True),
            *(dataclasses.replace(other, planned=False) for other in others),
        ),
    )
    full = payload(content)["trajetsBureaux"]
    assert full["sites"] == [one.site_id for one in content.office_ways]
    monkeypatch.setattr(payload_parts, "_MOST_OFFICE_WAYS", len(full["arcs"]) - 1)
    assert payload(content)["trajetsBureaux"]["sites"] == [first.site_id]
    monkeypatch.setattr(payload_parts, "_MOST_OFFICE_WAYS", 0)
    assert "trajetsBureaux" not in payload(content)


class TestInTheBrowser:
    pytestmark = in_browser

    def test_toy_town_by_hand(self, browser, toy_study, tmp_path):
        result = run_study(read_study(toy_study.path))
        visit(browser, bare_page(tmp_path, engine_data(result)))
        nothing, epsilon, moved = recompute(
            browser, [([], []), (["00004A"], []), (["00004A"], ["1"])]
        )
        assert nothing["acces"]["millimes"] == [0, 10_000, 20_000, 30_000, 40_000, 50_000]
        # E opens: D, E and F come within twenty minutes; 20.0 minutes is within.
        assert epsilon["acces"]["millimes"] == [0, 10_000, 20_000, 10_000, 0, 10_000]
        assert epsilon["mouvements"]["seuils"][0]["gagnes"] == 400 + 500 + 600
        assert epsilon["zones"] == []
        assert [line["id"] for line in epsilon["classement"]] == ["00001A"]
        # A closes: A and B are beyond; D, E, F stay within.
        assert moved["acces"]["millimes"] == [40_000, 30_000, 20_000, 10_000, 0, 10_000]
        assert moved["mouvements"]["seuils"][0]["perdus"] == 100 + 200
        (zone,) = moved["zones"]
        assert (zone["id"], zone["minutesMax"]) == (f"ZB-{CODES[1]}", 40)

    def test_stops_held_and_dropped_in_toy_town(self, browser, toy_study, tmp_path):
        result = run_study(read_study(with_rounds(toy_study.path)))
        visit(browser, bare_page(tmp_path, engine_data(result)))
        tuesday, fortnight = rounds.stop_ids(result.stops)
        (planned,) = rounds.stop_ids(result.planned)
        base, less, project, none = (
            found["tournees"]
            for found in recompute(
                browser,
                [
                    ([], []),
                    ([], [fortnight]),
                    ([planned], []),
                    ([], [tuesday, fortnight]),
                ],
            )
        )
        # A to C have a Maison; the bus stops at E on Tuesdays, 3 h, D and F within 20 minutes
        # as C is; and at F every other week, 2 h, D and E within.
        assert base["habitants"] == [600, 1500, 0]
        assert base["heures"] == pytest.approx([0, 0, 3, 4, 4, 4])
        assert less["heures"] == pytest.approx([0, 0, 3, 3, 3, 3])
        # One hour more at F on Tuesdays, half of it with E's: C is 30 minutes away.
        assert project["heures"] == pytest.approx([0, 0, 3, 4.5, 4.5, 4.5])
        assert none["habitants"] == [600, 0, 1500]

    def test_toy_town_with_rounds_on_many_choices(self, browser, toy_study, tmp_path):
        result = run_study(read_study(with_rounds(toy_study.path)))
        choices = random_choices(result, 25)
        moved = {site for opened, closed in choices for site in (*opened, *closed)}
        assert moved > {*rounds.stop_ids(result.stops), *rounds.stop_ids(result.planned)}
        check_choices(browser, result, choices, tmp_path)

    def test_the_demo_on_many_choices(self, browser, demo, tmp_path):
        check_choices(browser, demo, random_choices(demo, 15), tmp_path)

    @pytest.mark.corse
    @pytest.mark.slow
    def test_corsica_in_2020_on_many_choices(self, browser, corsica_2020, tmp_path):
        result = corsica_2020
        data = outputs.simulation_data(simulation_of(result))
        assert len(json.dumps(data)) < 350_000
        check_choices(browser, result, random_choices(result, 12), tmp_path)
        plan = data["plans"][-1]
        (found,) = recompute(browser, [(plan["sites"], [])])
        assert found["seuils"][0]["couverts"] == plan["valeur"] == plan["borne"]
        assert found["optimum"]["sites"] == plan["sites"]
        milliseconds = browser.execute_script(
            "var t = performance.now(), choice = {ouverts: [10, 20, 30], fermes: [1]};"
            "for (var i = 0; i < 20; i += 1) { choice.ouverts[0] = 4 + i;"
            " msapMoteur.calculer(E, choice); }"
            "return (performance.now() - t) / 20;"
        )
        assert milliseconds < 50

    def test_trips_left_out_are_told_and_classes_stay_exact(
        self, browser, demo, tmp_path, monkeypatch
    ):
        monkeypatch.setattr(simulation_module, "_FEWEST_TRIPS", 6_000)
        monkeypatch.setattr(simulation_module, "_TRIPS_A_COMMUNE", 1)
        trips = simulation_of(demo).trips
        assert len(trips.site) <= 6_000
        assert not trips.complete
        visit(browser, bare_page(tmp_path, engine_data(demo)))
        choices = random_choices(demo, 12, seed=1)
        unknown = 0
        for (opened, closed), found in zip(choices, recompute(browser, choices), strict=True):
            expected = scenario(demo, choose(demo, opened, closed))
            truth = np.array(thousandths(expected.access["minutes"]))
            ours = np.array(found["acces"]["millimes"])
            known = ours != -2
            unknown += found["acces"]["inconnus"]
            np.testing.assert_array_equal(ours[known], truth[known])
            assert (truth[~known] > trips.bound[: len(truth)][~known]).all()
            labels = coverage.class_labels(demo.study.thresholds)
            assert [labels[rank] for rank in found["classes"]] == expected.access["palier"].tolist()
            assert [z["id"] for z in found["zones"]] == expected.zones["zone_id"].tolist()
        assert unknown > 0

    @pytest.mark.parametrize(("most", "unsure"), [(10**6, False), (2_000, True)])
    def test_a_territory_too_wide_for_every_trip(
        self, browser, demo, tmp_path, monkeypatch, most, unsure
    ):
        monkeypatch.setattr(trips_module, "TOO_MANY", 0)
        monkeypatch.setattr(simulation_module, "_MOST_OF_A_COUNTRY", most)
        wide = run_study(sample_study())
        told = simulation_of(wide)
        assert told.plans[: len(simulation_of(demo).plans)] == simulation_of(demo).plans
        assert told.plans_by == {"53": [dict(plan) for plan in told.plans[:10]]}
        open_wide(browser, wide, tmp_path)
        choices = random_choices(wide, 14, seed=3)
        opening = [(opened, []) for opened, _ in choices if opened]
        # Whatever opens is exact, and so is the note of what is left.
        for (opened, _), found in zip(opening, recompute(browser, opening), strict=True):
            again = scenario(wide, choose(wide, opened))
            assert_same(found, wide, again, hours=False)
        total = 0
        for (opened, closed), found in zip(choices, recompute(browser, choices), strict=True):
            again = scenario(wide, choose(wide, opened, closed))
            total += assert_same_where_known(found, again, told.trips.bound)
        assert (total > 0) == unsure
        closed = wide.maisons["site_id"].tolist()[1:]
        browser.execute_script(
            "msapEssai.prendre({ouverts: [], fermes: arguments[0].map(id => E.rang[id]), "
            "arrets: []})",
            closed,
        )
        warned = browser.execute_script("return msapVue.parts.missing.textContent")
        assert ("comptées au-delà faute de mieux" in warned) == unsure
        assert browser.get_log("browser") == []

    @pytest.mark.corse
    @pytest.mark.slow
    def test_corsica_as_too_wide_a_territory(self, browser, corsica, tmp_path, monkeypatch):
        monkeypatch.setattr(trips_module, "TOO_MANY", 0)
        monkeypatch.setattr(simulation_module, "_MOST_OF_A_COUNTRY", 12_000)
        wide = run_study(read_study(corsica))
        told = simulation_of(wide)
        assert set(told.plans_by) == {"2A", "2B"}
        for code, plans in told.plans_by.items():
            again = scenario(wide, choose(wide, plans[-1]["sites"]))
            assert again.shares[0].within == plans[-1]["valeur"]
            of = again.la_poste.set_index("site_id")["code_insee"][plans[-1]["sites"]]
            assert of.str.startswith(code).all()
        open_wide(browser, wide, tmp_path)
        choices = random_choices(wide, 12, seed=4)
        for (opened, closed), found in zip(choices, recompute(browser, choices), strict=True):
            again = scenario(wide, choose(wide, opened, closed))
            assert_same_where_known(found, again, told.trips.bound)

    def test_groups_hours_kinds_and_envelopes(self, browser, tmp_path):
        rich = rich_demo()
        choices = random_choices(rich, 8, seed=2)
        check_choices(browser, rich, choices, tmp_path)
        (found,) = recompute(browser, [choices[0]])
        assert {line["nom"] for line in found["groupes"]} == {
            "habitants_65_plus",
            "menages_sans_voiture",
        }

    def test_an_envelope_that_runs_out(self, browser, toy_study, tmp_path, monkeypatch):
        model = siting.load_costs("msap-2016")
        first, second, *others = model.payers
        small = dataclasses.replace(second, envelope_eur=60_000.0)
        model = dataclasses.replace(model, payers=(first, small, *others))
        monkeypatch.setattr(simulation_module, "study_costs", lambda _: model)
        result = run_study(read_study(toy_study.path))
        visit(browser, bare_page(tmp_path, engine_data(result)))
        (found,) = recompute(browser, [(["00001A", "00004A"], [])])
        year = result.study.couts.annee
        spent = siting.plan_costs(model, ["Bureau de Poste"] * 2, first_year=year)
        expected = spent.rename(columns={"montant_eur": "montant"}).to_dict("records")
        assert found["couts"] == expected
        assert spent.loc[spent["payeur"] == second.name, "montant_eur"].sum() == 60_000

    def test_what_closing_each_maison_would_do(self, browser, demo, tmp_path):
        visit(browser, bare_page(tmp_path, engine_data(demo)))
        office = demo.candidates["site_id"].iloc[0]
        (found,) = recompute(browser, [([office], [])])
        now = scenario(demo, choose(demo, [office]))
        for rank, maison in enumerate(demo.maisons["site_id"]):
            without = scenario(demo, choose(demo, [office], [maison]))
            lost = now.shares[0].within - without.shares[0].within
            assert found["fermetures"]["perdus"][rank] == lost
            served = now.access.loc[now.access["site_id"] == maison, "population"].sum()
            assert found["fermetures"]["usagers"][rank] == served

    @pytest.mark.parametrize("held", [80_000, 20])
    def test_a_part_no_road_leads_to(self, browser, toy_study, tmp_path, monkeypatch, held):
        monkeypatch.setattr(simulation_module, "_FEWEST_TRIPS", held)
        monkeypatch.setattr(simulation_module, "_TRIPS_A_COMMUNE", 1)
        links = pd.read_csv(toy_study.folder / "liens.csv")
        links[(links["from"] < 3) == (links["to"] < 3)].to_csv(
            toy_study.folder / "liens.csv", index=False
        )
        result = run_study(read_study(toy_study.path))
        assert result.access["minutes"].isna().sum() == 3
        assert len(simulation_of(result).trips.lost) == 2
        visit(browser, bare_page(tmp_path, engine_data(result)))
        choices = [(["00004A"], []), (["00001A"], ["1"]), ([], ["1"]), (["00001A", "00004A"], [])]
        for (opened, closed), found in zip(choices, recompute(browser, choices), strict=True):
            expected = scenario(result, choose(result, opened, closed))
            assert found["acces"]["millimes"] == thousandths(expected.access["minutes"])
            assert_same_movements(found["mouvements"], result, expected)


def rich_demo():
    """Study the demo with target groups, hours of offices, two kinds of them, an envelope."""
    study = sample_study()
    types = ("Bureau de Poste", "Agence postale communale")
    study = study.model_copy(
        update={
            "etude": study.etude.model_copy(update={"seuils_minutes": (7.5, 15.0, 30.0)}),
            "candidats": study.candidats.model_copy(update={"types": types}),
            "couts": study.couts.model_copy(
                update={
                    "modele": "msap-2016",
                    "annee": 2016,
                    "fonctionnement_eur": {types[1]: 30_001.7},
                    "investissement_eur": {types[0]: 12_500.0},
                }
            ),
        }
    )
    result = run_study(study)
    rng = np.random.default_rng(3)
    people = result.communes["population"]
    communes = result.communes.assign(
        habitants_65_plus=(people * rng.uniform(0.1, 0.4, len(people))),
        habitants_pauvres=np.nan,
        menages_sans_voiture=np.where(rng.random(len(people)) < 0.1, np.nan, people * 0.03),
    )
    texts = np.array(
        ["Mo-Fr 09:00-12:00", "Tu 08:30-12:30,13:00-24:00; Sa 09:00-12:00", "off", None]
    )
    la_poste = result.la_poste.assign(horaires=rng.choice(texts, len(result.la_poste)))
    return dataclasses.replace(result, communes=communes, la_poste=la_poste)


@pytest.mark.parametrize("far", [30.0, 1e15])
def test_trips_are_in_order_of_place_then_time_then_name(far):
    rng = np.random.default_rng(5)
    minutes = np.round(rng.uniform(0, 30, (40, 12)), 1)
    minutes[0, 0] = far
    minutes[:, 3] = minutes[:, 7] + 2e-4 * rng.integers(-1, 2, 40)
    names = pd.Series([f"s{i}" for i in rng.permutation(12)])
    found = in_order(coo_array(minutes), names)
    rank = names.argsort().argsort().to_numpy()
    rows = [(i, j) for i in range(40) for j in range(12) if minutes[i, j]]
    rows.sort(key=lambda at: (
        at[0], int(whole(minutes[at])), round(minutes[at] / TIE_MINUTES), rank[at[1]],
    ))  # fmt: skip
    assert list(zip(found.place, found.site, strict=True)) == rows
    assert found.thousandths.tolist() == [int(whole(minutes[at])) for at in rows]
