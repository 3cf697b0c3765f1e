"""The method against choices really made: which of them it would have made too."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from scipy.spatial import KDTree

from msap_geo.siting.solving.gains import NEGLIGIBLE
from msap_geo.siting.solving.greedy import greedy
from msap_geo.tabular import normalise

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from msap_geo.siting.solving.gains import Gains
    from msap_geo.siting.solving.limits import Limits

NEAR_M = 300.0
"""A Maison and the office it stands in are most often geocoded within this distance, metres."""

ALIKE = 0.6
"""Least likeness of the names of a Maison and of an office of its commune, from 0 to 1."""

DRAWS = 1000


BY_DISTANCE, BY_NAME, UNMATCHED = "distance", "nom", ""
"""How a Maison was brought to an office."""


def match_offices(maisons: gpd.GeoDataFrame, offices: gpd.GeoDataFrame) -> pd.DataFrame:
    """Find the post office each Maison stands in.

    The nearest office within :data:`NEAR_M`; else, in the same commune, the office whose name is
    most like the Maison's (:data:`ALIKE`), or the only one.

    Parameters
    ----------
    maisons
        Maisons whose name says they are in a post office, projected.
    offices
        Post offices, in the same projection.

    Returns
    -------
    pandas.DataFrame
        ``site_id, office_id`` (null where none), ``metres, moyen`` (*distance*, *nom* or empty),
        in the order of ``maisons``.
    """
    placed = offices[offices.geometry.notna()].sort_values("site_id")
    tree = KDTree(np.column_stack([placed.geometry.x, placed.geometry.y])) if len(placed) else None
    rows = []
    for maison in maisons.itertuples():
        metres, rank = np.inf, 0
        if tree is not None and maison.geometry is not None:
            metres, rank = tree.query([maison.geometry.x, maison.geometry.y])
        if metres <= NEAR_M:
            rows.append((maison.site_id, placed["site_id"].iloc[rank], metres, BY_DISTANCE))
            continue
        beside = offices[offices["code_insee"] == maison.code_insee].sort_values("site_id")
        likeness = [_alike(maison.nom, name) for name in beside["nom"]]
        if len(beside) == 1 or (likeness and max(likeness) >= ALIKE):
            office = beside.iloc[int(np.argmax(likeness))]
            away = maison.geometry.distance(office.geometry) if _placed(maison, office) else np.nan
            rows.append((maison.site_id, office["site_id"], away, BY_NAME))
        else:
            rows.append((maison.site_id, None, np.nan, UNMATCHED))
    return pd.DataFrame(rows, columns=["site_id", "office_id", "metres", "moyen"])


_FILLER = {
    "france",
    "services",
    "service",
    "la",
    "le",
    "les",
    "poste",
    "de",
    "du",
    "des",
    "d",
    "bp",
}


def _alike(maison: str, office: str) -> float:
    return float(difflib.SequenceMatcher(a=_bare(maison), b=_bare(office)).ratio())


def _bare(name: str) -> str:
    return " ".join(word for word in normalise(name).split("_") if word not in _FILLER)


def _placed(maison: object, office: pd.Series) -> bool:
    return getattr(maison, "geometry", None) is not None and office.geometry is not None


def in_post_office(maisons: gpd.GeoDataFrame) -> pd.Series:
    """Tell which Maisons say they stand in a post office, by name or by structure."""
    named = maisons["nom"].map(normalise).str.contains("poste", regex=False)
    if "structure" not in maisons:
        return named
    return named | maisons["structure"].fillna("").map(normalise).eq("la_poste")


class Hits(NamedTuple):
    """How many real choices are among the first ones of a method."""

    multiple: int
    number: int
    hits: int


def hits(order: NDArray[np.int64], real: NDArray[np.int64]) -> list[Hits]:
    """Count the real choices among the first 1×, 2×, 3× as many of an ordered choice."""
    size = len(real)
    return [
        Hits(k, len(order[: k * size]), int(np.isin(order[: k * size], real).sum()))
        for k in (1, 2, 3)
    ]


def greedy_order(gains: Gains, limits: Limits) -> NDArray[np.int64]:
    """Return every site allowed, the greedy ones first, then by what they would bring alone."""
    first = greedy(gains, limits).sites
    alone = gains.alone()
    rest = np.setdiff1d(np.flatnonzero(limits.free), first)
    return np.concatenate([first, rest[np.argsort(-alone[rest], kind="stable")]])


def chance(
    gains: Gains, allowed: NDArray[np.int64], size: int, *, seed: int = 0
) -> tuple[float, float, float]:
    """Return what as many offices drawn at random bring: mean, and the 5 % and 95 % quantiles."""
    rng = np.random.default_rng(seed)
    size = min(size, len(allowed))
    values = [gains.value(rng.choice(allowed, size, replace=False)) for _ in range(DRAWS)]
    low, high = np.quantile(values, [0.05, 0.95]) if values else (np.nan, np.nan)
    mean = float(np.mean(values))
    return (0.0 if mean < NEGLIGIBLE else mean), float(low), float(high)
