"""French made from numbers, names and counts: ``12 345``, ``3,5 min``, ``2 bureaux``.

The one place: a figure is never formatted elsewhere (``tests/test_words.py`` reads the source and
what is written).
"""

from __future__ import annotations

import itertools
import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_THIN_SPACE = "\u202f"
_NO_BREAK_SPACE = "\u00a0"
_UNKNOWN = "–"
_FRENCH_SIGNS = str.maketrans({",": _THIN_SPACE, ".": ",", "-": "−"})


def number(value: float | None, decimals: int = 0) -> str:
    """Return a number with French separators; a dash when it is unknown or infinite.

    Parameters
    ----------
    value, decimals
        Number, or null; digits after the comma.

    Returns
    -------
    str
        E.g. ``"12 345,6"`` (narrow no-break space, comma).
    """
    if value is None or not math.isfinite(value):
        return _UNKNOWN
    text = f"{value:,.{decimals}f}"
    if not text.strip("-0.,"):
        text = text.removeprefix("-")  # what rounds to nothing has no sign
    return text.translate(_FRENCH_SIGNS)


def short(value: float | None, decimals: int = 3) -> str:
    """Return a number with no more decimals than it needs: ``"20"``, ``"7,5"``.

    Parameters
    ----------
    value, decimals
        Number, or null; digits after the comma, at most.
    """
    text = number(value, decimals)
    return text.rstrip("0").rstrip(",") if "," in text else text


def minutes(value: float | None) -> str:
    """Return a duration, one decimal: ``"23,4 min"``; more beside a threshold: ``"20,03 min"``."""
    return _with_unit(_apart(value), "min")


def kilometres(value: float | None) -> str:
    """Return a distance, one decimal: ``"12,3 km"``; more beside a threshold: ``"5,04 km"``."""
    return _with_unit(_apart(value), "km")


def _apart(value: float | None) -> str:
    # 20,03 told "20,0" and counted beyond 20 minutes would be two answers to one question.
    # Thresholds stand on multiples of five; times are kept to the thousandth.
    threshold = 5 * round(value / 5) if value is not None and math.isfinite(value) else 0
    for decimals in (1, 2, 3) if threshold else ():
        if (text := number(value, decimals)) != number(threshold, decimals):
            return text
    return number(value, 1)


def _with_unit(text: str, unit: str) -> str:
    return text if text == _UNKNOWN else f"{text}{_THIN_SPACE}{unit}"


def percent(share: float | None, decimals: int = 1) -> str:
    """Return a share as a percentage: ``"92,3 %"``; none is told as all, nor as nothing.

    Parameters
    ----------
    share
        From 0 to 1, or null.
    decimals
        Digits after the comma.

    Returns
    -------
    str
        ``"plus de 99,9 %"`` of what would round to 100 % and is less, ``"moins de 0,1 %"`` of what
        would round to nothing and is more; all and nothing are exact, ``"100 %"`` and ``"0 %"``.
    """
    text = _UNKNOWN if share is None else number(100 * share, decimals)
    if share is None or text == _UNKNOWN:
        return _UNKNOWN
    least = 10.0**-decimals
    if _NEXT_TO_NOTHING < share < 1 - _NEXT_TO_NOTHING:
        if text == number(100, decimals):
            return f"plus de {number(100 - least, decimals)}{_THIN_SPACE}%"
        if text == number(0, decimals):
            return f"moins de {number(least, decimals)}{_THIN_SPACE}%"
    elif abs(round(share) - share) < _NEXT_TO_NOTHING and 0 <= round(share) <= 1:
        text = number(100 * round(share))
    return f"{text}{_THIN_SPACE}%"


def rate(share: float | None) -> str:
    """Return a share one sets or counts, no finer than it is: ``"60 %"``, ``"12,5 %"``.

    A weight, a demand of the law, a part of some tens of plans or hypotheses: unlike what is
    measured (:func:`percent`), its decimals would be idle.

    Parameters
    ----------
    share
        From 0 to 1, or null.
    """
    return percent(share).replace(f",0{_THIN_SPACE}%", f"{_THIN_SPACE}%")


_NEXT_TO_NOTHING = 1e-9
"""What sums of floating numbers may lack; a person in a country is thirty times more."""


def change(share: float) -> str:
    """Return a relative change with its sign: ``"+2,3 %"``, ``"−0,5 %"``, ``"moins de 0,1 %"``."""
    text = (
        percent(abs(share)) if abs(share) <= 1 else f"{number(100 * abs(share), 1)}{_THIN_SPACE}%"
    )
    sign = "" if share == 0 or text.startswith("moins") else "+" if share > 0 else "−"
    return sign + text


def interval(low: float, high: float) -> str:
    """Return two shares as an interval of whole percents: ``"84 à 92 %"``, ``"plus de 99 %"``."""
    ends = [percent(share, 0) for share in (low, high)]
    little, most = ends[0].startswith("moins"), ends[1].startswith("plus")
    if ends[0] == ends[1] or ends[0].startswith("plus"):
        return ends[0]
    if most and not little:
        return f"plus de {percent(math.floor(100 * low) / 100, 0)}"
    if little and not most:
        return f"moins de {percent(math.ceil(100 * high) / 100, 0)}"
    return f"{ends[0].removesuffix(f'{_THIN_SPACE}%')} à {ends[1]}"


def euros(value: float | None) -> str:
    """Return a sum, whole euros: ``"150 000 €"``."""
    return _with_unit(number(value), "€")


def amount(value: float | None, unit: str) -> str:
    """Return a value as its unit wants it: ``"12 345"``, ``"56,1"``; a share as a percentage.

    Parameters
    ----------
    value, unit
        Value, or null; what it counts, e.g. ``"habitants"``, ``"minutes"``,
        ``"part des habitants"``.
    """
    if unit.startswith(_SHARE):
        return percent(value)
    if unit.startswith("minutes"):
        return _apart(value).removesuffix(",0")
    return short(value, 0 if value is None or abs(value) >= _MANY else 1)


def quantity(value: float | None, unit: str) -> str:
    """Return a value and its unit: ``"1 site"``, ``"54,1 % des habitants"``.

    Parameters
    ----------
    value, unit
        Value, or null; what it counts, plural as tables say it (``"habitants × minutes"``).
    """
    told = amount(value, unit)
    if unit.startswith(_SHARE):
        return f"{told} {unit.removeprefix(_SHARE)}"
    alone = value is not None and abs(round(value, 1)) < _PLURAL_FROM
    words, opened, precision = unit.partition(" (")
    if alone:
        words = " × ".join(_singular(part) for part in words.split(" × "))
    return f"{told}{_NO_BREAK_SPACE}{words}{opened}{precision}"


def _singular(words: str) -> str:
    """Return the singular of a unit, whose first word alone is plural."""
    head, space, rest = words.partition(" ")
    return f"{head.removesuffix('s')}{space}{rest}"


_SHARE = "part "
_MANY = 100


def gap(share: float) -> str:
    """Return how far a proven bound is, as a percentage: ``"0 %"``, ``"1,19 %"``.

    Parameters
    ----------
    share
        Distance to the bound, as a share of the value; infinite where the value is nought.
    """
    smallest = 1e-5
    if 0 < share < smallest:
        return f"moins de {short(100 * smallest)}{_THIN_SPACE}%"
    return _with_unit(short(100 * share), "%")


def seconds(value: float) -> str:
    """Return how long a computation took: ``"12,3 s"``."""
    tenth = 0.1
    return f"{short(value, 1)}{_THIN_SPACE}s" if value >= tenth else f"moins de 0,1{_THIN_SPACE}s"


def duration(value: float) -> str:
    """Return a time one waits, no finer than it matters: ``"2 min 5 s"``, ``"1 h 12 min"``."""
    whole = round(value)
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    if hours:
        return f"{hours}{_THIN_SPACE}h {minutes}{_THIN_SPACE}min"
    if minutes:
        return f"{minutes}{_THIN_SPACE}min {left}{_THIN_SPACE}s"
    return f"{left}{_THIN_SPACE}s"


def people(count: float) -> str:
    """Return a number of inhabitants: ``"1 habitant"``, ``"12 345 habitants"``."""
    return counted(count, "habitant")


def counted(count: float, noun: str) -> str:
    """Return a count and its noun, plural where it must: ``"3 communes"``, ``"1 zone blanche"``."""
    return f"{number(count)}{_NO_BREAK_SPACE}{agreed(count, noun)}"


def listed(words: Sequence[str]) -> str:
    """Return words as one says them: ``"A"``, ``"A et B"``, ``"A, B et C"``; nothing of none."""
    *first, last = words or ("",)
    return f"{', '.join(first)} et {last}" if first else last


def largest(zones: int, name: str) -> str:
    """Return what leads from a count of zones to the first, the largest of several.

    Parameters
    ----------
    zones
        How many, at least one.
    name
        Name of the first.

    Returns
    -------
    str
        ``" ; la plus peuplée, autour d’Ernée"`` of several, ``", autour d’Ernée"`` of one.
    """
    return f"{_NO_BREAK_SPACE}; la plus peuplée, {name}" if zones >= _PLURAL_FROM else f", {name}"


def agreed(count: float, noun: str) -> str:
    """Return a noun as its count, rounded, wants it; French plurals start at two.

    Parameters
    ----------
    count
        How many.
    noun
        Noun and adjectives, singular; what follows a preposition does not change (``"point de
        contact"``).
    """
    if abs(round(count)) < _PLURAL_FROM:
        return noun
    head = list(itertools.takewhile(lambda word: word not in _PREPOSITIONS, noun.split()))
    return " ".join((*map(_plural, head), *noun.split()[len(head) :]))


_PLURAL_FROM = 2
_PREPOSITIONS = {
    "à",
    "au",
    "aux",
    "de",
    "des",
    "du",
    "en",
    "et",
    "hors",
    "par",
    "pour",
    "sans",
    "sur",
}


def _plural(word: str) -> str:
    """Return the plural of a word, by the rules of its ending."""
    if word == "non" or word.endswith(("s", "x", "z")):
        return word
    if word.endswith(("au", "eu")):
        return f"{word}x"
    return f"{word[:-1]}ux" if word.endswith("al") else f"{word}s"


def the_first(count: int) -> str:
    """Return how many come first: ``"le premier"``, ``"les 10 premiers"``."""
    return f"les {number(count)} premiers" if count >= _PLURAL_FROM else "le premier"


def others(count: int, where: str, noun: str = "") -> str:
    """Return the sentence on rows not shown: ``"Les 3 autres sont dans candidats.csv."``.

    Parameters
    ----------
    count
        How many are not shown.
    where
        What holds them.
    noun
        What they are, singular; empty where it is understood.

    Returns
    -------
    str
        Empty when nothing is left out.
    """
    if count <= 0:
        return ""
    named = f" {agreed(count, noun)}" if noun else ""
    if count < _PLURAL_FROM:
        return f"L’autre{named} est dans {where}."
    return f"Les {number(count)} autres{named} sont dans {where}."


def anomalies(counts: Mapping[str, int]) -> str:
    """Return a tally of anomalies in words: ``"18 réparées, 1 signalée"``.

    Parameters
    ----------
    counts
        How many, by what was done about them (:func:`msap_geo.anomalies.tally`).
    """
    told = (
        counted(n, f"{action}e").replace(_NO_BREAK_SPACE, " ") for action, n in counts.items() if n
    )
    return ", ".join(told)


_BEFORE = re.compile(r"[ \u00a0\u202f]+([;!?»%€])")
_COLON = re.compile(r"[ \u00a0\u202f]+:")
_AFTER = re.compile(r"«[ \u00a0\u202f]*")
_NUMBER = re.compile(r"(?<![\d.,])\d{1,3}(?: \d{3})+(?!\d)")
_UNIT = re.compile(r"(?<=\d) (?=(?:min|minutes|km|hab)\b)")
_APOSTROPHE = re.compile(r"(?<=\w)'(?=\w)")


def typeset(text: str) -> str:
    """Return a text as French printers set it; only spaces, apostrophes and dots change.

    Narrow no-break space before ``; ! ? » % €`` and after ``«``, no-break space before ``:`` where
    there is a space already, narrow no-break spaces within a number, a no-break space between a
    number and its unit, curved apostrophe between letters, one sign for three dots (*Lexique des
    règles typographiques en usage à l'Imprimerie nationale*).
    """
    text = _NUMBER.sub(lambda found: found[0].replace(" ", _THIN_SPACE), text)
    text = _UNIT.sub(_NO_BREAK_SPACE, text)
    text = _BEFORE.sub(rf"{_THIN_SPACE}\1", text)
    text = _COLON.sub(f"{_NO_BREAK_SPACE}:", text)
    text = _AFTER.sub(f"«{_THIN_SPACE}", text)
    return _APOSTROPHE.sub("’", text).replace("...", "…")
