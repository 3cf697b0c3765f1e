"""Maps and charts on paper."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import geopandas as gpd
import matplotlib as mpl
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.text import Text
from support.toy import CENTRES, CODES, toy_communes

from msap_geo.outputs.paper.chart import Curve, access_chart, bar_chart
from msap_geo.outputs.paper.drawing import style
from msap_geo.outputs.paper.labels import Box, Label, place_labels
from msap_geo.outputs.paper.legend import round_length
from msap_geo.outputs.paper.map import locator_map, lower_maps, print_map
from msap_geo.outputs.paper.sheet import Entry, Places, Sheet


def overlap(one, other):
    return (
        one.left < other.right
        and other.left < one.right
        and one.bottom < other.top
        and other.bottom < one.top
    )


spots = st.floats(0, 100, allow_nan=False)


@given(
    st.lists(st.tuples(spots, spots, st.booleans()), max_size=12),
    st.lists(st.tuples(spots, spots), max_size=4),
)
def test_labels_never_cover_one_another(labels, taken):
    frame = Box(0, 0, 100, 100)
    obstacles = [Box.around(x, y, 6, 6) for x, y in taken]
    asked = [Label(x, y, 8 if name else 4, 3, name) for x, y, name in labels]
    placed = place_labels(asked, frame=frame, taken=obstacles)
    boxes = [
        Box.around(*centre, label.width, label.height)
        for label, centre in zip(asked, placed, strict=True)
        if centre is not None
    ]
    for rank, box in enumerate(boxes):
        assert not any(overlap(box, other) for other in [*boxes[:rank], *obstacles])
        assert 0 <= box.left <= box.right <= 100
        assert 0 <= box.bottom <= box.top <= 100
    for label, centre in zip(asked, placed, strict=True):
        assert centre is not None or label.optional


def test_label_stays_at_home_where_it_is_free():
    frame = Box(0, 0, 10, 10)
    assert place_labels([Label(5, 5, 2, 1)], frame=frame) == [(5, 5)]
    moved = place_labels([Label(5, 5, 2, 1)] * 2, frame=frame)[1]
    assert moved is not None
    assert np.hypot(moved[0] - 5, moved[1] - 5) < 3
    full = Box(-1, -1, 11, 11)
    assert place_labels([Label(5, 5, 2, 1)], frame=frame, taken=[full]) == [(5, 5)]
    assert place_labels([Label(5, 5, 2, 1, True)], frame=frame, taken=[full]) == [None]


@pytest.mark.parametrize(
    ("longest", "expected"), [(23_000, 20_000), (9_999, 5_000), (10_000, 10_000), (450, 200)]
)
def test_scale_bar_is_round(longest, expected):
    assert round_length(longest) == expected


def a_sheet(**changes):
    places = gpd.GeoSeries([shapely.Point(*CENTRES[0]), None], crs=2154)
    content = {
        "areas": toy_communes(),
        "colours": ("#ffffcc", "#ffffcc", "#41b6c4", "#41b6c4", "#253494", "#253494"),
        "legend_title": "Trajet",
        "legend": (Entry("#ffffcc", "20 min ou moins", "300 hab."),),
        "zones": (("1", (4, 5)), ("2", (2,))),
        "zones_label": "Zone blanche",
        "places": (Places(places, "retenu", "Bureau $x$ proposé", ("1", "2")),),
        "borders": ("53",) * 6,
        "names": (("Nom $a$ & <b>", *CENTRES[3]),),
        "credits": ("Sources : quelqu’un & <d’autres>",),
    }
    return Sheet(**{**content, **changes})


def texts(drawing):
    """Return what is written, asked of the figure: words with a halo are outlines in files."""
    written = [
        text.get_text() for text in getattr(drawing, "_drawn", drawing)._figure.findobj(Text)
    ]
    for svg in (drawing.svg(outlines=False), drawing.svg(outlines=True)):
        ET.fromstring(svg)  # noqa: S314 - our own file, well formed
    return [text for text in written if text]


def test_the_legend_under_a_small_map_is_cut_nowhere():
    long = "Maison itinérante ou saisonnière (non comptée)"
    places = (Places(gpd.GeoSeries([shapely.Point(*CENTRES[0])], crs=2154), "retenu", long),)
    drawing = locator_map(a_sheet(zones=(), places=places), width_mm=80, height_mm=60)
    (written,) = [text for text in drawing._figure.findobj(Text) if text.get_text() == long]
    drawing._figure.set_dpi(1000)  # letters as wide as printed: a screen rounds each
    with style():
        assert written.get_window_extent().x1 <= drawing._figure.bbox.x1


def test_map_says_all_it_must():
    found = texts(print_map(a_sheet()))
    for expected in (
        "Trajet", "20 min ou moins", "300 hab.", "Zone blanche", "Bureau $x$ proposé", "N", "10 km",
        "Nom $a$ & <b>", "1", "2", "Sources : quelqu’un & <d’autres>",
    ):  # fmt: skip
        assert expected in found
    # The second office has no place: neither its sign nor its rank is drawn, only the zone's.
    assert found.count("2") == 1
    # Not a formula: what is between two dollars would be set in another font.
    assert b"$x$" in print_map(a_sheet()).svg(outlines=False)


def test_estimated_map_says_so_all_over():
    drawn = print_map(a_sheet(watermarks=("TEMPS ESTIMÉS",)))
    assert "TEMPS ESTIMÉS" in texts(drawn)
    assert "TEMPS ESTIMÉS" not in texts(print_map(a_sheet()))


@pytest.mark.parametrize("draw", [print_map, locator_map])
def test_same_map_same_bytes_whatever_the_settings_of_the_user(draw):
    first, pixels = draw(a_sheet()).svg(outlines=True), draw(a_sheet()).png(dpi=80)
    with mpl.rc_context({"font.size": 31, "lines.linewidth": 9, "savefig.bbox": "tight"}):
        drawn = draw(a_sheet())
        assert drawn.svg(outlines=True) == first
        assert drawn.png(dpi=80) == pixels
        assert mpl.rcParams["font.size"] == 31
    assert not re.search(rb"<dc:date>", first)


def test_picture_has_its_size_and_its_resolution():
    drawn = print_map(a_sheet(), width_mm=150, height_mm=80)
    assert drawn.width_mm == pytest.approx(150)
    assert drawn.height_mm <= 80
    content = drawn.png(dpi=200)
    width = int.from_bytes(content[16:20])
    assert width == pytest.approx(150 / 25.4 * 200, abs=1)


def a_tall_sheet(**changes):
    areas = toy_communes()
    areas["geometry"] = areas.geometry.affine_transform([1, 0, 0, 40, 0, 0])
    return a_sheet(areas=areas, **changes)


def test_lower_maps_keep_their_legend_and_their_letters():
    full = print_map(a_tall_sheet(), height_mm=110)
    lower = lower_maps(a_tall_sheet(), full)
    assert [each.height_mm for each in lower] == pytest.approx([102, 86])
    for each in lower:
        assert {"Trajet", "20 min ou moins", "Zone blanche"} <= set(texts(each))
        assert sizes(each) == sizes(full)
        assert (each.width_mm, each.height_mm) == (each._drawn.width_mm, each._drawn.height_mm)


def test_a_map_is_never_lower_than_its_legend():
    classes = tuple(Entry("#ffffff", f"classe {rank}", "1 hab.") for rank in range(18))
    sheet = a_tall_sheet(legend=classes)
    lower = lower_maps(sheet, print_map(sheet))
    assert [each.height_mm for each in lower] == pytest.approx([120, 102])


def sizes(drawing):
    drawn = getattr(drawing, "_drawn", drawing)
    return {text.get_fontsize() for text in drawn._figure.findobj(Text) if text.get_text()}


def test_map_of_a_commune_without_outline_or_of_none():
    areas = toy_communes()
    areas.loc[4, "geometry"] = None
    found = texts(print_map(a_sheet(areas=areas)))
    assert "1" in found
    areas["geometry"] = gpd.GeoSeries([None] * len(CODES), crs=2154)
    assert "N" in texts(print_map(a_sheet(areas=areas, places=(), names=())))


def test_focus_leaves_the_rest_out():
    x, y = CENTRES[0]
    near = (x - 6000, y - 6000, x + 6000, y + 6000)
    found = texts(locator_map(a_sheet(focus=near)))
    assert "Nom $a$ & <b>" not in found
    assert "5 km" in found or "2 km" in found


def test_charts_say_their_figures():
    curve = Curve("aujourd’hui", np.array([0.0, 10.0, 50.0]), np.array([0.2, 0.5, 1.0]))
    later = Curve("avec le plan", np.array([0.0, 10.0]), np.array([0.5, 1.0]), later=True)
    drawn = access_chart((curve, later), (20.0, 30.0))
    assert {"aujourd’hui", "avec le plan"} <= set(texts(drawn))
    assert "80\u202f%".encode() in drawn.svg(outlines=False)
    empty = Curve("x", np.zeros(1), np.zeros(1))
    assert access_chart((empty,), (20.0,)).png(dpi=50)
    bars = texts(bar_chart(["1", "2"], [95_837.0, 0.0], xlabel="sites"))
    assert "95\u202f837" in bars
    assert bar_chart([], [], xlabel="rien").png(dpi=50)
