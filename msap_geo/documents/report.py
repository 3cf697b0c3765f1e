"""The report of a study: its document, composed, and its files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msap_geo.documents.parts import SITES, ReportParts, report_parts
from msap_geo.outputs.report import FORMATS, Document, Look, write_document
from msap_geo.study.result import StudyResult

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

NAME = "rapport"
"""Name of the files, without suffix."""

ZONES = 3
"""How many zones blanches are told one by one, unless asked otherwise."""

FICHES = 3
"""How many proposed offices get a page, unless asked otherwise."""


def report_document(
    parts: ReportParts,
    *,
    zones: int = ZONES,
    fiches: int = FICHES,
    model: str = "diagnostic",
) -> Document:
    """Compose the report of a study; nothing is computed that its parts do not hold.

    Parameters
    ----------
    parts
        What it is made of (:func:`report_parts`).
    zones
        How many zones blanches are told one by one; the others are in the tables.
    fiches
        How many proposed offices get a page.
    model
        Order of the sections: ``"diagnostic"``, or ``"sdaasap"`` for that of the schéma
        départemental.

    Returns
    -------
    Document
        The report.
    """
    from msap_geo.documents.compose import compose  # noqa: PLC0415 - matplotlib is slow

    return compose(parts, zones=zones, fiches=fiches, model=model)


def write_report(
    study: StudyResult | ReportParts,
    folder: Path,
    *,
    formats: Sequence[str] = FORMATS,
    look: Look | None = None,
    number: int = SITES,
    fiches: int = FICHES,
    zones: int = ZONES,
    progress: Callable[[str], None] = lambda _: None,
) -> list[Path]:
    """Write the report of a study in the forms asked for: all of them, or none.

    Parameters
    ----------
    study
        A study, run; or the parts of its report where they are known already.
    folder
        Folder to write in, made if needed; files of other names are left alone.
    formats
        Some of ``"pdf"``, ``"docx"``, ``"html"``.
    look
        Logo, style sheet, Word template, typst theme
        (:func:`msap_geo.outputs.report.read_look`).
    number
        How many offices the plan may open; of no effect on parts known already.
    fiches, zones
        How many proposed offices get a page, how many zones blanches are told one by one.
    progress
        Called with a French sentence at each step.

    Returns
    -------
    list of pathlib.Path
        The files, ``rapport.<form>``.

    Raises
    ------
    MsapGeoError
        If the parts cannot be computed, the look is wrong, or the folder cannot be written.
    """
    if isinstance(study, StudyResult):
        study = report_parts(study, number=number, progress=progress)
    progress("Mise en page")
    document = report_document(study, zones=zones, fiches=fiches)
    chosen = Look() if look is None else look
    return write_document(document, folder, name=NAME, formats=formats, look=chosen)
