"""The one reading of a study's files, whatever is asked of them.

A run and an audit read the same files in the same order by the same functions; what differs is the
ledger they write in (:mod:`msap_geo.study.ledger`): the run's stops at the first file that cannot
be used, the audit's notes it and goes on with what is left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from msap_geo import loaders, place_names, rounds, sources
from msap_geo.among import among
from msap_geo.anomalies import Action, Anomaly
from msap_geo.territory import departement_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import geopandas as gpd

    from msap_geo.study.file import Study
    from msap_geo.study.ledger import Ledger


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


class Places(NamedTuple):
    """The communes of a study, and what settles anything in them.

    Parameters
    ----------
    communes, origins
        Communes and their starting points, same rows.
    town_halls
        Town halls of the files, of other départements too where they have them.
    codes
        Codes in force.
    territory
        Communes the study is about, where they are a part of those of its départements (the EPCI
        it asks for): the others stay around it, to settle sites in and to drive through.
    """

    communes: gpd.GeoDataFrame
    origins: gpd.GeoDataFrame
    town_halls: gpd.GeoDataFrame
    codes: loaders.CommuneCodes
    territory: frozenset[str] | None = None

    def ours(self, table: pd.DataFrame) -> pd.Series:
        """Tell which rows are of the territory, by ``departement`` or ``code_insee``."""
        if self.territory is None:
            return table["departement"].isin(self.communes["departement"].unique())
        return table["code_insee"].isin(self.territory)

    def own(self, table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Keep the rows of the territory, by ``code_insee``: all where it is all of them."""
        if self.territory is None:
            return table
        return table[table["code_insee"].isin(self.territory)].reset_index(drop=True)

    def settle(self, sites: gpd.GeoDataFrame, file: str) -> loaders.Loaded[gpd.GeoDataFrame]:
        """Settle a list of sites in the communes: the one way, whatever the list is for."""
        return loaders.attach_to_communes(
            sites,
            self.communes,
            self.origins,
            file=file,
            codes=self.codes,
            town_halls=self.town_halls,
        )

    def within_reach(self, settled: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Keep the sites of the territory, and those near enough to its border to count."""
        near = loaders.within_reach(settled, self.communes)
        if self.territory is not None:
            around = loaders.within_border(near, self.own(self.communes))
            near = near[(self.ours(near) | around).to_numpy()]
        return self.written(near)

    def stopping(self, moving: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Keep the Maisons that move of the territory, and those of communes around it."""
        known = among(moving["code_insee"], self.communes["code_insee"])
        return moving[self.ours(moving) | known]

    def written(self, kept: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Write the names of sites as people do: lists have capitals.

        Only those that are kept: a national list is a hundred times longer.
        """
        return _written(kept, self.communes)


def _written(sites: gpd.GeoDataFrame, communes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    names = communes.set_index("code_insee")["nom"]
    known = place_names.known_names(names.to_numpy(dtype=object))
    here = sites["code_insee"].map(names)
    capitals = sites["commune"][here.isna()].map(lambda name: place_names.written(name, known))
    return sites.assign(
        nom=sites["nom"].map(lambda name: place_names.written(name, known)),
        commune=here.fillna(capitals),
    )


class Territory(NamedTuple):
    """What the files of communes, people and town halls hold."""

    places: Places
    outlines: loaders.Loaded[gpd.GeoDataFrame]
    population: loaders.Loaded[pd.DataFrame]
    assembled: loaders.Loaded[gpd.GeoDataFrame]
    mairies: loaders.Loaded[gpd.GeoDataFrame]
    started: loaders.Loaded[gpd.GeoDataFrame]


def read_codes(ledger: Ledger) -> KnownCodes:
    """Read the COG and the movements of communes, if the study gives them."""
    study, data = ledger.study, ledger.study.donnees
    in_cog = data.population.suffix.lower() == ".json"
    written = data.population if in_cog else data.cog
    records = codes = moved = None
    if written is not None:
        found = ledger.attempt(written.name, lambda: loaders.read_records(study.path(written)))
        if found is not None:
            records, codes = found, loaders.commune_codes(found)
            if not in_cog:
                here = sum(departement_of(code) in study.departements for code in codes.names)
                ledger.count("cog", written, len(records), len(records), here)
    mouvements = data.mouvements
    if mouvements is not None:
        moved = ledger.load(
            "mouvements", mouvements, lambda: loaders.load_movements(study.path(mouvements))
        )
        if codes is not None and moved is not None:
            codes = loaders.with_movements(codes, moved.table)
    return KnownCodes(codes, records, None if moved is None else moved.table)


def read_territory(ledger: Ledger, known: KnownCodes) -> Territory | None:
    """Read the files of communes, population and town halls, and put them together.

    Returns
    -------
    Territory or None
        None where a file the others cannot do without cannot be used, which a strict ledger never
        lets happen.
    """
    study, data = ledger.study, ledger.study.donnees
    written = ledger.usable(
        "communes", data.communes, lambda paths: loaders.load_communes(paths, codes=known.codes)
    )
    outlines = None
    if written:
        # The départements asked for: one may be missing from files that are sound.
        outlines = ledger.note(
            ", ".join(path.name for path in written),
            lambda: loaders.load_communes(
                [study.path(path) for path in written],
                departements=study.departements,
                codes=known.codes,
            ),
        )
    codes = known.codes if outlines is None else known.among(outlines.table)
    population = _population(ledger, known, codes)
    halls = ledger.usable(
        "mairies", data.mairies, lambda paths: loaders.load_mairies(paths, codes=codes)
    )
    if outlines is None or population is None or codes is None or not halls:
        return None
    communes = ledger.attempt(
        "",
        lambda: loaders.assemble_communes(
            outlines.table, population.table, departements=study.departements
        ),
    )
    mairies = ledger.attempt(
        "", lambda: loaders.load_mairies([study.path(path) for path in halls], codes=codes)
    )
    if communes is None or mairies is None:
        return None
    started = loaders.commune_origins(
        communes.table,
        mairies.table,
        near=_near_what_is_nowhere(communes.table, mairies.table, known, codes),
    )
    places = Places(communes.table, started.table, mairies.table, codes)
    return Territory(places, outlines, population, communes, mairies, started)


def _near_what_is_nowhere(
    communes: gpd.GeoDataFrame,
    town_halls: gpd.GeoDataFrame,
    known: KnownCodes,
    codes: loaders.CommuneCodes,
) -> dict[str, tuple[str, ...]]:
    """Tell what the communes without outline nor town hall are near, as far as the COG says."""
    # The index of the country's town halls: ``isin`` would make an Arrow scalar of each.
    halls = pd.Index(town_halls["code_insee"].unique())
    placed = communes.geometry.notna() | (halls.get_indexer(communes["code_insee"]) >= 0)
    return loaders.communes_near(communes["code_insee"][~placed], known.records or [], codes)


def _population(
    ledger: Ledger, known: KnownCodes, codes: loaders.CommuneCodes | None
) -> loaders.Loaded[pd.DataFrame] | None:
    study, written = ledger.study, ledger.study.donnees.population
    records = known.records
    if written.suffix.lower() != ".json":
        return ledger.load(
            "population",
            written,
            lambda: loaders.load_population(study.path(written), codes=codes),
        )
    if records is None:  # already told
        ledger.count("population", written)
        return None
    return ledger.load(
        "population",
        written,
        lambda: loaders.population_from_records(records, file=written.name),
    )


def read_maisons(ledger: Ledger) -> loaders.Loaded[gpd.GeoDataFrame] | None:
    """Read the Maisons of a study, as of the day it asks for."""
    study, au = ledger.study, ledger.study.maisons.au
    written = study.donnees.maisons
    day = None if au is None else au.isoformat()
    return ledger.load(
        "maisons", written, lambda: loaders.load_maisons(study.path(written), au=day)
    )


def read_la_poste(ledger: Ledger) -> loaders.Loaded[gpd.GeoDataFrame] | None:
    """Read the post offices of a study, with their hours where a file gives them."""
    study, data = ledger.study, ledger.study.donnees
    offices = ledger.load(
        "la_poste", data.la_poste, lambda: loaders.load_la_poste(study.path(data.la_poste))
    )
    written = data.la_poste_horaires
    if written is None:
        return offices
    hours = ledger.load(
        "la_poste_horaires", written, lambda: loaders.load_la_poste_hours(study.path(written))
    )
    if offices is None or hours is None:
        return offices
    joined = loaders.join_hours(offices.table, hours.table, file=written.name)
    ledger.anomalies += joined.anomalies
    return loaders.Loaded(joined.table, offices.rows_read, offices.anomalies)


def read_hosts(ledger: Ledger) -> loaders.Loaded[gpd.GeoDataFrame] | None:
    """Read the hosts other than post offices, if the study gives any."""
    study, written = ledger.study, ledger.study.candidats.fichier
    if written is None:
        return None
    return ledger.load("hotes", written, lambda: loaders.load_hosts(study.path(written)))


def read_attendance(ledger: Ledger, maisons: gpd.GeoDataFrame) -> pd.DataFrame | None:
    """Read the visits counted in Maisons, if the study gives any: one row a Maison."""
    study, written = ledger.study, ledger.study.maisons.frequentation
    if written is None:
        return None
    loaded = ledger.load(
        "frequentation", written, lambda: loaders.load_attendance(study.path(written))
    )
    if loaded is None:
        return None
    matched = loaders.match_attendance(loaded.table, maisons, file=written.name)
    ledger.anomalies += matched.anomalies
    return matched.table


def read_rounds(ledger: Ledger, places: Places) -> tuple[rounds.Stop, ...]:
    """Read the rounds that a study gives itself, in its file and in a table."""
    study, written = ledger.study, ledger.study.donnees.tournees
    loaded = None
    if written is not None:
        loaded = ledger.load("tournees", written, lambda: rounds.load_stops(study.path(written)))
    table = None if loaded is None else loaded.table
    codes = places.communes["code_insee"]
    found = ledger.attempt("", lambda: rounds.stops_of_study(study.tournees, table, codes))
    return () if found is None else found


def read_planned(
    ledger: Ledger, places: Places, existing: Sequence[rounds.Stop]
) -> tuple[rounds.Stop, ...]:
    """Read the rounds a study has in project, beside those that exist."""
    study, written = ledger.study, ledger.study.donnees.tournees_projet
    if written is None:
        return ()
    loaded = ledger.load("tournees_projet", written, lambda: rounds.load_stops(study.path(written)))
    if loaded is None:
        return ()
    codes = places.communes["code_insee"]
    found = ledger.attempt("", lambda: rounds.stops_planned(loaded.table, existing, codes))
    return () if found is None else found


def read_previous(ledger: Ledger) -> loaders.Loaded[gpd.GeoDataFrame] | None:
    """Read the previous list of Maisons, if the study gives one."""
    study, written = ledger.study, ledger.study.diagnostic.maisons_avant
    if written is None:
        return None
    return ledger.load("maisons_avant", written, lambda: loaders.load_maisons(study.path(written)))


def read_operators(
    ledger: Ledger, written: Sequence[Path], genres: Sequence[str] | None = None
) -> loaders.Loaded[gpd.GeoDataFrame] | None:
    """Read files of counters of operators, those of every kind by default."""
    study = ledger.study
    return ledger.load(
        "operateurs",
        written[0],
        lambda: loaders.load_operateurs([study.path(path) for path in written], genres=genres),
    )


def altered_inputs(study: Study) -> list[Anomaly]:
    """Tell which files of a study changed since they were fetched.

    Parameters
    ----------
    study
        Checked study file.

    Returns
    -------
    list of Anomaly
        One per file whose hash is not the one beside it. A file with none beside it was never
        fetched, and an absent one is for its reader to tell.
    """
    paths = dict.fromkeys(path for role in study.inputs().values() for path in role)
    told = {path: sources.altered(study.path(path)) for path in paths}
    changed = [
        Anomaly(
            "fichier-change",
            Action.NOTED,
            path.name,
            f"« {path.name} » a changé depuis son téléchargement, le {day} : la source et "
            "l'empreinte écrites à côté ne sont plus les siennes",
        )
        for path, day in told.items()
        if day is not None
    ]
    return changed + [
        Anomaly(
            "fichier-change",
            Action.NOTED,
            path.name,
            f"ce qui dit d'où vient « {path.name} », à côté de lui, a changé depuis son "
            "téléchargement : ni son origine ni son empreinte n'en sont reprises",
        )
        for path in paths
        if sources.is_damaged(study.path(path))
    ]
