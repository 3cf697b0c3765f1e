"""What is known of the money and of the targets of the network, each with its source and date."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import datetime as dt


class Landmark(NamedTuple):
    """One figure.

    Parameters
    ----------
    key, title
        Its name and what it is, in French.
    value, unit
        How much.
    source, date
        Who says so, and when.
    caveat
        What is not certain about it, if anything.
    """

    key: str
    title: str
    value: float
    unit: str
    source: str
    date: dt.date
    caveat: str = ""


def landmarks() -> tuple[Landmark, ...]:
    """Return the figures the package holds (``reperes.toml``), in the order of the file."""
    text = (files("msap_geo.siting") / "reperes.toml").read_text(encoding="utf-8")
    return tuple(
        Landmark(
            entry["cle"],
            entry["titre"],
            float(entry["valeur"]),
            entry["unite"],
            entry["source"],
            entry["date"],
            entry.get("precision", ""),
        )
        for entry in tomllib.loads(text)["repere"]
    )
