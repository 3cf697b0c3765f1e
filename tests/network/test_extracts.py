"""Extracts joined, and objects given twice: one answer, whatever their order."""

from __future__ import annotations

from itertools import permutations

import osmium
import pytest
from support.road_files import CAR, HEAD, minutes, node, read, way

from msap_geo import network
from msap_geo.errors import UnreadableFileError
from msap_geo.network.osm.files import read_roads

# A street of 2 km in two ways, a detour of 13 km, and a lane at its middle.
NODES = {1: (0, 0), 2: (1000, 0), 3: (2000, 0), 9: (1500, 0), 4: (1000, 6000), 5: (2000, 6000)}
WAYS = {1: [1, 2], 2: [2, 4, 5, 3], 10: [2, 9, 3]}
SHORT, LONG = 4.8, 33.6
OPEN = {"highway": "residential"}


def nodes(but=(), among=NODES):
    return "".join(node(number, *NODES[number]) for number in among if number not in but)


def ways(but=()):
    return "".join(way(number, refs) for number, refs in WAYS.items() if number not in but)


def joined(tmp_path, *texts, form="osm", turned=False):
    files = []
    for number, text in enumerate(texts):
        path = tmp_path / f"{number}.osm"
        path.write_text(HEAD + text + "</osm>\n")
        files.append(tmp_path / f"{number}.{form}")
        if form != "osm":
            with osmium.SimpleWriter(str(files[-1]), overwrite=True) as writer:
                for item in osmium.FileProcessor(str(path)):
                    writer.add(item)
    return network.read_osm(files[::-1] if turned else files, CAR, epsg=2154)


def told(net):
    return {anomaly.code for anomaly in net.report.anomalies}


FORMS = pytest.mark.parametrize(
    ("form", "turned"), [("osm", False), ("osm", True), ("osm.pbf", False), ("osm.pbf", True)]
)


@FORMS
class TestExtracts:
    @pytest.mark.parametrize(
        "other",
        [
            way(10, WAYS[10], access="no", **OPEN),
            way(10, WAYS[10], highway="proposed"),
            way(10, WAYS[10], highway="pedestrian"),
        ],
    )
    def test_a_way_one_closes_is_closed(self, tmp_path, form, turned, other):
        net = joined(
            tmp_path, nodes() + ways(), nodes() + ways([10]) + other, form=form, turned=turned
        )
        assert minutes(net, (0, 0), (2000, 0)) == pytest.approx(LONG, abs=0.05)
        assert told(net) == {"routes-extraits-differents"}

    def test_a_node_moved_is_told(self, tmp_path, form, turned):
        away = nodes([9]) + node(9, 1500, 3000)
        net = joined(tmp_path, nodes() + ways(), away + ways(), form=form, turned=turned)
        assert told(net) == {"routes-points-deplaces"}
        found = minutes(net, (0, 0), (2000, 0))
        again = joined(tmp_path, away + ways(), nodes() + ways(), form=form, turned=turned)
        assert found == minutes(again, (0, 0), (2000, 0))

    def test_a_way_that_goes_elsewhere_is_told(self, tmp_path, form, turned):
        other = nodes() + node(8, 1500, 3000) + ways([10]) + way(10, [2, 8, 3])
        net = joined(tmp_path, nodes() + ways(), other, form=form, turned=turned)
        assert told(net) == {"routes-extraits-differents"}
        assert minutes(net, (0, 0), (2000, 0)) == pytest.approx(SHORT, abs=0.05)

    def test_each_way_of_travel_is_as_slow_as_the_slower(self, tmp_path, form, turned):
        one = nodes() + ways([10]) + way(10, WAYS[10], oneway="yes", maxspeed="100", **OPEN)
        other = nodes() + ways([10]) + way(10, WAYS[10], maxspeed="20", **OPEN)
        net = joined(tmp_path, one, other, form=form, turned=turned)
        assert minutes(net, (0, 0), (2000, 0)) == pytest.approx(2.4 + 60 / 16, abs=0.05)
        assert minutes(net, (2000, 0), (0, 0)) == pytest.approx(LONG, abs=0.05)

    @pytest.mark.parametrize(
        "piece", [[2, 9], [9, 3], [4, 5], [2, 4, 5], [2, 4, 5, 3], [5, 3]], ids=str
    )
    def test_a_piece_of_a_way_changes_no_minute(self, tmp_path, form, turned, piece):
        # The turn from the street into the lane is forbidden: the piece must not allow it.
        ban = (
            '<relation id="1"><tag k="type" v="restriction"/>'
            '<tag k="restriction" v="no_straight_on"/>'
            '<member type="way" ref="1" role="from"/><member type="node" ref="2" role="via"/>'
            '<member type="way" ref="10" role="to"/></relation>'
        )
        whole = nodes() + node(7, 1000, -1000) + ways() + way(20, [2, 7]) + way(21, [7, 3]) + ban
        number = 10 if 9 in piece else 2
        cut = nodes(among=piece) + way(number, piece)
        alone = joined(tmp_path, whole, form=form)
        both = joined(tmp_path, whole, cut, form=form, turned=turned)
        for start, end in permutations([(0, 0), (2000, 0), (1000, 3000), (1000, -900)], 2):
            assert minutes(both, start, end) == pytest.approx(minutes(alone, start, end), abs=1e-4)
        assert minutes(alone, (0, 0), (2000, 0)) > SHORT + 2
        assert told(both) == set()


COPIES = [
    (way(10, WAYS[10]), "", SHORT),
    (way(10, WAYS[10], maxspeed="20", highway="residential"), "later", 2.4 + 60 / 16),
    (way(10, WAYS[10], highway="path"), "differ", LONG),
    (way(10, [], **OPEN), "", SHORT),
    (way(10, WAYS[10], name=""), "", SHORT),
]


@pytest.mark.parametrize("form", ["osm", "osm.pbf"])
@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize(("copy", "what", "right"), COPIES)
def test_a_way_given_twice_in_a_file(tmp_path, form, first, copy, what, right):
    text = nodes() + (copy + ways() if first else ways() + copy)
    net = joined(tmp_path, text, form=form)
    assert minutes(net, (0, 0), (2000, 0)) == pytest.approx(right, abs=0.05)
    assert told(net) == ({"routes-extraits-differents"} if what == "differ" else set())


@pytest.mark.parametrize("form", ["osm", "osm.pbf"])
def test_a_node_given_at_two_places_is_told(tmp_path, form):
    again = node(9, 1500, 3000)
    found = [
        joined(tmp_path, text + ways(), form=form)
        for text in (nodes() + again, again + nodes(), nodes() + node(9, *NODES[9]))
    ]
    assert [told(net) for net in found] == [{"routes-points-deplaces"}] * 2 + [set()]
    assert minutes(found[0], (0, 0), (2000, 0)) == minutes(found[1], (0, 0), (2000, 0))


def test_a_node_written_twice_running_is_no_junction(tmp_path):
    twice = ways([10]) + way(10, [2, 2, 9, 9, 9, 3]) + way(30, [5, 5])
    plain = read(tmp_path / "a.osm", nodes(), ways())
    net = read(tmp_path / "b.osm", nodes(), twice)
    for start, end in permutations([(0, 0), (2000, 0), (1000, 3000)], 2):
        assert minutes(net, start, end) == pytest.approx(minutes(plain, start, end), abs=1e-4)


def test_nodes_of_ways_without_a_number_are_refused(tmp_path):
    # Overpass, « out tags geom »: places, and no numbers to join them by.
    bare = '<way id="1"><nd lat="46.5" lon="3.0"/><nd lat="46.6" lon="3.0"/>'
    with pytest.raises(UnreadableFileError):
        read(tmp_path / "a.osm", bare, '<tag k="highway" v="residential"/></way>')


CHANGE = '<?xml version="1.0"?><osmChange version="0.6">{}</osmChange>'


@pytest.mark.parametrize("version", ["", 'version="2"'])
@pytest.mark.parametrize("gone", [way, lambda number, *_: f'<way id="{number}"/>'])
@pytest.mark.parametrize("name", ["a.osc", "a.osm"])
def test_what_a_change_file_deletes_is_gone(tmp_path, version, gone, name):
    path = tmp_path / name
    deleted = gone(10, WAYS[10], version)
    if gone is not way:
        deleted = deleted.replace("/>", f" {version}/>")
    made = f"<create>{nodes()}{ways()}</create><delete>{deleted}</delete>"
    path.write_text(CHANGE.format(made))
    net = network.read_osm(path, CAR, epsg=2154)
    assert minutes(net, (0, 0), (2000, 0)) == pytest.approx(LONG, abs=0.05)


@pytest.mark.parametrize("turned", [False, True])
def test_a_change_file_beside_an_extract_deletes_its_ways(tmp_path, turned):
    extract, change = tmp_path / "a.osm", tmp_path / "b.osc"
    extract.write_text(HEAD + nodes() + ways() + "</osm>")
    change.write_text(CHANGE.format('<delete><way id="10" version="3"/></delete>'))
    files = [change, extract] if turned else [extract, change]
    net = network.read_osm(files, CAR, epsg=2154)
    assert minutes(net, (0, 0), (2000, 0)) == pytest.approx(LONG, abs=0.05)
    assert read_roads(change, CAR).elsewhere.tolist() == [10]
