"""A pipe or a device in the place of what is kept: never waited for, made again."""

from __future__ import annotations

import os
import signal
import sys

import pytest
from support.toy import CENTRES, straight_road

from msap_geo import compiled
from msap_geo.cache import plain
from msap_geo.cli import progress
from msap_geo.errors import StoreError
from msap_geo.network import graphs, open_network, save_network
from msap_geo.outputs import complete_folder
from msap_geo.sources import sidecar

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no such pipes there")


@pytest.fixture(autouse=True)
def never_waits():
    """End a test that waits for who would write in the pipe."""
    signal.signal(signal.SIGALRM, lambda *_: pytest.fail("waits for a pipe"))
    signal.alarm(20)
    yield
    signal.alarm(0)


def pipe(path):
    """Put a pipe at a place, whatever was there."""
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    return path


def test_a_file_a_folder_or_nothing_is_plain(tmp_path):
    (tmp_path / "fichier").write_text("a", encoding="utf-8")
    for name in ("fichier", ".", "absent"):
        assert plain(tmp_path / name) == tmp_path / name
    with pytest.raises(OSError, match="not a file"):
        plain(pipe(tmp_path / "tube"))


def test_each_file_of_a_network(tmp_path):
    save_network(straight_road(), tmp_path / "reseau")
    names = sorted(path.name for path in (tmp_path / "reseau").iterdir())
    assert len(names) > 20
    for name in names:
        place = tmp_path / "reseau" / name
        content = place.read_bytes()
        pipe(place)
        if name == "verifie.json":  # what was checked is checked again
            assert len(open_network(tmp_path / "reseau").x) == len(CENTRES)
        else:
            with pytest.raises(StoreError):
                open_network(tmp_path / "reseau")
        place.unlink()
        place.write_bytes(content)
    assert len(open_network(tmp_path / "reseau").x) == len(CENTRES)


def test_the_whole_place_of_a_network(tmp_path):
    pipe(tmp_path / "reseau")
    save_network(straight_road(), tmp_path / "reseau")
    assert len(open_network(tmp_path / "reseau").x) == len(CENTRES)


def test_what_is_told_of_steps(tmp_path):
    assert progress._read(pipe(tmp_path / "durees.json")) == ([], True)


def test_compiled_code(tmp_path):
    assert not compiled._whole(pipe(tmp_path / "noyau.nbi"))
    assert "noyau.nbi" in compiled.damaged()
    compiled._damaged.discard("noyau.nbi")


def test_what_stands_beside_a_download(tmp_path):
    (tmp_path / "liste.csv").write_text("a", encoding="utf-8")
    pipe(sidecar.sidecar_of(tmp_path / "liste.csv"))
    assert sidecar.read_sidecar(tmp_path / "liste.csv") is None
    assert sidecar.is_damaged(tmp_path / "liste.csv")


def test_answers_of_openstreetmap(tmp_path):
    pipe(tmp_path / graphs._HASHES)
    pipe(tmp_path / "reponse.json")
    assert graphs._without_damaged(tmp_path) == ["reponse.json"]
    assert not (tmp_path / "reponse.json").exists()


def test_a_folder_of_results(tmp_path):
    folder = tmp_path / "sortie"
    folder.mkdir()
    for name in ("carte.html", ".verrou", ".brouillon-00000000"):
        pipe(folder / name)
    (folder / ".brouillon-11111111").mkdir()
    pipe(folder / ".brouillon-11111111" / ".journal")
    with complete_folder(folder) as draft:
        (draft / "carte.html").write_text("neuve", encoding="utf-8")
    assert (folder / "carte.html").read_text(encoding="utf-8") == "neuve"
