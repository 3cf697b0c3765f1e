"""OpenStreetMap: what tags mean to each mode, and the two readers against each other."""

from __future__ import annotations

import shutil
import zlib

import numpy as np
import osmium
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.osm_files import write_osm

from msap_geo import network
from msap_geo.errors import NetworkError, UnreadableFileError
from msap_geo.network.osm import pbf as osm_pbf
from msap_geo.network.osm import pbf_blocks
from msap_geo.network.osm.extracts import merge_roads
from msap_geo.network.osm.files import read_roads
from msap_geo.network.osm.forms import read_roads_with_osmium
from msap_geo.network.osm.pbf import read_pbf
from msap_geo.network.osm.pbf_blocks import NotHandledError
from msap_geo.network.osm.roads import short_distances_m
from msap_geo.network.osm.tags import NOWHERE, blocks, way_speeds
from msap_geo.network.osm.values import duration_minutes

CAR, BIKE, FOOT = (network.load_profile(name) for name in ("voiture", "velo", "pied"))
MODES = {"voiture": CAR, "velo": BIKE, "pied": FOOT}


def both(tags, profile):
    speeds = way_speeds(tags, profile)
    return None if speeds is None else (speeds.forward_kmh, speeds.backward_kmh)


class TestTags:
    @pytest.mark.parametrize(
        ("tags", "car", "bike", "foot"),
        [
            ({"highway": "primary"}, (65, 65), (15, 15), (5, 5)),
            ({"highway": "motorway"}, (90, 0), None, None),
            ({"highway": "trunk"}, (85, 85), None, None),
            ({"highway": "track"}, None, (12, 12), (5, 5)),
            ({"highway": "footway"}, None, (4, 4), (5, 5)),
            ({"highway": "footway", "bicycle": "designated"}, None, (15, 15), (5, 5)),
            ({"highway": "steps"}, None, (2, 2), (5, 5)),
            ({"highway": "residential", "oneway": "yes"}, (25, 0), (15, 0), (5, 5)),
            ({"highway": "residential", "oneway": "-1"}, (0, 25), (0, 15), (5, 5)),
            (
                {"highway": "residential", "oneway": "yes", "oneway:bicycle": "no"},
                (25, 0),
                (15, 15),
                (5, 5),
            ),
            (
                {"highway": "residential", "oneway": "yes", "cycleway:left": "opposite_lane"},
                (25, 0),
                (15, 15),
                (5, 5),
            ),
            ({"highway": "tertiary", "junction": "roundabout"}, (40, 0), (15, 0), (5, 5)),
            ({"highway": "tertiary", "oneway:foot": "yes"}, (40, 40), (15, 15), (5, 0)),
            ({"highway": "tertiary", "access": "destination"}, (40, 40), (15, 15), (5, 5)),
            ({"highway": "tertiary", "motor_vehicle": "no"}, (0, 0), (15, 15), (5, 5)),
            ({"highway": "tertiary", "access": "no", "foot": "yes"}, (0, 0), (0, 0), (5, 5)),
            ({"highway": "primary", "motorroad": "yes"}, (65, 65), (0, 0), (0, 0)),
            ({"highway": "service", "service": "emergency_access"}, (0, 0), (15, 15), (5, 5)),
            ({"highway": "primary", "toll": "yes"}, (65, 65), (15, 15), (5, 5)),
            (
                {"highway": "tertiary", "motor_vehicle:conditional": "no @ (Mo-Fr)"},
                (40, 40),
                (15, 15),
                (5, 5),
            ),
            ({"highway": "tertiary", "surface": "sand"}, (20, 20), (3, 3), (2.5, 2.5)),
            ({"highway": "path", "bicycle": "dismount"}, None, (4, 4), (5, 5)),
            ({"highway": "pedestrian", "area": "yes"}, None, (0, 0), (0, 0)),
            ({"building": "yes"}, None, None, None),
        ],
    )
    def test_each_mode(self, tags, car, bike, foot):
        assert [both(tags, profile) for profile in MODES.values()] == [car, bike, foot]

    @pytest.mark.parametrize(
        ("tags", "kmh"),
        [
            ({"maxspeed": "80"}, 64),  # a posted limit may hasten a class
            ({"maxspeed": "FR:zone30"}, 24),
            ({"zone:maxspeed": "FR:30"}, 24),
            ({"source:maxspeed": "FR:rural"}, 40),  # an implied one never does
            ({"zone:traffic": "FR:urban"}, 40),
            ({"maxspeed:type": "sign", "zone:maxspeed": "FR:20"}, 16),
            ({"maxspeed": "50", "zone:maxspeed": "FR:30"}, 40),
            ({"source:maxspeed": "arrêté n° 30"}, 40),
        ],
    )
    def test_limits(self, tags, kmh):
        speeds = way_speeds({"highway": "tertiary"} | tags, CAR)
        assert speeds.forward_kmh == pytest.approx(kmh)
        assert way_speeds({"highway": "tertiary"} | tags, BIKE).forward_kmh == 15

    @pytest.mark.parametrize(
        ("tags", "taken"),
        [
            ({}, "voiture velo pied"),
            ({"motor_vehicle": "yes"}, "voiture velo pied"),
            ({"foot": "yes"}, "pied"),
            ({"foot": "yes", "bicycle": "yes"}, "velo pied"),
            ({"foot": "yes", "motor_vehicle": "no"}, "pied"),
            ({"foot": "yes", "motorcar": "yes"}, "voiture pied"),
            ({"access": "private"}, ""),
        ],
    )
    def test_ferries_take_whom_they_say(self, tags, taken):
        speeds = {
            name: way_speeds({"route": "ferry", "duration": "00:45"} | tags, profile)
            for name, profile in MODES.items()
        }
        assert [name for name, s in speeds.items() if s.forward_kmh] == taken.split()
        assert {s.minutes for s in speeds.values() if s.forward_kmh} <= {45}

    def test_traffic_that_alternates_goes_both_ways(self):
        road = {"highway": "residential"}
        assert way_speeds(road | {"oneway": "alternating"}, CAR)[:2] == (25, 25)
        assert way_speeds(road | {"oneway": "reversible"}, CAR)[:2] == (0, 0)

    def test_a_ferry_that_has_a_class_is_a_ferry(self):
        # OSRM, car.lua: « WayHandlers.ferries » comes before « WayHandlers.speed ».
        tags = {"route": "ferry", "highway": "secondary", "duration": "0:10"}
        speeds = way_speeds(tags, CAR)
        assert (speeds.ferry, speeds.minutes, speeds.door) == (True, 10, NOWHERE)

    @pytest.mark.parametrize(
        ("value", "minutes"),
        [
            ("45", 45),
            ("0:20", 20),
            ("01:30", 90),
            ("01:30:30", 90.5),
            ("PT1H30M", 90),
            ("PT45M", 45),
            ("P1DT2H", 26 * 60),
            ("~60 min", 60),
            ("60 min.", 60),
            ("1:30 h", 90),
            ("45.0", 45),
            ("0:20;0:25", 25),
            ("45-60 min", 60),
            ("00:20-00:25", 25),
            ("environ 45 min", 45),
            ("1 h et 30 min", 90),
            ("P0Y0M0DT0H45M0S", 45),
        ],
    )
    def test_durations(self, value, minutes):
        assert duration_minutes(value) == minutes

    @pytest.mark.parametrize(
        "value", [None, "", "0", "P", "PT", "une heure", "1:2:3:4", "-5", "3/4 h", "20;x"]
    )
    def test_durations_that_tell_nothing(self, value):
        assert np.isnan(duration_minutes(value))

    @pytest.mark.parametrize(
        ("tags", "stopped"),
        [
            ({"barrier": "bollard"}, "voiture"),
            ({"barrier": "gate"}, ""),
            ({"barrier": "wall"}, "voiture velo pied"),
            ({"barrier": "gate", "access": "private"}, "voiture velo pied"),
            ({"barrier": "gate", "access": "no", "foot": "yes"}, "voiture velo"),
            ({"highway": "crossing"}, ""),
        ],
    )
    def test_barriers(self, tags, stopped):
        found = [name for name, profile in MODES.items() if blocks(tags, profile.rules)]
        assert found == stopped.split()


def same(one, other):
    """Compare roads up to the order of their ways, which is the file's in both."""
    assert one.refused == other.refused
    np.testing.assert_array_equal(one.way, other.way)
    np.testing.assert_array_equal(one.start, other.start)
    np.testing.assert_array_equal(one.node, other.node)
    np.testing.assert_array_equal(one.vertex, other.vertex)
    for name in (
        "lon",
        "lat",
        "forward_kmh",
        "backward_kmh",
        "minutes",
        "ferry",
        "barrier",
        "door",
        "obstacle_s",
        "nearer",
        "restrictions",
    ):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "name",
    [
        "corse/corse.osm.pbf",
        "formats/andorra-2021.osm.pbf",
        "formats/liechtenstein-2021.osm.pbf",
        "formats/paris-tiny.osm.pbf",
    ],
)
def test_our_reader_equals_pyosmium_on_real_files(shared, name, mode):
    roads = read_pbf(shared / name, MODES[mode])
    assert len(roads.way) > 500
    same(roads, read_roads_with_osmium(shared / name, MODES[mode]))


def test_the_old_gz_form_is_read(shared):
    net = network.read_osm(shared / "formats" / "monaco-2012.osm.gz", CAR, epsg=2154)
    assert 50 < net.report.km < 60


IDS = st.integers(1, 2**40)
TEXT = st.sampled_from(
    ["yes", "no", "private", "30", "primary", "residential", "gate", "bollard", "été", "", "ferry"]
)
KEYS = st.sampled_from(
    ["highway", "name", "oneway", "maxspeed", "access", "barrier", "route", "junction", "duration"]
)
TAGS = st.dictionaries(KEYS, TEXT, max_size=5)


@pytest.mark.slow
@given(
    st.dictionaries(
        IDS, st.tuples(st.floats(-180, 180), st.floats(-89, 89), TAGS), min_size=1, max_size=40
    ),
    st.data(),
)
def test_our_reader_equals_pyosmium_on_any_file(tmp_path_factory, nodes, data):
    refs = st.lists(st.sampled_from(sorted(nodes)) | IDS, max_size=6)
    ways = data.draw(
        st.lists(st.tuples(IDS, refs, TAGS), max_size=20, unique_by=lambda way: way[0])
    )
    path = tmp_path_factory.mktemp("pbf") / "carte.osm.pbf"
    write_osm(
        path, dict(sorted(nodes.items())), sorted(ways, key=lambda way: way[0]), [(1, {"a": "b"})]
    )
    same(read_pbf(path, CAR), read_roads_with_osmium(path, CAR))


STREET = {
    "nodes": {i: (i / 100, 48.0, {}) for i in range(1, 6)},
    "ways": [(1, [1, 2, 3], {"highway": "primary"}), (2, [3, 4, 5], {"highway": "tertiary"})],
}


@pytest.fixture(scope="module")
def block_of_ways(tmp_path_factory):
    path = write_osm(tmp_path_factory.mktemp("bloc") / "carte.osm.pbf", **STREET)
    with path.open("rb") as stream:
        start, size = list(pbf_blocks.blobs_of(stream))[-1]
        stream.seek(start)
        return stream.read(size)


class TestDamage:
    def test_unsorted_files_are_left_to_pyosmium(self, tmp_path):
        path = tmp_path / "carte.osm.pbf"
        with osmium.SimpleWriter(str(path)) as writer:
            writer.add_way(osmium.osm.mutable.Way(id=1, nodes=[1, 2], tags={"highway": "primary"}))
            for i in (1, 2):
                writer.add_node(osmium.osm.mutable.Node(id=i, location=(i / 100, 48)))
        with pytest.raises(NotHandledError):
            read_pbf(path, CAR)

    def test_nodes_after_ways_are_noticed(self, tmp_path):
        path = tmp_path / "carte.osm.pbf"
        with osmium.SimpleWriter(str(path)) as writer:
            for i in range(1, 4):
                writer.add_node(osmium.osm.mutable.Node(id=i, location=(i / 100, 48)))
            writer.add_way(
                osmium.osm.mutable.Way(id=1, nodes=[1, 2, 9], tags={"highway": "primary"})
            )
            writer.add_node(osmium.osm.mutable.Node(id=9, location=(0.09, 48)))
        with pytest.raises(NotHandledError):
            read_pbf(path, CAR)
        assert len(read_roads(path, CAR).way) == 1

    @pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
    def test_a_file_cut_short_is_refused(self, shared, tmp_path, share):
        content = (shared / "formats" / "paris-tiny.osm.pbf").read_bytes()
        path = tmp_path / "coupe.osm.pbf"
        path.write_bytes(content[: int(len(content) * share)])
        with pytest.raises(NotHandledError):
            read_pbf(path, CAR)
        with pytest.raises(UnreadableFileError):
            read_roads(path, CAR)

    @given(st.data())
    def test_a_damaged_block_never_crashes(self, block_of_ways, data):
        # Bytes past zlib's own check: what a forged file could hold.
        block = bytearray(pbf_blocks.inflated(block_of_ways))
        for _ in range(data.draw(st.integers(1, 8))):
            block[data.draw(st.integers(0, len(block) - 1))] = data.draw(st.integers(0, 255))
        packed = zlib.compress(bytes(block))
        forged = b"\x1a" + varint(len(packed)) + packed
        try:
            rows = osm_pbf._way_rows(forged, osm_pbf._keys(CAR), nodes_too=True)
        except (NotHandledError, IndexError, ValueError):
            return
        assert all(len(part.refs) == part.sizes.sum() for part in rows)


def varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


class TestSeveralFiles:
    def test_neighbouring_extracts_are_one_network(self, tmp_path):
        nodes, ways = STREET["nodes"], STREET["ways"]
        west = write_osm(tmp_path / "ouest.osm.pbf", {i: nodes[i] for i in (1, 2, 3)}, [ways[0]])
        # The seam: way 1 is in both, way 2 crosses it and is cut in the first.
        east = write_osm(tmp_path / "est.osm.pbf", nodes, ways)
        whole = network.read_osm(east, CAR, epsg=2154)
        joined = network.read_osm([west, east], CAR, epsg=2154)
        assert joined.report == whole.report
        np.testing.assert_array_equal(joined.links.minutes, whole.links.minutes)

    def test_a_way_cut_by_both_extracts_is_mended(self, tmp_path):
        nodes = STREET["nodes"]
        way = [(7, [1, 2, 3, 4, 5], {"highway": "primary"})]
        west = write_osm(tmp_path / "ouest.osm.pbf", {i: nodes[i] for i in (1, 2, 3)}, way)
        east = write_osm(tmp_path / "est.osm.pbf", {i: nodes[i] for i in (3, 4, 5)}, way)
        joined = network.read_osm([west, east], CAR, epsg=2154)
        whole = network.read_osm(write_osm(tmp_path / "tout.osm.pbf", nodes, way), CAR, epsg=2154)
        assert joined.report.km == pytest.approx(whole.report.km)
        with pytest.raises(NetworkError, match="complete_ways"):
            network.read_osm(west, CAR, epsg=2154)

    def test_a_file_twice_is_the_file(self, shared):
        roads = read_pbf(shared / "formats" / "paris-tiny.osm.pbf", CAR)
        twice = merge_roads([roads, roads])
        assert twice.refused == 2 * roads.refused
        same(twice._replace(refused=roads.refused), roads)

    def test_the_cache_takes_several_files(self, tmp_path, monkeypatch):
        monkeypatch.setenv("MSAP_GEO_CACHE", str(tmp_path / "cache"))
        path = write_osm(tmp_path / "a.osm.pbf", **STREET)
        other = shutil.copy(path, tmp_path / "b.osm.pbf")
        net = network.load_network([path, other], CAR, epsg=2154)
        assert net.n_nodes == 3


@given(
    st.floats(-179, 179),
    st.floats(-80, 80),
    st.floats(-0.05, 0.05),
    st.floats(-0.05, 0.05),
)
def test_short_distances_are_those_of_the_geodesic(lon, lat, east, north):
    points = np.array([lon, lon + east]), np.array([lat, lat + north])
    expected = pyproj.Geod(ellps="GRS80").line_length(*points)
    assert short_distances_m(*points)[0] == pytest.approx(expected, rel=2e-6, abs=1e-6)


@pytest.mark.parametrize("name", ["A.OSM", "a.josm", "a.2024.Osm.GZ", "x.y,z=1.osm", "A.OSM.PBF"])
def test_the_form_is_told_by_a_name_whatever_its_capitals(tmp_path, name):
    made = ".osm.pbf" if name.lower().endswith("pbf") else ".osm"
    made += ".gz" if name.lower().endswith("gz") else ""
    nodes = {1: (-1.0, 48.0, {}), 2: (-1.0, 48.01, {})}
    path = write_osm(tmp_path / f"made{made}", nodes, [(5, [1, 2], {"highway": "primary"})])
    given = path.rename(tmp_path / name)
    roads = read_roads_with_osmium(given, CAR)
    assert len(roads.node) == 2
    assert network.read_osm(given, CAR, epsg=2154).n_nodes == 2
