"""The front door: what an analyst asks, each in one call. ``import msap_geo`` gives all of it.

Every function takes what the one before gave; paths are text or :class:`pathlib.Path`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msap_geo.errors import OutputError, StudyError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable
    from os import PathLike

    import folium

    from msap_geo.answers import Backtest, Diagnosis, Implantation, Rating
    from msap_geo.audit import Audit
    from msap_geo.comparison import Comparison
    from msap_geo.study import Choice, Study, StudyResult

    Written = str | PathLike[str]

__all__ = [
    "backtest",
    "check",
    "compare",
    "diagnose",
    "map",
    "plan",
    "rate",
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

    return run_study(study)


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

    return audit_study(study)


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

    return outputs.map(found, layers=layers)


def diagnose(result: StudyResult) -> Diagnosis:
    """Compute every coverage indicator of a study.

    Parameters
    ----------
    result
        What :func:`run` or :func:`scenario` gave.

    Returns
    -------
    msap_geo.answers.Diagnosis
        ``tables`` and ``layers``, by name (``docs/indicateurs.md``).

    Raises
    ------
    MsapGeoError
        If a file of ``[diagnostic]`` is absent or unusable.
    """
    from msap_geo import answers  # noqa: PLC0415

    return answers.diagnose(result)


def rate(result: StudyResult, *, top: int | None = None) -> Rating:
    """Rate the candidates of a study under every criterion.

    Parameters
    ----------
    result
        What :func:`run` or :func:`scenario` gave.
    top
        How many to keep, the best first; all by default.

    Returns
    -------
    msap_geo.answers.Rating
        ``table``, best first.
    """
    from msap_geo import answers  # noqa: PLC0415

    return answers.rate(result, top=top)


def plan(
    result: StudyResult,
    *,
    number: int | None = None,
    budget_eur: float | None = None,
    share: float | None = None,
    imposed: Iterable[str] = (),
    frontier: bool = False,
) -> Implantation:
    """Find which offices to open together, with the proof.

    Parameters
    ----------
    result
        What :func:`run` or :func:`scenario` gave.
    number, budget_eur, share
        One of the three: at most so many sites, so many euros a year all payers together, or at
        least this share of the inhabitants within the first threshold with the fewest sites.
    imposed
        Sites the decider wants, by identifier or name.
    frontier
        Whether to find the best plan of other numbers (or budgets) too.

    Returns
    -------
    msap_geo.answers.Implantation
        ``plan``, its cost, its near-equals, the regret of what is imposed.

    Raises
    ------
    InfeasibleError
        If no plan respects the rules, naming which and by how much.
    StudyError
        If not exactly one of the three is given, or a site is unknown.
    """
    from msap_geo import answers  # noqa: PLC0415
    from msap_geo.study.choice import site_ids  # noqa: PLC0415

    if [number, budget_eur, share].count(None) != 2:  # noqa: PLR2004 - of three, one is given
        raise StudyError(
            "un plan se demande par un nombre de sites, un budget ou une part couverte",
            remedy="donner l'un des trois : number=3, budget_eur=450_000 ou share=0.95",
        )
    forced = site_ids(imposed, result.candidates, what="bureaux candidats")
    asked = answers.Asked(number, budget_eur, share, forced, frontier)
    return answers.optimise(result, asked)


def backtest(result: StudyResult, *, date: dt.date | None = None) -> Backtest:
    """Hold the method against the post offices really chosen since a day.

    Parameters
    ----------
    result
        What :func:`run` gave.
    date
        Day the network is rebuilt at; the beginning of the programme by default.

    Returns
    -------
    msap_geo.answers.Backtest
        Both choices, side by side.

    Raises
    ------
    DataError
        If the list of Maisons tells no dates.
    """
    from msap_geo import answers  # noqa: PLC0415

    return answers.run_backtest(result, date=date or answers.BACKTEST_DATE)


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
        Candidates and Maisons, by identifier or name. With none, the study as it is.
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

    if choice is None:
        made = study.choose(result, opened=opened, closed=closed)
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
    from msap_geo import comparison, study  # noqa: PLC0415

    sides = [
        each if isinstance(each, study.StudyResult) else comparison.read_folder(Path(each))
        for each in (before, after)
    ]
    return comparison.compare_studies(*sides)


def write(
    found: StudyResult | Diagnosis | Comparison,
    folder: Written,
    *,
    everything: bool = False,
    geoparquet: bool = False,
) -> None:
    """Write the folder of a study or of a comparison: every file, or none.

    Parameters
    ----------
    found
        What :func:`run`, :func:`scenario`, :func:`diagnose` or :func:`compare` gave; the map of a
        diagnosis shows it.
    folder
        Folder to write in, made if needed.
    everything
        Of a result, all there is to tell: diagnosis, notes, plan, workbook, report.
    geoparquet
        Whether to write each layer as GeoParquet too.

    Raises
    ------
    OutputError
        If the folder cannot be written.
    """
    from msap_geo import answers, comparison  # noqa: PLC0415
    from msap_geo import folder as files  # noqa: PLC0415

    path = Path(folder)
    if isinstance(found, comparison.Comparison):
        files.write_comparison(found, path)
        return
    diagnosis = found if isinstance(found, answers.Diagnosis) else None
    result = found.result if isinstance(found, answers.Diagnosis) else found
    if everything:
        files.write_everything(files.everything_of(result), path, geoparquet=geoparquet)
    else:
        files.write_study(result, path, diagnosis=diagnosis, geoparquet=geoparquet)


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
    made = documents.report_document(documents.report_parts(result, number=number))
    write_document(made, file.parent, name=file.stem, formats=[form], look=Look())
