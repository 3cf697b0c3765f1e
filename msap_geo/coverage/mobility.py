"""Who can go to a Maison, be received, and come home the same day without a car.

Round trips are measured elsewhere (:func:`msap_geo.travel.there_and_back`), once for each way to
go; here they become days a week, hours away from home, people, households and zones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import vstack

from msap_geo.coverage.floating import PER_PEOPLE, enhanced_two_step
from msap_geo.coverage.territories import access_by_territory, target_groups
from msap_geo.coverage.zones import zones_blanches
from msap_geo.travel import TravelTimes

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

MODES = {
    "pied": "à pied",
    "velo": "à vélo",
    "car": "en car, à pied aux deux bouts",
    "car_velo": "en car, à vélo aux deux bouts",
}
"""Ways to go without a car, the plainest first, in words."""

GROUPS = ("menages_sans_voiture", "habitants_75_plus", "habitants_65_plus")
"""Groups counted beside the inhabitants, where they are known."""

_HOPE = ("pas de retour", "pas de car", "fermé", "horaires inconnus", "")
"""Reasons a day does not work, the nearest to working first."""

_ANY_THRESHOLD = 20.0
_TRIP_COLUMNS = ("leave", "arrive", "stay_minutes", "return", "away_minutes")


def days_without_car(places: pd.DataFrame, trips: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Count the days each place has a round trip, and tell its best one.

    Parameters
    ----------
    places
        Places with ``demand_id``.
    trips
        Table of :func:`msap_geo.travel.there_and_back` for each of :data:`MODES` measured.

    Returns
    -------
    pandas.DataFrame
        One row per place, same order: ``demand_id``; ``jours_<mode>``, days with a round trip to
        some site; ``jours_sans_voiture``, days with one by any of them; then the round trip
        shortest away from home (of equally short ones the plainest way, the first day):
        ``mode, site_id, jour, depart, arrivee, retour`` (clocks as text), ``sur_place_minutes``,
        ``absence_minutes``; ``raison`` where no day works: of the reasons met, the nearest to
        working.
    """
    table = places[["demand_id"]].reset_index(drop=True)
    everything = pd.concat(
        [one[one["reason"] == ""].assign(mode=mode) for mode, one in trips.items()],
        ignore_index=True,
    )
    for mode in trips:
        mine = everything[everything["mode"] == mode]
        table[f"jours_{mode}"] = _days(mine, table["demand_id"])
    table["jours_sans_voiture"] = _days(everything, table["demand_id"])
    rank = everything["mode"].map(list(MODES).index)
    order = everything.assign(rank=rank).sort_values(
        ["away_minutes", "rank", "day", "site_id"], kind="stable"
    )
    best = order.drop_duplicates("demand_id").set_index("demand_id").reindex(table["demand_id"])
    best = best.reset_index(drop=True)
    return table.assign(
        mode=best["mode"].astype(object),
        site_id=best["site_id"].astype(object),
        jour=best["day"].astype(object),
        depart=_clocks(best["leave"]),
        arrivee=_clocks(best["arrive"]),
        retour=_clocks(best["return"]),
        sur_place_minutes=best["stay_minutes"].astype(float).round(1),
        absence_minutes=best["away_minutes"].astype(float).round(1),
        raison=_reasons(trips, table),
    )


def _days(served: pd.DataFrame, demand_id: pd.Series) -> pd.Series:
    once = served[["demand_id", "day"]].drop_duplicates()
    counts = once["demand_id"].value_counts()
    return demand_id.map(counts).fillna(0).astype("int64")


def _clocks(minutes: pd.Series) -> pd.Series:
    """Return moments as ``07:35``, null where there is none."""
    known = minutes.notna()
    whole = minutes[known].astype(float).round().astype(int)
    texts = pd.Series(None, index=minutes.index, dtype=object)
    texts[known] = [f"{value // 60:02}:{value % 60:02}" for value in whole]
    return texts


def _reasons(trips: Mapping[str, pd.DataFrame], table: pd.DataFrame) -> pd.Series:
    told = pd.concat([one[["demand_id", "reason"]] for one in trips.values()]).drop_duplicates()
    rank = told["reason"].map(_HOPE.index)
    nearest = told.assign(rank=rank).sort_values("rank").drop_duplicates("demand_id")
    reason = table["demand_id"].map(nearest.set_index("demand_id")["reason"]).fillna(_HOPE[1])
    return reason.where(table["jours_sans_voiture"] == 0, "").astype(object)


def without_car_by_territory(
    places: pd.DataFrame,
    days: pd.DataFrame,
    memberships: pd.DataFrame | None,
    *,
    threshold: float,
) -> pd.DataFrame:
    """Sum up who has a solution without a car, in every territory, and the gap with the car.

    Parameters
    ----------
    places
        Table under :data:`msap_geo.schemas.PLACES`, its minutes by car; the groups of
        :data:`GROUPS` it holds are counted.
    days
        Table of :func:`days_without_car`, same rows.
    memberships
        As :func:`msap_geo.coverage.access_by_territory` takes them.
    threshold
        Minutes by car, inclusive.

    Returns
    -------
    pandas.DataFrame
        One row per kind of territory, territory and group: ``zonage, code, nom, groupe, effectif,
        lieux_sans_donnee``; ``effectif_servi`` (at least one day works), ``effectif_sans_solution``
        (none does; for ``menages_sans_voiture`` they are the *ménages sans solution*): they add up
        to ``effectif``; ``part_servie``, ``part_<mode>`` (0 to 1); ``jours_moyens``, of everyone;
        ``absence_moyenne, absence_mediane``, hours away of those who have a solution, and hours
        half of all do not exceed (null where half have none); ``part_voiture``, within the
        threshold by car, and ``ecart_voiture``, that share less ``part_servie``.
    """
    dropped = [name for name in target_groups(places) if name not in GROUPS]
    plain = places.drop(columns=dropped).reset_index(drop=True)

    def summed(minutes: pd.Series) -> pd.DataFrame:
        # What is averaged over people is minutes elsewhere, hours or days here.
        return access_by_territory(
            plain.assign(minutes=minutes.to_numpy(dtype=float)),
            memberships,
            thresholds=(_ANY_THRESHOLD,),
        )

    def share(served: pd.Series) -> pd.Series:
        found = summed(pd.Series(np.where(served, 0.0, np.nan)))
        return _part(found["effectif"] - found["effectif_sans_trajet"], found["effectif"])

    away = summed(days["absence_minutes"] / 60)
    lost = away["effectif_sans_trajet"]
    table = away[["zonage", "code", "nom", "groupe", "effectif", "lieux_sans_donnee"]].assign(
        effectif_servi=(away["effectif"] - lost).round(1),
        effectif_sans_solution=lost,
        part_servie=_part(away["effectif"] - lost, away["effectif"]),
    )
    for mode in MODES:
        if f"jours_{mode}" in days:
            table[f"part_{mode}"] = share(days[f"jours_{mode}"] > 0)
    by_car = share(places["minutes"].reset_index(drop=True) <= threshold)
    return table.assign(
        jours_moyens=summed(days["jours_sans_voiture"].astype(float))["minutes_moyennes"],
        absence_moyenne=away["minutes_moyennes"],
        absence_mediane=away["minutes_medianes"],
        part_voiture=by_car,
        ecart_voiture=(by_car - table["part_servie"]).round(6),
    )


def _part(some: pd.Series, whole: pd.Series) -> pd.Series:
    return (some / whole.where(whole > 0)).round(6)


def zones_without_car(
    communes: gpd.GeoDataFrame, access: pd.DataFrame, days: pd.DataFrame
) -> gpd.GeoDataFrame:
    """Group the communes where no day works without a car into contiguous zones.

    Parameters
    ----------
    communes
        Table under :data:`msap_geo.schemas.COMMUNES`; its groups of :data:`GROUPS` are added up.
    access
        Table under :data:`msap_geo.schemas.ACCESS`, by car, same rows.
    days
        Table of :func:`days_without_car`, same rows.

    Returns
    -------
    geopandas.GeoDataFrame
        ``zone_id`` (``SV-`` and the code of its most populous commune), ``rang, communes,
        nb_communes, population``, the groups known, and the outline, by inhabitants.
    """
    lost = (days["jours_sans_voiture"] == 0).to_numpy()
    # Neither within nor beyond any minutes: a commune has a solution, or none.
    told = access.assign(minutes=np.where(lost, np.nan, 0.0))
    zones = zones_blanches(communes, told, threshold=_ANY_THRESHOLD)
    zones["zone_id"] = zones["zone_id"].str.replace("ZB-", "SV-", n=1)
    of = communes.set_index("code_insee")
    known = [name for name in GROUPS if name in of.columns]
    for name in known:
        zones[name] = [float(of.loc[codes, name].sum(min_count=1)) for codes in zones["communes"]]
    kept = ["zone_id", "rang", "communes", "nb_communes", "population", *known, "geometry"]
    return zones[kept]


def served_by_moving(
    before: pd.DataFrame, after: pd.DataFrame, places: pd.DataFrame, sites: pd.DataFrame
) -> pd.DataFrame:
    """Tell whom each site would serve and lose if it alone changed.

    A place counts only where it has no other site: what changes is whether it has a solution.

    Parameters
    ----------
    before, after
        Pairs ``demand_id, site_id`` with a round trip some day: as things are, and with every site
        changed (each is then taken alone).
    places
        Places with ``demand_id, code_insee, population`` and groups of :data:`GROUPS`.
    sites
        Sites with ``site_id, nom``.

    Returns
    -------
    pandas.DataFrame
        One row per site: ``site_id, nom, nb_communes, communes`` (served thanks to it alone),
        ``population`` and the groups of these, ``nb_communes_perdues, population_perdue``.
    """
    others = before["demand_id"].value_counts()
    groups = ["population", *(name for name in GROUPS if name in places)]
    of = places.set_index("demand_id")
    had, has = (
        {site: set(rows["demand_id"]) for site, rows in pairs.groupby("site_id")}
        for pairs in (before, after)
    )
    rows = []
    for site, name in zip(sites["site_id"], sites["nom"], strict=True):
        now, then = had.get(site, set()), has.get(site, set())
        gained = sorted(place for place in then if others.get(place, 0) == 0)
        lost = [place for place in now - then if others[place] == 1]
        rows.append(
            {
                "site_id": site,
                "nom": name,
                "nb_communes": len(gained),
                "communes": of.loc[gained, "code_insee"].tolist(),
                **{group: of.loc[gained, group].sum() for group in groups},
                "nb_communes_perdues": len(lost),
                "population_perdue": int(of.loc[lost, "population"].sum()),
            }
        )
    columns = ["site_id", "nom", "nb_communes", "communes", *groups]
    return pd.DataFrame(rows, columns=[*columns, "nb_communes_perdues", "population_perdue"])


def hours_by_mode(
    times: Mapping[str, TravelTimes],
    people: Mapping[str, pd.Series],
    supply: NDArray[np.float64],
) -> pd.DataFrame:
    """Share the hours of the sites among people who go by different ways (E2SFCA).

    Everybody queues at the same counters, each by the minutes of their own way: Rⱼ = Sⱼ / Σₘ Σᵢ
    pᵢₘ w(tᵢⱼₘ), Aᵢₘ = Σⱼ Rⱼ w(tᵢⱼₘ), with the weights of
    :func:`msap_geo.coverage.enhanced_two_step` (several modes in one catchment: Mao & Nekorchuk,
    *Measuring spatial accessibility to healthcare for populations with multiple transportation
    modes*, Health & Place 24, 2013).

    Parameters
    ----------
    times
        Travel times of each way, the same places and sites in the same order.
    people
        People of each place who go that way; null where unknown: they count for none.
    supply
        Weekly hours of each site; null ones count for none.

    Returns
    -------
    pandas.DataFrame
        ``heures_1000_<way>`` for each way and ``heures_1000_modes``, their mean over the people of
        the place: weekly hours for a thousand persons; null where the people are unknown.
    """
    first = next(iter(times.values()))
    n = len(first.demand_ids)
    stacked = TravelTimes(
        pd.Index(range(n * len(times))),
        first.site_ids,
        vstack([one.minutes for one in times.values()], format="csr"),
        vstack([one.km for one in times.values()], format="csr"),
        max(one.max_minutes for one in times.values()),
    )
    each = np.stack([people[way].to_numpy(dtype=float) for way in times])
    index = enhanced_two_step(stacked, np.nan_to_num(each).ravel(), np.nan_to_num(supply))
    hours = PER_PEOPLE * index.to_numpy(dtype=float).reshape(len(times), n)
    everybody = each.sum(axis=0)
    mean = np.divide(
        (each * hours).sum(axis=0), everybody, out=np.full(n, np.nan), where=everybody > 0
    )
    table = {f"heures_1000_{way}": row for way, row in zip(times, hours, strict=True)}
    return pd.DataFrame({**table, "heures_1000_modes": mean}).round(4)
