"""What an audit finds, and what became of each file.

Loaders and checks note anomalies one by one; an audit says them by kind: how many, the first
cases, how serious, what to do (``constats.toml``), and apart what lies outside the territory.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from msap_geo import french, notebook_html
from msap_geo.anomalies import Action

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from msap_geo.anomalies import Anomaly

CASES = 5
"""First cases shown of each finding."""


class Severity(StrEnum):
    """How serious a finding is, worst first."""

    BLOCKING = "bloquant"
    WARNING = "avertissement"
    INFORMATION = "information"


class Kind(NamedTuple):
    """What a code of finding means, as ``constats.toml`` says."""

    severity: Severity
    title: str
    unit: str
    remedy: str


class Case(NamedTuple):
    """One row at fault: what is said of it, and where it is."""

    message: str
    line: int | None = None
    identifier: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of thing found in one file.

    Parameters
    ----------
    code
        Stable French identifier, a key of ``constats.toml``.
    severity
        How serious it is.
    file
        File at fault; empty when the files are only wrong together.
    count
        Number of cases.
    sentence
        What was found, in French.
    remedy
        What to do about it.
    cases
        The first cases, in the order of the file.
    here
        Whether it concerns the territory of the study, or only the rest of a national file.
    """

    code: str
    severity: Severity
    file: str
    count: int
    sentence: str
    remedy: str
    cases: tuple[Case, ...] = ()
    here: bool = True

    @property
    def line(self) -> int | None:
        """Line of the first case, when known."""
        return next((case.line for case in self.cases), None)

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as plain values, with the French keys of ``--json``."""
        return {
            "code": self.code,
            "gravite": self.severity.value,
            "portee": "territoire" if self.here else "ailleurs",
            "fichier": self.file,
            "ligne": self.line,
            "nombre": self.count,
            "message": self.sentence,
            "remede": self.remedy,
            "cas": [
                {"ligne": case.line, "identifiant": case.identifier, "message": case.message}
                for case in self.cases
            ],
        }


@dataclass(frozen=True, slots=True)
class FileAudit:
    """What became of one file.

    Parameters
    ----------
    role
        Key of the study file it comes from (``"maisons"``).
    title
        The role in words.
    file
        Path as written in the study.
    vintage
        Vintage, in words; empty when nothing tells.
    read, kept, here
        Rows found, rows usable, and of these the rows of the territory; None where the file could
        not be read that far.
    repaired, left_out
        Rows repaired and left out, in the whole file.
    """

    role: str
    title: str
    file: str
    vintage: str
    read: int | None = None
    kept: int | None = None
    here: int | None = None
    repaired: int = 0
    left_out: int = 0


@dataclass(frozen=True)
class Audit:
    """What a study's files hold, and what is wrong with them.

    Parameters
    ----------
    title
        Name of the study.
    departements
        Its départements, code and name.
    files
        One entry per file.
    findings
        Everything found: the territory first, then the worst first, in the order of the files.
    """

    title: str
    departements: dict[str, str]
    files: tuple[FileAudit, ...]
    findings: tuple[Finding, ...] = field(default=())

    def of(self, severity: Severity) -> list[Finding]:
        """Return the findings of that severity in the territory."""
        return [found for found in self.findings if found.here and found.severity == severity]

    @property
    def elsewhere(self) -> list[Finding]:
        """What was found in the rest of the national files."""
        return [found for found in self.findings if not found.here]

    @property
    def verdict(self) -> str:
        """``inutilisable``, ``avertissements`` or ``propre``; only the territory counts."""
        if self.of(Severity.BLOCKING):
            return "inutilisable"
        return "avertissements" if self.of(Severity.WARNING) else "propre"

    def _repr_html_(self) -> str:
        """Show the verdict, the files and what was found in a notebook."""
        files = pd.DataFrame([(f.title, f.file, f.read, f.here) for f in self.files])
        found = pd.DataFrame(
            [(f.severity.value, f.file, f.sentence, f.remedy) for f in self.findings if f.here],
        )
        tables = [
            notebook_html.table(frame, dict(enumerate(titles)), caption=caption, decimals=0)
            for frame, titles, caption in (
                (files, ("Donnée", "Fichier", "Lignes", "Territoire"), "Fichiers"),
                (found, ("Gravité", "Fichier", "Constat", "Que faire"), "Constats"),
            )
            if len(frame)
        ]
        figures = {"verdict": self.verdict} | {
            f"{severity.value}s": french.number(len(self.of(severity))) for severity in Severity
        }
        figures["ailleurs dans les fichiers"] = french.counted(len(self.elsewhere), "constat")
        return notebook_html.card(f"Vérification – {self.title}", figures, tables=tables)

    def __repr__(self) -> str:
        return f"Audit({self.title!r}, verdict={self.verdict!r}, findings={len(self.findings)})"

    def as_dict(self) -> dict[str, Any]:
        """Return the audit as plain values, as ``--json`` prints it."""
        return {
            "etude": self.title,
            "departements": self.departements,
            "verdict": self.verdict,
            "bilan": {severity.value: len(self.of(severity)) for severity in Severity},
            "bilan_ailleurs": len(self.elsewhere),
            "fichiers": [
                {
                    "role": file.role,
                    "fichier": file.file,
                    "millesime": file.vintage or None,
                    "lignes": {
                        "lues": file.read,
                        "gardees": file.kept,
                        "territoire": file.here,
                        "reparees": file.repaired,
                        "ecartees": file.left_out,
                    },
                }
                for file in self.files
            ],
            "constats": [found.as_dict() for found in self.findings],
        }


@cache
def kinds() -> dict[str, Kind]:
    """Return what every code of finding means."""
    text = Path(__file__).with_name("constats.toml").read_text(encoding="utf-8")
    return {
        code: Kind(Severity(entry["gravite"]), entry["titre"], entry["unite"], entry["remede"])
        for code, entry in tomllib.loads(text).items()
    }


def finding(
    code: str, sentence: str, *, file: str = "", count: int = 1, cases: Iterable[Case] = ()
) -> Finding:
    """Make a finding about the territory that is said in its own words.

    Parameters
    ----------
    code
        A key of ``constats.toml``.
    sentence
        What was found, in French.
    file
        File at fault.
    count
        Number of cases.
    cases
        The cases, all of them shown: such a finding has few.

    Returns
    -------
    Finding
        With the severity and remedy of its kind.
    """
    kind = kinds()[code]
    return Finding(code, kind.severity, file, count, sentence, kind.remedy, tuple(cases))


def gather(
    anomalies: Iterable[Anomaly],
    departements: Collection[str],
    *,
    counted: Collection[str] = frozenset(),
) -> list[Finding]:
    """Turn anomalies into findings: one per file and code, the territory apart from the rest.

    Parameters
    ----------
    anomalies
        What loaders and checks noted.
    departements
        Départements of the study; what has no département concerns it too.
    counted
        Identifiers of the sites beyond its borders that count in the study all the same.

    Returns
    -------
    list of Finding
        In order of first appearance. What only follows from another anomaly is left to it.
    """
    echoes = _echoes(anomalies := list(dict.fromkeys(anomalies)))
    groups: dict[tuple[str, str, bool], list[Anomaly]] = {}
    for anomaly in anomalies:
        if anomaly in echoes:
            continue
        here = (
            not anomaly.departement
            or anomaly.departement in departements
            or anomaly.identifier in counted
        )
        groups.setdefault((anomaly.file, anomaly.code, here), []).append(anomaly)
    found = []
    for (file, code, here), group in groups.items():
        kind = kinds().get(code) or _unlisted(group[0])
        # What concerns a whole file has neither line nor identifier: it speaks for itself.
        cases = tuple(Case(a.message, a.line, a.identifier) for a in group)
        if len(group) == 1 and cases[0].line is None and not cases[0].identifier:
            message = cases[0].message
            sentence, cases = f"{message[:1].upper()}{message[1:]}", ()
        else:
            sentence = f"{kind.title} : {french.counted(len(group), kind.unit)}"
        found.append(
            Finding(
                code, kind.severity, file, len(group), sentence, kind.remedy, cases[:CASES], here
            )
        )
    return found


_CONSEQUENCES = {"mairie-absente", "site-sans-position"}


def _echoes(anomalies: Iterable[Anomaly]) -> set[Anomaly]:
    """Return the anomalies that follow from another: no position, hence the town hall instead.

    The first is the one to mend, and knows its line.
    """
    causes = {a.identifier for a in anomalies if a.code.startswith("coordonnees-")}
    causes -= {a.identifier for a in anomalies if a.code == "coordonnees-inversees"}
    return {a for a in anomalies if a.code in _CONSEQUENCES and a.identifier in causes}


def _unlisted(anomaly: Anomaly) -> Kind:
    """Return a kind for a code ``constats.toml`` does not list: told, never dropped."""
    lost = anomaly.action == Action.LEFT_OUT
    severity = Severity.WARNING if lost else Severity.INFORMATION
    return Kind(severity, anomaly.code, "cas", "voir les cas")


def ordered(found: Iterable[Finding], files: Iterable[str]) -> tuple[Finding, ...]:
    """Sort findings: the territory first, the worst first, then by file and in order of appearance.

    Parameters
    ----------
    found
        Findings.
    files
        File names, in the order of the study.

    Returns
    -------
    tuple of Finding
        The same findings, sorted.
    """
    rank = {name: position for position, name in enumerate(files)}
    severities = list(Severity)
    return tuple(
        sorted(
            found,
            key=lambda one: (
                not one.here,
                severities.index(one.severity),
                rank.get(one.file, len(rank)),
            ),
        )
    )


def rows_of(anomalies: Iterable[Anomaly], action: Action) -> int:
    """Count the rows something was done about; a row with two anomalies counts once.

    Parameters
    ----------
    anomalies
        Anomalies of one file.
    action
        What was done.

    Returns
    -------
    int
        Number of distinct rows; an anomaly about a whole file counts for one.
    """
    return len({(a.line, a.identifier) for a in anomalies if a.action == action})
