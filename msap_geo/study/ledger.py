"""What was read so far: a run's ledger stops at the first error, an audit's notes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from msap_geo import audit
from msap_geo.anomalies import Action
from msap_geo.audit import FileAudit, Finding
from msap_geo.errors import MsapGeoError, StudyError
from msap_geo.study.roles import ROLES
from msap_geo.territory import DEPARTEMENTS, departement_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import pandas as pd

    from msap_geo import loaders
    from msap_geo.anomalies import Anomaly
    from msap_geo.study.file import Study

Result = TypeVar("Result")


class Rows(NamedTuple):
    """Rows found in a file, usable, and of these in the territory; None where not known."""

    read: int | None = None
    kept: int | None = None
    here: int | None = None


class Ledger:
    """What a run has read so far; the first file that cannot be used stops it.

    Parameters
    ----------
    study
        Study whose files are read.
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        self.anomalies: list[Anomaly] = []

    def attempt(self, files: str, step: Callable[[], Result]) -> Result | None:  # noqa: ARG002
        """Take a step about some files."""
        return step()

    def note(
        self, files: str, step: Callable[[], loaders.Loaded[Result]]
    ) -> loaders.Loaded[Result] | None:
        """Take a step that loads some files together, and keep what it says."""
        loaded = self.attempt(files, step)
        self.anomalies += () if loaded is None else loaded.anomalies
        return loaded

    def load(
        self, role: str, written: Path, step: Callable[[], loaders.Loaded[Result]]
    ) -> loaders.Loaded[Result] | None:
        """Load one file, and keep what it says."""
        self.count(role, written)
        return self.note(written.name, step)

    def usable(
        self,
        role: str,  # noqa: ARG002 - an audit tells of each file
        written: Sequence[Path],
        load: Callable[[list[Path]], loaders.Loaded[Result]],  # noqa: ARG002
    ) -> list[Path]:
        """Return the files of a role that can be used: all of them, or the run stops later."""
        return list(written)

    def count(
        self,
        role: str,
        written: Path,
        read: int | None = None,
        kept: int | None = None,
        here: int | None = None,
    ) -> None:
        """Count the rows of a file; a run counts them by role, once everything is settled."""


class AuditLedger(Ledger):
    """What an audit has found so far: a file that cannot be used is one more finding.

    Parameters
    ----------
    study
        Study whose files are looked at.
    """

    def __init__(self, study: Study) -> None:
        super().__init__(study)
        self.rows: dict[tuple[str, Path], Rows] = {}
        self.findings: list[Finding] = []
        self.counted: set[str] = set()

    def attempt(self, files: str, step: Callable[[], Result]) -> Result | None:
        """Take a step; where it fails, its error is a finding about these files."""
        try:
            return step()
        except MsapGeoError as error:
            # What the study file itself says wrong is no fault of the files the step reads.
            ours = isinstance(error, StudyError) or not files
            code = "etude-incoherente" if ours else "fichier-inutilisable"
            kind = audit.kinds()[code]
            found = Finding(
                code,
                kind.severity,
                files,
                1,
                error.problem,
                error.remedy or kind.remedy,
                (audit.Case(f"où : {error.where}"),) if error.where else (),
            )
            if found not in self.findings:
                self.findings.append(found)
            return None

    def load(
        self, role: str, written: Path, step: Callable[[], loaders.Loaded[Result]]
    ) -> loaders.Loaded[Result] | None:
        """Load one file, and keep what it says."""
        self.rows[role, written] = Rows()
        loaded = self.note(written.name, step)
        if loaded is not None:
            self.rows[role, written] = self._counted(loaded)
        return loaded

    def usable(
        self,
        role: str,
        written: Sequence[Path],
        load: Callable[[list[Path]], loaders.Loaded[Result]],
    ) -> list[Path]:
        """Load each file of a role on its own; return those that can be used."""
        return [
            path
            for path in written
            if self.load(role, path, lambda path=path: load([self.study.path(path)]))  # type: ignore[misc]
            is not None
        ]

    def count(
        self,
        role: str,
        written: Path,
        read: int | None = None,
        kept: int | None = None,
        here: int | None = None,
    ) -> None:
        """Count the rows of a file: read, usable, in the territory."""
        self.rows[role, written] = Rows(read, kept, here)

    def _counted(self, loaded: loaders.Loaded[Result]) -> Rows:
        table: pd.DataFrame = loaded.table
        here = None
        if "departement" in table:
            here = int(table["departement"].isin(self.study.departements).sum())
        elif "code_insee" in table:
            of = table["code_insee"].map(departement_of)
            here = int(of.isin(self.study.departements).sum())
        return Rows(loaded.rows_read, len(table), here)

    def impossible(self, what: str) -> None:
        """Tell a check that could not be made for want of a usable file."""
        self.findings.append(audit.finding("controle-impossible", f"Contrôle impossible : {what}"))

    def result(self) -> audit.Audit:
        """Return the audit: a line per file, and everything found, by kind."""
        study = self.study
        names = [path.name for paths in study.inputs().values() for path in paths]
        told = audit.gather(self.anomalies, study.departements, counted=self.counted)
        files = []
        for role, paths in study.inputs().items():
            for path in paths:
                of = [anomaly for anomaly in self.anomalies if anomaly.file == path.name]
                rows = self.rows.get((role, path), Rows())
                files.append(
                    FileAudit(
                        role=role,
                        title=ROLES[role].title,
                        file=path.as_posix(),
                        vintage=study.vintage(role),
                        read=rows.read,
                        kept=rows.kept,
                        here=rows.here,
                        repaired=audit.rows_of(of, Action.REPAIRED),
                        left_out=audit.rows_of(of, Action.LEFT_OUT),
                    )
                )
        return audit.Audit(
            title=study.etude.nom,
            departements={code: DEPARTEMENTS[code] for code in study.departements},
            files=tuple(files),
            findings=audit.ordered([*self.findings, *told], names),
        )
