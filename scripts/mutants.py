"""Change one thing in the code, run the tests: a change that no test sees shows a missing test.

``nice python scripts/mutants.py msap_geo/coverage tests/coverage --nombre 300 --graine 21``

A seeded sample among every mutant of a room: comparisons, arithmetic, ``and``/``or``, ``not``,
numbers, booleans, the end of a function. Compiled kernels, annotations, messages and what gives the
same byte-code are left out. The project is copied aside; nothing is written in it.

The tests named are run once under coverage (``--garde`` keeps what that told); a mutant is then
tried with the tests that run its line, shortest first, up to so many seconds of them, until one
fails: the score is a lower bound. Each trial is a fork of one process that has imported the
libraries already. A mutant whose line no test runs survives. One that makes the tests endless is
seen by whoever runs them: it counts as killed, and is named.
"""

from __future__ import annotations

import argparse
import ast
import copy
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from importlib import import_module
from itertools import accumulate
from pathlib import Path
from types import CodeType
from typing import NamedTuple

_SWAPS: dict[type, type] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div, ast.And: ast.Or, ast.Or: ast.And, ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}  # fmt: skip
# Imported before the first fork, so that no trial pays for them; ours never are.
_LIBRARIES = """
numpy pandas geopandas shapely pyproj pyogrio pyarrow scipy.sparse.csgraph scipy.optimize numba
hypothesis highspy pandera pydantic osmium openpyxl pytest coverage
""".split()  # noqa: SIM905 - a list of words


_PATIENCE = 20
"""Seconds waited for each of processor: the machine may be busy."""


class Mutant(NamedTuple):
    """One change: where it is, what it says, the whole text of the file changed."""

    path: Path
    lines: range
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
    return Mutant(path, range(statement.lineno if simple else node.lineno, last + 1), what, new)


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


class _Clock:
    """Write how long each test took, and which failed."""

    def __init__(self, path: Path) -> None:
        self.path, self.seconds, self.failed = path, Counter(), []

    def pytest_runtest_logreport(self, report) -> None:  # noqa: ANN001 - pytest's own
        self.seconds[report.nodeid] += report.duration
        if report.failed:
            self.failed.append(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        self.path.write_text(json.dumps([self.seconds, self.failed]), encoding="utf-8")


def trial(place: Path, arguments: list[str], seconds: float, clock: Path | None = None) -> int:
    """Run pytest in a fork; return its code, or -1 where it took more processor than given."""
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        os.chdir(place)
        sys.path.insert(0, str(place))
        said = os.open(place / "sortie.txt", os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        for stream in range(3):
            os.dup2(said, stream)
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds) + 5))
        pytest = import_module("pytest")
        plugins = [_Clock(clock)] if clock else []
        code = pytest.main(
            ["-q", "--assert=plain", "-p", "no:cacheprovider", *arguments], plugins=plugins
        )
        os._exit(int(code))
    end = time.monotonic() + _PATIENCE * seconds
    while time.monotonic() < end:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            _end(child)
            code = os.waitstatus_to_exitcode(status)
            return -1 if code in {-signal.SIGXCPU, -signal.SIGKILL} else code
        time.sleep(0.05)
    _end(child)
    os.waitpid(child, 0)
    return -1


def _end(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


def _copied(root: Path) -> Path:
    place = Path(tempfile.mkdtemp(prefix="msap-mutants-"))
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
    place: Path, room: Path, tests: list[str], kept: Path
) -> tuple[dict, dict[str, float]]:
    """Return the tests that run each line of a room, and how long each test takes."""
    clock = kept / "durees.json"
    if not clock.exists():
        _watch(place, room, tests, kept)
    seconds, failed = json.loads(clock.read_text(encoding="utf-8"))
    if failed:
        print("échouent déjà, laissés :", *failed, sep="\n  ")
    data = import_module("coverage").CoverageData(str(kept / ".coverage"))
    data.read()
    runs = {}
    for name in data.measured_files():
        lines = data.contexts_by_lineno(name)
        runs[Path("msap_geo", name.rpartition("/msap_geo/")[2])] = {
            line: {context.split("|")[0] for context in contexts} - {*failed, ""}
            for line, contexts in lines.items()
        }
    return runs, seconds


def _watch(place: Path, room: Path, tests: list[str], kept: Path) -> None:
    kept.mkdir(parents=True, exist_ok=True)
    clock = kept / "durees.json"
    cover = [f"--cov={room}", "--cov-context=test", "--cov-report="]
    if trial(place, [*tests, *cover], 3600, clock) not in {0, 1} or not clock.exists():
        sys.exit((place / "sortie.txt").read_text(encoding="utf-8"))
    shutil.copy(place / ".coverage", kept)


def _within(tests: set[str], seconds: dict[str, float], budget: float) -> list[str]:
    """Return the shortest tests, one at least, that take so many seconds together."""
    order = sorted(tests, key=lambda name: (seconds.get(name, 0.0), name))
    spent = list(accumulate(seconds.get(name, 0.0) for name in order))
    return order[: max(1, sum(each <= budget for each in spent))]


def main() -> int:
    """Try a sample, tell the score and who survived."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("salle", type=Path, help="module ou dossier de msap_geo")
    parser.add_argument("tests", nargs="+")
    parser.add_argument("--nombre", type=int, default=300)
    parser.add_argument("--graine", type=int, default=21)
    parser.add_argument("--secondes", type=float, default=120.0, help="de processeur, par mutant")
    parser.add_argument("--tests-s", type=float, default=20.0, help="secondes de tests par mutant")
    parser.add_argument("--garde", type=Path, help="dossier où garder qui exécute quoi")
    parser.add_argument("--minutes", type=float, default=600.0, help="en tout, au plus")
    asked = parser.parse_args()
    root = Path.cwd()
    files = [asked.salle] if asked.salle.is_file() else sorted(asked.salle.rglob("*.py"))
    every = [(path, *mutant) for path in files for mutant in mutants(path)]
    random.Random(asked.graine).shuffle(every)  # noqa: S311 - the same sample each time
    place = _copied(root)
    os.environ.update(
        {"PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
    )
    for library in _LIBRARIES:
        import_module(library)
    hypothesis = import_module("hypothesis")
    hypothesis.settings.register_profile(  # the same examples each time, none made smaller
        "mutants", deadline=None, database=None, derandomize=True, max_examples=40,
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )  # fmt: skip
    kept = asked.garde or place / "garde"
    runs, seconds = _who_runs(place, asked.salle, asked.tests, kept)
    told: Counter[str] = Counter()
    same, end = 0, time.monotonic() + 60 * asked.minutes
    for path, node, statement in every:
        if sum(told.values()) == asked.nombre or time.monotonic() > end:
            break
        mutant = apply(path, node, statement)
        if mutant is None:
            same += 1
            continue
        lines = runs.get(path, {})
        chosen = set().union(*(lines.get(line, set()) for line in mutant.lines))
        if not chosen and any(line in lines for line in mutant.lines):
            chosen = set().union(*lines.values())  # runs on import: whoever uses the module
        chosen = _within(chosen, seconds, asked.tests_s)
        fate = "non essayé" if not chosen else "survit"
        if chosen:
            target = place / path
            before = target.read_bytes()
            target.write_text(mutant.text, encoding="utf-8")
            code = trial(place, ["-x", "--hypothesis-profile=mutants", *chosen], asked.secondes)
            target.write_bytes(before)
            fate = {0: "survit", -1: "arrêté"}.get(code, "tué")
        told[fate] += 1
        if fate != "tué":
            print(f"  {fate} : {path}:{mutant.lines.start} : {mutant.what}", flush=True)
    shutil.rmtree(place)
    tried = sum(told.values())
    dead = told["tué"] + told["arrêté"]
    print(
        f"{asked.salle} : {dead} mutants sur {tried} vus ({100 * dead / max(tried, 1):.0f} %) : "
        f"{told['tué']} tués, {told['arrêté']} arrêtés, {told['survit']} survivent, "
        f"{told['non essayé']} qu'aucun test n'exécute ; {same} sans effet, laissés ; "
        f"{len(every)} en tout"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
