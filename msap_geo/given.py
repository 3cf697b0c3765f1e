"""What a caller of the front door gives: taken as they would write it, or refused with the remedy.

The rooms behind take exactly what their types say; an analyst at a prompt gives a name where names
are awaited, a day as text, a study that was not run.
"""

from __future__ import annotations

import datetime as dt
import math
import numbers
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, overload

from msap_geo import french
from msap_geo.errors import StudyError

if TYPE_CHECKING:
    from msap_geo.study import StudyResult


def result_of(found: object, call: str) -> StudyResult:
    """Return the result that was given, or that of the diagnosis given.

    Parameters
    ----------
    found
        What is to be a :class:`msap_geo.study.StudyResult`.
    call
        The function of the front door, for the message.

    Raises
    ------
    StudyError
        If it is something else.
    """
    from msap_geo.answers import Diagnosis, Implantation  # noqa: PLC0415 - the door loads nothing
    from msap_geo.study import StudyResult  # noqa: PLC0415

    if isinstance(found, StudyResult):
        return found
    if isinstance(found, Diagnosis):
        return found.result
    if isinstance(found, Implantation):
        raise StudyError(
            f"mg.{call} demande le résultat d'une étude, pas un plan",
            remedy=f"écrire s = mg.scenario(r, opened=p.plan.sites), puis donner s à mg.{call}",
        )
    raise StudyError(
        f"mg.{call} demande le résultat d'une étude, pas {_kind(found)}",
        remedy=f"écrire r = mg.run(etude), puis donner r à mg.{call}",
    )


def not_run(study: object, call: str) -> Any:
    """Return a study or the path of one, as given.

    Raises
    ------
    StudyError
        If it is a result: it was run already.
    """
    from msap_geo.study import StudyResult  # noqa: PLC0415 - the front door loads nothing

    if isinstance(study, StudyResult):
        raise StudyError(
            f"mg.{call} demande une étude ou son fichier, pas son résultat",
            remedy=f"écrire mg.{call}(r.study)",
        )
    return study


def names(asked: Any) -> tuple[str, ...]:
    """Return the names asked for: a lone one, several, or the ``site_id`` of a table.

    Raises
    ------
    StudyError
        If it is none of these.
    """
    if isinstance(asked, str):
        return (asked,)
    columns = getattr(asked, "columns", ())
    if "site_id" in columns:
        asked = asked["site_id"]
    elif len(columns) or not isinstance(asked, Iterable):
        raise StudyError(
            f"des sites se donnent par leurs identifiants ou leurs noms, pas par {_kind(asked)}",
            remedy='écrire par exemple ["CONCA", "2A362"], ou une table avec une colonne site_id',
        )
    return tuple(map(str, asked))


@overload
def whole(number: None, name: str) -> None: ...
@overload
def whole(number: float, name: str) -> int: ...
def whole(number: float | None, name: str) -> int | None:
    """Return a whole number from 0, or None where none is given.

    Raises
    ------
    StudyError
        If it is something else.
    """
    if number is None:
        return None
    if not _plain(number) or number < 0 or number % 1:
        raise StudyError(
            f"« {name} » est un nombre entier, pas {_kind(number)}", remedy=f"écrire {name}=3"
        )
    return int(number)


@overload
def amount(number: None, name: str, *, most: float = math.inf) -> None: ...
@overload
def amount(number: float, name: str, *, most: float = math.inf) -> float: ...
def amount(number: float | None, name: str, *, most: float = math.inf) -> float | None:
    """Return a number from 0 to ``most``, or None where none is given.

    Raises
    ------
    StudyError
        If it is something else.
    """
    if number is None:
        return None
    if not _plain(number) or not 0 <= number <= most or math.isinf(number):
        told = "un nombre positif" if math.isinf(most) else f"une part de 0 à {french.short(most)}"
        raise StudyError(
            f"« {name} » est {told}, pas {_kind(number)}",
            remedy=f"écrire {name}={'300_000' if math.isinf(most) else '0.95'}",
        )
    return float(number)


def day(given: object) -> dt.date:
    """Return a day given as one, or as text (``2020-01-31``).

    Raises
    ------
    StudyError
        If it is no day.
    """
    if isinstance(given, dt.datetime):
        return given.date()
    if isinstance(given, dt.date):
        return given
    try:
        return dt.date.fromisoformat(str(given).strip())
    except ValueError as error:
        raise StudyError(
            f"une date AAAA-MM-JJ est attendue (reçu {_kind(given)})", remedy="écrire 2020-01-31"
        ) from error


def _plain(number: object) -> bool:
    return isinstance(number, numbers.Real) and not isinstance(number, bool)


def _kind(given: object) -> str:
    """Say what was given, shortly."""
    plain = isinstance(given, (str, numbers.Real))
    return f"« {given} »"[:80] if plain else f"un objet {type(given).__name__}"
