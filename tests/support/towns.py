"""Places anywhere, and random towns."""

from __future__ import annotations

import dataclasses

import geopandas as gpd
import numpy as np
import pandas as pd
from hypothesis import strategies as st

from msap_geo import network


def places(points, *, crs=2154):
    ids = [f"D{i}" for i in range(len(points))]
    return gpd.GeoDataFrame({"demand_id": ids}, geometry=points, crs=crs)


@st.composite
def towns(draw):
    """Random strongly connected networks: a one-way ring, and chords."""
    n = draw(st.integers(3, 12))
    minute = st.integers(0, 20).map(float)
    ring = [(i, (i + 1) % n, draw(minute)) for i in range(n)]
    chords = draw(
        st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1), minute), max_size=20)
    )
    # On a circle no junction lies on a road that does not stop there, so each snaps to itself.
    turn = 2 * np.pi * np.arange(n) / n
    nodes = pd.DataFrame({"node": range(n), "x": 9000 * np.cos(turn), "y": 9000 * np.sin(turn)})
    links = pd.DataFrame(ring + chords, columns=["from", "to", "minutes"])
    chosen = draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=5, unique=True))
    return network.from_links(nodes, links, crs=2154), nodes, links, chosen


def fork(*, banned, east_first):
    """Make a junction at (0, 0) of four roads at 60 km/h, with one turn forbidden.

    0 to the west (5 km), 1 to the north (3 km), 2 to the east (20 km) and 3 on from its end (5 km);
    ``banned``: the road left and the road taken; ``east_first``: road 2 is drawn from its far end.
    """
    ends = np.array([[0, 1], [0, 2], [3, 0] if east_first else [0, 3], [3, 4]], dtype=np.int32)
    x, y = np.array([0.0, -5000, 0, 20_000, 25_000]), np.array([0.0, 0, 3000, 0, 0])
    length_m = np.hypot(*(value[ends[:, 0]] - value[ends[:, 1]] for value in (x, y)))
    roads = network.arrays.Edges(
        tail=ends[:, 0],
        head=ends[:, 1],
        forward=length_m / 1000,
        backward=length_m / 1000,
        length_m=length_m,
        shape_start=np.arange(0, 9, 2),
        shape_x=x[ends.ravel()],
        shape_y=y[ends.ravel()],
    )
    profile = dataclasses.replace(network.load_profile("voiture"), junctions=network.Junctions())
    return network.model.build_network(
        x, y, roads, profile, epsg=2154, banned=np.array([[*banned, 0]])
    )
