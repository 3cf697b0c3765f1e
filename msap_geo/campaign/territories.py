"""The territories of a campaign: a list, a région, all of them; cut by département or by région."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msap_geo.errors import TerritoryError
from msap_geo.study.file import slug
from msap_geo.territory import DEPARTEMENTS, REGION_NAMES, check_departements

if TYPE_CHECKING:
    from collections.abc import Sequence

ALL, METROPOLE = "tous", "metropole"

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
        Départements it is made of.
    """

    key: str
    name: str
    departements: tuple[str, ...]


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
        '"metropole" ou "tous"',
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
