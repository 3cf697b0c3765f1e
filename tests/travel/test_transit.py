"""Journeys by public transport, against a time-expanded graph and by hand."""

from __future__ import annotations

import dataclasses
import itertools
import math
import random

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from support.toy import SHARED
from support.transit_feeds import PLACES, TimeExpanded, random_trips, walks, write_feed

from msap_geo import hours as msap_hours
from msap_geo import network, travel
from msap_geo.errors import DataError, NetworkError
from msap_geo.travel.transit import access

DAY = "2022-06-15"
FEEDS = {
    "corse/gtfs-autocars": "2022-06-15",
    "formats/gtfs-perigueux": "2026-01-13",
}


def hours(minutes):
    return f"{DAY} {minutes // 60:02}:{minutes % 60:02}"


def timetable_of(folder, trips, **files):
    return network.read_timetable(write_feed(folder, trips, stops=PLACES, **files), dates=DAY)


@pytest.mark.slow
@settings(max_examples=80)
@given(
    trips=random_trips(),
    source=st.sampled_from(sorted(PLACES)),
    minute=st.integers(-5, 40),
    change=st.sampled_from([0, 1, 2, 5]),
    footpath_m=st.sampled_from([0, 250, 500]),
)
def test_earliest_arrivals_are_those_of_the_time_expanded_graph(
    tmp_path_factory, trips, source, minute, change, footpath_m
):
    timetable = timetable_of(tmp_path_factory.mktemp("flux"), trips)
    found = travel.earliest_arrivals(
        timetable, source, hours(480 + minute), change_minutes=change, footpath_m=footpath_m
    )
    oracle = TimeExpanded(trips, walks(PLACES, footpath_m), change_s=60 * change)
    right = oracle.arrivals(source, 60 * (480 + minute))
    expected = [right.get(stop, np.nan) / 60 for stop in found.index]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


def real_feed(name):
    folder = SHARED / name
    if not folder.exists():
        pytest.skip(f"{name} is absent")
    return folder


def trips_of(folder, day):
    """Read a feed with partridge: the runs of a day, without ours."""
    partridge = pytest.importorskip("partridge")
    date = pd.Timestamp(day).date()
    services = partridge.read_service_ids_by_date(str(folder))[date]
    feed = partridge.load_feed(str(folder), view={"trips.txt": {"service_id": services}})
    runs = {}
    for trip, calls in feed.stop_times.sort_values(["trip_id", "stop_sequence"]).groupby("trip_id"):
        moments = calls[["arrival_time", "departure_time"]].to_numpy().ravel()
        if (np.diff(moments) >= 0).all():
            kinds = [
                calls[column].fillna(0).astype(int)
                if column in calls
                else pd.Series(0, calls.index)
                for column in ("pickup_type", "drop_off_type")
            ]
            runs[trip] = [
                (stop, int(arrival), int(departure), pickup, drop_off)
                for stop, arrival, departure, pickup, drop_off in zip(
                    calls["stop_id"], calls["arrival_time"], calls["departure_time"], *kinds,
                    strict=True,
                )
            ]  # fmt: skip
    stops = pd.read_csv(folder / "stops.txt").set_index("stop_id")[["stop_lat", "stop_lon"]]
    return runs, {stop: tuple(place) for stop, *place in stops.itertuples()}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "day"), FEEDS.items())
@pytest.mark.parametrize("footpath_m", [0, 400])
def test_real_feeds_agree_with_the_time_expanded_graph(name, day, footpath_m):
    folder = real_feed(name)
    timetable = network.read_timetable(folder, dates=day)
    runs, places = trips_of(folder, day)
    # Only stops some vehicle calls at are sources worth asking about.
    called = sorted({call[0] for calls in runs.values() for call in calls})
    oracle = TimeExpanded(runs, walks(places, footpath_m), change_s=120)
    chance = random.Random(19)  # noqa: S311 - the same 200 departures each time
    reached = 0
    for _ in range(200):
        source, moment = chance.choice(called), chance.randrange(5 * 60, 20 * 60)
        depart = f"{day} {moment // 60:02}:{moment % 60:02}"
        found = travel.earliest_arrivals(timetable, source, depart, footpath_m=footpath_m)
        right = oracle.arrivals(source, 60 * moment)
        expected = [right.get(stop, np.nan) / 60 for stop in found.index]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
        reached += int(found.notna().sum()) - 1
    assert reached > 1000


# --- From door to door --------------------------------------------------------------------------

HOMES, OFFICES = ("h1", "h2", "h3"), ("m1", "m2")


def village():
    """Make stops along a winding path, two homes and a Maison on it, one home and one Maison off.

    The path goes from stop to stop in order, at 5 km/h.
    """
    points = gpd.GeoSeries(
        gpd.points_from_xy(*zip(*((x, y) for y, x in PLACES.values()), strict=True)), crs=4326
    ).to_crs(2154)
    nodes = pd.DataFrame({"node": range(len(points)), "x": points.x, "y": points.y})
    rows = []
    for i in range(len(points) - 1):
        minutes = points.iloc[i].distance(points.iloc[i + 1]) / (5000 / 60)
        rows += [(i, i + 1, minutes), (i + 1, i, minutes)]
    roads = network.from_links(
        nodes, pd.DataFrame(rows, columns=["from", "to", "minutes"]), crs=2154
    )

    def near(stop, dx, dy):
        return shapely.Point(points.iloc[stop].x + dx, points.iloc[stop].y + dy)

    homes = gpd.GeoDataFrame(
        {"demand_id": HOMES},
        geometry=[near(0, 20, 30), near(5, 0, -60), near(3, 5000, 0)],
        crs=2154,
    )
    offices = gpd.GeoDataFrame(
        {"site_id": OFFICES}, geometry=[near(4, 10, 10), near(6, 30, -20)], crs=2154
    )
    return roads, homes, offices


ROADS, HOME_POINTS, OFFICE_POINTS = village()


def oracle_of(trips, timetable, *, max_walk, footpath_m, change):
    """Make places of the homes and the Maisons: one walks from and to them, never through."""
    walking = walks(PLACES, footpath_m)
    stops = access.stop_points(timetable, 2154)
    named = {"demand": HOME_POINTS, "sites": OFFICE_POINTS}
    for kind, table in named.items():
        places = table.rename(columns={table.columns[0]: "demand_id"})
        other = OFFICE_POINTS if kind == "demand" else HOME_POINTS
        other = other.rename(columns={other.columns[0]: "site_id"})
        to_stops = stops.rename(columns={"stop_id": "site_id"})
        targets = pd.concat([to_stops, other])
        ways = travel.matrix(ROADS, places, targets, max_minutes=max_walk).long()
        for place, target, minutes in ways[["demand_id", "site_id", "minutes"]].itertuples(
            index=False
        ):
            walking.setdefault(place, {})[target] = 60 * minutes
            if target in PLACES:
                walking[target][place] = 60 * minutes
        for place in places["demand_id"]:
            walking.setdefault(place, {})
    return TimeExpanded(trips, walking, change_s=60 * change)


door_to_door = {
    "trips": random_trips(),
    "change": st.sampled_from([0, 2]),
    "footpath_m": st.sampled_from([0, 250]),
    "max_walk": st.sampled_from([3, 8, 30]),
}


@pytest.mark.slow
@settings(max_examples=30)
@given(max_minutes=st.sampled_from([20, 45]), **door_to_door)
def test_journeys_are_those_of_the_time_expanded_graph(
    tmp_path_factory, trips, change, footpath_m, max_walk, max_minutes
):
    timetable = timetable_of(tmp_path_factory.mktemp("flux"), trips)
    table = travel.by_transit(
        ROADS, timetable, HOME_POINTS, OFFICE_POINTS, depart=("07:50", "08:40"), every_minutes=10,
        max_minutes=max_minutes, max_walk_minutes=max_walk, change_minutes=change,
        footpath_m=footpath_m,
    )  # fmt: skip
    oracle = oracle_of(trips, timetable, max_walk=max_walk, footpath_m=footpath_m, change=change)
    moments = range(470, 521, 10)
    assert len(table) == len(HOMES) * len(OFFICES)
    for row in table.itertuples():
        took = []
        for moment in moments:
            arrival = oracle.arrivals(row.demand_id, 60 * moment).get(row.site_id, math.inf)
            minutes = arrival / 60 - moment
            took.append(minutes if minutes <= max_minutes + 1e-6 else math.inf)
        took.sort()
        assert row.share == sum(map(math.isfinite, took)) / len(took)
        for found, right in (
            (row.best_minutes, took[0]),
            (row.median_minutes, took[2]),
            (row.p90_minutes, took[5]),
        ):
            assert found == pytest.approx(
                right if math.isfinite(right) else math.nan, abs=1e-6, nan_ok=True
            )
        check_legs(row, max_walk)


def check_legs(row, max_walk):
    if row.share == 0:
        assert row.legs == ()
        return
    first, last = row.legs[0], row.legs[-1]
    assert first.origin == row.demand_id
    assert last.destination == row.site_id
    assert first.depart >= row.best_depart - 1e-6
    assert last.arrive - row.best_depart == pytest.approx(row.best_minutes, abs=1e-6)
    for one, following in itertools.pairwise(row.legs):
        assert one.destination == following.origin
        assert one.arrive <= following.depart + 1e-6
    for leg in row.legs:
        assert leg.mode != "pied" or leg.arrive - leg.depart <= max_walk + 1e-6
        assert leg.mode != "car" or leg.line == "L1"


OPENINGS = st.lists(st.sampled_from([(485, 500), (500, 530), (490, 540), (0, 1440)]), max_size=2)


@pytest.mark.slow
@settings(max_examples=30)
@given(openings=OPENINGS, stay=st.sampled_from([5, 15, 30]), **door_to_door)
def test_round_trips_are_the_shortest_of_all(
    tmp_path_factory, trips, change, footpath_m, max_walk, openings, stay
):
    timetable = timetable_of(tmp_path_factory.mktemp("flux"), trips)
    week = msap_hours.weekly_hours([[], [], openings, [], [], [], []])
    table = travel.there_and_back(
        ROADS, timetable, HOME_POINTS, OFFICE_POINTS, hours=week, stay_minutes=stay, max_minutes=45,
        max_walk_minutes=max_walk, change_minutes=change, footpath_m=footpath_m,
    )  # fmt: skip
    oracle = oracle_of(trips, timetable, max_walk=max_walk, footpath_m=footpath_m, change=change)
    for row in table.itertuples():
        away, reason = shortest(oracle, row.demand_id, row.site_id, week.days[2], stay)
        assert row.reason == reason
        assert row.away_minutes == pytest.approx(away, abs=1e-6, nan_ok=True)
        if not reason:
            home = row._asdict()["_7"]  # « return » is a word of Python
            assert row.away_minutes == pytest.approx(home - row.leave)
            assert any(
                max(row.arrive, begin) + stay <= min(end, row.arrive + row.stay_minutes) + 1e-6
                for begin, end in week.days[2]
            )
            assert oracle.arrivals(row.demand_id, 60 * row.leave - 1e-6)[row.site_id] == (
                pytest.approx(60 * row.arrive, abs=1e-4)
            )


def shortest(oracle, home, site, spans, stay):
    """Try every moment worth leaving at, both ways, in minutes."""
    spans = [(begin, end) for begin, end in spans if end - begin >= stay]
    if not spans:
        return math.nan, "fermé"

    def leaving(place):
        return {
            events[0] / 60 - walk / 60
            for stop, walk in oracle.walking[place].items()
            for events in oracle.waits.get(stop, [])
        }

    def arrives(one, other, moment):
        by = oracle.arrivals(one, 60 * moment - 1e-6).get(other, math.inf) / 60
        return by if by - moment <= 45 + 1e-6 else math.inf

    on_foot = oracle.walking[home].get(site, math.inf) / 60
    off = leaving(site)
    out = {0.0} | leaving(home) | {begin - on_foot for begin, _ in spans if on_foot < math.inf}
    if on_foot < math.inf:
        out |= {min(moment, end) - stay - on_foot for moment in off for _, end in spans}
    best, reason = math.inf, "pas de car"
    for leave in out:
        if leave < 0:
            continue
        arrive = arrives(home, site, leave)
        done = min(
            (
                max(arrive, begin) + stay
                for begin, end in spans
                if max(arrive, begin) + stay <= end + 1e-6
            ),
            default=math.inf,
        )
        if done == math.inf:
            continue
        reason = "pas de retour" if reason == "pas de car" else reason
        for moment in {done, *(moment for moment in off if moment >= done - 1e-6)}:
            back = arrives(site, home, moment)
            if back <= 1440 + 1e-6:
                best, reason = min(best, back - leave), ""
    return (best if best < math.inf else math.nan), reason


def served(timetable, **options):
    table = travel.there_and_back(
        ROADS,
        timetable,
        HOME_POINTS,
        OFFICE_POINTS,
        **{"hours": "Mo-Su 08:05-09:00", "stay_minutes": 10, **options},
    )
    return table["reason"] == ""


@pytest.mark.slow
@settings(max_examples=20)
@given(trips=random_trips(), more=random_trips(), footpath_m=st.sampled_from([0, 250]))
def test_more_time_more_walk_or_one_more_trip_never_serve_fewer(
    tmp_path_factory, trips, more, footpath_m
):
    timetable = timetable_of(tmp_path_factory.mktemp("flux"), trips)
    narrow = {"max_minutes": 20, "max_walk_minutes": 5, "footpath_m": footpath_m}
    base = served(timetable, **narrow)
    both = {**trips, **{f"{name}b": calls for name, calls in more.items()}}
    richer = timetable_of(tmp_path_factory.mktemp("flux"), both)
    for wider in (
        served(richer, **narrow),
        served(timetable, **{**narrow, "max_minutes": 60}),
        served(timetable, **{**narrow, "max_walk_minutes": 15}),
        served(timetable, **narrow, stay_minutes=5),
        served(timetable, **narrow, change_minutes=0),
        served(timetable, **narrow, hours="Mo-Su 08:00-09:30"),
    ):
        assert (wider | ~base).all()
    less = travel.earliest_arrivals(timetable, "A", hours(475), footpath_m=footpath_m)
    more = travel.earliest_arrivals(richer, "A", hours(475), footpath_m=footpath_m)
    assert (more.fillna(np.inf) <= less.fillna(np.inf)).all()


# --- By hand ------------------------------------------------------------------------------------

LINE = {"Est": (46.0, 3.0), "Bourg": (46.0, 3.2)}
THERE = {
    "aller": [("Est", "08:00:00", "08:00:00"), ("Bourg", "08:40:00", "08:40:00")],
    "retour": [("Bourg", "12:10:00", "12:10:00"), ("Est", "12:50:00", "12:50:00")],
}


def valley(folder, trips=THERE, stops=LINE, dates="2022-06-13/2022-06-19", **files):
    """Make a hamlet 417 m north of a stop (5 minutes at 5 km/h), and a Maison at the other end."""
    points = gpd.GeoSeries(
        gpd.points_from_xy(*zip(*((x, y) for y, x in LINE.values()), strict=True)), crs=4326
    ).to_crs(2154)
    step = 5000 / 12
    x, y = points.x, points.y
    nodes = pd.DataFrame(
        {
            "node": range(4),
            "x": [x[0], x[0], x[1], x[1]],
            "y": [y[0], y[0] + step, y[1], y[1] + step],
        }
    )
    links = pd.DataFrame({"from": [0, 1, 2, 3], "to": [1, 0, 3, 2], "minutes": [5.0, 5, 5, 5]})
    roads = network.from_links(nodes, links, crs=2154)
    home = gpd.GeoDataFrame(
        {"demand_id": ["hameau"]}, geometry=[shapely.Point(x[0], y[0] + step)], crs=2154
    )
    site = gpd.GeoDataFrame(
        {"site_id": ["maison"]}, geometry=[shapely.Point(x[1], y[1] + step)], crs=2154
    )
    feed = write_feed(folder, trips, stops=stops, **files)
    return roads, network.read_timetable(feed, dates=dates), home, site


def test_a_journey_by_hand(tmp_path):
    roads, timetable, home, site = valley(tmp_path / "flux")
    table = travel.by_transit(roads, timetable, home, site, every_minutes=5)
    row = table.iloc[0]
    # Leaving from 7:00 to 7:55 one gets there at 8:45; after, no coach: 12 departures of 37.
    assert row["share"] == pytest.approx(12 / 37)
    assert row["best_minutes"] == pytest.approx(50, abs=1e-3)
    assert math.isnan(row["median_minutes"])
    assert row["best_depart"] == 475
    assert [str(leg) for leg in row["legs"]] == [
        "7\u00a0h\u00a055 hameau → 8\u00a0h\u00a000 Arrêt Est, pied",
        "8\u00a0h\u00a000 Arrêt Est → 8\u00a0h\u00a040 Arrêt Bourg, car (L1)",
        "8\u00a0h\u00a040 Arrêt Bourg → 8\u00a0h\u00a045 maison, pied",
    ]
    early = travel.by_transit(roads, timetable, home, site, depart=("07:00", "07:55"))
    assert early.iloc[0][["share", "median_minutes", "p90_minutes"]].tolist() == pytest.approx(
        [1, 75, 100], abs=1e-3
    )


def test_departures_are_counted_from_the_first_to_the_last(tmp_path):
    roads, timetable, home, site = valley(tmp_path / "flux")

    def share(*depart):
        return travel.by_transit(roads, timetable, home, site, depart=depart, every_minutes=1)

    # One walks five minutes to the coach of eight o'clock: six departures of eleven.
    assert share("07:50", "08:00").loc[0, "share"] == pytest.approx(6 / 11)
    assert share("07:55", "07:55").loc[0, "share"] == 1


def test_the_longest_journey_allowed_is_allowed(tmp_path):
    roads, timetable, home, site = valley(tmp_path / "flux")
    asked = {"depart": ("07:55", "07:55"), "every_minutes": 1}
    best = travel.by_transit(roads, timetable, home, site, **asked).loc[0, "best_minutes"]
    assert best == pytest.approx(50, abs=1e-3)
    for most, share in ((best, 1), (best - 0.1, 0)):
        table = travel.by_transit(roads, timetable, home, site, max_minutes=most, **asked)
        assert table.loc[0, "share"] == share


ACROSS = {
    "un": [("Est", "08:00:00", "08:00:00"), ("Pont", "08:10:00", "08:10:00")],
    "deux": [("Place", "08:20:00", "08:20:00"), ("Bourg", "08:40:00", "08:40:00")],
}
"""A coach to the bridge, and ten minutes later one that leaves 200 m away."""

ROUND_THE_BRIDGE = {"Pont": (46.0, 3.1), "Place": (46.0018, 3.1)}


@pytest.mark.parametrize("order", [("Pont", "Place"), ("Place", "Pont")])
def test_one_changes_on_foot_between_two_stops(tmp_path, order):
    stops = LINE | {name: ROUND_THE_BRIDGE[name] for name in order}
    roads, timetable, home, site = valley(tmp_path / "flux", ACROSS, stops)
    asked = {"depart": ("07:50", "07:55"), "footpath_m": 250}
    row = travel.by_transit(roads, timetable, home, site, **asked).iloc[0]
    assert [leg.mode for leg in row["legs"]] == ["pied", "car", "pied", "car", "pied"]
    across = row["legs"][2]
    assert (across.origin, across.destination) == ("Arrêt Pont", "Arrêt Place")
    assert row["best_minutes"] == pytest.approx(50, abs=1e-3)


@pytest.mark.parametrize(
    ("rule", "caught"),
    [
        ("Pont,Place,2,600", True),  # to the minute
        ("Pont,Place,2,660", False),  # though 200 m are three minutes
        ("Pont,Place,3,", False),
        ("Place,Pont,2,660", True),  # the other way round
        ("Place,Pont,3,", True),
    ],
)
def test_what_the_operator_says_of_a_change_holds_in_place_of_the_walk(tmp_path, rule, caught):
    told = f"from_stop_id,to_stop_id,transfer_type,min_transfer_time\n{rule}\n"
    roads, timetable, home, site = valley(
        tmp_path / "flux", ACROSS, LINE | ROUND_THE_BRIDGE, files={"transfers.txt": told}
    )
    asked = {"depart": ("07:55", "07:55"), "footpath_m": 250}
    row = travel.by_transit(roads, timetable, home, site, **asked).iloc[0]
    assert row["share"] == caught


def test_two_minutes_are_left_to_change_unless_told(tmp_path):
    trips = {
        "un": [("Est", "08:00:00", "08:00:00"), ("Pont", "08:10:00", "08:10:00")],
        "deux": [("Pont", "08:12:00", "08:12:00"), ("Bourg", "08:40:00", "08:40:00")],
    }
    feed = write_feed(tmp_path / "flux", trips, stops=LINE | {"Pont": (46.0, 3.1)})
    timetable = network.read_timetable(feed, dates=DAY)
    found = travel.earliest_arrivals(timetable, "Est", hours(475))
    assert np.isfinite(found["Bourg"])
    late = travel.earliest_arrivals(timetable, "Est", hours(475), change_minutes=2.5)
    assert not np.isfinite(late["Bourg"])


def test_a_stop_no_vehicle_serves_is_nowhere(tmp_path):
    feed = write_feed(tmp_path / "flux", THERE, stops={**LINE, "oublié": next(iter(LINE.values()))})
    timetable = network.read_timetable(feed, dates="2022-06-13/2022-06-19")
    points = access.stop_points(timetable, 2154).set_index("stop_id").geometry
    assert points["oublié"] is None
    assert points[list(LINE)].notna().all()


def test_a_week_by_hand(tmp_path):
    roads, timetable, home, site = valley(tmp_path / "flux")
    week = "Mo-Tu 09:00-12:00; We 12:10-16:00; Th 08:00-09:00; Sa 10:00-10:30"
    table = travel.there_and_back(roads, timetable, home, site, hours={"maison": week})
    assert table["day"].tolist() == [f"2022-06-{day}" for day in range(13, 20)]
    # Thursday it closes 15 minutes after the coach; Saturday it opens for half an hour only.
    assert table["reason"].tolist() == [
        "",
        "",
        "pas de retour",
        "pas de car",
        "fermé",
        "fermé",
        "fermé",
    ]
    first = table.iloc[0]
    moments = first[["leave", "arrive", "stay_minutes", "return", "away_minutes"]]
    assert moments.tolist() == pytest.approx([475, 525, 200, 775, 300], abs=1e-3)
    assert table.loc[table["reason"] != "", "leave":"away_minutes"].isna().all(axis=None)


def test_one_more_run_of_a_line_brings_home(tmp_path):
    # The coach comes back at 9:30 alone: too soon. Received from 9:00 to 10:00, one must walk five
    # minutes to the stop: one more run at 10:05 would do.
    early = [("Bourg", "09:30:00", "09:30:00"), ("Est", "10:10:00", "10:10:00")]
    roads, timetable, home, site = valley(tmp_path / "flux", {**THERE, "retour": early})
    asked = {"hours": "Mo 09:00-12:00"}
    alone = travel.there_and_back(roads, timetable, home, site, **asked)
    assert alone["reason"][0] == "pas de retour"
    assert alone.loc[0, ["leave", "away_minutes"]].isna().all()
    found = travel.missing_returns(roads, timetable, home, site, **asked)
    (row,) = found.to_dict("records")
    assert (row["origin"], row["destination"]) == ("Arrêt Bourg", "Arrêt Est")
    assert row["depart"] == pytest.approx(605, abs=1e-3)
    assert row["demand_ids"] == ["hameau"]
    # As told: with that run, one is home.
    more = {
        **THERE,
        "retour": early,
        "plus": [("Bourg", "10:06:00", "10:06:00"), ("Est", "10:46:00", "10:46:00")],
    }
    roads, richer, home, site = valley(tmp_path / "riche", more)
    assert travel.there_and_back(roads, richer, home, site, **asked)["reason"][0] == ""
    assert travel.missing_returns(roads, richer, home, site, **asked).empty


def test_hours_may_be_unknown_or_shared(tmp_path):
    roads, timetable, home, site = valley(tmp_path / "flux")
    unknown = travel.there_and_back(roads, timetable, home, site, hours={})
    assert set(unknown["reason"]) == {"horaires inconnus"}
    shared = travel.there_and_back(roads, timetable, home, site, hours="Mo-Su 09:00-12:00")
    assert set(shared["reason"]) == {""}
    series = pd.Series({"maison": "Mo-Su 09:00-12:00"})
    pd.testing.assert_frame_equal(
        travel.there_and_back(roads, timetable, home, site, hours=series), shared
    )


def test_places_without_a_stop_keep_their_row(tmp_path):
    roads, timetable, home, site = valley(tmp_path / "flux")
    far = home.assign(geometry=home.translate(50_000))
    table = travel.by_transit(roads, timetable, far, site)
    assert table[["demand_id", "site_id", "share"]].to_numpy().tolist() == [["hameau", "maison", 0]]
    assert table["legs"].tolist() == [()]
    back = travel.there_and_back(roads, timetable, far, site, hours="Mo-Su 09:00-12:00")
    assert set(back["reason"]) == {"pas de car"}
    for nobody in (home.iloc[:0], home):
        for nowhere in (site.iloc[:0], site):
            expected = len(nobody) * len(nowhere)
            assert len(travel.by_transit(roads, timetable, nobody, nowhere)) == expected


def test_options_without_a_meaning_are_refused(tmp_path):
    roads, timetable, home, site = valley(tmp_path / "flux")
    wrong = [
        {"depart": ("10:00", "07:00")},
        {"depart": ("7h", "10h")},
        {"depart": "07:00"},
        {"every_minutes": 0},
        {"max_minutes": -1},
        {"max_walk_minutes": -1},
        {"access": "cheval"},
        {"change_minutes": -2},
        {"footpath_m": math.nan},
    ]
    for options in wrong:
        with pytest.raises(DataError):
            travel.by_transit(roads, timetable, home, site, **options)
    for hours_given in (None, "le matin", {"maison": 9}):
        with pytest.raises(DataError, match="horaires"):
            travel.there_and_back(roads, timetable, home, site, hours=hours_given)
    with pytest.raises(DataError, match="stay_minutes"):
        travel.there_and_back(roads, timetable, home, site, hours="off", stay_minutes=0)
    driven = dataclasses.replace(roads, profile="voiture")
    with pytest.raises(NetworkError, match="voiture"):
        travel.by_transit(driven, timetable, home, site)
    with pytest.raises(NetworkError, match="projeter"):
        travel.by_transit(roads, timetable, home.to_crs(4326), site)


@pytest.mark.parametrize("dates", [DAY, "2022-06-13/2022-06-19"])
def test_half_and_nine_tenths_of_the_departures_by_hand(tmp_path, dates):
    roads, timetable, home, site = valley(tmp_path / "flux", dates=dates)
    asked = {"depart": ("07:46", "07:55"), "every_minutes": 1}
    row = travel.by_transit(roads, timetable, home, site, **asked).iloc[0]
    # Ten departures, 50 to 59 minutes before one is there: five are no longer than 54.
    told = row[["best_minutes", "median_minutes", "p90_minutes", "share"]].tolist()
    assert told == pytest.approx([50, 54, 58, 1], abs=1e-3)


def test_two_changes_on_foot_each_begin_where_and_when_the_ride_before_ends(tmp_path):
    trips = {
        "un": [("Est", "08:00:00", "08:00:00"), ("Pont", "08:10:00", "08:10:00")],
        "deux": [("Place", "08:20:00", "08:20:00"), ("Gare", "08:30:00", "08:30:00")],
        "trois": [("Quai", "08:40:00", "08:40:00"), ("Bourg", "08:50:00", "08:50:00")],
    }
    stops = LINE | {
        "Pont": (46.0, 3.1),
        "Place": (46.0018, 3.1),
        "Gare": (46.0, 3.15),
        "Quai": (46.0018, 3.15),
    }
    roads, timetable, home, site = valley(tmp_path / "flux", trips, stops)
    asked = {"depart": ("07:55", "07:55"), "footpath_m": 250}
    legs = travel.by_transit(roads, timetable, home, site, **asked).loc[0, "legs"]
    assert [(leg.origin, leg.destination) for leg in legs] == [
        ("hameau", "Arrêt Est"),
        ("Arrêt Est", "Arrêt Pont"),
        ("Arrêt Pont", "Arrêt Place"),
        ("Arrêt Place", "Arrêt Gare"),
        ("Arrêt Gare", "Arrêt Quai"),
        ("Arrêt Quai", "Arrêt Bourg"),
        ("Arrêt Bourg", "maison"),
    ]
    assert [leg.depart for leg in legs] == pytest.approx(
        [475, 480, 490, 500, 510, 520, 530], abs=1e-3
    )
    # 200 m at 4.5 km/h.
    for before, after in itertools.pairwise(legs):
        assert before.arrive <= after.depart + 1e-6
    assert legs[2].arrive - legs[2].depart == pytest.approx(200.15 / 75, abs=0.01)


def test_nobody_is_brought_home_after_midnight(tmp_path):
    # Received from 22:30 to 23:30, one could leave at 23:35: home at 0:20, the day after.
    early = [("Bourg", "09:30:00", "09:30:00"), ("Est", "10:10:00", "10:10:00")]
    roads, timetable, home, site = valley(tmp_path / "flux", {**THERE, "retour": early})
    late, soon = (
        travel.missing_returns(roads, timetable, home, site, hours=f"Mo {begin}-{end}")
        for begin, end in (("22:30", "23:30"), ("22:00", "23:00"))
    )
    assert late.empty
    assert soon["depart"].tolist() == pytest.approx([23 * 60 + 5], abs=1e-3)


def test_a_minute_is_long_enough_a_stay(tmp_path):
    roads, timetable, home, site = valley(tmp_path / "flux")
    for minutes in (1, 0.5):
        table = travel.there_and_back(
            roads, timetable, home, site, hours="Mo 08:45-12:00", stay_minutes=minutes
        )
        assert table["reason"][0] == ""
