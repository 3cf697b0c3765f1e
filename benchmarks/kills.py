"""Kill runs at random moments and at each renaming, and look at what is left.

``python benchmarks/kills.py [N]``: N runs of the demonstration killed (SIGKILL) at a random moment,
over the results of an earlier one with a user's note among them, or in a new folder. After each,
the next start: the folder must be all old or all new, the note there, and no leftover.

``python benchmarks/kills.py --noms [N]``: N runs killed by the kernel on entering a call that gives
or takes a name in the folder (``rename``, ``unlink``…), spread over all of them; needs ``strace``.
"""

from __future__ import annotations

import hashlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from msap_geo.outputs import one_run

SEED = 21
_CALLS = ("rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir", "link", "linkat")


def run(folder: Path, *before: str) -> subprocess.Popen[bytes]:
    """Start the demonstration in a group of processes of its own."""
    return subprocess.Popen(  # noqa: S603 - our own command
        [*before, sys.executable, "-m", "msap_geo", "demo", "--sortie", str(folder)],
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


def prepared(folder: Path, new: dict[str, str]) -> Path:
    """Fill a folder with older results, and a note."""
    folder.mkdir(parents=True)
    for name in new:
        (folder / name).write_bytes(b"ancien")
    (folder / "note.txt").write_text("ma note", encoding="utf-8")
    return folder


class Toll:
    """What killed runs left.

    Parameters
    ----------
    new
        Hash of each file of a whole run.
    """

    def __init__(self, new: dict[str, str]) -> None:
        old = dict.fromkeys(new, hashlib.sha256(b"ancien").hexdigest())
        self.whole = {"tout nouveau": new, "tout ancien": old, "rien": {}}
        self.seen = {"tout ancien": 0, "tout nouveau": 0, "rien": 0}
        self.wrong = 0

    def count(self, folder: Path, what: object, *, fresh: bool) -> None:
        """Start once more in a folder, and look at it."""
        with one_run(folder):
            pass
        found = state(folder) if folder.exists() else {}
        note = found.pop("note.txt", None)
        kind = next((name for name, files in self.whole.items() if files == found), "MÉLANGE")
        left = [path.name for path in folder.parent.iterdir() if path != folder]
        ok = kind in self.whole and not left and (fresh or (note is not None and kind != "rien"))
        self.seen[kind] = self.seen.get(kind, 0) + 1
        if not ok:
            self.wrong += 1
            print(f"{what} : {kind}, reste {left}, {sorted(found)}")


def at_random(number: int, root: Path) -> Toll:
    """Kill runs at random moments."""
    rng = random.Random(SEED)  # noqa: S311 - the same moments each time
    began = time.perf_counter()
    run(root / "reference").wait()
    longest = time.perf_counter() - began
    toll = Toll(state(root / "reference"))
    for attempt in range(number):
        folder = root / str(attempt) / "sortie"
        fresh = attempt % 3 == 2  # noqa: PLR2004 - one in three in a new folder
        if fresh:
            folder.parent.mkdir()
        else:
            prepared(folder, toll.whole["tout nouveau"])
        process = run(folder)
        # Most of the danger is at the end, where files take their place.
        share = rng.uniform(0.7, 1.05) if attempt % 2 else rng.uniform(0.05, 1.05)
        time.sleep(share * longest)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        toll.count(folder, attempt, fresh=fresh)
    return toll


def at_names(number: int, root: Path) -> Toll:
    """Kill runs on entering calls that change a name in their folder."""
    run(root / "reference").wait()
    toll = Toll(state(root / "reference"))
    new = toll.whole["tout nouveau"]
    log, watched = root / "appels.txt", root / "vu" / "sortie"
    tracing = ["strace", "-f", "-qq", "-e", "trace=" + ",".join(f"?{call}" for call in _CALLS)]
    run(prepared(watched, new), *tracing, "-o", str(log)).wait()
    # Of each call of the thread that makes them: its name, and its rank among those of that name.
    ranks: dict[tuple[str, str], int] = {}
    moments = []
    for line in log.read_text(encoding="utf-8").splitlines():
        found = re.match(r"(\d+)\s+(\w+)\((.*)", line)
        if found is None:
            continue
        thread, call, rest = found.groups()
        ranks[thread, call] = ranks.get((thread, call), 0) + 1
        if str(watched.parent) in rest:
            moments.append((call, ranks[thread, call]))
    if not moments:
        raise SystemExit("aucun appel relevé (démonstration en échec, ou strace interdit)")
    chosen = random.Random(SEED).sample(moments, min(number, len(moments)))  # noqa: S311
    print(f"{len(moments)} appels changent un nom ; tués à l'entrée de {len(chosen)}")
    for attempt, (call, rank) in enumerate(chosen):
        folder = prepared(root / str(attempt) / "sortie", new)
        killing = ["-e", f"inject={call}:signal=SIGKILL:when={rank}", "-o", os.devnull]
        run(folder, *tracing, *killing).wait()
        toll.count(folder, f"{call} n° {rank}", fresh=False)
    return toll


def main(asked: list[str]) -> int:
    """Kill so many runs; return how many left something wrong."""
    names = "--noms" in asked
    number = next((int(one) for one in asked if one.isdigit()), 50)
    if names and shutil.which("strace") is None:
        print("strace n'est pas installé : rien n'est essayé")
        return 0
    with tempfile.TemporaryDirectory(prefix="msap-morts-") as place:
        toll = (at_names if names else at_random)(number, Path(place))
    print(f"{sum(toll.seen.values())} processus tués (graine {SEED}) : {toll.seen}, "
          f"{toll.wrong} dossiers abîmés")  # fmt: skip
    return toll.wrong


if __name__ == "__main__":
    sys.exit(bool(main(sys.argv[1:])))
