"""Write the tables of ``docs/fichiers.md`` from the dictionary of columns.

python scripts/document_fichiers.py
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from msap_geo.outputs.sheets import dictionary

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "fichiers.md"
START = "<!-- début : fait par scripts/document_fichiers.py, ne pas modifier à la main -->"
END = "<!-- fin -->"

_LAYERS = {
    "communes", "points_de_depart", "zones_blanches", "maisons", "maisons_itinerantes", "la_poste",
    "candidats", "plan_sites", "diagnostic_lieux", "diagnostic_zones", "diagnostic_maisons",
    "diagnostic_mobilite_communes", "diagnostic_zones_sans_voiture",
}  # fmt: skip


def page() -> str:
    """Return the page, its tables made anew, as Markdown."""
    head, _, rest = TARGET.read_text(encoding="utf-8").partition(START)
    return f"{head}{START}\n\n{_tables()}\n{END}{rest.partition(END)[2]}"


def _tables() -> str:
    content = tomllib.loads(
        (ROOT / "msap_geo" / "outputs" / "sheets" / "colonnes.toml").read_text(encoding="utf-8")
    )
    lines = ["| feuille | table | fichier | couche |", "|---|---|---|---|"]
    for name in dictionary.tables():
        table = dictionary.describe_table(name)
        file = f"`{table.file}`" if table.file else ""
        layer = f"`{name}`" if name in _LAYERS else ""
        lines.append(f"| {table.sheet} | {table.title} | {file} | {layer} |")
    lines += ["", "| colonne | titre | définition | unité |", "|---|---|---|---|"]
    lines += [_row(code, "", entry) for code, entry in content["colonnes"].items()]
    lines += ["", "Dans ces tables, ces colonnes ont un sens plus précis :", ""]
    lines += ["| table | colonne | titre | définition | unité |", "|---|---|---|---|---|"]
    for name, table in content["tables"].items():
        lines += [
            _row(code, f"| {dictionary.describe_table(name).sheet} ", entry)
            for code, entry in table.get("colonnes", {}).items()
        ]
    return "\n".join(lines) + "\n"


def _row(code: str, start: str, entry: dict[str, str]) -> str:
    shown = dictionary.unit_of(entry)
    cells = [f"`{code}`", entry["titre"], entry["definition"], shown]
    text = f"{start}| {' | '.join(cells)} |"
    for key, short in (("{seuil}", "<s>"), ("{", "<"), ("}", ">")):
        text = text.replace(key, short)
    return text


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8", newline="\n")
    print(f"écrit : {TARGET}")
