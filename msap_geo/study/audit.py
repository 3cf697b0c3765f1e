"""The files of a study looked at one by one, then together, before anything is computed.

The order is that of :func:`msap_geo.study.run_study`, but a file that cannot be used does not stop
the others: its error is one more finding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msap_geo import audit, loaders, network
from msap_geo.study.audit_territory import known_codes, read_territory
from msap_geo.study.ledger import Notebook, Rows
from msap_geo.study.roads import load_roads, network_anomalies, study_profile
from msap_geo.study.roles import ROLES
from msap_geo.study.sites import check_kinds, load_maisons, reachable
from msap_geo.territory import projected_crs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    import geopandas as gpd

    from msap_geo.study.audit_territory import KnownCodes, Territory
    from msap_geo.study.file import Study


def audit_study(study: Study, *, progress: Callable[[str], None] = lambda _: None) -> audit.Audit:
    """Audit the files of a study; nothing is written but the network cache.

    Parameters
    ----------
    study
        Checked study file.
    progress
        Called with a French sentence at each step.

    Returns
    -------
    Audit
        What each file holds, and everything found. Files that cannot be used are findings too.
    """
    book = Notebook(study)
    progress("Lecture des communes et de la population")
    codes = known_codes(book)
    territory = read_territory(book, codes)
    progress("Lecture des Maisons et des points La Poste")
    maisons = _sites(book, codes, territory)
    progress("Lecture du réseau routier")
    _roads(book, territory, maisons)
    book.findings += audit.far_apart(
        {ROLES[role].title: study.vintage(role) for role in study.inputs() if not ROLES[role].past}
    )
    return book.result()


def _sites(
    book: Notebook, known: KnownCodes, territory: Territory | None
) -> gpd.GeoDataFrame | None:
    """Read every file of sites; return the Maisons that count, if they could be settled."""
    study, data = book.study, book.study.donnees
    kinds = {*loaders.FIXED_KINDS, *loaders.ITINERANT_KINDS}
    book.attempt("", lambda: check_kinds(study.maisons.types, kinds, where="[maisons] types"))
    maisons = book.load("maisons", data.maisons, lambda: load_maisons(study))
    offices = book.load(
        "la_poste", data.la_poste, lambda: loaders.load_la_poste(study.path(data.la_poste))
    )
    if offices is not None:
        local = offices.table["departement"].isin(study.departements)
        kinds = {*offices.table["genre"][local], "Bureau de Poste"}
        book.attempt(
            "", lambda: check_kinds(study.candidats.types, kinds, where="[candidats] types")
        )
    _hours(book, offices)
    before = study.diagnostic.maisons_avant
    older = (
        None
        if before is None
        else book.load("maisons_avant", before, lambda: loaders.load_maisons(study.path(before)))
    )
    near = None
    for written, loaded in (
        (data.maisons, maisons),
        (data.la_poste, offices),
        (before, older),
    ):
        if loaded is None or written is None:
            continue
        book.anomalies += audit.superposed(loaded.table, file=written.name)
        settled = _settled(book, known, territory, loaded.table, written)
        if settled is not None and loaded is maisons:
            near = loaders.within_reach(settled, territory.communes) if territory else None
    _operators(book, known, territory)
    if maisons is not None:
        book.anomalies += [
            *audit.without_hours(maisons.table, file=data.maisons.name),
            *audit.below_label(maisons.table, file=data.maisons.name),
        ]
    if near is None:
        return None
    counted = near[near["genre"].isin(study.maisons.types)].reset_index(drop=True)
    book.counted |= set(counted["site_id"])
    return counted


def _settled(
    book: Notebook,
    known: KnownCodes,
    territory: Territory | None,
    sites: gpd.GeoDataFrame,
    written: Path,
) -> gpd.GeoDataFrame | None:
    """Check the codes of a table of sites, then confront it with the communes."""
    study, file = book.study, written.name
    if not sites["departement"].isin(study.departements).any():
        book.findings.append(
            audit.finding("aucun-site", "Aucun site dans les départements de l'étude", file=file)
        )
    if territory is None:
        if known.codes is not None:
            book.anomalies += audit.foreign_codes(sites, known.codes, file=file, in_cog=True)
        return None
    codes = known.among(territory.communes)
    book.anomalies += audit.foreign_codes(sites, codes, file=file, in_cog=known.in_cog)
    settled = loaders.attach_to_communes(
        sites, territory.communes, territory.origins, file=file, codes=codes
    )
    book.anomalies += settled.anomalies
    return settled.table


def _operators(book: Notebook, known: KnownCodes, territory: Territory | None) -> None:
    """Read the counters of operators; several at one address are no surprise."""
    for path in book.study.diagnostic.operateurs:
        loaded = book.load(
            "operateurs",
            path,
            lambda path=path: loaders.load_operateurs([book.study.path(path)]),  # type: ignore[misc]
        )
        if loaded is not None:
            _settled(book, known, territory, loaded.table, path)


def _hours(book: Notebook, offices: loaders.Loaded[gpd.GeoDataFrame] | None) -> None:
    """Read the hours of La Poste, and join them to the points."""
    study, written = book.study, book.study.donnees.la_poste_horaires
    if written is None:
        return
    hours = book.load(
        "la_poste_horaires", written, lambda: loaders.load_la_poste_hours(study.path(written))
    )
    if hours is None or offices is None:
        return
    joined = loaders.join_hours(offices.table, hours.table, file=written.name)
    book.anomalies += [
        *joined.anomalies,
        # Lines are those of the points.
        *audit.without_hours(joined.table, file=study.donnees.la_poste.name),
    ]


def _roads(book: Notebook, territory: Territory | None, maisons: gpd.GeoDataFrame | None) -> None:
    study = book.study
    paths = study.reseau.sources
    names = ", ".join(path.name for path in paths)
    profile = book.attempt("", lambda: study_profile(study))
    if profile is None:
        return
    if profile.name == network.ESTIMATED:
        book.findings.append(
            audit.finding("reseau-estime", "Temps estimés à vol d'oiseau, sans routes")
        )
        return
    if territory is None:
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
    roads = _readable(
        book, paths, lambda: load_roads(study, territory.communes, territory.origins, profile)
    )
    if roads is None:
        return
    book.findings.append(audit.extent(roads, territory.origins, file=names))
    book.anomalies += [
        *network_anomalies(roads),
        *audit.unreached(roads, territory.origins, territory.communes, file=names),
    ]
    if maisons is not None:
        book.anomalies += reachable(study, roads, maisons)[1]


def _readable(
    book: Notebook, paths: Iterable[Path], step: Callable[[], network.RoadNetwork]
) -> network.RoadNetwork | None:
    """Read the roads; the junctions are told of the first file, the network being one."""
    written = list(paths)
    roads = book.attempt(", ".join(path.name for path in written), step)
    if roads is not None:
        read = roads.n_nodes + roads.report.nodes_dropped
        book.rows["reseau", written[0]] = Rows(read, roads.n_nodes)
    return roads
