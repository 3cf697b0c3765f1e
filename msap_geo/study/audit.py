"""The files of a study looked at one by one, then together, before anything is computed.

The reading is that of a run (:mod:`msap_geo.study.inputs`), but a file that cannot be used does not
stop the others: its error is one more finding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from msap_geo import audit, loaders, network
from msap_geo.errors import MsapGeoError
from msap_geo.siting import adaptation
from msap_geo.study.asked.roads import LIVE
from msap_geo.study.asked.scenery import read_scenery
from msap_geo.study.asked.services import read_services
from msap_geo.study.audit_territory import check_territory
from msap_geo.study.file import as_study
from msap_geo.study.inputs import (
    altered_inputs,
    read_attendance,
    read_codes,
    read_hosts,
    read_la_poste,
    read_maisons,
    read_operators,
    read_previous,
    read_territory,
)
from msap_geo.study.ledger import AuditLedger, Ledger
from msap_geo.study.roads import (
    coaches_without_roads,
    from_streets,
    load_roads,
    network_anomalies,
    study_profile,
    time_anomalies,
    with_changes,
    with_live_roads,
)
from msap_geo.study.roles import ROLES
from msap_geo.study.sites import (
    check_identifiers,
    check_kinds,
    counted,
    load_sites,
    reachable,
    rounds_of,
    usable_hosts,
)
from msap_geo.study.times.reading import read_times
from msap_geo.study.times.sites import known_to
from msap_geo.study.times.source import OnRoads
from msap_geo.territory import projected_crs
from msap_geo.travel.times import read_trips

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from os import PathLike
    from pathlib import Path

    import geopandas as gpd

    from msap_geo.study.asked.roads import Modification
    from msap_geo.study.file import Study
    from msap_geo.study.inputs import KnownCodes, Places


def audit_study(
    study: Study | PathLike[str] | str, *, progress: Callable[[str], None] = lambda _: None
) -> audit.Audit:
    """Audit the files of a study; nothing is written but the network cache.

    Parameters
    ----------
    study
        Checked study file, or its path.
    progress
        Called with a French sentence at each step.

    Returns
    -------
    Audit
        What each file holds, and everything found. Files that cannot be used are findings too.
    """
    study = as_study(study)
    book = AuditLedger(study)
    progress("Lecture des communes et de la population")
    book.anomalies += altered_inputs(study)
    known = read_codes(book)
    territory = read_territory(book, known)
    asked = check_territory(book, known, territory)
    places = None if territory is None else territory.places
    ours = None if places is None else places._replace(territory=asked)
    progress("Lecture des Maisons et des points La Poste")
    maisons = _sites(book, known, places)
    if study.temps.source is not None:
        progress("Lecture de la table des temps")
        _times(book, ours, study.temps.source)
    else:
        progress("Lecture du réseau routier")
        _roads(book, places, maisons, progress)
    read_scenery(book, ours and ours.own(ours.communes), epsg=projected_crs(study.departements))
    if study.mobilite.gtfs:
        progress("Lecture des horaires")
        _timetable(book)
    book.findings += audit.far_apart(
        {
            ROLES[role].title: book.study.vintage(role)
            for role in book.study.inputs()
            if not ROLES[role].past
        }
    )
    return book.result()


def _sites(book: AuditLedger, known: KnownCodes, places: Places | None) -> gpd.GeoDataFrame | None:
    """Read every file of sites; return the Maisons that count, if they could be settled."""
    study, data = book.study, book.study.donnees
    kinds = {*loaders.FIXED_KINDS, *loaders.ITINERANT_KINDS}
    book.attempt("", lambda: check_kinds(study.maisons.types, kinds, where="[maisons] types"))
    maisons, offices = read_maisons(book), read_la_poste(book)
    if offices is not None:
        local = offices.table["departement"].isin(study.departements)
        kinds = {*offices.table["genre"][local], "Bureau de Poste"}
        book.attempt(
            "", lambda: check_kinds(study.candidats.types, kinds, where="[candidats] types")
        )
        if data.la_poste_horaires is not None:
            # Lines are those of the points.
            book.anomalies += audit.without_hours(offices.table, file=data.la_poste.name)
    reached: dict[Path, gpd.GeoDataFrame] = {}
    for written, loaded in (
        (data.maisons, maisons),
        (data.la_poste, offices),
        (study.diagnostic.maisons_avant, read_previous(book)),
    ):
        if loaded is None or written is None:
            continue
        book.anomalies += audit.superposed(loaded.table, file=written.name)
        settled = _settled(book, known, places, loaded.table, written)
        if settled is not None and places is not None:
            reached[written] = places.within_reach(settled)
    _hosts(book, known, places, [one.table for one in (maisons, offices) if one is not None])
    for path in study.diagnostic.operateurs:
        # Several counters at one address are no surprise.
        loaded = read_operators(book, [path])
        if loaded is not None:
            _settled(book, known, places, loaded.table, path)
    if maisons is not None:
        book.anomalies += [
            *audit.without_hours(maisons.table, file=data.maisons.name),
            *audit.below_label(maisons.table, file=data.maisons.name),
        ]
    near = reached.get(data.maisons)
    if near is None:
        return None
    maisons_counted = counted(study, near)
    read_attendance(book, maisons_counted)
    points = reached.get(data.la_poste)
    _accords(book, points)
    _basket(book, known, places, maisons_counted, points)
    _rounds(book, places, near[~near["site_id"].isin(maisons_counted["site_id"])])
    book.counted |= set(maisons_counted["site_id"])
    return maisons_counted


def _hosts(
    book: AuditLedger,
    known: KnownCodes,
    places: Places | None,
    others: Iterable[gpd.GeoDataFrame],
) -> None:
    """Read the hosts, and tell those a run refuses or leaves out."""
    written, loaded = book.study.candidats.fichier, read_hosts(book)
    if loaded is None or written is None:
        return
    taken = {name for table in others for name in table["site_id"]}
    book.attempt("", lambda: check_identifiers(loaded.table, taken, where=written))
    book.anomalies += audit.superposed(loaded.table, file=written.name)
    settled = _settled(book, known, places, loaded.table, written)
    if settled is not None:
        usable_hosts(book, settled, written)


def _accords(book: AuditLedger, points: gpd.GeoDataFrame | None) -> None:
    """Read the answers of mayors as ``adapter`` will."""
    study, written = book.study, book.study.adaptation.accords
    if written is None:
        return
    found = book.attempt(written.name, lambda: adaptation.read_accords(study.path(written)))
    book.count("accords", written, len(found or ()), len(found or ()))
    if found and points is not None:
        local = points[points["departement"].isin(study.departements)]
        known, where = set(local["site_id"].astype(str)), str(written)
        given = [answer.site_id for answer in found]
        book.attempt(written.name, lambda: adaptation.check_points(given, known, where=where))


def _basket(
    book: AuditLedger,
    known: KnownCodes,
    places: Places | None,
    maisons: gpd.GeoDataFrame,
    points: gpd.GeoDataFrame | None,
) -> None:
    """Read the files of the basket as a run does."""
    if "panier" not in book.study.model_fields_set or places is None or points is None:
        return
    before = list(book.anomalies)
    book.attempt(
        "",
        lambda: read_services(
            book,
            maisons,
            points,
            lambda table, path: _settled(book, known, places, table, path),
            places,
        ),
    )
    # The counters of the diagnosis may serve the basket too: they are told once.
    told = set(before)
    book.anomalies = before + [found for found in book.anomalies if found not in told]


def _rounds(book: AuditLedger, places: Places | None, moving: gpd.GeoDataFrame) -> None:
    """Read the rounds that exist as a run does."""
    here = moving[moving["departement"].isin(book.study.departements)]
    if places is not None:
        rounds_of(book, places, here, book.study.donnees.maisons)


def _settled(
    book: AuditLedger,
    known: KnownCodes,
    places: Places | None,
    sites: gpd.GeoDataFrame,
    written: Path,
) -> gpd.GeoDataFrame | None:
    """Check the codes of a table of sites, then confront it with the communes."""
    study, file = book.study, written.name
    if not sites["departement"].isin(study.departements).any():
        book.findings.append(
            audit.finding("aucun-site", "Aucun site dans les départements de l'étude", file=file)
        )
    if places is None:
        if known.codes is not None:
            book.anomalies += audit.foreign_codes(sites, known.codes, file=file, in_cog=True)
        return None
    book.anomalies += audit.foreign_codes(sites, places.codes, file=file, in_cog=known.in_cog)
    settled = places.settle(sites, file)
    book.anomalies += settled.anomalies
    return settled.table


def _roads(
    book: AuditLedger,
    places: Places | None,
    maisons: gpd.GeoDataFrame | None,
    progress: Callable[[str], None],
) -> None:
    if book.study.reseau.live and not _asked(book, places, progress):
        return
    study = _with_readable_zones(book)
    as_they_are = _with_modifications(study, ())
    paths = study.reseau.sources
    names = ", ".join(path.name for path in paths)
    profile = book.attempt("", lambda: study_profile(study))
    if profile is None:
        return
    if profile.name == network.ESTIMATED:
        book.findings.append(
            audit.finding("reseau-estime", "Temps estimés à vol d'oiseau, sans routes")
        )
        if places is None:
            return
    elif places is None:
        _readable(
            book,
            paths,
            lambda: network.load_network(
                [study.path(path) for path in paths],
                profile,
                epsg=projected_crs(study.departements),
            ),
        )
        return

    def step() -> network.RoadNetwork:
        return load_roads(as_they_are, places.communes, places.origins, profile)

    given = _readable(book, paths, step) if paths else book.attempt("", step)
    if given is None:
        return
    changed = book.attempt("", lambda: with_changes(study, places.origins, given))
    roads = given if changed is None else changed
    origins = from_streets(places.origins, places.communes, roads)
    if paths:
        book.findings.append(audit.extent(roads, origins, file=names))
    book.anomalies += [
        *network_anomalies(roads),
        *audit.unreached(roads, origins, places.communes, file=names),
    ]
    if maisons is not None:
        book.anomalies += reachable(places, OnRoads(roads), maisons)[1]


def _times(book: AuditLedger, places: Places | None, written: Path) -> None:
    """Read the table of times, and confront it with the places and sites of a run."""
    study = book.study
    if places is None:
        book.attempt(written.name, lambda: read_trips(study.path(written)))
        return
    try:
        sites = load_sites(Ledger(study), places)
    except MsapGeoError:  # the file at fault is told already
        book.attempt(written.name, lambda: read_trips(study.path(written)))
        book.impossible("la table des temps, faute de listes de sites lisibles")
        return
    profile = study_profile(study)
    given = book.attempt(written.name, lambda: read_times(study, places, sites, profile))
    if given is None:
        return
    known = known_to(study, given, places, sites)
    book.count("temps", written, known.read, known.kept)
    nearest = known.times.nearest(places.own(places.origins), known.sites.maisons)
    access = nearest.rename(columns={"demand_id": "code_insee"})
    book.anomalies += [
        *known.anomalies,
        *time_anomalies(known.times, access, places.own(places.communes)),
    ]


def _asked(book: AuditLedger, places: Places | None, progress: Callable[[str], None]) -> bool:
    """Ask OpenStreetMap for the roads, as a run does; tell whether they are here."""
    if places is None:
        book.impossible("routes d'OpenStreetMap, faute de savoir où sont les communes")
        return False
    found = book.attempt(
        LIVE.name,
        lambda: with_live_roads(book.study, places.communes, places.origins, progress=progress),
    )
    if found is None:
        return False
    book.study, told = found
    book.anomalies += told
    return True


def _with_modifications(study: Study, kept: tuple[Modification, ...]) -> Study:
    reseau = study.reseau.model_copy(update={"modifications": kept})
    return study.model_copy(update={"reseau": reseau})


def _with_readable_zones(book: AuditLedger) -> Study:
    """Read the zone of each change on its own; return the study without those that cannot be."""
    study = book.study
    epsg = projected_crs(study.departements)
    zones = dict.fromkeys(one.zone for one in study.reseau.holding if one.zone is not None)
    lost = {
        path
        for path in zones
        if book.attempt(path.name, lambda path=path: network.read_zone(study.path(path), epsg=epsg))  # type: ignore[misc]
        is None
    }
    kept = tuple(one for one in study.reseau.modifications if one.zone not in lost)
    return _with_modifications(study, kept)


def _timetable(book: AuditLedger) -> None:
    """Read the timetables as the diagnosis will; runs are told of the first feed, being of all."""
    asked = book.study.mobilite
    names = ", ".join(path.name for path in asked.gtfs)
    timetable = book.attempt(
        names,
        lambda: network.read_timetable(
            [book.study.path(path) for path in asked.gtfs], dates=asked.jours
        ),
    )
    if timetable is None:
        return
    book.anomalies += timetable.anomalies
    runs, used = len(timetable.runs.service), np.asarray(timetable.active.any(axis=1))
    book.count("gtfs", asked.gtfs[0], runs, int(used[timetable.runs.service].sum()))
    told = coaches_without_roads(book.study)
    book.anomalies += [told] if told else []


def _readable(
    book: AuditLedger, paths: Iterable[Path], step: Callable[[], network.RoadNetwork]
) -> network.RoadNetwork | None:
    """Read the roads; the junctions are told of the first file, the network being one."""
    written = list(paths)
    roads = book.attempt(", ".join(path.name for path in written), step)
    if roads is not None:
        read = roads.n_nodes + roads.report.nodes_dropped
        book.count("reseau", written[0], read, roads.n_nodes)
    return roads
