"""What the atlas of a campaign shows: territories, figures, studies and what they make together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from msap_geo import outputs
from msap_geo.campaign.figures import NAME, outline, together
from msap_geo.outputs.sheets.dictionary import describe_columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from msap_geo.campaign.figures import Made

PAGE = "index.html"

_LINKS = {
    "carte.html": "Carte",
    "rapport.html": "Rapport",
    "rapport.pdf": "Rapport (PDF)",
    "etude.xlsx": "Classeur",
}
_KEYS = {"dossier", "territoire", "nom", "date", "profil", "scenario", "etat", "temps_estimes"}
_ALWAYS = "population"
_FIRST = (
    "part_",
    "part_attendue_",
    "habitants_au_dela_",
    "zones_blanches",
    "maisons",
    "communes_au_dela_",
    "population",
)


def atlas_of(
    studies: Sequence[Made], table: pd.DataFrame, told: outputs.Provenance, folder: Path
) -> outputs.Atlas:
    """Gather what the atlas of a campaign shows.

    Parameters
    ----------
    studies
        Its studies.
    table
        Their figures, same rows (:func:`msap_geo.campaign.figures.figures`).
    told
        What it says of its origin.
    folder
        Its folder, where outlines are read.
    """
    figures = _figures(table)
    rows = [
        outputs.AtlasRow(
            made.task.territory.key,
            made.task.date,
            _case(made.task.profile, made.task.scenario),
            _values(row, figures),
            _links(made),
            "" if made.summary else made.state,
        )
        for made, row in zip(studies, table.to_dict("records"), strict=True)
    ]
    rows += [
        outputs.AtlasRow(
            "",
            row["date"] or "",
            _case(row["profil"] or "", row["scenario"] or ""),
            _values(row, figures),
        )
        for row in together(table).astype(object).to_dict("records")
    ]
    return outputs.Atlas(
        title=told.title,
        heading=" – ".join(part for part in (told.territory, told.date) if part),
        areas=_areas(studies, folder),
        figures=figures,
        rows=rows,
        warnings=told.warnings,
        notes=[told.method, *told.limits, *told.sources, *told.attributions],
    )


def _figures(table: pd.DataFrame) -> list[outputs.AtlasFigure]:
    """Return the figures to show, those most asked for first; one at least, be it without value."""
    codes = [name for name in table.columns if name not in _KEYS and table[name].notna().any()]
    codes = codes or [_ALWAYS]
    order = {code: rank for rank, code in enumerate(codes)}
    # Where times are estimated, whole communes all but fill the map: the expected share tells more.
    estimated = bool(table.get("temps_estimes", pd.Series(dtype=object)).eq(True).any())
    first = ("part_attendue_", *_FIRST) if estimated else _FIRST
    plain = {code: code.rstrip("0123456789.") for code in codes}
    codes.sort(
        key=lambda code: (
            first.index(plain[code]) if plain[code] in first else len(first),
            order[code],
        )
    )
    return [
        outputs.AtlasFigure(one.code, one.title, one.form, one.unit, one.definition)
        for one in describe_columns(NAME, codes)
    ]


def _values(
    row: Mapping[Any, Any], figures: Sequence[outputs.AtlasFigure]
) -> dict[str, float | None]:
    """Return the figures of a row that are known, shares to a thousandth of a point."""
    found: dict[str, float | None] = {}
    for figure in figures:
        value = row.get(figure.code)
        if value is not None and not pd.isna(value):
            number = float(value)
            found[figure.code] = int(number) if number.is_integer() else round(number, 6)
    return found


def _links(made: Made) -> dict[str, str]:
    return {what: f"{made.task.key}/{name}" for name, what in _LINKS.items() if name in made.files}


def _case(profile: str, scenario: str) -> str:
    parts = [f"profil {profile}" if profile else "", f"choix {scenario}" if scenario else ""]
    return ", ".join(part for part in parts if part)


def _areas(studies: Sequence[Made], folder: Path) -> list[outputs.AtlasArea]:
    """Return the territories, each with the outline of the first of its studies that has one."""
    names: dict[str, str] = {}
    shapes: dict[str, Any] = {}
    for made in studies:
        key = made.task.territory.key
        names.setdefault(key, made.task.territory.name)
        if key not in shapes and made.summary:
            found = outline(folder / made.task.key)
            if found is not None:
                shapes[key] = found
    return [
        outputs.AtlasArea(key, name, shapes[key].crs.to_epsg(), shapes[key].iloc[0])
        if key in shapes
        else outputs.AtlasArea(key, name, 0)
        for key, name in names.items()
    ]
