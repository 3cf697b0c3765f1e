"""A file is read once where asked, again where it changed, and never remembered outside."""

from __future__ import annotations

import inspect
import os

import pytest

from msap_geo import loaders
from msap_geo.errors import FileMissingError, UnreadableFileError
from msap_geo.loaders.shared import MOST_READINGS, once

CALLS = []


@once
def read(path, *, codes=None):
    CALLS.append(path)
    return [path.read_text(), codes]


@pytest.fixture
def file(tmp_path):
    CALLS.clear()
    path = tmp_path / "liste.csv"
    path.write_text("un")
    return path


def test_nothing_is_remembered_outside(file):
    assert read(file) is not read(file)
    with loaders.read_once():
        read(file)
    read(file)
    assert len(CALLS) == 4


def test_the_same_file_is_read_once(file):
    with loaders.read_once():
        assert read(file) is read(file)
        assert read([file][0]) is read(file)
    assert len(CALLS) == 1


def test_a_changed_file_is_read_again(file):
    with loaders.read_once():
        before = read(file)
        file.write_text("deux")
        assert read(file) != before
        os.utime(file, ns=(1, 1))
        read(file)
    assert len(CALLS) == 3


def test_other_codes_are_another_reading(file):
    with loaders.read_once():
        # Each would take the identity of the one before, were it not kept.
        found = [read(file, codes=object()) for _ in range(20)]
    assert len({id(codes) for _, codes in found}) == 20


def test_an_error_is_not_remembered(file):
    file.unlink()
    with loaders.read_once():
        with pytest.raises(FileNotFoundError):
            read(file)
        file.write_text("revenu")
        assert read(file)[0] == "revenu"


def test_the_memory_has_a_bound(file):
    with loaders.read_once():
        for n in range(MOST_READINGS + 1):
            read(file, codes=n)
        read(file, codes=MOST_READINGS)
        assert len(CALLS) == MOST_READINGS + 1
        read(file, codes=0)  # the oldest was let go
    assert len(CALLS) == MOST_READINGS + 2


@pytest.mark.slow
def test_two_territories_of_one_national_file(toy_study):
    from msap_geo.study import read_study, run_study  # noqa: PLC0415

    study = read_study(toy_study.path)
    alone = run_study(study)
    with loaders.read_once():
        run_study(study)
        again = run_study(study)
    assert again.summary() == alone.summary()
    assert again.access.equals(alone.access)


LOADERS = sorted(name for name in loaders.__all__ if name.startswith("load_"))


def asks(loader):
    """Return the name of a loader's first parameter, and values for those it must have besides."""
    first, *others = inspect.signature(loader).parameters.values()
    needed = {"crs": 2154, "dimension": 2, "remedy": "", "departements": ["53"]}
    needed |= {"thresholds": [20.0], "types": {}}
    return first.name, {one.name: needed[one.name] for one in others if one.default is one.empty}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipe has a name here")
@pytest.mark.parametrize("name", LOADERS)
@pytest.mark.parametrize("suffix", [".csv", ".json", ".geojson", ".gpkg", ".xlsx", ".zip"])
def test_a_pipe_or_a_device_is_refused_and_not_waited_for(tmp_path, name, suffix):
    """A pipe nobody writes in never ends, nor does /dev/zero, which fills the memory."""
    pipe, device = tmp_path / f"tube{suffix}", tmp_path / f"zero{suffix}"
    os.mkfifo(pipe)
    device.symlink_to("/dev/zero")
    loader = getattr(loaders, name)
    first, asked = asks(loader)
    for path in (pipe, device):
        with pytest.raises(UnreadableFileError):
            loader([path] if first == "paths" else path, **asked)


@pytest.mark.parametrize("name", LOADERS)
@pytest.mark.parametrize("form", [str, lambda path: path, lambda path: [path]])
def test_a_file_is_given_as_one_writes_it(tmp_path, name, form):
    """A name, a path, and a list of them where several files are awaited."""
    loader, given = getattr(loaders, name), form(tmp_path / "absent.csv")
    first, asked = asks(loader)
    if isinstance(given, list) and first == "path":
        return
    for call in (lambda: loader(given, **asked), lambda: loader(**{first: given}, **asked)):
        with pytest.raises(FileMissingError, match=r"absent\.csv"):
            call()


def test_one_file_of_communes_is_a_list_of_one(toy_study):
    path = toy_study.folder / "communes.geojson"
    whole = loaders.load_communes([path]).table
    for form in (path, str(path), [str(path)]):
        assert loaders.load_communes(form).table.equals(whole)
