"""A basket of services: who has them all within reach, which is missing, where to add one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from msap_geo import coverage, french, loaders, notebook_html, siting
from msap_geo.answers.basket_sites import basket_hosts, basket_sites
from msap_geo.coverage.access import MINUTES_DECIMALS
from msap_geo.siting import baskets
from msap_geo.territory import DEPARTEMENTS

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd
    from numpy.typing import NDArray

    from msap_geo import travel
    from msap_geo.anomalies import Anomaly
    from msap_geo.study.asked.services import Services
    from msap_geo.study.result import StudyResult

SHOWN = 20
"""Places where one more service completes most, told."""

_WHOLE = "ensemble"


class _Places(NamedTuple):
    """Where people start from, and what they reach."""

    points: gpd.GeoDataFrame
    codes: NDArray[np.object_]
    people: NDArray[np.int64]
    minutes: NDArray[np.float64]
    days: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Basket:
    """A basket of services on a territory.

    Parameters
    ----------
    result
        The study.
    services, territories, communes, one_more, plan_sites
        Tables; columns in ``docs/panier.md``.
    plan
        The places that, gathering whatever is missing, complete most baskets together.
    by_cell
        Whether people start from the cells they live in; from their town hall else.
    anomalies
        What the files of services say.
    """

    result: StudyResult
    services: pd.DataFrame
    territories: pd.DataFrame
    communes: pd.DataFrame
    one_more: pd.DataFrame
    plan_sites: pd.DataFrame
    plan: siting.Plan | None
    by_cell: bool
    anomalies: tuple[Anomaly, ...]

    def _repr_html_(self) -> str:
        """Show the key figures in a notebook."""
        whole, first = self.territories.iloc[0], f"{self.result.study.threshold:g}"
        figures = {
            "services": ", ".join(self.services["service"]),
            f"habitants qui ont tout à {first} min": french.number(whole[f"complets_{first}"]),
        }
        titles = {
            "rang": "Rang",
            "nom": "Lieu",
            "commune": "Commune",
            "services_manquants": "Services à y ajouter",
            "habitants": "Habitants qui auraient tout",
        }
        plan = notebook_html.table(self.plan_sites, titles, caption="Où compléter", shown=None)
        return notebook_html.card(
            f"Panier de services – {self.result.study.etude.nom}",
            figures,
            tables=[plan],
            remarks=[*map(str, self.result.cautions)],
        )

    def __repr__(self) -> str:
        services = ", ".join(self.services["service"])
        return f"Basket({services!r}, sites={list(self.plan_sites['site_id'])})"


def fill_basket(
    result: StudyResult, *, number: int = 1, progress: Callable[[str], None] = lambda _: None
) -> Basket:
    """Measure the basket of a study, and find where to complete it.

    Parameters
    ----------
    result
        The study, run; ``[panier]`` says the services.
    number
        Places of the plan that gathers what is missing.
    progress
        Called with a French sentence at each step.

    Returns
    -------
    Basket
        Who has them all, what is missing, where to add one, and the plan with its bound.

    Raises
    ------
    StudyError
        If a service or a delay is unknown, or a file is not given.
    MsapGeoError
        If a file cannot be used.
    """
    study = result.study
    progress("Lecture des services")
    known = basket_sites(result)
    sites, waits = known.services.tables, _waits(result, known.services)
    progress("Temps de trajet vers chaque service")
    places = _places(result, sites, waits)
    by_cell = result.carreaux is not None and not result.times.file
    lacking = baskets.missing_services(places.minutes, study.threshold)
    hosts = basket_hosts(result)
    progress("Où ajouter un service")
    trips = result.times.matrix(places.points, hosts, max_minutes=study.threshold)
    plan = _plan(result, places, trips, lacking, number)
    return Basket(
        result=result,
        services=_services(result, sites, waits, places),
        territories=_territories(result, places),
        communes=_communes(result, places, lacking),
        one_more=_one_more(result, hosts, trips, places, lacking),
        plan_sites=_plan_sites(plan, hosts, trips, places, lacking, study.panier.services),
        plan=plan,
        by_cell=by_cell,
        anomalies=known.anomalies,
    )


def _waits(result: StudyResult, known: Services) -> dict[str, NDArray[np.float64]]:
    """Return the days one waits at each site: its own, else those of its service, else none."""
    days = result.study.panier.jours
    return {
        name: table["site_id"].map(known.waits).fillna(days.get(name, 0.0)).to_numpy(dtype=float)
        for name, table in known.tables.items()
    }


def _places(
    result: StudyResult,
    sites: dict[str, gpd.GeoDataFrame],
    waits: dict[str, NDArray[np.float64]],
) -> _Places:
    by_cell = result.carreaux is not None and not result.times.file
    if result.carreaux is not None and by_cell:
        points = loaders.carreau_points(result.carreaux, epsg=result.times.epsg)
    else:
        points = result.origins.assign(population=result.access["population"].to_numpy())
    points = points.reset_index(drop=True)
    n, columns, days = len(points), [], []
    for name, table in sites.items():
        if table.empty:
            columns.append(np.full(n, np.inf))
            days.append(np.full(n, np.inf))
            continue
        near = result.times.nearest(points, table)
        first = near[near["rang"] == 1].set_index("demand_id")["minutes"]
        minutes = first.reindex(points["demand_id"]).to_numpy(dtype=float)
        columns.append(np.where(np.isnan(minutes), np.inf, minutes.round(MINUTES_DECIMALS)))
        reach = result.times.matrix(points, table, max_minutes=result.study.threshold).minutes
        days.append(baskets.least_wait(csr_array(reach), waits[name], n_places=n))
    return _Places(
        points,
        points["code_insee" if by_cell else "demand_id"].to_numpy(dtype=object),
        points["population"].to_numpy(dtype=np.int64),
        np.column_stack(columns),
        np.column_stack(days),
    )


def _services(
    result: StudyResult,
    sites: dict[str, gpd.GeoDataFrame],
    waits: dict[str, NDArray[np.float64]],
    places: _Places,
) -> pd.DataFrame:
    people, rows = places.people, []
    for rank, (name, table) in enumerate(sites.items()):
        minutes = places.minutes[:, rank]
        known = np.isfinite(minutes) & (people > 0)
        row: dict[str, object] = {"service": name, "nb_sites": len(table)}
        row["minutes_moyennes"] = (
            round(float(np.average(minutes[known], weights=people[known])), MINUTES_DECIMALS)
            if known.any()
            else np.nan
        )
        for threshold in result.study.thresholds:
            within = int(people[minutes <= threshold].sum())
            row[f"habitants_{threshold:g}"] = within
            row[f"part_{threshold:g}"] = within / max(int(people.sum()), 1)
        row["jours_attente"] = float(np.median(waits[name])) if len(table) else np.nan
        rows.append(row)
    return pd.DataFrame(rows)


def _territories(result: StudyResult, places: _Places) -> pd.DataFrame:
    whole = baskets.basket_minutes(places.minutes)
    slow = baskets.missing_services(
        places.minutes,
        result.study.threshold,
        days=places.days,
        most_days=result.study.panier.attente_max_jours,
    )
    home = coverage.departements_of(pd.Series(places.codes, dtype=object)).to_numpy()
    rows = []
    for code in (_WHOLE, *sorted(set(home))):
        here = np.ones(len(home), dtype=bool) if code == _WHOLE else home == code
        people = places.people[here]
        total = int(people.sum())
        row: dict[str, object] = {
            "territoire": code,
            "nom": DEPARTEMENTS.get(code, code),
            "population": total,
        }
        for threshold in result.study.thresholds:
            within = int(people[whole[here] <= threshold].sum())
            row[f"complets_{threshold:g}"] = within
            row[f"part_complets_{threshold:g}"] = within / total if total else np.nan
        open_door = int(people[~slow[here].any(axis=1)].sum())
        row["complets_sans_attendre"] = open_door
        row["part_sans_attendre"] = open_door / total if total else np.nan
        rows.append(row)
    return pd.DataFrame(rows)


def _communes(result: StudyResult, places: _Places, lacking: NDArray[np.bool_]) -> pd.DataFrame:
    codes = result.communes["code_insee"].to_numpy(dtype=object)
    group = pd.Index(codes).get_indexer(places.codes)
    inside = group >= 0
    n, services = len(codes), result.study.panier.services
    group, people = group[inside], places.people[inside]
    whole = baskets.basket_minutes(places.minutes)[inside]
    missed = baskets.most_missed(lacking[inside], people, group, n_groups=n, services=services)
    known = np.isfinite(whole)
    weight = np.bincount(group[known], weights=people[known], minlength=n)
    sums = np.bincount(group[known], weights=people[known] * whole[known], minlength=n)
    days = places.days[inside].max(axis=1, initial=0.0)
    waited = np.full(n, -np.inf)
    np.maximum.at(waited, group, np.where(np.isfinite(days) & (people > 0), days, -np.inf))
    table = pd.DataFrame(
        {
            "code_insee": codes,
            "nom": result.communes["nom"].to_numpy(dtype=object),
            "population": np.bincount(group, weights=people, minlength=n).astype(np.int64),
            "minutes": np.divide(sums, weight, out=np.full(n, np.nan), where=weight > 0).round(
                MINUTES_DECIMALS
            ),
        }
    )
    for threshold in result.study.thresholds:
        complete = people * (whole <= threshold)
        table[f"complets_{threshold:g}"] = np.bincount(group, weights=complete, minlength=n).astype(
            np.int64
        )
    table["manque"] = [name for name, _ in missed]
    table["habitants_sans"] = [count for _, count in missed]
    table["jours_attente"] = np.where(np.isfinite(waited), waited, np.nan)
    return table


def _one_more(
    result: StudyResult,
    hosts: gpd.GeoDataFrame,
    trips: travel.TravelTimes,
    places: _Places,
    lacking: NDArray[np.bool_],
) -> pd.DataFrame:
    completed = baskets.one_more_service(csr_array(trips.minutes), places.people, lacking)
    site, service = np.nonzero(completed)
    table = pd.DataFrame(
        {
            **{name: hosts[name].to_numpy(dtype=object)[site] for name in _IDENTITY},
            "service": np.array(result.study.panier.services, dtype=object)[service],
            "habitants": completed[site, service],
        }
    ).sort_values(
        ["habitants", "service", "site_id"], ascending=[False, True, True], ignore_index=True
    )
    table.insert(0, "rang", np.arange(1, len(table) + 1))
    return table.head(SHOWN)


_IDENTITY = ("site_id", "nom", "genre", "code_insee", "commune")


def _plan(
    result: StudyResult,
    places: _Places,
    trips: travel.TravelTimes,
    lacking: NDArray[np.bool_],
    number: int,
) -> siting.Plan | None:
    if not len(trips.site_ids):
        return None
    incomplete = places.people * lacking.any(axis=1)
    problem = siting.make_problem(
        trips, pd.Series(incomplete), pd.Series(np.full(len(incomplete), np.nan))
    )
    return siting.maximal_covering(
        problem,
        siting.Rules(count=number),
        thresholds=[result.study.threshold],
        effort=siting.Effort(seconds=result.study.implantation.secondes),
    )


def _plan_sites(
    plan: siting.Plan | None,
    hosts: gpd.GeoDataFrame,
    trips: travel.TravelTimes,
    places: _Places,
    lacking: NDArray[np.bool_],
    services: tuple[str, ...],
) -> pd.DataFrame:
    columns = ["rang", *_IDENTITY, "services_manquants", "habitants"]
    if plan is None:
        return pd.DataFrame(columns=columns)
    reach = csr_array(trips.minutes).tocsc()
    known = hosts.set_index("site_id")
    left: NDArray[np.bool_] = np.asarray(lacking.any(axis=1))
    rows = []
    for rank, site in enumerate(plan.sites, start=1):
        column = trips.site_ids.get_loc(site)
        near = reach.indices[reach.indptr[column] : reach.indptr[column + 1]]
        newly = near[left[near]]
        wanted = lacking[newly].any(axis=0)
        rows.append(
            {
                "rang": rank,
                "site_id": site,
                **{name: known.loc[site, name] for name in _IDENTITY[1:]},
                "services_manquants": ", ".join(
                    name for name, missed in zip(services, wanted, strict=True) if missed
                ),
                "habitants": int(places.people[newly].sum()),
            }
        )
        left[newly] = False
    return pd.DataFrame(rows, columns=columns)
