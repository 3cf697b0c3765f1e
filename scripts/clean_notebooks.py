"""Store notebooks clean: what was written, and nothing of the machine that ran it.

Usage::

    python scripts/clean_notebooks.py [notebook…]

All of ``notebooks/`` by default. Outputs, counters and metadata go; the cell of parameters and the
folded answer keep theirs; a new cell's random identifier becomes words of its text.
"""

from __future__ import annotations

import itertools
import re
import sys
import unicodedata
from pathlib import Path

import nbformat

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
PARAMETERS = {"tags": ["parameters"]}
ANSWER = {"jupyter": {"outputs_hidden": True, "source_hidden": True}}

_IN_WORDS = re.compile(r"[a-z]+(?:-[a-z]+)*")
_RANDOM = re.compile(r"[0-9a-f-]{8,}")
_WORDS = 3


def main() -> None:
    """Clean the notebooks named, or all of them."""
    for path in [Path(name) for name in sys.argv[1:]] or sorted(FOLDER.glob("*.ipynb")):
        path.write_text(clean(path.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")


def clean(text: str) -> str:
    """Return the text of a notebook as it is stored.

    Parameters
    ----------
    text
        JSON of a notebook, as Jupyter saved it.

    Returns
    -------
    str
        JSON of the same lesson.
    """
    notebook = nbformat.reads(text, as_version=4)
    notebook.nbformat_minor = 5
    notebook.metadata = nbformat.from_dict(METADATA)
    taken: set[str] = set()
    for cell in notebook.cells:
        kept = [given for given in (PARAMETERS, ANSWER) if _holds(cell.metadata, given)]
        cell.metadata = nbformat.from_dict(kept[0] if kept else {})
        cell.id = _identifier(cell, taken)
        taken.add(cell.id)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return str(nbformat.writes(notebook)).rstrip("\n") + "\n"


def _holds(metadata: dict[str, object], given: dict[str, object]) -> bool:
    return all(metadata.get(name) == value for name, value in given.items())


def _identifier(cell: nbformat.NotebookNode, taken: set[str]) -> str:
    """Return the identifier of a cell; words of its text where it has none of its own."""
    known = cell.get("id", "")
    if _IN_WORDS.fullmatch(known) and not _RANDOM.fullmatch(known) and known not in taken:
        return str(known)
    plain = unicodedata.normalize("NFKD", cell.source).encode("ascii", "ignore").decode().lower()
    words = "-".join(re.findall(r"[a-z]+", plain)[:_WORDS]) or "cellule"
    tries = itertools.chain([words], (f"{words}-{'bis-' * n}bis" for n in itertools.count()))
    return next(name for name in tries if name not in taken)


if __name__ == "__main__":
    main()
