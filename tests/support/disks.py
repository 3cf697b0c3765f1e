"""A disk that fills: a small one, in memory, for the rooms that must leave older results whole."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager

import pytest


@contextmanager
def mounted(place, size):
    """Mount a disk of a size (``"256k"``, ``"8m"``) at a new folder, for a block."""
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if sys.platform != "linux" or None in {mount, umount} or os.geteuid() != 0:
        pytest.skip("monter un disque demande Linux et ses droits")
    place.mkdir()
    asked = [mount, "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    if subprocess.run(asked, check=False).returncode:
        pytest.skip("monter un disque n'est pas permis ici")
    try:
        yield place
    finally:
        subprocess.run([umount, str(place)], check=True)
