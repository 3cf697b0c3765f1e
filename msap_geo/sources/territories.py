"""Which départements touch, where each lies, and which OpenStreetMap extract holds it."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


def border(departements: Iterable[str]) -> tuple[str, ...]:
    """Return the départements that touch those given, themselves left out.

    Parameters
    ----------
    departements
        Known codes (see :func:`msap_geo.territory.check_departements`).

    Returns
    -------
    tuple of str
        Sorted codes; none for an island.
    """
    inside = set(departements)
    table = _table("voisins.toml")
    return tuple(sorted({other for code in inside for other in table[code]} - inside))


def extracts(departements: Iterable[str]) -> tuple[str, ...]:
    """Return the OpenStreetMap extracts (old régions) that cover départements.

    Parameters
    ----------
    departements
        Known codes.

    Returns
    -------
    tuple of str
        Sorted names; 975, 977, 978 and the Pacific (986 to 988) are in none.
    """
    wanted = set(departements)
    return tuple(
        sorted(
            name
            for name, entry in _table("extraits.toml").items()
            if wanted & set(entry["departements"])
        )
    )


def extract_size_mb(extract: str) -> int:
    """Return the approximate size of an extract, in megabytes."""
    return int(_table("extraits.toml")[extract]["taille_mo"])


def light_extract(departement: str) -> str | None:
    """Return the path of a département's own extract at OpenStreetMap France, null without one."""
    path = _table("departements_osm.toml").get(departement)
    return None if path is None else str(path)


def box(departement: str) -> tuple[float, float, float, float]:
    """Return the box around a département: west, south, east, north, degrees.

    The whole world where it is not known (975, 977, 978 and the Pacific).
    """
    west, south, east, north = _table("emprises.toml").get(departement, (-180, -90, 180, 90))
    return float(west), float(south), float(east), float(north)


@cache
def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((files("msap_geo.sources") / name).read_text(encoding="utf-8"))
