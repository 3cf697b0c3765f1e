"""Time the three reports of a study against what the libraries under them take.

    python benchmarks/report.py etude.toml 5

The floor is the time spent inside matplotlib (drawing to SVG and PNG), shapely (simplifying shapes
for print), typst, docxtpl and Jinja while the same reports are made; what is left is ours. CPU
seconds, so that a busy machine does not count.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path
from typing import Any

import docxtpl
import jinja2
import shapely
import typst
from matplotlib.figure import Figure

from msap_geo import documents, study
from msap_geo.documents import compose as report_compose  # noqa: F401 - imported before the clock starts
from msap_geo.outputs.report import FORMATS, render

_INSIDE = {"seconds": 0.0, "depth": 0}


def _timed(owner: Any, name: str) -> None:
    """Count the CPU time spent in a function of a library, calls inside calls once."""
    plain = getattr(owner, name)

    def counted(*arguments: Any, **options: Any) -> Any:
        _INSIDE["depth"] += 1
        start = time.process_time()
        try:
            return plain(*arguments, **options)
        finally:
            _INSIDE["depth"] -= 1
            if not _INSIDE["depth"]:
                _INSIDE["seconds"] += time.process_time() - start

    setattr(owner, name, counted)


def main(path: Path, rounds: int) -> None:
    """Print the CPU seconds of compositions and renderings, and of the libraries inside."""
    parts = documents.report_parts(study.run_study(study.read_study(path)))
    for owner, name in (
        (Figure, "savefig"),
        (Figure, "add_axes"),
        (shapely, "coverage_simplify"),
        (shapely, "coverage_union_all"),
        (typst, "compile"),
        (docxtpl.DocxTemplate, "init_docx"),
        (docxtpl.DocxTemplate, "render"),
        (docxtpl.DocxTemplate, "save"),
        (jinja2.Template, "render"),
    ):
        _timed(owner, name)
    whole, inside = [], []
    for _ in range(rounds):
        _INSIDE["seconds"] = 0.0
        start = time.process_time()
        document = documents.report_document(parts)
        for form in FORMATS:
            render(document, form)
        whole.append(time.process_time() - start)
        inside.append(_INSIDE["seconds"])
    ours, floor = statistics.median(whole), statistics.median(inside)
    print(f"rapports : {ours:.2f} s, bibliothèques : {floor:.2f} s, rapport {ours / floor:.2f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5)  # noqa: PLR2004
