"""What a study found, as plain tables: what every answer and every output starts from."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from msap_geo import coverage, loaders, network, rounds
from msap_geo.anomalies import table as anomaly_table
from msap_geo.cautions import Caution, cautions
from msap_geo.outlines import joined
from msap_geo.study.choice import choice_in_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from shapely.geometry.base import BaseGeometry

    from msap_geo import siting
    from msap_geo.anomalies import Anomaly
    from msap_geo.study.choice import Choice
    from msap_geo.study.file import Study
    from msap_geo.study.inputs import Places
    from msap_geo.study.times.profiles import ProfileAccess
    from msap_geo.study.times.source import TimeSource
    from msap_geo.study.trips import Trips


class Rows(NamedTuple):
    """How many rows an input held, and how many of them serve the study."""

    read: int
    kept: int


@dataclass(frozen=True, eq=False)
class Facts:
    """Everything a study found, as tables in the projected CRS of the territory.

    Parameters
    ----------
    study
        What was asked.
    communes, origins, access
        Communes, their starting points and their access, same rows.
    maisons, itinerants
        Maisons that count, and those that move and do not.
    la_poste, candidates
        Post offices of the territory, and the scored candidates, best first.
    la_poste_around, la_poste_national
        Post offices across its border, near enough to be nearest, and how many the country has, the
        itinerant ones left out.
    zones
        Zones blanches, ranked.
    shares
        Population within and beyond each threshold.
    times
        What tells the times: roads, or a table of another engine.
    profile
        Profile of the roads, or of the table.
    anomalies
        What was repaired, left out or noted in the territory.
    elsewhere
        How many anomalies the national files hold outside it.
    rows
        Rows read and kept, by role of the input.
    hosts
        Places other than post offices that could host a Maison (``[candidats] fichier``).
    places
        What settles other lists of the study as its own were.
    trips
        Trips to the Maisons and to the candidates.
    ranking
        How the score of the candidates was made.
    carreaux
        Populated cells of the communes, where the study gives a grid.
    indicators
        Vintage (``millesime``) and source (``variables``) of each indicator of the communes.
    stops
        Stops of the rounds that exist, those of the study's own file first.
    planned
        Stops in project, which no figure counts.
    cycles
        Weeks after which each vehicle begins again, those in project too; empty where the study
        knows no round.
    profiles
        Access by each profile the study compares, its own first; none where it has one.
    scenery
        What the map is drawn on (``[carte]``).
    choice
        Openings and closings supposed, where the study is a scenario (:mod:`study.scenario`).
    """

    study: Study
    communes: gpd.GeoDataFrame
    origins: gpd.GeoDataFrame
    access: pd.DataFrame
    maisons: gpd.GeoDataFrame
    itinerants: gpd.GeoDataFrame
    la_poste: gpd.GeoDataFrame
    la_poste_around: gpd.GeoDataFrame
    la_poste_national: int
    candidates: gpd.GeoDataFrame
    zones: gpd.GeoDataFrame
    shares: list[coverage.Share]
    times: TimeSource
    profile: network.Profile
    anomalies: tuple[Anomaly, ...]
    elsewhere: int
    rows: dict[str, Rows]
    hosts: gpd.GeoDataFrame
    places: Places
    trips: Trips
    ranking: siting.Ranking
    carreaux: gpd.GeoDataFrame | None = None
    indicators: dict[str, dict[str, str]] = field(default_factory=dict)
    stops: tuple[rounds.Stop, ...] = ()
    planned: tuple[rounds.Stop, ...] = ()
    cycles: Mapping[str, int] = field(default_factory=dict)
    scenery: loaders.Scenery = field(default_factory=loaders.Scenery)
    choice: Choice | None = None
    profiles: tuple[ProfileAccess, ...] = ()

    @property
    def roads(self) -> network.RoadNetwork:
        """Roads the times were computed on; a table of times refuses the question."""
        return self.times.roads

    @property
    def neighbours(self) -> pd.Series:
        """Which Maisons stand outside the territory, near enough to count, one flag a row."""
        return ~self.places.ours(self.maisons)

    @property
    def contact_points(self) -> gpd.GeoDataFrame:
        """Post offices of the territory that stand somewhere: what the rules of La Poste count."""
        return _that_stay(self.la_poste)

    @property
    def contact_points_around(self) -> gpd.GeoDataFrame:
        """Those across its border."""
        return _that_stay(self.la_poste_around)

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """What no figure of the study may be read without."""
        return cautions(
            scenario="" if self.choice is None else choice_in_words(self.choice),
            roads=self.study.reseau.told,
            table=self.times.described,
            demonstration=self.study.etude.demonstration,
            estimated=self.estimated,
        )

    @cached_property
    def outline(self) -> BaseGeometry:
        """The territory in one piece: its communes joined."""
        return joined(self.communes.geometry.dropna().to_numpy())

    @property
    def estimated(self) -> bool:
        """Whether times rest on the estimated network."""
        return bool(self.profile.name == network.ESTIMATED)

    @cached_property
    def expected(self) -> list[coverage.ExpectedShare]:
        """Share of the people expected within each threshold, with its interval."""
        return coverage.expected_shares(
            self.access,
            coverage.radius_minutes(self.communes, self.origins),
            thresholds=self.study.thresholds,
            spread=coverage.spread(estimated=self.estimated),
        )

    @cached_property
    def cover(self) -> pd.DataFrame | None:
        """What covers each commune, a Maison, a round or nothing; None where no round is known.

        Returns
        -------
        pandas.DataFrame or None
            ``code_insee``, ``couverture`` (*permanent*, *itinérant*, *aucun*) and
            ``heures_itinerantes``: hours a week with a stop open within the first threshold, those
            within reach of a Maison too, no minute twice.
        """
        if not self.cycles:
            return None
        threshold = self.study.threshold
        hours = rounds.hours_within(
            self.roads,
            self.origins,
            self.stops,
            threshold=threshold,
            cycles=self.cycles,
            stands=self.places.origins,
        )
        beyond = coverage.is_beyond(self.access, threshold).to_numpy()
        return pd.DataFrame(
            {
                "code_insee": self.access["code_insee"].to_numpy(),
                "couverture": rounds.kinds_of_cover(beyond, hours),
                "heures_itinerantes": np.round(hours, 4),
            }
        )

    def people_by_cover(self) -> dict[str, int] | None:
        """Inhabitants by what covers them; None where no round exists."""
        if self.cover is None:
            return None
        people = self.access["population"].groupby(self.cover["couverture"].to_numpy()).sum()
        kinds = (rounds.PERMANENT, rounds.ITINERANT, rounds.NOTHING)
        return {kind: int(people.get(kind, 0)) for kind in kinds}

    def by_commune(self) -> gpd.GeoDataFrame:
        """Return the communes with their outline, their access and ``origine``, ready to draw."""
        measured = self.access.drop(columns=["nom", "population"]).assign(
            origine=self.origins["origine"]
        )
        table = self.communes.merge(measured, on="code_insee")
        return table if self.cover is None else table.merge(self.cover, on="code_insee")

    def report(self) -> pd.DataFrame:
        """Return the anomalies as a table, one row each, under the French names of the outputs."""
        return anomaly_table(self.anomalies)

    def summary(self) -> dict[str, Any]:
        """Return the figures of ``resume.json``."""
        return {
            "etude": self.study.etude.nom,
            "population": self.shares[0].population,
            "communes": len(self.communes),
            "seuils": {
                f"{share.threshold:g}": {
                    "population_couverte": share.within,
                    "part": round(share.share, 6) if share.population else None,
                    "population_au_dela": share.beyond,
                    "communes_au_dela": share.communes_beyond,
                    "part_attendue": _figure(told.share),
                    "part_attendue_de": _figure(told.low),
                    "part_attendue_a": _figure(told.high),
                    "communes_incertaines": told.uncertain,
                }
                for share, told in zip(self.shares, self.expected, strict=True)
            },
            **(
                {
                    "profils": {
                        one.profile.name: {
                            f"{share.threshold:g}": share.within for share in one.shares
                        }
                        for one in self.profiles
                    }
                }
                if self.profiles
                else {}
            ),
            "zones_blanches": len(self.zones),
            "maisons": int((~self.neighbours).sum()),
            "maisons_voisines": int(self.neighbours.sum()),
            "maisons_itinerantes_non_comptees": len(self.itinerants),
            **({} if self.cover is None else {"couverture": self.people_by_cover()}),
            "candidats": len(self.candidates),
            "temps_estimes": self.estimated,
            **({"temps": self.times.file} if self.times.file else {}),
            "demonstration": self.study.etude.demonstration,
            **({} if self.choice is None else {"scenario": self.choice.told()}),
            "anomalies": [anomaly.as_dict() for anomaly in self.anomalies],
            "anomalies_hors_territoire": self.elsewhere,
        }


def _that_stay(offices: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Leave out the post offices that move: an address where one parks at night serves nobody."""
    return offices[offices["genre"] != loaders.ITINERANT_OFFICE].reset_index(drop=True)


def _figure(share: float) -> float | None:
    """Return a share as JSON holds it: null without people."""
    return None if math.isnan(share) else round(float(share), 6)
