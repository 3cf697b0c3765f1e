"""Jupyter kernels without the seconds of their imports."""

from __future__ import annotations

import os
from functools import cache

from support.commands import Warm


def forked_kernel(cmd, env=None, cwd=None, **_popen):
    """Start a kernel as ``jupyter_client.launcher.launch_kernel`` does, from a warm process.

    What it shows, its folder and its environment are those of any kernel; what its start alone may
    do wrong is seen where one is started anew.
    """
    module, *arguments = cmd[cmd.index("-m") + 1 :]
    warm = _warm()
    environment = dict.fromkeys(os.environ.keys() - (env or {}).keys()) | dict(env or {})
    return warm.fork(
        module, arguments, os.fspath(cwd), environment=environment, out=os.devnull, err=None
    )


@cache
def _warm():
    # matplotlib reads where a kernel draws as it is imported: a kernel says so before.
    inline = "module://matplotlib_inline.backend_inline"
    return Warm("ipykernel.kernelapp", "IPython", MPLBACKEND=inline)
