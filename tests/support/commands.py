"""The command as its users run it, a process."""

from __future__ import annotations

import os
import subprocess
import sys


def run(*arguments, cwd=None):
    return subprocess.run(
        [sys.executable, "-m", "msap_geo", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONWARNINGS": "error"},
        check=False,
        timeout=300,
    )


def failed(process, *said, code=1):
    assert process.returncode == code, process.stderr
    assert process.stdout == ""
    assert "Traceback" not in process.stderr
    assert process.stderr.startswith("Erreur : ")
    for words in said:
        assert words in process.stderr
    return process.stderr
