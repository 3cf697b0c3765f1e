"""What an ``opening_hours`` text says of ordinary weeks, holidays set aside.

Parsers disagree on what people write rather than on the grammar: a comma with a space after it
begins another rule to some, a day alone is open from midnight to midnight, and a holiday joined to
weekdays (``PH Su closed``) closes those weekdays all year to a parser without a calendar. Here the
text is rewritten so that it says one thing: holidays out, lists closed up.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_DAY = r"(?:Mo|Tu|We|Th|Fr|Sa|Su)"
_HOLIDAY = r"(?:PH|SH)"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_NAMED = rf"(?:{_DAY}|{_HOLIDAY})"
_SHIFT = r"(?:\s*[+-]\s*\d+\s*days?)?"
_ONE = rf"{_NAMED}(?:\s*-\s*{_DAY})?(?:\s*\[[^\]]*\])?{_SHIFT}"
_LIST = re.compile(rf"\b{_ONE}(?:\s*,\s*{_ONE})*(?![a-z])", re.IGNORECASE)
_ITEM = re.compile(_ONE, re.IGNORECASE)
_IS_HOLIDAY = re.compile(rf"\s*{_HOLIDAY}\b", re.IGNORECASE)
_SCHOOL = re.compile(r"\bSH\b", re.IGNORECASE)

_OF_TIMES = re.compile(r"(?<=\d)\s*,\s*(?=\d{1,2}:\d\d)")
_OF_DAYS = re.compile(rf"\b({_ONE})\s*,\s*(?={_NAMED}\b)", re.IGNORECASE)
_OF_MONTHS = re.compile(rf"\b({_MONTH})\s*,\s*(?={_MONTH}\b)", re.IGNORECASE)
_NEXT_RULE = re.compile(
    r"(?:(?<=:\d\d)|(?<=closed)|(?<=off)|(?<=open)|(?<=\"))\s*,\s*"
    rf"(?=(?:{_NAMED}|{_MONTH}|week|easter)\b)",
    re.IGNORECASE,
)
"""A comma after hours, a comment, ``closed``, ``off`` or ``open``, before days: one more rule."""

_DATED = re.compile(r"\s*(?:19|20)\d\d(?!\s*[-+\d:])[^\"]*")
_SHUT = re.compile(r"\b(?:off|closed)\s*$", re.IGNORECASE)


class Ordinary(NamedTuple):
    """What a text says of ordinary weeks.

    Parameters
    ----------
    text
        The rules kept, in the syntax parsers agree on; empty where nothing is said of them.
    silent
        Whether nothing is said of ordinary weeks, though openings are of holidays or of dates.
    school
        Whether school holidays have hours of their own.
    """

    text: str
    silent: bool
    school: bool


def ordinary_rules(text: str) -> Ordinary:
    """Set aside what is bound to holidays or to one year, and close up lists.

    Parameters
    ----------
    text
        An ``opening_hours`` text.

    Returns
    -------
    Ordinary
        The rest. A holiday in a list of days (``Mo-Su,PH``) leaves the list; one that restricts
        days (``PH Su closed``), or stands alone, takes its rule away.
    """
    kept = ""
    aside = False
    for separator, rule in _rules(text):
        ordinary = None if _DATED.fullmatch(rule) else _without_holidays(rule)
        if ordinary is None:
            # Closed on holidays alone: nothing is open on other days either.
            aside |= not _SHUT.search(rule)
        else:
            kept += f"{separator} {ordinary}" if kept else ordinary
    return Ordinary(kept, aside and not kept.strip(), bool(_SCHOOL.search(text)))


def rules_of(text: str) -> list[str]:
    """Split at the semicolons that are not inside a comment."""
    return [rule.strip() for rule in re.findall(r'(?:[^;"]|"[^"]*"?)+', text) if rule.strip()]


def _rules(text: str) -> list[tuple[str, str]]:
    """Return the rules of a text, each after what separates it from the one before."""
    found = []
    for rule in rules_of(text):
        # « 2022 Mar 09,May 02 off »: dates are one list.
        parts = [rule] if _DATED.fullmatch(rule) else _NEXT_RULE.split(_closed_up(rule))
        found += [(";" if rank == 0 else ",", part.strip()) for rank, part in enumerate(parts)]
    return found


def _closed_up(rule: str) -> str:
    """Take the spaces out of lists of hours, of days and of months."""
    closed = _OF_TIMES.sub(",", rule)
    for form in (_OF_DAYS, _OF_MONTHS):
        closed = form.sub(r"\1,", closed)
    return closed


def _without_holidays(rule: str) -> str | None:
    """Take holidays out of the lists of days of a rule; None where it is bound to them."""
    if not _IS_HOLIDAY.search(rule) and not re.search(rf"\b{_HOLIDAY}\b", rule, re.IGNORECASE):
        return rule
    quoted = rule.find('"')
    spoken, comment = (rule, "") if quoted < 0 else (rule[:quoted], rule[quoted:])
    bound = False

    def ordinary_days(match: re.Match[str]) -> str:
        nonlocal bound
        items = _ITEM.findall(match[0])
        days = [item for item in items if not _IS_HOLIDAY.match(item)]
        bound |= not days
        return ",".join(days)

    rewritten = _LIST.sub(ordinary_days, spoken)
    return None if bound else rewritten + comment
