"""What nothing else caught: a French sentence, and a report for those who mend."""

from __future__ import annotations

import platform
import shlex
import tempfile
import traceback
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError
from pathlib import Path

from msap_geo.errors import reason, shortened
from msap_geo.version import __version__, version_of

_TRACED = ("geopandas", "numba", "numpy", "pandas", "pyogrio", "pyproj", "scipy", "shapely")
FAILED, FAULT = 1, 70
_NO_MEMORY = (
    "Erreur : la mémoire de ce poste ne suffit pas. Que faire : fermer d'autres logiciels, réduire "
    "l'étude (moins de départements, sans carreaux, moins de tirages), ou la lancer sur un autre "
    "poste."
)


def told(error: BaseException, argv: list[str]) -> tuple[str, int]:
    """Say in French what stopped the command, and write a report where it is a fault of ours.

    Parameters
    ----------
    error
        What nothing else caught.
    argv
        Arguments of the command.

    Returns
    -------
    str
        Sentences for the user.
    int
        Exit code: 1 where the machine is at fault, 70 where we are.
    """
    if isinstance(error, MemoryError):
        return _NO_MEMORY, FAILED
    if isinstance(error, OSError) and error.errno is not None and _is_of_the_machine(error):
        where = f" Où : {shortened(str(error.filename))}." if error.filename else ""
        why = f"Erreur : le système a refusé d'aller plus loin ({reason(error)}).{where}"
        return (
            f"{why} Que faire : vérifier la place disponible et les droits, puis relancer.",
            FAILED,
        )
    what = "msap-geo a rencontré un défaut qui n'est pas de votre fait"
    if isinstance(error, RecursionError):
        what = "des données sont imbriquées trop profondément pour msap-geo"
    report = write_report(error, argv)
    kept = (
        f" Où : le compte rendu est dans {report}. Que faire : le transmettre avec votre question "
        "(il contient la commande et les chemins des fichiers, aucune donnée)."
        if report is not None
        else " Que faire : relancer depuis un dossier où l'on peut écrire, pour un compte rendu."
    )
    return f"Erreur : {what} ({type(error).__name__}).{kept}", FAULT


def _is_of_the_machine(error: OSError) -> bool:
    return not reason(error).startswith("erreur système")


def write_report(error: BaseException, argv: list[str]) -> Path | None:
    """Write what happened in a file of the current folder, else of the temporary one.

    Parameters
    ----------
    error
        What happened.
    argv
        Arguments of the command.

    Returns
    -------
    pathlib.Path or None
        The report; null where nothing can be written.
    """
    content = "\n".join(
        [
            f"msap-geo {__version__}, Python {platform.python_version()}, {platform.platform()}",
            ", ".join(f"{name} {_version(name)}" for name in _TRACED),
            f"commande : msap-geo {shlex.join(argv)}",
            "",
            "".join(traceback.format_exception(error)),
        ]
    )
    name = f"msap-geo-erreur-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.txt"
    for folder in (Path.cwd(), Path(tempfile.gettempdir())):
        try:
            path = folder / name
            path.write_text(content, encoding="utf-8", errors="backslashreplace")
        except OSError:
            continue
        return path
    return None


def _version(name: str) -> str:
    try:
        return version_of(name)
    except PackageNotFoundError:
        return "absent"
