"""A store that was damaged is noticed, whatever bit changed, and made again; the reader is told."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace

import numpy as np
import pytest
from support.osm_files import osm_file
from support.toy import straight_road

from msap_geo import network
from msap_geo.errors import StoreError
from msap_geo.network import store as stores
from msap_geo.study.roads import network_anomalies


@pytest.fixture
def kept(tmp_path):
    network.save_network(straight_road(), tmp_path / "reseau")
    return tmp_path / "reseau"


def flip(path, rng):
    """Change one bit of a file, and give it back its date."""
    before = path.stat()
    content = bytearray(path.read_bytes())
    at = int(rng.integers(len(content)))
    content[at] ^= 1 << int(rng.integers(8))
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


ARRAYS = sorted(stores._arrays(straight_road()))


@pytest.mark.parametrize("name", ARRAYS)
def test_one_bit_in_any_array_is_noticed(kept, name):
    rng = np.random.default_rng(ARRAYS.index(name))
    copy = kept.with_name("copie")
    for _ in range(5):
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(kept, copy)
        network.open_network(copy)  # verified in the state it is in
        flip(copy / f"{name}.npy", rng)
        with pytest.raises(StoreError, match=name):
            network.open_network(copy)


def test_one_bit_in_the_description_is_noticed(kept):
    path = kept / "reseau.json"
    content = path.read_bytes()
    rng = np.random.default_rng(2)
    spaces = {i for i, byte in enumerate(content) if byte in b" \n"}
    for _ in range(60):
        at = int(rng.integers(len(content)))
        changed = bytearray(content)
        changed[at] ^= 1 << int(rng.integers(5))
        path.write_bytes(changed)
        if at in spaces and json_equal(changed, content):
            continue
        with pytest.raises(StoreError):
            network.open_network(kept)
    path.write_bytes(content)
    network.open_network(kept)


def json_equal(one, other):
    try:
        return json.loads(one) == json.loads(other)
    except ValueError:
        return False


def test_times_that_are_all_zero_do_not_make_everybody_near(kept):
    path = kept / "order_in_minutes.npy"
    values = np.load(path)
    np.save(path, np.zeros_like(values))
    with pytest.raises(StoreError, match="order_in_minutes"):
        network.open_network(kept)


@pytest.mark.parametrize("memory", ["", "[]", "[" * 100_000, '{"x": 3}', "{"])
def test_what_was_verified_is_verified_again_where_it_is_not_known(kept, memory):
    (kept / "verifie.json").write_text(memory)
    assert network.open_network(kept).n_nodes == 6
    flip(kept / "x.npy", np.random.default_rng(1))
    (kept / "verifie.json").write_text(memory)
    with pytest.raises(StoreError):
        network.open_network(kept)


def test_arrays_are_read_once_for_each_state_of_their_files(kept, monkeypatch):
    read = []
    monkeypatch.setattr(
        stores, "sha256", lambda path, real=stores.sha256: read.append(path.stem) or real(path)
    )
    network.open_network(kept)
    assert read == []  # whoever wrote them knows
    os.utime(kept / "x.npy")
    network.open_network(kept)
    network.open_network(kept)
    assert read == ["x"]


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "[" * 100_000, '{"format": 5}'])
def test_a_description_that_is_none(kept, content):
    (kept / "reseau.json").write_text(content)
    with pytest.raises(StoreError):
        network.open_network(kept)


def test_a_damaged_network_is_made_again_and_the_reader_told(tmp_path, monkeypatch):
    monkeypatch.setenv("MSAP_GEO_CACHE", str(tmp_path / "cache"))
    source = osm_file(tmp_path, [([1, 2, 3], {"highway": "primary"})])
    profile = network.load_profile("voiture")
    first = network.load_network([source], profile, epsg=2154)
    assert network_anomalies(first) == network_anomalies(replace(first, store_fault=""))
    (folder,) = (tmp_path / "cache" / "reseaux").iterdir()
    flip(folder / "links_minutes.npy", np.random.default_rng(3))
    again = network.load_network([source], profile, epsg=2154)
    told = [one for one in network_anomalies(again) if one.code == "reseau-enregistre-abime"]
    assert len(told) == 1
    assert "links_minutes" in told[0].message
    np.testing.assert_array_equal(first.links.minutes, again.links.minutes)
    assert network.load_network([source], profile, epsg=2154).store_fault == ""
