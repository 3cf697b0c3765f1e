"""The what-if engine of the page against Python on the same choices, person for person."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
import test_browser
from conftest import CODES
from scipy.sparse import coo_array, csr_array

import msap_geo.outputs
from msap_geo import coverage, outputs, schemas, siting, travel
from msap_geo.coverage.zones import CONTIGUITY_TOLERANCE_M
from msap_geo.study import (
    Choice,
    read_study,
    run_study,
    sample_study,
    scenario,
    simulation_of,
)
from msap_geo.study import simulation as simulation_module
from msap_geo.study.choice import Site
from msap_geo.study.implantation import study_costs

browser = test_browser.browser
ENGINE = Path(msap_geo.outputs.__file__).parent / "assets" / "simulation_moteur.js"

in_browser = [
    pytest.mark.browser,
    pytest.mark.enable_socket,
    pytest.mark.xdist_group("browser"),
]


def choose(result, opened=(), closed=()):
    return Choice(
        result.study.etude.nom,
        result.study.departements,
        tuple(Site(site) for site in opened),
        tuple(Site(site) for site in closed),
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
        if len(opened) + len(closed):
            choices.append((list(opened), list(closed)))
    return choices


def contiguity(communes):
    """Neighbours of each commune, as rows of a sparse matrix."""
    outlines = np.asarray(communes.geometry.array)
    present = np.flatnonzero(~shapely.is_missing(outlines))
    tree = shapely.STRtree(outlines[present])
    pairs = tree.query(outlines[present], predicate="dwithin", distance=CONTIGUITY_TOLERANCE_M)
    i, j = present[pairs[0]], present[pairs[1]]
    apart = i != j
    n = len(communes)
    graph = csr_array(coo_array((np.ones(apart.sum()), (i[apart], j[apart])), shape=(n, n)))
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
        f"<script>{ENGINE.read_text(encoding='utf-8')}</script>"
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
            var r = msapMoteur.calculer(E,
                { ouverts: choice[0].map(rank), fermes: choice[1].map(rank) });
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


def assert_same(found, base, result):
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
    assert_same_hours(found["heures"], result)
    assert_same_groups(found["groupes"], result)
    opened = [site.site_id for site in result.choice.opened]
    kinds = result.la_poste.set_index("site_id").loc[opened, "genre"]
    costs = siting.plan_costs(
        study_costs(result.study), kinds, first_year=result.study.couts.annee
    ).rename(columns={"montant_eur": "montant"})
    assert [{**row, "montant": round(row["montant"], 2)} for row in found["couts"]] == [
        {**row, "montant": round(row["montant"], 2)} for row in costs.to_dict("records")
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


def assert_same_groups(found, result):
    named = [name for name in schemas.GROUPS if name in result.communes]
    assert [line["nom"] for line in found] == named
    for line in found:
        people = result.communes[line["nom"]].fillna(0).to_numpy()
        assert line["effectif"] == pytest.approx(1000 * people.sum(), abs=len(people))
        for within, threshold in zip(line["couverts"], result.study.thresholds, strict=True):
            near = (result.access["minutes"] <= threshold).to_numpy()
            assert within == pytest.approx(1000 * people[near].sum(), abs=len(people))


def check_choices(browser, result, choices, folder):
    test_browser.visit(browser, bare_page(folder, engine_data(result)))
    for (opened, closed), found in zip(choices, recompute(browser, choices), strict=True):
        expected = scenario(result, choose(result, opened, closed))
        assert_same(found, result, expected)
    assert browser.get_log("browser") == []


@pytest.fixture(scope="module")
def demo():
    return run_study(sample_study())


class TestInTheBrowser:
    pytestmark = in_browser

    def test_toy_town_by_hand(self, browser, toy_study, tmp_path):
        result = run_study(read_study(toy_study.path))
        test_browser.visit(browser, bare_page(tmp_path, engine_data(result)))
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

    def test_the_demo_on_many_choices(self, browser, demo, tmp_path):
        check_choices(browser, demo, random_choices(demo, 25), tmp_path)

    @pytest.mark.corse
    @pytest.mark.slow
    def test_corsica_in_2020_on_many_choices(self, browser, corsica, tmp_path):
        text = corsica.read_text(encoding="utf-8")
        path = tmp_path / "etude.toml"
        path.write_text(text.replace("liste-fs-20240801", "france-services-20200108"), "utf-8")
        result = run_study(read_study(path))
        data = engine_data(result)
        assert len(json.dumps(data["simulation"])) < 350_000
        check_choices(browser, result, random_choices(result, 12), tmp_path)
        plan = data["simulation"]["plans"][-1]
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
        monkeypatch.setattr(simulation_module, "_FEWEST_TRIPS", 2_500)
        monkeypatch.setattr(simulation_module, "_TRIPS_A_COMMUNE", 1)
        trips = simulation_of(demo).trips
        assert len(trips.site) <= 2_500
        assert not trips.complete
        test_browser.visit(browser, bare_page(tmp_path, engine_data(demo)))
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
