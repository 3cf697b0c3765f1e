"""The command as its users run it, a process."""

from __future__ import annotations

import atexit
import json
import os
import select
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


class _Warm:
    """The process that forks, started at the first command, ended with the tests."""

    environment = None
    _started = None

    @classmethod
    def process(cls):
        if cls._started is None:
            cls._started = cls()
        return cls._started

    def __init__(self):
        self._process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("warm_process.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **_SAID},
            start_new_session=True,
        )
        atexit.register(self._close)

    def _close(self):
        self._process.communicate()

    def run(self, arguments, cwd):
        with tempfile.NamedTemporaryFile() as out, tempfile.NamedTemporaryFile() as err:
            folder = os.fspath(cwd or Path.cwd())
            asked = {"arguments": arguments, "folder": folder, "out": out.name, "err": err.name}
            asked["environment"] = {name: os.environ.get(name) for name in _READ_LATE}
            self._process.stdin.write(json.dumps(asked).encode() + b"\n")
            self._process.stdin.flush()
            code = self._answer(arguments)
            told = [Path(one.name).read_text(encoding="utf-8") for one in (out, err)]
        return subprocess.CompletedProcess(["msap-geo", *arguments], code, *told)

    def _answer(self, arguments):
        ready, _, _ = select.select([self._process.stdout], [], [], _LONGEST)
        if not ready:
            os.killpg(self._process.pid, 9)
            raise subprocess.TimeoutExpired(arguments, _LONGEST)
        return int(self._process.stdout.readline())


def failed(process, *said, code=1):
    assert process.returncode == code, process.stderr
    assert process.stdout == ""
    assert "Traceback" not in process.stderr
    assert process.stderr.startswith("Erreur : ")
    for words in said:
        assert words in process.stderr
    return process.stderr
