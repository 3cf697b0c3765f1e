"""An audit in a few lines, for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msap_geo import french
from msap_geo.audit.findings import Severity

if TYPE_CHECKING:
    from msap_geo.audit.findings import Audit, Finding

_LINES = 10
_NAMED = 3
_VERDICTS = {
    "inutilisable": "Inutilisable en l'état : des fichiers sont à corriger",
    "avertissements": "Utilisable, avec des avertissements à lire",
    "propre": "Rien à signaler dans le territoire",
}


def verdict(audit: Audit) -> str:
    """Return the verdict in words."""
    return _VERDICTS[audit.verdict]


def tally(audit: Audit) -> str:
    """Count the findings of the territory by severity, in words."""
    told = [
        french.counted(len(audit.of(level)), level.value) for level in Severity if audit.of(level)
    ]
    text = ", ".join(told) or "aucun constat"
    elsewhere = len(audit.elsewhere)
    if elsewhere:
        text += f" ; {french.counted(elsewhere, 'constat')} hors du territoire"
    return text


def in_lines(audit: Audit) -> list[str]:
    """Sum up an audit: the verdict, then the gravest findings, a dozen lines at most.

    Parameters
    ----------
    audit
        Audit.

    Returns
    -------
    list of str
        Lines of text.
    """
    grave = [*audit.of(Severity.BLOCKING), *audit.of(Severity.WARNING)]
    lines = [
        f"{audit.title} : {french.counted(len(audit.files), 'fichier')}, {tally(audit)}",
        *(_line(found) for found in grave[:_LINES]),
    ]
    if len(grave) > _LINES:
        lines.append(f"  … et {french.number(len(grave) - _LINES)} de plus (--rapport, --json)")
    return [*lines, f"{verdict(audit)}."]


def _line(found: Finding) -> str:
    mark = "BLOQUANT" if found.severity == Severity.BLOCKING else "attention"
    where = f" [{found.file}]" if found.file else ""
    return f"  {mark}{where} {found.sentence}{_first(found)}"


def _first(found: Finding) -> str:
    """Say where the first case is, and who the first ones are: `` (ligne 7… : 2A004, 2A006…)``."""
    named = list(dict.fromkeys(case.identifier for case in found.cases if case.identifier))
    who = ", ".join(named[:_NAMED]) + ("…" if found.count > min(len(named), _NAMED) else "")
    told = [] if found.line is None else [f"ligne {found.line}{'…' if found.count > 1 else ''}"]
    told += [who] if named else []
    return f" ({' : '.join(told)})" if told else ""
