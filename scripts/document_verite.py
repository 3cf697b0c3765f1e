"""Write in ``docs/verite.md`` the table of published optima, from ``benchmarks/results``.

python scripts/document_verite.py
"""

from __future__ import annotations

import json
from pathlib import Path

from msap_geo.french import number

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "verite.md"
RESULTS = ROOT / "benchmarks" / "results" / "or_library.json"
START = "<!-- début : fait par scripts/document_verite.py, ne pas modifier à la main -->"
END = "<!-- fin -->"


def page() -> str:
    """Return the page, its table made anew, as Markdown."""
    head, _, rest = TARGET.read_text(encoding="utf-8").partition(START)
    return f"{head}{START}\n\n{_table()}\n\n{END}{rest.partition(END)[2]}"


def _table() -> str:
    lines = json.loads(RESULTS.read_text(encoding="utf-8"))
    rows = ["| problème | optimum publié | notre valeur | notre borne | écart | secondes |"]
    rows.append("|---|---|---|---|---|---|")
    for one in lines:
        gap = 100 * (one["value"] / one["optimum"] - 1)
        rows.append(
            f"| `{one['name']}` | {number(one['optimum'])} | {number(one['value'])} | "
            f"{number(one['bound'], 1)} | {number(gap, 2)} % | {number(one['seconds'], 1)} |"
        )
    return "\n".join(rows)


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8", newline="\n")
    print(f"écrit : {TARGET}")
