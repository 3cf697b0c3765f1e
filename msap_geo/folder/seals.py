"""The manifest of a folder, written last: it bears the hash of every file beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msap_geo import outputs
from msap_geo.network.store import sha256

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MANIFEST = "manifest.json"


def write_manifest(told: Mapping[str, Any], draft: Path) -> None:
    """Write ``manifest.json``, with the hash of each file of the draft under ``sorties``.

    Who reads the folder back sees by it that a file was changed since, or is another study's.

    Parameters
    ----------
    told
        Origin of the figures.
    draft
        Folder whose every other file is written.
    """
    made = {
        path.relative_to(draft).as_posix(): sha256(path)
        for path in sorted(draft.rglob("*"))
        if path.is_file()
    }
    outputs.write_json({**told, "sorties": made}, draft / MANIFEST)
