"""One side of a comparison: a study in memory, or its folder read back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from msap_geo import coverage, schemas
from msap_geo.study.manifest import manifest

if TYPE_CHECKING:
    import geopandas as gpd

    from msap_geo.study.facts import Facts


@dataclass(frozen=True, eq=False)
class Side:
    """One of the two studies compared; tables are in the projected CRS of the territory.

    Parameters
    ----------
    where
        Folder it was read in, or the name of a result in memory.
    manifest, summary
        ``manifest.json`` and ``resume.json``.
    access
        Access of each commune, with the target groups the study counts.
    communes, maisons, zones
        Communes (same rows as ``access``), Maisons that count, zones blanches with the list of
        their communes.
    candidates
        Scored candidates, best first, without their place.
    redrawn
        Whether its layers are no longer, byte for byte, those the study wrote.
    """

    where: str
    manifest: dict[str, Any]
    summary: dict[str, Any]
    access: pd.DataFrame
    communes: gpd.GeoDataFrame
    maisons: gpd.GeoDataFrame
    zones: gpd.GeoDataFrame
    candidates: pd.DataFrame
    redrawn: bool = False

    @property
    def name(self) -> str:
        """Name of the study."""
        return str(self.summary["etude"])

    @property
    def departements(self) -> tuple[str, ...]:
        """Département codes of the study, sorted."""
        return tuple(sorted(self.manifest["parametres"]["etude"]["departements"]))

    @property
    def thresholds(self) -> tuple[float, ...]:
        """Travel-time thresholds, minutes, increasing."""
        return coverage.check_thresholds(self.manifest["parametres"]["etude"]["seuils_minutes"])

    @property
    def citation(self) -> dict[str, Any]:
        """Territory, date, method and credits of the study; empty where its folder tells none."""
        return dict(self.manifest.get("citation", {}))

    @property
    def estimated(self) -> bool:
        """Whether times rest on the estimated network."""
        return bool(self.summary.get("temps_estimes"))

    @property
    def demonstration(self) -> bool:
        """Whether Maisons and candidates are invented."""
        return bool(self.summary.get("demonstration"))


ZONES = [
    "zone_id", "rang", "nom", "communes", "population", "minutes_max", "site_nom", "geometry",
]  # fmt: skip
"""What a comparison reads of zones blanches."""


def side_of(result: Facts) -> Side:
    """Return a result as a side of a comparison: what its folder would tell, without writing it.

    Parameters
    ----------
    result
        A study, run, or a scenario of one.
    """
    measured = result.by_commune()
    groups = [name for name in schemas.GROUPS if name in measured.columns]
    people = {name: measured[name].astype(float) for name in groups}
    return Side(
        where=result.study.etude.nom,
        manifest=manifest(result),
        summary=result.summary(),
        access=result.access.assign(palier="", **people),
        communes=measured,
        maisons=result.maisons,
        zones=result.zones[ZONES],
        candidates=pd.DataFrame(result.candidates.drop(columns="geometry")),
    )
