"""Kill runs at random moments and at each renaming, and look at what is left.

``python benchmarks/kills.py [N]``: N runs of the demonstration killed (SIGKILL) at a random moment,
over the results of an earlier one with a user's note among them, or in a new folder. After each,
the next start: the folder must be all old or all new, the note there, and no leftover.
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from msap_geo.outputs import one_run

SEED = 21


def run(folder: Path) -> subprocess.Popen[bytes]:
    """Start the demonstration in a group of processes of its own."""
    return subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "msap_geo", "demo", "--sortie", str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def state(folder: Path) -> dict[str, str]:
    """Return the hash of each file of a folder, by its path."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def main(number: int) -> int:
    """Kill so many runs; return how many left something wrong."""
    rng = random.Random(SEED)  # noqa: S311 - the same moments each time
    root = Path(tempfile.mkdtemp(prefix="msap-morts-"))
    reference = root / "reference"
    began = time.perf_counter()
    run(reference).wait()
    longest = time.perf_counter() - began
    new = state(reference)
    old = dict.fromkeys(new, hashlib.sha256(b"ancien").hexdigest())
    wrong, seen = 0, {"tout ancien": 0, "tout nouveau": 0, "rien": 0}
    for attempt in range(number):
        folder = root / str(attempt) / "sortie"
        folder.parent.mkdir()
        fresh = attempt % 3 == 2  # noqa: PLR2004 - one in three in a new folder
        if not fresh:
            folder.mkdir()
            for name in new:
                (folder / name).write_bytes(b"ancien")
            (folder / "note.txt").write_text("ma note", encoding="utf-8")
        process = run(folder)
        # Most of the danger is at the end, where files take their place.
        share = rng.uniform(0.7, 1.05) if attempt % 2 else rng.uniform(0.05, 1.05)
        time.sleep(share * longest)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        with one_run(folder):
            pass  # the next start
        found = state(folder) if folder.exists() else {}
        note = found.pop("note.txt", None)
        whole = {"tout nouveau": new, "tout ancien": old, "rien": {}}
        kind = next((name for name, files in whole.items() if files == found), "MÉLANGE")
        left = [path.name for path in folder.parent.iterdir() if path != folder]
        ok = kind in seen and (fresh or note is not None) and not left and (fresh or kind != "rien")
        seen[kind] = seen.get(kind, 0) + 1
        wrong += not ok
        if not ok:
            print(f"{attempt} : {kind}, reste {left}, {sorted(set(found) ^ set(new))}")
    print(f"{number} processus tués (graine {SEED}) : {seen}, {wrong} dossiers abîmés")
    return wrong


if __name__ == "__main__":
    sys.exit(bool(main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)))
