"""The audit as one page that opens anywhere: no script, nothing from outside, all escaped."""

from __future__ import annotations

from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import jinja2

from msap_geo import french
from msap_geo.audit.findings import Severity
from msap_geo.audit.told import tally, verdict
from msap_geo.errors import OutputError
from msap_geo.outputs import complete_folder
from msap_geo.version import __version__

if TYPE_CHECKING:
    from msap_geo.audit.findings import Audit, FileAudit, Finding

_SECTIONS = {
    Severity.BLOCKING: ("À corriger d'abord", "Sans quoi l'étude ne peut pas être calculée."),
    Severity.WARNING: (
        "Avertissements",
        "L'étude peut être calculée ; ces points peuvent changer ses résultats.",
    ),
    Severity.INFORMATION: ("Pour information", "Rien à faire, sauf indication contraire."),
}


def render(audit: Audit) -> str:
    """Render an audit as a self-contained HTML page.

    Parameters
    ----------
    audit
        Audit.

    Returns
    -------
    str
        The page; equal audits give equal text.
    """
    return _template().render(
        audit=audit,
        departements=", ".join(f"{name} ({code})" for code, name in audit.departements.items()),
        verdict=verdict(audit),
        counts=tally(audit),
        files=[_file(audit, file) for file in audit.files],
        severities=[(*_SECTIONS[one], audit.of(one)) for one in Severity if audit.of(one)],
        number=french.number,
        version=__version__,
    )


@cache  # compiled once for all the audits of a process
def _template() -> jinja2.Template:
    text = Path(__file__).with_name("rapport.html").read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    return environment.from_string(text)


def _file(audit: Audit, file: FileAudit) -> tuple[dict[str, object], str, str]:
    """Return a file's row, its worst severity and what was found in it, in words."""
    name = PurePosixPath(file.file).name
    ours = [one for one in audit.findings if one.here and name in one.file.split(", ")]
    worst = next((level.value for level in Severity if _any(ours, level)), "propre")
    told = [
        french.counted(count, level.value)
        for level in (Severity.BLOCKING, Severity.WARNING)
        if (count := sum(one.severity == level for one in ours))
    ]
    row: dict[str, object] = {
        "title": file.title,
        "name": name,
        "vintage": file.vintage,
        "read": file.read,
        "kept": file.kept,
        "here": file.here,
        "repaired": file.repaired,
        "left_out": file.left_out,
    }
    return row, worst if told else "propre", ", ".join(told) or "rien à signaler"


def _any(found: list[Finding], level: Severity) -> bool:
    return any(one.severity == level for one in found)


def write(audit: Audit, path: Path) -> None:
    """Write the page of an audit: whole, or not at all.

    Parameters
    ----------
    audit
        Audit.
    path
        File to write; its folder is made if needed.

    Raises
    ------
    OutputError
        If it cannot be written; an older report is then left as it was.
    """
    if path.is_dir():
        raise OutputError(
            "un dossier porte déjà ce nom",
            where=path,
            remedy="donner avec --rapport un nom de fichier, par exemple audit.html",
        )
    with complete_folder(path.parent, option="--rapport") as draft:
        (draft / path.name).write_text(render(audit), encoding="utf-8", newline="\n")
