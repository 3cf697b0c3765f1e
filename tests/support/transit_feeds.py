"""Made feeds, and an oracle that knows nothing of connections: a time-expanded graph in SciPy."""

from __future__ import annotations

import bisect
import csv
import math

import numpy as np
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order

HEADERS = {
    "agency.txt": "agency_id,agency_name,agency_url,agency_timezone",
    "stops.txt": "stop_id,stop_name,stop_lat,stop_lon",
    "routes.txt": "route_id,agency_id,route_short_name,route_long_name,route_type",
    "trips.txt": "route_id,service_id,trip_id",
    "stop_times.txt": (
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type,drop_off_type"
    ),
    "calendar.txt": (
        "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date"
    ),
}


def clock(seconds):
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def write_feed(folder, trips, *, stops, files=None, replaced=None):
    """Write a feed whose trips run every day of 2022.

    ``trips``: by name, calls (stop, arrival, departure[, pickup, drop off]), seconds or clocks;
    ``stops``: by name, latitude and longitude; ``files``: more files, as text.
    """
    folder.mkdir(parents=True, exist_ok=True)
    times = [
        [trip, *(_clock(value) for value in call[1:3]), call[0], rank, *(call[3:] or (0, 0))]
        for trip, calls in trips.items()
        for rank, call in enumerate(calls)
    ]
    rows = {
        "agency.txt": [["a", "Réseau", "https://example.org", "Europe/Paris"]],
        "stops.txt": [[name, f"Arrêt {name}", *place] for name, place in stops.items()],
        "routes.txt": [["r", "a", "L1", "Ligne", 3]],
        "trips.txt": [["r", "s", trip] for trip in trips],
        "stop_times.txt": times,
        "calendar.txt": [["s", *[1] * 7, "20220101", "20221231"]],
    }
    for file, lines in rows.items():
        with (folder / file).open("w", encoding="utf-8", newline="") as stream:
            stream.write(HEADERS[file] + "\n")
            csv.writer(stream, lineterminator="\n").writerows(lines)
    for file, text in {**(files or {}), **(replaced or {})}.items():
        if text is None:
            (folder / file).unlink()
        else:
            (folder / file).write_text(text, encoding="utf-8")
    return folder


def _clock(value):
    return clock(value) if isinstance(value, int) else value


PLACES = {
    name: (45.0 + 0.002 * (rank % 3), 3.0 + 0.002 * (rank // 3))
    for rank, name in enumerate("ABCDEFG")
}
"""Seven stops, some within 250 m of one another."""


@st.composite
def random_trips(draw):
    """Draw trips of a few stops at few moments, so that changes, ties and idle times are many."""
    trips = {}
    for rank in range(draw(st.integers(1, 12))):
        moment = 8 * 3600 + 60 * draw(st.integers(0, 30))
        calls = []
        for _ in range(draw(st.integers(2, 5))):
            arrival = moment + 60 * draw(st.integers(0, 6))
            moment = arrival + 60 * draw(st.sampled_from([0, 0, 0, 1]))
            stop = draw(st.sampled_from(sorted(PLACES)))
            kinds = (draw(st.sampled_from([0, 0, 0, 1, 2])), draw(st.sampled_from([0, 0, 0, 1, 3])))
            calls.append((stop, arrival, moment, *kinds))
        trips[f"T{rank}"] = calls
    return trips


def crow_m(one, other):
    """Great circle, haversine."""
    (a, b), (c, d) = (map(math.radians, place) for place in (one, other))
    half = math.sin((c - a) / 2) ** 2 + math.cos(a) * math.cos(c) * math.sin((d - b) / 2) ** 2
    return 2 * 6_371_008.8 * math.asin(math.sqrt(half))


def walks(places, footpath_m):
    """Return seconds on foot between stops, by stop then stop."""
    found = {name: {name: 0.0} for name in places}
    for one, here in places.items() if footpath_m else ():
        for other, there in places.items():
            if one != other and crow_m(here, there) <= footpath_m:
                found[one][other] = crow_m(here, there) / 1.25
    return found


class TimeExpanded:
    """Nodes: one per vehicle between two calls, and one per departure a traveller may wait for."""

    def __init__(self, trips, walking, *, change_s):
        self.walking = walking
        legs = [
            (trip, calls[i], calls[i + 1], i)
            for trip, calls in trips.items()
            for i in range(len(calls) - 1)
        ]
        self.legs = legs
        self.waits = {}
        for row, (_, here, _, _) in enumerate(legs):
            if here[3] != 1:
                self.waits.setdefault(here[0], []).append((here[2], row))
        n = len(legs)
        self.node, edges = {}, []
        for stop, events in self.waits.items():
            events.sort()
            for rank, (_, row) in enumerate(events):
                self.node[stop, rank] = n
                edges.append((n, row))
                if rank:
                    edges.append((n - 1, n))
                n += 1
        for row, (trip, _, there, i) in enumerate(legs):
            if row + 1 < len(legs) and legs[row + 1][0] == trip and legs[row + 1][3] == i + 1:
                edges.append((row, row + 1))
            if there[4] != 1:
                for stop, walk in walking[there[0]].items():
                    edges += self._joins(row, stop, there[1] + walk + change_s)
        self.n, self.edges = n, np.array(edges, dtype=int).reshape(-1, 2)

    def _joins(self, node, stop, moment):
        events = self.waits.get(stop, [])
        rank = bisect.bisect_left(events, (moment - 1e-6, -1))
        return [(node, self.node[stop, rank])] if rank < len(events) else []

    def arrivals(self, source, depart):
        first = self.n
        edges = []
        reached = {}
        for stop, walk in self.walking[source].items():
            reached[stop] = depart + walk
            edges += self._joins(first, stop, depart + walk)
        mine = np.array(edges, dtype=int).reshape(-1, 2)
        tail, head = np.concatenate([self.edges, mine]).T
        graph = csr_array((np.ones(len(tail)), (tail, head)), shape=(first + 1, first + 1))
        for node in breadth_first_order(graph, first, return_predecessors=False):
            if node < len(self.legs):
                there = self.legs[node][2]
                if there[4] != 1:
                    for stop, walk in self.walking[there[0]].items():
                        reached[stop] = min(reached.get(stop, math.inf), there[1] + walk)
        return reached
