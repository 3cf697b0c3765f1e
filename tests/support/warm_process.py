"""A process that has imported what the commands import, and forks one for each it is asked to run.

Run as a script, with the warnings and the environment its commands will have. Each line it reads
is a JSON object (``arguments``, ``folder``, ``out``, ``err``, and ``environment``: what variables
are, or None); it answers each with the exit code,
as :mod:`subprocess` counts them. The fork goes on as ``python -m msap_geo`` does, to the natural
end of an interpreter: what is written at exit and an error nobody caught are seen as elsewhere.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import runpy
import sys
from pathlib import Path

import msap_geo

_LATE = (
    *("docxtpl", "matplotlib.pyplot", "PIL.Image", "pyarrow.parquet", "pyogrio", "scipy.ndimage"),
    *("scipy.optimize", "typst", "xlsxwriter"),
)
"""What functions import when they are called."""


def _import_all():
    for module in pkgutil.walk_packages(msap_geo.__path__, "msap_geo."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in _LATE:
        importlib.import_module(name)


def _onto(descriptor, path, flags):
    opened = os.open(path, flags)
    os.dup2(opened, descriptor)
    os.close(opened)


def _become(arguments, folder, out, err, environment):
    for name, value in environment.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    _onto(0, os.devnull, os.O_RDONLY)
    _onto(1, out, os.O_WRONLY)
    _onto(2, err, os.O_WRONLY)
    os.chdir(folder)
    sys.path.insert(0, str(Path.cwd()))  # as ``-m`` puts it
    sys.argv = ["msap_geo", *arguments]


def _answered():
    """Answer each request; in a fork, return."""
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _become(**json.loads(line))
            return True
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()
    return False


if __name__ == "__main__":
    sys.path.pop(0)  # this folder, which ``-m`` does not put there
    _import_all()
    gc.freeze()
    if _answered():
        runpy.run_module("msap_geo", run_name="__main__", alter_sys=True)
