"""Write in ``docs/reseau-estime.md`` what the calibration of the estimated network measured.

    python scripts/document_estime.py

The figures come from ``benchmarks/results/estimated.json``, written by ``calibrate_estimated.py``.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from msap_geo.french import number

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "reseau-estime.md"
RESULTS = ROOT / "benchmarks" / "results" / "estimated.json"
MARK = re.compile(
    r"(<!-- début : erreurs, par scripts/document_estime\.py, ne pas modifier à la main -->\n)"
    r".*?(\n<!-- fin -->)",
    re.DOTALL,
)
ASKED = {"10": "3 / 10 / 16", "20": "1 / 5,5 / 8", "30": "1 / 2 / 3"}
"""What was asked before measuring: mean, root mean square, ninth decile."""


def page() -> str:
    """Return the page, its errors written anew, as Markdown."""
    text = TARGET.read_text(encoding="utf-8")
    return MARK.sub(lambda found: f"{found[1]}\n{errors(measured())}\n{found[2]}", text)


def measured() -> Any:
    """Return what the calibration measured."""
    return json.loads(RESULTS.read_text(encoding="utf-8"))


def errors(found: Any) -> str:
    """Return the errors by threshold, and those of Corsica."""
    median, ninth = (number(value, 1) for value in found["corse_minutes"])
    departements, folds = found["departements"], found["paquets"]
    lines = [
        "Écarts en points entre la part attendue et celle de l'Insee, par département",
        f"({departements}) : moyenne, erreur quadratique, neuf dixièmes des écarts absolus.",
        "« Validation croisée » : chaque département est prédit par un calage fait sans lui",
        f"({folds} paquets).",
        "",
        "| seuil | calage | validation croisée | visé |",
        "|---|---|---|---|",
        *(
            f"| {limit} min | {_told(found['calage'][limit])} | "
            f"{_told(found['validation_croisee'][limit])} | {asked} |"
            for limit, asked in ASKED.items()
        ),
        "",
        "Corse, de la mairie à la Maison de 2024 la plus proche (360 communes, dans le calage) :",
        f"erreur médiane {median} minutes, neuf dixièmes sous {ninth} (visé : 3 et 10).",
    ]
    return "\n".join(lines)


def _told(triple: list[float]) -> str:
    mean, *others = triple
    return " / ".join((_signed(mean), *(number(value, 1) for value in others)))


def _signed(value: float) -> str:
    return f"{'−' if value < 0 else '+'}{number(abs(value), 1)}"


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8", newline="\n")
    print(f"écrit : {TARGET}")
