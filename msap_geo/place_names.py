"""Names of places as people write them: ``Sainte-Lucie-de-Porto-Vecchio``, ``autour du Mans``."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_KINDS = {"BP", "AP", "RP", "APC", "LPAC", "LPR", "LPRS"}
"""What La Poste adds to the name of a point to tell its kind."""

_SHORT = {"ST": "SAINT", "STE": "SAINTE", "STS": "SAINTS", "STES": "SAINTES"}
_SAINTS = set(_SHORT.values())
_SMALL = set("a au aux de des du en et la le les lez sous sur".upper().split())
_ELIDED = {"D", "L"}
_LINKS = {"sur", "sous", "en", "lez"}
_FEWEST_LETTERS = 4
"""A shorter name inside a label is as likely a word of its own."""

_BETWEEN = re.compile(r"[\s’'\-]+")
_VOWEL = re.compile(r"^[aeiouyàâäæéèêëîïôöœùûüh]", re.IGNORECASE)
_CONTRACTED = (("Le ", "du "), ("Les ", "des "))


def of(name: str) -> str:
    """Return a name after *de*: ``d’Ajaccio``, ``du Mans``, ``des Sables``, ``de La Baule``.

    An article that belongs to the name is contracted, *de* is elided before a vowel or an *h*.

    Parameters
    ----------
    name
        Name of a commune.
    """
    for article, contracted in _CONTRACTED:
        if name.startswith(article):
            return contracted + name.removeprefix(article)
    return f"d’{name}" if _VOWEL.match(name) else f"de {name}"


def around(name: str) -> str:
    """Name a zone blanche after its most populous commune: ``autour de Corte``."""
    return f"autour {of(name)}"


def known_names(names: Iterable[str]) -> Mapping[str, str]:
    """Return names by their bare words, for :func:`written`.

    Parameters
    ----------
    names
        Names of communes, as people write them.
    """
    return _by_words(tuple(names))


@lru_cache(maxsize=2)
def _by_words(names: tuple[str, ...]) -> Mapping[str, str]:
    """Return names by their bare words: those of a country are asked for by each list of sites."""
    return MappingProxyType({" ".join(_words(name)): name for name in names})


def written(label: str, known: Mapping[str, str]) -> str:
    """Return a label in capitals as people write it; another comes back as it is.

    Words known as a commune take its spelling; the mark of a kind of post office is left out; a
    saint's name takes its hyphens.

    Parameters
    ----------
    label
        E.g. ``"STE LUCIE DE PORTO VECCHIO BP"``.
    known
        Names of the communes around (:func:`known_names`).

    Returns
    -------
    str
        E.g. ``"Sainte-Lucie-de-Porto-Vecchio"``.
    """
    if label != label.upper() or not any(letter.isalpha() for letter in label):
        return label
    head, aside, _ = label.partition(" (")
    if aside and head:
        return f"{written(head, known)} ({label.removeprefix(head + aside).lower()}"
    words = _words(label)
    while len(words) > 1 and words[-1] in _KINDS:
        words.pop()
    parts: list[str] = []
    at, spelt = 0, False
    while at < len(words):
        taken, part, found = _part(words, at, known)
        spelt = spelt or found
        parts.append(part)
        at += taken
    return _joined(parts, place=not spelt)


def _part(words: list[str], at: int, known: Mapping[str, str]) -> tuple[int, str, bool]:
    """Return how many words make the next part of a name, how it is written, if it is known."""
    for end in range(len(words), at, -1):
        found = known.get(" ".join(words[at:end]))
        if found is not None and (at == 0 or len(found) >= _FEWEST_LETTERS):
            return end - at, found, True
    word = words[at]
    if word in _ELIDED and at + 1 < len(words):
        taken, part, spelt = _part(words, at + 1, known)
        return taken + 1, f"{word.lower() if at else word}’{part}", spelt
    if at and word in _SMALL:
        return 1, word.lower(), False
    return 1, word if _ROMAN.match(word) else word.capitalize(), False


_ROMAN = re.compile(r"^[IVX]+$")


def _joined(parts: list[str], *, place: bool) -> str:
    """Put the hyphens of a saint's name, and of ``Nueil-sur-Layon`` where it is a place alone."""
    if place and any(part in _LINKS for part in parts[1:-1]):
        first = 1 if parts[0].upper() in _SMALL else 0
        return " ".join([*parts[:first], "-".join(parts[first:])])
    saint = next((i for i, part in enumerate(parts) if part.upper() in _SAINTS), len(parts))
    return " ".join([*parts[:saint], *(["-".join(parts[saint:])] if saint < len(parts) else [])])


def _words(text: str) -> list[str]:
    bare = text.upper()
    if not bare.isascii():
        letters = unicodedata.normalize("NFKD", bare.replace("Œ", "OE").replace("Æ", "AE"))
        bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return [_SHORT.get(word, word) for word in _BETWEEN.split(bare) if word]
