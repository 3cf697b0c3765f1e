"""What every output of a study says of its origin, composed once."""

from __future__ import annotations

import datetime as dt
import os
import re
from typing import TYPE_CHECKING

from msap_geo import french, loaders, outputs, sources
from msap_geo.anomalies import tally
from msap_geo.errors import StudyError
from msap_geo.schemas import COUNTS, GROUPS
from msap_geo.study.choice import choice_in_words
from msap_geo.study.roles import ROLES
from msap_geo.territory import DEPARTEMENTS
from msap_geo.version import SOFTWARE

if TYPE_CHECKING:
    from pathlib import Path

    from msap_geo.study.facts import Facts
    from msap_geo.study.file import Study

_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
    "novembre", "décembre",
)  # fmt: skip
_DAY = re.compile(
    rf"(?:(?:(?P<day>\d\d?)(?:/|er\s|\s))?(?P<month>\d\d?(?=/)|{'|'.join(_MONTHS)})[/\s])?"
    r"(?P<year>(?:19|20)\d\d)"
)


def provenance_of(result: Facts) -> outputs.Provenance:
    """Compose what every output of a study says of its origin.

    Parameters
    ----------
    result
        The study, run.

    Returns
    -------
    outputs.Provenance
        Dated by the list of Maisons (what is measured is that network), else by the latest of the
        other vintages; by ``SOURCE_DATE_EPOCH`` besides, when it is set; never by the clock.

    Raises
    ------
    StudyError
        If ``SOURCE_DATE_EPOCH`` is no number of seconds.
    """
    study = result.study
    imposed = edition()
    date, day = _dated(study)
    if imposed is not None:
        date = ", ".join(part for part in (date, f"édition du {imposed:%d/%m/%Y}") if part)
    moment = imposed or day or outputs.UNDATED
    return outputs.Provenance(
        title=study.etude.nom,
        territory=territory_of(result),
        date=date,
        moment=moment,
        software=SOFTWARE,
        method=_method(result),
        vintages=_vintages(study),
        sources=(*_sources(study), *_dated_counts(result)),
        limits=tuple(_limits(result)),
        attributions=tuple(_attributions(study, result.times.credit)),
        road_credit=result.times.credit,
        estimated=result.estimated,
        demonstration=study.etude.demonstration,
        edition=imposed is not None,
        table=result.times.described,
    )


def edition() -> dt.datetime | None:
    """Return the moment ``SOURCE_DATE_EPOCH`` imposes, as reproducible builds do.

    Returns
    -------
    datetime or None
        In universal time; none where nothing is imposed.

    Raises
    ------
    StudyError
        If it is no number of seconds.
    """
    asked = os.environ.get("SOURCE_DATE_EPOCH", "").strip()
    if not asked:
        return None
    try:
        return dt.datetime.fromtimestamp(int(asked), tz=dt.UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise StudyError(
            f"SOURCE_DATE_EPOCH n'est pas une date (reçu {asked})",
            remedy="donner des secondes depuis le 1er janvier 1970, ou retirer la variable",
        ) from error


def territory_of(result: Facts) -> str:
    """Return the territory in words: its EPCI, else its départements."""
    asked = result.study.etude.epci
    if not asked:
        codes = result.study.departements
        return ", ".join(f"{DEPARTEMENTS[code]} ({code})" for code in codes)
    communes = result.communes
    named = communes.get("epci_nom", communes["epci"]).groupby(communes["epci"]).first()
    return ", ".join(f"{named[code]} ({code})" for code in asked)


def _dated(study: Study) -> tuple[str, dt.datetime | None]:
    """Return the day the figures are about, in words and as a moment."""
    told = study.vintage("maisons")
    day = _moment(told)
    if day is not None:
        # « au 01/01/2021, d'après la liste 01/08/2024 » already begins with its preposition.
        return f"Maisons {told}" if told.startswith("au ") else f"Maisons : {told}", day
    others = [_moment(study.vintage(role)) for role in study.inputs()]
    known = [other for other in others if other is not None]
    return (f"données jusqu’à {max(known):%Y}", max(known)) if known else ("", None)


def _moment(told: str) -> dt.datetime | None:
    """Return the first day of the period a vintage names: ``01/08/2024``, ``août 2024``, 2026."""
    match = _DAY.search(told)
    if match is None:
        return None
    named = match["month"]
    month = 1 if named is None else int(named) if named.isdigit() else _MONTHS.index(named) + 1
    try:
        return dt.datetime(int(match["year"]), month, int(match["day"] or 1), tzinfo=dt.UTC)
    except ValueError:  # a month or a day no calendar has: the text is shown as it is
        return dt.datetime(int(match["year"]), 1, 1, tzinfo=dt.UTC)


def _method(result: Facts) -> str:
    supposed = "" if result.choice is None else f"Simulation : {choice_in_words(result.choice)}. "
    if result.study.reseau.told:
        supposed += f"Routes modifiées : {result.study.reseau.told}. "
    start = "de chaque commune" if result.times.file else "de la mairie de chaque commune"
    return supposed + (
        f"Temps de trajet {start} à la Maison la plus proche, "
        f"{result.profile.title}. Une commune est en zone blanche si ce temps dépasse "
        f"{french.short(result.study.threshold)} minutes ; celles qui se touchent forment une "
        "seule zone."
    )


def _sources(study: Study) -> list[str]:
    return [
        f"{ROLES[role].title} : {', '.join(study.path(path).name for path in paths)}"
        f" ({study.vintage(role) or 'millésime non indiqué'})"
        for role, paths in study.inputs().items()
    ]


def _dated_counts(result: Facts) -> list[str]:
    """Return the day of what a file dates itself, row by row (premises of Arcep), a line a day."""
    days: dict[str, list[str]] = {}
    for name, told in result.indicators.items():
        if "/" in told["millesime"]:
            days.setdefault(told["millesime"], []).append({**GROUPS, **COUNTS}.get(name, name))
    return [f"Au {day} : {', '.join(names)}" for day, names in days.items()]


def _vintages(study: Study) -> str:
    """Return the vintages that matter most, on one line."""
    told = [
        f"{ROLES[role].title[0].lower()}{ROLES[role].title[1:]} {study.vintage(role)}"
        for role in ("maisons", "la_poste", "population", "reseau", "temps")
        if role in study.inputs() and study.vintage(role)
    ]
    return f"Données : {', '.join(told)}." if told else ""


def _limits(result: Facts) -> list[str]:
    whose = "un seul temps" if result.times.file else "le temps de sa mairie"
    limits = [
        f"Une commune entière a {whose} : ses hameaux peuvent être plus loin.",
        "Les temps d’accès ne tiennent pas compte des jours et heures d’ouverture.",
    ]
    if result.estimated:
        limits.insert(
            0,
            "Temps estimés sans routes réelles, de mairie à mairie : un ordre de grandeur, à ne "
            "pas utiliser pour décider.",
        )
    if result.times.file:
        limits.insert(
            0,
            f"Temps lus dans {result.times.described} : ce fichier ne dit ni les routes, ni les "
            "vitesses, ni les points de départ.",
        )
    if result.choice is not None:
        limits.insert(0, "Simulation : pas l’état des Maisons d’aujourd’hui.")
    if result.study.reseau.told:
        limits.insert(0, f"Routes modifiées par l’étude : {result.study.reseau.told}.")
    if result.study.etude.demonstration:
        limits.insert(0, "Maisons et bureaux de poste inventés pour la démonstration.")
    elsewhere = result.origins["origine"][result.origins["origine"] != loaders.TOWN_HALL]
    if len(elsewhere) and not result.times.file:
        counts = elsewhere.value_counts()
        several = len(counts) > 1
        told = french.listed(
            [
                _STARTS[name] + (f" ({french.number(count)})" if several else "")
                for name, count in counts.items()
            ]
        )
        limits.append(
            f"{french.counted(len(elsewhere), 'commune')} sans mairie bien placée : le trajet part "
            f"{told}."
        )
    if result.anomalies:
        told = french.anomalies(tally(result.anomalies))
        limits.append(f"Anomalies des données (détail dans manifest.json) : {told}.")
    return limits


_STARTS = {
    loaders.CELL: "d’un carreau habité",
    loaders.STREETS: "de leurs rues",
    loaders.SURFACE: "d’un point de leur surface",
    loaders.NEIGHBOUR: "de la commune voisine",
    loaders.NOWHERE: "de nulle part",
}
"""Where trips start that do not from a town hall."""


def _attributions(study: Study, road_credit: str) -> list[str]:
    """Return the credits due: what a fetched file came with, else its usual publisher."""
    lines, publishers = [], []
    for role, paths in study.inputs().items():
        if role == "reseau" or (study.etude.demonstration and ROLES[role].invented):
            continue
        for path in paths:
            told = _fetched_credit(study.path(path))
            if told:
                lines.append(told)
            else:
                publishers.append(ROLES[role].publisher)
    named = ", ".join(name for name in dict.fromkeys(publishers) if name)
    if named:
        lines.append(f"{named} : données publiques, Licence Ouverte selon le fichier")
    lines += [road_credit, f"Calcul et carte : {SOFTWARE}"]
    return [line for line in dict.fromkeys(lines) if line]


def _fetched_credit(path: Path) -> str:
    """Return the credit ``telecharger`` left beside a file; empty without one that can be read."""
    told = sources.told_beside(path) or {}
    if not {"attribution", "licence"} <= set(told):
        return ""
    credit, licence = str(told["attribution"]), str(told["licence"])
    return credit if licence.lower() in credit.lower() else f"{credit} ({licence})"
