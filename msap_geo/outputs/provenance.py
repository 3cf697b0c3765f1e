"""Where figures come from: what every document, sheet, layer and map says about itself."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from msap_geo.cautions import cautions

UNDATED = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
"""Moment written into files whose data tell no date."""


@dataclass(frozen=True)
class Provenance:
    """What a reader must know of a study to cite it, and to trust it no more than it deserves.

    Composed in one place (:func:`msap_geo.study.provenance_of`). Nothing in it comes from the
    clock: the same inputs give the same texts.

    Parameters
    ----------
    title
        Name of the study.
    territory
        Départements, by name and code.
    date
        What day the figures are about, in words; empty when the data do not tell.
    moment
        The same as a moment, for the dates inside files (:data:`UNDATED` when unknown).
    software
        Name and version of the program.
    method
        How times were computed, one French sentence.
    vintages
        The vintages that matter most, one sentence; empty when none is known.
    sources
        One line per data set: what it is, its file, its vintage.
    limits
        What the reader must know before using the figures.
    attributions
        Credit lines due, the software's last.
    road_credit
        The one due to the roads' authors, shown on maps themselves; empty without roads.
    estimated, demonstration
        Whether times are estimated, whether sites are invented.
    table
        File the times were read in and what computed them, in words; empty for times we computed.
    edition
        Whether ``moment`` is a day imposed (``--date``, ``SOURCE_DATE_EPOCH``).
    """

    title: str
    territory: str
    date: str
    moment: dt.datetime
    software: str
    method: str
    vintages: str = ""
    sources: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    attributions: tuple[str, ...] = ()
    road_credit: str = ""
    estimated: bool = False
    demonstration: bool = False
    edition: bool = False
    table: str = ""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What must stand beside every figure of an invented or roadless study."""
        told = cautions(
            table=self.table, demonstration=self.demonstration, estimated=self.estimated
        )
        return tuple(str(caution) for caution in told)

    @property
    def heading(self) -> str:
        """One line that names the study, its territory and its date."""
        return " – ".join(part for part in (self.title, self.territory, self.date) if part)

    @property
    def credit(self) -> str:
        """Every credit line on one, for a footer."""
        return " · ".join(self.attributions)

    def text(self) -> str:
        """Return all of it, a line each, for the metadata of a file or of a layer."""
        lines = (
            self.heading, *self.warnings, self.method, self.vintages, *self.sources, *self.limits,
            *self.attributions,
        )  # fmt: skip
        return "\n".join(line for line in lines if line)
