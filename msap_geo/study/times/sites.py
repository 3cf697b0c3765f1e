"""The sites of a study whose times come from a table: those it knows, and what to tell."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from msap_geo import french, loaders
from msap_geo.anomalies import Action, Anomaly, note
from msap_geo.study.times.source import WITHOUT_TIME

if TYPE_CHECKING:
    import geopandas as gpd

    from msap_geo.study.file import Study
    from msap_geo.study.inputs import Places
    from msap_geo.study.sites import Sites
    from msap_geo.study.times.reading import GivenTimes
    from msap_geo.study.times.source import FromTable


class Known(NamedTuple):
    """A table of times and the sites it leaves to a study.

    Parameters
    ----------
    times
        The table, told of the sites it lacks.
    sites
        Sites of the study: without the neighbouring Maisons, the hosts and the rounds it has no
        time for.
    anomalies
        What the reading of the table told, then this.
    read, kept
        Rows of the file, and those that serve.
    """

    times: FromTable
    sites: Sites
    anomalies: list[Anomaly]
    read: int
    kept: int


def known_to(study: Study, given: GivenTimes, places: Places, sites: Sites) -> Known:
    """Confront a table of times with the sites of a study.

    Parameters
    ----------
    study
        The study.
    given
        Its table, read.
    places
        Its communes.
    sites
        Its sites.
    """
    table, file = given.times, given.times.file
    anomalies = list(given.anomalies)
    maisons = sites.maisons
    known = table.knows(maisons["site_id"])
    away = ~places.ours(maisons).to_numpy()
    anomalies += note(
        _named(maisons[~known & ~away]),
        "maison-sans-temps",
        Action.LEFT_OUT,
        "aucun temps vers elle dans la table : personne n'est dit à sa portée",
        file=file,
    )
    count = int((~known & away).sum())
    if count:
        whose = "de départements voisins" if places.territory is None else "voisines"
        message = (
            f"{french.counted(count, 'Maison')} {whose}, à moins de "
            f"{french.short(loaders.BORDER_KM)} km, sans temps dans la table : "
            f"non {french.agreed(count, 'comptée')}"
        )
        anomalies.append(Anomaly("maisons-voisines-sans-temps", Action.NOTED, file, message))
    asked = sites.la_poste["genre"].isin(study.candidats.types).to_numpy()
    without = ~table.knows(sites.la_poste["site_id"])
    lost_hosts = ~table.knows(sites.hosts["site_id"])
    for lost in (sites.la_poste[asked & without], sites.hosts[lost_hosts]):
        anomalies += note(
            _named(lost),
            "candidat-sans-temps",
            Action.LEFT_OUT,
            "aucun temps vers ce bureau dans la table : il n'est pas noté",
            file=file,
        )
    stops = (*sites.stops, *sites.planned)
    if stops:
        message = (
            f"{french.counted(len(stops), 'arrêt')} de tournées : la table ne dit pas qui "
            "est à leur portée, aucun n'est compté"
        )
        anomalies.append(Anomaly("tournees-sans-temps", Action.NOTED, file, message))
    counted = maisons[known | ~away].reset_index(drop=True)
    anomalies += _missing(study, given, places, maisons[known])
    anomalies += _stand_ins(table, sites, asked & ~without, ~lost_hosts)
    if study.reseau.sources and not study.mobilite.gtfs:
        message = "les routes de [reseau] ne sont pas lues : les temps viennent de la table"
        anomalies.append(Anomaly("reseau-non-lu", Action.NOTED, file, message))
    return Known(
        replace(table, told=frozenset(counted["site_id"]) - frozenset(maisons["site_id"][known])),
        sites._replace(
            maisons=counted,
            la_poste=sites.la_poste.assign(**{WITHOUT_TIME: without}),
            hosts=sites.hosts[~lost_hosts].reset_index(drop=True),
            stops=(),
            planned=(),
        ),
        anomalies,
        given.read,
        given.kept,
    )


def _missing(
    study: Study, given: GivenTimes, places: Places, maisons: gpd.GeoDataFrame
) -> list[Anomaly]:
    """Tell the trips to the Maisons that the table does not have, those within a commune first."""
    table, file = given.times.table, given.times.file
    communes = places.own(places.communes)[["code_insee", "nom", "departement"]]
    within = pd.DataFrame(
        maisons[["site_id", "nom", "code_insee"]]
        .merge(communes, on="code_insee", suffixes=("_site", ""))
        .assign(identifiant=lambda table: table["code_insee"])
    )
    stored = table.minutes.tocoo()
    has = set(zip(table.demand_ids[stored.row], table.site_ids[stored.col], strict=True))
    lost = [
        (code, site) not in has
        for code, site in zip(within["code_insee"], within["site_id"], strict=True)
    ]
    anomalies = note(
        within[lost],
        "temps-interieur-absent",
        Action.NOTED,
        "aucun temps vers la Maison de la commune elle-même ({nom_site})",
        file=file,
    )
    if study.temps.trajet_max_minutes is not None:
        return anomalies
    rows = communes["code_insee"][communes["code_insee"].isin(table.demand_ids)]
    pairs = given.pairs
    there = pairs["origine"].isin(rows) & pairs["destination"].isin(maisons["site_id"])
    whole = len(rows) * len(maisons)
    count = whole - int(there.sum())
    if count:
        message = (
            f"{french.counted(count, 'trajet')} de commune à Maison, sur {french.number(whole)}, "
            "absents de la table : pris pour sans route (si elle s'arrête à une durée, l'écrire : "
            "[temps] trajet_max_minutes)"
        )
        anomalies.append(Anomaly("temps-manquants", Action.NOTED, file, message))
    return anomalies


def _stand_ins(
    table: FromTable, sites: Sites, offices: pd.Series, hosts: pd.Series
) -> list[Anomaly]:
    """Tell how many offices start from their commune, for want of times of their own."""
    ids = pd.concat([sites.la_poste["site_id"][offices], sites.hosts["site_id"][hosts]])
    count = int((~ids.isin(table.table.demand_ids)).sum())
    if not count:
        return []
    message = (
        f"{french.counted(count, 'bureau')} {french.agreed(count, 'candidat')} sans temps de "
        "départ dans la table : ceux de leur commune en tiennent lieu (minutes jusqu'à la Maison "
        "la plus proche)"
    )
    return [Anomaly("bureaux-sans-depart", Action.NOTED, table.file, message)]


def _named(sites: gpd.GeoDataFrame) -> pd.DataFrame:
    if sites.empty:  # a study without hosts has no names of them
        return pd.DataFrame()
    # Lines are those of the list of sites, not of the table.
    told = sites[["nom", "departement"]].assign(identifiant=sites["site_id"])
    return told.assign(nom=sites["nom"] + " (" + sites["commune"] + ")")
