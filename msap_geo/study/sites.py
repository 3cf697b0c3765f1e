"""The sites of a study: its Maisons, its post offices, and those just across its border."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msap_geo import loaders, network
from msap_geo.anomalies import Action, Anomaly, note
from msap_geo.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    import pandas as pd

    from msap_geo.study.facts import Facts
    from msap_geo.study.file import Study


class Sites(NamedTuple):
    """What the lists of sites hold for a study.

    Parameters
    ----------
    maisons, itinerants
        Maisons that count, neighbouring ones included, and those of the territory that move.
    la_poste, la_poste_around
        Post offices of the territory, and those across its border that may be nearer.
    la_poste_national
        How many post offices the country has.
    maisons_read, la_poste_read
        Rows of the files.
    anomalies
        What was repaired, left out or noted.
    """

    maisons: gpd.GeoDataFrame
    itinerants: gpd.GeoDataFrame
    la_poste: gpd.GeoDataFrame
    la_poste_around: gpd.GeoDataFrame
    la_poste_national: int
    maisons_read: int
    la_poste_read: int
    anomalies: list[Anomaly]


def load_sites(
    study: Study,
    communes: gpd.GeoDataFrame,
    origins: gpd.GeoDataFrame,
    codes: loaders.CommuneCodes | None,
    town_halls: gpd.GeoDataFrame | None = None,
) -> Sites:
    """Load the sites of a study and settle each in its commune.

    ``town_halls``, of the whole country where possible, tell where those of neighbours are.

    Raises
    ------
    MsapGeoError
        If a list is absent or unusable, or the study asks for an unknown kind.
    """
    known = {*loaders.FIXED_KINDS, *loaders.ITINERANT_KINDS}
    anomalies: list[Anomaly] = []
    raw = {"maisons": load_maisons(study), "la_poste": _load_la_poste(study)}
    settled = {}
    for role, written in (
        ("maisons", study.donnees.maisons),
        ("la_poste", study.donnees.la_poste),
    ):
        found = loaders.attach_to_communes(
            raw[role].table,
            communes,
            origins,
            file=written.name,
            codes=codes,
            town_halls=town_halls,
        )
        anomalies += [*raw[role].anomalies, *found.anomalies]
        settled[role] = found.table
    check_kinds(study.maisons.types, known, where="[maisons] types")
    near = loaders.within_reach(settled["maisons"], communes)
    maisons = _counted(study, near)
    moving = ~near["site_id"].isin(maisons["site_id"])
    itinerants = near[moving & near["departement"].isin(study.departements)]
    local = settled["la_poste"]["departement"].isin(study.departements)
    anomalies += note(
        _named(itinerants),
        "maison-itinerante",
        Action.NOTED,
        "{genre}, montrée mais non comptée",
        file=study.donnees.maisons.name,
    )
    return Sites(
        maisons,
        itinerants.reset_index(drop=True),
        settled["la_poste"][local].reset_index(drop=True),
        _around(study, settled["la_poste"], communes),
        len(raw["la_poste"].table),
        raw["maisons"].rows_read,
        raw["la_poste"].rows_read,
        anomalies,
    )


def _counted(study: Study, near: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Keep the Maisons that count: those of the kinds a study takes."""
    return near[near["genre"].isin(study.maisons.types)].reset_index(drop=True)


def previous_maisons(facts: Facts) -> tuple[gpd.GeoDataFrame, list[Anomaly]]:
    """Load the previous list of Maisons of a study, read and settled as today's is.

    Parameters
    ----------
    facts
        The study, run; its ``[diagnostic] maisons_avant`` names a list.

    Returns
    -------
    tuple
        The Maisons that counted, and the anomalies of their list.

    Raises
    ------
    MsapGeoError
        If there is no such list, or it is absent or unusable.
    """
    study, written = facts.study, facts.study.diagnostic.maisons_avant
    if written is None:
        raise StudyError("aucune liste précédente", where="[diagnostic] maisons_avant")
    raw = loaders.load_maisons(study.path(written))
    settled = loaders.attach_to_communes(
        raw.table, facts.communes, facts.origins, file=written.name, codes=facts.codes
    )
    near = loaders.within_reach(settled.table, facts.communes)
    maisons, unreached = reachable(study, facts.roads, _counted(study, near))
    return maisons, [*raw.anomalies, *settled.anomalies, *unreached]


def operator_counters(
    facts: Facts, genres: Sequence[str]
) -> tuple[gpd.GeoDataFrame, list[Anomaly]]:
    """Load the counters of operators of a study, settled in the communes as Maisons are."""
    study, written = facts.study, facts.study.diagnostic.operateurs
    raw = loaders.load_operateurs([study.path(path) for path in written], genres=genres)
    settled = loaders.attach_to_communes(
        raw.table, facts.communes, facts.origins, file=written[0].name, codes=facts.codes
    )
    near = loaders.within_reach(settled.table, facts.communes)
    return near, [*raw.anomalies, *settled.anomalies]


def _around(
    study: Study, offices: gpd.GeoDataFrame, communes: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    away = offices[~offices["departement"].isin(study.departements) & offices.geometry.notna()]
    return loaders.within_reach(away, communes).reset_index(drop=True)


def load_maisons(study: Study) -> loaders.Loaded[gpd.GeoDataFrame]:
    """Load the Maisons of a study, as of the day it asks for (:func:`loaders.load_maisons`)."""
    au = study.maisons.au
    path = study.path(study.donnees.maisons)
    return loaders.load_maisons(path, au=None if au is None else au.isoformat())


def _load_la_poste(study: Study) -> loaders.Loaded[gpd.GeoDataFrame]:
    """Load the post offices, with their hours where a file gives them."""
    offices = loaders.load_la_poste(study.path(study.donnees.la_poste))
    if study.donnees.la_poste_horaires is None:
        return offices
    path = study.path(study.donnees.la_poste_horaires)
    hours = loaders.load_la_poste_hours(path)
    joined = loaders.join_hours(offices.table, hours.table, file=path.name)
    told = (*offices.anomalies, *hours.anomalies, *joined.anomalies)
    return loaders.Loaded(joined.table, offices.rows_read, told)


def check_kinds(asked: Sequence[str], known: set[str], *, where: str) -> None:
    """Refuse kinds of sites that do not exist.

    Raises
    ------
    StudyError
        If a kind is unknown; ``where`` says which key of the study asks for it.
    """
    unknown = [kind for kind in asked if kind not in known]
    if unknown:
        raise StudyError(
            f"type inconnu : {', '.join(unknown)}",
            where=where,
            remedy=f"choisir parmi : {', '.join(sorted(known))}",
        )


def candidate_offices(study: Study, la_poste: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the post offices of the kinds a study takes for candidates."""
    check_kinds(
        study.candidats.types,
        set(la_poste["genre"]) | {"Bureau de Poste"},
        where="[candidats] types",
    )
    return la_poste[la_poste["genre"].isin(study.candidats.types)].reset_index(drop=True)


def reachable(
    study: Study, roads: network.RoadNetwork, maisons: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame, list[Anomaly]]:
    """Drop the neighbouring Maisons no road given leads to; tell of them and of ours off the road.

    Ours stay in the tables: they exist, even if nobody reaches them.
    """
    off = network.snap(roads, maisons.geometry).edge < 0
    away = ~maisons["departement"].isin(study.departements).to_numpy()
    anomalies = note(
        _named(maisons[off & ~away]),
        "maison-hors-reseau",
        Action.LEFT_OUT,
        f"à plus de {roads.max_snap_m:g} m de toute route",
    )
    count = int((off & away).sum())
    if count:
        message = (
            f"{count} Maisons de départements voisins, à moins de {loaders.BORDER_KM:g} km, sont "
            "hors du réseau routier fourni et ne comptent pas"
        )
        anomalies.append(Anomaly("maisons-voisines-hors-reseau", Action.NOTED, "", message))
    return maisons[~(off & away)].reset_index(drop=True), anomalies


def _named(sites: gpd.GeoDataFrame) -> pd.DataFrame:
    told = sites[["nom", "genre", "departement", "ligne"]].assign(identifiant=sites["site_id"])
    return told.assign(nom=sites["nom"] + " (" + sites["commune"] + ")")
