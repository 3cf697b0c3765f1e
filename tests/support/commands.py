"""The command as its users run it, a process."""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

_LONGEST = 300.0
"""Seconds no command of a test may last."""


def run(*arguments, cwd=None):
    """Run a command in a process of its own, which spares the two seconds of its imports.

    It is forked from a process that has them (:mod:`support.warm_process`): what it writes, its
    exit code, its folder, its environment are those of any process. What a start alone may do wrong
    is seen by :func:`run_anew`, to which this falls back where a test has changed a variable that
    an interpreter or a library may read as it starts.
    """
    asked = tuple(map(str, arguments))
    if not hasattr(os, "fork") or _changed() - _READ_LATE:
        return run_anew(*asked, cwd=cwd)
    return _Warm.process().run(asked, cwd)


def run_anew(*arguments, cwd=None):
    """Run a command by a new interpreter, imports and all, as a user's first."""
    return subprocess.run(
        [sys.executable, "-m", "msap_geo", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        env={**os.environ, **_SAID},
        check=False,
        timeout=_LONGEST,
    )


def remember_environment():
    """Take the environment of now for that of every command no test changes it for."""
    _Warm.environment = _environment()


_SAID = {"PYTHONIOENCODING": "utf-8", "PYTHONWARNINGS": "error"}


_READ_LATE = {
    *("MSAP_GEO_CACHE", "MSAP_GEO_MIROIR", "MSAP_GEO_OVERPASS", "SOURCE_DATE_EPOCH"),
    *("http_proxy", "HTTP_PROXY"),
}
"""What commands read when they need it, and nothing reads before."""


def _changed():
    """Return the variables that are not as the warm process found them."""
    now = _environment().items()
    return {name for name, _ in now ^ (_Warm.environment or {}).items()}


def _environment():
    return {name: told for name, told in os.environ.items() if name != "PYTEST_CURRENT_TEST"}


class Fork:
    """A process forked from a warm one, asked as :class:`subprocess.Popen` is."""

    stdin = stdout = stderr = None

    def __init__(self, pid, answers):
        self.pid = pid
        self.returncode = None
        self.seconds = 0.0
        self._answers = answers

    def poll(self):
        return self._ended(0)

    def wait(self, timeout=None):
        if self._ended(timeout) is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout)
        return self.returncode

    def send_signal(self, number):
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self):
        self.send_signal(signal.SIGTERM)

    def kill(self):
        self.send_signal(signal.SIGKILL)

    def _ended(self, timeout):
        if self.returncode is None and select.select([self._answers], [], [], timeout)[0]:
            code, seconds = self._answers.readline().split()
            self.returncode, self.seconds = int(code), float(seconds)
        return self.returncode


class Warm:
    """A process that forks, ended with the tests; it serves one fork at a time."""

    def __init__(self, *modules, **environment):
        self._process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("warm_process.py"), *modules],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,  # a line read ahead is one that no select sees
            env={**os.environ, **environment},
            start_new_session=True,
        )
        atexit.register(self._process.communicate)

    def fork(self, module, arguments, folder, *, environment, out, err):
        """Return a process that runs a module; of its environment, what is told."""
        asked = {"module": module, "arguments": arguments, "folder": folder}
        asked |= {"environment": environment, "out": out, "err": err}
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        self._process.stdin.flush()
        return Fork(int(self._process.stdout.readline()), self._process.stdout)


class _Warm:
    """The process that forks commands, started at the first."""

    environment = None
    _started = None

    @classmethod
    def process(cls):
        if cls._started is None:
            cls._started = cls()
        return cls._started

    def __init__(self):
        self._warm = Warm(**_SAID)

    def run(self, arguments, cwd):
        with tempfile.NamedTemporaryFile() as out, tempfile.NamedTemporaryFile() as err:
            folder = os.fspath(cwd or Path.cwd())
            late = {name: os.environ.get(name) for name in _READ_LATE}
            names = {"out": out.name, "err": err.name}
            fork = self._warm.fork("msap_geo", arguments, folder, environment=late, **names)
            code = self._answer(fork, arguments)
            told = [Path(one.name).read_text(encoding="utf-8") for one in (out, err)]
        return subprocess.CompletedProcess(["msap-geo", *arguments], code, *told)

    @staticmethod
    def _answer(fork, arguments):
        try:
            return fork.wait(_LONGEST)
        except subprocess.TimeoutExpired:
            os.killpg(fork.pid, signal.SIGKILL)
            fork.wait(_LONGEST)  # its answer is not the next one's
            raise subprocess.TimeoutExpired(arguments, _LONGEST) from None


def failed(process, *said, code=1):
    assert process.returncode == code, process.stderr
    assert process.stdout == ""
    assert "Traceback" not in process.stderr
    assert process.stderr.startswith("Erreur : ")
    for words in said:
        assert words in process.stderr
    return process.stderr
