"""Checks on tables of sites: where they stand, what codes they bear, when they are open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from msap_geo import french
from msap_geo.anomalies import Action, note
from msap_geo.coverage.opening import LABEL_HOURS
from msap_geo.hours import read_hours

if TYPE_CHECKING:
    import geopandas as gpd

    from msap_geo.anomalies import Anomaly
    from msap_geo.loaders import CommuneCodes

LABEL_DAYS = 5
"""Days a week the France Services label asks for (circular of 1 July 2019)."""

FIXED, ANTENNE = ("Fixe", "Multisites"), ("Antenne",)
_SAME_DECIMALS = 6


def superposed(sites: gpd.GeoDataFrame, *, file: str) -> list[Anomaly]:
    """Tell the points where several sites stand, to a millionth of a degree (ten centimetres).

    Parameters
    ----------
    sites
        Table under :data:`msap_geo.schemas.SITES`, in WGS 84. Sites put at their commune for want
        of a position of their own are left aside.
    file
        File they come from.

    Returns
    -------
    list of Anomaly
        One per point, about its first site.
    """
    placed = sites[(sites["position"] == "source") & sites.geometry.notna()]
    points = pd.Series(
        list(
            zip(
                placed.geometry.x.round(_SAME_DECIMALS),
                placed.geometry.y.round(_SAME_DECIMALS),
                strict=True,
            )
        ),
        index=placed.index,
        dtype=object,
    )
    several = points.duplicated(keep=False)
    told = _told(placed[several])
    points = points[several]
    others = {
        point: ", ".join(group.iloc[1:]) for point, group in told["nom"].groupby(points, sort=False)
    }
    first = told[~points.duplicated()]
    first = first.assign(autres=points.map(others))
    return note(first, "sites-superposes", Action.NOTED, "au même point que {autres}", file=file)


def without_hours(sites: gpd.GeoDataFrame, *, file: str) -> list[Anomaly]:
    """Tell the sites whose hours are unknown; none where the table has no hours at all.

    Parameters
    ----------
    sites
        Table under :data:`msap_geo.schemas.SITES`.
    file
        File they come from.

    Returns
    -------
    list of Anomaly
        One per site.
    """
    if "horaires" not in sites:
        return []
    told = _told(sites[sites["horaires"].isna()])
    return note(told, "horaires-absents", Action.NOTED, "{genre} sans horaires lisibles", file=file)


def below_label(sites: gpd.GeoDataFrame, *, file: str) -> list[Anomaly]:
    """Tell the Maisons open less than the France Services label asks for.

    Parameters
    ----------
    sites
        Maisons, table under :data:`msap_geo.schemas.SITES` with ``horaires``. Those that move are
        left aside: their hours are shared out between their stops.
    file
        File they come from.

    Returns
    -------
    list of Anomaly
        One per Maison or antenne open under 24 hours or 5 days a week.
    """
    known = sites[sites["horaires"].notna()]
    weeks = [read_hours(text) for text in known["horaires"]]
    hours = pd.Series([week.minutes / 60 for week in weeks], index=known.index, dtype=float)
    days = pd.Series([week.days_open for week in weeks], index=known.index, dtype=int)
    low = (hours < LABEL_HOURS) | (days < LABEL_DAYS)
    told = _told(known).assign(
        heures=hours.map(lambda value: french.short(value, 2)),
        jours=days.map(lambda value: french.counted(value, "jour")),
    )
    return [
        anomaly
        for code, genres in (("horaires-sous-label", FIXED), ("antenne-sous-label", ANTENNE))
        for anomaly in note(
            told[low & told["genre"].isin(genres)],
            code,
            Action.NOTED,
            "{heures} h par semaine, sur {jours}",
            file=file,
        )
    ]


def foreign_codes(
    sites: gpd.GeoDataFrame, codes: CommuneCodes, *, file: str, in_cog: bool
) -> list[Anomaly]:
    """Tell the codes that are not those of a commune in force.

    Parameters
    ----------
    sites
        Table under :data:`msap_geo.schemas.SITES`, codes as published.
    codes
        Codes in force.
    file
        File they come from.
    in_cog
        Whether ``codes`` are those of a COG; otherwise they only know the study's communes, and
        sites of other départements cannot be told.

    Returns
    -------
    list of Anomaly
        One per site whose code is unknown, or is that of a commune that is no more.
    """
    told = _told(sites[sites["code_insee"].notna()])
    declared = told["code_insee"]
    in_force, former = declared.isin(list(codes.names)), declared.isin(list(codes.successors))
    known = in_force | former | declared.isin(list(codes.alternatives))
    if not in_cog:
        local = {code[:2] for code in codes.names}
        known |= ~declared.str[:2].isin(local)
    now = codes.current(declared)
    told = told.assign(actuelle=now.map(codes.names).fillna("") + " (" + now + ")")
    unknown = "code-commune-inconnu" if in_cog else "codes-non-ramenes"
    return [
        *note(told[~known], unknown, Action.NOTED, "code {code_insee} inconnu", file=file),
        *note(
            told[former & ~in_force],
            "code-commune-ancien",
            Action.REPAIRED,
            "code {code_insee}, aujourd'hui {actuelle}",
            file=file,
        ),
    ]


def _told(sites: gpd.GeoDataFrame) -> pd.DataFrame:
    table = pd.DataFrame(sites.drop(columns="geometry"))
    return table.assign(
        nom=table["nom"] + " (" + table["commune"] + ")", identifiant=table["site_id"]
    )
