"""How long one waits for a server, how often one asks again, and why it did not answer."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")

_RETRIED = frozenset({403, 408, 425, 429, 500, 502, 503, 504})
"""Answers that may be other ones a moment later; insee.fr's 403 comes and goes."""

_LONGEST_NUMBER = 16


@dataclass(frozen=True)
class Limits:
    """How long, how often and how much.

    Parameters
    ----------
    silence_s
        Longest wait for a connection or for one more byte, seconds.
    total_s
        Longest time for one file, seconds.
    slowest_bytes_s, patience_s
        A transfer slower than so many bytes a second over so many seconds is given up.
    tries
        Attempts in all, when the failure may be passing.
    wait_s
        Wait before the second attempt, seconds; doubled each time.
    longest_wait_s
        Longest wait a server may ask for (``Retry-After``), seconds.
    max_bytes
        Greatest size of a file, decompressed, bytes.
    """

    silence_s: float = 30.0
    total_s: float = 2 * 3600.0
    slowest_bytes_s: float = 1000.0
    patience_s: float = 60.0
    tries: int = 4
    wait_s: float = 1.0
    longest_wait_s: float = 60.0
    max_bytes: int = 4 * 1024**3


class DownloadError(Exception):
    """A file could not be had.

    Parameters
    ----------
    why
        One French clause.
    passing
        Whether trying again may help.
    wait_s
        How long the server asks to wait, seconds.
    """

    def __init__(self, why: str, *, passing: bool, wait_s: float = 0.0) -> None:
        self.why, self.passing, self.wait_s = why, passing, wait_s
        super().__init__(why)


def persevere(attempt: Callable[[float], Result], limits: Limits) -> Result:
    """Try, and try again where the failure may be passing, waiting longer each time.

    Parameters
    ----------
    attempt
        Called with the moment, by the monotonic clock, after which it is too late.
    limits
        How often and how long.

    Raises
    ------
    DownloadError
        With everything that was tried.
    """
    deadline = time.monotonic() + limits.total_s
    wait, tried = limits.wait_s, []
    for turn in range(1, limits.tries + 1):
        try:
            return attempt(deadline)
        except DownloadError as error:
            tried.append(error.why)
            pause = max(wait, min(error.wait_s, limits.longest_wait_s))
            late = time.monotonic() + pause > deadline
            if not error.passing or turn == limits.tries or late:
                raise DownloadError(_told(tried), passing=error.passing) from error
        time.sleep(pause)
        wait *= 2
    raise AssertionError  # pragma: no cover - the last attempt returns or raises


def _told(tried: list[str]) -> str:
    distinct = list(dict.fromkeys(tried))
    times = f" ({len(tried)} essais)" if len(tried) > 1 else ""
    return " ; ".join(distinct) + times


def refusal(code: int, retry_after: str = "", *, endless: bool = False) -> DownloadError:
    """Say in French why a server answers by a status that is no success.

    Parameters
    ----------
    code
        Status.
    retry_after
        Header of that name: seconds, or a date.
    endless
        Whether redirections lead back to where they come from.
    """
    if 300 <= code < 400:  # noqa: PLR2004 - redirections
        why = "redirection sans fin" if endless else "redirection refusée"
        return DownloadError(why, passing=False)
    known = {
        401: "accès réservé",
        403: "accès refusé",
        404: "fichier introuvable à cette adresse",
        407: "le proxy demande une identification",
        410: "fichier retiré",
        429: "trop de demandes",
        503: "service indisponible",
    }
    return DownloadError(
        f"réponse {code}, {known.get(code, 'erreur du serveur')}",
        passing=code in _RETRIED,
        wait_s=_seconds(retry_after.strip()),
    )


def _seconds(retry_after: str) -> float:
    """Return how long a server asks to wait, zero where it does not say."""
    if retry_after.isdecimal() and len(retry_after) < _LONGEST_NUMBER:
        return float(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
