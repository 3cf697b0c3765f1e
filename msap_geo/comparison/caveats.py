"""What a reader must know before reading a difference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msap_geo import french
from msap_geo.comparison.inputs import ACCESS_KINDS, KINDS, Difference, bears_on

if TYPE_CHECKING:
    import pandas as pd

    from msap_geo.comparison.side import Side


_WHICH = ("la première", "la seconde")
_OTHER_ENGINE = "des temps lus dans une table"
_ENGINES, _UNREAL = (
    "l'écart est aussi celui des moteurs, s'ils diffèrent",
    "l'écart ne dit rien de réel",
)


def warnings_of(
    before: Side,
    after: Side,
    found: tuple[Difference, ...],
    thresholds: tuple[float, ...],
    leftovers: pd.DataFrame,
) -> list[str]:
    """Say what the reader must know before reading a difference."""
    kinds = [kind for kind in bears_on(list(found)) if kind in ACCESS_KINDS]
    told = []
    if len(kinds) > 1:
        words = [KINDS[kind] for kind in kinds]
        told.append(
            f"Plusieurs choses changent à la fois ({', '.join(words[:-1])} et {words[-1]}) : un "
            "écart ne peut être attribué à une seule d'entre elles."
        )
    for one, other, doubtful in (
        (before.demonstration, after.demonstration, "des Maisons inventées (démonstration)"),
        (before.estimated, after.estimated, "des temps estimés, sans routes réelles"),
        (
            bool(before.summary.get("temps")),
            bool(after.summary.get("temps")),
            _OTHER_ENGINE,
        ),
    ):
        if one and other:
            told.append(f"Les deux études reposent sur {doubtful}.")
        elif one or other:
            told.append(
                f"Une seule des deux études, {_WHICH[0] if one else _WHICH[1]}, repose sur "
                f"{doubtful} : {_ENGINES if doubtful == _OTHER_ENGINE else _UNREAL}."
            )
    touched = [which for side, which in zip((before, after), _WHICH, strict=True) if side.redrawn]
    if touched:
        told.append(
            f"etude.gpkg a changé depuis l'étude ({' et '.join(touched)}), comme QGIS le fait en "
            "l'ouvrant : ses communes, minutes, habitants et bureaux sont ceux des tables ; le "
            "reste n'a pas été vérifié."
        )
    if before.thresholds != after.thresholds:
        told.append(
            f"Les seuils diffèrent ({told_minutes(before.thresholds)} et "
            f"{told_minutes(after.thresholds)}) : seuls ceux qu'elles partagent sont comparés "
            f"({told_minutes(thresholds)}), et les zones blanches le sont à "
            f"{french.short(thresholds[0])} min."
        )
    if len(leftovers):
        people = leftovers.groupby("presence")["population"].agg(["size", "sum"])
        sides = [
            f"{french.counted(int(row['size']), 'commune')} {presence} "
            f"({french.people(int(row['sum']))})"
            for presence, row in people.iterrows()
        ]
        told.append(
            f"Communes sans correspondance : {' et '.join(sides)}. Elles gardent leur ligne et "
            "leurs habitants, et ne comptent ni parmi les gains ni parmi les pertes."
        )
    return told


def told_minutes(thresholds: tuple[float, ...]) -> str:
    """Return thresholds in words: ``"20, 30 min"``."""
    return f"{', '.join(f'{french.short(value)}' for value in thresholds)} min"
