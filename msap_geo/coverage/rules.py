"""Legal and policy rules of access, as data, evaluated département by département.

The rules are in ``regles.toml``: each with its text, its date and how it is measured. A rule is
never just passed: the table says by how many inhabitants.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from msap_geo import french, schemas
from msap_geo.coverage.territories import POPULATION, WHOLE, departements_of
from msap_geo.coverage.weighted import group_sums
from msap_geo.errors import DataError
from msap_geo.territory import DEPARTEMENTS

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    import geopandas as gpd

SHARE, BY_COMMUNE, COUNT, BY_CANTON = (
    "part_a_portee",
    "points_par_commune",
    "nombre_de_points",
    "un_par_canton",
)
NATIONAL = "national"

PASSED, BROKEN, NO_DEMAND, PARTIAL, UNKNOWN, SHARED_CANTON = (
    "respectée",
    "non respectée",
    "sans exigence",
    "indicatif (étude partielle)",
    "non évaluée",
    "non évaluable : canton partagé",
)
"""Verdicts. A national rule measured on part of the country is only indicative."""

_FIRST_PSEUDO_CANTON = 80
"""INSEE numbers from 99 down the cities it does not cut: no canton has so high a number."""

_WHOLE_COUNTRY = 96
"""Number of départements in métropole (INSEE, COG 2026)."""

_SHARE_DECIMALS = 6


@dataclass(frozen=True)
class Rule:
    """One rule of ``regles.toml``; its comments say what each field means."""

    id: str
    titre: str
    texte: str
    date: dt.date
    sites: str
    niveau: str
    mesure: str
    km: float | None = None
    minutes: float | None = None
    eloigne: str = "et"
    exigence: float | None = None
    habitants_minimum: int = 0
    habitants_par_point: int = 0
    tranche: str = "complete"

    def is_far(self, places: pd.DataFrame) -> pd.Series:
        """Tell which places are far, in the sense of the rule; a null distance or time is far."""
        tests = [
            ~(places[name] <= limit)
            for name, limit in (("km", self.km), ("minutes", self.minutes))
            if limit is not None
        ]
        far: pd.Series = (
            np.logical_and.reduce(tests) if self.eloigne == "et" else tests[0] | tests[-1]
        )
        return far


def load_rules(path: Path | None = None) -> tuple[Rule, ...]:
    """Read rules.

    Parameters
    ----------
    path
        TOML file like the package's own ``regles.toml``, which is the default.

    Returns
    -------
    tuple of Rule
        In the order of the file.

    Raises
    ------
    DataError
        If a rule lacks a field, holds an unknown one, or one that does not fit.
    """
    source = path or Path(__file__).with_name("regles.toml")
    content = tomllib.loads(source.read_text(encoding="utf-8"))
    return tuple(_rule(entry, source) for entry in content.get("regle", []))


def _rule(entry: dict[str, Any], source: Path) -> Rule:
    known = {field.name for field in fields(Rule)}
    name = entry.get("id", "sans id")
    unknown = sorted(set(entry) - known)
    if unknown:
        raise DataError(f"règle « {name} », clé inconnue : {', '.join(unknown)}", where=source)
    try:
        rule = Rule(**entry)
    except TypeError as error:
        raise DataError(f"règle « {name} » incomplète", where=source) from error
    bounded = rule.km is not None or rule.minutes is not None
    words = rule.eloigne in {"et", "ou"} and rule.tranche in {"complete", "entamee"}
    fits = {
        SHARE: bounded,
        COUNT: rule.exigence is not None,
        BY_COMMUNE: rule.habitants_par_point > 0,
        BY_CANTON: True,
    }
    if not fits.get(rule.mesure, False) or not words:
        raise DataError(
            f"règle « {name} » mal posée (mesure {rule.mesure}, eloigne {rule.eloigne})",
            where=source,
            remedy="comparer avec les règles livrées, coverage/regles.toml",
        )
    return rule


def evaluate_rules(
    rules: Sequence[Rule],
    places: Mapping[str, pd.DataFrame],
    sites: Mapping[str, pd.DataFrame],
    *,
    memberships: pd.DataFrame | None = None,
    counts: Mapping[str, int] | None = None,
    distance: str,
) -> pd.DataFrame:
    """Evaluate every rule in every département.

    Parameters
    ----------
    rules
        Rules of :func:`load_rules`.
    places
        Access to the nearest site by kind of sites (``"la_poste"``, ``"maisons"``): tables under
        :data:`msap_geo.schemas.PLACES` whose ``km`` is measured as ``distance`` says.
    sites
        The sites by kind, with their ``code_insee``: those that count for a commune or a canton.
    memberships
        ``code_insee`` and ``canton``; without cantons, the rule on them is not evaluated. A city
        that INSEE does not cut (a pseudo-canton) belongs to several cantons, and those beside it
        may hold a part of it: ``canton_partage`` says which communes touch one
        (:func:`touches_a_shared_city`); without it, any canton of the département may.
    counts
        Number of sites in the country by kind, where known.
    distance
        How kilometres were measured (:data:`msap_geo.coverage.distances.STRAIGHT` or ``ROAD``).

    Returns
    -------
    pandas.DataFrame
        Table under :data:`msap_geo.schemas.RULES`, one row per rule and territory:

        ``valeur, exigence, unite``
            What is measured and what is asked: a share from 0 to 1, a number of points, of communes
            or of cantons.
        ``verdict``
            :data:`PASSED`, :data:`BROKEN`… National rules are judged on the whole country only.
        ``marge_habitants``
            How many more inhabitants may become far before the rule is broken; below 0, how many
            must be brought nearer. Points per commune: how many inhabitants the tightest commune
            may gain. Cantons: minus the inhabitants of those without a site. Null for a number of
            points, and where cantons are shared and none of the others lacks a site.
        ``detail``
            Communes or cantons at fault; cantons that cannot be evaluated, and how many.
    """
    measures = {SHARE: _by_share, BY_COMMUNE: _by_commune, BY_CANTON: _by_canton}
    rows: list[dict[str, Any]] = []
    for rule in rules:
        if rule.mesure == COUNT:
            found = [_by_count(rule, (counts or {}).get(rule.sites))]
        elif rule.sites not in places:
            found = [_row(WHOLE, verdict=UNKNOWN, detail=f"sites « {rule.sites} » non fournis")]
        else:
            table = _labelled(rule, places[rule.sites], memberships)
            found = measures[rule.mesure](rule, table, sites[rule.sites])
        uses_km = rule.km is not None
        common = {
            "regle": rule.id,
            "titre": rule.titre,
            "texte": rule.texte,
            "date": rule.date.isoformat(),
            "distance": distance if uses_km else "",
        }
        rows += [{**common, **row} for row in found]
    table = pd.DataFrame(rows).astype(
        {"population": "int64", "valeur": float, "exigence": float, "marge_habitants": "Int64"}
    )
    return schemas.check(table[list(schemas.RULES.columns)], schemas.RULES)


def _row(territory: str, **values: Any) -> dict[str, Any]:
    blank: dict[str, Any] = {
        "population": 0,
        "valeur": np.nan,
        "exigence": np.nan,
        "unite": "",
        "verdict": UNKNOWN,
        "marge_habitants": pd.NA,
        "detail": "",
    }
    name = DEPARTEMENTS.get(territory, territory)
    return {**blank, "territoire": territory, "nom": name, **values}


def _labelled(rule: Rule, places: pd.DataFrame, memberships: pd.DataFrame | None) -> pd.DataFrame:
    """Add where each place counts: its département, or the whole for a national rule."""
    departement = departements_of(places["code_insee"])
    complete = departement.nunique() >= _WHOLE_COUNTRY
    national = rule.niveau == NATIONAL
    table = places.assign(
        territoire=WHOLE if national else departement, complet=complete or not national
    )
    if memberships is not None and "canton" in memberships.columns:
        known = memberships.set_index("code_insee")
        table["canton"] = places["code_insee"].map(known["canton"])
        near = known.get("canton_partage", pd.Series(data=True, index=known.index))
        table["partage"] = places["code_insee"].map(near).eq(True)
    return table


def is_pseudo_canton(cantons: pd.Series) -> pd.Series:
    """Tell which codes are those of a city INSEE does not cut into its cantons (*canton ou ville*).

    Parameters
    ----------
    cantons
        Codes: that of the département, then two digits.
    """
    number = pd.to_numeric(cantons.astype("string").str[-2:], errors="coerce")
    return (number >= _FIRST_PSEUDO_CANTON).fillna(value=False).astype(bool)


def touches_a_shared_city(areas: gpd.GeoSeries, cantons: pd.Series) -> pd.Series:
    """Tell which communes lie beside a city that INSEE does not cut into its cantons, or are one.

    Parameters
    ----------
    areas
        Area of each commune, metres.
    cantons
        Code of the canton of each commune, same order.
    """
    pseudo = is_pseudo_canton(cantons).to_numpy()
    cities = areas[pseudo]
    beside = np.zeros(len(areas), dtype=bool)
    if len(cities):
        pairs = cities.sindex.query(areas, predicate="intersects")
        beside[pairs[0]] = True
    return pd.Series(beside | pseudo, index=cantons.index)


def _verdict(rule_holds: bool, complete: bool) -> str:  # noqa: FBT001 - two facts, one word
    if not complete:
        return PARTIAL
    return PASSED if rule_holds else BROKEN


def _by_share(rule: Rule, table: pd.DataFrame, _: pd.DataFrame) -> list[dict[str, Any]]:
    names, group = np.unique(table["territoire"].to_numpy(dtype=str), return_inverse=True)
    people = table[POPULATION].to_numpy(dtype=float)
    total = group_sums(group, people, len(names)).astype(np.int64)
    far = group_sums(group, np.where(rule.is_far(table), people, 0.0), len(names)).astype(np.int64)
    complete = bool(table["complet"].iloc[0])
    rows = []
    for name, everyone, beyond in zip(names.tolist(), total.tolist(), far.tolist(), strict=True):
        share = (everyone - beyond) / everyone if everyone else np.nan
        row = {"population": everyone, "valeur": round(share, _SHARE_DECIMALS), "unite": "part"}
        if rule.exigence is None:
            rows.append(_row(name, **row, verdict=NO_DEMAND))
            continue
        # Whole inhabitants: the rule is broken by the first beyond this number. The rounding keeps
        # 0.1 × 10 from being a shade under one.
        allowed = int(np.floor(round((1 - rule.exigence) * everyone, _SHARE_DECIMALS)))
        rows.append(
            _row(
                name,
                **row,
                exigence=rule.exigence,
                verdict=_verdict(beyond <= allowed, complete),
                marge_habitants=allowed - beyond,
            )
        )
    return rows


def _by_commune(rule: Rule, table: pd.DataFrame, sites: pd.DataFrame) -> list[dict[str, Any]]:
    people = table.groupby("code_insee")[POPULATION].sum()
    large = people[people > rule.habitants_minimum]
    points = sites.groupby("code_insee").size().reindex(large.index, fill_value=0)
    # Most inhabitants these points suffice for; without any, the commune must not be a large one.
    spare = rule.habitants_par_point - 1 if rule.tranche == "complete" else 0
    enough = points * rule.habitants_par_point + spare
    margin = enough.where(points > 0, rule.habitants_minimum) - large
    departement = departements_of(large.index.to_series())
    rows = []
    for name, everyone in table.groupby("territoire")[POPULATION].sum().items():
        mine = margin[departement == name]
        at_fault = sorted(mine.index[mine < 0])
        rows.append(
            _row(
                str(name),
                population=int(everyone),
                valeur=float(len(mine) - len(at_fault)),
                exigence=float(len(mine)),
                unite="communes",
                verdict=_verdict(not at_fault, complete=True),
                marge_habitants=int(mine.min()) if len(mine) else pd.NA,
                detail=", ".join(at_fault),
            )
        )
    return rows


def _by_canton(_: Rule, table: pd.DataFrame, sites: pd.DataFrame) -> list[dict[str, Any]]:
    if "canton" not in table.columns:
        return [_row(WHOLE, detail="cantons non fournis")]
    table = table.assign(pseudo=is_pseudo_canton(table["canton"]))
    of = table.drop_duplicates("code_insee").set_index("code_insee")["canton"]
    served = set(sites["code_insee"].map(of, na_action="ignore").dropna())
    cantons = (
        table.groupby(["territoire", "canton"])
        .agg(population=(POPULATION, "sum"), pseudo=("pseudo", "any"), beside=("partage", "any"))
        .reset_index()
    )
    cantons["sans"] = ~cantons["canton"].isin(served)
    rows = []
    for name, mine in cantons.groupby("territoire"):
        # A city is several cantons at once; a canton beside it may have its site in the city.
        maybe = mine["pseudo"] | (mine["sans"] & mine["beside"] & mine["pseudo"].any())
        judged, shared = mine[~maybe], mine[maybe]
        without = judged[judged["sans"]]
        verdict = _verdict(without.empty, complete=True)
        if without.empty and len(shared):
            verdict = SHARED_CANTON
        rows.append(
            _row(
                str(name),
                population=int(mine[POPULATION].sum()),
                valeur=float(len(judged) - len(without)),
                exigence=float(len(judged)),
                unite="cantons",
                verdict=verdict,
                marge_habitants=pd.NA
                if verdict == SHARED_CANTON
                else -int(without[POPULATION].sum()),
                detail=" ; ".join(filter(None, (_codes(without), _not_judged(shared)))),
            )
        )
    return rows


def _codes(cantons: pd.DataFrame) -> str:
    return ", ".join(sorted(cantons["canton"].astype(str)))


def _not_judged(shared: pd.DataFrame) -> str:
    if shared.empty:
        return ""
    n = len(shared)
    told = french.agreed(n, "canton partagé"), french.agreed(n, "non évaluable")
    return f"{n} {told[0]}, {told[1]} : {_codes(shared)}"


def _by_count(rule: Rule, count: int | None) -> dict[str, Any]:
    demanded = {"exigence": rule.exigence, "unite": "points"}
    if count is None or rule.exigence is None:
        return _row(WHOLE, **demanded, detail="nombre national inconnu")
    return _row(
        WHOLE,
        **demanded,
        valeur=float(count),
        verdict=_verdict(count >= rule.exigence, complete=True),
    )
