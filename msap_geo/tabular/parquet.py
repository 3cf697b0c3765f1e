"""Parquet as it comes: what it may do to its reader, told in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msap_geo.errors import unreadable

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path


def parquet_faults(where: Path) -> AbstractContextManager[None]:
    """Tell in words that a file is no Parquet one can read (:func:`msap_geo.errors.unreadable`).

    Parameters
    ----------
    where
        File, or member of an archive.

    Raises
    ------
    UnreadableFileError
        For whatever a damaged file makes pyarrow or pandas raise.
    """
    return unreadable(
        f"« {where.name} » n'est pas un fichier Parquet lisible",
        where=where,
        remedy="le télécharger à nouveau (telecharger --forcer s'il en vient)",
    )
