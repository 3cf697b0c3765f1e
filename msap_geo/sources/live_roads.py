"""Roads of OpenStreetMap as they are today, square by square, kept with their date and query.

Squares lie on a fixed grid, so that neighbouring studies share them. Each is kept as soon as it is
had: what a refusal interrupts is resumed where it stopped, and what is kept is asked no more.
"""

from __future__ import annotations

import hashlib
import math
import re
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import geopandas as gpd
import numpy as np
import pyproj
import shapely

from msap_geo import french
from msap_geo.cache import cache_folder
from msap_geo.drafts import draft_in
from msap_geo.errors import SourceError, reason
from msap_geo.sources import overpass
from msap_geo.sources.patience import DownloadError, Limits, persevere
from msap_geo.sources.sidecar import is_damaged, now, read_sidecar, recall, sha256, write_sidecar
from msap_geo.territory import WGS84

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from pathlib import Path

WIDTH, HEIGHT = 0.25, 0.2
"""Degrees of longitude and latitude of a square: 20 km by 22 in France, some megabytes of roads."""

LICENCE = "ODbL 1.0"
CREDIT = "© les contributeurs d’OpenStreetMap"

PATIENT = Limits(
    silence_s=180.0,  # Overpass works that long before its first byte
    total_s=1800.0,
    tries=6,
    wait_s=5.0,
    longest_wait_s=300.0,
    max_bytes=1024**3,
)

_FORMAT = 1
"""Version of what is asked and how it is kept; squares of another one are asked again."""

_SPAN_DAYS = 31
"""Days between squares from which roads are told to be of different dates."""


class Square(NamedTuple):
    """A square of the grid: column and row, from 0° east and 0° north."""

    column: int
    row: int

    @classmethod
    def holding(cls, lon: float, lat: float) -> Square:
        """Return the square of a place, degrees."""
        return cls(math.floor(lon / WIDTH), math.floor(lat / HEIGHT))

    @property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east, north, degrees."""
        west, south = self.column * WIDTH, self.row * HEIGHT
        return tuple(round(side, 6) for side in (west, south, west + WIDTH, south + HEIGHT))  # type: ignore[return-value]

    @property
    def name(self) -> str:
        """Its south-west corner: ``46.4N-0.25E``."""
        west, south, _, _ = self.box
        return f"{south}N{west}E"


class LiveRoads(NamedTuple):
    """Roads that were fetched.

    Parameters
    ----------
    path
        Map file that holds them; the date of the oldest square is in its name.
    squares
        How many squares they are made of.
    asked
        How many of these were asked for this time.
    damaged
        Names of kept squares that were no longer what had been fetched, asked again.
    dates
        Moments the oldest and the latest square are of, ISO 8601.
    """

    path: Path
    squares: int
    asked: int
    damaged: tuple[str, ...]
    dates: tuple[str, str]

    @property
    def days_apart(self) -> int:
        """Days between the oldest and the latest square, where they are too many to keep silent."""
        first, last = (datetime.fromisoformat(moment) for moment in self.dates)
        days = (last - first).days
        return days if days > _SPAN_DAYS else 0


def squares_around(areas: gpd.GeoSeries, *, belt_m: float) -> list[Square]:
    """Return the squares that hold a territory and its belt.

    Parameters
    ----------
    areas
        Outlines, in projected metres; missing ones are passed over.
    belt_m
        Width of the belt, metres.

    Returns
    -------
    list of Square
        From south to north, west to east.
    """
    known = areas[areas.notna() & ~areas.is_empty]
    if known.empty:
        return []
    west, south, east, north = known.total_bounds
    # Densified: the widest place of a box in metres may be in mid-side in degrees.
    to_degrees = pyproj.Transformer.from_crs(known.crs, WGS84, always_xy=True)
    whole = to_degrees.transform_bounds(
        west - belt_m, south - belt_m, east + belt_m, north + belt_m
    )
    columns = np.arange(np.floor(whole[0] / WIDTH), np.ceil(whole[2] / WIDTH) + 1).astype(int)
    rows = np.arange(np.floor(whole[1] / HEIGHT), np.ceil(whole[3] / HEIGHT) + 1).astype(int)
    every = [Square(int(column), int(row)) for row in rows for column in columns]
    boxes = gpd.GeoSeries([shapely.box(*each.box) for each in every], crs=WGS84).to_crs(known.crs)
    near = np.unique(known.sindex.query(boxes, predicate="dwithin", distance=belt_m)[0])
    return [every[i] for i in near]


def fetch_roads(
    squares: Sequence[Square],
    *,
    inhabited: Collection[Square] = (),
    max_days: float = math.inf,
    limits: Limits = PATIENT,
    progress: Callable[[str], None] = lambda _: None,
) -> LiveRoads:
    """Return the roads of squares: those kept, and those that are missing, asked one by one.

    Parameters
    ----------
    squares
        Squares (:func:`squares_around`).
    inhabited
        Squares that cannot be without a road.
    max_days
        Squares asked for longer ago than so many days are asked for again; kept until had anew.
    limits
        Patience and greatest size.
    progress
        Called with a French sentence at each question.

    Returns
    -------
    LiveRoads
        One map file, in the cache.

    Raises
    ------
    SourceError
        If the server refuses, does not answer, or what it answers is no map; or if the cache cannot
        be written. What was had is kept.
    """
    address = overpass.server()
    folder = _folder(address)
    kept: dict[Square, dict[str, Any]] = {}
    damaged: list[str] = []
    for square in squares:
        path = _path(folder, square)
        known = recall(path)
        if known is not None and _days_since(str(known["date"])) <= max_days:
            kept[square] = known
        elif known is None and path.exists() and (read_sidecar(path) or is_damaged(path)):
            damaged.append(square.name)
    missing = [square for square in squares if square not in kept]
    for turn, square in enumerate(missing):
        progress(
            f"Routes demandées à OpenStreetMap : carré {french.number(turn + 1)} sur "
            f"{french.number(len(missing))}"
        )
        try:
            once = partial(_fetch, square, address, folder, limits, inhabited)
            kept[square] = persevere(once, limits)
        except DownloadError as error:
            lost = " ; celui qui était gardé est abîmé" if square.name in damaged else ""
            raise _refused(error.why + lost, square, address, len(kept), len(squares)) from error
        except OSError as error:
            raise _unwritable(folder, error) from error
    dates = sorted(str(known["millesime"]) for known in kept.values())
    try:
        path = _merged(folder, [_path(folder, square) for square in squares], kept.values(), dates)
    except OSError as error:
        raise _unwritable(folder, error) from error
    return LiveRoads(path, len(squares), len(missing), tuple(damaged), (dates[0], dates[-1]))


def _days_since(moment: str) -> int:
    return (datetime.fromisoformat(now()) - datetime.fromisoformat(moment)).days


def _folder(address: str) -> Path:
    """Return where the squares of a server are kept: another server may know other roads."""
    host = re.sub(r"[^a-z0-9.-]+", "-", (urlsplit(address).hostname or "").lower())
    told = hashlib.sha256(f"{_FORMAT} {address}".encode()).hexdigest()[:8]
    return cache_folder() / "osm" / f"{host[:60]}-{told}"


def _path(folder: Path, square: Square) -> Path:
    return folder / f"{square.name}.osm.pbf"


def _fetch(
    square: Square,
    address: str,
    folder: Path,
    limits: Limits,
    inhabited: Collection[Square],
    deadline: float,
) -> dict[str, Any]:
    """Ask for a square, and keep it with where it comes from."""
    answer = overpass.ask(square.box, address, limits, deadline)
    elements = overpass.elements_of(answer.body)
    if square in inhabited and not elements.ways:
        raise DownloadError("réponse vide, là où l'étude a des communes", passing=False)
    folder.mkdir(parents=True, exist_ok=True)
    path = _path(folder, square)
    with draft_in(folder, prefix=f".{square.name}.", suffix=".osm.pbf") as draft:
        overpass.write_pbf(elements, draft)
        told = {
            "fichier": path.name,
            "source": "openstreetmap",
            "titre": "Routes d'OpenStreetMap",
            "editeur": "OpenStreetMap",
            "page": "https://www.openstreetmap.org/copyright",
            "url": address,
            "requete": answer.query,
            "emprise": list(square.box),
            "date": now(),
            "millesime": elements.moment.isoformat(),
            "licence": LICENCE,
            "attribution": CREDIT,
            "octets": draft.stat().st_size,
            "sha256": sha256(draft),
            "voies": len(elements.ways),
        }
        draft.replace(path)
    write_sidecar(path, told)
    return told


def _merged(
    folder: Path, paths: Sequence[Path], kept: Iterable[dict[str, Any]], dates: Sequence[str]
) -> Path:
    """Join the squares in one file, named after the day of its data and what it holds."""
    told = sorted(str(known["sha256"]) for known in kept)
    digest = hashlib.sha256(" ".join(told).encode()).hexdigest()[:12]
    path = folder / f"openstreetmap-{dates[0][:10]}-{digest}.osm.pbf"
    if recall(path) is not None:
        return path
    with draft_in(folder, prefix=".openstreetmap-", suffix=".osm.pbf") as draft:
        overpass.merge_pbf(paths, draft)
        about = {
            "fichier": path.name,
            "source": "openstreetmap",
            "titre": "Routes d'OpenStreetMap",
            "date": now(),
            "millesime": dates[0],
            "millesime_le_plus_recent": dates[-1],
            "licence": LICENCE,
            "attribution": CREDIT,
            "carres": [each.name for each in paths],
            "octets": draft.stat().st_size,
            "sha256": sha256(draft),
        }
        draft.replace(path)
    write_sidecar(path, about)
    return path


def _refused(why: str, square: Square, address: str, kept: int, wanted: int) -> SourceError:
    west, south, east, north = square.box
    return SourceError(
        f"les routes n'ont pas pu être demandées à OpenStreetMap : {why} "
        f"(carrés obtenus : {french.number(kept)} sur {french.number(wanted)})",
        where=f"{address}, carré {square.name} ({french.short(west)} à {french.short(east)} de "
        f"longitude, {french.short(south)} à {french.short(north)} de latitude)",
        remedy=_remedy(why),
    )


def _remedy(why: str) -> str:
    ways_out = (
        f"indiquer un serveur à soi (variable {overpass.SERVER}), ou donner un extrait .osm.pbf "
        "([reseau] source)"
    )
    if "429" in why or "arrêté avant la fin" in why or "504" in why:
        return (
            "relancer plus tard (le serveur public rationne ses réponses) : seuls les carrés qui "
            f"manquent seront demandés ; sinon, {ways_out}"
        )
    if "vide" in why or "forme" in why or "404" in why:
        return (
            "vérifier que ce serveur est un serveur Overpass qui couvre l'étude ; sinon, "
            f"{ways_out}"
        )
    if "page web" in why or "407" in why or "403" in why or "certificat" in why:
        return f"vérifier le proxy (variable HTTPS_PROXY) et ses certificats ; sinon, {ways_out}"
    return (
        "vérifier la connexion et le proxy (variable HTTPS_PROXY), puis relancer : seuls les "
        f"carrés qui manquent seront demandés ; sinon, {ways_out}"
    )


def _unwritable(folder: Path, error: OSError) -> SourceError:
    return SourceError(
        f"impossible d'écrire dans le cache ({reason(error)})",
        where=folder,
        remedy="vérifier la place et les droits, ou choisir un autre dossier avec la variable "
        "MSAP_GEO_CACHE",
    )
