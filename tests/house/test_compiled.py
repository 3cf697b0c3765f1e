"""Compiled code kept on disk: damaged, it is compiled again, never run; stale, it is left."""

from __future__ import annotations

import hashlib
import importlib.util
import pickle

import numba
import numpy as np
import pytest

from msap_geo import cache, compiled

SOURCE = """
def twice(x):
    return 2 * x + 1
"""


@pytest.fixture
def fresh(tmp_path, monkeypatch):
    """Return what makes a function anew, as another run would, its code kept in a folder."""
    monkeypatch.setattr(compiled, "_FOLDER", tmp_path / "code")
    monkeypatch.setattr(compiled, "_KEPT", True)
    monkeypatch.setattr(compiled, "_damaged", set())
    monkeypatch.setattr(compiled, "_unsaved", set())
    monkeypatch.setattr(compiled._CONFIG, "CACHE_DIR", "")
    path = tmp_path / "deux.py"
    path.write_text(SOURCE)

    def make():
        spec = importlib.util.spec_from_file_location("deux", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return compiled.kernel(module.twice)

    return make


def kept(tmp_path):
    return sorted(path for path in (tmp_path / "code").rglob("*") if path.is_file())


def test_code_is_kept_and_taken_back(tmp_path, fresh):
    assert fresh()(3) == 7
    assert {path.suffix for path in kept(tmp_path)} == {".nbi", ".nbc"}
    again = fresh()
    assert again(3) == 7
    assert sum(again.stats.cache_hits.values()) == 1
    assert compiled.damaged() == ()


@pytest.mark.parametrize("fault", [OSError(28, "disk full"), RuntimeError("no compiled object")])
def test_what_cannot_be_kept_ends_no_run_and_is_told(tmp_path, fresh, monkeypatch, fault):
    def refuse(*_):
        raise fault

    with monkeypatch.context() as broken:
        broken.setattr(compiled.IndexDataCacheFile, "save", refuse)
        function = fresh()
        assert function(3) == 7
        assert function(3.5) == 8.0
    assert compiled.recompiles()
    assert kept(tmp_path) == []
    assert fresh()(3) == 7
    assert kept(tmp_path)


def seal(path, content):
    path.write_bytes(content + compiled._MARK + hashlib.sha256(content).digest())


@pytest.mark.parametrize("suffix", [".nbi", ".nbc"])
@pytest.mark.parametrize(
    "tail",
    [b"c<dynamic>\nf\n.", b"cbuiltins\nno_such_word\n.", b"\x80\x04K\x01.", b"no pickle", b""],
)
def test_whole_files_that_cannot_be_taken_back_are_made_again(tmp_path, fresh, suffix, tail):
    fresh()(3)
    (path,) = (one for one in kept(tmp_path) if one.suffix == suffix)
    version = pickle.dumps(numba.__version__) if suffix == ".nbi" else b""  # which begins an index
    seal(path, version + tail)
    function = fresh()
    assert function(3) == 7
    assert not function.stats.cache_hits
    assert compiled.damaged()
    compiled._damaged.clear()
    again = fresh()
    assert again(3) == 7
    assert sum(again.stats.cache_hits.values()) == 1
    assert compiled.damaged() == ()


@pytest.mark.parametrize("place", ["load", "rebuild"])
def test_code_that_fails_to_load_is_compiled_again(fresh, monkeypatch, place):
    def refuse(*_):
        raise ModuleNotFoundError("No module named '<dynamic>'")

    fresh()(3)
    with monkeypatch.context() as broken:
        function = fresh()
        holder = function._cache._cache_file if place == "load" else function._cache._impl
        broken.setattr(type(holder), place, refuse)
        assert function(3) == 7
        assert not function.stats.cache_hits
    assert len(compiled.damaged()) == 1
    assert not compiled.recompiles()


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".nbi", ".nbc"])
def test_one_bit_anywhere_is_seen_and_the_code_made_again(tmp_path, fresh, suffix):
    fresh()(3)
    rng = np.random.default_rng(len(suffix))
    for _ in range(25):
        (path,) = (one for one in kept(tmp_path) if one.suffix == suffix)
        content = bytearray(path.read_bytes())
        content[rng.integers(len(content))] ^= 1 << rng.integers(8)
        path.write_bytes(content)
        compiled._damaged.clear()
        function = fresh()
        assert function(3) == 7
        assert not function.stats.cache_hits
        assert compiled.damaged() == (path.name,)
    assert sum(fresh().stats.cache_hits.values()) == 0  # nothing called yet


@pytest.mark.parametrize("content", [b"", b"\x80\x04N.", b"cos\nsystem\n(S'true'\ntR."])
def test_what_is_not_ours_is_not_run(tmp_path, fresh, content):
    fresh()(3)
    for path in kept(tmp_path):
        path.write_bytes(content)
    assert fresh()(3) == 7
    assert compiled.damaged()


def test_what_is_kept_depends_on_the_code_that_made_it(tmp_path, monkeypatch):
    (tmp_path / "salle").mkdir()
    monkeypatch.setattr(cache, "__file__", str(tmp_path / "cache.py"))
    digest = cache.code_digest.__wrapped__
    (tmp_path / "salle" / "lecteur.py").write_text("a = 1\n")
    first = digest("salle")
    assert digest("salle") == first
    (tmp_path / "salle" / "lecteur.py").write_text("a = 2\n")
    second = digest("salle")
    (tmp_path / "salle" / "lecteur.py").rename(tmp_path / "salle" / "autre.py")
    assert len({first, second, digest("salle"), digest("rien")}) == 4
