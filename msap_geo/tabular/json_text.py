"""JSON as files hold it, whatever Python's reader would choke on."""

from __future__ import annotations

import gc
import json
import re
from typing import TYPE_CHECKING, Any

from msap_geo.errors import UnreadableFileError

if TYPE_CHECKING:
    from pathlib import Path

_HALF = re.compile(
    r"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
"""Half a character (``\\ud800``), among escaped backslashes and whole pairs, to be left alone."""


def parse_json(text: str) -> Any:
    """Return what JSON says; half a character becomes « � », which every file can hold.

    Raises
    ------
    ValueError
        If it is not JSON, is nested too deep, or holds an integer of thousands of digits.
    TwinKeysError
        If an object says two things under one key; said twice alike, it counts once.
    """
    if "\\u" in text:
        text = _HALF.sub(lambda found: "\\ufffd" if found[1] else found[0], text)
    # What JSON says has no cycles: looking for them takes more than half of the reading.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return json.loads(text, object_pairs_hook=_object)
    except RecursionError as error:
        raise ValueError(str(error)) from error
    finally:
        if collecting:
            gc.enable()


class TwinKeysError(ValueError):
    """An object with two values under one key, of which nothing tells the right one."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of its pairs; Python's reader keeps the last of two values in silence."""
    told = dict(pairs)
    if len(told) != len(pairs):
        for name, value in pairs:
            if told[name] != value:
                raise TwinKeysError(name)
    return told


_AGAIN = "télécharger à nouveau le fichier (telecharger --forcer s'il en vient)"


def read_json_text(text: str, path: Path, *, remedy: str = _AGAIN) -> Any:
    """Read the JSON of a file.

    Parameters
    ----------
    text
        Decoded text.
    path, remedy
        File it comes from, and how to mend it, for the message.

    Returns
    -------
    Any
        What it holds.

    Raises
    ------
    UnreadableFileError
        If it is not JSON that can be read; the line is named where it is known.
    """
    try:
        return parse_json(text)
    except json.JSONDecodeError as error:
        problem, where = (
            f"« {path.name} » n'est pas du JSON valide",
            f"{path}, ligne {error.lineno}, colonne {error.colno}",
        )
        raise UnreadableFileError(problem, where=where, remedy=remedy) from error
    except TwinKeysError as error:
        raise UnreadableFileError(
            f"« {path.name} » donne deux valeurs à une même clé, « {error} »",
            where=path,
            remedy=f"n'en garder qu'une, ou {remedy}",
        ) from error
    except ValueError as error:
        raise UnreadableFileError(
            f"« {path.name} » contient un nombre démesuré ou des objets emboîtés sans fin",
            where=path,
            remedy=remedy,
        ) from error
