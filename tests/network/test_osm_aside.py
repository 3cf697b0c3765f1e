"""Files that kill pyosmium, or the process that reads with it: an error of ours, never a death."""

from __future__ import annotations

import base64
import subprocess
import sys
import zlib

import numpy as np
import pytest

from msap_geo import network
from msap_geo.errors import MissingColumnError, UnreadableFileError
from msap_geo.network.osm import aside
from msap_geo.network.osm.files import read_roads
from msap_geo.network.osm.forms import read_roads_with_osmium
from msap_geo.sources.download import DownloadError
from msap_geo.sources.overpass import elements_of, merge_pbf, write_pbf

CAR = network.load_profile("voiture")
# A PBF file with places in its ways, whose key « highway » begins with a null byte: tags then run
# on past the end of their object.
KILLER = zlib.decompress(
    base64.b85decode(
        "c-n1|%SyvQ6o$`SOycoU2?!;KNI;Z|_3loPBB(_zwxG*0wxbR-nUcgycjC&GPvR5k!o8q-cfNxw5v<dw"
        "c)`Q)&tdqO|35PT(1+cn%I2CBbs1#~xa{|r;-FGHl!2Jsna(fzxFW+?Zt1#=bD0fY6N%DcTncwZD?TR!"
        "4YjA^Kph2Bv-#P%{0so}plz;P5sAoFa2q)Sg1hdnBB!Qu!^jN;ZmM3YeyTZ6jTZ3i@%o0b?yJ|qV&B>2"
        "!_d=<ZPx8`rkrA?dcPg+3EmN0G9EUlgToWiLMITXaZ}1VS~`@S6T2CyKtwI13)4tLZRnmz#;PvEM2Uub"
        "LA)u4xQtNdG2UhQ=)eGEVFbqQ0yCk@_FKE%&Hxm@8gIg(E+HOq{=gRb2Of9WKQQIIY<(cb&;9rF39RD0"
        "3CojKQ>KxVNYy$YfW4uvHspR%O^%|lgX~8-Kz6JI(nPys{-_y<66#UPewgwC>$2=3qnwl(0rC!dUv`f"
    )
)


@pytest.fixture
def killer(tmp_path):
    path = tmp_path / "abime.osm.pbf"
    path.write_bytes(KILLER)
    return path


def test_a_file_that_kills_pyosmium_is_refused(killer):
    with pytest.raises(UnreadableFileError, match=r"« abime.osm.pbf » n'est pas .* lisible"):
        read_roads(killer, CAR)


def test_it_does_kill_the_process_that_reads(killer):
    """Else the test above would prove nothing: to be made again with another file."""
    done = subprocess.run(
        [sys.executable, "-P", aside.__file__],
        input=f'["ways", ["{killer.as_posix()}", ["highway"]]]\n',
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode != 0
    assert aside.END not in done.stdout


@pytest.mark.parametrize(
    "script",
    ["import os; os.abort()", "print('[1, 2')", "", "print('[]'); import os; os._exit(3)", "1/0"],
)
def test_a_reader_that_dies_is_told_however_it_dies(tmp_path, monkeypatch, script):
    path = tmp_path / "routes.osm"
    path.write_text("<osm/>", encoding="utf-8")
    dying = tmp_path / "meurt.py"
    dying.write_text(script, encoding="utf-8")
    monkeypatch.setattr(aside, "__file__", str(dying))
    with pytest.raises(ValueError, match=r"."):
        read_roads_with_osmium(path, CAR)


@pytest.mark.parametrize("place", ["key", "value", "role"])
def test_null_bytes_of_a_server_never_reach_pyosmium(tmp_path, place):
    word = {"key": "high", "value": "primary", "role": "from"}
    word[place] += "\\u0000"
    body = (
        '{"elements": [{"type": "node", "id": 1, "lat": 46, "lon": 3}, {"type": "relation", '
        f'"id": 1, "members": [{{"type": "node", "ref": 1, "role": "{word["role"]}"}}], '
        f'"tags": {{"{word["key"]}": "{word["value"]}"}}}}]}}'
    )
    with pytest.raises(DownloadError, match="forme"):
        write_pbf(elements_of(body.encode()), tmp_path / "a.osm.pbf")
    sound = elements_of(body.replace("\\u0000", "").encode())
    write_pbf(sound, tmp_path / "b.osm.pbf")
    merge_pbf([tmp_path / "b.osm.pbf"], tmp_path / "c.osm.pbf")


@pytest.mark.parametrize("packed", ["", ".gz"])
@pytest.mark.parametrize("at", np.linspace(0, 60, 4, dtype=int))
def test_damaged_packing_and_unknown_encodings_are_refused(tmp_path, packed, at):
    text = b'<?xml version="1.0" encoding="UPF-8"?><osm version="0.6" action="delete"/>'
    if packed:
        whole = zlib.compressobj(wbits=31)
        content = bytearray(whole.compress(text * 50) + whole.flush())
        content[10 + at] ^= 0xFF
        text = bytes(content)
    path = tmp_path / f"routes.osm{packed}"
    path.write_bytes(text)
    with pytest.raises(UnreadableFileError):
        read_roads(path, CAR)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("name", ["routes.json", "export.geojson", "routes.osm", "routes.osm.pbf"])
def test_overpass_json_is_told_for_what_it_is(tmp_path, name, encoding):
    path = tmp_path / name
    path.write_text(
        '{"version": 0.6, "generator": "Overpass API 0.7.62", "osm3s": {"copyright": "ODbL"},\n'
        '"elements": [{"type": "node", "id": 1, "lat": 46.5, "lon": 3.0}]}',
        encoding=encoding,
    )
    with pytest.raises(UnreadableFileError, match=r"Overpass en JSON.*\[out:xml\].*\.osm"):
        network.load_network(path, CAR, epsg=2154)


def test_a_layer_whose_roads_speak_of_elements_is_read_as_one(tmp_path):
    path = tmp_path / "routes.geojson"
    path.write_text('{"type": "FeatureCollection", "features": [{"elements": 1}]}', "utf-8")
    with pytest.raises(MissingColumnError) as told:
        network.load_network(path, CAR, epsg=2154)
    assert "Overpass" not in str(told.value)
