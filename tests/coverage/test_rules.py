from __future__ import annotations

import dataclasses
import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.toy import CODES, sites, toy_communes

from msap_geo import coverage, travel
from msap_geo.coverage import rules
from msap_geo.errors import DataError


def places_of(town, *, straight=False):
    offices = sites([("P", 0)])
    table = coverage.access_by_place(
        town.origins, travel.nearest(town.roads, town.origins, offices)
    )
    return table.assign(km=coverage.straight_km(town.origins, offices)) if straight else table


def evaluated(places, *, own=None, distance=coverage.STRAIGHT, **options):
    offices = sites([("P", 0)]) if own is None else own
    return coverage.evaluate_rules(
        coverage.load_rules(),
        {"la_poste": places, "maisons": places},
        {"la_poste": offices, "maisons": offices},
        distance=distance,
        **options,
    ).set_index("regle")


def test_straight_distances(town):
    km = coverage.straight_km(town.origins, sites([("P", 0), ("?", None)]))
    assert km.tolist() == [0, 10, 20, 30, 40, 50]
    assert coverage.straight_km(town.origins, sites([("?", None)])).isna().all()
    lost = town.origins.copy()
    lost.loc[2, "geometry"] = None
    assert coverage.straight_km(lost, sites([("P", 0)])).isna().tolist() == [
        False,
        False,
        True,
        False,
        False,
        False,
    ]


def test_both_readings_of_the_law_by_hand(town):
    table = evaluated(places_of(town, straight=True))
    # Farther than 5 km: B to F. More than 20 minutes: D, E, F. Both: 1 500 of 2 100; 210 may be.
    both, either = table.loc["la-poste-et"], table.loc["la-poste-ou"]
    assert (both["territoire"], both["nom"], both["population"]) == ("53", "Mayenne", 2100)
    assert both["valeur"] == pytest.approx(600 / 2100, abs=1e-6)
    assert (both["verdict"], both["marge_habitants"]) == ("non respectée", 210 - 1500)
    assert either["valeur"] == pytest.approx(100 / 2100, abs=1e-6)
    assert either["marge_habitants"] == 210 - 2000
    assert both["distance"] == "vol d'oiseau"


def test_universal_service_by_hand(town):
    table = evaluated(places_of(town, straight=True))
    local, country = (
        table.loc[f"service-universel-{name}"] for name in ("departement", "national")
    )
    assert local["valeur"] == country["valeur"] == pytest.approx(300 / 2100, abs=1e-6)  # A and B
    assert local["marge_habitants"] == 105 - 1800
    assert country["marge_habitants"] == 21 - 1800
    assert (local["verdict"], country["verdict"]) == (
        "non respectée",
        "indicatif (étude partielle)",
    )


def test_margins_are_in_whole_inhabitants(town):
    places = places_of(town).assign(km=[0.0, 0, 0, 0, 0, 9], minutes=30.0)
    places["population"] = [100, 200, 300, 400, 500, 166]
    # 1 666 people: 166 may be far and 166 are; one more would break the rule.
    row = evaluated(places).loc["la-poste-et"]
    assert (row["verdict"], row["marge_habitants"]) == ("respectée", 0)
    places["population"] = [100, 200, 300, 400, 499, 167]
    row = evaluated(places).loc["la-poste-et"]
    assert (row["verdict"], row["marge_habitants"]) == ("non respectée", -1)


def test_france_services_by_hand(town):
    memberships = pd.DataFrame({"code_insee": CODES, "canton": ["X", "X", "Y", "Y", "Z", "Z"]})
    table = evaluated(places_of(town), memberships=memberships, distance=coverage.ROAD)
    thirty, twenty = (table.loc[f"france-services-{m}-min"] for m in (30, 20))
    assert thirty["valeur"] == pytest.approx(1000 / 2100, abs=1e-6)
    assert (thirty["verdict"], thirty["marge_habitants"]) == ("non respectée", -1100)
    assert twenty["verdict"] == "sans exigence"
    assert pd.isna(twenty["marge_habitants"])
    cantons = table.loc["france-services-canton"]
    assert (cantons["valeur"], cantons["exigence"], cantons["detail"]) == (1, 3, "Y, Z")
    assert cantons["marge_habitants"] == -(300 + 400 + 500 + 600)
    assert table.loc["france-services-30-min", "distance"] == ""


def test_points_by_commune_and_number_of_points(town):
    places = places_of(town)
    places["population"] = [45_000, 10_000, 10_001, 0, 15_000, 20_000]
    own = sites([("P1", 0), ("P2", 0), ("P3", 4), ("P4", 5)])
    table = evaluated(places, own=own, counts={"la_poste": 16_999})
    strict = table.loc["service-universel-communes-strict"]
    # A has two points and needs three for its third, begun, 20 000; C has none; B is not large.
    assert (strict["valeur"], strict["exigence"]) == (2, 4)
    assert strict["detail"] == f"{CODES[0]}, {CODES[2]}"
    assert strict["marge_habitants"] == 40_000 - 45_000
    row = table.loc["service-universel-communes"]
    assert (row["valeur"], row["detail"]) == (3, CODES[2])
    assert row["marge_habitants"] == -1  # C is one inhabitant over 10 000
    assert table.loc["la-poste-17000", "verdict"] == "non respectée"
    kept = evaluated(places, own=own, counts={"la_poste": 17_000})
    assert kept.loc["la-poste-17000", "verdict"] == "respectée"


@pytest.mark.parametrize(
    ("tranche", "people", "points", "margin"),
    [
        # A point for each whole slice of 20 000: one is enough up to 39 999 inhabitants.
        ("complete", 39_999, 1, 0),
        ("complete", 40_000, 1, -1),
        # A point for each slice begun.
        ("entamee", 20_000, 1, 0),
        ("entamee", 20_001, 1, -1),
        # Without a number of inhabitants to begin at, one alone needs a point.
        ("complete", 1, 0, -1),
    ],
)
def test_points_a_commune_needs_by_slice(town, tranche, people, points, margin):
    rule = rules.Rule(
        id="r", titre="t", texte="x", date=dt.date(2020, 1, 1), sites="la_poste",
        niveau="departement", mesure=rules.BY_COMMUNE, habitants_par_point=20_000, tranche=tranche,
    )  # fmt: skip
    places = places_of(town).assign(population=[people, 0, 0, 0, 0, 0])
    own = sites([(f"P{n}", 0) for n in range(points)] + [("Q", 5)])
    told = coverage.evaluate_rules(
        [rule], {"la_poste": places}, {"la_poste": own}, distance=coverage.STRAIGHT
    )
    assert told["marge_habitants"].tolist() == [margin]


def test_what_is_not_given_is_not_judged(town):
    table = coverage.evaluate_rules(
        coverage.load_rules(),
        {"maisons": places_of(town)},
        {"maisons": sites([("P", 0)])},
        distance=coverage.ROAD,
    ).set_index("regle")
    verdicts = table["verdict"].to_dict()
    for rule in ("la-poste-et", "la-poste-17000", "france-services-canton"):
        assert verdicts[rule] == "non évaluée"


@pytest.mark.slow
@given(
    st.lists(
        st.tuples(st.integers(0, 900), st.one_of(st.none(), st.integers(0, 40))),
        min_size=6,
        max_size=6,
    ),
    st.sampled_from(["et", "ou"]),
)
@settings(max_examples=25, deadline=None)
def test_moving_the_margin_away_is_the_last_thing_allowed(rows, reading):
    places = pd.DataFrame(
        {
            "demand_id": CODES,
            "code_insee": CODES,
            "population": [people for people, _ in rows],
            "site_id": None,
            "minutes": [None if m is None else float(m) for _, m in rows],
            "km": [None if m is None else float(m) / 2 for _, m in rows],
            "raison": "",
        }
    ).astype({"minutes": float, "km": float})
    row = evaluated(places).loc[f"la-poste-{reading}"]
    total = sum(people for people, _ in rows)
    near = {"et": 20, "ou": 10}[reading]  # 5 km is 10 minutes here
    far = sum(people for people, m in rows if m is None or m > near)
    holds = far * 10 <= total
    assert (row["verdict"] == "respectée") == holds
    assert 10 * (far + row["marge_habitants"]) <= total
    assert 10 * (far + row["marge_habitants"] + 1) > total


def test_rules_all_say_their_text_and_date():
    loaded = coverage.load_rules()
    assert len({rule.id for rule in loaded}) == len(loaded) == 10
    assert all(rule.texte and rule.date.year >= 1990 for rule in loaded)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("couleur = 1", "clé inconnue : couleur"),
        ('mesure = "au hasard"', "mal posée"),
        ('eloigne = "xor"', "mal posée"),
        ('tranche = "presque"', "mal posée"),
    ],
)
def test_wrong_rules_are_refused(tmp_path, change, said):
    text = (
        '[[regle]]\nid = "r"\ntitre = "t"\ntexte = "x"\ndate = 2020-01-01\nsites = "maisons"\n'
        'niveau = "departement"\nminutes = 20\n'
    )
    default = "" if change.startswith("mesure") else f'mesure = "{rules.SHARE}"\n'
    path = tmp_path / "regles.toml"
    path.write_text(text + default + change, encoding="utf-8")
    with pytest.raises(DataError, match=said):
        coverage.load_rules(path)


def test_an_incomplete_rule_is_refused(tmp_path):
    path = tmp_path / "regles.toml"
    path.write_text('[[regle]]\nid = "r"\n', encoding="utf-8")
    with pytest.raises(DataError, match="incomplète"):
        coverage.load_rules(path)


PSEUDO = ["5301", "5301", "5399", "5302", "5302", "5303"]
"""C is a city INSEE does not cut; the Maison is in A."""


@pytest.mark.parametrize(
    ("beside", "verdict", "kept", "asked", "margin", "detail"),
    [
        # F lies far from the city: its canton has no Maison, whatever the city holds.
        (
            [False, True, True, True, False, False],
            "non respectée",
            1,
            2,
            -600,
            "5303 ; 2 cantons partagés, non évaluables : 5302, 5399",
        ),
        # Nothing is known of what touches the city: any canton without a Maison may be a part.
        (
            None,
            "non évaluable : canton partagé",
            1,
            1,
            None,
            "3 cantons partagés, non évaluables : 5302, 5303, 5399",
        ),
    ],
)
def test_cities_not_cut_into_their_cantons_are_not_judged(
    town, beside, verdict, kept, asked, margin, detail
):
    memberships = pd.DataFrame({"code_insee": CODES, "canton": PSEUDO})
    if beside is not None:
        memberships["canton_partage"] = beside
    row = evaluated(places_of(town), memberships=memberships).loc["france-services-canton"]
    assert (row["verdict"], row["valeur"], row["exigence"]) == (verdict, kept, asked)
    assert row["detail"] == detail
    assert (None if pd.isna(row["marge_habitants"]) else row["marge_habitants"]) == margin


def test_one_shared_canton_is_told_as_one(town):
    memberships = pd.DataFrame({"code_insee": CODES, "canton": ["5301"] * 5 + ["5399"]})
    row = evaluated(places_of(town), memberships=memberships).loc["france-services-canton"]
    assert row["verdict"] == rules.SHARED_CANTON
    assert row["detail"] == "1 canton partagé, non évaluable : 5399"


def test_pseudo_cantons_are_numbered_from_99_down():
    codes = pd.Series(["5301", "5341", "5380", "5399", "2B99", "97ZZ", None, "X"])
    told = [False, False, True, True, True, False, False, False]
    assert coverage.is_pseudo_canton(codes).tolist() == told


def test_what_touches_a_city_is_read_from_the_outlines():
    communes = toy_communes()
    cantons = pd.Series(PSEUDO, index=communes.index)
    beside = coverage.touches_a_shared_city(communes.geometry, cantons)
    assert beside.tolist() == [False, True, True, True, False, False]
    nowhere = pd.Series(["5301"] * 6, index=communes.index)
    assert not coverage.touches_a_shared_city(communes.geometry, nowhere).any()


@pytest.mark.parametrize(
    ("limits", "eloigne", "far"),
    [
        ({"km": 5.0, "minutes": 20.0}, "et", [False, False, False, True, False]),
        ({"km": 5.0, "minutes": 20.0}, "ou", [False, True, True, True, True]),
        ({"km": 5.0}, "ou", [False, True, False, True, True]),
        ({"minutes": 20.0}, "ou", [False, False, True, True, False]),
    ],
)
def test_who_is_far_in_each_sense(limits, eloigne, far):
    # Near, far by the distance alone, by the time alone, by both, and of no known distance.
    places = pd.DataFrame({"km": [5, 9, 1, 9, None], "minutes": [20, 10, 30, 30, 20]})
    (rule, *_) = coverage.load_rules()
    asked = dataclasses.replace(rule, **{"km": None, "minutes": None, **limits}, eloigne=eloigne)
    assert asked.is_far(places).tolist() == far
