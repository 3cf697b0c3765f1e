"""How a result shows itself in a notebook: key figures and a small table, in French.

Notebooks call ``_repr_html_`` of what a cell returns. Names come from files anyone may have
written: everything is escaped here, once, and nowhere else is markup made of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from msap_geo import french

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

SHOWN = 10
"""Rows shown of a table, unless told otherwise: a card is read at a glance."""

_UNKNOWN = "–"
_NUMBERS = "iuf"


@dataclass(frozen=True, repr=False)
class Table:
    """A small table, ready to be shown.

    Parameters
    ----------
    caption
        What it lists, in French; empty for none.
    titles
        Title of each column.
    rows
        Text of each cell.
    numeric
        Which columns hold numbers, set to the right.
    left_out
        How many rows are not shown.
    """

    caption: str
    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    left_out: int = 0

    def _repr_html_(self) -> str:
        """Show the table in a notebook."""
        return _framed(_table(self))

    def __str__(self) -> str:
        lines = [" | ".join(cells) for cells in (self.titles, *self.rows)]
        return "\n".join([*([self.caption] if self.caption else []), *lines, *_more(self)])

    def __repr__(self) -> str:
        return str(self)


def table(
    frame: pd.DataFrame,
    titles: Mapping[Any, str],
    *,
    caption: str = "",
    decimals: int = 1,
    shown: int | None = SHOWN,
) -> Table:
    """Choose columns of a table and write them as French readers expect.

    Parameters
    ----------
    frame
        Table.
    titles
        Title of each column to show, in order.
    caption
        What the table lists.
    decimals
        Digits after the comma, in columns whose numbers are not all whole.
    shown
        Most rows shown; all of them if None.

    Returns
    -------
    Table
        Its text, unknown values as a dash.

    Raises
    ------
    KeyError
        If a column is absent.
    """
    chosen = frame[list(titles)]
    kept = chosen if shown is None else chosen.head(shown)
    columns = [_texts(kept[name], decimals) for name in titles]
    return Table(
        caption,
        tuple(titles.values()),
        tuple(zip(*columns, strict=True)),
        tuple(chosen[name].dtype.kind in _NUMBERS for name in titles),
        len(chosen) - len(kept),
    )


def _texts(values: pd.Series, decimals: int) -> list[str]:
    kind = values.dtype.kind
    if kind in _NUMBERS:
        known = values.dropna()
        digits = 0 if (known == known.round()).all() else decimals
        numbers = values.astype(object).where(values.notna(), None)
        return [french.number(value, digits) for value in numbers]
    return [
        _text(value) if known else _UNKNOWN
        for value, known in zip(values, values.notna(), strict=True)
    ]


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_text(item) for item in value)
    return {True: "oui", False: "non"}[bool(value)] if _is_flag(value) else f"{value}"


def _is_flag(value: Any) -> bool:
    return type(value).__name__ in {"bool", "bool_"}


def anomalies(report: pd.DataFrame) -> Table:
    """Return the first anomalies of a reading.

    Parameters
    ----------
    report
        Table of :func:`msap_geo.anomalies.anomaly_table`.

    Returns
    -------
    Table
        Five rows, to be put in a card.
    """
    titles = {"action": "Suite", "message": "Constat", "fichier": "Fichier", "ligne": "Ligne"}
    return table(report, titles, caption="Anomalies", decimals=0, shown=5)


def card(
    title: str,
    figures: Mapping[str, str],
    *,
    tables: Sequence[Table] = (),
    remarks: Sequence[str] = (),
) -> str:
    """Write a result as HTML: its title, its key figures, small tables, what must be known.

    Parameters
    ----------
    title
        What it is.
    figures
        Text of each figure, by French name.
    tables
        Tables under the figures.
    remarks
        Sentences the reader must not miss, first.

    Returns
    -------
    str
        HTML without style of its own but alignment, so that it suits light and dark notebooks.
    """
    lines = "".join(
        f"<tr><th scope='row' style='text-align: left'>{_safe(name)}</th>"
        f"<td style='text-align: left'>{_safe(text)}</td></tr>"
        for name, text in figures.items()
    )
    notes = "".join(f"<p>{_safe(remark)}</p>" for remark in remarks)
    small = "".join(_table(one) for one in tables if one.rows)
    return _framed(
        f"<p><strong>{_safe(title)}</strong></p>{notes}"
        + (f"<table><tbody>{lines}</tbody></table>" if lines else "")
        + small
    )


def _framed(markup: str) -> str:
    """Wrap markup; the class keeps notebooks from reading ``$`` as mathematics."""
    return f"<div class='msap-geo tex2jax_ignore mathjax_ignore'>{markup}</div>"


def _table(shown: Table) -> str:
    sides = ["right" if numeric else "left" for numeric in shown.numeric]
    head = "".join(
        f"<th scope='col' style='text-align: {side}'>{_safe(title)}</th>"
        for title, side in zip(shown.titles, sides, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f"<td style='text-align: {side}'>{_safe(text)}</td>"
            for text, side in zip(row, sides, strict=True)
        )
        + "</tr>"
        for row in shown.rows
    )
    caption = (
        f"<caption style='caption-side: top; text-align: left'>{_safe(shown.caption)}</caption>"
        if shown.caption
        else ""
    )
    more = "".join(f"<p>{_safe(line)}</p>" for line in _more(shown))
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def _more(shown: Table) -> list[str]:
    return [f"… et {french.counted(shown.left_out, 'ligne')} de plus."] if shown.left_out else []


def _safe(text: str) -> str:
    return escape(str(text))
