"""What a command tells while it works: the step, how many are done, time taken, and time left.

Time left is that of the same steps the last time the same command did the same study on this
machine, kept in the cache; nothing is said of it the first time, nor during a step never seen.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from msap_geo import french
from msap_geo.cache import cache_folder, plain
from msap_geo.cli import consoles
from msap_geo.drafts import draft_in

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

_MOST_STEPS = 500
"""Steps of a record: past them it is no record of ours."""


class Steps:
    """The steps of a run, and what is known of the last one.

    Parameters
    ----------
    known
        Steps of the last run and their seconds, in order; empty at the first.
    clock
        Seconds, from any origin.
    """

    def __init__(
        self,
        known: Sequence[tuple[str, float]] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._known, self._clock = list(known), clock
        self._begun = clock()
        self._done: list[tuple[str, float]] = []
        self._step: tuple[str, float] | None = None
        self._next = 0

    def begin(self, step: str) -> None:
        """Begin a step, which ends the one before it."""
        self._close()
        self._step = (step, self._clock())
        for place in range(self._next, len(self._known)):
            if self._known[place][0] == step:
                self._next = place + 1
                return
        # Unknown, or told again out of its order: nothing is known of what is left.
        self._next = self._next if self._left_known() else 0

    def _left_known(self) -> bool:
        return self._step is not None and any(self._step[0] == step for step, _ in self._known)

    def _close(self) -> None:
        if self._step is not None:
            self._done.append((self._step[0], self._clock() - self._step[1]))

    def finished(self) -> list[tuple[str, float]]:
        """End the last step; return all of them with their seconds."""
        self._close()
        self._step = None
        return list(self._done)

    def left_s(self) -> float | None:
        """Return the seconds left, as long as the steps last what they lasted; None if unknown."""
        if self._step is None or self._next == 0 or self._known[self._next - 1][0] != self._step[0]:
            return None
        usual = self._known[self._next - 1][1]
        here = max(0.0, usual - (self._clock() - self._step[1]))
        return here + sum(seconds for _, seconds in self._known[self._next :])

    def __str__(self) -> str:
        """Say where the run is: ``Calcul des temps… étape 3 sur 9, 12 s, encore environ 30 s``."""
        if self._step is None:
            return "Préparation…"
        left, number = self.left_s(), len(self._done) + 1
        of = "" if left is None else f" sur {number + len(self._known) - self._next}"
        told = [f"étape {number}{of}", french.duration(self._clock() - self._begun)]
        if left is not None:
            told.append(f"encore environ {french.duration(left)}")
        return f"{self._step[0]}… {', '.join(told)}"

    def __rich__(self) -> str:
        """Show itself at each picture of the terminal, so that seconds go by."""
        from rich.markup import escape  # noqa: PLC0415 - keeps --help instant

        return escape(consoles.shown(str(self)))


@contextmanager
def steps(arguments: argparse.Namespace, name: str) -> Iterator[Callable[[str], None]]:
    """Show the steps of a command on the terminal, and remember how long they took.

    Parameters
    ----------
    arguments
        What was asked: the same command with the same study and options has the same steps.
    name
        What is worked on, told apart in the record.

    Yields
    ------
    Callable
        Called with a French sentence at each step.
    """
    from rich.console import Console  # noqa: PLC0415

    record = _record(arguments, name)
    known, damaged = _read(record)
    shown = Steps(known)
    if damaged:
        print(  # noqa: T201 - a command line speaks
            "Note : les durées gardées du dernier lancement sont abîmées, ou d'une version "
            "antérieure ; elles sont oubliées.",
            file=sys.stderr,
        )
    with Console(file=consoles.for_bars()).status(shown):
        consoles.settle()  # a bar puts streams of its own in place of ours
        yield shown.begin
    done = shown.finished()
    with suppress(OSError):  # a cache that cannot be written costs an estimate, not the answer
        record.parent.mkdir(parents=True, exist_ok=True)
        with draft_in(record.parent, prefix=".durees-") as draft:
            kept = {"etapes": done, "empreinte": _print(done)}
            draft.write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
            draft.replace(record)


def _record(arguments: argparse.Namespace, name: str) -> Path:
    asked = {key: str(value) for key, value in sorted(vars(arguments).items()) if key != "sortie"}
    asked = {key: value for key, value in asked.items() if not value.startswith("<")}
    text = json.dumps([name, asked], sort_keys=True)
    return cache_folder() / "durees" / f"{hashlib.sha256(text.encode()).hexdigest()[:20]}.json"


def _print(steps: object) -> str:
    return hashlib.sha256(json.dumps(steps).encode()).hexdigest()


def _read(record: Path) -> tuple[list[tuple[str, float]], bool]:
    """Return the record of the last run, empty where there is none; and whether it is damaged."""
    try:
        text = plain(record).read_text(encoding="utf-8")
    except FileNotFoundError:
        return [], False
    except (OSError, ValueError):
        return [], True
    try:
        told = json.loads(text)
        if told["empreinte"] != _print(told["etapes"]):
            return [], True
        known = [(str(step), float(seconds)) for step, seconds in told["etapes"]]
    except (KeyError, ValueError, TypeError, RecursionError):
        return [], True
    sound = len(known) <= _MOST_STEPS and all(0 <= seconds < 1e7 for _, seconds in known)  # noqa: PLR2004 - a third of a year
    return (known, False) if sound else ([], True)
