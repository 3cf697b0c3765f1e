"""Two dates or two scenarios compared: who gains, who loses, and the true history of the label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from msap_geo.coverage.access import MINUTES_DECIMALS, check_thresholds
from msap_geo.coverage.territories import POPULATION
from msap_geo.coverage.weighted import group_sums
from msap_geo.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from msap_geo.travel import TravelTimes

GAINED, LOST, STILL_WITHIN, STILL_BEYOND = "gagne", "perd", "toujours à portée", "toujours au-delà"
CLOSER, FARTHER, UNCHANGED = "plus près", "plus loin", "inchangé"


def changes(
    before: pd.DataFrame,
    after: pd.DataFrame,
    *,
    thresholds: Sequence[float],
    noise_minutes: float = 0.0,
) -> pd.DataFrame:
    """Compare the access of the same places at two dates or in two scenarios.

    Parameters
    ----------
    before, after
        Tables under :data:`msap_geo.schemas.PLACES`, same places in the same order; the population
        is that of ``after``.
    thresholds
        Minutes, inclusive.
    noise_minutes
        A smaller difference is none: ``sens`` tells it as unchanged. Status is not concerned, since
        it is that of the published figures.

    Returns
    -------
    pandas.DataFrame
        One row per place: ``demand_id, code_insee, population, site_id_avant, site_id_apres,
        minutes_avant, minutes_apres, ecart_minutes`` (after minus before, null when either has no
        route), ``sens`` (:data:`CLOSER`, :data:`FARTHER`, :data:`UNCHANGED`; losing the last route
        is farther) and for each threshold ``statut_<s>`` (:data:`GAINED`, :data:`LOST`,
        :data:`STILL_WITHIN`, :data:`STILL_BEYOND`).

    Raises
    ------
    DataError
        If the places are not the same.
    """
    if list(before["demand_id"]) != list(after["demand_id"]):
        raise DataError(
            "les deux tables n'ont pas les mêmes lieux",
            remedy="comparer deux études des mêmes communes",
        )
    first, then = (table["minutes"].to_numpy(dtype=float) for table in (before, after))
    wait = np.nan_to_num(then, nan=np.inf), np.nan_to_num(first, nan=np.inf)
    with np.errstate(invalid="ignore"):  # no route then, none now: no difference
        gap = (wait[0] - wait[1]).round(MINUTES_DECIMALS)
    least = max(noise_minutes, 10.0**-MINUTES_DECIMALS)
    table = pd.DataFrame(
        {
            "demand_id": after["demand_id"].to_numpy(dtype=object),
            "code_insee": after["code_insee"].to_numpy(dtype=object),
            POPULATION: after[POPULATION].to_numpy(),
            "site_id_avant": before["site_id"].to_numpy(dtype=object),
            "site_id_apres": after["site_id"].to_numpy(dtype=object),
            "minutes_avant": first,
            "minutes_apres": then,
            "ecart_minutes": (then - first).round(MINUTES_DECIMALS),
            "sens": np.select([gap <= -least, gap >= least], [CLOSER, FARTHER], UNCHANGED).astype(
                object
            ),
        }
    )
    for threshold in check_thresholds(thresholds):
        was, now = first <= threshold, then <= threshold
        table[f"statut_{threshold:g}"] = np.select(
            [~was & now, was & ~now, was & now], [GAINED, LOST, STILL_WITHIN], STILL_BEYOND
        ).astype(object)
    return table


def losers(compared: pd.DataFrame) -> pd.DataFrame:
    """Return the places whose trip gets longer, those who lose most together first.

    Always to be shown beside the gains, even when nobody is in it.

    Parameters
    ----------
    compared
        Table of :func:`changes`.

    Returns
    -------
    pandas.DataFrame
        Its rows with ``sens`` *plus loin*, by person-minutes lost; those who lose their last route
        first.
    """
    farther = compared[compared["sens"] == FARTHER]
    lost = (farther["ecart_minutes"] * farther[POPULATION]).fillna(np.inf)
    order = lost.to_frame("perte").assign(lieu=farther["demand_id"])
    sequence = order.sort_values(["perte", "lieu"], ascending=[False, True]).index
    return farther.loc[sequence].reset_index(drop=True)


def changes_by_territory(
    compared: pd.DataFrame, territory: pd.Series, *, thresholds: Sequence[float]
) -> pd.DataFrame:
    """Count who gains and who loses in each territory.

    Parameters
    ----------
    compared
        Table of :func:`changes`.
    territory
        Code of each row's territory, same order.
    thresholds
        Those of ``compared``.

    Returns
    -------
    pandas.DataFrame
        One row per territory: ``territoire, population, rapproches, eloignes`` (people whose trip
        gets shorter, longer) and for each threshold ``gagnent_<s>, perdent_<s>,
        toujours_a_portee_<s>, toujours_au_dela_<s>``, which add up to the population.
    """
    names, group = np.unique(territory.to_numpy(dtype=str), return_inverse=True)
    people = compared[POPULATION].to_numpy(dtype=float)

    def total(which: pd.Series) -> NDArray[np.int64]:
        counted = group_sums(group, np.where(which.to_numpy(), people, 0.0), len(names))
        return counted.astype(np.int64)

    columns = {
        "territoire": names.astype(object),
        "population": total(compared["sens"].notna()),
        "rapproches": total(compared["sens"] == CLOSER),
        "eloignes": total(compared["sens"] == FARTHER),
    }
    for threshold in check_thresholds(thresholds):
        status = compared[f"statut_{threshold:g}"]
        for name, value in (
            ("gagnent", GAINED),
            ("perdent", LOST),
            ("toujours_a_portee", STILL_WITHIN),
            ("toujours_au_dela", STILL_BEYOND),
        ):
            columns[f"{name}_{threshold:g}"] = total(status == value)
    return pd.DataFrame(columns)


def zone_changes(before: pd.Series, after: pd.Series, population: pd.Series) -> pd.DataFrame:
    """Tell what became of each zone blanche.

    Parameters
    ----------
    before, after
        Zone of each place then and now, null outside
        (:func:`msap_geo.coverage.nested_zones.zone_of_places`), same order.
    population
        Inhabitants of each place.

    Returns
    -------
    pandas.DataFrame
        One row per zone of ``before``, then per zone of ``after`` that holds nobody who was in one:
        ``zone_id, evolution`` (*résorbée*, *réduite*, *inchangée*, *étendue*, *nouvelle*, or
        *fusionnée*: whole, in a zone where most of the people come from another),
        ``population_avant, population_sortie`` (now within reach), ``population_restante``,
        ``population_entree`` (newly beyond, in the zones its people are now in), ``zones_apres``
        (where those who remain are now).
    """
    table = pd.DataFrame(
        {"avant": before.to_numpy(), "apres": after.to_numpy(), "p": population.to_numpy()}
    )
    was, now = table["avant"].notna(), table["apres"].notna()
    lost = table[was].groupby("avant")["p"].sum()
    kept = table[was & now].groupby("avant")["p"].sum().reindex(lost.index, fill_value=0)
    links = table[was & now][["avant", "apres"]].drop_duplicates()
    entered = table[~was & now].groupby("apres")["p"].sum()
    # Those newly beyond belong to the story of the zone most of whose people theirs takes over.
    heir = (
        table[was & now]
        .groupby(["apres", "avant"])["p"]
        .sum()
        .reset_index()
        .sort_values(["p", "avant"], ascending=[False, True])
        .drop_duplicates("apres")
        .set_index("apres")["avant"]
    )
    joined = entered.groupby(heir.reindex(entered.index)).sum().reindex(lost.index, fill_value=0)
    successors = links.groupby("avant")["apres"].agg(lambda ids: ", ".join(sorted(ids)))
    known = pd.DataFrame(
        {
            "population_avant": lost,
            "population_sortie": lost - kept,
            "population_restante": kept,
            "population_entree": joined,
            "zones_apres": successors.reindex(lost.index).fillna(""),
        }
    )
    gone = ~lost.index.isin(links["avant"])
    taken = links.loc[links["apres"].map(heir) != links["avant"], "avant"]
    known["evolution"] = np.select(
        [
            gone,
            known["population_entree"] > 0,
            known["population_sortie"] > 0,
            lost.index.isin(taken),
        ],
        ["résorbée", "étendue", "réduite", "fusionnée"],
        "inchangée",
    )
    fresh = sorted(set(table.loc[now, "apres"]) - set(links["apres"]))
    new = pd.DataFrame(
        {
            "population_avant": 0,
            "population_sortie": 0,
            "population_restante": 0,
            "population_entree": entered.reindex(fresh).to_numpy(),
            "zones_apres": fresh,
            "evolution": "nouvelle",
        },
        index=fresh,
    )
    both = pd.concat([known, new]).rename_axis("zone_id").reset_index()
    counts = [name for name in both.columns if name.startswith("population_")]
    first = ["zone_id", "evolution"]
    ordered = both[[*first, *counts, "zones_apres"]]
    return ordered.astype({**dict.fromkeys(counts, "int64"), **dict.fromkeys(first, object)})


def history(
    times: TravelTimes,
    population: pd.Series,
    opened: pd.Series,
    *,
    dates: Sequence[pd.Timestamp],
    thresholds: Sequence[float],
) -> pd.DataFrame:
    """Rebuild coverage at past dates from the date each site opened.

    Only sites that still exist are known: one opened then closed in between is missing, and the
    figures of the past are a lower bound.

    Parameters
    ----------
    times
        Travel times, at least as far as the thresholds.
    population
        Inhabitants by ``demand_id``, today's: only the sites change.
    opened
        Date each site opened (its *labellisation*), by ``site_id``; those whose date is unknown
        count at no date.
    dates
        Dates to tell.
    thresholds
        Minutes, inclusive.

    Returns
    -------
    pandas.DataFrame
        One row per date: ``date, maisons, population``, and for each threshold
        ``population_<s>`` and ``part_<s>``.
    """
    people = population.reindex(times.demand_ids).to_numpy()
    when = pd.to_datetime(opened.reindex(times.site_ids)).to_numpy()
    trips = times.minutes.tocoo()
    minutes = np.round(trips.data, MINUTES_DECIMALS)
    rows = []
    for date in dates:
        exists = when <= np.datetime64(date)
        row: dict[str, object] = {
            "date": date,
            "maisons": int(exists.sum()),
            "population": int(people.sum()),
        }
        for threshold in check_thresholds(thresholds):
            covered = np.zeros(len(people), dtype=bool)
            covered[trips.row[exists[trips.col] & (minutes <= threshold)]] = True
            within = int(people[covered].sum())
            row[f"population_{threshold:g}"] = within
            row[f"part_{threshold:g}"] = round(within / people.sum(), 6) if people.sum() else np.nan
        rows.append(row)
    return pd.DataFrame(rows)
