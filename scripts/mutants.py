"""Change one thing in the code, run the tests: a change that no test sees shows a missing test.

``python scripts/mutants.py msap_geo/coverage tests/coverage --nombre 300 --graine 21``

A seeded sample among every mutant of a room: comparisons, arithmetic, ``and``/``or``, ``not``,
numbers, the end of a function. The room is copied aside; nothing is written in the project.
"""

from __future__ import annotations

import argparse
import ast
import copy
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_SWAPS: dict[type, type] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div, ast.And: ast.Or, ast.Or: ast.And, ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}  # fmt: skip


def mutants(tree: ast.Module) -> list[tuple[int, str, ast.Module]]:
    """Return every mutant of a module: line, what was changed, the changed tree."""
    found = []
    nodes = [node for node in ast.walk(tree) if not _is_typing(node)]
    for position, node in enumerate(nodes):
        for change in _changes(node):
            changed = copy.deepcopy(tree)
            twin = [one for one in ast.walk(changed) if not _is_typing(one)][position]
            what = _apply(twin, change)
            found.append((getattr(node, "lineno", 0), what, changed))
    return found


def _is_typing(node: ast.AST) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr)


def _changes(node: ast.AST) -> list[str]:  # noqa: PLR0911 - a table
    match node:
        case ast.Compare() if type(node.ops[0]) in _SWAPS:
            return ["compare"]
        case ast.BinOp() | ast.BoolOp() if type(node.op) in _SWAPS:
            return ["operator"]
        case ast.UnaryOp(op=ast.Not()):
            return ["not"]
        case ast.Constant() if type(node.value) in (int, float):
            return ["number"]
        case ast.Constant() if isinstance(node.value, bool):
            return ["boolean"]
        case ast.Return() if node.value is not None:
            return ["return"]
    return []


def _apply(node: ast.AST, change: str) -> str:
    before = ast.unparse(node)[:60]
    match change:
        case "compare":
            node.ops[0] = _SWAPS[type(node.ops[0])]()
        case "operator":
            node.op = _SWAPS[type(node.op)]()
        case "not":
            node.op, node.operand = ast.UAdd(), ast.Call(ast.Name("bool"), [node.operand], [])
        case "number":
            node.value += 1
        case "boolean":
            node.value = not node.value
        case _:
            node.value = ast.Constant(None)
    return f"{before}  →  {ast.unparse(node)[:60]}"


def main() -> int:
    """Try a sample, tell the score and who survived."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("salle", type=Path, help="module ou dossier de msap_geo")
    parser.add_argument("tests", nargs="+")
    parser.add_argument("--nombre", type=int, default=300)
    parser.add_argument("--graine", type=int, default=21)
    parser.add_argument("--secondes", type=float, default=120.0, help="par mutant, au plus")
    parser.add_argument("--minutes", type=float, default=600.0, help="en tout, au plus")
    asked = parser.parse_args()
    root = Path.cwd()
    files = [asked.salle] if asked.salle.is_file() else sorted(asked.salle.rglob("*.py"))
    every = [
        (path, *mutant)
        for path in files
        for mutant in mutants(ast.parse(path.read_text(encoding="utf-8")))
    ]
    rng = random.Random(asked.graine)  # noqa: S311 - the same sample each time
    sample = rng.sample(every, min(asked.nombre, len(every)))
    place = Path(tempfile.mkdtemp(prefix="msap-mutants-"))
    for name in ("msap_geo", "tests", "data"):
        shutil.copytree(root / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "pyproject.toml", place)
    environment = {**os.environ, "PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *asked.tests]
    killed, tried, end = 0, 0, time.monotonic() + 60 * asked.minutes
    for path, line, what, tree in sample:
        if time.monotonic() > end:
            break
        target = place / path
        before = target.read_text(encoding="utf-8")
        target.write_text(ast.unparse(ast.fix_missing_locations(tree)), encoding="utf-8")
        try:
            code = subprocess.run(  # noqa: S603 - our own tests
                command, cwd=place, env=environment, capture_output=True, check=False,
                timeout=asked.secondes,
            ).returncode  # fmt: skip
        except subprocess.TimeoutExpired:
            code = 1
        target.write_text(before, encoding="utf-8")
        tried, killed = tried + 1, killed + (code != 0)
        if code == 0:
            print(f"  survit : {path}:{line} : {what}", flush=True)
    shutil.rmtree(place)
    print(f"{asked.salle} : {killed} mutants tués sur {tried} (de {len(every)})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
