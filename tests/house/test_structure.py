"""The house as it is: rooms of a size one can see, and no two files that import each other."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "msap_geo"
MOST_LINES, MOST_MODULES = 400, 24


def _modules(package):
    named = {}
    for path in package.rglob("*.py"):
        parts = path.relative_to(package.parent).with_suffix("").parts
        named[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return named


def _imports(name, path, modules):
    """Return the modules a file imports, for its types and inside its functions too."""
    here = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = here.split(".")[: len(here.split(".")) - node.level + 1]
                base = ".".join([*above, *([base] if base else [])])
            inside = {alias.name: f"{base}.{alias.name}" for alias in node.names}
            found |= {inner if inner in modules else base for inner in inside.values()}
    return found & set(modules) - {name}


def circles(package):
    """Return the groups of files that import each other, by Tarjan's algorithm."""
    modules = _modules(package)
    # A package's door imports its rooms by design: what counts is files.
    files = {name: path for name, path in modules.items() if path.name != "__init__.py"}
    edges = {name: _imports(name, path, files) for name, path in files.items()}
    index, low, stack, rings = {}, {}, [], []

    def visit(name):
        index[name] = low[name] = len(index)
        stack.append(name)
        for other in edges[name]:
            if other not in index:
                visit(other)
            if other in stack:
                low[name] = min(low[name], low[other])
        if low[name] == index[name]:
            ring = stack[stack.index(name) :]
            del stack[stack.index(name) :]
            if len(ring) > 1:
                rings.append(sorted(ring))

    before = sys.getrecursionlimit()
    sys.setrecursionlimit(10_000)
    try:
        for name in edges:
            if name not in index:
                visit(name)
    finally:
        sys.setrecursionlimit(before)
    return rings


@pytest.mark.slow
def test_no_two_files_import_each_other():
    assert circles(PACKAGE) == []


@pytest.mark.parametrize(
    "back",
    [
        "from paquet.un import a",
        "def b():\n    from paquet import un\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .un import a\n",
    ],
)
def test_a_circle_is_seen_whatever_its_imports(tmp_path, back):
    folder = tmp_path / "paquet"
    folder.mkdir()
    (folder / "__init__.py").write_text("from paquet.un import a\n")
    (folder / "un.py").write_text("from paquet.deux import b\na = 1\n")
    (folder / "deux.py").write_text(back)
    assert circles(folder) == [["paquet.deux", "paquet.un"]]


def test_rooms_keep_a_size_one_can_see():
    long = {
        str(path.relative_to(ROOT)): n
        for path in PACKAGE.rglob("*.py")
        if (n := len(path.read_text(encoding="utf-8").splitlines())) > MOST_LINES
    }
    assert long == {}
    folders = {path.parent for path in PACKAGE.rglob("*.py")}
    crowded = {
        str(folder.relative_to(ROOT)): n
        for folder in folders
        if (n := len(list(folder.glob("*.py")))) > MOST_MODULES
    }
    assert crowded == {}


@pytest.mark.slow
def test_no_test_imports_another():
    """What tests share lives in ``tests/support``; each test lies in its room."""
    tests = {path.stem for path in (ROOT / "tests").rglob("test_*.py")}
    borrowed = {
        str(path.relative_to(ROOT)): node.module
        for path in (ROOT / "tests").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").rpartition(".")[2] in tests
    }
    assert borrowed == {}
    assert list((ROOT / "tests").glob("test_*.py")) == []


def test_the_version_is_read_in_one_place():
    readers = [
        path.relative_to(PACKAGE).as_posix()
        for path in sorted(PACKAGE.rglob("*.py"))
        if re.search(r"importlib\.metadata import .*\bversion\b", path.read_text(encoding="utf-8"))
    ]
    assert readers == ["version.py"]


def calls(*names):
    """Yield the file and the text of each call of a method of these names."""
    for path in sorted(PACKAGE.rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(source)):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Attribute) and called.attr in names:
                yield path.relative_to(PACKAGE).as_posix(), ast.get_source_segment(source, node)


def test_gdal_is_given_no_file_that_was_not_looked_at():
    # It would follow a virtual dataset to any address: tabular/vector.py looks first.
    found = {file for file, _ in calls("read_file", "read_dataframe", "list_layers", "read_info")}
    assert found == {"tabular/vector.py"}


def test_no_table_is_written_that_a_spreadsheet_would_compute():
    bare = {file for file, call in calls("to_csv") if "guarded(" not in call}
    assert bare == {"outputs/week/gtfs.py"}  # a standard others read, not a table for people
