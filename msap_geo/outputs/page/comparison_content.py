"""What the map of a comparison shows, gathered: the contract between two studies and a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from msap_geo.outputs.page.content import MapContent


@dataclass(frozen=True, eq=False)
class CompareContent:
    """Tables and texts of a comparison's map; outputs compute nothing beyond them.

    Parameters
    ----------
    after
        What the map of the second study shows, with one row per commune of either study: its
        ``maisons`` and ``neighbours`` hold those closed since as well, under identifiers of their
        own, and it has no candidate.
    labels
        Name of each study.
    lines, warnings
        The comparison in a few sentences; what the reader must know first.
    communes
        Rows of ``after.communes``: ``palier_ecart`` (of :func:`msap_geo.coverage.change_labels`),
        ``ecart_minutes``, ``minutes_avant``, ``site_nom_avant``, ``presence``, ``statut`` at the
        first threshold (``gagne``, ``perd`` or another), ``population_avant``,
        ``population_apres``.
    figures
        Figures of each threshold (:func:`msap_geo.coverage.balance`), whole territory.
    zones
        What became of each zone of before, then the new ones.
    zones_before
        Zones of before, with their communes.
    maisons
        What became of each Maison, with ``carte_id``, its identifier on the map.
    gains, losses
        Communes that gain most people, and that lose.
    """

    after: MapContent
    labels: tuple[str, str]
    lines: tuple[str, ...]
    warnings: tuple[str, ...]
    communes: pd.DataFrame
    figures: pd.DataFrame
    zones: pd.DataFrame
    zones_before: pd.DataFrame
    maisons: pd.DataFrame
    gains: pd.DataFrame
    losses: pd.DataFrame

    @property
    def title(self) -> str:
        """Title of the map."""
        return self.after.title
