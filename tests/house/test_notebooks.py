"""The notebooks run from top to bottom, are stored clean, and use the public API only."""

from __future__ import annotations

import ast
import importlib
import os
import pkgutil
import re
import tomllib
from pathlib import Path

import nbclient
import nbformat
import pytest
from jupyter_client.provisioning import local_provisioner
from support.kernels import forked_kernel

import msap_geo

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
SECONDS = 120
"""Longest lesson, in seconds of processor: a busy machine is slow at times."""

PATIENCE = 600
LONGEST_LINE = 88
"""Characters of a line of code that a notebook shows without a scroll bar."""

LESSONS = [
    "01_charger_et_verifier",
    "02_temps_d_acces",
    "03_zones_blanches",
    "04_candidats_la_poste",
    "05_plans_et_budget",
    "06_scenarios_et_carte",
    "07_tournees",
    "08_sans_voiture",
]
NEEDED = {"07_tournees": "rounds"}
"""Supplements that lessons need, by lesson."""

MAP_LESSON = "06_scenarios_et_carte"

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=nbformat.NO_CONVERT)


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def public_names(module: str) -> set[str]:
    """Return what a module of ours exports; the package itself, its door and its rooms."""
    if module == msap_geo.__name__:
        rooms = {room.name for room in pkgutil.iter_modules(msap_geo.__path__)}
        return {*msap_geo.__all__, *rooms} - {"front", "front_answers", "given", "cli"}
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
    # The door is ``import msap_geo as mg``: its names, and the rooms, are its attributes.
    rooms |= {
        alias.asname or alias.name: alias.name
        for node in nodes
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name == msap_geo.__name__
    }
    # Rooms come by ``from msap_geo import room``: a dotted import reaches inside them.
    dotted = [a.name for node in nodes if isinstance(node, ast.Import) for a in node.names]
    found = {name for name in dotted if is_ours(name) and name != msap_geo.__name__}
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


def is_answer(cell: nbformat.NotebookNode) -> bool:
    return cell.metadata.get("jupyter") == {"outputs_hidden": True, "source_hidden": True}


def executed(
    path: Path, tmp_path: Path, monkeypatch, *, study: str = "", anew: bool = False
) -> nbformat.NotebookNode:
    """Run a notebook far from the user's caches, kernels, startup files and folders.

    The cache is that of the tests: a lesson after the first finds its network there, as a reader's.
    Its kernel is started ``anew``, imports and all, or forked.
    """
    forks = []

    def fork(*cmd, **options):
        forks.append(forked_kernel(*cmd, **options))
        return forks[-1]

    if hasattr(os, "fork") and not anew:
        monkeypatch.setattr(local_provisioner, "launch_kernel", fork)
    for name in ("JUPYTER_DATA_DIR", "IPYTHONDIR", "TMPDIR"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, str(tmp_path / name))
    folder = tmp_path / "anywhere"
    folder.mkdir()
    notebook = read(path)
    if study:
        code_cells(notebook)[0].source = f"ETUDE = {study!r}"

    begin = os.times()
    nbclient.NotebookClient(
        notebook,
        timeout=PATIENCE,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    ).execute()

    end = os.times()
    taken = [end.children_user - begin.children_user, end.children_system - begin.children_system]
    for kernel in forks:
        kernel.wait(PATIENCE)
        taken.append(kernel.seconds)
    assert 0 < sum(taken) < SECONDS
    assert list(folder.iterdir()) == [], "a notebook leaves nothing beside itself"
    return notebook


@pytest.fixture
def clean(monkeypatch):
    monkeypatch.syspath_prepend(str(NOTEBOOKS[0].parents[1] / "scripts"))
    return importlib.import_module("clean_notebooks").clean


def html_of(notebook: nbformat.NotebookNode) -> list[str]:
    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    return [output.data.get("text/html", "") for output in outputs if "data" in output]


def check_outputs(notebook: nbformat.NotebookNode) -> None:
    """Check that every lesson shows something, and that nothing shown is meant for programmers."""
    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    assert [output for output in outputs if output.output_type == "error"] == []
    said = "".join(output.text for output in outputs if output.get("name") == "stderr")
    assert "Warning" not in said, said
    [answer] = [cell for cell in code_cells(notebook) if is_answer(cell)]
    assert answer.outputs, "the exercise has an answer"
    shown = [output.data for output in outputs if "data" in output]
    assert any("image/png" in data for data in shown)
    plain = [data["text/plain"] for data in shown if "text/html" not in data]
    raw = [text for text in plain if re.search(r"\bnp\.|\\u|\\xa0| object at 0x", text)]
    assert raw == []


def test_there_is_a_notebook_for_every_lesson():
    assert [path.stem for path in NOTEBOOKS] == LESSONS


@pytest.mark.slow
@pytest.mark.enable_socket  # a Jupyter kernel talks over the sockets of this machine
@every_notebook
def test_runs_from_top_to_bottom(path, tmp_path, monkeypatch):
    notebook = executed(path, tmp_path, monkeypatch, anew=path.stem == LESSONS[0])

    check_outputs(notebook)
    maps = [text for text in html_of(notebook) if text.startswith("<iframe srcdoc=")]
    assert len(maps) == (path.stem == MAP_LESSON), "the map is shown whole, in one lesson"


@pytest.mark.corse
@pytest.mark.slow
@pytest.mark.xdist_group("corse")
@pytest.mark.enable_socket
@every_notebook
def test_runs_on_real_files_by_changing_one_path(
    path, corsica, corse_du_sud, tmp_path, monkeypatch
):
    # One lesson on all of Corsica, the others on a département of it.
    study = corsica if path.stem == LESSONS[0] else corse_du_sud
    notebook = executed(path, tmp_path, monkeypatch, study=str(study))

    check_outputs(notebook)
    everything = "".join(html_of(notebook))
    assert everything
    assert "Mayenne" not in everything
    assert "fictif" not in everything.lower()


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
    assert used == [], "python scripts/clean_notebooks.py"
    first = code_cells(notebook)[0]
    assert first.metadata == {"tags": ["parameters"]}
    told = {cell.id: set(cell.metadata) for cell in notebook.cells if cell.id != first.id}
    answers = {cell.id: {"jupyter"} for cell in notebook.cells if is_answer(cell)}
    assert {name: keys for name, keys in told.items() if keys} == answers
    # Identifiers are words, not what a program drew: a change shows as the change it is.
    assert [
        cell.id for cell in notebook.cells if not re.fullmatch(r"[a-z]+(-[a-z]+)*", cell.id)
    ] == []
    assert path.read_text(encoding="utf-8") == nbformat.writes(notebook).rstrip("\n") + "\n"


@every_notebook
def test_reads_as_a_lesson(path):
    notebook = read(path)
    title = notebook.cells[0].source.splitlines()[0]
    assert re.fullmatch(rf"# {int(path.stem[:2])}\. .+", title)
    assert notebook.cells[0].cell_type == "markdown"
    # One path to change, and nothing else.
    assert code_cells(notebook)[0].source.startswith('ETUDE = ""')
    texts = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert texts.count("## Exercice") == 1
    assert "<summary>Indice</summary>" in texts
    answers = [rank for rank, cell in enumerate(notebook.cells) if is_answer(cell)]
    [exercise] = [
        rank for rank, cell in enumerate(notebook.cells) if cell.source.startswith("## Exercice")
    ]
    assert answers == [exercise + 1]
    lines = [line for cell in code_cells(notebook) for line in cell.source.splitlines()]
    assert [line for line in lines if len(line) > LONGEST_LINE] == []
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", texts):
        assert (path.parent / link).exists(), link


@every_notebook
def test_uses_the_public_api_only(path):
    source = "\n".join(cell.source for cell in code_cells(read(path)))

    assert private_uses(source) == []


@every_notebook
def test_a_notebook_saved_by_jupyter_comes_back_clean(path, clean):
    stored = path.read_text(encoding="utf-8")
    assert clean(stored) == stored

    used = nbformat.reads(stored, as_version=4)
    used.metadata["language_info"]["version"] = "3.12.1"
    for cell in used.cells:
        cell.metadata["editable"] = True
        if cell.cell_type == "code":
            cell.metadata["execution"] = {"iopub.status.busy": "2026-01-01T00:00:00Z"}
            cell.outputs = [nbformat.v4.new_output("stream", text="42\n")]
            cell.execution_count = 7
    assert clean(nbformat.writes(used)) == stored


def test_new_cells_are_named_after_their_text(clean):
    cells = [
        nbformat.v4.new_markdown_cell("## Été : les zones"),
        nbformat.v4.new_markdown_cell("## Été : les zones"),
        nbformat.v4.new_markdown_cell("## Été : les zones"),
        nbformat.v4.new_code_cell("1 + 1"),
        nbformat.v4.new_code_cell("x = 1", id="deadbeef"),
        nbformat.v4.new_code_cell("y = 1", id="mesurer"),
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    cleaned = nbformat.reads(clean(nbformat.writes(notebook)), as_version=4)
    assert [cell.id for cell in cleaned.cells] == [
        "ete-les-zones", "ete-les-zones-bis", "ete-les-zones-bis-bis", "cellule", "x", "mesurer",
    ]  # fmt: skip
    nbformat.validate(cleaned)


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
        ("import msap_geo as mg\nmg.run(mg.sample())", []),
        ("import msap_geo as mg\nmg.front.run", ["msap_geo.front"]),
        ("table._mgr", ["table._mgr"]),
    ],
)
def test_private_uses_are_found(source, found):
    assert private_uses(source) == found


def test_what_installs_the_course_installs_what_its_lessons_need():
    extras = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))
    asked = extras["project"]["optional-dependencies"]["notebook"]
    assert {f"msap-geo[{extra}]" for extra in NEEDED.values()} <= set(asked)
