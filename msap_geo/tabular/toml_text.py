"""Files of settings, as TOML: read whole, or refused in French."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

from msap_geo.errors import FileMissingError, StudyError, reason

if TYPE_CHECKING:
    from pathlib import Path


def read_toml(path: Path, *, what: str, named: str) -> dict[str, Any]:
    """Read a file of settings.

    Parameters
    ----------
    path
        File to read, UTF-8 with or without its mark.
    what
        What it is, with neither article nor name: ``"fichier d'étude"``.
    named
        How it is named as a rule: ``"etude.toml"``.

    Returns
    -------
    dict
        Its content.

    Raises
    ------
    FileMissingError
        If there is no such file.
    StudyError
        If it cannot be read, or is not TOML.
    """
    try:
        folder, there = path.is_dir(), path.is_file()
    except OSError as error:  # a name longer than the disk allows
        raise FileMissingError(
            f"le {what} ne peut pas être trouvé ({reason(error)})",
            where=path.parent,
            remedy=f"donner le chemin d'un fichier {named}",
        ) from error
    if folder:
        raise StudyError(
            f"un dossier est donné à la place du {what}",
            where=path,
            remedy=f"donner le chemin du fichier {named} qu'il contient",
        )
    if not there:
        raise FileMissingError(
            f"le {what} « {path.name} » est introuvable",
            where=path,
            remedy=f"donner le chemin d'un fichier {named}",
        )
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise StudyError(
            f"le {what} ne peut pas être lu ({reason(error)})",
            where=path,
            remedy="vérifier les droits et que le disque est accessible",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StudyError(
            f"le {what} n'est pas du TOML valide",
            where=f"{path}{_place(error)}",
            remedy=_remedy(error),
        ) from error
    except RecursionError as error:
        raise StudyError(
            f"le {what} est imbriqué trop profondément pour être lu",
            where=path,
            remedy="vérifier les crochets",
        ) from error
    except ValueError as error:  # integers have 4,300 digits at most
        raise StudyError(
            f"le {what} contient un nombre démesuré", where=path, remedy="vérifier les nombres"
        ) from error


def _remedy(error: ValueError) -> str:
    """Say what to do; a Windows path between double quotes is the usual cause."""
    if "escape" in str(error) or "hex value" in str(error).lower():
        return (
            "écrire les chemins avec des barres « / », ou entre apostrophes simples "
            "('C:\\Etudes\\routes.pbf') : entre guillemets, « \\ » annonce un signe spécial"
        )
    return "vérifier les guillemets et les crochets à cet endroit, et l'encodage UTF-8"


def _place(error: Exception) -> str:
    found = re.search(r"line (\d+), column (\d+)", str(error))
    return f", ligne {found.group(1)}, colonne {found.group(2)}" if found else ""
