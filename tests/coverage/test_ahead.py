"""A projection brought to communes: totals kept, today kept, ages kept."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msap_geo.coverage.ahead.far import far_at_horizons, year_of_doubling
from msap_geo.coverage.ahead.spreading import spread_projection
from msap_geo.errors import DataError

OPEN = math.inf
CUTS = [(0, 20.0), (20, 65.0), (65, 75.0), (75, OPEN)]
YEARS = (2026, 2030, 2040)


def projection(people):
    """Make a projection of ``{zone: {year: people of each band}}``."""
    rows = [
        (zone, year, low, high, float(count))
        for zone, years in people.items()
        for year, counts in years.items()
        for (low, high), count in zip(CUTS, counts, strict=True)
    ]
    return pd.DataFrame(rows, columns=["zone", "annee", "bas", "haut", "population"])


def ages(table, cuts=(0, 20, 65, 75)):
    frame = pd.DataFrame.from_dict(table, orient="index", columns=[str(cut) for cut in cuts])
    return frame.astype(float).rename_axis("code_insee").reset_index()


def spread(people, zones, told, **options):
    people = pd.Series(people)
    return spread_projection(
        people,
        pd.Series(zones),
        told,
        horizons=options.pop("horizons", YEARS),
        reference=options.pop("reference", 2026),
        **options,
    )


def test_by_hand():
    """Two communes, one young and one old: the old one takes three quarters of the elders."""
    told = projection({"53": {2026: (40, 40, 10, 10), 2040: (30, 40, 10, 30)}})
    found = spread(
        {"A": 50, "B": 50},
        {"A": "53", "B": "53"},
        told,
        horizons=(2026, 2033, 2040),
        ages=ages({"A": (24, 20, 3.5, 2.5), "B": (16, 20, 6.5, 7.5)}),
    ).communes.set_index(["code_insee", "horizon"])
    assert found["population"].to_dict() == {
        ("A", 2026): 50,
        ("B", 2026): 50,
        # 24 × 30/40 + 20 + 3,5 + 2,5 × 3 = 49 ; halfway in 2033: 49,5 each way, largest remainder.
        ("A", 2040): 49,
        ("B", 2040): 61,
        ("A", 2033): 50,
        ("B", 2033): 55,
    }
    # 7,5 then 15 and 22,5 of 10, 20 and 30: of equal halves the first commune gets the person.
    assert found["habitants_75_plus"].xs("B").to_dict() == {2026: 7, 2033: 15, 2040: 22}


@st.composite
def territories(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, zones = draw(st.integers(1, 9)), ["53", "72"][: draw(st.integers(1, 2))]
    codes = [f"c{i}" for i in range(n)]
    where = {code: zones[i % len(zones)] for i, code in enumerate(codes)}
    people = {code: int(rng.integers(0, 400)) for code in codes}
    known = {c: rng.integers(0, 60, 4) * (rng.random(4) < 0.8) for c in codes if rng.random() < 0.9}
    told = projection(
        {z: {y: rng.integers(1, 900, 4) for y in YEARS} for z in sorted(set(where.values()))}
    )
    return people, where, told, ages(known) if known else None


@pytest.mark.slow
@settings(max_examples=200)
@given(territories())
def test_totals_and_today_are_kept(case):
    people, where, told, known = case
    found = spread(people, where, told, ages=known)
    today = found.communes[found.communes["horizon"] == 2026].set_index("code_insee")
    assert today["population"].to_dict() == people
    bands = found.bands
    np.testing.assert_allclose(
        bands["habitants_repartis"], bands["projection"] * bands["calage"], rtol=1e-9, atol=1e-9
    )
    zones = pd.Series(where)
    by_zone = pd.Series(people).groupby(zones).sum()
    for (zone, horizon), part in bands.groupby(["zone", "horizon"]):
        factor = (
            by_zone[zone]
            / told[(told["zone"] == zone) & (told["annee"] == 2026)]["population"].sum()
        )
        assert part["calage"].iloc[0] == pytest.approx(factor)
        here = found.communes[
            (found.communes["zone"] == zone) & (found.communes["horizon"] == horizon)
        ]
        # The whole number nearest to it; of a half, either.
        assert abs(here["population"].sum() - part["habitants_repartis"].sum()) <= 0.5 + 1e-6
        elders = part["habitants_repartis"].iloc[-1]
        assert abs(here["habitants_75_plus"].sum() - elders) <= 0.5 + 1e-6
        # Each rounded on its own: never a person apart.
        assert (here["habitants_75_plus"] <= here["population"] + 1).all()


@pytest.mark.slow
@settings(max_examples=100)
@given(territories())
def test_left_as_published(case):
    """Without scaling: each commune's part of the band today × what is projected, no more."""
    people, where, told, known = case
    found = spread(people, where, told, ages=known, scaled=False)
    assert (found.bands["calage"] == 1).all()
    published = told.set_index(["zone", "annee", "bas"])["population"]
    for zone, horizon, low, total in zip(
        found.bands["zone"],
        found.bands["horizon"],
        [low for low, _ in CUTS] * (len(found.bands) // len(CUTS)),
        found.bands["habitants_repartis"],
        strict=True,
    ):
        inhabited = any(people[c] for c in people if where[c] == zone)
        alive = known is not None and len(known) > 0
        if inhabited or alive:
            assert total == pytest.approx(published[zone, horizon, low], rel=1e-9) or not inhabited


def test_communes_cut_less_finely_share_their_oldest():
    """65 and over stand for 75 and over; without ages, everyone does."""
    told = projection({"53": {2026: (20, 40, 20, 20), 2040: (20, 40, 20, 60)}})
    people, where = {"A": 50, "B": 50}, {"A": "53", "B": "53"}
    rough = spread(people, where, told, ages=ages({"A": (45, 5), "B": (15, 35)}, cuts=(0, 65)))
    at = rough.communes.set_index(["code_insee", "horizon"])["habitants_75_plus"]
    # Raked: 65 and over are 40 of 100; odds of 1 to 9 and 7 to 3 give about 6 and 34.
    assert at["A", 2040] < at["B", 2040] / 4
    assert at["A", 2040] + at["B", 2040] == 60
    none = spread(people, where, told).communes
    assert (none[none["horizon"] == 2040]["habitants_75_plus"] == 30).all()


def test_one_zone_a_commune_needs_no_key():
    told = projection(
        {
            "A": {2026: (1, 2, 3, 4), 2040: (4, 3, 2, 6)},
            "B": {2026: (0, 0, 0, 5), 2040: (0, 0, 0, 10)},
        }
    )
    found = spread({"A": 20, "B": 5}, {"A": "A", "B": "B"}, told).communes
    last = found[found["horizon"] == 2040].set_index("code_insee")
    assert last["population"].to_dict() == {"A": 30, "B": 10}
    assert last["habitants_75_plus"].to_dict() == {"A": 12, "B": 10}


def test_a_commune_that_was_empty_and_one_that_is():
    told = projection({"53": {2026: (10, 10, 10, 10), 2040: (10, 10, 10, 10)}})
    found = spread(
        {"A": 40, "B": 0, "C": 10},
        dict.fromkeys("ABC", "53"),
        told,
        ages=ages({"A": (5, 5, 5, 5), "B": (1, 1, 1, 1), "C": (0, 0, 0, 0)}),
    ).communes
    last = found[found["horizon"] == 2040].set_index("code_insee")["population"]
    assert last.to_dict() == {"A": 40, "B": 0, "C": 10}


def test_the_last_inhabitant_of_a_commune_the_census_does_not_know_stays():
    told = projection({"53": {2026: (10, 10, 10, 11), 2040: (20, 20, 20, 22)}})
    found = spread(
        {"A": 40, "B": 1},
        dict.fromkeys("AB", "53"),
        told,
        ages=ages({"A": (5, 5, 5, 5), "B": (0, 0, 0, 0)}),
    ).communes.set_index(["code_insee", "horizon"])["population"]
    assert found["B", 2026] == 1
    assert found["B", 2040] == 2


def test_the_only_inhabitant_of_a_commune_is_as_old_as_told():
    told = projection({"53": {2026: (40, 40, 10, 10), 2040: (40, 40, 10, 40)}})
    found = spread(
        {"A": 99, "B": 1},
        dict.fromkeys("AB", "53"),
        told,
        ages=ages({"A": (40, 40, 10, 9), "B": (0, 0, 0, 1)}),
    ).communes.set_index(["code_insee", "horizon"])["habitants_75_plus"]
    assert (found["B", 2026], found["B", 2040]) == (1, 4)


def test_a_commune_of_unknown_ages_has_those_of_its_zone():
    told = projection(
        {
            "53": {2026: (40, 40, 10, 10), 2040: (40, 40, 10, 30)},
            "72": {2026: (90, 10, 0, 10), 2040: (90, 10, 0, 40)},
        }
    )
    found = spread(
        {"A": 50, "B": 50, "C": 1, "D": 1},
        {"A": "53", "B": "53", "C": "72", "D": "72"},
        told,
        ages=ages({"A": (20, 20, 5, 5), "C": (0, 0, 0, 1)}),
        scaled=False,
    ).communes.set_index(["code_insee", "horizon"])["habitants_75_plus"]
    assert [found[code, 2040] for code in "ABCD"] == [15, 15, 20, 20]


@pytest.mark.parametrize(
    ("young", "odds"),
    [
        # Raking keeps the odds of the census: 40 young for 10 here, 20 for 30 there.
        ((40, 10, 20, 30), 40 * 30 / (10 * 20)),
        # Where nobody is over 65 today and the zone has some, communes are first mixed with the
        # zone's ages, of one part in a hundred: 50 and 30 young and less young of 100.
        ((40, 10, 20, 30, 0), (39.85 * 29.85) / (10.05 * 20.05)),
    ],
)
def test_ages_of_today_keep_the_odds_of_the_census(young, odds):
    rest = 0 if len(young) == 5 else 5
    told = projection(
        {
            "53": {
                2026: (50, 30, 10, 10),
                2030: (1_000_000, 0, 0, 0),
                2040: (0, 1_000_000, 0, 0),
            }
        }
    )
    found = spread(
        {"A": 50, "B": 50},
        {"A": "53", "B": "53"},
        told,
        horizons=YEARS,
        ages=ages({"A": (*young[:2], rest, rest), "B": (*young[2:4], rest, rest)}),
    ).communes.set_index(["code_insee", "horizon"])["population"]
    ratio = {year: found["A", year] / found["B", year] for year in (2030, 2040)}
    assert ratio[2030] / ratio[2040] == pytest.approx(odds, rel=1e-4)


def test_years_of_the_projection_are_told_at_the_scale_of_today():
    told = projection({"53": {2026: (40, 40, 10, 10), 2040: (20, 20, 20, 40)}})
    older = spread({"A": 150, "B": 50}, {"A": "53", "B": "53"}, told, horizons=(2026,)).older
    # 200 people live where the projection has 100.
    assert older[["annee", "population", "habitants_75_plus"]].to_numpy().tolist() == [
        [2026, 200, 20],
        [2040, 200, 80],
    ]


def test_no_horizon_outside_the_projection():
    told = projection({"53": {2026: (1, 1, 1, 1), 2040: (1, 1, 1, 1)}})
    with pytest.raises(DataError, match="2050 est hors de la projection"):
        spread({"A": 4}, {"A": "53"}, told, horizons=(2026, 2050))
    with pytest.raises(DataError, match="ne compte personne dans 53"):
        spread(
            {"A": 4},
            {"A": "53"},
            projection({"53": {2026: (0, 0, 0, 0), 2040: (1, 1, 1, 1)}}),
            horizons=(2026,),
        )


@pytest.mark.parametrize(
    ("years", "people", "reference", "year"),
    [
        ((2026, 2040), (10, 24), 2026, 2036),
        ((2026, 2040), (10, 20), 2026, 2040),
        ((2026, 2040), (10, 19.9), 2026, None),
        ((2020, 2030, 2040), (10, 20, 40), 2025, 2035),
        ((2026, 2040), (0, 10), 2026, None),
        ((2030, 2040), (10, 30), 2026, None),
    ],
)
def test_the_year_of_doubling(years, people, reference, year):
    found = year_of_doubling(years, people, reference)
    assert (math.isnan(found) and year is None) or found == year


def test_far_at_each_horizon_is_access_of_other_people():
    people = pd.DataFrame(
        {
            "code_insee": ["53001", "53002"] * 2,
            "zone": "53",
            "horizon": [2026, 2026, 2040, 2040],
            "population": [100, 50, 90, 80],
            "habitants_75_plus": [10, 9, 20, 30],
        }
    )
    places = pd.DataFrame(
        {
            "demand_id": ["53001", "53002"],
            "code_insee": ["53001", "53002"],
            "population": [1, 1],
            "chomeurs": [1.0, 1.0],
            "site_id": ["M", "M"],
            "minutes": [5.0, 20.001],
            "km": [1.0, 20.0],
            "raison": ["", ""],
        }
    )
    table = far_at_horizons(
        people,
        places,
        pd.DataFrame({"code_insee": ["53001", "53002"], "departement": "53"}),
        thresholds=(20.0,),
    )
    whole = table[table["zonage"] == "ensemble"].set_index(["horizon", "groupe"])
    assert whole["au_dela_20"].to_dict() == {
        (2026, "population"): 50,
        (2026, "habitants_75_plus"): 9,
        (2040, "population"): 80,
        (2040, "habitants_75_plus"): 30,
    }
    assert (table["effectif_20"] + table["au_dela_20"] == table["effectif"]).all()
