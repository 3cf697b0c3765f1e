"""The files of communes under audit: what they say together, then the optional ones."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from msap_geo import audit, loaders
from msap_geo.study.ahead.reading import read_ahead
from msap_geo.study.ahead.season import read_season
from msap_geo.study.enrich import communes_asked, enrich
from msap_geo.territory import departement_of

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from msap_geo.study.file import Study
    from msap_geo.study.inputs import KnownCodes, Territory
    from msap_geo.study.ledger import AuditLedger

_CODE = re.compile(r"\d[\dAB]\d{3}")


def _local(study: Study, table: pd.DataFrame) -> pd.DataFrame:
    return table[table["code_insee"].map(departement_of).isin(study.departements)]


def _compare(
    book: AuditLedger,
    ours: pd.DataFrame,
    others: pd.DataFrame,
    *,
    names: tuple[str, str],
    kind: str,
    file: str,
) -> None:
    found = audit.compare_totals(
        audit.by_departement(ours),
        audit.by_departement(others),
        names=names,
        kind=kind,
        file=file,
    )
    book.findings += [found] if found is not None else []


def _insee_access(book: AuditLedger) -> None:
    """Read INSEE's times as the diagnosis will: files of régions go together."""
    study, written = book.study, book.study.donnees.acces_insee
    if written:
        book.attempt(
            ", ".join(path.name for path in written),
            lambda: loaders.load_insee_access(
                [study.path(path) for path in written],
                departements=study.departements,
                thresholds=study.thresholds,
            ),
        )


def check_territory(
    book: AuditLedger, known: KnownCodes, territory: Territory | None
) -> frozenset[str] | None:
    """Check what the files of communes, people and town halls say together.

    Returns
    -------
    frozenset or None
        Communes the study is about, where they are a part of those of its départements.
    """
    _insee_access(book)
    if territory is None:
        book.impossible("positions et population des communes, sites, carreaux et routes")
        _tables(book, known.codes)
        return None
    study, places = book.study, territory.places
    file = study.donnees.population.name
    _other_population(book, known, territory.population.table)
    communes, origins = territory.assembled, territory.started
    without = [a.identifier for a in communes.anomalies if a.code == "population-inconnue"]
    mairies = study.donnees.mairies
    # A commune no file of town halls has cannot name one, unless there is only one.
    only = mairies[0].name if len(mairies) == 1 else ""
    book.anomalies += [
        *(replace(a, file=a.file or file) for a in communes.anomalies),
        *territory.mairies.anomalies,
        *(replace(a, file=a.file or only) for a in origins.anomalies),
        *audit.uninhabited(communes.table, without, file=file),
    ]
    book.findings.append(audit.total(communes.table, file=file))
    if known.in_cog and known.codes is not None and len(mairies) == 1:
        given = set(places.town_halls["code_insee"])
        given |= {code for a in territory.mairies.anomalies for code in _CODE.findall(a.identifier)}
        book.anomalies += audit.missing_town_halls(
            known.codes, given, study.departements, file=mairies[0].name
        )
    asked = _optional(book, communes.table, places.codes)
    _ahead(book, communes.table, places.codes)
    return asked


def _ahead(
    book: AuditLedger, communes: gpd.GeoDataFrame, codes: loaders.CommuneCodes | None
) -> None:
    """Read projection and season as the diagnosis will, with memberships and second homes."""
    study, asked = book.study, book.study.prospective
    bare = study.model_copy(update={"donnees": study.donnees.model_copy(update={"carreaux": None})})
    if asked.fichier is not None:
        book.count("projections", asked.fichier)
        read = book.attempt(
            asked.fichier.name,
            lambda: read_ahead(study, enrich(bare, communes, codes).communes, codes),
        )
        if read is not None:
            book.anomalies += read.anomalies
            book.count("projections", asked.fichier, *read.rows)
    if asked.saison is not None:
        written = asked.fichier_saison
        if written is not None:
            book.count("saison", written)
        book.attempt(
            "" if written is None else written.name,
            lambda: read_season(study, enrich(bare, communes, codes).communes, codes),
        )


def _other_population(book: AuditLedger, known: KnownCodes, population: pd.DataFrame) -> None:
    """Confront the population with the COG's, where there is another."""
    study, records = book.study, known.records
    cog = study.donnees.cog
    if study.donnees.population.suffix.lower() == ".json" or records is None or cog is None:
        return
    if any(record.get("population") is not None for record in records):
        other = book.attempt(
            cog.name, lambda: loaders.population_from_records(records, file=cog.name)
        )
        if other is not None:
            _compare(
                book,
                _local(study, population),
                _local(study, other.table),
                names=("le fichier de population", "le Code officiel géographique"),
                file=cog.name,
                kind="population",
            )


def _tables(book: AuditLedger, codes: loaders.CommuneCodes | None) -> None:
    """Read the files of groups and memberships where there are no communes to join them to."""
    study, data = book.study, book.study.donnees
    for role, paths, load in (
        ("indicateurs", data.indicateurs, loaders.load_indicators),
        ("appartenance", data.appartenance, loaders.load_memberships),
    ):
        for path in paths:
            book.load(
                role,
                path,
                lambda path=path, load=load: load(study.path(path), codes=codes),  # type: ignore[misc]
            )


def _optional(
    book: AuditLedger, communes: gpd.GeoDataFrame, codes: loaders.CommuneCodes | None
) -> frozenset[str] | None:
    """Read the files of groups, memberships and the grid, each on its own."""
    study, data = book.study, book.study.donnees
    one_at_a_time = [
        *(("indicateurs", path, {"indicateurs": (path,)}) for path in data.indicateurs),
        *(("appartenance", path, {"appartenance": (path,)}) for path in data.appartenance),
        *((("carreaux", data.carreaux, {"carreaux": data.carreaux}),) if data.carreaux else ()),
    ]
    none = {"indicateurs": (), "appartenance": (), "carreaux": None}
    belongs = communes
    for role, path, given in one_at_a_time:
        alone = study.model_copy(update={"donnees": data.model_copy(update={**none, **given})})
        book.count(role, path)
        found = book.attempt(path.name, lambda alone=alone: enrich(alone, communes, codes))  # type: ignore[misc]
        if found is None:
            continue
        book.anomalies += found.anomalies
        if role == "appartenance" and "epci" in found.communes:
            belongs = found.communes
        read, kept = found.rows[role]
        book.count(role, path, read, kept, kept)
        if found.carreaux is not None:
            _compare(
                book,
                communes,
                found.carreaux,
                names=("les communes", "les carreaux"),
                file=path.name,
                kind="carreaux",
            )
    return book.attempt("", lambda: communes_asked(study, belongs))
