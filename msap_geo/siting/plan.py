"""What an objective answers: sites in order, their value, and how far it may be from the best."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from msap_geo import french, notebook_html

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msap_geo.siting.problem import Problem

OPTIMAL = "optimal"
PROVEN = "écart prouvé"
INTERRUPTED = "temps écoulé"

_TITLES = {
    "capacite": "capacité",
    "p-mediane": "p-médiane",
    "p-mediane-capacite": "p-médiane-capacité",
    "equite": "équité",
}
"""Objectives whose key is not their name."""

_EXACT = 1e-9
_STEPS = 31
"""Steps of the curve shown in a notebook: nobody reads a plan of more sites there."""


@dataclass(frozen=True, eq=False)
class Plan:
    """Sites to open, and the proof of what they are worth.

    Parameters
    ----------
    objective
        Key of the objective, e.g. ``"couverture"``.
    unit
        What ``value`` counts, in French.
    smaller_is_better
        Whether the objective is minimised.
    sites
        New sites in incremental order: the first one alone adds most, and so on.
    value, bound, today
        Value with these sites; what no plan respecting the rules betters; value without any.
    status
        :data:`OPTIMAL`, :data:`PROVEN` (within the gap asked for) or :data:`INTERRUPTED` (time
        ran out: the gap is what it is).
    seconds
        Time taken.
    curve
        ``n, site_id, valeur, cout_eur`` for the first 0, 1, … n sites of the plan.
    details
        Further figures of the objective, by French name.
    remarks
        What the reader must know, French sentences.
    """

    objective: str
    unit: str
    smaller_is_better: bool
    sites: tuple[str, ...]
    value: float
    bound: float
    today: float
    status: str
    seconds: float
    curve: pd.DataFrame
    details: dict[str, float] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The objective as it is written: ``"équité"``."""
        return _TITLES.get(self.objective, self.objective)

    @property
    def gap(self) -> float:
        """Distance from the value to the bound, as a share of the value."""
        distance = abs(self.bound - self.value)
        return distance / abs(self.value) if self.value else (0.0 if distance == 0 else np.inf)

    @property
    def gain(self) -> float:
        """What the plan improves on today."""
        return abs(self.value - self.today)

    def as_dict(self) -> dict[str, Any]:
        """Return the plan as plain values, with the French keys of the JSON."""
        return {
            "objectif": self.objective,
            "unite": self.unit,
            "sens": "min" if self.smaller_is_better else "max",
            "sites": [
                {
                    "rang": int(row.n),
                    "site_id": row.site_id,
                    "valeur": _plain(row.valeur),
                    "cout_cumule_eur": _plain(row.cout_eur),
                }
                for row in self.curve.iloc[1:].itertuples()
            ],
            "valeur": _plain(self.value),
            "borne": _plain(self.bound),
            "ecart": round(self.gap, 8) if np.isfinite(self.gap) else None,
            "statut": self.status,
            "aujourdhui": _plain(self.today),
            "gain": _plain(self.gain),
            "cout_eur": _plain(self.curve["cout_eur"].iloc[-1]),
            "details": {name: _plain(value) for name, value in self.details.items()},
            "remarques": list(self.remarks),
        }

    def _repr_html_(self) -> str:
        """Show the plan in a notebook."""
        gap = f", écart {french.gap(self.gap)}" if np.isfinite(self.gap) else ""
        figures = {
            "objectif": self.title,
            "valeur": french.quantity(self.value, self.unit),
            "aujourd’hui": french.amount(self.today, self.unit),
            "borne prouvée": f"{french.amount(self.bound, self.unit)} ({self.status}{gap})",
            "durée du calcul": french.seconds(self.seconds),
        }
        titles = {"n": "Sites", "site_id": "Ouvert", "valeur": "Valeur", "cout_eur": "€ par an"}
        steps = notebook_html.table(self.curve, titles, decimals=0, shown=_STEPS)
        return notebook_html.card("Plan", figures, tables=[steps], remarks=self.remarks)

    def __repr__(self) -> str:
        return (
            f"Plan(objective={self.objective!r}, sites={len(self.sites)}, value={self.value:g}, "
            f"bound={self.bound:g}, status={self.status!r})"
        )


def status(value: float, bound: float, gap: float) -> str:
    """Return the status of a value and its bound, given the gap asked for."""
    distance = abs(bound - value)
    if distance <= _EXACT * max(abs(value), 1.0):
        return OPTIMAL
    return PROVEN if distance <= (gap + _EXACT) * abs(value) else INTERRUPTED


def curve(problem: Problem, order: NDArray[np.int64], values: NDArray[np.float64]) -> pd.DataFrame:
    """Make the curve of a plan.

    Parameters
    ----------
    problem
        The candidates.
    order
        Sites in incremental order.
    values
        Value with the first 0, 1, … of them, shape (sites + 1,).
    """
    return pd.DataFrame(
        {
            "n": np.arange(len(order) + 1, dtype=np.int64),
            "site_id": np.concatenate([[None], problem.site_ids[order]]),
            "valeur": values,
            "cout_eur": np.concatenate([[0.0], np.cumsum(problem.cost_eur[order])]),
        }
    )


def _plain(value: float) -> float | int | None:
    """Return a number JSON can hold, whole where it is."""
    if not np.isfinite(value):
        return None
    return int(value) if float(value).is_integer() else round(float(value), 6)
