"""One study of a campaign, made whatever happens: its files, or why there are none."""

from __future__ import annotations

import gc
import sys
import time
import traceback
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msap_geo import outputs
from msap_geo.campaign.state import Fault, file_states
from msap_geo.errors import FolderTakenError, MsapGeoError, reason
from msap_geo.folder import make_study
from msap_geo.network.store import sha256
from msap_geo.study import read_choice

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from msap_geo.campaign.tasks import Task

_WAIT_S, _STEP_S = 20.0, 0.2
"""How long a study waits for its folder: a worker whose campaign was killed is about to end."""


@dataclass(frozen=True)
class Outcome:
    """What came of a study.

    Parameters
    ----------
    key
        Its folder.
    files
        Hash of each file written, by its path in the folder.
    fault
        Why it failed, None where it did not.
    trace
        Where a fault of ours lies, empty for others.
    seconds
        Time it took.
    peak_bytes
        Most memory its process ever used, 0 where the system does not tell.
    """

    key: str
    files: dict[str, str] = field(default_factory=dict)
    fault: Fault | None = None
    trace: str = ""
    seconds: float = 0.0
    peak_bytes: int = 0


def conduct(task: Task, folder: Path) -> Outcome:
    """Make a study of a campaign.

    Parameters
    ----------
    task
        What to make.
    folder
        Folder of the campaign.

    Returns
    -------
    Outcome
        Its files, or why it failed: nothing is raised but what ends a process.
    """
    began = time.monotonic()
    files: dict[str, str] = {}
    fault, trace = None, ""
    try:
        with _cycles_at_the_end():
            files = _made(task, folder / task.key)
    except MsapGeoError as error:
        fault = Fault(error.problem, error.where, error.remedy)
    except MemoryError:
        fault = Fault(
            "la mémoire de ce poste ne suffit pas",
            None,
            "réduire --processus, ou augmenter --memoire",
        )
    except OSError as error:
        where = None if error.filename is None else str(error.filename)
        fault = Fault(f"le système a refusé d'aller plus loin ({reason(error)})", where)
    except Exception as error:  # noqa: BLE001 - other studies go on; the trace is kept
        fault = Fault(
            f"msap-geo a rencontré un défaut qui n'est pas de votre fait ({type(error).__name__})",
            None,
            "transmettre le compte rendu",
        )
        trace = "".join(traceback.format_exception(error))
    gc.collect()
    return Outcome(
        task.key, files, fault, trace, time.monotonic() - began, peak_bytes=_peak_bytes()
    )


@contextmanager
def _cycles_at_the_end() -> Iterator[None]:
    """Look for cycles once a study is made only: a quarter of its time goes there otherwise."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


def _made(task: Task, folder: Path) -> dict[str, str]:
    study = task.study()
    choice = None if task.choice is None else read_choice(task.choice)
    before = file_states(folder)
    until = time.monotonic() + _WAIT_S
    while True:
        try:
            with outputs.one_run(folder):
                make_study(study, folder, extras=task.extras, choice=choice)
        except FolderTakenError:
            if time.monotonic() > until:
                raise
            time.sleep(_STEP_S)
        else:
            break
    after = file_states(folder)
    return {
        name: sha256(folder / name) for name, state in after.items() if before.get(name) != state
    }


def _peak_bytes() -> int:
    if sys.platform == "win32":
        return 0
    import resource  # noqa: PLC0415 - POSIX only

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
