"""Who will be far at each horizon of a study, Maisons and roads being those of today."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from msap_geo import french
from msap_geo.answers.origins import memberships_of
from msap_geo.coverage.ahead.far import far_at_horizons, year_of_doubling
from msap_geo.coverage.ahead.spreading import Spread, spread_projection
from msap_geo.coverage.territories import WHOLE
from msap_geo.study.ahead.reading import read_ahead

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msap_geo.anomalies import Anomaly
    from msap_geo.study.ahead.reading import Ahead
    from msap_geo.study.result import StudyResult

ELDERS = "habitants_75_plus"


class Tomorrow(NamedTuple):
    """What a study tells of its horizons: tables by name, and what was noticed."""

    tables: dict[str, pd.DataFrame]
    anomalies: list[Anomaly]


def tomorrow(result: StudyResult, places: pd.DataFrame) -> Tomorrow:
    """Tell who will be far at each horizon.

    Parameters
    ----------
    result
        The study, whose file has ``[prospective] fichier``.
    places
        Table under :data:`msap_geo.schemas.PLACES`: the communes and their times of today.

    Returns
    -------
    Tomorrow
        Tables ``prospective`` (by territory, horizon and group), ``prospective_communes``,
        ``prospective_ages`` (the projection, and what was made of it) and
        ``prospective_doublement``.

    Raises
    ------
    MsapGeoError
        If a file of ``[prospective]`` is absent or unusable.
    """
    study = result.study
    read = read_ahead(study, pd.DataFrame(result.communes), result.places.codes)
    spread = spread_of(result, read, study.prospective.horizons)
    memberships = memberships_of(result)
    far = far_at_horizons(spread.communes, places, memberships, thresholds=study.thresholds)
    tables = {
        "prospective": far,
        "prospective_communes": _by_commune(result, spread),
        "prospective_doublement": _doubling(result, read, spread, places, memberships),
        "prospective_ages": spread.bands,
    }
    return Tomorrow(tables, [*read.anomalies])


def spread_of(result: StudyResult, read: Ahead, horizons: Sequence[int]) -> Spread:
    """Bring the projection of a study to its communes."""
    asked = result.study.prospective
    people = result.communes.set_index("code_insee")["population"]
    return spread_projection(
        people,
        read.zone.reindex(people.index),
        read.projection,
        horizons=horizons,
        reference=asked.today,
        ages=read.ages,
        scaled=asked.caler,
    )


def _by_commune(result: StudyResult, spread: Spread) -> pd.DataFrame:
    access = result.access.set_index("code_insee")[["nom", "minutes", "palier"]]
    table = spread.communes.drop(columns="zone").join(access, on="code_insee")
    return table[
        [
            "code_insee",
            "nom",
            *(n for n in table if n not in {"code_insee", *access}),
            "minutes",
            "palier",
        ]
    ]


def _doubling(
    result: StudyResult,
    read: Ahead,
    spread: Spread,
    places: pd.DataFrame,
    memberships: pd.DataFrame,
) -> pd.DataFrame:
    """Tell by zone when those of 75 or over are twice as many, and how many are far then."""
    study = result.study
    today, last = study.prospective.today, study.prospective.horizons[-1]
    series = spread.older
    every = series.groupby("annee", as_index=False)[ELDERS].sum(min_count=1).assign(zone=WHOLE)
    rows: list[dict[str, Any]] = []
    for zone, told in (*((WHOLE, every),), *series.groupby("zone")):
        years, people = told["annee"].to_numpy(), told[ELDERS].to_numpy(dtype=float)
        year = math.nan if np.isnan(people).any() else year_of_doubling(years, people, today)
        start, end = (float(np.interp(one, years, people)) for one in (today, last))
        row = {"zonage": WHOLE if zone == WHOLE else read.kind, "code": zone}
        row |= {"annee_reference": today, "habitants_75_plus": round(start, 1)}
        row |= {"horizon": last, "habitants_75_plus_horizon": round(end, 1)}
        row |= {"facteur": end / start if start else math.nan, "annee_doublement": year}
        rows.append(row)
    table = pd.DataFrame(rows)
    table["annee_doublement"] = table["annee_doublement"].astype("Int64")
    # A projection by commune has as many zones as communes: only the whole is looked at closer.
    first = table["annee_doublement"].iloc[0]
    for threshold in study.thresholds:
        table[f"au_dela_{threshold:g}"] = math.nan
    if not pd.isna(first):
        then = spread_of(result, read, [int(first)])
        far = far_at_horizons(then.communes, places, memberships, thresholds=study.thresholds)
        whole = far[(far["zonage"] == WHOLE) & (far["groupe"] == ELDERS)].iloc[0]
        for threshold in study.thresholds:
            column = f"au_dela_{threshold:g}"
            table.loc[0, column] = whole[column]
    return table


def tomorrow_in_words(tables: dict[str, pd.DataFrame], thresholds: Sequence[float]) -> list[str]:
    """Say who will be far, a sentence a group; nothing where the study does not look ahead."""
    if "prospective" not in tables:
        return []
    table = tables["prospective"]
    whole = table[table["zonage"] == WHOLE]
    column, limit = f"au_dela_{thresholds[0]:g}", french.short(thresholds[0])
    lines = []
    for group, named in (("population", "habitants"), (ELDERS, "personnes de 75 ans ou plus")):
        rows = whole[whole["groupe"] == group]
        if len(rows):
            told = ", ".join(
                f"{french.number(round(row[column]))} en {row['horizon']}"
                for row in rows.to_dict("records")
            )
            lines.append(f"{named} à plus de {limit} min : {told}")
    first = tables["prospective_doublement"].iloc[0]
    if not pd.isna(first["annee_doublement"]):
        lines.append(
            f"les 75 ans ou plus auront doublé en {first['annee_doublement']} : "
            f"{french.number(round(first[column]))} à plus de {limit} min alors"
        )
    elif not math.isnan(first["facteur"]):
        lines.append(
            f"les 75 ans ou plus : × {french.number(first['facteur'], 2)} d'ici {first['horizon']}"
        )
    return lines
