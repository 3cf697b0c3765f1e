"""Change one thing in the code, run the tests: a change that no test sees shows a missing test.

``nice python scripts/mutants.py msap_geo/coverage tests/coverage --nombre 300 --graine 21``

A seeded sample among every mutant of a room: comparisons, arithmetic, ``and``/``or``, ``not``,
numbers, booleans, the end of a function. Compiled kernels, annotations, messages and what gives the
same byte-code are left out. The project is copied aside; nothing is written in it.

The tests named are run once under coverage (``--garde`` keeps what that told, and the copy with its
compiled code); a mutant is then tried with the tests that run its line, shortest first, up to so
many seconds of them, until one fails: the score is a lower bound. A test that kills must pass on
the code as it is, run alone. A mutant whose line no test runs survives. One that makes the tests
endless is seen by whoever runs them: it counts as killed, and is named.

Each trial is a fork of one process, of one thread (see mutant_trials.py): one that has collected
the tests, and where functions are given their changed code; or, for what runs on import, one that
has imported the libraries only. A trial in which nothing runs any more is ended with all that it
started; it is named, with the stack of each thread beside ``--garde``, and left out of the score,
for it says nothing of the tests.

``--journal`` keeps the fate of each mutant; ``--reprend`` tries again, with the tests named, those
that survive in such a journal.
"""

from __future__ import annotations

import argparse
import ast
import copy
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from importlib import import_module
from itertools import accumulate
from pathlib import Path
from types import CodeType
from typing import NamedTuple

from mutant_trials import ALONE, ELSEWHERE, ENDLESS, STUCK, Warm, alone, cold, watched

_SWAPS: dict[type, type] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div, ast.And: ast.Or, ast.Or: ast.And, ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}  # fmt: skip


class Mutant(NamedTuple):
    """One change: where it is, what it says, whether in a function, the text of the file."""

    path: Path
    lines: range
    inside: bool
    what: str
    text: str


def mutants(path: Path) -> list[tuple[ast.AST, ast.stmt]]:
    """Return what can be changed in a file: each node, and the statement it belongs to."""
    found: list[tuple[ast.AST, ast.stmt]] = []

    def visit(node: ast.AST, statement: ast.stmt) -> None:
        if _left_out(node):
            return
        statement = node if isinstance(node, ast.stmt) else statement
        if _changeable(node):
            found.append((node, statement))
        aside = {"annotation", "returns", "decorator_list", "bases"}
        values = [value for name, value in ast.iter_fields(node) if name not in aside]
        children = [each for value in values for each in _listed(value)]
        for child in children:
            visit(child, statement)

    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        visit(statement, statement)
    return found


def _listed(value: object) -> list[ast.AST]:
    every = value if isinstance(value, list) else [value]
    return [each for each in every if isinstance(each, ast.AST)]


def _left_out(node: ast.AST) -> bool:
    """Tell what is not changed, with all that it holds."""
    match node:
        case ast.JoinedStr():  # a message; its positions are wrong before Python 3.12
            return True
        case ast.FunctionDef():
            worn = " ".join(map(ast.unparse, node.decorator_list))
            return "kernel" in worn or "njit" in worn
        case ast.If():
            return ast.unparse(node.test) == "TYPE_CHECKING"
    return False


def _changeable(node: ast.AST) -> bool:
    match node:
        case ast.Compare():
            return type(node.ops[0]) in _SWAPS
        case ast.BinOp() | ast.BoolOp():
            return type(node.op) in _SWAPS
        case ast.UnaryOp(op=ast.Not()):
            return True
        case ast.Constant():
            return type(node.value) in {int, float, bool}
        case ast.Return():
            return node.value is not None and ast.unparse(node.value) != "None"
    return False


def apply(path: Path, node: ast.AST, statement: ast.stmt) -> Mutant | None:
    """Return the mutant of a node, or nothing where the byte-code is the same."""
    changed = copy.deepcopy(node)
    match changed:
        case ast.Compare():
            changed.ops[0] = _SWAPS[type(changed.ops[0])]()
        case ast.BinOp() | ast.BoolOp():
            changed.op = _SWAPS[type(changed.op)]()
        case ast.UnaryOp():
            changed.op, changed.operand = (
                ast.Not(),
                ast.UnaryOp(ast.Not(), changed.operand),
            )
        case ast.Constant():
            value = changed.value
            changed.value = not value if isinstance(value, bool) else value + 1
        case ast.Return():
            changed.value = ast.Constant(None)
    text = path.read_text(encoding="utf-8")
    new = _written(text, node, ast.unparse(ast.fix_missing_locations(changed)))
    if _same(compile(text, "x", "exec"), compile(new, "x", "exec")):
        return None
    what = f"{ast.unparse(node)[:70]}  →  {ast.unparse(changed)[:70]}"
    simple = not hasattr(statement, "body")
    last = (statement if simple else node).end_lineno
    lines = range(statement.lineno if simple else node.lineno, last + 1)
    return Mutant(path, lines, _inside(ast.parse(text), node), what, new)


def _inside(tree: ast.Module, node: ast.AST) -> bool:
    """Tell whether a node is in the body of a function: nothing of it runs on import."""
    return any(
        first.lineno <= node.lineno and node.end_lineno <= first.end_lineno
        for each in ast.walk(tree)
        if isinstance(each, ast.FunctionDef)
        for first in each.body
    )


def _written(text: str, node: ast.AST, new: str) -> str:
    """Put other words in the place of a node, every line of the file keeping its number."""
    lines = text.encode().splitlines(keepends=True)
    first, last = node.lineno - 1, node.end_lineno - 1
    before = b"".join(lines[:first]) + lines[first][: node.col_offset]
    after = lines[last][node.end_col_offset :] + b"".join(lines[last + 1 :])
    padding = "\n" * (last - first)
    inside = new + padding if isinstance(node, ast.Return) else f"({new}{padding})"
    return (before + inside.encode() + after).decode()


def _same(one: CodeType, other: CodeType) -> bool:
    """Tell whether two codes do the same, wherever their lines are."""
    parts = zip(one.co_consts, other.co_consts, strict=False)
    return (
        one.co_code == other.co_code
        and one.co_names == other.co_names
        and len(one.co_consts) == len(other.co_consts)
        and all(
            _same(a, b)
            if isinstance(a, CodeType) and isinstance(b, CodeType)
            else (type(a), repr(a)) == (type(b), repr(b))
            for a, b in parts
        )
    )


def _copied(root: Path, place: Path) -> Path:
    kept = {".pytest_cache"}  # compiled code: known by the path and the date of its source
    for old in place.iterdir() if place.exists() else ():
        if old.name not in kept:
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    listed = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607
        cwd=root, capture_output=True, check=True, text=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, place / name)
    # Byte-code known by what is in the source, not by its date: a trial reads its own.
    quiet = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "checked-hash"]
    subprocess.run([*quiet, "msap_geo", "tests/support"], cwd=place, check=True)  # noqa: S603
    return place


def _who_runs(
    place: Path, room: Path, tests: list[str], marks: str, kept: Path
) -> tuple[dict, dict[str, float]]:
    """Return the tests that run each line of a room, and how long each test takes."""
    clock, seen = kept / "durees.json", kept / ".coverage"
    written = clock.stat().st_mtime if clock.exists() else 0.0
    if any(path.stat().st_mtime > written for path in room.parent.glob(f"{room.name}/**/*.py")):
        seen.unlink(missing_ok=True)  # its lines may have other numbers
        clock.unlink(missing_ok=True)
    told = json.loads(clock.read_text(encoding="utf-8")) if clock.exists() else [{}, []]
    known = {name.partition("::")[0] for name in told[0]}
    new = [
        str(file)
        for each in map(Path, tests)
        for file in ([each] if each.is_file() else sorted(each.rglob("test_*.py")))
        if str(file) not in known or file.stat().st_mtime > written
    ]
    if new:
        kept.mkdir(parents=True, exist_ok=True)
        more = _watch(place, room, [*new, "-m", marks], seen)
        told = [told[0] | more[0], sorted({*told[1], *more[1]})]
        clock.write_text(json.dumps(told), encoding="utf-8")
    seconds, failed = told
    if failed:
        print("échouent déjà, laissés :", *failed, sep="\n  ")
    data = import_module("coverage").CoverageData(str(seen))
    data.read()
    runs = {}
    for name in data.measured_files():
        lines = data.contexts_by_lineno(name)
        runs[Path("msap_geo", name.rpartition("/msap_geo/")[2])] = {
            line: {context.split("|")[0] for context in contexts} - set(failed)
            for line, contexts in lines.items()
        }
    return runs, seconds


def _watch(place: Path, room: Path, tests: list[str], seen: Path) -> list:
    """Add what tests run to what is known; return how long each takes, and those that fail."""
    clock, here = place / "essai.json", place / ".coverage"
    if seen.exists():
        shutil.copy(seen, here)
    cover = [f"--cov={room}", "--cov-append", "--cov-context=test", "--cov-report="]
    code = watched(place, [*tests, *cover], clock)
    if code not in {0, 1, 5} or not clock.exists():
        print("les tests n'ont pas abouti :", code)
        sys.exit("\n".join((place / f"{name}.txt").read_text() for name in ("sortie", "piles")))
    shutil.copy(here, seen)
    return json.loads(clock.read_text(encoding="utf-8"))


def _within(tests: set[str], seconds: dict[str, float], budget: float) -> list[str]:
    """Return the shortest tests, one at least, that take so many seconds together."""
    order = sorted(tests, key=lambda name: (seconds.get(name, 0.0), name))
    spent = list(accumulate(seconds.get(name, 0.0) for name in order))
    return order[: max(1, sum(each <= budget for each in spent))]


class _Bench:
    """Try mutants in a copy of the project, one after another."""

    def __init__(self, place: Path, kept: Path, budget: float, warm: Warm) -> None:
        self.place, self.kept, self.budget, self.warm = place, kept, budget, warm
        self.sound: dict[tuple[str, ...], bool] = {}

    def fate(self, mutant: Mutant, chosen: list[str], *, on_import: bool) -> str:
        """Tell what becomes of a mutant under the tests chosen."""
        if not chosen:
            return "non essayé"
        code, failed = ELSEWHERE, []
        if not on_import:
            code, failed = self.warm.ask((str(mutant.path), mutant.text), chosen, self.budget)
        if code == ELSEWHERE:
            code, failed = self._anew(mutant, chosen)
        if code == STUCK:
            name = f"bloque-{mutant.path.stem}-{mutant.lines.start}.txt"
            said = [(self.place / f"{each}.txt").read_text() for each in ("sortie", "piles")]
            (self.kept / name).write_text("\n".join(said), encoding="utf-8")
            return "bloqué"
        if code in {0, ENDLESS}:
            return "survit" if code == 0 else "arrêté"
        return "tué" if self._pass(failed or chosen) else "tests douteux"

    def _anew(self, mutant: Mutant, chosen: list[str]) -> tuple[int, list[str]]:
        target = self.place / mutant.path
        before, dates = target.read_bytes(), target.stat()
        compiles = 3 if b"import kernel" in before else 1
        target.write_text(mutant.text, encoding="utf-8")
        try:
            return cold(self.place, chosen, self.budget * compiles)
        finally:
            target.write_bytes(before)
            os.utime(target, ns=(dates.st_atime_ns, dates.st_mtime_ns))

    def _pass(self, tests: list[str]) -> bool:
        """Tell whether tests pass on the code as it is; else their failure says nothing."""
        asked = tuple(tests)
        if asked not in self.sound:
            code, _failed = self.warm.ask(None, tests, 3 * self.budget)
            self.sound[asked] = code == 0
        return self.sound[asked]


def _survivors(journal: Path | None) -> set[tuple[str, int, str]] | None:
    """Return what survives in the journal of another run."""
    if journal is None:
        return None
    lines = map(json.loads, journal.read_text(encoding="utf-8").splitlines())
    return {
        (line["fichier"], line["ligne"], line["quoi"])
        for line in lines
        if line["sort"] in {"survit", "non essayé"}
    }


def _chosen(
    mutant: Mutant, runs: dict, seconds: dict[str, float], budget: float
) -> tuple[list[str], bool]:
    """Return the tests to try on a mutant, and whether its lines run on import or collection."""
    lines = runs.get(mutant.path, {})
    who = set().union(*(lines.get(line, set()) for line in mutant.lines))
    on_import = "" in who or not mutant.inside
    if not who - {""} and who:  # on import only: whoever uses the module
        who = set().union(*lines.values())
    who -= {""}
    return _within(who, seconds, budget) if who else [], on_import


def _sampled(room: Path, seed: int) -> list[tuple[Path, ast.AST, ast.stmt]]:
    """Return every mutant of a room in an order drawn, without what coverage cannot see."""
    settings = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
    unseen = {Path(name) for name in settings["tool"]["coverage"]["run"]["omit"]}
    files = [room] if room.is_file() else sorted(set(room.rglob("*.py")) - unseen)
    every = [(path, *mutant) for path in files for mutant in mutants(path)]
    random.Random(seed).shuffle(every)  # noqa: S311 - the same sample each time
    return every


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("salle", type=Path, help="module ou dossier de msap_geo")
    parser.add_argument("tests", nargs="+")
    parser.add_argument("--nombre", type=int, default=300)
    parser.add_argument("--graine", type=int, default=21)
    parser.add_argument("--secondes", type=float, default=120.0, help="de processeur, par mutant")
    parser.add_argument("--tests-s", type=float, default=20.0, help="secondes de tests par mutant")
    parser.add_argument("--garde", type=Path, help="dossier où garder copie et qui exécute quoi")
    parser.add_argument("--minutes", type=float, default=600.0, help="en tout, au plus")
    parser.add_argument("--marques", default="not browser and not corse", help="-m de pytest")
    parser.add_argument("--journal", type=Path, help="fichier où écrire le sort de chacun")
    parser.add_argument("--reprend", type=Path, help="journal dont reprendre les survivants")
    return parser.parse_args()


def main() -> int:
    """Try a sample, tell the score and who survived."""
    asked = _asked()
    root = Path.cwd()
    every, again = _sampled(asked.salle, asked.graine), _survivors(asked.reprend)
    kept = (asked.garde or Path(tempfile.mkdtemp(prefix="msap-mutants-"))).resolve()
    place = _copied(root, kept / "projet")
    os.environ.update(ALONE | {"PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1"})
    alone()
    runs, seconds = _who_runs(
        place, asked.salle, asked.tests, asked.marques, kept / asked.salle.stem
    )
    bench = _Bench(place, kept, asked.secondes, Warm(place, asked.tests, asked.marques))
    told: Counter[str] = Counter()
    same, end = 0, time.monotonic() + 60 * asked.minutes
    for path, node, statement in every:
        if sum(told.values()) == asked.nombre or time.monotonic() > end:
            break
        mutant = apply(path, node, statement)
        if mutant is None:
            same += 1
            continue
        line = {"fichier": str(path), "ligne": mutant.lines.start, "quoi": mutant.what}
        if again is not None and tuple(line.values()) not in again:
            continue
        chosen, on_import = _chosen(mutant, runs, seconds, asked.tests_s)
        fate = bench.fate(mutant, chosen, on_import=on_import)
        told[fate] += 1
        if asked.journal:
            with asked.journal.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(line | {"sort": fate}, ensure_ascii=False) + "\n")
        if fate != "tué":
            print(f"  {fate} : {path}:{mutant.lines.start} : {mutant.what}", flush=True)
    if not asked.garde:
        shutil.rmtree(kept)
    tried = sum(told.values()) - told["bloqué"] - told["tests douteux"]
    dead = told["tué"] + told["arrêté"]
    print(
        f"{asked.salle} : {dead} mutants sur {tried} vus ({100 * dead / max(tried, 1):.0f} %) : "
        f"{told['tué']} tués, {told['arrêté']} arrêtés, {told['survit']} survivent, "
        f"{told['non essayé']} qu'aucun test n'exécute ; hors de la note : {told['bloqué']} "
        f"bloqués, {told['tests douteux']} aux tests douteux ; {same} sans effet, laissés ; "
        f"{len(every)} en tout"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
