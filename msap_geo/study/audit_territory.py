"""The files of communes under audit: codes, outlines, people, town halls, groups, the grid."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from msap_geo import audit, loaders
from msap_geo.study.enrich import enrich
from msap_geo.study.ledger import Rows
from msap_geo.territory import departement_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

    from msap_geo.study.file import Study
    from msap_geo.study.ledger import Notebook

_CODE = re.compile(r"\d[\dAB]\d{3}")


class KnownCodes(NamedTuple):
    """Codes in force and records of the COG, where there is one; movements of communes.

    Parameters
    ----------
    codes
        Codes of the COG, brought through the movements.
    records
        Records of the COG, as published.
    movements
        Table under :data:`msap_geo.schemas.MOVEMENTS`.
    """

    codes: loaders.CommuneCodes | None
    records: list[dict[str, object]] | None
    movements: pd.DataFrame | None

    @property
    def in_cog(self) -> bool:
        """Whether the codes are those of a COG."""
        return self.records is not None

    def among(self, communes: pd.DataFrame) -> loaders.CommuneCodes:
        """Return the codes in force, those of the communes for want of a COG."""
        if self.codes is not None:
            return self.codes
        names = dict(zip(communes["code_insee"], communes["nom"], strict=True))
        codes = loaders.codes_among(names)
        return codes if self.movements is None else loaders.with_movements(codes, self.movements)


def known_codes(book: Notebook) -> KnownCodes:
    """Read the COG and the movements of communes, if the study gives them."""
    study, data = book.study, book.study.donnees
    in_cog = data.population.suffix.lower() == ".json"
    written = data.population if in_cog else data.cog
    records = codes = moved = None
    if written is not None:
        found = book.attempt(written.name, lambda: loaders.read_records(study.path(written)))
        if found is not None:
            records, codes = found, loaders.commune_codes(found)
            if not in_cog:
                book.rows["cog", written] = Rows(
                    len(records),
                    len(records),
                    sum(departement_of(code) in study.departements for code in codes.names),
                )
    mouvements = data.mouvements
    if mouvements is not None:
        moved = book.load(
            "mouvements", mouvements, lambda: loaders.load_movements(study.path(mouvements))
        )
        if codes is not None and moved is not None:
            codes = loaders.with_movements(codes, moved.table)
    return KnownCodes(codes, records, None if moved is None else moved.table)


class Territory(NamedTuple):
    """Communes of the study and their starting points, same rows."""

    communes: gpd.GeoDataFrame
    origins: gpd.GeoDataFrame


def read_territory(book: Notebook, known: KnownCodes) -> Territory | None:
    """Read the files of communes, population and town halls; put them together if all are there."""
    study, data = book.study, book.study.donnees
    boundaries = _each(
        book,
        "communes",
        data.communes,
        lambda paths: loaders.load_communes(paths, codes=known.codes),
    )
    outlines = None
    if boundaries:
        # The départements asked for: one may be missing from files that are sound.
        outlines = book.attempt(
            ", ".join(path.name for path in boundaries),
            lambda: loaders.load_communes(
                [study.path(path) for path in boundaries],
                departements=study.departements,
                codes=known.codes,
            ),
        )
        book.anomalies += outlines.anomalies if outlines else ()
    codes = known.codes if outlines is None else known.among(outlines.table)
    population = _population(book, known, codes)
    mairies = _each(
        book, "mairies", data.mairies, lambda paths: loaders.load_mairies(paths, codes=codes)
    )
    if outlines is None or population is None or not mairies:
        book.impossible("positions et population des communes, sites, carreaux et routes")
        _tables(book, codes)
        return None
    return _assembled(book, known, codes, outlines.table, population.table, list(mairies))


def _each(
    book: Notebook,
    role: str,
    written: Sequence[Path],
    load: Callable[[list[Path]], loaders.Loaded[gpd.GeoDataFrame]],
) -> dict[Path, loaders.Loaded[gpd.GeoDataFrame]]:
    """Load each file of a role on its own; return those that can be used."""
    usable = {}
    for path in written:
        loaded = book.load(role, path, lambda path=path: load([book.study.path(path)]))  # type: ignore[misc]
        if loaded is not None:
            usable[path] = loaded
    return usable


def _population(
    book: Notebook, known: KnownCodes, codes: loaders.CommuneCodes | None
) -> loaders.Loaded[pd.DataFrame] | None:
    """Load the population, and confront it with the COG's where there is another."""
    study, written = book.study, book.study.donnees.population
    records = known.records
    if written.suffix.lower() == ".json":
        if records is None:  # already told
            book.rows["population", written] = Rows()
            return None
        return book.load(
            "population",
            written,
            lambda: loaders.population_from_records(records, file=written.name),
        )
    population = book.load(
        "population",
        written,
        lambda: loaders.load_population(study.path(written), codes=codes),
    )
    cog = study.donnees.cog
    if population is None or records is None or cog is None:
        return population
    if any(record.get("population") is not None for record in records):
        other = book.attempt(
            cog.name, lambda: loaders.population_from_records(records, file=cog.name)
        )
        if other is not None:
            _compare(
                book,
                _local(study, population.table),
                _local(study, other.table),
                names=("le fichier de population", "le Code officiel géographique"),
                file=cog.name,
                kind="population",
            )
    return population


def _local(study: Study, table: pd.DataFrame) -> pd.DataFrame:
    return table[table["code_insee"].map(departement_of).isin(study.departements)]


def _compare(
    book: Notebook,
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


def _assembled(
    book: Notebook,
    known: KnownCodes,
    codes: loaders.CommuneCodes | None,
    outlines: gpd.GeoDataFrame,
    population: pd.DataFrame,
    mairies: list[Path],
) -> Territory | None:
    study = book.study
    communes = book.attempt(
        "",
        lambda: loaders.assemble_communes(outlines, population, departements=study.departements),
    )
    halls = book.attempt(
        "", lambda: loaders.load_mairies([study.path(path) for path in mairies], codes=codes)
    )
    if communes is None or halls is None:
        return None
    origins = loaders.commune_origins(communes.table, halls.table)
    file = study.donnees.population.name
    without = [a.identifier for a in communes.anomalies if a.code == "population-inconnue"]
    # A commune no file of town halls has cannot name one, unless there is only one.
    only = mairies[0].name if len(mairies) == 1 else ""
    book.anomalies += [
        *(replace(a, file=a.file or file) for a in communes.anomalies),
        *halls.anomalies,
        *(replace(a, file=a.file or only) for a in origins.anomalies),
        *audit.uninhabited(communes.table, without, file=file),
    ]
    book.findings.append(audit.total(communes.table, file=file))
    if known.in_cog and known.codes is not None and len(mairies) == 1:
        given = set(halls.table["code_insee"])
        given |= {code for a in halls.anomalies for code in _CODE.findall(a.identifier)}
        book.anomalies += audit.missing_town_halls(
            known.codes, given, study.departements, file=mairies[0].name
        )
    _optional(book, communes.table, codes)
    return Territory(communes.table, origins.table)


def _tables(book: Notebook, codes: loaders.CommuneCodes | None) -> None:
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
    book: Notebook, communes: gpd.GeoDataFrame, codes: loaders.CommuneCodes | None
) -> None:
    """Read the files of groups, memberships and the grid, each on its own."""
    study, data = book.study, book.study.donnees
    one_at_a_time = [
        *(("indicateurs", path, {"indicateurs": (path,)}) for path in data.indicateurs),
        *(("appartenance", path, {"appartenance": (path,)}) for path in data.appartenance),
        *((("carreaux", data.carreaux, {"carreaux": data.carreaux}),) if data.carreaux else ()),
    ]
    none = {"indicateurs": (), "appartenance": (), "carreaux": None}
    for role, path, given in one_at_a_time:
        alone = study.model_copy(update={"donnees": data.model_copy(update={**none, **given})})
        book.rows[role, path] = Rows()
        found = book.attempt(path.name, lambda alone=alone: enrich(alone, communes, codes))  # type: ignore[misc]
        if found is None:
            continue
        book.anomalies += found.anomalies
        read, kept = found.rows[role]
        book.rows[role, path] = Rows(read, kept, kept)
        if found.carreaux is not None:
            _compare(
                book,
                communes,
                found.carreaux,
                names=("les communes", "les carreaux"),
                file=path.name,
                kind="carreaux",
            )
