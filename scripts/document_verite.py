"""Write in ``docs/verite.md`` what was measured: OSRM, INSEE, published optima.

    python scripts/document_verite.py

Figures come from ``benchmarks/results``; INSEE's share of the whole of France from
``docs/reseau-estime.md``, so that the page cannot tell another.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from msap_geo.french import number

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "verite.md"
RESULTS = ROOT / "benchmarks" / "results"
ESTIMATED = ROOT / "docs" / "reseau-estime.md"
MARK = re.compile(
    r"(<!-- début : (\w+), par scripts/document_verite\.py, ne pas modifier à la main -->\n)"
    r".*?(\n<!-- fin -->)",
    re.DOTALL,
)


def page() -> str:
    """Return the page, each of its parts made anew, as Markdown."""
    return MARK.sub(
        lambda found: f"{found[1]}\n{PARTS[found[2]]()}\n{found[3]}",
        TARGET.read_text(encoding="utf-8"),
    )


def osrm() -> str:
    """Return how Corsica's communes agree with OSRM."""
    known = _results("osrm")["corse"]["communes"]
    lines = [
        f"| Corse, {known['communes']} communes, Maisons d'août 2024 | OSRM 26.10 | `msap_geo` |",
        "|---|---|---|",
    ]
    for line in known["thresholds"]:
        limit, ours = f"{line['minutes']:g} minutes", f"{number(line['ours'], 2)} %"
        walked, bare = (f"{number(line[name], 2)} %" for name in ("osrm", "osrm_without_walks"))
        lines += [
            f"| habitants à {limit}, mêmes trajets à pied jusqu'à la route | {walked} | {ours} |",
            f"| habitants à {limit}, OSRM sans trajets à pied | {bare} | {ours} |",
            f"| communes du même côté de {limit} | | {line['same_side']} |",
        ]
    lines += [
        f"| rapport médian des minutes | 1 | {number(known['median_ratio'], 3)} |",
        f"| plus grand écart d'une commune | | {number(known['greatest_gap_minutes'], 1)} minute |",
    ]
    return "\n".join(lines)


def insee() -> str:
    """Return how far the estimated network is from INSEE's shares, by threshold."""
    text = ESTIMATED.read_text(encoding="utf-8")
    found = _results("estimated")
    whole = re.search(r"France entière à 20 minutes : (\S+) % attendus, (\S+) % selon", text)
    if whole is None:
        raise ValueError(f"{ESTIMATED} does not tell the whole of France as expected")
    count = found["departements"]
    head = f"réseau estimé, {count} départements, chacun prédit par un calage fait sans lui"
    rows = [
        (limit, *(number(each, 1) for each in found["validation_croisee"][limit][1:]))
        for limit in ("10", "20", "30")
    ]
    lines = [
        f"| {head} | erreur quadratique | neuf dixièmes des écarts sous |",
        "|---|---|---|",
        *(f"| à {limit} minutes | {rmse} points | {p90} points |" for limit, rmse, p90 in rows),
    ]
    told = f"France entière à 20 minutes : {whole[1]} % attendus, {whole[2]} % selon l'Insee."
    return "\n".join([*lines, "", told])


def optima() -> str:
    """Return the table of published optima."""
    rows = ["| problème | optimum publié | notre valeur | notre borne | écart | secondes |"]
    rows.append("|---|---|---|---|---|---|")
    for one in sorted(_results("or_library"), key=_order):
        gap = 100 * (one["value"] / one["optimum"] - 1)
        rows.append(
            f"| `{one['name']}` | {number(one['optimum'])} | {number(one['value'])} | "
            f"{number(one['bound'], 1)} | {number(gap, 2)} % | {number(one['seconds'], 1)} |"
        )
    return "\n".join(rows)


PARTS = {"osrm": osrm, "insee": insee, "optimums": optima}


def _order(one: dict[str, Any]) -> tuple[str, int]:
    """Sort problems by kind, then by their number."""
    kind, rank = re.fullmatch(r"(\D+)(\d+)", one["name"]).groups()  # type: ignore[union-attr]
    return kind, int(rank)


def _results(name: str) -> Any:
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8", newline="\n")
    print(f"écrit : {TARGET}")
