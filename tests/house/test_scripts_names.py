"""Scripts and benchmarks, most of which no test runs, name what exists in the library."""

from __future__ import annotations

import ast
import importlib
import types
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAMS = sorted([*ROOT.glob("scripts/*.py"), *ROOT.glob("benchmarks/*.py")])


def missing(source: str) -> list[str]:
    """Return what a program imports from msap_geo, or reads of its modules, that is not there."""
    tree = ast.parse(source)
    lost, modules = [], {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "msap_geo":
            home = importlib.import_module(node.module)
            for name in node.names:
                if not hasattr(home, name.name):
                    try:
                        importlib.import_module(f"{node.module}.{name.name}")
                    except ModuleNotFoundError:
                        lost.append(f"{node.module}.{name.name}")
                        continue
                if isinstance(found := getattr(home, name.name), types.ModuleType):
                    modules[name.asname or name.name] = found
    bound = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and stored(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            home = modules.get(node.value.id) if node.value.id not in bound else None
            if home is not None and not hasattr(home, node.attr):
                lost.append(f"{home.__name__}.{node.attr}")
    return lost


def stored(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_a_program_names_what_exists(program):
    assert missing(program.read_text(encoding="utf-8")) == []


def test_what_moved_away_is_seen():
    source = (
        "from msap_geo import french\nfrom msap_geo.travel import nowhere\nfrench.moment('x')\n"
    )
    assert missing(source) == ["msap_geo.travel.nowhere", "msap_geo.french.moment"]
