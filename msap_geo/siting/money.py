"""What a plan costs, who pays, and what the next euro buys.

Prices and rules are data (``couts/*.toml``), dated and sourced; a study may give its own.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from msap_geo.errors import StudyError
from msap_geo.siting.objectives.gained import DEFAULT, maximal_covering

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

    from msap_geo.siting.plan import Plan
    from msap_geo.siting.problem import Problem
    from msap_geo.siting.rules import Rules
    from msap_geo.siting.solving.highs import Effort

COSTS = files("msap_geo.siting") / "couts"
"""Folder of the cost models."""

_DEFAULT_KIND = "defaut"


@dataclass(frozen=True)
class Payer:
    """Who pays a part of a site's running cost, every year.

    Parameters
    ----------
    name
        In French, for tables.
    share, ceiling_eur
        Share of the running cost, and the most it gives to a site in a year.
    lump_eur, number
        What it pays for each of so many things (operators, half-days…) in a year.
    by_year
        Lump sum of some years; between two of them it is interpolated, outside held.
    envelope_eur
        The most it gives to all the sites of the country over the agreement, if bounded.
    """

    name: str
    share: float = 0.0
    ceiling_eur: float = np.inf
    lump_eur: float = 0.0
    number: float = 1.0
    by_year: tuple[tuple[int, float], ...] = ()
    envelope_eur: float = np.inf

    def pays(self, running_eur: float, year: int) -> float:
        """Return what it pays for one site in a year."""
        lump = self.lump_eur * self.number
        if self.by_year:
            years, sums = zip(*self.by_year, strict=True)
            lump += float(np.interp(year, years, sums))
        return min(self.share * running_eur, self.ceiling_eur) + lump


@dataclass(frozen=True)
class CostModel:
    """What sites cost and who pays.

    Parameters
    ----------
    name, title, source, date
        What the model is and where its figures come from.
    years
        Length of an agreement.
    investment_eur, running_eur
        Cost by kind of site, once and every year; ``"defaut"`` serves the other kinds.
    payers
        Who pays a part of the running cost, in the order they do.
    rest
        Who pays what is left, and the investment.
    remarks
        What the reader must know.
    """

    name: str
    title: str
    source: str
    date: dt.date
    years: int
    investment_eur: Mapping[str, float]
    running_eur: Mapping[str, float]
    payers: tuple[Payer, ...]
    rest: str
    remarks: tuple[str, ...]

    def investment_of(self, kind: str) -> float:
        """Return the investment of a kind of site."""
        return float(self.investment_eur.get(kind, self.investment_eur[_DEFAULT_KIND]))

    def running_of(self, kind: str) -> float:
        """Return the yearly running cost of a kind of site."""
        return float(self.running_eur.get(kind, self.running_eur[_DEFAULT_KIND]))

    def yearly(self, kind: str) -> float:
        """Return the whole cost of a site a year: running, and investment spread over the years."""
        return self.running_of(kind) + self.investment_of(kind) / self.years

    def as_dict(self) -> dict[str, Any]:
        """Return the model's identity, for manifests and JSON."""
        return {
            "cle": self.name,
            "titre": self.title,
            "source": self.source,
            "date": self.date.isoformat(),
            "duree_annees": self.years,
            "fonctionnement_eur": dict(self.running_eur),
            "investissement_eur": dict(self.investment_eur),
            "remarques": list(self.remarks),
        }


def available_models() -> list[str]:
    """Return the names of the cost models the package holds."""
    return sorted(
        entry.name.removesuffix(".toml")
        for entry in COSTS.iterdir()
        if entry.name.endswith(".toml")
    )


def check_model(name: str) -> None:
    """Refuse a cost model that does not exist.

    Raises
    ------
    StudyError
        If it does not.
    """
    if name not in available_models():
        raise StudyError(
            f"modèle de coûts inconnu : « {name} »",
            where="[couts] modele",
            remedy=f"choisir parmi : {', '.join(available_models())}",
        )


def load_costs(
    name: str,
    *,
    running_eur: Mapping[str, float] | None = None,
    investment_eur: Mapping[str, float] | None = None,
    numbers: Mapping[str, float] | None = None,
) -> CostModel:
    """Load a cost model.

    Parameters
    ----------
    name
        One of :func:`available_models`.
    running_eur, investment_eur
        The study's own costs by kind of site, in place of the model's.
    numbers
        How many things of a site a payer pays a lump sum for in a year, by the name the model
        counts them under (``"operateurs_non_signataires"``…); none by default.

    Returns
    -------
    CostModel
        The model.

    Raises
    ------
    StudyError
        If there is no such model, or if it does not count what a number is given for.
    """
    check_model(name)
    content = tomllib.loads((COSTS / f"{name}.toml").read_text(encoding="utf-8"))
    counted = {entry["compte"] for entry in content["payeurs"] if "compte" in entry}
    given = {key: number for key, number in (numbers or {}).items() if number}
    if unknown := sorted(set(given) - counted):
        raise StudyError(
            f"le modèle de coûts « {name} » ne compte pas : {', '.join(unknown)}",
            where="[couts]",
            remedy="retirer ces clés, ou choisir un modèle qui les compte",
        )
    model = CostModel(
        name=name,
        title=content["titre"],
        source=content["source"],
        date=content["date"],
        years=content["duree_annees"],
        investment_eur=content["investissement_eur"],
        running_eur=content["fonctionnement_eur"],
        payers=tuple(_payer(entry, given) for entry in content["payeurs"]),
        rest=content["porteur"],
        remarks=tuple(content["remarques"]),
    )
    return replace(
        model,
        running_eur={**model.running_eur, **(running_eur or {})},
        investment_eur={**model.investment_eur, **(investment_eur or {})},
    )


def _payer(entry: Mapping[str, Any], numbers: Mapping[str, float]) -> Payer:
    return Payer(
        name=entry["nom"],
        share=entry.get("part", 0.0),
        ceiling_eur=entry.get("plafond_eur", np.inf),
        lump_eur=entry.get("forfait_eur", 0.0),
        number=numbers.get(entry["compte"], 0.0) if "compte" in entry else 1.0,
        by_year=tuple(
            sorted(
                (int(year), float(lump))
                for year, lump in entry.get("forfait_par_annee", {}).items()
            )
        ),
        envelope_eur=entry.get("enveloppe_eur", np.inf),
    )


def plan_costs(model: CostModel, kinds: Iterable[str], *, first_year: int) -> pd.DataFrame:
    """Return what the sites of a plan cost over one agreement, by payer and year.

    Parameters
    ----------
    model
        Prices and payers.
    kinds
        Kind of each new site.
    first_year
        Year the sites open; the investment is paid then.

    Returns
    -------
    pandas.DataFrame
        ``annee, poste`` (*investissement* or *fonctionnement*), ``payeur, montant_eur``. A
        subsidy never exceeds what is left to pay, and a payer's envelope bounds all its years.
    """
    counted = pd.Series(list(kinds), dtype=object).value_counts(sort=False)
    left = {payer.name: payer.envelope_eur for payer in model.payers}
    rows: list[tuple[int, str, str, float]] = []
    invested = sum(n * model.investment_of(str(kind)) for kind, n in counted.items())
    if invested:
        rows.append((first_year, "investissement", model.rest, float(invested)))
    for year in range(first_year, first_year + model.years):
        paid = dict.fromkeys([payer.name for payer in model.payers], 0.0)
        total = 0.0
        for kind, n in counted.items():
            running = model.running_of(str(kind))
            total += n * running
            due = running
            for payer in model.payers:
                part = min(payer.pays(running, year), due)
                due -= part
                paid[payer.name] += n * part
        for name, amount in paid.items():
            given = min(amount, left[name])
            left[name] -= given
            paid[name] = given
        rows += [(year, "fonctionnement", name, amount) for name, amount in paid.items() if amount]
        if total:
            rows.append((year, "fonctionnement", model.rest, total - sum(paid.values())))
    return pd.DataFrame(rows, columns=["annee", "poste", "payeur", "montant_eur"])


def closing_savings(model: CostModel, kinds: Iterable[str], *, first_year: int) -> pd.DataFrame:
    """Return what closing sites saves over one agreement, by payer and year.

    Parameters
    ----------
    model
        Prices and payers: those of openings.
    kinds
        Kind of each site that closes.
    first_year
        Year they close.

    Returns
    -------
    pandas.DataFrame
        ``annee, poste`` (*fermeture*), ``payeur, montant_eur``: the running cost nobody pays any
        more. An investment made is not given back, an envelope spent elsewhere not either; what a
        closing itself costs (moving, staff) is in no cost file.
    """
    free = without_envelopes(model)
    spent = plan_costs(free, kinds, first_year=first_year)
    saved = spent[spent["poste"] == "fonctionnement"]
    return saved.assign(poste="fermeture").reset_index(drop=True)


def without_envelopes(model: CostModel) -> CostModel:
    """Return a model whose payers give to each site whatever the others get."""
    payers = tuple(replace(payer, envelope_eur=np.inf) for payer in model.payers)
    return replace(model, payers=payers)


def euros_per_person(plan: Plan, *, people_gained: float) -> float:
    """Return what each newly covered inhabitant costs a year; null where nobody is."""
    cost = float(plan.curve["cout_eur"].iloc[-1])
    return cost / people_gained if people_gained > 0 else float("nan")


def frontier(
    problem: Problem,
    rules: Sequence[Rules],
    *,
    threshold: float,
    effort: Effort = DEFAULT,
) -> pd.DataFrame:
    """Return the best covering of each number of sites or budget, and which ones are worth it.

    Parameters
    ----------
    problem
        Places, candidates and trips.
    rules
        The same rules with increasing numbers or budgets.
    threshold
        Minutes, inclusive.
    effort
        Time of each plan, gap, seed and threads.

    Returns
    -------
    pandas.DataFrame
        ``nombre, cout_eur, habitants, borne, gagnes, eur_par_habitant`` (newly covered, a year),
        ``efficace``: no other row covers as many people for less, nor more for as much.
    """
    rows = []
    for asked in rules:
        plan = maximal_covering(problem, asked, thresholds=[threshold], effort=effort)
        cost = float(plan.curve["cout_eur"].iloc[-1])
        price = euros_per_person(plan, people_gained=plan.gain)
        rows.append((len(plan.sites), cost, plan.value, plan.bound, plan.gain, price))
    table = pd.DataFrame(
        rows, columns=["nombre", "cout_eur", "habitants", "borne", "gagnes", "eur_par_habitant"]
    )
    cost, people = table["cout_eur"].to_numpy(), table["habitants"].to_numpy()
    beaten = (
        (cost[None, :] <= cost[:, None])
        & (people[None, :] >= people[:, None])
        & ((cost[None, :] < cost[:, None]) | (people[None, :] > people[:, None]))
    ).any(axis=1)
    return table.assign(efficace=~beaten)
