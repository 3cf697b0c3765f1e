"""Any bytes, or any word, in the place of what each room reads: read, or refused by our errors.

More examples by hand: ``MSAP_GEO_FUZZ=4000 python -m pytest tests/mauvaises_entrees``.
"""

from __future__ import annotations

import io
import json
import re
import tempfile
import zipfile
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import osmium
import osmnx
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from mauvaises_entrees.dommages import MANY, damaged, survives
from PIL import Image, TiffImagePlugin
from support.road_files import HEAD, node, way
from support.toy import TOY_STUDY
from support.transit_feeds import PLACES, write_feed

from msap_geo import loaders, network
from msap_geo.campaign.file import read_campaign
from msap_geo.loaders.sites.annuaire import read_annuaire
from msap_geo.network.conditions.zones import read_zone
from msap_geo.rounds.stops import read_stops
from msap_geo.siting.adaptation.accords import read_accords
from msap_geo.sources.download import DownloadError
from msap_geo.sources.overpass import elements_of

CAR = network.load_profile("voiture")
WORDS = [
    "", "nan", "-inf", "1e999", "9" * 400, "9" * 5000, "-1", "0", "1,5", "é", "\x00", '"', "=a",
    "oui;non", "25:00", "2024-02-30", "null", "[]", "1e308", "٣", "½", "2A004", "n" * 300, "True",
]  # fmt: skip
_WORD = re.compile(rb'[^,;|\t\n\r"<>=\[\]{}:/ ]+')


@st.composite
def spoilt(draw, content):
    """Change words of a text file, here and there, for what no such file holds."""
    for _ in range(draw(st.integers(1, 3))):
        places = [found.span() for found in _WORD.finditer(content)]
        if places:
            begin, end = draw(st.sampled_from(places))
            word = draw(st.sampled_from(WORDS) | st.text(max_size=4))
            content = content[:begin] + word.encode("utf-8", "replace") + content[end:]
    return content


def lines(*rows):
    return ("\n".join(rows) + "\n").encode()


def osm(form=""):
    corners = {1: (0, 0), 2: (500, 0), 3: (1000, 0), 4: (0, 2000)}
    members = '<member type="way" ref="1" role="from"/><member type="node" ref="3" role="via"/>'
    text = (
        HEAD
        + "".join(node(number, *xy) for number, xy in corners.items())
        + way(1, [1, 2, 3], highway="primary", maxspeed="50", oneway="no")
        + way(2, [1, 4, 3])
        + way(3, [2, 4], 'action="delete"')
        + f'<relation id="1">{members}<member type="way" ref="2" role="to"/>'
        + '<tag k="type" v="restriction"/><tag k="restriction" v="no_left_turn"/></relation></osm>'
    )
    if not form:
        return text.encode()
    with tempfile.TemporaryDirectory() as folder:
        plain, packed = Path(folder) / "a.osm", Path(folder) / "a.osm.pbf"
        plain.write_text(text, encoding="utf-8")
        with osmium.SimpleWriter(osmium.io.File(str(packed), form)) as writer:
            for item in osmium.FileProcessor(str(plain)):
                writer.add(item)
        return packed.read_bytes()


def parquet(**columns):
    stream = io.BytesIO()
    pd.DataFrame(columns).to_parquet(stream)
    return stream.getvalue()


def roads(path):
    network.osm.files.read_roads(path, CAR)


def graphml():
    """Return a town of three corners as OSMnx writes it: simplified, with lists and a shape."""
    graph = nx.MultiDiGraph(crs="epsg:4326", simplified=True)
    for number, (x, y) in enumerate([(-0.5, 48.0), (-0.49, 48.0), (-0.49, 48.01)]):
        graph.add_node(number, x=x, y=y, street_count=2)
    shape = shapely.LineString([(-0.5, 48.0), (-0.495, 48.001), (-0.49, 48.0)])
    graph.add_edge(
        0, 1, osmid=[1, 2], highway=["primary", "tertiary"], maxspeed=["50", "80"], oneway=False,
        reversed=False, length=800.0, ref="D 1", geometry=shape,
    )  # fmt: skip
    for ends in ((1, 2), (2, 1), (1, 0)):  # roads that lead nowhere back are left out
        graph.add_edge(*ends, osmid=3, highway="residential", oneway=False, length=1100.0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ville.graphml"
        osmnx.save_graphml(graph, path)
        return path.read_bytes()


def roads_of_graph(path):
    network.read_graphml(path, CAR, epsg=2154)


def geotiff():
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, kind, value in (
        (33550, 12, (10.0, 10.0, 0.0)),
        (33922, 12, (0.0, 0.0, 0.0, 700_000.0, 6_600_020.0, 0.0)),
        (34735, 3, (1, 1, 0, 2, 1025, 0, 1, 1, 3072, 0, 1, 2154)),
        (42113, 2, "-9999"),
    ):
        tags.tagtype[tag] = kind
        tags[tag] = value
    stream = io.BytesIO()
    metres = np.arange(12, dtype=np.float32).reshape(3, 4)
    Image.fromarray(metres).save(stream, "TIFF", tiffinfo=tags)
    return stream.getvalue()


def relief(path):
    """Read a grid, and ask of it what a map does: heights, or not numbers, all over it."""
    grid = loaders.load_relief(path, crs=2154)
    area = gpd.GeoSeries([shapely.box(700_000, 6_600_000, 700_030, 6_600_020)], crs=2154)
    assert 0 <= loaders.without_relief([grid], area) <= 1


SQUARE = [[[0, 46], [1, 46], [1, 47], [0, 46]]]
TEXTS = {
    "tournees.csv": (
        lines(
            "vehicule,jour,semaine,code_insee,lieu,arrivee,depart",
            "Bus,lundi,,53001,mairie,09:00,12:00",
            "Bus,mardi,1,53002,place,14h,17h30",
        ),
        read_stops,
    ),
    "accords.csv": (
        lines("site_id,accord,devient", "00001A,oui,Agence", "00004A,non,"),
        read_accords,
    ),
    "hotes.csv": (
        lines(
            "site_id,nom,longitude,latitude,code_insee,horaires,cout_eur,accessible_pmr",
            "h1,Mairie,-0.5,48.0,53001,Mo-Fr 09:00-12:00,1000,oui",
            "h2,Salle,,,53002,,,",
        ),
        loaders.load_hosts,
    ),
    "projections.csv": (
        lines(
            "code,annee,age,population",
            *(f"53,{year},{band},9" for year in (2020, 2030) for band in ("0-19", "20 et plus")),
        ),
        loaders.load_projections,
    ),
    "horaires.csv": (
        lines(
            "identifiant_a,date_calendrier,plage_horaire_1,plage_horaire_2",
            "00001A,2024-01-01,09:00-12:00,14:00-17:00",
            "00001A,2024-01-02,FERME,",
        ),
        loaders.load_la_poste_hours,
    ),
    "annuaire.json": (
        json.dumps(
            {
                "service": [
                    {
                        "id": "1",
                        "pivot": [
                            {"type_service_local": "mairie", "code_insee_commune": ["53001"]}
                        ],
                        "adresse": [{"longitude": "-0.5", "latitude": "48.0"}],
                    }
                ]
            }
        ).encode(),
        lambda path: read_annuaire(path, {"mairie": "Mairie"}),
    ),
    "zone.geojson": (
        json.dumps(
            {
                "type": "Feature",
                "properties": {},
                "geometry": {"type": "Polygon", "coordinates": SQUARE},
            }
        ).encode(),
        lambda path: read_zone(path, epsg=2154),
    ),
    "routes.osm": (osm(), roads),
    "ville.graphml": (graphml(), roads_of_graph),
    "mnt.asc": (
        lines(
            "ncols 3",
            "nrows 2",
            "xllcorner 700000",
            "yllcorner 6600000",
            "cellsize 10",
            "NODATA_value -9999",
            "1 2.5 3",
            "4 -9999 6",
        ),
        relief,
    ),
    "overpass.json": (
        json.dumps(
            {
                "osm3s": {"timestamp_osm_base": "2024-01-01T00:00:00Z"},
                "elements": [
                    {"type": "node", "id": 1, "lat": 46.5, "lon": 3.0},
                    {"type": "node", "id": 2, "lat": 46.6, "lon": 3.0},
                    {"type": "way", "id": 1, "nodes": [1, 2], "tags": {"highway": "primary"}},
                ],
            }
        ).encode(),
        lambda path: elements_of(path.read_bytes()),
    ),
}
BYTES = {
    "acces.parquet": (
        parquet(
            typeeq_id=["A128"] * 3,
            duree=[10.0, 25.0, np.nan],
            depcom=["53001", "53001", "53002"],
            pop=[100.0, 300.0, 50.0],
            dep=["53"] * 3,
        ),
        lambda path: loaders.load_insee_access([path], departements=["53"], thresholds=[20.0]),
    ),
    "bpe.parquet": (
        parquet(TYPEQU=["A206"], DEPCOM=["53001"], LONGITUDE=[-0.5], LATITUDE=[48.0]),
        lambda path: loaders.load_bpe(path, {"A206": "Bureau"}),
    ),
    "mnt.tif": (geotiff(), relief),
    "ville.graphml": (graphml(), roads_of_graph),
    "a.osm.pbf": (osm("pbf,pbf_compression=none"), roads),
    "b.osm.pbf": (osm("pbf,pbf_compression=none,pbf_dense_nodes=false"), roads),
}


def attacked(read, name, content):
    try:
        survives(read, name, content)
    except DownloadError:  # what the network room says of an answer, before it is an error of ours
        return


@pytest.fixture(autouse=True)
def libraries_may_grumble(recwarn):
    """GDAL and NumPy warn of broken shapes; the readers tell of them in their own way."""


@pytest.mark.slow
@pytest.mark.parametrize("name", TEXTS)
def test_texts(name):
    content, read = TEXTS[name]
    read_whole(read, name, content)

    @MANY
    @given(spoilt(content) | damaged(content))
    def check(changed):
        attacked(read, name, changed)

    check()


@pytest.mark.slow
@pytest.mark.parametrize("name", BYTES)
def test_bytes(name):
    content, read = BYTES[name]
    read_whole(read, name, content)

    @MANY
    @given(damaged(content))
    def check(changed):
        attacked(read, name, changed)

    check()


def read_whole(read, name, content):
    """Read the sound file: else nothing would be tested."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        read(path)


def test_campaigns(tmp_path):
    (tmp_path / "etude.toml").write_text(TOY_STUDY, encoding="utf-8")
    content = lines(
        "[campagne]",
        'modele = "etude.toml"',
        'territoires = ["53", "72"]',
        'dates = ["2020-01-08"]',
        'profils = ["estime"]',
    )
    path = tmp_path / "campagne.toml"
    path.write_bytes(content)
    read_campaign(path)

    @MANY
    @given(spoilt(content) | damaged(content))
    def check(changed):
        attacked(lambda given: read_campaign(_moved(given, path)), path.name, changed)

    check()


def _moved(given, path):
    path.write_bytes(given.read_bytes())
    return path


@pytest.mark.slow
def test_timetables(tmp_path):
    trips = {"t1": [("A", 30000, 30000), ("B", 30300, 30300)]}
    more = {
        "calendar_dates.txt": "service_id,date,exception_type\ns,20220105,2\n",
        "frequencies.txt": "trip_id,start_time,end_time,headway_secs\nt1,08:00:00,09:00:00,600\n",
        "transfers.txt": "from_stop_id,to_stop_id,transfer_type,min_transfer_time\nA,B,2,60\n",
    }
    feed = write_feed(tmp_path / "flux", trips, stops=PLACES, files=more)
    parts = {one.name: one.read_bytes() for one in sorted(feed.iterdir())}

    def packed(name, content):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            for one, sound in parts.items():
                archive.writestr(one, content if one == name else sound)
        return stream.getvalue()

    def read(path):
        network.read_timetable(path, dates="2022-01-03/2022-01-09")

    read_whole(read, "flux.zip", packed("", b""))

    @MANY
    @given(st.data())
    def check(data):
        name = data.draw(st.sampled_from(sorted(parts)))
        changed = data.draw(spoilt(parts[name]) | damaged(parts[name]))
        attacked(read, "flux.zip", packed(name, changed))

    check()
