"""The files of ``[panier]``: counters, equipments, and how long one waits at each site."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from msap_geo import french, loaders
from msap_geo.anomalies import Action, note
from msap_geo.errors import StudyError
from msap_geo.study.asked.basket import MAISON

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    import geopandas as gpd

    from msap_geo.study.file import Study
    from msap_geo.study.inputs import Places
    from msap_geo.study.ledger import Ledger

OFFICE = "Bureau de Poste"


class Services(NamedTuple):
    """The sites of a basket.

    Parameters
    ----------
    tables
        Sites of each service, in the order of the basket.
    waits
        Days one waits at some of them.
    """

    tables: dict[str, gpd.GeoDataFrame]
    waits: dict[str, float]


def read_services(
    ledger: Ledger,
    maisons: gpd.GeoDataFrame,
    points: gpd.GeoDataFrame,
    settle: Callable[[gpd.GeoDataFrame, Path], gpd.GeoDataFrame | None],
    places: Places,
) -> Services:
    """Read the sites of each service of a basket, those across the border near enough too.

    Parameters
    ----------
    ledger
        Where what is read is written.
    maisons, points
        Maisons that count, points of La Poste, both near enough.
    settle
        Settles the sites of a file in their communes.
    places
        The communes.

    Returns
    -------
    Services
        Their tables, and how long one waits.

    Raises
    ------
    StudyError
        If a service is unknown, its file is not given, or all delays are of other sites.
    MsapGeoError
        If a file cannot be used.
    """
    study = ledger.study
    kinds = set(points["genre"])
    operators, equipments = _checked(study, kinds)
    found: dict[str, gpd.GeoDataFrame] = {MAISON: maisons}
    found |= {name: points[points["genre"] == name] for name in kinds}
    counters = study.panier.annuaire or study.diagnostic.operateurs
    for services, written, loaded in (
        (operators, counters[:1], _counters(ledger, counters, operators)),
        (equipments, (study.panier.bpe,), _equipments(ledger, equipments)),
    ):
        for path in written:
            settled = None if loaded is None or path is None else settle(loaded.table, path)
            near = None if settled is None else places.within_reach(settled)
            if near is not None:
                found |= {name: near[near["genre"] == name] for name in services}
    empty = points.iloc[:0]
    tables = {name: found.get(name, empty) for name in study.panier.services}
    waits = _delays(ledger, (site for table in tables.values() for site in table["site_id"]))
    return Services(tables, waits)


def _checked(study: Study, kinds: set[str]) -> tuple[list[str], list[str]]:
    """Return the operators and the equipments asked for, or refuse a basket that cannot be."""
    asked = study.panier
    known = {MAISON, *kinds, OFFICE, *loaders.OPERATORS, *asked.bpe_types}
    unknown = [name for name in asked.services if name not in known]
    if unknown:
        raise StudyError(
            f"services inconnus : {', '.join(unknown)}",
            where="[panier] services",
            remedy=f"choisir parmi : {', '.join(sorted(known))} ; un autre équipement de l'Insee "
            'se déclare dans [panier.types_bpe], par exemple "école" = ["C108", "C109"]',
        )
    operators = [name for name in asked.services if name in loaders.OPERATORS]
    equipments = [name for name in asked.services if name in asked.bpe_types]
    for services, given, where in (
        (operators, asked.annuaire or study.diagnostic.operateurs, "[panier] annuaire"),
        (equipments, asked.bpe, "[panier] bpe"),
    ):
        if services and not given:
            raise StudyError(
                f"le panier demande {', '.join(services)}, dont aucun fichier n'est donné",
                where=where,
                remedy="donner le fichier, ou ôter ces services",
            )
    return operators, equipments


def _counters(
    ledger: Ledger, written: Sequence[Path], operators: Sequence[str]
) -> loaders.Loaded[gpd.GeoDataFrame] | None:
    if not operators:
        return None
    paths = [ledger.study.path(path) for path in written]
    return ledger.load(
        "annuaire", written[0], lambda: loaders.load_operateurs(paths, genres=operators)
    )


def _equipments(
    ledger: Ledger, equipments: Sequence[str]
) -> loaders.Loaded[gpd.GeoDataFrame] | None:
    study, written = ledger.study, ledger.study.panier.bpe
    if not equipments or written is None:
        return None
    types = {code: name for name in equipments for code in study.panier.bpe_types[name]}
    return ledger.load("bpe", written, lambda: loaders.load_bpe(study.path(written), types))


def _delays(ledger: Ledger, known: Iterable[str]) -> dict[str, float]:
    """Read the days one waits at each site; those of sites not in the basket are left out."""
    study, written = ledger.study, ledger.study.panier.delais
    if written is None:
        return {}
    ledger.count("delais", written)
    found = ledger.attempt(written.name, lambda: loaders.load_delays(study.path(written)))
    if found is None:
        return {}
    here = set(known)
    strange = sorted(set(found) - here)
    ledger.count("delais", written, len(found), len(found) - len(strange))
    if found and len(strange) == len(found):
        ledger.attempt(written.name, lambda: _nobody(strange, written))
        return {}
    ledger.anomalies += note(
        pd.DataFrame({"identifiant": strange, "nom": strange}),
        "delai-inconnu",
        Action.LEFT_OUT,
        "aucun site du panier de cet identifiant, délai laissé de côté",
        file=written.name,
    )
    return {site: days for site, days in found.items() if site in here}


def _nobody(strange: Sequence[str], written: Path) -> None:
    more = len(strange) - _NAMED
    raise StudyError(
        f"délais de sites inconnus : {', '.join(strange[:_NAMED])}"
        + (f" et {french.counted(more, 'autre')}" if more > 0 else ""),
        where=f"[panier] delais, {written}",
        remedy="reprendre les identifiants des fichiers de services",
    )


_NAMED = 5
