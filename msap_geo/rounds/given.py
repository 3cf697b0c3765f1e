"""Rounds that exist, whoever tells them: a table, a study file, rows of a list of Maisons."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from msap_geo.anomalies import Action, Anomaly, note
from msap_geo.coverage.opening import WEEKDAYS
from msap_geo.errors import DataError, StudyError
from msap_geo.hours import read_hours
from msap_geo.loaders import Loaded
from msap_geo.rounds.comments import stops_in_comment
from msap_geo.rounds.stops import (
    EVERY_WEEK,
    Stop,
    clashes,
    cycles_of,
    ordered,
    read_stops,
    whole_cycle,
)
from msap_geo.tabular import LINE, normalise

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from msap_geo.rounds.rules import Arret


class GivenRounds(NamedTuple):
    """Stops that exist, and what was noticed of them."""

    stops: tuple[Stop, ...]
    anomalies: tuple[Anomaly, ...]


def load_stops(path: Path) -> Loaded[pd.DataFrame]:
    """Load stops (:func:`msap_geo.rounds.read_stops`) as a table, a column for each field.

    Raises
    ------
    MsapGeoError
        As :func:`msap_geo.rounds.read_stops`.
    """
    stops = read_stops(path)
    return Loaded(pd.DataFrame(stops, columns=list(Stop.__dataclass_fields__)), len(stops), ())


def stops_of_study(
    written: Sequence[Arret], table: pd.DataFrame | None, codes: Iterable[str]
) -> tuple[Stop, ...]:
    """Put together the stops a study writes and those of its table.

    Parameters
    ----------
    written
        ``[[tournees]]``.
    table
        What :func:`load_stops` found, if anything.
    codes
        Communes of the study.

    Raises
    ------
    StudyError
        If a stop is in a commune of another study.
    DataError
        If a vehicle is in two places at once.
    """
    told = [(f"[[tournees]] n° {rank}", stop.stop()) for rank, stop in enumerate(written, 1)]
    if table is not None:
        told += _told(table)
    _check(told, codes, where="[[tournees]] ou [donnees] tournees")
    return _plain(stop for _, stop in told)


def stops_planned(
    table: pd.DataFrame, existing: Sequence[Stop], codes: Iterable[str]
) -> tuple[Stop, ...]:
    """Return the stops of a project, which must fit beside those that exist.

    Parameters
    ----------
    table
        What :func:`load_stops` found.
    existing
        Stops that exist: a vehicle of the same name is the same vehicle.
    codes
        Communes of the study.

    Raises
    ------
    StudyError
        If a stop is in a commune of another study, or a vehicle that has a cycle would have a
        longer one, which would change what its stops of today are worth.
    DataError
        If a vehicle would be in two places at once.
    """
    where, told = "[donnees] tournees_projet", _told(table)
    there = [(f"{stop.vehicle}, aujourd'hui", stop) for stop in existing]
    _check(told, codes, where=where, there=there)
    today, then = cycles_of(existing), cycles_of(stop for _, stop in told)
    if longer := sorted(name for name in then if 1 < today.get(name, 1) < then[name]):
        raise StudyError(
            f"véhicules dont le projet allonge le cycle : {', '.join(longer)}",
            where=where,
            remedy="leur donner dans le projet un autre nom que celui d'aujourd'hui",
        )
    return _plain((stop for _, stop in told), {name: today.get(name, 1) for name in then})


def _plain(stops: Iterable[Stop], cycles: Mapping[str, int] | None = None) -> tuple[Stop, ...]:
    """Put stops in order; week 1 of a cycle of one week is every week."""
    told = tuple(stops)
    found = cycles_of(told)
    weekly = {name for name in found if max(found[name], (cycles or {}).get(name, 1)) == 1}
    return ordered(
        replace(stop, week=EVERY_WEEK) if stop.vehicle in weekly else stop for stop in told
    )


def _told(table: pd.DataFrame) -> list[tuple[str, Stop]]:
    """Return the stops of a table, each with where it is written."""
    return [
        (f"{row.vehicle}, {WEEKDAYS[row.weekday]}", Stop(**row._asdict()))
        for row in table.itertuples(index=False)
    ]


def _check(
    told: Sequence[tuple[str, Stop]],
    codes: Iterable[str],
    *,
    where: str,
    there: Sequence[tuple[str, Stop]] = (),
) -> None:
    """Refuse stops of another study, in two places at once, or that never begin again together.

    Of those there already, only what they do to the others is looked at.
    """
    if unknown := sorted({stop.code_insee for _, stop in told} - set(codes)):
        raise StudyError(
            f"arrêts dans des communes d'une autre étude : {', '.join(unknown)}",
            where=where,
            remedy="retirer ces arrêts, ou prendre l'étude de leur territoire",
        )
    already = set(clashes(there))
    if faults := [fault for fault in clashes([*there, *told]) if fault not in already]:
        raise DataError(
            " ; ".join(faults),
            where=where,
            remedy="donner un autre nom de véhicule, ou d'autres heures",
        )
    whole_cycle(cycles_of(stop for _, stop in (*there, *told)))


def stops_of_list(
    itinerants: pd.DataFrame, communes: pd.DataFrame, *, told: Iterable[str], file: str
) -> GivenRounds:
    """Take the Maisons of a list that move for stops, and say what that is worth.

    A list gives one address and the hours of the whole week. Where its comment tells stops without
    any doubt (:func:`msap_geo.rounds.stops_in_comment`) these are taken; else the one address, at
    the hours of the list, which counts too much there and nothing elsewhere.

    Parameters
    ----------
    itinerants
        Settled rows of the list, under :data:`msap_geo.schemas.SITES`.
    communes
        Communes of the study, ``code_insee`` and ``nom``.
    told
        Names of vehicles whose stops the study gives itself: their rows are left.
    file
        The list, for anomalies.
    """
    mine = {normalise(name) for name in told}
    rows = itinerants[~itinerants["nom"].map(normalise).isin(mine)]
    names = communes["nom"].map(normalise)
    alone = ~names.duplicated(keep=False)
    codes = dict(zip(names[alone], communes.loc[alone, "code_insee"], strict=True))
    known = set(communes["code_insee"])
    stops: list[Stop] = []
    said: dict[str, list[str]] = {code: [] for code in _SAID}
    texts: list[str] = []
    for row in rows.to_dict("records"):
        read = stops_in_comment(row["nom"], str(row.get("commentaire") or ""), codes)
        if read.stops:
            stops += read.stops
            kind, text = "tournee-lue", _in_words(read.stops, names=communes)
            text += f" ; non lu : « {' / '.join(read.unread)} »" if read.unread else ""
        else:
            found = _at_its_address(row) if row["code_insee"] in known else []
            stops += found
            kind = "tournee-une-adresse" if found else "tournee-sans-heures"
            text = row["commune"]
        said[kind].append(row["site_id"])
        texts.append(text)
    rows = rows.assign(identifiant=rows["site_id"], texte=texts)
    anomalies: list[Anomaly] = []
    for kind, (action, sentence) in _SAID.items():
        anomalies += note(
            rows[rows["site_id"].isin(said[kind])][
                ["identifiant", "nom", "departement", LINE, "texte"]
            ],
            kind,
            action,
            sentence,
            file=file,
        )
    return GivenRounds(ordered(stops), tuple(anomalies))


_SAID = {
    "tournee-lue": (Action.NOTED, "arrêts lus dans le commentaire : {texte}"),
    "tournee-une-adresse": (
        Action.NOTED,
        (
            "la liste ne donne qu'une adresse : comptée comme un arrêt à {texte}, aux heures de la "
            "liste, alors que ses autres arrêts sont inconnus"
        ),
    ),
    "tournee-sans-heures": (
        Action.NOTED,
        "ni horaires ni arrêts lisibles : aucune heure itinérante n'est comptée",
    ),
}


def _at_its_address(row: dict[str, object]) -> list[Stop]:
    text = row.get("horaires")
    if not isinstance(text, str):
        return []
    return [
        Stop(str(row["nom"]), day, EVERY_WEEK, str(row["code_insee"]), "adresse de la liste", *span)
        for day, spans in enumerate(read_hours(text).days)
        for span in spans
    ]


def _in_words(stops: Sequence[Stop], *, names: pd.DataFrame) -> str:
    named = names.set_index("code_insee")["nom"]
    places = dict.fromkeys(str(named[stop.code_insee]) for stop in stops)
    return f"{len(stops)} arrêts par semaine ({', '.join(places)})"
