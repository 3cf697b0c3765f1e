"""What no figure may be read without, worded once for every screen, map and document."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from msap_geo import french

if TYPE_CHECKING:
    from collections.abc import Iterable


class Caution(NamedTuple):
    """Something a reader must know before any figure.

    Parameters
    ----------
    mark
        In two words, as written across a map.
    meaning
        What it means, without a final full stop.
    """

    mark: str
    meaning: str

    def __str__(self) -> str:
        return f"{self.mark} : {self.meaning}."


def cautions(
    *,
    scenario: str = "",
    roads: str = "",
    table: str = "",
    demonstration: bool = False,
    estimated: bool = False,
) -> tuple[Caution, ...]:
    """Return the cautions due.

    Parameters
    ----------
    scenario
        What is supposed, in words; empty for the network as it is.
    roads
        What is supposed of the roads, in words; empty for the roads as they are.
    table
        File the times were read in and what computed them, in words; empty for times we computed.
    demonstration
        Whether sites are invented.
    estimated
        Whether times are estimated without roads.
    """
    told = (
        (bool(scenario), Caution("SCÉNARIO", scenario)),
        (bool(roads), Caution("ROUTES MODIFIÉES", roads)),
        (
            bool(table),
            Caution("TEMPS IMPORTÉS", f"lus dans {table}"),
        ),
        (demonstration, Caution("DÉMONSTRATION", "Maisons et bureaux de poste inventés")),
        (estimated, Caution("TEMPS ESTIMÉS", "pas de réseau routier réel")),
    )
    return tuple(caution for due, caution in told if due)


def expected_in_words(expected: Iterable[tuple[float, ...]]) -> str:
    """Say the share of people expected within each threshold, and how sure it is.

    Parameters
    ----------
    expected
        Threshold, share, the bounds of its interval of 80 %, and how many communes are too close to
        call, each time (:class:`msap_geo.coverage.ExpectedShare`).

    Returns
    -------
    str
        One clause without a full stop; empty without people.
    """
    told = [
        f"{french.percent(share)} à {french.short(threshold)} min "
        f"({french.interval(low, high)} avec l'erreur des temps, "
        f"{french.counted(uncertain, 'commune')} trop {french.agreed(uncertain, 'proche')} pour "
        "trancher)"
        for threshold, share, low, high, uncertain in expected
        if not math.isnan(share)
    ]
    if not told:
        return ""
    return f"part attendue, habitants répartis autour des mairies : {' ; '.join(told)}"
