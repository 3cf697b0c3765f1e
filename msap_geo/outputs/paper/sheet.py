"""What a printed map shows, before it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    import geopandas as gpd

Sign = Literal["maison", "voisine", "itinerante", "candidat", "retenu"]


class Entry(NamedTuple):
    """A colour of the legend, what it means, and how many people it counts (may be empty)."""

    colour: str
    label: str
    people: str = ""


@dataclass(frozen=True, eq=False)
class Places:
    """Points of one kind.

    Parameters
    ----------
    points
        Where they are; those without a place are left out of the map.
    sign
        How they are shown.
    label
        What the legend calls them.
    texts
        What is written in each sign (ranks), or nothing.
    """

    points: gpd.GeoSeries
    sign: Sign
    label: str
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Sheet:
    """Everything a printed map shows; all tables in the projected CRS of the territory.

    Parameters
    ----------
    areas
        Communes, one row each.
    colours
        Colour of each.
    legend_title, legend
        What the colours mean.
    zones, zones_label
        Groups of rows of ``areas`` outlined, hatched and numbered, and what the legend calls them.
    marked, marked_label
        Rows of ``areas`` with a heavy outline, and what the legend calls them.
    places
        Points, from the bottom up.
    borders
        Code of each area whose outline is drawn strong (its département).
    names
        Names to write, the most important first, and where.
    credits
        Sources and attributions, under the legend.
    watermarks
        Words written all over the map (estimated times, invented sites).
    focus
        Bounds to show (left, bottom, right, top), all the areas by default.
    """

    areas: gpd.GeoDataFrame
    colours: tuple[str, ...]
    legend_title: str
    legend: tuple[Entry, ...]
    zones: tuple[tuple[str, tuple[int, ...]], ...] = ()
    zones_label: str = ""
    marked: tuple[int, ...] = ()
    marked_label: str = ""
    places: tuple[Places, ...] = ()
    borders: tuple[str, ...] = ()
    names: tuple[tuple[str, float, float], ...] = ()
    credits: tuple[str, ...] = ()
    watermarks: tuple[str, ...] = ()
    focus: tuple[float, float, float, float] | None = None
