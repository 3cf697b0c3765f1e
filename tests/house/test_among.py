"""Texts among others, and many outlines in one: quicker, never otherwise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely

from msap_geo import outlines
from msap_geo.among import among


@pytest.mark.parametrize("kind", ["str", object])
@pytest.mark.parametrize("known", [[], ["b"], ["b", "c", "b"], ["z", None]])
def test_among_is_isin(kind, known):
    values = pd.Series(["a", "b", None, "c", "b"], index=[5, 4, 3, 2, 1], dtype=kind)
    expected = values.isin(known)
    for given in (known, set(known), pd.Series(known, dtype=kind), pd.Index(known, dtype=object)):
        pd.testing.assert_series_equal(among(values, given), expected, check_dtype=False)


def _squares(n):
    x, y = np.mgrid[0:n, 0:n].reshape(2, -1).astype(float)
    return shapely.box(x, y, x + 1, y + 1)


def test_outlines_joined_apart_cover_what_an_overlay_covers(monkeypatch):
    monkeypatch.setattr(outlines, "MANY", 1)
    squares = _squares(6)
    squares = np.delete(squares, [14])  # a hole
    squares[3] = shapely.box(0, 3, 1.2, 4.1)  # laps over its neighbours
    squares = np.append(squares, shapely.box(5.5, 5.5, 7, 7))  # and a corner laid on another
    found, overlaid = outlines.joined(squares), shapely.union_all(squares)
    assert found.is_valid
    assert found.equals(overlaid)


def test_what_cannot_be_joined_apart_is_overlaid(monkeypatch):
    monkeypatch.setattr(outlines, "MANY", 1)

    def refused(_):
        raise shapely.GEOSException

    monkeypatch.setattr(shapely, "coverage_union_all", refused)
    assert outlines.joined(_squares(3)).equals(shapely.box(0, 0, 3, 3))
