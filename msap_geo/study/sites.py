"""The sites of a study: its Maisons, its post offices, and those just across its border."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import pandas as pd

from msap_geo import french, loaders, network, rounds
from msap_geo.among import among
from msap_geo.anomalies import Action, Anomaly, note
from msap_geo.errors import StudyError
from msap_geo.study.inputs import (
    read_hosts,
    read_la_poste,
    read_maisons,
    read_operators,
    read_planned,
    read_previous,
    read_rounds,
)
from msap_geo.study.ledger import Ledger
from msap_geo.study.times.source import WITHOUT_TIME

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from msap_geo.study.facts import Facts
    from msap_geo.study.file import Study
    from msap_geo.study.inputs import Places
    from msap_geo.study.times.source import TimeSource


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
    stops, planned
        Stops of the rounds that exist, and of those in project.
    hosts
        Places other than post offices that could host a Maison.
    """

    maisons: gpd.GeoDataFrame
    itinerants: gpd.GeoDataFrame
    la_poste: gpd.GeoDataFrame
    la_poste_around: gpd.GeoDataFrame
    la_poste_national: int
    maisons_read: int
    la_poste_read: int
    stops: tuple[rounds.Stop, ...]
    planned: tuple[rounds.Stop, ...]
    hosts: gpd.GeoDataFrame


def load_sites(ledger: Ledger, places: Places) -> Sites:
    """Load the sites of a study and settle each in its commune.

    Raises
    ------
    MsapGeoError
        If a list is absent or unusable, or the study asks for an unknown kind.
    """
    study, data = ledger.study, ledger.study.donnees
    maisons = _settled(ledger, places, read_maisons(ledger), data.maisons)
    offices = _settled(ledger, places, read_la_poste(ledger), data.la_poste)
    known = {*loaders.FIXED_KINDS, *loaders.ITINERANT_KINDS}
    check_kinds(study.maisons.types, known, where="[maisons] types")
    near = places.within_reach(maisons.table)
    kept = counted(study, near)
    moving = ~near["site_id"].isin(kept["site_id"])
    itinerants = near[moving & places.ours(near)]
    ledger.anomalies += note(
        _named(itinerants),
        "maison-itinerante",
        Action.NOTED,
        "{genre}, montrée mais non comptée",
        file=data.maisons.name,
    )
    local = places.ours(offices.table)
    away = offices.table[~local & offices.table.geometry.notna()]
    return Sites(
        kept,
        itinerants.reset_index(drop=True),
        places.written(offices.table[local]).reset_index(drop=True),
        places.within_reach(away).reset_index(drop=True),
        int((offices.table["genre"] != loaders.ITINERANT_OFFICE).sum()),
        maisons.rows_read,
        offices.rows_read,
        *rounds_of(ledger, places, near[moving], data.maisons),
        _hosts(ledger, places, {*maisons.table["site_id"], *offices.table["site_id"]}),
    )


def following(sites: Sites, places: Places) -> Sites:
    """Let the sites that stand at their commune's origin follow it, once the roads have told it."""
    of = places.origins.set_index("code_insee").geometry

    def followed(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        there = (table["position"] == "commune") & among(table["code_insee"], of.index)
        place = table.geometry.to_numpy().copy()
        place[there.to_numpy()] = of.reindex(table["code_insee"][there]).to_numpy()
        return table.set_geometry(gpd.GeoSeries(place, index=table.index, crs=table.crs))

    return sites._replace(
        maisons=followed(sites.maisons),
        itinerants=followed(sites.itinerants),
        la_poste=followed(sites.la_poste),
        la_poste_around=followed(sites.la_poste_around),
        hosts=followed(sites.hosts),
    )


def rounds_of(
    ledger: Ledger, places: Places, itinerants: gpd.GeoDataFrame, written: Path
) -> tuple[tuple[rounds.Stop, ...], tuple[rounds.Stop, ...]]:
    """Return the stops that exist, those a study gives then those of its list, and its project's.

    Parameters
    ----------
    ledger
        Which notes what the list leaves unsaid.
    places
        The communes.
    itinerants
        Settled Maisons of the list that move.
    written
        The list.
    """
    own = read_rounds(ledger, places)
    listed = rounds.stops_of_list(
        places.stopping(itinerants),
        places.communes,
        told=[stop.vehicle for stop in own],
        file=written.name,
    )
    ledger.anomalies += listed.anomalies
    stops = (*own, *listed.stops)
    return stops, read_planned(ledger, places, stops)


def _settled(
    ledger: Ledger,
    places: Places,
    loaded: loaders.Loaded[gpd.GeoDataFrame] | None,
    written: Path,
) -> loaders.Loaded[gpd.GeoDataFrame]:
    if loaded is None:
        raise StudyError("liste illisible", where=written)
    found = places.settle(loaded.table, written.name)
    ledger.anomalies += found.anomalies
    return loaders.Loaded(found.table, loaded.rows_read, ())


def _hosts(ledger: Ledger, places: Places, taken: set[str]) -> gpd.GeoDataFrame:
    """Read the hosts of a study that could become a Maison; those that never will are told."""
    written = ledger.study.candidats.fichier
    loaded = read_hosts(ledger)
    if loaded is None or written is None:
        crs = places.communes.crs
        return gpd.GeoDataFrame(
            {"site_id": [], "genre": [], "position": [], "code_insee": []}, geometry=[], crs=crs
        )
    check_identifiers(loaded.table, taken, where=written)
    settled = _settled(ledger, places, loaded, written).table
    usable = usable_hosts(ledger, settled, written)
    return places.written(usable[places.ours(usable)]).reset_index(drop=True)


def check_identifiers(hosts: pd.DataFrame, taken: set[str], *, where: Path) -> None:
    """Refuse hosts under identifiers of other sites.

    Raises
    ------
    StudyError
        If a host's identifier is among those taken; ``where`` says which file has it.
    """
    known = sorted(taken & set(hosts["site_id"]))
    if known:
        raise StudyError(
            f"identifiants déjà pris par une Maison ou un point La Poste : {', '.join(known[:5])}",
            where=where,
            remedy="donner aux hôtes des identifiants à eux ; un bureau de poste est candidat par "
            "[candidats] types",
        )


def usable_hosts(ledger: Ledger, settled: gpd.GeoDataFrame, written: Path) -> gpd.GeoDataFrame:
    """Keep the settled hosts of the study that could become a Maison; the others are told."""
    study = ledger.study
    here = settled[settled["departement"].isin(study.departements)]
    never = here["label"] == loaders.IMPOSSIBLE
    ledger.anomalies += note(
        _named(here[never]).assign(conditions=here["conditions"][never]),
        "hote-impossible",
        Action.LEFT_OUT,
        "hôte qui ne peut pas être labellisé ({conditions})",
        file=written.name,
    )
    outside = len(settled) - len(here)
    if outside:
        message = f"{french.counted(outside, 'hôte')} hors des départements de l'étude"
        ledger.anomalies.append(
            Anomaly("hote-hors-territoire", Action.LEFT_OUT, written.name, message)
        )
    return here[~never]


def priced(study: Study, hosts: gpd.GeoDataFrame) -> tuple[Study, gpd.GeoDataFrame]:
    """Give each host that tells its own costs a kind that has them.

    Costs go by kind everywhere: plan, payers, page, budget. Hosts of one kind with the same costs
    keep its name; where they differ, or where the kind has a price already, the name tells them.

    Parameters
    ----------
    study
        Whose ``[couts]`` gain the prices of the hosts.
    hosts
        Its hosts, with ``cout_eur`` (null where the model's price serves) and ``travaux_eur``.

    Returns
    -------
    tuple
        The study and the hosts.
    """
    if hosts.empty:
        return study, hosts
    running, investment = hosts["cout_eur"], hosts["travaux_eur"].where(hosts["travaux_eur"] > 0)
    reserved = {*study.candidats.types, *study.couts.fonctionnement_eur}
    reserved |= set(study.couts.investissement_eur)
    kinds = hosts["genre"].copy()
    couts = study.couts
    yearly, once = dict(couts.fonctionnement_eur), dict(couts.investissement_eur)
    for kind, rows in hosts.groupby("genre").groups.items():
        pairs = {(running[row], investment[row]) for row in rows}
        alone = len({(str(a), str(b)) for a, b in pairs}) == 1 and kind not in reserved
        for row in rows:
            told = [f"{french.euros(running[row])} par an"] if running[row] == running[row] else []
            if investment[row] == investment[row]:
                told.append(f"{french.euros(investment[row])} de travaux")
            if not told:
                continue
            kinds[row] = kind if alone else f"{kind} ({', '.join(told)})"
            if running[row] == running[row]:
                yearly[kinds[row]] = float(running[row])
            elif kind in yearly:
                yearly[kinds[row]] = yearly[str(kind)]
            if investment[row] == investment[row]:
                once[kinds[row]] = float(investment[row])
            elif kind in once:
                once[kinds[row]] = once[str(kind)]
    own = couts.model_copy(update={"fonctionnement_eur": yearly, "investissement_eur": once})
    return study.model_copy(update={"couts": own}), hosts.assign(genre=kinds)


def counted(study: Study, near: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
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
    ledger = Ledger(study)
    settled = _settled(ledger, facts.places, read_previous(ledger), written)
    near = facts.places.within_reach(settled.table)
    maisons, unreached = reachable(facts.places, facts.times, counted(study, near))
    return maisons, [*ledger.anomalies, *unreached]


def previous_rounds(facts: Facts) -> tuple[rounds.Stop, ...]:
    """Return the stops of the buses of the previous list, taken as today's list's are."""
    study, written = facts.study, facts.study.diagnostic.maisons_avant
    if written is None or facts.times.file:  # a table of times says nothing of stops
        return ()
    ledger = Ledger(study)
    near = facts.places.within_reach(
        _settled(ledger, facts.places, read_previous(ledger), written).table
    )
    moving = ~near["site_id"].isin(counted(study, near)["site_id"])
    rows = facts.places.stopping(near[moving])
    return rounds.stops_of_list(rows, facts.places.communes, told=(), file=written.name).stops


def operator_counters(
    facts: Facts, genres: Sequence[str]
) -> tuple[gpd.GeoDataFrame, list[Anomaly]]:
    """Load the counters of operators of a study, settled in the communes as Maisons are."""
    written = facts.study.diagnostic.operateurs
    ledger = Ledger(facts.study)
    loaded = read_operators(ledger, written, genres)
    settled = _settled(ledger, facts.places, loaded, written[0])
    return facts.places.within_reach(settled.table), ledger.anomalies


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


def candidate_offices(
    study: Study, la_poste: gpd.GeoDataFrame, hosts: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Return the post offices of the kinds a study takes for candidates, then its other hosts."""
    check_kinds(
        study.candidats.types,
        set(la_poste["genre"]) | {"Bureau de Poste"},
        where="[candidats] types",
    )
    wanted = la_poste["genre"].isin(study.candidats.types)
    wanted &= ~la_poste[WITHOUT_TIME] if WITHOUT_TIME in la_poste else True
    offices = la_poste[wanted].reset_index(drop=True)
    return with_hosts(offices.drop(columns=WITHOUT_TIME, errors="ignore"), hosts)


def with_hosts(offices: gpd.GeoDataFrame, hosts: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Put hosts after post offices, in one table."""
    if hosts.empty:
        return offices
    return gpd.GeoDataFrame(
        pd.concat([offices, hosts], ignore_index=True), geometry="geometry", crs=offices.crs
    )


def reachable(
    places: Places, times: TimeSource, maisons: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame, list[Anomaly]]:
    """Drop the neighbouring Maisons no road leads to, keep ours that are off it; tell of both."""
    if times.file:  # a table of times is told of when it is read
        return maisons.reset_index(drop=True), []
    roads = times.roads
    estimated = roads.profile == network.ESTIMATED
    off = network.snap(roads, maisons.geometry).edge < 0
    away = ~places.ours(maisons).to_numpy()
    anomalies = note(
        _named(maisons[off & ~away]),
        "maison-hors-reseau",
        Action.LEFT_OUT,
        f"à plus de {french.short(roads.max_snap_m)} m "
        + ("du réseau estimé" if estimated else "de toute route"),
    )
    count = int((off & away).sum())
    if count:
        # An estimated network joins the communes of the study: no road was given that falls short.
        beyond = "du réseau estimé de ces communes" if estimated else "des routes fournies"
        whose = "de départements voisins" if places.territory is None else "voisines"
        message = (
            f"{french.counted(count, 'Maison')} {whose}, à moins de "
            f"{french.short(loaders.BORDER_KM)} km, hors {beyond} : "
            f"non {french.agreed(count, 'comptée')}"
        )
        anomalies.append(Anomaly("maisons-voisines-hors-reseau", Action.NOTED, "", message))
    return maisons[~(off & away)].reset_index(drop=True), anomalies


def _named(sites: gpd.GeoDataFrame) -> pd.DataFrame:
    told = sites[["nom", "genre", "departement", "ligne"]].assign(identifiant=sites["site_id"])
    return told.assign(nom=sites["nom"] + " (" + sites["commune"] + ")")
