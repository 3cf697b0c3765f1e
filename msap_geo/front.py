"""The front door: what an analyst asks, each in one call. ``import msap_geo`` gives all of it.

Every function takes what the one before gave; paths are text or :class:`pathlib.Path`.
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from msap_geo import given
from msap_geo.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    import folium

    from msap_geo.answers import Diagnosis
    from msap_geo.audit import Audit
    from msap_geo.comparison import Comparison
    from msap_geo.study import Choice, Study, StudyResult

    Written = str | PathLike[str]

__all__ = [
    "check",
    "compare",
    "map",
    "read",
    "report",
    "run",
    "sample",
    "scenario",
    "write",
]


def read(path: Written) -> Study:
    """Read and check a study file.

    Parameters
    ----------
    path
        An ``etude.toml``, whose paths start from its folder.

    Returns
    -------
    msap_geo.study.Study
        The study, its files not read yet.

    Raises
    ------
    FileMissingError, StudyError, TerritoryError
        If the file is absent, is no study, or names an unknown département.
    """
    from msap_geo.study import read_study  # noqa: PLC0415 - the door itself loads nothing

    return read_study(Path(path))


def sample() -> Study:
    """Return the embedded sample: Mayenne, invented Maisons, estimated times.

    Returns
    -------
    msap_geo.study.Study
    """
    from msap_geo.study import sample_study  # noqa: PLC0415

    return sample_study()


def run(study: Study | Written) -> StudyResult:
    """Run a study from its files to its figures.

    Parameters
    ----------
    study
        What :func:`read` or :func:`sample` gave, or the path of a study file.

    Returns
    -------
    msap_geo.study.StudyResult
        ``communes``, ``access``, ``zones``, ``maisons``, ``candidates``… as GeoDataFrames.

    Raises
    ------
    MsapGeoError
        If a file is absent or unusable; the message says what, where and how to mend it.
    """
    from msap_geo.study import run_study  # noqa: PLC0415

    return run_study(given.not_run(study, "run"))


def check(study: Study | Written) -> Audit:
    """Audit the files of a study before anything is computed.

    Parameters
    ----------
    study
        What :func:`read` gave, or the path of a study file.

    Returns
    -------
    msap_geo.audit.Audit
        What each file holds, and everything found.
    """
    from msap_geo.study import audit_study  # noqa: PLC0415

    return audit_study(given.not_run(study, "check"))


def map(  # noqa: A001 - ``mg.map(r)`` reads as it should
    found: StudyResult | Diagnosis, *, layers: Collection[str] | None = None
) -> folium.Map:
    """Draw a study, or its diagnosis, as an ordinary Folium map.

    Parameters
    ----------
    found
        What :func:`run`, :func:`scenario` or :func:`diagnose` gave.
    layers
        Names of the layers to draw, in French; all there are by default.

    Returns
    -------
    folium.Map

    Raises
    ------
    OutputError
        If a layer does not exist.
    """
    from msap_geo import outputs  # noqa: PLC0415

    given.result_of(found, "map")
    return outputs.map(found, layers=None if layers is None else given.names(layers))


def scenario(
    result: StudyResult,
    *,
    opened: Iterable[str] = (),
    closed: Iterable[str] = (),
    choice: Choice | Written | None = None,
) -> StudyResult:
    """Measure a study again as if offices opened and Maisons closed.

    Parameters
    ----------
    result
        What :func:`run` gave.
    opened, closed
        Candidates and Maisons, by identifier or name: one, several, or a table of them. With none,
        the study as it is.
    choice
        Instead of both, a choice exported from the map, or its file.

    Returns
    -------
    msap_geo.study.StudyResult
        A result like any other, whose name says it is a scenario.

    Raises
    ------
    StudyError
        If a site is unknown, or its name is that of several.
    """
    from msap_geo import study  # noqa: PLC0415

    result = given.result_of(result, "scenario")
    if choice is None:
        made = study.choose(result, opened=given.names(opened), closed=given.names(closed))
    else:
        made = choice if isinstance(choice, study.Choice) else study.read_choice(Path(choice))
    return study.scenario(result, made)


def compare(before: StudyResult | Written, after: StudyResult | Written) -> Comparison:
    """Put two studies of one territory side by side.

    Parameters
    ----------
    before, after
        Results, or folders written by :func:`write` or ``msap-geo lancer``.

    Returns
    -------
    msap_geo.comparison.Comparison
        Who gains, who loses, and what differs in what both are made of.

    Raises
    ------
    TerritoryError, StudyError, DataError
        If they cannot be compared.
    """
    from msap_geo import comparison  # noqa: PLC0415

    sides = [
        comparison.read_folder(Path(each))
        if isinstance(each, str | PathLike)
        else given.result_of(each, "compare")
        for each in (before, after)
    ]
    return comparison.compare_studies(*sides)


def write(
    found: StudyResult | Diagnosis | Comparison,
    folder: Written,
    *,
    everything: bool = False,
    geoparquet: bool = False,
    times: str = "",
) -> None:
    """Write the folder of a study or of a comparison: every file, or none.

    Parameters
    ----------
    found
        What :func:`run`, :func:`scenario`, :func:`diagnose` (shown too) or :func:`compare` gave.
    folder
        Folder to write in, made if needed.
    everything
        Of a result, all there is to tell: diagnosis, notes, plan, workbook, report.
    geoparquet
        Whether to write each layer as GeoParquet too.
    times
        ``"csv"`` or ``"parquet"``: a table of times too, which ``[temps] source`` reads back.

    Raises
    ------
    OutputError, StudyError
        If the folder cannot be written; if the study has its times from a table, and is asked one.
    """
    from msap_geo import answers, comparison  # noqa: PLC0415
    from msap_geo import folder as files  # noqa: PLC0415

    path = Path(folder)
    if isinstance(found, comparison.Comparison):
        files.write_comparison(found, path)
        return
    diagnosis = found if isinstance(found, answers.Diagnosis) else None
    result = given.result_of(found, "write")
    if everything:
        files.write_everything(
            files.everything_of(result), path, geoparquet=geoparquet, times=times
        )
    else:
        files.write_study(result, path, diagnosis=diagnosis, geoparquet=geoparquet, times=times)


def report(result: StudyResult, path: Written, *, number: int = 3) -> None:
    """Write the report of a study.

    Parameters
    ----------
    result
        What :func:`run` or :func:`scenario` gave.
    path
        File to write, ending in ``.pdf``, ``.docx`` or ``.html``.
    number
        How many offices the plan proposes.

    Raises
    ------
    OutputError
        If the ending is none of the three, or the file cannot be written.
    """
    from msap_geo import documents  # noqa: PLC0415
    from msap_geo.outputs.report import FORMATS, Look, write_document  # noqa: PLC0415

    file = Path(path)
    form = file.suffix.lower().removeprefix(".")
    if form not in FORMATS:
        raise OutputError(
            f"un rapport ne s'écrit pas en « {file.suffix or file.name} »",
            where=file,
            remedy=f"finir le nom par {', '.join(f'.{known}' for known in FORMATS)}",
        )
    made = documents.report_document(
        documents.report_parts(
            given.result_of(result, "report"), number=given.whole(number, "number")
        )
    )
    write_document(made, file.parent, name=file.stem, formats=[form], look=Look())
