"""Several profiles in one study (``[reseau] profils``): access by each, side by side.

The first profile is the study's own. The others are driven on the same roads, under their own
rules and speeds: what the study changes of speeds is for its own profile
(:func:`msap_geo.study.asked.roads.under_profile`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from msap_geo import coverage, french
from msap_geo.coverage.weighted import group_quantiles
from msap_geo.territory import DEPARTEMENTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from msap_geo.network import Profile
    from msap_geo.study.times.source import TimeSource

WHOLE, DEPARTEMENT, COMMUNE = "ensemble", "departement", "commune"


class ProfileAccess(NamedTuple):
    """Access to the Maisons by one profile.

    Parameters
    ----------
    profile
        How people move.
    times
        What tells its minutes.
    origins
        Where communes start from on its roads.
    access
        Table under :data:`msap_geo.schemas.ACCESS`, rows of the study's.
    shares
        Population within and beyond each threshold.
    """

    profile: Profile
    times: TimeSource
    origins: gpd.GeoDataFrame
    access: pd.DataFrame
    shares: list[coverage.Share]


def access_by(
    profile: Profile,
    times: TimeSource,
    origins: gpd.GeoDataFrame,
    communes: gpd.GeoDataFrame,
    maisons: gpd.GeoDataFrame,
    *,
    thresholds: Sequence[float],
) -> ProfileAccess:
    """Measure the access of communes by a profile.

    Parameters
    ----------
    profile, times, origins
        How people move, what tells the minutes, where communes start from.
    communes, maisons
        Tables under :data:`msap_geo.schemas.COMMUNES` and ``SITES``.
    thresholds
        Minutes, inclusive.
    """
    nearest = times.nearest(origins, maisons)
    access = coverage.access_by_commune(communes, nearest, maisons, thresholds=thresholds)
    shares = coverage.shares(access, thresholds=thresholds)
    return ProfileAccess(profile, times, origins, access, shares)


def profiles_table(
    profiles: Sequence[ProfileAccess], *, thresholds: Sequence[float]
) -> pd.DataFrame:
    """Put the access by each profile side by side: the whole, départements, then communes.

    Parameters
    ----------
    profiles
        Access by each profile, the study's own first; same communes.
    thresholds
        Minutes, inclusive.

    Returns
    -------
    pandas.DataFrame
        ``zonage, code, nom, population``, then for each profile ``minutes_<profil>`` (of a commune,
        to its nearest Maison; of a territory, what half of its people do not exceed, null where
        that half has no trip), ``a_portee_<seuil>_<profil>`` (people within the threshold),
        ``part_<seuil>_<profil>`` (their share, null without people), and ``raison_<profil>`` (why a
        commune has no trip).
    """
    access = profiles[0].access
    people = access["population"].to_numpy(dtype=np.int64)
    codes = access["code_insee"].astype(str)
    of = coverage.departements_of(codes)
    every = [
        (WHOLE, "", "Ensemble", np.ones(len(access), dtype=bool)),
        *((DEPARTEMENT, one, DEPARTEMENTS[one], (of == one).to_numpy()) for one in sorted(set(of))),
    ]
    territories = [
        {
            "zonage": level,
            "code": code,
            "nom": name,
            "population": int(people[mine].sum()),
            **_figures(profiles, mine, people, thresholds),
        }
        for level, code, name, mine in every
    ]
    communes = pd.DataFrame(
        {"zonage": COMMUNE, "code": codes, "nom": access["nom"], "population": people}
    )
    for one in profiles:
        name, minutes = one.profile.name, one.access["minutes"]
        communes[f"minutes_{name}"] = minutes
        for threshold in thresholds:
            within = (minutes <= threshold).to_numpy()
            counted = np.where(within, people, 0)
            communes[f"a_portee_{threshold:g}_{name}"] = counted
            communes[f"part_{threshold:g}_{name}"] = np.where(
                people > 0, within.astype(float), np.nan
            )
        communes[f"raison_{name}"] = one.access["raison"]
    table = pd.concat([pd.DataFrame(territories)[communes.columns], communes], ignore_index=True)
    counts = [column for column in table if str(column).startswith(("a_portee_", "population"))]
    return table.astype(dict.fromkeys(counts, "int64"))


def _figures(
    profiles: Sequence[ProfileAccess],
    mine: NDArray[np.bool_],
    people: NDArray[np.int64],
    thresholds: Sequence[float],
) -> dict[str, object]:
    """Return the figures of a territory by each profile."""
    found: dict[str, object] = {}
    held = people[mine]
    for one in profiles:
        name, minutes = one.profile.name, one.access["minutes"].to_numpy(dtype=float)[mine]
        one_group = np.zeros(len(minutes), dtype=np.int64)
        median = group_quantiles(minutes, held.astype(float), one_group, 1, share=0.5)
        found[f"minutes_{name}"] = float(median[0])
        for threshold in thresholds:
            within = int(held[minutes <= threshold].sum())
            found[f"a_portee_{threshold:g}_{name}"] = within
            found[f"part_{threshold:g}_{name}"] = (
                round(within / int(held.sum()), 6) if held.sum() else np.nan
            )
        found[f"raison_{name}"] = ""
    return found


def in_words(one: ProfileAccess) -> str:
    """Say how many people are within each threshold by a profile: ``"velo : 45,2 % à 20 min"``."""
    told = ", ".join(
        f"{french.percent(share.share)} à {french.short(share.threshold)} min"
        for share in one.shares
    )
    return f"{one.profile.name} ({one.profile.title}) : {told}"
