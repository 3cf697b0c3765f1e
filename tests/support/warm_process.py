"""A process that has imported what the commands import, and forks one for each it is asked to run.

Run as a script, with the warnings and the environment its commands will have; modules named as
its arguments are imported too. Each line it reads is a JSON object (``module``, ``arguments``,
``folder``, ``out``, ``err``, and ``environment``: what variables are, or None). It answers each
with two lines: the number of the process; then, once that has ended, its exit code as
:mod:`subprocess` counts them and the seconds of processor it took. The fork goes on as
``python -m module`` does, to the natural end of an interpreter: what is written at exit and an
error nobody caught are seen as elsewhere.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import runpy
import sys
import tempfile
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
    for name in (*_LATE, *sys.argv[1:]):
        importlib.import_module(name)


def _onto(descriptor, path, flags):
    opened = os.open(path, flags)
    os.dup2(opened, descriptor)
    os.close(opened)


def _become(module, arguments, folder, out, err, environment):
    tempfile.tempdir = None  # asked again of the environment
    for name, value in environment.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    _onto(0, os.devnull, os.O_RDONLY)
    _onto(1, out, os.O_WRONLY)
    if err is not None:
        _onto(2, err, os.O_WRONLY)
    os.chdir(folder)
    sys.path.insert(0, str(Path.cwd()))  # as ``-m`` puts it
    sys.argv = [module, *arguments]
    return module


def _say(*told):
    sys.stdout.write(" ".join(map(str, told)) + "\n")
    sys.stdout.flush()


def _answered():
    """Answer each request, None at the end; in a fork, return the module it is to run."""
    for line in sys.stdin:
        child = os.fork()
        if not child:
            return _become(**json.loads(line))
        os.setpgid(child, child)  # a group of its own: who ends the group of a kernel ends that one
        _say(child)
        _, status, used = os.wait4(child, 0)
        _say(os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime)
    return None


if __name__ == "__main__":
    sys.path.pop(0)  # this folder, which ``-m`` does not put there
    _import_all()
    gc.freeze()
    if module := _answered():
        runpy.run_module(module, run_name="__main__", alter_sys=True)
