"""Access of territories and target groups: by hand, and against repeated inhabitants."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.toy import CODES, sites

from msap_geo import coverage, travel
from msap_geo.coverage import conventions
from msap_geo.coverage.weighted import group_means, group_quantiles


def places_of(town, **columns):
    nearest = travel.nearest(town.roads, town.origins, town.maisons)
    return coverage.access_by_place(town.origins.assign(**columns), nearest)


MEMBERSHIPS = pd.DataFrame(
    {
        "code_insee": CODES[:5],  # Zêta is in no EPCI
        "nom": ["Alpha", "Bêta", "Gamma", "Delta", "Epsilon"],
        "epci": ["E1", "E1", "E1", "E2", "E2"],
        "epci_nom": ["Ouest", "Ouest", "Ouest", "Est", "Est"],
    }
)


def test_territories_by_hand(town):
    table = coverage.access_by_territory(places_of(town), MEMBERSHIPS, thresholds=(20, 30))
    whole, west, east, none = (
        table[(table["zonage"] == kind) & (table["code"] == code)].iloc[0]
        for kind, code in [
            ("ensemble", "ensemble"),
            ("epci", "E1"),
            ("epci", "E2"),
            ("epci", "sans rattachement"),
        ]
    )
    # A 0, B 10, C 20, D 30, E 40, F 50; 100 to 600 people.
    assert whole["minutes_moyennes"] == pytest.approx(70_000 / 2100, abs=0.0005)
    assert (whole["minutes_medianes"], whole["minutes_p90"], whole["minutes_max"]) == (40, 50, 50)
    assert (west["nom"], east["nom"]) == ("Ouest", "Est")
    assert (west["effectif"], west["effectif_20"], west["part_20"]) == (600, 600, 1)
    assert west["minutes_moyennes"] == pytest.approx(8000 / 600, abs=0.0005)
    assert (east["effectif_30"], east["au_dela_30"]) == (400, 500)
    assert east["minutes_medianes"] == 40
    assert none["effectif"] == 600


def test_every_kind_of_territory_holds_everyone(town):
    table = coverage.access_by_territory(places_of(town), MEMBERSHIPS, thresholds=[20])
    assert (table.groupby("zonage")["effectif"].sum() == 2100).all()
    assert (table["effectif_20"] + table["au_dela_20"] == table["effectif"]).all()


def test_target_groups_by_hand(town):
    places = places_of(town, habitants_75_plus=[10.0, 20.0, np.nan, 0.0, 0.0, 30.0])
    table = coverage.access_by_territory(places, thresholds=[20])
    old = table[(table["zonage"] == "ensemble") & (table["groupe"] == "habitants_75_plus")].iloc[0]
    assert (old["effectif"], old["effectif_20"], old["lieux_sans_donnee"]) == (60, 30, 1)
    assert old["minutes_moyennes"] == pytest.approx((0 + 200 + 1500) / 60, abs=0.0005)
    assert (old["minutes_medianes"], old["minutes_max"]) == (10, 50)


def test_one_inhabitant_alone_has_a_share(town):
    places = places_of(town).assign(population=[1, 0, 1, 1, 0, 0])
    table = coverage.access_by_territory(places, thresholds=[20])
    communes = table[table["zonage"] == "commune"].set_index("code")["part_20"]
    assert communes.dropna().to_dict() == {CODES[0]: 1, CODES[2]: 1, CODES[3]: 0}


def test_the_unreachable_are_beyond_and_out_of_the_mean(town):
    places = places_of(town)
    places.loc[[1, 5], "minutes"] = np.nan  # 800 of 2 100 people
    row = coverage.summarise(places, pd.Series("x", index=places.index), thresholds=[30]).iloc[0]
    assert row["effectif_sans_trajet"] == 800
    assert (row["effectif_30"], row["au_dela_30"]) == (800, 1300)
    assert row["minutes_moyennes"] == pytest.approx((0 + 6000 + 12000 + 20000) / 1300, abs=0.0005)
    assert row["minutes_medianes"] == 40  # 1 300 of 2 100 within 40 minutes
    assert pd.isna(row["minutes_p90"])
    assert pd.isna(row["minutes_max"])


people = st.lists(
    st.tuples(st.one_of(st.none(), st.integers(0, 60)), st.integers(0, 9), st.integers(0, 2)),
    min_size=1,
    max_size=30,
)


@given(people, st.sampled_from([0.1, 0.25, 0.5, 0.9, 1.0]))
@settings(max_examples=150, deadline=None)
def test_quantiles_are_those_of_repeated_inhabitants(rows, share):
    values = np.array([np.nan if v is None else v for v, _, _ in rows], dtype=float)
    weights = np.array([w for _, w, _ in rows], dtype=float)
    group = np.array([g for _, _, g in rows])
    found = group_quantiles(values, weights, group, 3, share=share)
    means = group_means(values, weights, group, 3)
    for g in range(3):
        everyone = np.repeat(values[group == g], weights[group == g].astype(int))
        reached = everyone[~np.isnan(everyone)]
        if not len(everyone):
            assert np.isnan(found[g])
            continue
        expected = np.quantile(
            np.where(np.isnan(everyone), np.inf, everyone), share, method="inverted_cdf"
        )
        assert found[g] == expected or (np.isinf(expected) and np.isnan(found[g]))
        assert means[g] == pytest.approx(reached.mean() if len(reached) else np.nan, nan_ok=True)


def test_metric_gives_no_time_to_communes_that_have_a_site(town):
    maisons = sites([("FS1", 0), ("FS2", (412_000.0, 6_788_000.0))])
    maisons.loc[1, "code_insee"] = CODES[1]
    nearest = travel.nearest(town.roads, town.origins, sites([("FS1", 0)]))
    places = coverage.access_by_place(town.origins, nearest)
    metric = conventions.metric_convention(places, maisons)
    assert metric["minutes"].tolist() == [0, 0, 20, 30, 40, 50]
    assert metric["site_id"].tolist()[:2] == ["FS1", "FS2"]
    assert metric["km"].tolist() == [0, 0, *places["km"].tolist()[2:]]
    assert metric["raison"].tolist() == [""] * 6
    assert (metric["minutes"] <= places["minutes"]).all()


def cells_of(town):
    """Two cells in F, one of them ten minutes nearer; one in each other commune but E."""
    places = places_of(town)
    cells = places.drop(index=4).assign(demand_id=lambda t: "c" + t["demand_id"])
    near = cells.iloc[[-1]].assign(demand_id="near", minutes=40.0, population=200)
    return places, pd.concat([cells, near], ignore_index=True)


def test_calibrated_cells_keep_the_communes_people(town):
    communes, cells = cells_of(town)
    shared = conventions.calibrated(cells, communes)
    assert shared["population"].sum() == 2100
    by_commune = shared.groupby("code_insee")["population"].sum()
    assert by_commune.to_dict() == communes.set_index("code_insee")["population"].to_dict()
    zeta = shared[shared["code_insee"] == CODES[5]].set_index("demand_id")["population"]
    assert zeta.to_dict() == {f"c{CODES[5]}": 450, "near": 150}  # 600 shared 600 : 200


def test_persons_left_over_go_to_the_largest_remainders(town):
    communes, cells = cells_of(town)
    crowded = pd.concat([cells, cells.iloc[[-1]].assign(demand_id="third")], ignore_index=True)
    crowded["population"] = crowded["population"].where(crowded["code_insee"] != CODES[5], [1] * 7)
    six = communes[communes["code_insee"] == CODES[5]]
    people = six.assign(population=11)
    shared = conventions.calibrated(crowded, people)
    # 11 persons for three cells of one: 3.67 each, the two persons left to the first two.
    assert shared["population"].tolist() == [4, 4, 3]
    uneven = crowded.assign(population=[1, 1, 1, 1, 5, 2, 1])
    # 11 for 5 : 2 : 1 is 6.875, 2.75 and 1.375: the two left go to the first and the second.
    assert conventions.calibrated(uneven, people)["population"].tolist() == [7, 3, 1]


def test_empty_cells_do_not_weigh_on_the_time_of_a_commune():
    cells = pd.DataFrame(
        {
            "code_insee": [*CODES[:1] * 4, CODES[1], "elsewhere"],
            "population": [0, 0, 0, 1, 0, 9],
            "minutes": [50.0, 50, 50, 5, 12, 1],
        }
    )
    found = conventions.minutes_by_commune(
        {"carreaux": cells}, pd.DataFrame({"code_insee": CODES[:3]})
    )
    # Of a commune nobody lives in, the time of its only place; of one without a place, none.
    assert found["carreaux"].tolist()[:2] == [5, 12]
    assert np.isnan(found["carreaux"].iloc[2])


def test_conventions_side_by_side(town):
    communes, cells = cells_of(town)
    table = coverage.compare_conventions(
        {
            conventions.TOWN_HALL: communes,
            conventions.CELLS: cells,
            conventions.CALIBRATED: conventions.calibrated(cells, communes),
        },
        thresholds=[40],
    ).set_index("convention")
    assert table["lieux"].tolist() == [6, 6, 7]
    assert table.loc[conventions.TOWN_HALL, "ecart_40"] == 0
    assert table.loc[conventions.CALIBRATED, "effectif_40"] == 1500 + 150
    assert table.loc[conventions.CALIBRATED, "ecart_40"] == pytest.approx(
        100 * 150 / 2100, abs=0.01
    )
    by_commune = conventions.minutes_by_commune(
        {conventions.TOWN_HALL: communes, conventions.CELLS: cells}, communes
    )
    assert by_commune.loc[CODES[5]].tolist() == [50, 50]
    assert by_commune.loc[CODES[4]].isna().tolist() == [False, True]


@pytest.mark.slow
@given(
    st.lists(st.integers(0, 50), min_size=1, max_size=8),
    st.integers(0, 500),
)
@settings(max_examples=60, deadline=None)
def test_shared_population_adds_up(counts, legal):
    base = {"code_insee": "53001", "site_id": None, "minutes": 1.0, "km": 1.0, "raison": ""}
    cells = pd.DataFrame(
        {"demand_id": [f"c{i}" for i in range(len(counts))], "population": counts, **base}
    )
    communes = pd.DataFrame({"demand_id": ["53001"], "population": [legal], **base})
    shared = conventions.calibrated(cells, communes)
    assert shared["population"].sum() == legal
    assert (shared["population"] >= 0).all()
