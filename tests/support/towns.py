"""Places anywhere, and random towns."""

from __future__ import annotations

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
