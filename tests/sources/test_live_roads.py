"""Roads asked of OpenStreetMap: squares, refusals, what is kept, the same roads as a file's."""

from __future__ import annotations

import gzip
import json
import socket
from datetime import datetime, timedelta

import geopandas as gpd
import numpy as np
import osmnx
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from support.misbehaving_server import (
    dripping,
    gzipped,
    mute,
    redirect,
    serving,
    status,
    truncated,
    truncated_chunks,
    unmeasured,
    whole,
)
from support.overpass import PATH, World, box_of

from msap_geo import network, sources
from msap_geo.errors import SourceError
from msap_geo.sources import Limits, Square, fetch_roads, overpass, patience, squares_around

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

QUICK = Limits(silence_s=2.0, total_s=20.0, tries=2, wait_s=0.01, longest_wait_s=0.02)

# Two squares side by side: 0.25° wide. A road through both, a side street, a ferry, a restriction.
WEST, EAST = Square(4, 230), Square(5, 230)
NODES = {
    1: (1.05, 46.1, {}),
    2: (1.10, 46.1, {"barrier": "bollard"}),
    3: (1.20, 46.1, {}),
    4: (1.30, 46.1, {"highway": "traffic_signals"}),
    5: (1.40, 46.1, {}),
    6: (1.30, 46.15, {}),
    7: (1.20, 46.15, {}),
    8: (1.40, 46.02, {}),
    9: (1.45, 46.02, {}),
    10: (1.20, 46.05, {}),
}
WAYS = {
    101: ((1, 2, 3), {"highway": "track", "name": "Chemin de l’Étang"}),
    102: ((3, 4, 5), {"highway": "primary", "maxspeed": "80"}),
    103: ((4, 6, 7, 3), {"highway": "residential"}),
    104: ((5, 8), {"highway": "secondary", "oneway": "yes"}),
    105: ((8, 9), {"route": "ferry", "duration": "00:20", "motor_vehicle": "yes"}),
    106: ((8, 5), {"highway": "unclassified"}),
    107: ((3, 10), {"highway": "service"}),
}
TURNS = {
    201: (
        [("w", 102, "from"), ("n", 4, "via"), ("w", 103, "to")],
        {"type": "restriction", "restriction": "no_left_turn"},
    )
}


@pytest.fixture
def world():
    return World(NODES, WAYS, TURNS)


@pytest.fixture
def server(monkeypatch, tmp_path, world):
    monkeypatch.setenv("MSAP_GEO_CACHE", str(tmp_path / "cache"))
    with serving() as running:
        running.answers[PATH] = world
        monkeypatch.setenv(overpass.SERVER, running.url("/api"))
        yield running


def kept(tmp_path):
    """Return the squares kept; nothing else stands there but whole files and what is said."""
    files = sorted(path.name for path in (tmp_path / "cache" / "osm").rglob("*") if path.is_file())
    maps = [name for name in files if name.endswith(".osm.pbf")]
    assert files == sorted([*maps, *(f"{name}.source.json" for name in maps)])
    return [name for name in maps if not name.startswith("openstreetmap")]


def same_roads(one, other):
    for name in ("x", "y"):
        assert np.array_equal(getattr(one, name), getattr(other, name))
    for name in ("tail", "head", "forward", "backward", "length_m", "shape_x", "shape_y", "kind"):
        assert np.array_equal(getattr(one.edges, name), getattr(other.edges, name)), name
    return one.n_nodes


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("mode", ["voiture", "velo", "pied"])
def test_the_same_roads_as_from_a_file(world, tmp_path, mode):
    profile = network.load_profile(mode)
    live = fetch_roads([WEST, EAST], limits=QUICK)
    ours = network.read_osm(live.path, profile, epsg=2154)
    theirs = network.read_osm(world.write(tmp_path / "carte.osm"), profile, epsg=2154)
    assert same_roads(ours, theirs) > 4
    assert ours.report == theirs.report
    assert (ours.report.ferries, live.squares, live.asked) == (
        1 if mode == "voiture" else ours.report.ferries,
        2,
        2,
    )


def test_what_is_asked_and_kept(server, world, tmp_path):
    live = fetch_roads([WEST, EAST], limits=QUICK)
    assert live.path.name.startswith("openstreetmap-2026-11-27-")
    assert [box_of(query) for query in world.queries] == [WEST.box, EAST.box]
    assert kept(tmp_path) == ["46.0N1.0E.osm.pbf", "46.0N1.25E.osm.pbf"]
    told = json.loads((live.path.parent / "46.0N1.25E.osm.pbf.source.json").read_bytes())
    assert told["requete"] == world.queries[1]
    assert all(word in told["requete"] for word in ("'highway'", "'ferry'", "'restriction'"))
    assert told["millesime"] == "2026-11-27T20:15:03+00:00"
    assert told["licence"] == "ODbL 1.0"
    assert told["url"] == server.url("/api")
    assert told["voies"] == 5


@pytest.mark.usefixtures("server")
def test_a_second_time_nothing_is_asked(world):
    first = fetch_roads([WEST, EAST], limits=QUICK)
    again = fetch_roads([WEST, EAST], limits=QUICK)
    assert (again.path, again.asked, len(world.queries)) == (first.path, 0, 2)


def test_squares_too_old_are_asked_again_and_kept_until_had(server, world, monkeypatch):
    first = fetch_roads([WEST, EAST], limits=QUICK)
    later = "2026-12-31T12:00:00+00:00"
    asked = datetime.fromisoformat(later) - timedelta(days=30)
    for square, moment in ((WEST, asked), (EAST, asked - timedelta(days=1))):
        told = first.path.parent / f"{square.name}.osm.pbf.source.json"
        content = json.loads(told.read_bytes()) | {"date": moment.isoformat()}
        told.write_text(json.dumps(sources.sealed(content)), encoding="utf-8")
    monkeypatch.setattr("msap_geo.sources.live_roads.now", lambda: later)
    assert fetch_roads([WEST, EAST], limits=QUICK).asked == 0
    server.answers[PATH] = status(500)
    with pytest.raises(SourceError, match="1 sur 2"):
        fetch_roads([WEST, EAST], max_days=30, limits=QUICK)
    assert fetch_roads([WEST, EAST], limits=QUICK).path == first.path
    server.answers[PATH] = world
    renewed = fetch_roads([WEST, EAST], max_days=30, limits=QUICK)
    assert (renewed.asked, renewed.damaged) == (1, ())
    assert fetch_roads([WEST, EAST], max_days=30, limits=QUICK).asked == 0
    assert fetch_roads([WEST, EAST], max_days=29, limits=QUICK).asked == 1


@pytest.mark.usefixtures("server")
def test_a_neighbouring_study_asks_only_for_its_own_squares(world):
    fetch_roads([WEST], limits=QUICK)
    assert fetch_roads([WEST, EAST], limits=QUICK).asked == 1
    assert len(world.queries) == 2


def test_osmnx_is_left_as_it_was(server):
    before = {name: getattr(osmnx.settings, name) for name in dir(osmnx.settings) if name.islower()}
    resolver = socket.getaddrinfo
    fetch_roads([WEST], limits=QUICK)
    server.answers[PATH] = status(500)
    with pytest.raises(SourceError):
        fetch_roads([EAST], limits=QUICK)
    after = {name: getattr(osmnx.settings, name) for name in before}
    assert after == before
    assert socket.getaddrinfo is resolver


WORLD = World(NODES, WAYS, TURNS)
BODY = WORLD.body()


def edited(change):
    content = json.loads(BODY)
    change(content)
    return whole(json.dumps(content).encode())


REFUSALS = {
    "429": (status(429), "réponse 429, trop de demandes", "relancer plus tard"),
    "429, secondes": (status(429, Retry_After="1"), "trop de demandes", "seuls les carrés"),
    "429, date": (
        status(429, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"),
        "trop de demandes",
        "relancer plus tard",
    ),
    "504": (status(504), "réponse 504", "relancer plus tard"),
    "403": (status(403), "réponse 403, accès refusé", "proxy"),
    "404": (status(404), "réponse 404", "serveur Overpass qui couvre"),
    "400": (status(400), "réponse 400", "MSAP_GEO_OVERPASS"),
    "redirection": (redirect("https://example.org/"), "redirection refusée", ".osm.pbf"),
    "page web": (whole(b"<html>connectez-vous</html>"), "page web", "proxy"),
    "coupé, annoncé": (truncated(BODY[:900], len(BODY)), "coupée", "relancer"),
    "coupé, par morceaux": (truncated_chunks(BODY[:900]), "coupée", "relancer"),
    "coupé, sans longueur": (unmeasured(BODY[:900]), "pas du JSON", "relancer"),
    "compressé, coupé": (gzipped(BODY, cut=12), "coupée", "relancer"),
    "muet": (mute(1.2), "pas de réponse à temps|connexion coupée", "relancer"),
    "rien": (whole(b""), "pas du JSON", "relancer"),
    "pas d'éléments": (whole(b"[]"), "forme", "serveur Overpass"),
    "remarque": (
        edited(lambda content: content.update(remark="runtime error: Query timed out")),
        "arrêté avant la fin.*timed out",
        "relancer plus tard",
    ),
    "point absent": (
        edited(lambda content: content["elements"].pop()),
        "perdent leurs points",
        "relancer",
    ),
    "point infini": (
        whole(BODY.replace(b'"lon": 1.05', b'"lon": 1e999')),
        "forme",
        "serveur Overpass",
    ),
    "identifiant": (whole(BODY.replace(b'"id": 101', b'"id": "x"')), "forme", "Overpass"),
    "attributs": (whole(BODY.replace(b'{"highway": "track"', b'["highway"')), "JSON", "relancer"),
    "attributs en liste": (
        edited(lambda content: content["elements"][1].update(tags=["highway"])),
        "forme",
        "Overpass",
    ),
    "membre inconnu": (
        edited(lambda content: content["elements"][0]["members"][0].update(type="x")),
        "forme",
        "Overpass",
    ),
    "redirection sans fin": (redirect("/api/interpreter"), "redirection refusée", ".osm.pbf"),
    "page d'erreur d'Overpass": (
        whole(b'<?xml version="1.0"?><html><strong>Error</strong>: runtime error</html>'),
        "page web",
        "proxy",
    ),
    "profond": (whole(b"[" * 100_000), "pas du JSON", "relancer"),
    "nombre de 5 000 chiffres": (
        whole(BODY.replace(b'"id": 101', b'"id": ' + b"9" * 5000)),
        "pas du JSON",
        "relancer",
    ),
    "octets": (whole(bytes(range(128, 256)) * 40), "pas du JSON", "relancer"),
    "autre JSON": (whole(b'{"type": "FeatureCollection"}'), "forme", "serveur Overpass"),
    "éléments nuls": (whole(b'{"elements": null}'), "forme", "serveur Overpass"),
    "sans points de route": (
        edited(lambda content: content["elements"][1].pop("nodes")),
        "forme",
        "serveur Overpass",
    ),
    "date impossible": (
        edited(lambda content: content["osm3s"].update(timestamp_osm_base="hier")),
        "forme",
        "serveur Overpass",
    ),
    "octet nul": (
        edited(lambda content: content["elements"][1].update(tags={"highway": "a\0b"})),
        "forme",
        "serveur Overpass",
    ),
    "vide": (
        whole(b'{"elements": []}'),
        "vide, là où l'étude a des communes",
        "couvre l'étude",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_refusals_are_told_and_the_rest_is_kept(server, world, tmp_path, case):
    answer, said, remedy = REFUSALS[case]
    server.answers[PATH] = [world, answer]
    limits = Limits(silence_s=0.6, total_s=20.0, tries=2, wait_s=0.01, longest_wait_s=0.02)
    with pytest.raises(SourceError, match=said) as caught:
        fetch_roads([WEST, EAST], inhabited={WEST, EAST}, limits=limits)
    assert "carrés obtenus : 1 sur 2" in caught.value.problem
    assert remedy in caught.value.remedy
    assert "MSAP_GEO_OVERPASS" in caught.value.remedy
    assert "46.0N1.25E" in caught.value.where
    assert kept(tmp_path) == ["46.0N1.0E.osm.pbf"]
    # What was refused is all that is asked again.
    server.answers[PATH] = world
    found = fetch_roads([WEST, EAST], inhabited={WEST, EAST}, limits=QUICK)
    assert (found.asked, found.damaged) == (1, ())
    assert len(world.queries) == 2


def test_a_body_that_drips_is_given_up(server, tmp_path):
    server.answers[PATH] = dripping(for_s=3.0)
    limits = Limits(silence_s=2.0, total_s=0.3, tries=2, wait_s=0.01)
    with pytest.raises(SourceError, match="durée maximale dépassée"):
        fetch_roads([WEST], limits=limits)
    assert kept(tmp_path) == []


def test_a_body_that_swells_is_given_up(server, tmp_path):
    server.answers[PATH] = whole(gzip.compress(b" " * 3_000_000), Content_Encoding="gzip")
    limits = Limits(silence_s=2.0, max_bytes=1_000_000, tries=1)
    with pytest.raises(SourceError, match="démesurée"):
        fetch_roads([WEST], limits=limits)
    assert kept(tmp_path) == []


@pytest.mark.usefixtures("server")
def test_nobody_there(monkeypatch):
    with serving() as gone:
        address = gone.url("/api")
    monkeypatch.setenv(overpass.SERVER, address)
    with pytest.raises(SourceError, match="connexion refusée") as caught:
        fetch_roads([WEST], limits=QUICK)
    assert "vérifier la connexion" in caught.value.remedy


@pytest.mark.parametrize(
    ("asked", "least", "most"), [("7", 7, 7), ("", 0.25, 0.25), ("3600", 60, 60)]
)
def test_a_server_is_given_the_time_it_asks_for(server, world, monkeypatch, asked, least, most):
    waits = []
    monkeypatch.setattr(patience.time, "sleep", waits.append)
    headers = {"Retry_After": asked} if asked else {}
    server.answers[PATH] = [status(429, **headers), world]
    limits = Limits(silence_s=2.0, total_s=900.0, tries=2, wait_s=0.25, longest_wait_s=60.0)
    assert fetch_roads([WEST], limits=limits).asked == 1
    assert least <= max(waits) <= most


def test_a_compressed_answer_is_the_same(server, world):
    plain = fetch_roads([WEST], limits=QUICK).path.read_bytes()
    server.answers["/autre/interpreter"] = gzipped(world.body(WEST.box))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(overpass.SERVER, server.url("/autre/interpreter/"))
        assert fetch_roads([WEST], limits=QUICK).path.read_bytes() == plain


@pytest.mark.usefixtures("server")
def test_nothing_at_sea_is_kept_as_such(tmp_path):
    sea = Square(-40, 230)
    live = fetch_roads([WEST, sea], inhabited={WEST}, limits=QUICK)
    assert (live.asked, len(kept(tmp_path))) == (2, 2)
    assert fetch_roads([WEST, sea], inhabited={WEST}, limits=QUICK).asked == 0


def damage(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("change", [damage, lambda path: path.write_bytes(path.read_bytes()[:40])])
def test_a_square_that_changed_is_asked_again_and_told(change):
    first = fetch_roads([WEST, EAST], limits=QUICK)
    whole_map = first.path.read_bytes()
    change(first.path.parent / "46.0N1.25E.osm.pbf")
    again = fetch_roads([WEST, EAST], limits=QUICK)
    assert (again.damaged, again.asked) == (("46.0N1.25E",), 1)
    assert again.path.read_bytes() == whole_map


def test_a_square_that_changed_is_never_used_without_a_server(server):
    first = fetch_roads([WEST, EAST], limits=QUICK)
    damage(first.path.parent / "46.0N1.25E.osm.pbf")
    server.answers[PATH] = status(503)
    with pytest.raises(SourceError, match="celui qui était gardé est abîmé"):
        fetch_roads([WEST, EAST], limits=QUICK)


@pytest.mark.usefixtures("server")
def test_a_damaged_map_is_joined_again_without_asking():
    first = fetch_roads([WEST, EAST], limits=QUICK)
    before = first.path.read_bytes()
    damage(first.path)
    again = fetch_roads([WEST, EAST], limits=QUICK)
    assert (again.asked, again.path.read_bytes()) == (0, before)


def test_of_a_way_in_two_squares_the_latest_is_kept(server, world):
    fetch_roads([WEST], limits=QUICK)
    world.moment = "2027-02-01T00:00:00Z"
    world.ways = {**WAYS, 102: ((3, 4, 5), {"highway": "primary", "maxspeed": "50"})}
    live = fetch_roads([WEST, EAST], limits=QUICK)
    assert live.days_apart == 65
    roads = network.read_osm(live.path, network.load_profile("voiture"), epsg=2154)
    main = roads.edges.kind == network.ROAD_CLASSES.index("primary")
    fresh = World(NODES, world.ways, TURNS)
    server.answers["/neuf/interpreter"] = fresh
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(overpass.SERVER, server.url("/neuf"))
        other = network.read_osm(
            fetch_roads([WEST, EAST], limits=QUICK).path,
            network.load_profile("voiture"),
            epsg=2154,
        )
    assert main.any()
    assert np.array_equal(roads.edges.forward, other.edges.forward)


@pytest.mark.parametrize(
    "told",
    ["n'importe quoi", "ftp://ici/api", "http://", "http://[::1", "http://a b/api", "file:///x"],
)
def test_a_server_that_is_no_address(monkeypatch, told):
    monkeypatch.setenv(overpass.SERVER, told)
    with pytest.raises(SourceError, match="n'est pas une adresse") as caught:
        fetch_roads([WEST])
    assert overpass.SERVER in caught.value.where


@pytest.mark.usefixtures("server")
def test_a_cache_that_cannot_be_written(monkeypatch, tmp_path):
    blocked = tmp_path / "fichier"
    blocked.write_text("", encoding="utf-8")
    monkeypatch.setenv("MSAP_GEO_CACHE", str(blocked))
    with pytest.raises(SourceError, match="cache"):
        fetch_roads([WEST], limits=QUICK)


@settings(max_examples=30)
@given(
    st.floats(300_000, 900_000),
    st.floats(6_300_000, 6_900_000),
    st.floats(1_000, 60_000),
    st.floats(0, 60_000),
)
def test_squares_are_those_within_the_belt(x, y, side, belt):
    area = gpd.GeoSeries([shapely.box(x, y, x + side, y + side), None], crs=2154)
    found = set(squares_around(area, belt_m=belt))
    centre = area.iloc[[0]].centroid.to_crs(4326).iloc[0]
    middle = Square.holding(centre.x, centre.y)
    assert middle in found
    near = [
        Square(middle.column + dx, middle.row + dy) for dx in range(-8, 9) for dy in range(-8, 9)
    ]
    boxes = gpd.GeoSeries([shapely.box(*each.box) for each in near], crs=4326).to_crs(2154)
    expected = {
        each
        for each, distance in zip(near, boxes.distance(area.iloc[0]), strict=True)
        if distance <= belt
    }
    assert found == expected
