"""Whatever a library raises of a damaged file becomes a sentence that names the file."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from msap_geo import loaders
from msap_geo.errors import DataError, MissingColumnError, UnreadableFileError, unreadable
from msap_geo.travel.times import read_trips


class OfALibraryError(Exception):
    """Of no class a caller could list."""


@pytest.mark.parametrize(
    "error", [OfALibraryError(), KeyError("x"), RecursionError(), AssertionError()]
)
def test_any_error_of_a_library_is_told_in_words(error):
    path = Path("grille.gpkg")
    with (
        pytest.raises(UnreadableFileError, match=r"illisible.*grille\.gpkg.*le refaire") as told,
        unreadable("fichier illisible", where=path, remedy="le refaire"),
    ):
        raise error
    assert told.value.__cause__ is error


@pytest.mark.parametrize(
    "error", [MemoryError(), np._core._exceptions._ArrayMemoryError((9,), np.dtype(float))]
)
def test_a_file_too_large_for_the_memory_is_named(error):
    with (
        pytest.raises(UnreadableFileError, match="ou ne tient pas dans la mémoire"),
        unreadable("fichier illisible", where=Path("x"), remedy="le refaire"),
    ):
        raise error


@pytest.mark.parametrize("error", [DataError("une ligne fausse"), MissingColumnError("sans code")])
def test_errors_of_ours_go_through(error):
    with (
        pytest.raises(type(error)) as told,
        unreadable("fichier illisible", where=Path("x"), remedy="le refaire"),
    ):
        raise error
    assert told.value is error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3)])
def test_who_wants_to_stop_stops(error):
    with (
        pytest.raises(type(error)),
        unreadable("fichier illisible", where=Path("x"), remedy="le refaire"),
    ):
        raise error


def test_a_damaged_table_of_times_is_named(tmp_path):
    path = tmp_path / "temps.parquet"
    pd.DataFrame({"de": ["a"] * 50, "vers": ["b"] * 50, "minutes": range(50)}).to_parquet(path)
    whole = path.read_bytes()
    rng = np.random.default_rng(3)
    refused = 0
    for place in rng.integers(4, len(whole) - 8, 60):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        path.write_bytes(bytes(damaged))
        try:
            read_trips(path)
        except DataError as error:
            refused += "temps.parquet" in str(error)
    assert refused > 20


@pytest.mark.slow
@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize(
    "read",
    [loaders.load_indicators, loaders.load_population, lambda path: loaders.load_communes([path])],
)
def test_a_small_archive_that_unfolds_past_reason_is_refused_unread(tmp_path, read, method):
    # Ninety mebibytes of one letter in a few kilobytes: refused on what the archive declares.
    path = tmp_path / "bombe.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        for name in ("base_cc_comparateur.csv", "communes.shp"):
            with archive.open(name, "w") as member:
                member.write(b"CODGEO;P20_POP\n")
                for _ in range(90):
                    member.write(bytes(1) * 1024**2)
    assert path.stat().st_size < 1024**2
    with pytest.raises(UnreadableFileError, match=r"gonfle hors de proportion"):
        read(path)
