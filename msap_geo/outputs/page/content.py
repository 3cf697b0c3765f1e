"""What a map shows, gathered: the contract between a study and its pictures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from msap_geo.cautions import Caution
    from msap_geo.coverage import ExpectedShare, Share
    from msap_geo.loaders import Scenery
    from msap_geo.outputs.page.digital import Digital
    from msap_geo.outputs.page.simulation import Simulation
    from msap_geo.travel import Ways


@dataclass(frozen=True, eq=False)
class Findings:
    """What a diagnosis adds to a map; its tables are those of ``docs/indicateurs.md``.

    Parameters
    ----------
    rules
        Verdict of each rule in each territory (``regles``).
    robustness
        How far each zone blanche holds under other assumptions (``robustesse_zones``).
    basins, closures
        Who goes to each Maison, and who would lose what if it closed (``bassins``,
        ``fermetures``).
    changes, changes_by
        What changed for each commune and each département since another list
        (``evolution_communes``, ``evolution_departements``).
    before
        That list, in words.
    without_car
        How each commune can go and come back without a car (``mobilite_communes``).
    timetable
        The timetables and the days of that, in words.
    """

    rules: pd.DataFrame
    robustness: pd.DataFrame
    basins: pd.DataFrame
    closures: pd.DataFrame
    changes: pd.DataFrame | None = None
    changes_by: pd.DataFrame | None = None
    before: str = ""
    without_car: pd.DataFrame | None = None
    timetable: str = ""


@dataclass(frozen=True, eq=False)
class Proposals:
    """What a study proposes to change of what exists; tables are null where it is not asked.

    Parameters
    ----------
    transformations, farther
        Post offices transformed, and who is farther than before (``docs/adapter.md``).
    adapted
        What that choice is worth, in words.
    additions
        Half-days added to Maisons (``docs/horaires.md``).
    longer
        What they are worth, in words.
    robust
        Sites of the plan that is good at every horizon (``docs/prospective.md``).
    futures
        On how many futures it is judged.
    """

    transformations: pd.DataFrame | None = None
    farther: pd.DataFrame | None = None
    adapted: str = ""
    additions: pd.DataFrame | None = None
    longer: str = ""
    robust: pd.DataFrame | None = None
    futures: int = 0


@dataclass(frozen=True, eq=False)
class OfficeWays:
    """The ways to one office of the communes it is nearer to than their Maison of today.

    Parameters
    ----------
    site_id
        The office.
    planned
        Whether a proven plan opens it, or could open it instead of another.
    rows
        The communes, rows of the access table, in order.
    ways
        The way of each.
    """

    site_id: str
    planned: bool
    rows: NDArray[np.int64]
    ways: Ways


class Mappable(Protocol):
    """What :func:`msap_geo.outputs.map` draws: a study's result, or its diagnosis."""

    def map_content(self) -> MapContent:
        """Gather what its map shows."""


@dataclass(frozen=True, eq=False)
class MapContent:
    """Tables and texts of one study's map; outputs compute nothing beyond them.

    Parameters
    ----------
    title
        Name of the territory.
    method
        How times were computed, one French sentence.
    thresholds
        Minutes.
    communes, origins, access
        Communes, their starting points and their access, the same rows in the same order.
    shares
        Population within and beyond each threshold.
    zones
        Zones blanches, ranked.
    maisons, neighbours, itinerants, la_poste
        Maisons of the territory, those of neighbouring départements that count too, those that
        move and do not count, post offices.
    candidates
        Scored candidates, best first.
    vintages
        The vintages that matter most, one sentence.
    sources
        One line per data set: what it is, its file, its vintage.
    limits
        What the reader must know before using the figures.
    score
        What the score is made of, in words.
    attributions
        Credit lines due.
    road_credit
        The one due to the roads' authors, shown on the map itself.
    contiguity
        Pairs of rows of communes that touch, shape (2, m)
        (:func:`msap_geo.coverage.contiguous_pairs`).
    isochrones
        Areas within each threshold of some Maison (:func:`msap_geo.travel.reach_areas`).
    main_roads
        The roads of the plain background, lines with a ``rang`` from 0, the main ones, and the
        ``numero`` of each, empty where it has none.
    findings
        What a diagnosis adds.
    date
        What day the figures are about, in words.
    simulation
        What the page recomputes a choice of sites from; None where there is nothing to choose.
    cover
        What covers each commune (``code_insee``, ``couverture``, ``heures_itinerantes``,
        ``arrets`` in words); None where no round exists.
    cautions
        What no figure may be read without: shown all over the map.
    expected
        Share of the people expected within each threshold, with its interval.
    too_close
        Times between which a commune is too close to the first threshold to call.
    digital
        What is known of going online in each commune; None where nothing is.
    proposals
        What is proposed to change of what exists; None where the study asks for nothing.
    ways
        The way of each commune to its nearest Maison, in the rows of ``access``.
    office_ways
        The ways to the offices that may open.
    scenery
        What the map is drawn on, where the study gives files of it.
    """

    title: str
    method: str
    thresholds: tuple[float, ...]
    communes: gpd.GeoDataFrame
    origins: gpd.GeoDataFrame
    access: pd.DataFrame
    shares: list[Share]
    zones: gpd.GeoDataFrame
    maisons: gpd.GeoDataFrame
    neighbours: gpd.GeoDataFrame
    itinerants: gpd.GeoDataFrame
    la_poste: gpd.GeoDataFrame
    candidates: gpd.GeoDataFrame
    vintages: str = ""
    sources: list[str] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    score: str = ""
    road_credit: str = ""
    attributions: list[str] = field(default_factory=list)
    contiguity: NDArray[np.int64] | None = None
    isochrones: gpd.GeoDataFrame | None = None
    main_roads: gpd.GeoDataFrame | None = None
    findings: Findings | None = None
    date: str = ""
    simulation: Simulation | None = None
    cover: pd.DataFrame | None = None
    cautions: tuple[Caution, ...] = ()
    expected: tuple[ExpectedShare, ...] = ()
    too_close: tuple[float, float] | None = None
    proposals: Proposals | None = None
    digital: Digital | None = None
    ways: Ways | None = None
    office_ways: tuple[OfficeWays, ...] = ()
    scenery: Scenery | None = None
