"""Whether tests that share what their module makes do stay in one worker."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = """
import pytest
from support.groups import keep_together


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    keep_together(items)
"""
SHARING = """
import os
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def made():
    with Path("made.txt").open("a") as stream:
        stream.write(__name__ + "\\n")


@pytest.mark.parametrize("number", range(12))
def test_reads_it(made, number):
    pass


@pytest.mark.xdist_group("together")
@pytest.mark.parametrize("text", ["a", "b@c", "[d]"])
def test_goes_with_others(text):
    with Path("workers.txt").open("a") as stream:
        stream.write(os.environ["PYTEST_XDIST_WORKER"] + "\\n")
"""


@pytest.mark.slow
def test_a_module_makes_its_fixture_once_whatever_the_workers(tmp_path):
    pytest.importorskip("xdist")
    (tmp_path / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    for name in ("test_one.py", "test_two.py"):
        (tmp_path / name).write_text(SHARING, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadgroup"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    made = (tmp_path / "made.txt").read_text("utf-8").split()
    assert sorted(made) == ["test_one", "test_two"]
    assert len(set((tmp_path / "workers.txt").read_text("utf-8").split())) == 1
