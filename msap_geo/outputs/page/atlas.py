"""The atlas of a campaign: one page, offline, with a map, a table and progressions over dates.

Nothing is computed here but where things are drawn. As on the map of a study, texts reach the page
through ``textContent`` and data through a JSON block; a Content-Security-Policy lets our own script
run, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from dataclasses import dataclass, field
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from msap_geo.outputs.colours import SCALE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

WIDTH = 1000
"""Width of the drawing of the largest group of territories, its own units."""

INSET, GAP = 120, 16
"""Side of the square of a territory of another projection, and what separates squares."""

_BEND = 2.0
"""Side of the smallest bend drawn, units of the drawing."""

_SPECK = 7.0
"""Side of the smallest hole drawn: a merged commune whose former outline is lost leaves less."""


@dataclass(frozen=True)
class AtlasArea:
    """A territory of an atlas.

    Parameters
    ----------
    key, name
        Its code and its name.
    epsg
        Projection of its outline.
    outline
        Its outline, None where it has none: it is in the table only.
    """

    key: str
    name: str
    epsg: int
    outline: BaseGeometry | None = None


@dataclass(frozen=True)
class AtlasFigure:
    """A figure an atlas shows: its column, its title, its form and unit in the dictionary."""

    code: str
    title: str
    form: str
    unit: str = ""
    definition: str = ""


@dataclass(frozen=True)
class AtlasRow:
    """A study of an atlas; or, without an area, what all those of one case make together.

    Parameters
    ----------
    area
        Key of its territory; empty for all of them together.
    date, case
        Date it is about, and what else tells it from others: profile, scenario.
    values
        Figures by code; empty where it is not made.
    links
        Pages and documents of its folder, by what they are.
    state
        Why it has no figure; empty where it has.
    """

    area: str
    date: str = ""
    case: str = ""
    values: Mapping[str, float | None] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    state: str = ""


@dataclass(frozen=True)
class Atlas:
    """What an atlas shows.

    Parameters
    ----------
    title, heading
        Its title, and a line on territories and dates.
    areas, figures, rows
        What is drawn; the first figure is shown first.
    warnings
        What no figure may be read without.
    notes
        Method, limits, sources and credits.
    """

    title: str
    heading: str
    areas: Sequence[AtlasArea]
    figures: Sequence[AtlasFigure]
    rows: Sequence[AtlasRow]
    warnings: Sequence[str] = ()
    notes: Sequence[str] = ()


def render_atlas(atlas: Atlas) -> str:
    """Return an atlas as one self-contained HTML page; equal atlases give equal text.

    Parameters
    ----------
    atlas
        What to show.
    """
    assets = files("msap_geo.outputs.page") / "assets"
    script, style = (
        (assets / f"atlas.{kind}").read_text(encoding="utf-8").strip() for kind in ("js", "css")
    )
    body = (assets / "atlas.html").read_text(encoding="utf-8").strip()
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; "
        f"script-src {_hash_of(script)}; style-src {_hash_of(style)}"
    )
    told = json.dumps(_data(atlas), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    told = told.replace("<", "\\u003c")  # no text of ours closes the block
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="fr">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{html.escape(atlas.title)}</title>",
            f"<style>{style}</style>",
            "</head>",
            "<body>",
            body,
            f'<script type="application/json" id="donnees">{told}</script>',
            f"<script>{script}</script>",
            "</body>",
            "</html>",
            "",
        ]
    )


def _hash_of(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _data(atlas: Atlas) -> dict[str, Any]:
    paths, height = drawn(atlas.areas)
    return {
        "titre": atlas.title,
        "entete": atlas.heading,
        "avertissements": list(atlas.warnings),
        "notes": list(atlas.notes),
        "couleurs": list(SCALE),
        "largeur": WIDTH,
        "hauteur": height,
        "territoires": [
            {"code": area.key, "nom": area.name, "trace": paths[area.key]} for area in atlas.areas
        ],
        "chiffres": [
            {
                "code": one.code,
                "titre": one.title,
                "forme": one.form,
                "unite": one.unit,
                "definition": one.definition,
            }
            for one in atlas.figures
        ],
        "etudes": [
            {
                "territoire": row.area,
                "date": row.date,
                "cas": row.case,
                "valeurs": [row.values.get(one.code) for one in atlas.figures],
                "liens": dict(row.links),
                "etat": row.state,
            }
            for row in atlas.rows
        ],
    }


def drawn(areas: Sequence[AtlasArea]) -> tuple[dict[str, str], int]:
    """Draw territories side by side: those of most territories' projection, then the others.

    Parameters
    ----------
    areas
        Territories.

    Returns
    -------
    paths : dict
        Data of an SVG path by key, empty for a territory without an outline.
    height : int
        Height of the drawing, whose width is :data:`WIDTH`.
    """
    paths = {area.key: "" for area in areas}
    placed = [area for area in areas if area.outline is not None]
    if not placed:
        return paths, 0
    codes = [area.epsg for area in placed]
    main = max(sorted(set(codes)), key=codes.count)
    together = [area for area in placed if area.epsg == main]
    apart = [area for area in placed if area.epsg != main]
    shapes = np.array([area.outline for area in together], dtype=object)
    west, south, east, north = shapely.total_bounds(shapes)
    scale = max(east - west, (north - south) * 0.8) / WIDTH
    # Shared borders are simplified once, so that neighbours stay joined.
    smooth = shapely.coverage_simplify(_without_specks(shapes, _SPECK * scale), _BEND * scale)
    shift = (WIDTH - (east - west) / scale) / 2
    for area, shape in zip(together, smooth, strict=True):
        paths[area.key] = _path(shape, (west - shift * scale, north), scale)
    height = int(np.ceil((north - south) / scale))
    for rank, area in enumerate(apart):
        column, line = rank % (WIDTH // (INSET + GAP)), rank // (WIDTH // (INSET + GAP))
        left, top = column * (INSET + GAP), height + GAP + line * (INSET + GAP)
        west, south, east, north = shapely.bounds(area.outline)
        own = max(east - west, north - south) / INSET
        shape = shapely.simplify(area.outline, _BEND * own / 2)
        paths[area.key] = _path(shape, (west - left * own, north + top * own), own)
    lines = -(-len(apart) // (WIDTH // (INSET + GAP)))
    return paths, height + lines * (INSET + GAP)


def _without_specks(shapes: NDArray[np.object_], side: float) -> NDArray[np.object_]:
    """Fill the holes too small to be read, but for those where another territory lies."""
    ground = shapely.STRtree(shapes)

    def is_drawn(ring: shapely.LinearRing) -> bool:
        hole = shapely.Polygon(ring)
        inside = shapely.point_on_surface(hole)
        return bool(hole.area >= side**2 or ground.query(inside, predicate="intersects").size)

    def filled(part: BaseGeometry) -> shapely.Polygon:
        outer, *holes = shapely.get_rings(part)
        return shapely.Polygon(outer, [ring for ring in holes if is_drawn(ring)])

    whole = [shapely.multipolygons([filled(p) for p in shapely.get_parts(one)]) for one in shapes]
    return np.array(whole, dtype=object)


def _path(shape: BaseGeometry, corner: tuple[float, float], scale: float) -> str:
    """Return the data of an SVG path, in whole tenths of a unit; rings of nothing vanish."""
    parts = []
    for ring in shapely.get_rings(shapely.get_parts(shape)):
        points = shapely.get_coordinates(ring)
        x = (points[:, 0] - corner[0]) / scale
        y = (corner[1] - points[:, 1]) / scale
        whole = np.rint(np.column_stack([x, y]) * 10).astype(np.int64)
        keep = np.concatenate([[True], (np.diff(whole, axis=0) != 0).any(axis=1)])
        whole = whole[keep][:-1]
        if len(whole) > 2:  # noqa: PLR2004 - fewer corners enclose nothing
            steps = np.diff(whole, axis=0)
            first = "M" + _pair(*whole[0])
            rest = " ".join(_pair(*step) for step in steps)
            parts.append(f"{first}l{rest}z")
    return "".join(parts)


def _pair(x: int, y: int) -> str:
    """Return tenths as SVG writes them: no more digits than they need."""
    return f"{round(x / 10, 1)} {round(y / 10, 1)}".replace(".0", "")
