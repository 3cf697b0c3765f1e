"""A campaign from its file to its folder: studies made or found made, then what is said of all."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from msap_geo import outputs
from msap_geo.campaign.assembly import assemble, studies_of
from msap_geo.campaign.state import (
    STATE,
    Record,
    inputs_of,
    is_whole,
    parameters_of,
    read_record,
    write_record,
    write_trace,
)
from msap_geo.campaign.tasks import tasks_of
from msap_geo.errors import FolderTakenError, MsapGeoError, StudyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from msap_geo.campaign.conduct import Outcome
    from msap_geo.campaign.figures import Made
    from msap_geo.campaign.file import Campaign
    from msap_geo.campaign.tasks import Task

_LOOKS, _LOOK_S = 5, 0.1

Maker: TypeAlias = "Callable[[Sequence[Task], Path], Iterator[Outcome]]"
"""What makes studies in the folder of a campaign, and gives each outcome as it comes."""


class Share(NamedTuple):
    """A share of a campaign: every ``of``-th study, from the ``number``-th, counted from one."""

    number: int
    of: int


class Step(NamedTuple):
    """Where a campaign is.

    Parameters
    ----------
    outcome
        What came of the last study; None before the first.
    done, total
        Studies tried, studies to make.
    found
        Studies found made by an earlier run.
    seconds_left
        Time the others should take, at the pace so far.
    """

    outcome: Outcome | None
    done: int
    total: int
    found: int
    seconds_left: float


@dataclass(frozen=True)
class Report:
    """What came of a campaign, or of a share of it.

    Parameters
    ----------
    studies
        Its studies, with what their folders tell.
    made, found
        Keys of the studies made by this run, and found made by an earlier one.
    """

    studies: tuple[Made, ...]
    made: tuple[str, ...] = ()
    found: tuple[str, ...] = ()

    @property
    def missing(self) -> list[Made]:
        """The studies that are not made: failed, or still to make."""
        return [study for study in self.studies if not study.summary]


def run_campaign(
    campaign: Campaign,
    folder: Path,
    make: Maker,
    *,
    resume: bool = False,
    share: Share | None = None,
    tell: Callable[[Step], None] = lambda _: None,
) -> Report:
    """Make the studies of a campaign; then, unless it is a share, its table, atlas and manifest.

    Parameters
    ----------
    campaign
        Checked campaign file.
    folder
        Folder of the campaign, made if needed.
    make
        What makes studies: :func:`msap_geo.campaign.by_processes` with its bounds, for instance.
    resume
        Whether to leave alone the studies that are made and whose inputs, parameters and versions
        are the same.
    share
        Which share to make.
    tell
        Called at the beginning and after each study.

    Returns
    -------
    Report
        Every study of the campaign or of the share.

    Raises
    ------
    FolderTakenError
        If another campaign writes in the folder.
    OutputError
        If the folder cannot be written.
    MsapGeoError
        If a choice cannot be read or was made on no study of the campaign.
    """
    tasks = tasks_of(campaign)
    ours = tasks if share is None else tasks[share.number - 1 :: share.of]
    with _holding(folder, share):
        asked = {task.key: _asked(task) for task in ours}
        found = [task.key for task in ours if resume and _is_done(folder, task, asked[task.key])]
        todo = [task for task in ours if task.key not in set(found)]
        began, made = time.monotonic(), []
        tell(Step(None, 0, len(todo), len(found), 0.0))
        for outcome in make(todo, folder):
            _keep(folder, outcome, asked[outcome.key])
            made.append(outcome.key)
            pace = (time.monotonic() - began) / len(made)
            left = pace * (len(todo) - len(made))
            tell(Step(outcome, len(made), len(todo), len(found), left))
        studies = assemble(campaign, tasks, folder) if share is None else studies_of(ours, folder)
    return Report(tuple(studies), tuple(made), tuple(found))


def assemble_campaign(campaign: Campaign, folder: Path) -> Report:
    """Write the table, the atlas and the manifest of a campaign from the folders of its studies.

    Parameters
    ----------
    campaign
        Checked campaign file.
    folder
        Folder where shares of it were made.

    Returns
    -------
    Report
        Every study of the campaign.

    Raises
    ------
    StudyError
        If the folder holds no study of the campaign.
    FolderTakenError
        If another campaign writes in the folder.
    OutputError
        If the folder cannot be written, or a study's files cannot be read.
    """
    tasks = tasks_of(campaign)
    if not any(read_record(folder, task.key) for task in tasks):
        raise StudyError(
            "le dossier ne contient aucune étude de cette campagne",
            where=folder,
            remedy="lancer d'abord la campagne, ou ses parties (--partie 1/12…), dans ce dossier",
        )
    with _holding(folder, None):
        return Report(tuple(assemble(campaign, tasks, folder)))


class _Asked(NamedTuple):
    parameters: str
    inputs: str


def _asked(task: Task) -> _Asked:
    try:
        return _Asked(parameters_of(task), inputs_of(task))
    except (MsapGeoError, OSError):  # told when the study is tried
        return _Asked(parameters_of(task), "")


def _is_done(folder: Path, task: Task, asked: _Asked) -> bool:
    record = read_record(folder, task.key)
    return (
        record is not None
        and _Asked(record.parameters, record.inputs) == asked
        and is_whole(folder, task.key, record)
    )


def _keep(folder: Path, outcome: Outcome, asked: _Asked) -> None:
    """Note what came of a study; what an earlier one left in its folder, and this one not, goes."""
    before = read_record(folder, outcome.key)
    earlier = {} if before is None else before.files
    # One that fails leaves those of an earlier one: still known, they go when one succeeds.
    files = outcome.files if outcome.fault is None else earlier
    write_record(folder, outcome.key, Record(*asked, files, outcome.fault))
    write_trace(folder, outcome.key, outcome.trace)
    if outcome.fault is None:
        for name in set(earlier) - set(files):
            (folder / outcome.key / name).unlink(missing_ok=True)


@contextmanager
def _holding(folder: Path, share: Share | None) -> Iterator[None]:
    """Hold the folder of a campaign, or a share of it: shares go together, nothing else does."""
    if share is None:
        with outputs.one_run(folder):
            _refuse_others(folder, [folder / STATE / name for name in _shares(folder)])
            yield
        return
    with outputs.one_run(folder / STATE / f"partie-{share.number}-sur-{share.of}"):
        _refuse_others(folder, [folder])
        yield


def _shares(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / STATE).glob("partie-*-sur-*"))


def _refuse_others(folder: Path, places: list[Path]) -> None:
    for place in places:
        # Looking takes the lock for an instant: another one may be looking too.
        for _ in range(_LOOKS):
            if not outputs.is_held(place):
                break
            time.sleep(_LOOK_S)
        else:
            raise FolderTakenError(
                "une autre campagne écrit dans ce dossier",
                where=folder,
                remedy="attendre qu'elle finisse, ou choisir un autre dossier avec --sortie",
            )
