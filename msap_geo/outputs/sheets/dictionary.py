"""What every column of every table written means: one dictionary for sheets, layers and pages.

The entries are data, in ``colonnes.toml``: a readable French title, a definition, a unit and a form
for each column, and for each table a title, a sheet name and the file it is also written in.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from msap_geo import network, schemas, siting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CELLS = "_carreaux"
"""End of the name of a table whose places are cells of INSEE's grid."""

_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_LONGEST_SHEET_NAME = 31


@dataclass(frozen=True)
class Column:
    """What a column means.

    Parameters
    ----------
    code
        Its name in the tables and the CSV.
    title
        What a reader sees, without its unit.
    definition
        One or two sentences.
    form
        One of the keys of ``[formes]``: how its values are shown.
    unit
        Unit, empty for none.
    number
        Spreadsheet number format.
    """

    code: str
    title: str
    definition: str
    form: str = "texte"
    unit: str = ""
    number: str = "@"

    @property
    def heading(self) -> str:
        """The title with its unit, where a heading needs one: ``Temps de trajet (min)``."""
        told = re.search(rf"\b{re.escape(self.unit)}\b", self.title, re.IGNORECASE)
        return self.title if told or not self.unit else f"{self.title} ({self.unit})"


@dataclass(frozen=True)
class Chart:
    """A chart of a table: its kind, the column along, the columns drawn."""

    kind: str
    along: str
    series: tuple[str, ...]
    stacked: bool = False


@dataclass(frozen=True)
class Table:
    """What a table is.

    Parameters
    ----------
    name
        Its name in the code: ``diagnostic_zones_carreaux``.
    sheet
        Name of its sheet, 31 characters at most.
    title
        One line.
    file
        File of the study that holds it too; empty for none.
    chart
        Chart that helps to read it.
    """

    name: str
    sheet: str
    title: str
    file: str = ""
    chart: Chart | None = None


@cache
def _entries() -> Mapping[str, Any]:
    content = (files("msap_geo.outputs.sheets") / "colonnes.toml").read_text(encoding="utf-8")
    return MappingProxyType(tomllib.loads(content))


def tables() -> tuple[str, ...]:
    """Return the names of the tables of the dictionary, in order, without those of cells."""
    return tuple(_entries()["tables"])


def describe_table(name: str) -> Table:
    """Return what a table is; a table the dictionary ignores stands under its own name.

    Parameters
    ----------
    name
        Name of the table; ``_carreaux`` at its end means the same table, of cells.

    Returns
    -------
    Table
        Its sheet name, title, file and chart.
    """
    plain = name.removesuffix(CELLS)
    entry = _entries()["tables"].get(plain)
    if entry is None:
        return Table(name, name[:_LONGEST_SHEET_NAME], name)
    drawn = entry.get("graphique")
    chart = drawn and Chart(
        drawn["genre"], drawn["abscisse"], tuple(drawn["series"]), drawn.get("empile", False)
    )
    found = Table(name, entry["feuille"], entry["titre"], entry.get("fichier", ""), chart)
    if plain == name:
        return found
    return replace(
        found,
        sheet=f"{found.sheet[: _LONGEST_SHEET_NAME - 11]} (carreaux)",
        title=f"{found.title} (par carreau)",
        file=found.file.replace(plain, name),
    )


def describe_columns(table: str, codes: Iterable[str]) -> list[Column]:
    """Return what each column of a table means, in the order given.

    Parameters
    ----------
    table
        Name of the table.
    codes
        Names of its columns.

    Returns
    -------
    list of Column
        A column the dictionary ignores bears its own name and has no definition.
    """
    return [_describe(table.removesuffix(CELLS), code) for code in codes]


def is_known(table: str, code: str) -> bool:
    """Tell whether the dictionary has an entry for a column of a table."""
    return _find(table.removesuffix(CELLS), code) is not None


def _describe(table: str, code: str) -> Column:
    entry = _find(table, code)
    if entry is None:
        return Column(code, code, "")
    form = entry.get("forme", "texte")
    number = _entries()["formes"][form]["nombre"]
    return Column(code, entry["titre"], entry["definition"], form, unit_of(entry), number)


def unit_of(entry: Mapping[str, str]) -> str:
    """Return the unit of an entry of ``colonnes.toml``: its own, else that of its form."""
    unit: str = _entries()["formes"][entry.get("forme", "texte")]["unite"]
    return entry.get("unite", unit)


def _find(table: str, code: str) -> Mapping[str, str] | None:
    """Return the entry of a column: the table's own, then everybody's, then a family's."""
    own = _entries()["tables"].get(table, {}).get("colonnes", {})
    known: Mapping[str, str] | None = own.get(code) or _entries()["colonnes"].get(code)
    if known is not None:
        return known
    for pattern, names, entry in _families():
        match = pattern.fullmatch(code)
        if match:
            words = {
                key: names[key].get(value, value.replace(".", ",") if key == "seuil" else value)
                for key, value in match.groupdict().items()
            }
            return {key: text.format(**words) for key, text in entry.items()}
    return None


@cache
def _families() -> tuple[tuple[re.Pattern[str], Mapping[str, Mapping[str, str]], Any], ...]:
    """Return the families of columns: a pattern, words for what varies, the entry."""
    words: dict[str, dict[str, str]] = {
        "seuil": {},
        "convention": {},
        "profil": {name: name for name in network.available_profiles()},
        "jour": {day: day for day in _DAYS},
        "groupe": dict(schemas.GROUPS),
        "critere": {name: criterion.title for name, criterion in siting.CRITERIA.items()},
    }
    found = []
    for code, entry in _entries()["colonnes"].items():
        if "{" not in code:
            continue
        pattern = re.escape(code).replace(r"\{", "{").replace(r"\}", "}")
        for key, known in words.items():
            values = "|".join(map(re.escape, known)) or (
                r"\d+(?:\.\d+)?" if key == "seuil" else ".+"
            )
            pattern = pattern.replace(f"{{{key}}}", f"(?P<{key}>{values})")
        found.append((re.compile(pattern), words, entry))
    return tuple(found)
