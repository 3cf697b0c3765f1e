"""Studies by processes of this machine: as many as cores and memory allow, none lost when one dies.

A pool of the standard library is broken by the death of one worker, and tells not whose study it
was. Here each worker has its own pipe: a study whose worker died is given to another.
"""

from __future__ import annotations

import logging
import math
import multiprocessing
import os
import signal
import threading
import warnings
from collections import deque
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

from msap_geo import loaders
from msap_geo.campaign.conduct import Outcome, conduct
from msap_geo.campaign.state import Fault
from msap_geo.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess
    from pathlib import Path

    from msap_geo.campaign.tasks import Task

MOST_ATTEMPTS = 3
"""Times a study is tried whose worker dies: the third death is the study's own doing."""

FIRST_GUESS_BYTES = 700 * 2**20
"""What a worker is taken to need until one has told: a département on national files, 0.5 GiB."""

_SHARE_OF_MEMORY = 0.8
_GRACE_S = 5.0


@dataclass(frozen=True)
class Bounds:
    """What a campaign may use of this machine.

    Parameters
    ----------
    processes
        Most workers at once.
    memory_bytes
        Memory they may use together; 0 for no bound.
    """

    processes: int
    memory_bytes: int = 0

    def workers(self, peak_bytes: int) -> int:
        """Return how many workers may run when one of them uses so much."""
        if not self.memory_bytes:
            return self.processes
        fitting = self.memory_bytes // max(peak_bytes, 1)
        return max(1, min(self.processes, int(fitting)))


def bounds(processes: int | None = None, memory_gib: float | None = None) -> Bounds:
    """Return what a campaign may use: what is asked, else every core and most of the free memory.

    Parameters
    ----------
    processes, memory_gib
        As asked on the command line.

    Raises
    ------
    StudyError
        If one of them is not positive.
    """
    if processes is not None and processes < 1:
        raise StudyError("--processus doit valoir au moins 1", remedy="donner un nombre entier")
    if memory_gib is not None and not 0 < memory_gib < math.inf:
        raise StudyError(
            "--memoire doit être un nombre de gibioctets positif", remedy='écrire par exemple "8"'
        )
    memory = int(memory_gib * 2**30) if memory_gib else int(_free_bytes() * _SHARE_OF_MEMORY)
    return Bounds(processes or _cores(), memory)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _free_bytes() -> int:
    """Return the memory that programs may take, 0 where the system does not tell."""
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:  # noqa: PTH123 - no file of ours
            told = dict(line.split(":", 1) for line in lines)
        return int(told["MemAvailable"].split()[0]) * 1024
    except (OSError, ValueError, KeyError):
        return 0


@dataclass
class _Worker:
    process: SpawnProcess
    pipe: Connection
    task: Task | None = None


@dataclass
class _Pool:
    folder: Path
    limits: Bounds
    waiting: deque[Task]
    serve: Callable[[Connection, Path], None]
    workers: list[_Worker] = field(default_factory=list)
    attempts: dict[str, int] = field(default_factory=dict)
    peak_bytes: int = FIRST_GUESS_BYTES
    most: int = 0

    @property
    def allowed(self) -> int:
        return max(1, min(self.most, self.limits.workers(self.peak_bytes)))


def by_processes(
    tasks: Sequence[Task],
    folder: Path,
    limits: Bounds,
    *,
    serve: Callable[[Connection, Path], None] | None = None,
) -> Iterator[Outcome]:
    """Make studies by processes of this machine; give each outcome as it comes.

    Parameters
    ----------
    tasks
        Studies to make, begun in that order.
    folder
        Folder of the campaign.
    limits
        What may be used. Workers that use more than was guessed make for fewer of them.
    serve
        What a worker does with its pipe, :func:`serve_studies` where not given.

    Yields
    ------
    Outcome
        One per study, whatever happens to its worker.
    """
    pool = _Pool(folder, limits, deque(tasks), serve or serve_studies, most=limits.processes)
    try:
        while pool.waiting or any(worker.task for worker in pool.workers):
            _feed(pool)
            busy = [worker for worker in pool.workers if worker.task]
            ready = wait([one for w in busy for one in (w.pipe, w.process.sentinel)])
            for worker in busy:
                if worker.pipe in ready or worker.process.sentinel in ready:
                    outcome = _heard(pool, worker)
                    if outcome is not None:
                        yield outcome
    finally:
        _dismiss(pool.workers)


def _feed(pool: _Pool) -> None:
    """Give the studies that wait to idle workers, hired or dismissed as memory allows."""
    idle = [worker for worker in pool.workers if worker.task is None]
    spare = len(pool.workers) - pool.allowed
    if spare > 0:
        _dismiss(idle[:spare])
        pool.workers = [worker for worker in pool.workers if worker not in idle[:spare]]
        idle = idle[spare:]
    while pool.waiting and (idle or len(pool.workers) < pool.allowed):
        worker = idle.pop() if idle else _hired(pool)
        task = pool.waiting.popleft()
        pool.attempts[task.key] = pool.attempts.get(task.key, 0) + 1
        worker.task = task
        try:
            worker.pipe.send(task)
        except OSError:  # it died while idle: its sentinel tells, and the study goes to another
            continue


def _hired(pool: _Pool) -> _Worker:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=pool.serve, args=(theirs, pool.folder), daemon=True)
    process.start()
    theirs.close()
    worker = _Worker(process, ours)
    pool.workers.append(worker)
    return worker


def _heard(pool: _Pool, worker: _Worker) -> Outcome | None:
    """Take what a worker says; where it died instead, its study waits again, or has failed."""
    task = worker.task
    if task is None:  # pragma: no cover - only busy workers are listened to
        return None
    try:
        outcome: Outcome = worker.pipe.recv()
    except (EOFError, OSError):
        _dismiss([worker])
        pool.workers.remove(worker)
        if worker.process.exitcode == -getattr(signal, "SIGKILL", 9) and pool.most > 1:
            pool.most -= 1  # the system kills whoever takes too much: fewer at once
        if pool.attempts[task.key] < MOST_ATTEMPTS:
            pool.waiting.appendleft(task)
            return None
        return Outcome(task.key, fault=died(MOST_ATTEMPTS))
    worker.task = None
    pool.peak_bytes = max(pool.peak_bytes, outcome.peak_bytes)
    share = pool.limits.memory_bytes // max(1, pool.allowed)
    if share and outcome.peak_bytes > share:  # what it freed, the system may not have back
        _dismiss([worker])
        pool.workers.remove(worker)
    return outcome


def died(times: int) -> Fault:
    """Say that whoever made a study died so many times."""
    return Fault(
        f"le processus de cette étude s'est arrêté {times} fois avant la fin",
        None,
        "vérifier la mémoire du poste, réduire --processus, puis relancer avec --reprendre",
    )


def _dismiss(workers: Sequence[_Worker]) -> None:
    for worker in workers:
        worker.pipe.close()
        worker.process.terminate()
    for worker in workers:
        worker.process.join(_GRACE_S)
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()


def serve_studies(pipe: Connection, folder: Path) -> None:
    """Make the studies that come through a pipe, until it is closed.

    Parameters
    ----------
    pipe
        Where studies come from, and outcomes go.
    folder
        Folder of the campaign.
    """
    quiet()
    # Ctrl-C reaches every process of a terminal: the campaign alone decides, and says so to us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    try:
        with loaders.read_once():
            while True:
                pipe.send(conduct(pipe.recv(), folder))
    except (EOFError, OSError, KeyboardInterrupt):
        return
    finally:
        # Told to end while it ends, Python would show a traceback.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _leave_with_parent() -> None:
    """End with the campaign, however it ends: nobody would hear us, and the next one starts."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def quiet() -> None:
    """Have libraries say nothing."""
    logging.getLogger().addHandler(logging.NullHandler())
    warnings.simplefilter("ignore")
