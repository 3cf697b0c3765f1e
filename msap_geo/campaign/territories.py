"""The territories of a campaign: a list, a région, all of them; cut by département or by région."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from msap_geo.errors import TerritoryError
from msap_geo.study.file import slug
from msap_geo.territory import (
    DEPARTEMENTS,
    REGION_NAMES,
    SIREN,
    check_departements,
    departement_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

ALL, METROPOLE, EPCI = "tous", "metropole", "epci"

_OVERSEAS = ("971", "972", "973", "974", "976")
"""Overseas départements; other collectivités are asked for by their code."""


class Territory(NamedTuple):
    """A territory of a campaign.

    Parameters
    ----------
    key
        Its code, as its folder is named: ``48``, ``occitanie``.
    name
        Its name.
    departements
        Départements it is made of, or lies in.
    epci
        The EPCI it is, where it is one.
    """

    key: str
    name: str
    departements: tuple[str, ...]
    epci: tuple[str, ...] = ()


def asks_epci(asked: Sequence[str], *, where: str = "") -> bool:
    """Tell whether a campaign asks for EPCI.

    Raises
    ------
    TerritoryError
        If it asks for other territories besides: people would be counted twice.
    """
    of_epci = [bool(slug(name) == EPCI or re.fullmatch(SIREN, name)) for name in asked]
    if any(of_epci) and not all(of_epci):
        raise TerritoryError(
            "la campagne mêle des EPCI et d'autres territoires : leurs habitants compteraient deux "
            "fois",
            where=where,
            remedy="faire deux campagnes",
        )
    return any(of_epci)


def epci_named(
    asked: Sequence[str], belongs: pd.DataFrame, departements: Sequence[str], *, where: str = ""
) -> tuple[Territory, ...]:
    """Return the EPCI a campaign asks for, in the order of their codes.

    Parameters
    ----------
    asked
        SIREN numbers; ``"epci"`` is all those of some départements.
    belongs
        EPCI of each commune, under :data:`msap_geo.schemas.MEMBERSHIP`.
    departements
        Those of the pattern.
    where
        File, for the messages.

    Raises
    ------
    TerritoryError
        If nothing tells the EPCI of communes, or one of them is unknown.
    """
    if "epci" not in belongs:
        raise TerritoryError(
            "rien ne dit de quel EPCI sont les communes",
            where=where,
            remedy="donner au modèle la table d'appartenance de l'Insee, ou epci.json ([donnees] "
            "appartenance)",
        )
    known = belongs[belongs["epci"].notna()]
    known = known.assign(departement=known["code_insee"].map(departement_of))
    known = known[known["departement"].isin(list(DEPARTEMENTS))]
    of = known.groupby("epci")["departement"].agg(lambda codes: tuple(sorted(set(codes))))
    names = known.get("epci_nom", known["epci"]).groupby(known["epci"]).first()
    codes = {name for name in asked if slug(name) != EPCI}
    if unknown := sorted(codes - set(of.index)):
        raise TerritoryError(
            f"EPCI inconnu : {', '.join(unknown)}",
            where=where,
            remedy="vérifier leurs numéros SIREN dans la table d'appartenance du modèle",
        )
    if len(codes) < len(asked):
        here = known["departement"].isin(set(departements))
        codes |= set(known.loc[here, "epci"])
    return tuple(Territory(code, str(names[code]), of[code], (code,)) for code in sorted(codes))


def territories_named(asked: Sequence[str], *, by: str, where: str = "") -> tuple[Territory, ...]:
    """Return the territories a campaign asks for, in the order of their codes.

    Parameters
    ----------
    asked
        Codes of départements, names of régions, ``"tous"`` (the hundred and one départements),
        ``"metropole"``.
    by
        ``"departements"`` or ``"regions"``: what each study covers.
    where
        File, for the messages.

    Raises
    ------
    TerritoryError
        If a territory is unknown.
    """
    codes: list[str] = []
    for name in asked:
        codes += _departements(name, where)
    found = check_departements(codes)
    if by == "regions":
        return _regions(found)
    return tuple(Territory(code, DEPARTEMENTS[code], (code,)) for code in found)


def _departements(asked: str, where: str) -> list[str]:
    plain = slug(asked)
    metropole = [code for code in DEPARTEMENTS if len(code) == len("48")]
    if plain == ALL:
        return [*metropole, *_OVERSEAS]
    if plain == slug(METROPOLE):
        return metropole
    if asked.upper() in DEPARTEMENTS:
        return [asked.upper()]
    inside = [code for code, region in REGION_NAMES.items() if slug(region) == plain]
    if inside:
        return inside
    regions = sorted({region for code, region in REGION_NAMES.items() if code not in _OVERSEAS})
    raise TerritoryError(
        f"territoire inconnu : « {asked} »",
        where=where,
        remedy='donner des codes de départements (["48", "15"]), une région ('
        f"{', '.join(name for name in regions if name not in DEPARTEMENTS.values())}), "
        '"metropole" ou "tous" ; "epci" ou des numéros SIREN pour des EPCI',
    )


def _regions(codes: tuple[str, ...]) -> tuple[Territory, ...]:
    """Gather départements by région: only those asked for."""
    inside: dict[str, list[str]] = {}
    for code in codes:
        inside.setdefault(REGION_NAMES[code], []).append(code)
    return tuple(
        Territory(slug(name), name, tuple(departements))
        for name, departements in sorted(inside.items(), key=lambda pair: slug(pair[0]))
    )
