"""All a study says of other people than today's residents: tomorrow's, and those of each month."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msap_geo.answers.ahead.people import Tomorrow, tomorrow, tomorrow_in_words
from msap_geo.answers.ahead.season import season_in_words, season_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from msap_geo.study.result import StudyResult


def look_ahead(
    result: StudyResult,
    places: pd.DataFrame,
    *,
    progress: Callable[[str], None] = lambda _: None,
) -> Tomorrow:
    """Tell who will be far at each horizon, and who is there each month, as far as a study asks.

    Parameters
    ----------
    result
        The study, run.
    places
        Table under :data:`msap_geo.schemas.PLACES`: the communes and their times of today.
    progress
        Called with a French sentence at each step.

    Returns
    -------
    Tomorrow
        Tables of :func:`msap_geo.answers.ahead.people.tomorrow` and
        :func:`msap_geo.answers.ahead.season.season_tables`; none where the study asks for nothing.

    Raises
    ------
    MsapGeoError
        If a file of ``[prospective]`` is absent or unusable.
    """
    asked = result.study.prospective
    found = Tomorrow({}, [])
    if asked.fichier is not None:
        progress("Habitants de demain")
        found = tomorrow(result, places)
    if asked.saison is None:
        return found
    progress("Personnes présentes chaque mois")
    return Tomorrow({**found.tables, **season_tables(result, places)}, found.anomalies)


def ahead_in_words(tables: dict[str, pd.DataFrame], thresholds: Sequence[float]) -> list[str]:
    """Say who will be far, then who is there the fullest month; nothing where nothing is asked."""
    return [*tomorrow_in_words(tables, thresholds), *season_in_words(tables, thresholds)]
