"""The maps of a report: which tables of a study each one shows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from msap_geo import french
from msap_geo.coverage import class_labels
from msap_geo.outputs import class_colours
from msap_geo.outputs.paper.map import locator_map, lower_maps, print_map
from msap_geo.outputs.paper.sheet import Entry, Places, Sheet
from msap_geo.outputs.report import Figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    import pandas as pd

    from msap_geo.answers.plan import Implantation
    from msap_geo.outputs.paper.drawing import Drawing
    from msap_geo.study.result import StudyResult

_NAMES = 12
_AROUND_KM = 6.0
_ACCESS = "Trajet vers la Maison la plus proche"


def watermarks(result: StudyResult) -> tuple[str, ...]:
    """Return the words written across every map of a study."""
    return tuple(caution.mark for caution in result.cautions)


def map_figure(sheet: Sheet, caption: str, alt: str) -> Figure:
    """Return a map as a figure, with what it becomes where a page has less room."""
    full = print_map(sheet)
    return Figure(full, caption, alt, lower_maps(sheet, full))


def access_map(result: StudyResult, credits_: Sequence[str]) -> Sheet:
    """Return the map of access today: classes, zones blanches, Maisons."""
    rows = {code: row for row, code in enumerate(result.communes["code_insee"])}
    zones = tuple(
        (str(zone.rang), tuple(rows[code] for code in zone.communes))
        for zone in result.zones.itertuples()
    )
    return Sheet(
        result.communes,
        *_classes(result, result.access["palier"]),
        zones=zones,
        zones_label="Zone blanche et son numéro",
        places=_maisons(result),
        borders=tuple(result.communes["departement"]),
        names=_names(result),
        credits=tuple(credits_),
        watermarks=watermarks(result),
    )


def plan_map(found: Implantation, after: pd.Series, credits_: Sequence[str]) -> Sheet:
    """Return the map of access with the plan: classes afterwards, offices chosen and others."""
    result = found.result
    chosen = found.offices.loc[list(found.plan.sites)].geometry
    others = result.candidates[~result.candidates["site_id"].isin(found.plan.sites)].geometry
    return Sheet(
        result.communes,
        *_classes(result, after),
        places=(
            Places(others, "candidat", "Autre bureau candidat"),
            *_maisons(result),
            Places(chosen, "retenu", "Bureau proposé et son rang", _ranks(len(chosen))),
        ),
        borders=tuple(result.communes["departement"]),
        names=_names(result),
        credits=tuple(credits_),
        watermarks=watermarks(result),
    )


def fiche_map(found: Implantation, site_id: str, rank: int, gained: Sequence[str]) -> Drawing:
    """Draw what one office brings: the communes it brings within reach, and their surroundings."""
    result = found.result
    site = found.offices.loc[[site_id]].geometry
    inside = result.communes["code_insee"].isin(gained).to_numpy()
    boxes = (result.communes[inside].total_bounds, site.total_bounds)
    shown = [box for box in boxes if math.isfinite(box[0])]
    focus = None
    if shown:
        margin = 1000 * _AROUND_KM
        focus = (
            min(box[0] for box in shown) - margin,
            min(box[1] for box in shown) - margin,
            max(box[2] for box in shown) + margin,
            max(box[3] for box in shown) + margin,
        )
    return locator_map(
        Sheet(
            result.communes,
            *_classes(result, result.access["palier"], counted=False),
            marked=tuple(int(row) for row in inside.nonzero()[0]),
            marked_label=f"Commune gagnée à {french.short(result.study.threshold)} min",
            places=(*_maisons(result), Places(site, "retenu", "Bureau proposé", (str(rank),))),
            borders=tuple(result.communes["departement"]),
            names=_names(result, focus=focus),
            watermarks=watermarks(result),
            focus=focus,
        )
    )


def _classes(
    result: StudyResult, classes: pd.Series, *, counted: bool = True
) -> tuple[tuple[str, ...], str, tuple[Entry, ...]]:
    colours = class_colours(result.study.thresholds)
    people = result.communes["population"].groupby(classes.to_numpy()).sum()
    entries = tuple(
        Entry(colours[label], label, f"{french.number(int(people[label]))} hab." if counted else "")
        for label in class_labels(result.study.thresholds)
        if label in people.index
    )
    return tuple(colours[label] for label in classes), _ACCESS, entries


def _maisons(result: StudyResult) -> tuple[Places, ...]:
    return (
        Places(
            result.maisons[result.neighbours].geometry,
            "voisine",
            "Maison voisine (autre département)",
        ),
        Places(result.itinerants.geometry, "itinerante", "Maison itinérante (non comptée)"),
        Places(result.maisons[~result.neighbours].geometry, "maison", "Maison"),
    )


def _ranks(count: int) -> tuple[str, ...]:
    return tuple(str(rank) for rank in range(1, count + 1))


def _names(
    result: StudyResult, *, focus: tuple[float, float, float, float] | None = None
) -> tuple[tuple[str, float, float], ...]:
    """Return the names of the most populous communes, where their people start from."""
    places: gpd.GeoDataFrame = result.origins.assign(nom=result.communes["nom"].to_numpy())
    places = places[places.geometry.notna()]
    if focus is not None:
        left, bottom, right, top = focus
        places = places.cx[left:right, bottom:top]
    largest = places.sort_values(["population", "code_insee"], ascending=[False, True]).head(_NAMES)
    return tuple(
        (name, point.x, point.y)
        for name, point in zip(largest["nom"], largest.geometry, strict=True)
    )
