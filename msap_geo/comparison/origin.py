"""What every output of a comparison says of its origin, composed once from its two folders."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from msap_geo import french, outputs
from msap_geo.comparison.words import title
from msap_geo.territory import DEPARTEMENTS
from msap_geo.version import SOFTWARE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from msap_geo.comparison.compare import Comparison


def comparison_origin(comparison: Comparison) -> outputs.Provenance:
    """Compose what every output of a comparison says of its origin.

    Parameters
    ----------
    comparison
        The comparison.

    Returns
    -------
    outputs.Provenance
        Dated as the later of the two studies; limits and credits are those of both.
    """
    sides = [comparison.before.citation, comparison.after.citation]
    dates = [str(side.get("date", "")) for side in sides]
    return outputs.Provenance(
        title=title(comparison),
        territory=", ".join(
            f"{DEPARTEMENTS.get(code, code)} ({code})" for code in comparison.after.departements
        ),
        date=" → ".join(dates) if all(dates) and dates[0] != dates[1] else dates[1] or dates[0],
        moment=max(_moment(side) for side in sides),
        software=SOFTWARE,
        method=_method(comparison),
        vintages="",
        sources=tuple(
            f"{difference.what} : {difference.before} → {difference.after}"
            for difference in comparison.differences
        ),
        limits=_limits(*(list(side.get("limites", [])) for side in sides)),
        attributions=_both(side.get("attributions", []) for side in reversed(sides)),
        road_credit=str(sides[1].get("credit_routes") or sides[0].get("credit_routes", "")),
        estimated=comparison.before.estimated or comparison.after.estimated,
        demonstration=comparison.before.demonstration or comparison.after.demonstration,
    )


def dated_labels(comparison: Comparison) -> tuple[str, str]:
    """Return the names of the two studies, each with the day of its figures."""
    sides = (comparison.before.citation, comparison.after.citation)
    first, second = (
        f"{label} ({side['date']})" if side.get("date") else label
        for label, side in zip(comparison.labels, sides, strict=True)
    )
    return first, second


def _moment(side: dict[str, Any]) -> dt.datetime:
    try:
        day = dt.date.fromisoformat(str(side["moment"]))
    except (KeyError, ValueError):  # a folder of an earlier version
        return outputs.UNDATED
    return dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC)


def _limits(before: list[str], after: list[str]) -> tuple[str, ...]:
    """Return the limits of both studies, each once; what is of one says which."""
    told = [line if line in after else f"{line.removesuffix('.')} (avant)." for line in before]
    told += [f"{line.removesuffix('.')} (après)." for line in after if line not in before]
    return tuple(told)


def _both(told: Iterable[list[str]]) -> tuple[str, ...]:
    """Return the lines of both, each once."""
    return tuple(dict.fromkeys(line for lines in told for line in lines))


def _method(comparison: Comparison) -> str:
    return (
        "Écart du temps de trajet de chaque commune à sa Maison la plus proche, après moins avant. "
        f"Une commune gagne si elle passe à {french.short(comparison.threshold)} minutes ou "
        "moins, perd si "
        "elle n’y est plus ; ceux qui gagnent sont comptés à la population d’après, ceux qui "
        "perdent à celle d’avant."
    )
