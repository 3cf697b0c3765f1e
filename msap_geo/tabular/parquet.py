"""Parquet as it comes: what it may do to its reader, told in words."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow as pa

from msap_geo.errors import MsapGeoError, UnreadableFileError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def parquet_faults(where: Path) -> Iterator[None]:
    """Tell in words that a file is no Parquet one can read; errors of ours go through.

    Parameters
    ----------
    where
        File, or member of an archive.

    Raises
    ------
    UnreadableFileError
        For whatever a damaged file makes pyarrow or pandas raise.
    """
    try:
        yield
    except MsapGeoError:
        raise
    except (pa.ArrowException, OSError, ValueError, TypeError) as error:
        raise UnreadableFileError(
            f"« {where.name} » n'est pas un fichier Parquet lisible",
            where=where,
            remedy="le télécharger à nouveau (telecharger --forcer s'il en vient)",
        ) from error
