"""Charts of a workbook, beside the table they read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msap_geo.outputs.colours import SCALE

if TYPE_CHECKING:
    from msap_geo.outputs.sheets.dictionary import Column, Table

_KINDS: dict[str, dict[str, str]] = {
    "colonnes": {"type": "column"},
    "barres": {"type": "bar"},
    "courbe": {"type": "line"},
    "nuage": {"type": "scatter", "subtype": "straight_with_markers"},
}
_MANY = 20
"""Rows a chart of ranked places shows: the first ones."""


def add_chart(
    book: Any, sheet: Any, what: Table, columns: list[Column], *, rows: tuple[int, int]
) -> None:
    """Add the chart the dictionary gives a table, on its right.

    Parameters
    ----------
    book, sheet
        Workbook, and the sheet that holds the table.
    what
        The table; nothing is drawn if it lacks the chart's columns.
    columns
        Its columns, in order.
    rows
        First row of the data, and how many there are.
    """
    chart = what.chart
    codes = [column.code for column in columns]
    drawn = [] if chart is None else [c for c in codes if _is_drawn(c, chart.series)]
    if chart is None or chart.along not in codes or not drawn:
        return
    first, count = rows
    last = first + (min(count, _MANY) if chart.kind == "barres" else count) - 1
    kind = dict(_KINDS[chart.kind])
    if chart.stacked:
        kind["subtype"] = "stacked"
    made = book.add_chart(kind)
    along = codes.index(chart.along)
    shades = _shades(len(drawn))
    for code, shade in zip(drawn, shades, strict=True):
        at = codes.index(code)
        colour = {"color": shade}
        made.add_series(
            {
                "name": [sheet.get_name(), first - 1, at],
                "categories": [sheet.get_name(), first, along, last, along],
                "values": [sheet.get_name(), first, at, last, at],
                "fill": colour,
                "border": {"color": "#5a5a6a", "width": 0.5},
                **({"line": {**colour, "width": 2}} if chart.kind in {"courbe", "nuage"} else {}),
                "marker": {"type": "circle", "fill": colour, "border": {"color": "#5a5a6a"}},
            }
        )
    made.set_title({"name": what.title, "name_font": {"size": 11}})
    made.set_x_axis({"name": columns[along].heading})
    unit = columns[codes.index(drawn[0])]
    made.set_y_axis({"name": unit.unit or unit.title, "num_format": unit.number})
    if chart.kind == "barres":
        made.set_x_axis({"name": unit.heading, "num_format": unit.number})
        made.set_y_axis({"name": columns[along].heading, "reverse": True})
    if len(drawn) == 1:
        made.set_legend({"none": True})
    made.set_size({"width": 640, "height": 360})
    sheet.insert_chart(first, len(columns) + 1, made, {"description": what.title})


def _is_drawn(code: str, series: tuple[str, ...]) -> bool:
    """Tell whether a column is one of the series; ``part_{seuil}`` means every threshold."""
    return any(
        code.startswith(name.partition("{")[0]) if "{" in name else code == name for name in series
    )


def _shades(count: int) -> list[str]:
    """Return so many colours of the house scale, dark enough to be seen on white."""
    usable = SCALE[1:]
    if count == 1:
        return [usable[2]]
    return [usable[round(i * (len(usable) - 1) / (count - 1))] for i in reversed(range(count))]
