"""A disk that fills leaves the older results whole: a small one, in memory."""

from __future__ import annotations

import numpy as np
import pytest
from support.disks import mounted
from support.toy import straight_road

from msap_geo import network
from msap_geo.errors import OutputError
from msap_geo.outputs import complete_folder


@pytest.fixture
def small_disk(tmp_path):
    with mounted(tmp_path / "disque", "256k") as place:
        yield place


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_older_results_stay_whole_and_nothing_else_is_left(small_disk):
    folder = small_disk / "sortie"
    folder.mkdir()
    for name in ("a.csv", "b.csv"):
        (folder / name).write_bytes(name.encode() * 100)
    before = content(folder)

    def write():
        with complete_folder(folder) as draft:
            (draft / "a.csv").write_bytes(b"x" * 1000)
            (draft / "b.csv").write_bytes(b"x" * 10**6)

    with pytest.raises(OutputError, match="disque plein"):
        write()
    assert content(folder) == before
    assert [path.name for path in small_disk.iterdir()] == ["sortie"]


def test_a_new_folder_is_not_left_half_made(small_disk):
    def write():
        with complete_folder(small_disk / "a" / "sortie") as draft:
            (draft / "b.csv").write_bytes(b"x" * 10**6)

    with pytest.raises(OutputError, match="disque plein"):
        write()
    assert list(small_disk.iterdir()) == []


def test_a_network_that_cannot_be_kept_leaves_no_store(small_disk):
    (small_disk / "plein").write_bytes(b"x" * 250_000)
    with pytest.raises(OSError, match="space"):
        network.save_network(straight_road(), small_disk / "reseau")
    assert [path.name for path in small_disk.iterdir()] == ["plein"]
    (small_disk / "plein").unlink()
    network.save_network(straight_road(), small_disk / "reseau")
    kept = network.open_network(small_disk / "reseau")
    np.testing.assert_array_equal(kept.x, straight_road().x)
