"""What the page needs to answer "what if one opened here?" by itself, and how it is written.

The page decides on the very numbers Python decides on: minutes are whole thousandths, every trip
that can matter is there, and a place whose trips are cut short says from how many minutes on.
"""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from msap_geo.outputs.page.packing import pack

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

_SEVEN_BITS = 7
_MORE = 128
_GROUPS = 5
"""Groups of seven bits a number below 2³⁵ may need."""


@dataclass(frozen=True, eq=False)
class Trips:
    """Trips of each place to the sites it may need, nearest first.

    Parameters
    ----------
    start
        Trips of place ``i`` are rows ``start[i]:start[i + 1]``, shape (places + 1,).
    site
        Site of each trip, by row of the sites.
    thousandths
        Minutes × 1000 of each trip, whole; of equal ones the smallest ``site_id`` comes first.
    bound
        Of each place: every trip up to so many thousandths is there; −1 where all of them are.
    reach
        Of each place: row of ``lost``.
    lost
        Sites no road leads to, shape (groups, sites), one row for the places that share them.
    """

    start: NDArray[np.int64]
    site: NDArray[np.int64]
    thousandths: NDArray[np.int64]
    bound: NDArray[np.int64]
    reach: NDArray[np.int64]
    lost: NDArray[np.bool_]

    @property
    def complete(self) -> bool:
        """Whether no place lacks any trip: every choice is then exact."""
        return bool((self.bound < 0).all())


@dataclass(frozen=True, eq=False)
class Stops:
    """Stops of rounds that a choice may hold or drop.

    Parameters
    ----------
    stop_ids, words
        Their identifiers, and when they are held in words.
    held
        Whether each exists; else it is in project.
    place
        Of each, row of ``codes``.
    spans
        Of each, when it is open: minutes since the first Monday of the whole cycle.
    codes, names
        Communes that have stops, those across the border included.
    within
        Of each of them, the communes within the first threshold, rows of the access table.
    weeks
        How long the whole cycle is.
    """

    stop_ids: Sequence[str]
    words: Sequence[str]
    held: Sequence[bool]
    place: Sequence[int]
    spans: Sequence[Sequence[tuple[int, int]]]
    codes: Sequence[str]
    names: Sequence[str]
    within: Sequence[NDArray[np.int64]]
    weeks: int


@dataclass(frozen=True, eq=False)
class Simulation:
    """Everything a choice of openings and closings is recomputed from.

    Parameters
    ----------
    study, departements
        Whose choice it is, so that a choice is not read back into another study.
    thresholds
        Minutes.
    sites
        Maisons that count, then candidates, best first:
        ``site_id, nom, genre, commune, code_insee, role, horaires``.
    trips
        Of the communes in the order of the access table, then of the candidates.
    groups
        Target groups: column → (what it counts, thousandths of persons by commune).
    weights
        Weights of the score; None where it is made of what a page cannot measure again.
    costs
        Prices by kind and payer, years, envelopes, in the form the page reads.
    plans
        Proven best choices for 1, 2… openings, in the form the page reads.
    every_plan
        Whether more openings than those plans have bring nothing.
    start
        Openings and closings this study already holds, if it is a scenario itself.
    stops
        Stops of rounds, those that exist first; none where no round is known.
    order
        Of a territory too wide for every trip: rows of the sites from neighbour to neighbour, which
        writes trips tighter; a place may then lack trips within the thresholds. Else None.
    plans_by
        Of such a territory, the proven plans of the offices of each département, by code.
    """

    study: str
    departements: Sequence[str]
    thresholds: Sequence[float]
    sites: Mapping[str, Sequence[Any]]
    trips: Trips
    groups: Mapping[str, tuple[str, NDArray[np.int64]]]
    weights: Mapping[str, float] | None
    costs: Mapping[str, Any]
    plans: Sequence[Mapping[str, Any]]
    every_plan: bool = False
    start: Mapping[str, Sequence[Mapping[str, str]]] = field(default_factory=dict)
    stops: Stops | None = None
    order: NDArray[np.int64] | None = None
    plans_by: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)


def simulation_data(simulation: Simulation) -> dict[str, Any]:
    """Return what the page reads, plain values (``docs/simulation.md`` tells each key)."""
    trips, sites = simulation.trips, simulation.sites
    wide = simulation.order is not None
    # Hours count within the first threshold, and a wide territory lacks trips there.
    hours = [None] * len(sites["site_id"]) if wide else sites["horaires"]
    texts = sorted({text for text in hours if text is not None})
    rank = {text: index for index, text in enumerate(texts)}
    return {
        "etude": simulation.study,
        "departements": list(simulation.departements),
        "seuils": [round(1000 * threshold) for threshold in simulation.thresholds],
        "sites": {
            **{
                name: list(sites[name])
                for name in ("site_id", "nom", "genre", "commune", "code_insee", "role")
            },
            "horaires": [-1 if text is None else rank[text] for text in hours],
        },
        "horaires": texts,
        **(_tight(simulation) if wide else _trips(trips)),
        "groupes": {
            name: {"titre": title, "effectifs": values.tolist()}
            for name, (title, values) in simulation.groups.items()
        },
        "poids": None if simulation.weights is None else dict(simulation.weights),
        "couts": dict(simulation.costs),
        "plans": [dict(plan) for plan in simulation.plans],
        "plans_complets": simulation.every_plan,
        **({"plans_de": _plans_by(simulation)} if wide else {}),
        "depart": {key: [dict(site) for site in told] for key, told in simulation.start.items()},
        **({} if simulation.stops is None else {"arrets": _stops(simulation.stops)}),
    }


def _trips(trips: Trips) -> dict[str, Any]:
    return {
        "nombre": _text(np.diff(trips.start)),
        "temps": _text(_steps(trips).ravel()),
        "bornes": "" if trips.complete else _text(trips.bound + 1),
        "portees": {
            "motif": _text(trips.reach),
            "hors": [np.flatnonzero(row).tolist() for row in trips.lost],
        },
    }


def _tight(simulation: Simulation) -> dict[str, Any]:
    """Write the trips of a wide territory: sites are steps along a curve between neighbours.

    A place holds every trip up to its last one; ``entiers`` says which hold all of those within the
    last threshold.
    """
    trips, order = simulation.trips, simulation.order
    if order is None:
        return {}
    along = np.empty(len(order), dtype=np.int64)
    along[order] = np.arange(len(order))
    some = np.flatnonzero(np.diff(trips.start) > 0)
    first = trips.start[some]
    is_first = np.zeros(len(trips.site), dtype=bool)
    is_first[first] = True
    steps = _steps(trips)[:, 0]
    site = along[trips.site]
    from_first = site - np.repeat(site[first], np.diff(np.append(first, len(site))))
    longest = round(1000 * simulation.thresholds[-1])
    return {
        "nombre": pack(np.diff(trips.start)),
        "temps": {
            "ordre": pack(np.diff(order, prepend=0)),
            "premiers": pack(np.diff(site[first], prepend=0)),
            "autres": pack(from_first[~is_first]),
            "attente": pack(steps[is_first]),
            "pas": pack(steps[~is_first]),
            "entiers": pack((trips.bound >= longest).astype(np.int64)),
        },
        "bornes": "",
        "portees": {
            "motif": pack(trips.reach),
            "hors": [pack(np.diff(np.flatnonzero(row), prepend=0)) for row in trips.lost],
        },
    }


def _plans_by(simulation: Simulation) -> dict[str, list[dict[str, Any]]]:
    return {code: [dict(plan) for plan in plans] for code, plans in simulation.plans_by.items()}


def _stops(stops: Stops) -> dict[str, Any]:
    return {
        "id": list(stops.stop_ids),
        "mots": list(stops.words),
        "tenu": [int(held) for held in stops.held],
        "lieu": list(stops.place),
        "plages": [[list(span) for span in spans] for spans in stops.spans],
        "codes": list(stops.codes),
        "noms": list(stops.names),
        "portee": [_text(np.diff(rows, prepend=0)) for rows in stops.within],
        "semaines": stops.weeks,
    }


def _steps(trips: Trips) -> NDArray[np.int64]:
    """Return, for each trip, what it adds to the one before it in its place, and its site."""
    steps = np.diff(trips.thousandths, prepend=0)
    first = trips.start[:-1][np.diff(trips.start) > 0]
    steps[first] = trips.thousandths[first]
    return np.column_stack([steps, trips.site])


FOLDED = "msap-essai-plie"
"""Identifier of the block that holds what is read of a wide territory, once its page is shown."""


def folded(data: Mapping[str, Any]) -> str:
    """Return what is read of a wide territory as a block of the page: gzip in base64.

    Names and plans take a quarter of the room; trips are as short already. Read once the map is
    drawn, it delays nothing.
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    packed = gzip.compress(text.encode("utf-8"), compresslevel=9, mtime=0)
    told = base64.b64encode(packed).decode("ascii")
    return f'<script type="text/plain" id="{FOLDED}">{told}</script>'


def _text(numbers: NDArray[np.int64]) -> str:
    """Write whole positive numbers as base64: seven bits a byte, lowest first (LEB128)."""
    groups = (numbers[:, None] >> (_SEVEN_BITS * np.arange(_GROUPS))) & (_MORE - 1)
    place = np.arange(_GROUPS)[None, :]
    last = np.max(np.where(groups > 0, place, 0), axis=1, keepdims=True)
    groups = groups | np.where(place < last, _MORE, 0)
    return base64.b64encode(groups[place <= last].astype(np.uint8).tobytes()).decode("ascii")
