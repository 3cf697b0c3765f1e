"""Days without a car, from round trips written by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from support.tables import reach
from support.toy import CODES

from msap_geo import coverage, travel


def trip(place, site, day, away, *, reason="", leave=500.0):
    gone = {"leave": leave, "arrive": leave + 20, "stay_minutes": away - 40.0}
    back = {"return": leave + away - 20, "away_minutes": away}
    known = gone | back if reason == "" else dict.fromkeys(gone | back)
    return {"demand_id": place, "site_id": site, "day": day, "reason": reason, **known}


def places(*people, **columns):
    names = list("abcd")[: len(people)]
    told = {"site_id": "S1", "km": 1.0, "raison": ""} if columns else {}
    codes = CODES[: len(people)]
    table = {"demand_id": names, "code_insee": codes, "population": people, **told, **columns}
    return pd.DataFrame(table)


def test_days_are_counted_once_whatever_the_ways_and_sites():
    trips = {
        "pied": [trip("a", "S1", "lundi", 90.0), trip("a", "S2", "lundi", 95.0)],
        "car": [trip("a", "S1", "lundi", 80.0), trip("a", "S1", "mardi", 100.0)],
    }
    found = coverage.days_without_car(places(10), {k: pd.DataFrame(v) for k, v in trips.items()})
    kept = ["jours_pied", "jours_car", "jours_sans_voiture", "raison"]
    assert found[kept].to_numpy().tolist() == [[1, 2, 2, ""]]


def test_of_equal_absences_the_plainest_way_then_the_first_day():
    trips = {
        "car": [trip("a", "S1", "2022-06-13", 90.0)],
        "pied": [trip("a", "S2", "2022-06-15", 90.0), trip("a", "S1", "2022-06-14", 90.0)],
    }
    found = coverage.days_without_car(places(10), {k: pd.DataFrame(v) for k, v in trips.items()})
    best = found.loc[0]
    assert best[["mode", "site_id", "jour"]].tolist() == ["pied", "S1", "2022-06-14"]
    # 500 minutes after midnight, there in 20, 90 away of which 50 in the place.
    clocks = ["08:20", "08:40", "09:30"]
    assert best[["depart", "arrivee", "retour"]].tolist() == clocks
    assert best[["sur_place_minutes", "absence_minutes"]].tolist() == [50, 90]


def test_the_reason_told_is_the_nearest_to_working():
    refused = ["fermé", "pas de retour", "pas de car"]
    trips = pd.DataFrame(
        [trip("a", f"S{i}", "lundi", 0, reason=one) for i, one in enumerate(refused)]
        + [trip("b", "S1", "lundi", 90.0), trip("b", "S2", "mardi", 0, reason="fermé")]
    )
    found = coverage.days_without_car(places(1, 1, 1), {"car": trips})
    # Of c nothing was said: no coach goes there.
    assert found["raison"].tolist() == ["pas de retour", "", "pas de car"]
    assert found["jours_sans_voiture"].tolist() == [0, 1, 0]
    assert found.loc[0, ["mode", "depart", "retour"]].isna().all()


def test_people_with_and_without_a_solution():
    of = places(100, 200, 300, 400, minutes=[5.0, 20.0, 21.0, None])
    days = pd.DataFrame(
        {
            "jours_pied": [1, 0, 0, 0],
            "jours_car": [2, 5, 0, 0],
            "jours_sans_voiture": [3, 5, 0, 0],
            "absence_minutes": [60.0, 150.0, None, None],
        }
    )
    of = of.assign(menages_sans_voiture=[10.0, 0, 20, 10])
    table = coverage.without_car_by_territory(of, days, None, threshold=20)
    table = table[table["zonage"] == "ensemble"].set_index("groupe")
    everyone, homes = table.loc["population"], table.loc["menages_sans_voiture"]
    counted = ["effectif", "effectif_servi", "effectif_sans_solution"]
    assert everyone[counted].tolist() == [1000, 300, 700]
    assert homes[counted].tolist() == [40, 10, 30]
    shares = ["part_servie", "part_pied", "part_car"]
    assert everyone[shares].tolist() == pytest.approx([0.3, 0.1, 0.3])
    # By car a, and b at the very threshold.
    assert everyone[["part_voiture", "ecart_voiture"]].tolist() == pytest.approx([0.3, 0.0])
    assert homes[["part_servie", "part_voiture"]].tolist() == pytest.approx([0.25, 0.25])
    assert everyone["jours_moyens"] == pytest.approx((3 * 100 + 5 * 200) / 1000)
    # Hours away of those who have a solution: 100 people for one, 200 for two and a half.
    assert everyone["absence_moyenne"] == pytest.approx((100 * 1 + 200 * 2.5) / 300, abs=1e-3)
    assert pd.isna(everyone["absence_mediane"])


def test_the_car_serves_more_than_the_coach():
    of = places(100, 300, minutes=[5.0, 6.0])
    days = pd.DataFrame(
        {"jours_car": [1, 0], "jours_sans_voiture": [1, 0], "absence_minutes": [60.0, None]}
    )
    row = coverage.without_car_by_territory(of, days, None, threshold=20).iloc[0]
    assert (row["part_voiture"], row["part_servie"], row["ecart_voiture"]) == (1, 0.25, 0.75)


def test_a_move_serves_and_loses_only_those_who_had_no_other_site():
    def pairs(*rows):
        return pd.DataFrame(rows, columns=["demand_id", "site_id"])

    before = pairs(("a", "S1"), ("b", "S1"), ("b", "S2"))
    after = pairs(("b", "S1"), ("c", "S1"), ("d", "S2"), ("a", "S2"), ("b", "S2"))
    sites = pd.DataFrame({"site_id": ["S1", "S2"], "nom": ["Un", "Deux"]})
    of = places(1, 20, 300, 4000, habitants_75_plus=[0.0, 1, 2, 3])
    one, two = coverage.served_by_moving(before, after, of, sites).to_dict("records")
    # S1 moved: c is served; a, which had nothing else, is lost. S2 moved: d; a had S1 already.
    assert (one["communes"], one["population"], one["habitants_75_plus"]) == ([CODES[2]], 300, 2)
    assert (one["nb_communes_perdues"], one["population_perdue"]) == (1, 1)
    assert (two["communes"], two["population"], two["population_perdue"]) == ([CODES[3]], 4000, 0)


def test_zones_without_car_by_hand(town):
    nearest = travel.nearest(town.roads, town.origins, town.maisons)
    access = coverage.access_by_commune(town.communes, nearest, town.maisons, thresholds=[20])
    old = [1.0, 2, np.nan, 4, 5, np.nan]
    days = pd.DataFrame({"jours_sans_voiture": [1, 0, 0, 5, 1, 0]})
    zones = coverage.zones_without_car(
        town.communes.assign(habitants_75_plus=old), access, days
    )  # fmt: skip
    # B and C touch; F is alone, and of its old people nothing is known.
    assert zones["zone_id"].tolist() == [f"SV-{CODES[5]}", f"SV-{CODES[2]}"]
    assert zones["population"].tolist() == [600, 500]
    assert zones["communes"].map(sorted).tolist() == [[CODES[5]], CODES[1:3]]
    assert np.isnan(zones["habitants_75_plus"].iloc[0])
    assert zones["habitants_75_plus"].iloc[1] == 2


def test_everybody_queues_at_the_same_counters():
    people = {"car": pd.Series([100.0, 100.0]), "pied": pd.Series([50.0, np.nan])}
    times = {"car": reach([[5], [15]]), "pied": reach([[15], [np.nan]])}
    found = coverage.hours_by_mode(times, people, np.array([20.2]))
    # 100 people weigh 1, 100 and 50 weigh 0.68: 202 for 20.2 hours, a tenth of an hour each.
    assert found["heures_1000_car"].tolist() == [100, 68]
    assert found["heures_1000_pied"].tolist() == [68, 0]
    # Of the second place nobody knows how many walk.
    assert found["heures_1000_modes"].iloc[0] == round((100 * 100 + 50 * 68) / 150, 4)
    assert np.isnan(found["heures_1000_modes"].iloc[1])
