"""Every benchmark that can run here, on reduced sizes: ``make bench``, under ten minutes.

Usage::

    python benchmarks/all.py [../shared/data]

Those that need real files are skipped, with their reason, where the folder is absent. Sizes are
for seeing that a benchmark still runs and that no ratio has gone astray, not for quoting: the
figures of docs/performance.md come from whole runs. A bar missed is told by the benchmark itself
and does not fail; a benchmark that breaks, or outlasts its share, does.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "data" / "demo" / "etude.toml"
SHARE = 300
"""Seconds on the clock a benchmark may take, more where others wait for the same cores."""

ALONE = (
    ("warm_run.py", str(DEMO), "--rounds", "2"),
    ("handoffs.py", str(DEMO), "2"),
    ("report.py", str(DEMO), "1"),
    ("kills.py", "3"),
)
WITH_FILES = (
    ("warm_run.py", "{etude}", "--rounds", "2"),
    ("load_france.py", "{data}/france", "1"),
    ("read_osm.py", "{data}/corse/corse.osm.pbf", "--rounds", "1"),
    ("travel.py", "{data}/corse", "--copies", "3", "--rounds", "1"),
    ("or_library.py", "{data}/instances", "--only", "pmed1", "pmed6", "pmedcap2"),
    ("adapter.py", "{data}", "--nombre", "50"),
    ("horaires.py", "{data}", "--heures", "60"),
    ("transit.py", "{data}", "--only", "corse"),
)


def corsica(data: Path, folder: Path) -> Path:
    """Write the study of the tutorial over the real files; return it."""
    page = (ROOT / "docs" / "tutoriel.md").read_text(encoding="utf-8")
    text = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)[0]
    for path in [*(data / "corse").iterdir(), *(data / "france").iterdir()]:
        text = text.replace(f'"{path.name}"', f'"{path.as_posix()}"')
    study = folder / "etude.toml"
    study.write_text(text, encoding="utf-8")
    return study


def patience() -> float:
    """Return the seconds a benchmark may take now."""
    waiting = os.getloadavg()[0] / (os.cpu_count() or 1) if hasattr(os, "getloadavg") else 1.0
    return SHARE * max(1.0, waiting)


def processor() -> float:
    """Return the seconds of processor the benchmarks have taken."""
    told = os.times()
    return told.children_user + told.children_system


def ran(command: tuple[str, ...], folder: str) -> str:
    """Run a benchmark, print what it says, and return what went wrong, empty if nothing."""
    print(f"\n== {' '.join(command)}", flush=True)
    begin, spent, limit = time.perf_counter(), processor(), patience()
    script = str(ROOT / "benchmarks" / command[0])
    try:
        done = subprocess.run(  # noqa: S603 - our own scripts
            [sys.executable, script, *command[1:]],
            cwd=folder, capture_output=True, text=True, timeout=limit, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"{command[0]}: more than {limit:.0f} s"
    print(done.stdout.rstrip())
    print(f"-- {time.perf_counter() - begin:.0f} s, of processor {processor() - spent:.0f} s")
    if done.returncode > 1 or done.returncode < 0 or "Traceback" in done.stderr:
        print(done.stderr.rstrip()[-2000:])
        return f"{command[0]}: exit code {done.returncode}"
    return ""


def main() -> None:
    """Run them one after the other; the exit code is 1 when one breaks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="?", default=ROOT.parent / "shared" / "data")
    data = parser.parse_args().data.resolve()
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        commands = list(ALONE)
        if data.is_dir():
            told = {"data": str(data), "etude": str(corsica(data, Path(folder)))}
            commands += [tuple(part.format_map(told) for part in one) for one in WITH_FILES]
        else:
            names = ", ".join(one[0] for one in WITH_FILES)
            print(f"skipped, for want of {data}: {names}")
        faults = [fault for one in commands if (fault := ran(one, folder))]
    print(f"\n{len(commands)} benchmarks: {time.perf_counter() - begin:.0f} s on the clock", end="")
    print(f", {processor():.0f} s of processor")
    print("\n".join(faults))
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
