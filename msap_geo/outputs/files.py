"""Writing a folder of results: all of it, or nothing."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msap_geo.errors import OutputError, reason

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def complete_folder(folder: Path) -> Iterator[Path]:
    """Give a draft folder whose files reach the final one only if all were written.

    Parameters
    ----------
    folder
        Final folder, made if needed. Files of the same names are replaced, others left alone.

    Yields
    ------
    pathlib.Path
        Draft folder, beside the final one, to write in.

    Raises
    ------
    OutputError
        If the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".brouillon-", dir=folder))
    except OSError as error:
        raise OutputError(
            f"impossible d'écrire dans le dossier ({reason(error)})",
            where=folder,
            remedy="choisir un autre dossier avec --sortie",
        ) from error
    try:
        yield draft
        for path in sorted(draft.iterdir()):
            try:
                path.replace(folder / path.name)
            except OSError as error:
                raise OutputError(
                    f"impossible de remplacer « {path.name} » ({reason(error)})",
                    where=folder,
                    remedy="fermer ce fichier s'il est ouvert dans un autre logiciel",
                ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
