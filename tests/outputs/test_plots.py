"""What a Matplotlib map must carry."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from support.toy import toy_communes

from msap_geo import outputs
from msap_geo.outputs.paper.plots import scale_m

SAID = outputs.Provenance(
    title="Étude",
    territory="Mayenne (53)",
    date="",
    moment=dt.datetime(2024, 8, 1, tzinfo=dt.UTC),
    software="msap_geo",
    method="",
    attributions=("© les contributeurs OpenStreetMap", "msap_geo"),
)


def signed(provenance):
    figure = Figure()
    axes = figure.subplots()
    toy_communes().plot(ax=axes)
    frame = axes.axis()
    outputs.sign_map(axes, "Ma carte", provenance)
    figure.canvas.draw()
    return axes, frame


def test_a_signed_map_says_its_title_scale_and_sources():
    axes, frame = signed(SAID)
    texts = [text.get_text() for text in axes.texts]
    assert axes.get_title() == "Ma carte"
    # Toy town is 60 km wide, 66 km with its margins: the bar is 10 km, not 20.
    assert texts[0] == "10 km"
    assert texts[1] == "© les contributeurs OpenStreetMap\nmsap_geo"
    [bar] = axes.lines
    assert np.ptp(bar.get_xdata()) == pytest.approx(10_000)
    assert not axes.axison
    assert axes.axis() == frame  # the bar does not widen the map


def test_a_signed_map_hides_neither_invention_nor_estimate():
    provenance = dataclasses.replace(SAID, demonstration=True, estimated=True)
    text = signed(provenance)[0].texts[1].get_text()
    assert text.startswith("DÉMONSTRATION")
    assert "TEMPS ESTIMÉS" in text


@given(st.floats(min_value=1.0, max_value=1e7))
def test_a_scale_is_round_and_fits(width):
    length = scale_m(width)
    # 1, 2 or 5 times a power of ten: its first digit says so.
    assert f"{length:e}"[0] in "125"
    assert 0.1 * width <= length * (1 + 1e-9)
    assert length <= width / 4 * (1 + 1e-9)
