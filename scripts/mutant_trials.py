"""Run tests on changed code in forks, each of which ends whatever happens (see mutants.py).

The fork of a process that has several threads may wait for ever for a lock that another thread
held: the process that forks has one. The allocator of Arrow starts one on import unless told
otherwise, so do the pools of OpenBLAS, OpenMP and Numba. A trial in which nothing runs any more is
ended all the same, with everything that it started, in whatever session.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import gc
import json
import os
import resource
import signal
import sys
import time
from collections import Counter
from importlib import import_module
from itertools import zip_longest
from pathlib import Path
from types import CodeType, FunctionType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# Imported before the first fork, so that no trial pays for them.
_LIBRARIES = """
numpy pandas geopandas shapely pyproj pyogrio pyarrow scipy.sparse.csgraph scipy.optimize numba
hypothesis highspy pandera pydantic osmium openpyxl psutil pytest coverage
""".split()  # noqa: SIM905 - a list of words
ALONE = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"),
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}
"""Environment of a process that has one thread once the libraries are imported."""

STUCK, ENDLESS, ELSEWHERE = -2, -1, -3
"""Codes of a trial: nothing ran any more, it ran for too long, it must be tried on import."""
_PATIENCE = 20
"""Seconds waited for each of processor: the machine may be busy."""
_STILL = 60
"""Seconds after which a trial in which nothing runs is stuck."""
_QUIET = ["-q", "--assert=plain", "-p", "no:cacheprovider"]


def alone() -> None:
    """Import the libraries in a process of one thread, and make examples the same each time."""
    for library in _LIBRARIES:
        import_module(library)
    hypothesis = import_module("hypothesis")
    hypothesis.settings.register_profile(
        "mutants", deadline=None, database=None, derandomize=True, max_examples=40,
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )  # fmt: skip
    subreaper = 36  # PR_SET_CHILD_SUBREAPER of Linux: what a trial leaves behind comes to us
    if ctypes.CDLL(None, use_errno=True).prctl(subreaper, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    one_thread()


def one_thread() -> None:
    """Refuse to fork a process that has threads."""
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads > 1:
        sys.exit(f"{threads} fils d'exécution avant la copie : elle pourrait attendre sans fin")


class Clock:
    """Write how long each test took, of processor, and which failed."""

    def __init__(self, path: Path) -> None:
        self.path, self.seconds, self.failed = path, Counter(), []
        self._spent = 0.0

    def pytest_runtest_logstart(self) -> None:
        """Start a test: the machine may be busy, its clock would tell nothing."""
        self._spent = sum(os.times()[:4])

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """End a test, with the processes that it started and waited for."""
        self.seconds[nodeid] = sum(os.times()[:4]) - self._spent

    def pytest_runtest_logreport(self, report) -> None:  # noqa: ANN001 - pytest's own
        """Keep what failed."""
        if report.failed:
            self.failed.append(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        """Write what was seen."""
        self.path.write_text(json.dumps([self.seconds, self.failed]), encoding="utf-8")


def watched(place: Path, arguments: list[str], clock: Path) -> int:
    """Run tests in a fork, with all they need; write how long each takes."""

    def run() -> int:
        return import_module("pytest").main([*_QUIET, *arguments], plugins=[Clock(clock)])

    return _forked(run, place, 3600)


def cold(place: Path, tests: list[str], seconds: float) -> tuple[int, list[str]]:
    """Run tests in a fork that imports the code anew; return their code and those that failed."""
    clock = place / "essai.json"
    clock.unlink(missing_ok=True)
    code = _forked(lambda: _first_failure(tests, clock), place, seconds)
    failed = json.loads(clock.read_text(encoding="utf-8"))[1] if clock.exists() else []
    return code, failed


def _first_failure(tests: list[str], clock: Path) -> int:
    arguments = [*_QUIET, "-x", "--hypothesis-profile=mutants", *tests]
    return import_module("pytest").main(arguments, plugins=[Clock(clock)])


class Warm:
    """Tests collected once in a process that forks for each trial, and changes functions there."""

    def __init__(self, place: Path, tests: list[str], marks: str) -> None:
        self._asks, asked = os.pipe()
        answers, self._told = os.pipe()
        self.process = os.fork()
        if self.process == 0:
            os.close(asked)
            os.close(answers)
            _enter(place, "chaud.txt")
            alone()
            arguments = [*_QUIET, "--hypothesis-profile=mutants", "-m", marks, *tests]
            import_module("pytest").main(arguments, plugins=[_Server(self, place)])
            os._exit(0)
        os.close(self._asks)
        os.close(self._told)
        self._in = os.fdopen(asked, "w", encoding="utf-8")
        self._out = os.fdopen(answers, encoding="utf-8")
        _KEPT.add(self.process)

    def ask(self, change: tuple[str, str] | None, tests: list[str], seconds: float) -> list:
        """Return the code of these tests on a file changed so, and those that failed."""
        print(json.dumps([change, tests, seconds]), file=self._in, flush=True)
        said = self._out.readline()
        return json.loads(said) if said else [ELSEWHERE, []]

    def serve(self, answer: Callable[[list], list]) -> None:
        """Answer, in the process that holds the tests, until there is nothing more to ask."""
        with os.fdopen(self._asks, encoding="utf-8") as asks:
            for asked in asks:
                os.write(self._told, (json.dumps(answer(json.loads(asked))) + "\n").encode())


class _Server:
    """Take the place of pytest's loop over the tests."""

    def __init__(self, warm: Warm, place: Path) -> None:
        self.warm, self.place = warm, place

    def pytest_runtestloop(self, session) -> bool:  # noqa: ANN001 - pytest's own
        """Answer each question in a fork."""
        items = {item.nodeid: item for item in session.items}
        clock = self.place / "chaud.json"

        def answer(asked: list) -> list:
            change, tests, seconds = asked
            if not set(tests) <= items.keys():
                return [ELSEWHERE, []]
            one_thread()
            clock.unlink(missing_ok=True)

            def run() -> int:
                if change and not _changed(self.place / change[0], change[1]):
                    return 100
                seen = Clock(clock)
                session.config.pluginmanager.register(seen)
                for name, after in zip_longest(tests, tests[1:]):
                    item, following = items[name], items.get(after)
                    item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
                    if seen.failed:
                        break
                seen.pytest_sessionfinish()
                return int(bool(seen.failed))

            code = _forked(run, self.place, seconds)
            failed = json.loads(clock.read_text(encoding="utf-8"))[1] if clock.exists() else []
            return [ELSEWHERE if code == 100 else code, failed]  # noqa: PLR2004 - just above

        _load_compiled()
        self.warm.serve(answer)
        return True


def _load_compiled() -> None:
    """Load what Numba keeps of each function, once for all the trials."""
    dispatcher = import_module("numba.core.registry").CPUDispatcher
    gc.unfreeze()  # what tests/conftest.py froze is in no list of objects
    for each in gc.get_objects():
        if isinstance(each, dispatcher) and hasattr(each._cache, "_cache_file"):  # noqa: SLF001
            for key in each._cache._cache_file._load_index():  # noqa: SLF001
                each.compile(key[0])


def _changed(path: Path, text: str) -> bool:
    """Give the live functions of a file their code in another text; tell whether all could."""
    new, old = (
        _functions(compile(each, str(path), "exec")) for each in (text, path.read_text("utf-8"))
    )
    if new is None or old is None or new.keys() != old.keys():
        return False
    gc.unfreeze()  # what tests/conftest.py froze is in no list of objects
    for each in gc.get_objects():
        if isinstance(each, FunctionType) and each.__code__.co_filename == str(path):
            code = new.get(_named(each.__code__))
            if code is None or code.co_freevars != each.__code__.co_freevars:
                return False
            each.__code__ = code
    return True


def _named(code: CodeType) -> tuple[str, int]:
    return code.co_qualname, code.co_firstlineno


def _functions(code: CodeType) -> dict[tuple[str, int], CodeType] | None:
    """Return every code held in a module's, or nothing where two bear one name."""
    found: dict[tuple[str, int], CodeType] = {}
    waiting = [code]
    while waiting:
        for inner in waiting.pop().co_consts:
            if isinstance(inner, CodeType):
                other = found.setdefault(_named(inner), inner)
                if other is not inner and inner.co_name == "<lambda>":
                    return None
                waiting.append(inner)
    return found


def _enter(place: Path, said: str) -> None:
    os.setpgid(0, 0)
    os.chdir(place)
    sys.path.insert(0, str(place))
    stream = os.open(place / said, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    for each in range(3):
        os.dup2(stream, each)


def _forked(run: Callable[[], int], place: Path, seconds: float) -> int:
    """Run in a fork; return its code, or why it had to be ended."""
    child = os.fork()
    if child == 0:
        _enter(place, "sortie.txt")
        faulthandler.register(signal.SIGUSR1, (place / "piles.txt").open("w", encoding="utf-8"))
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds) + 5))
        try:
            code = int(run())
        except BaseException:  # noqa: BLE001 - a fork never goes back to what it was copied from
            faulthandler.dump_traceback()
            code = 1
        os._exit(code)
    try:
        return _waited(child, seconds)
    finally:
        _end_all()


def _waited(child: int, seconds: float) -> int:
    end = time.monotonic() + _PATIENCE * seconds
    seen, since, looked = None, time.monotonic(), time.monotonic()
    while time.monotonic() < end:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            return ENDLESS if code in {-signal.SIGXCPU, -signal.SIGKILL} else code
        time.sleep(0.02)
        if time.monotonic() - looked < _STILL / 10:
            continue  # every process of the machine is looked at
        work, looked = _work(), time.monotonic()
        if work is None or work != seen:
            seen, since = work, time.monotonic()
        elif time.monotonic() - since > _STILL:
            os.kill(child, signal.SIGUSR1)
            time.sleep(1)
            return STUCK
    return ENDLESS


_KEPT: set[int] = set()
"""Processes of ours that outlive a trial."""


def _descendants() -> list:
    every = import_module("psutil").Process().children(recursive=True)
    return [process for process in every if process.pid not in _KEPT]


def _work() -> tuple[int, float] | None:
    """Return what the trial has done so far, or nothing while something of it runs or waits to."""
    psutil = import_module("psutil")
    done, count = 0.0, 0
    for process in _descendants():
        try:
            if process.status() in {psutil.STATUS_RUNNING, psutil.STATUS_DISK_SLEEP}:
                return None
            times = process.cpu_times()
        except psutil.Error:
            return None  # it ended meanwhile
        done, count = done + times.user + times.system, count + 1
    return count, round(done, 1)


def _end_all() -> None:
    """End every process that came of a trial: none may live on into the next."""
    psutil = import_module("psutil")
    while left := _descendants():
        for process in left:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(left, timeout=10)
