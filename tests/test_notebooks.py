"""The notebooks run from top to bottom, are stored clean, and use the public API only."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from pathlib import Path

import nbclient
import nbformat
import pytest

import msap_geo

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
SECONDS_PER_CELL = 120

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=nbformat.NO_CONVERT)


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def public_names(module: str) -> set[str]:
    """Return what a module of ours exports; the package itself exports its rooms."""
    if module == msap_geo.__name__:
        return {room.name for room in pkgutil.iter_modules(msap_geo.__path__)}
    loaded = importlib.import_module(module)
    return set(getattr(loaded, "__all__", dir(loaded)))


def private_uses(source: str) -> list[str]:
    """List what a program takes from msap_geo, or from any object, without being invited to."""
    nodes = list(ast.walk(ast.parse(source)))
    imported = [node for node in nodes if isinstance(node, ast.ImportFrom)]
    read_off = [node for node in nodes if isinstance(node, ast.Attribute)]
    rooms = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in imported
        if node.module == msap_geo.__name__
        for alias in node.names
    }
    # Rooms come by ``from msap_geo import room``: a dotted import reaches inside them.
    dotted = [a.name for node in nodes if isinstance(node, ast.Import) for a in node.names]
    found = {name for name in dotted if is_ours(name)}
    for node in imported:
        module = node.module or ""
        exported = public_names(module) if is_ours(module) and module.count(".") <= 1 else set()
        for alias in node.names:
            if alias.name.startswith("_") or (is_ours(module) and alias.name not in exported):
                found.add(f"{module}.{alias.name}")
    for node in read_off:
        room = rooms.get(node.value.id) if isinstance(node.value, ast.Name) else None
        if node.attr.startswith("_"):
            found.add(ast.unparse(node))
        elif room is not None and node.attr not in public_names(room):
            found.add(f"{room}.{node.attr}")
    return sorted(found)


def is_ours(module: str) -> bool:
    return module.split(".", maxsplit=1)[0] == msap_geo.__name__


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.mark.slow
@pytest.mark.enable_socket  # a Jupyter kernel talks over the sockets of this machine
@every_notebook
def test_runs_from_top_to_bottom(path, tmp_path, monkeypatch):
    # Far from the user's caches, kernels, startup files and temporary folder, and from the
    # notebook's own folder.
    for name in ("MSAP_GEO_CACHE", "JUPYTER_DATA_DIR", "IPYTHONDIR", "TMPDIR"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, str(tmp_path / name))
    folder = tmp_path / "anywhere"
    folder.mkdir()
    notebook = read(path)

    nbclient.NotebookClient(
        notebook,
        timeout=SECONDS_PER_CELL,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    ).execute()

    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    assert outputs
    assert [output for output in outputs if output.output_type == "error"] == []
    said = "".join(output.text for output in outputs if output.get("name") == "stderr")
    assert "Warning" not in said, said
    assert list(folder.iterdir()) == [], "a notebook leaves nothing beside itself"


@every_notebook
def test_is_stored_clean(path):
    notebook = read(path)

    nbformat.validate(notebook)  # cell identifiers are there, well formed and unique
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    used = [cell.id for cell in code_cells(notebook) if cell.outputs or cell.execution_count]
    assert used == [], "clear all outputs before saving"
    assert [cell.id for cell in notebook.cells if cell.metadata] == []


@every_notebook
def test_uses_the_public_api_only(path):
    source = "\n".join(cell.source for cell in code_cells(read(path)))

    assert private_uses(source) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from msap_geo import coverage\ncoverage.shares", []),
        ("import pandas as pd\npd.DataFrame().style", []),
        ("from msap_geo.errors import MsapGeoError", []),
        ("from msap_geo.study import read_study", []),
        ("from msap_geo import coverage as c\nc.access", ["msap_geo.coverage.access"]),
        ("from msap_geo.study import _Section", ["msap_geo.study._Section"]),
        ("from msap_geo.study.run import run_study", ["msap_geo.study.run.run_study"]),
        ("import msap_geo.study.run", ["msap_geo.study.run"]),
        ("table._mgr", ["table._mgr"]),
    ],
)
def test_private_uses_are_found(source, found):
    assert private_uses(source) == found
