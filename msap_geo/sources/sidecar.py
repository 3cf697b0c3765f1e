"""``<file>.source.json``, beside a file that was fetched: where it comes from, and its hash."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from msap_geo.cache import plain

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SIDECAR = ".source.json"
"""Suffix, added to the whole name, of the file that tells where another comes from."""

_SEAL = "controle"
"""Key of the hash of all that a sidecar tells besides."""


def now() -> str:
    """Return this moment as sidecars write it: ISO 8601, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def sidecar_of(path: Path) -> Path:
    """Return where the sidecar of a file stands."""
    return path.with_name(path.name + SIDECAR)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sealed(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a sidecar tells with its own hash, by which a change of it is seen."""
    told = {key: value for key, value in content.items() if key != _SEAL}
    text = json.dumps(told, ensure_ascii=False, sort_keys=True)
    return {**told, _SEAL: hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()}


def told_beside(path: Path) -> dict[str, Any] | None:
    """Return what stands beside a file; null where nothing does, or nothing whole.

    What a person wrote, without the hash, is taken as written.
    """
    try:
        content = json.loads(plain(sidecar_of(path)).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    whole = isinstance(content, dict) and (_SEAL not in content or sealed(content) == content)
    return content if whole else None


def is_damaged(path: Path) -> bool:
    """Tell whether what stands beside a file is not what was written there."""
    return sidecar_of(path).exists() and told_beside(path) is None


def read_sidecar(path: Path) -> dict[str, Any] | None:
    """Return what the sidecar of a file says, null where there is none that can be read."""
    content = told_beside(path)
    texts = content is not None and all(
        isinstance(content.get(key), str) for key in ("sha256", "date")
    )
    return content if texts else None


def write_sidecar(path: Path, content: Mapping[str, Any]) -> None:
    """Write the sidecar of a file, whole or not at all."""
    final = sidecar_of(path)
    draft = final.with_name(f".{final.name}.{os.getpid()}")
    text = json.dumps(sealed(content), ensure_ascii=False, indent=2)
    draft.write_text(f"{text}\n", encoding="utf-8")
    draft.replace(final)


def recall(path: Path) -> dict[str, Any] | None:
    """Return what the sidecar of a file says, null where the file is not what was fetched."""
    known = read_sidecar(path)
    if known is None or not path.is_file() or sha256(path) != known["sha256"]:
        return None
    return known


def altered(path: Path) -> str | None:
    """Tell whether a file is no longer what was fetched.

    Parameters
    ----------
    path
        A file, beside which a sidecar may stand.

    Returns
    -------
    str or None
        The day it was fetched, as the French write it, if its hash is another one now; null where
        nothing says so.
    """
    known = read_sidecar(path)
    if known is None or not path.is_file() or sha256(path) == known["sha256"]:
        return None
    return "/".join(reversed(known["date"][:10].split("-")))
