"""Writing a folder of results: all of it, or nothing."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pyogrio

from msap_geo.errors import MsapGeoError, OutputError, reason

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def complete_folder(folder: Path, *, option: str = "--sortie") -> Iterator[Path]:
    """Give a draft folder whose files reach the final one only if all were written.

    Parameters
    ----------
    folder
        Final folder, made if needed. Files of the same names are replaced, others left alone.
    option
        Option of the command line that chooses it, for the messages.

    Yields
    ------
    pathlib.Path
        Draft folder, beside the final one, to write in.

    Raises
    ------
    OutputError
        If the folder cannot be written.
    """
    made = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".brouillon-", dir=folder))
    except OSError as error:
        raise OutputError(
            f"impossible d'écrire dans le dossier ({reason(error)})",
            where=folder,
            remedy=f"choisir un autre dossier avec {option}",
        ) from error
    complete = False
    try:
        yield draft
        _replace_all(draft, folder)
        complete = True
    except (
        OSError,
        pyogrio.errors.DataSourceError,
        pyogrio.errors.FeatureError,
        sqlite3.Error,
    ) as error:
        if isinstance(error, MsapGeoError):
            raise
        why = reason(error) if isinstance(error, OSError) else "GDAL n'a pas pu écrire"
        raise OutputError(
            f"l'écriture des résultats a échoué ({why})",
            where=folder,
            remedy=f"vérifier la place disponible et les droits, ou choisir {option}",
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        if made and not complete:
            shutil.rmtree(folder, ignore_errors=True)


def _replace_all(draft: Path, folder: Path) -> None:
    """Move every file of the draft into the folder; on failure the old ones come back."""
    aside = draft / ".anciens"
    aside.mkdir()
    moved: list[Path] = []
    for path in sorted(draft.iterdir()):
        if path == aside:
            continue
        final = folder / path.name
        try:
            if final.exists():
                final.replace(aside / path.name)
            moved.append(final)
            path.replace(final)
        except OSError as error:
            for done in moved:
                done.unlink(missing_ok=True)
                if (aside / done.name).exists():
                    (aside / done.name).replace(done)
            raise OutputError(
                f"impossible de remplacer « {path.name} » ({reason(error)})",
                where=folder,
                remedy="fermer ce fichier s'il est ouvert dans un autre logiciel",
            ) from error
