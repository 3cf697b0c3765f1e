"""The scenarios of the State of 2015 as presets: settings of engines that exist, and their limits.

A scenario is data (``scenarios.toml``): which engine, its objective, quotas and candidates; nothing
is computed here that ``optimiser`` or ``tournees`` does not compute.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pandas as pd

from msap_geo import coverage, french, siting
from msap_geo.answers.plan import Implantation, optimise
from msap_geo.answers.plan_json import implantation_json, plain_values
from msap_geo.answers.problem import Asked
from msap_geo.answers.rounds import Rounds, design_rounds
from msap_geo.answers.rounds_json import rounds_json
from msap_geo.answers.rounds_problem import RoundsAsked
from msap_geo.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Callable

    from msap_geo.study.result import StudyResult

_DENSE = ("locaux", "locaux_30_mbits")
_OLD = "habitants_65_plus"


@cache
def presets() -> dict[str, dict[str, Any]]:
    """Return the scenarios by name: title, sketch, engine, settings, assumptions and limits."""
    text = (files("msap_geo.answers.ahead") / "scenarios.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@dataclass(frozen=True, eq=False)
class Scenario:
    """What a scenario gives on a study.

    Parameters
    ----------
    name
        One of :func:`presets`.
    result
        The study.
    found
        Answer of the engine: a plan of sites, or rounds.
    settings
        What was set, by key, as the preset and the study decide together.
    permanences
        Communes served by a weekly half-day at their town hall, with its yearly cost; empty in
        scenarios without.
    remarks
        What the study lacks for a rule of the scenario, French sentences.
    """

    name: str
    result: StudyResult
    found: Implantation | Rounds
    settings: dict[str, Any]
    permanences: pd.DataFrame
    remarks: tuple[str, ...]

    @property
    def preset(self) -> dict[str, Any]:
        """Title, sketch, assumptions and limits."""
        return presets()[self.name]


def run_scenario(
    result: StudyResult,
    name: str,
    *,
    number: int | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Scenario:
    """Run a scenario on a study.

    Parameters
    ----------
    result
        The study, run.
    name
        One of :func:`presets`.
    number
        Sites (or vehicles) instead of the preset's.
    progress
        Called with a French sentence at each step.

    Returns
    -------
    Scenario
        The answer of the engine, what was set and what it is worth.

    Raises
    ------
    StudyError
        If the scenario is unknown, or the study lacks what it is made of.
    InfeasibleError
        If no plan respects its rules.
    """
    if name not in presets():
        raise StudyError(
            f"scénario inconnu : « {name} »", remedy=f"choisir parmi : {', '.join(presets())}"
        )
    preset = presets()[name]
    if preset["moteur"] == "tournees":
        return _mobile(result, name, number, progress)
    return _sites(result, name, number, progress)


def _mobile(
    result: StudyResult, name: str, number: int | None, progress: Callable[[str], None]
) -> Scenario:
    preset = presets()[name]
    beyond = result.shares[0].beyond
    wanted = math.ceil(beyond / preset["habitants_par_vehicule"])
    vehicles = number or max(1, min(wanted, preset["vehicules_max"]))
    asked = RoundsAsked(vehicles=vehicles, open_hours=preset["heures_ouvertes"])
    settings = {"vehicules": vehicles, "heures_ouvertes": preset["heures_ouvertes"]}
    found = design_rounds(result, asked, progress=progress)
    return Scenario(name, result, found, settings, _nobody(), ())


def _sites(
    result: StudyResult, name: str, number: int | None, progress: Callable[[str], None]
) -> Scenario:
    preset, study = presets()[name], result.study
    candidates = result.candidates
    settings: dict[str, Any] = {"objectif": preset["objectif"]}
    forbidden = set(study.implantation.interdits)
    permanences, remarks = _nobody(), tuple[str, ...]()
    if preset.get("hotes_seuls"):
        hosts = set(result.hosts["site_id"]) if len(result.hosts) else set()
        forbidden |= set(candidates["site_id"]) - hosts
        if not hosts & set(candidates["site_id"]):
            raise StudyError(
                "l'étude ne donne pas d'hôtes autres que la poste",
                where="[candidats] fichier",
                remedy='écrire par exemple fichier = "hotes.csv" (docs/implantation.md)',
            )
    if "groupe" in preset:
        settings["quotas"] = _quotas(result, preset["groupe"], preset["groupe_max"])
    asked_result = result
    if "locaux_30_mbits_min" in preset:
        permanences, remarks = _permanences(result, preset)
        asked_result = _without(result, set(permanences["code_insee"]))
    settings["interdits"] = sorted(forbidden)
    free = len(set(candidates["site_id"]) - forbidden)
    count = min(number or preset["nombre"], max(free, 1))
    changed = study.with_values("implantation", **settings)
    progress(preset["titre"])
    found = optimise(replace(asked_result, study=changed), Asked(number=count), progress=progress)
    settings = {"nombre": count, **settings}
    return Scenario(name, result, found, settings, permanences, remarks)


def _quotas(result: StudyResult, by: str, most: int) -> dict[str, dict[str, int | None]]:
    """Allow so many new sites in each group that has a candidate, within the study's own quotas."""
    communes = result.communes
    if by not in communes:
        raise StudyError(
            f"les communes n'ont pas d'« {by} »",
            where="[donnees] appartenance",
            remedy="donner la table d'appartenance de l'Insee",
        )
    of_commune = communes.set_index("code_insee")[by]
    groups = result.candidates["code_insee"].map(of_commune).dropna().unique()
    quotas: dict[str, dict[str, int | None]] = {
        code: {"min": own.min, "max": own.max}
        for code, own in result.study.implantation.quotas.items()
    }
    for code in sorted(map(str, groups)):
        own = quotas.get(code, {"min": 0, "max": most})
        limit = own["max"]
        quotas[code] = {**own, "max": most if limit is None else min(limit, most)}
    return quotas


def _without(result: StudyResult, served: set[str]) -> StudyResult:
    """Return the study whose people served by a permanence count for nobody in a plan."""
    inside = result.access["code_insee"].isin(served)
    return replace(
        result, access=result.access.assign(population=result.access["population"].mask(inside, 0))
    )


def _permanences(
    result: StudyResult, preset: dict[str, Any]
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Tell which communes beyond reach are connected and young enough for a permanence."""
    digital = coverage.digital_fragility(pd.DataFrame(result.communes)).set_index("code_insee")
    access = result.access.set_index("code_insee")
    beyond = coverage.is_beyond(result.access, result.study.threshold).to_numpy()
    chosen, remarks = pd.Series(beyond, index=access.index), []
    table = pd.DataFrame(index=access.index)
    for column, limit, absent in (
        (
            "part_sans_30_mbits",
            1 - preset["locaux_30_mbits_min"],
            "la couverture par l'internet n'est pas connue ([donnees] indicateurs : Arcep)",
        ),
        (
            "part_65_plus",
            preset["part_65_plus_max"],
            "l'âge des habitants n'est pas connu ([donnees] indicateurs)",
        ),
    ):
        if column not in digital:
            remarks.append(f"{absent} : cette règle n'est pas appliquée")
            continue
        table[column] = digital[column].reindex(access.index)
        # Where it is not known of a commune, nothing allows to take its office away.
        chosen &= (table[column] <= limit + 1e-9).fillna(value=False)
    if not len(table.columns):
        chosen[:] = False
        remarks.append("aucune commune n'est donc servie par une permanence")
    costs = siting.load_itinerant_costs()
    table = table.assign(
        nom=access["nom"],
        population=access["population"],
        minutes=access["minutes"],
        cout_eur_an=[
            # A table of times may give no kilometres.
            round(costs.permanence_eur(minutes=minutes, km=km))
            if math.isfinite(minutes) and math.isfinite(km)
            else None
            for minutes, km in zip(access["minutes"], access["km"], strict=True)
        ],
    )[chosen].reset_index()
    front = ["code_insee", "nom", "population", "minutes", "cout_eur_an"]
    order = table[[*front, *(name for name in table if name not in front)]]
    return order.sort_values("population", ascending=False, ignore_index=True), tuple(remarks)


def _nobody() -> pd.DataFrame:
    return pd.DataFrame(
        {"code_insee": pd.Series(dtype=str), "nom": pd.Series(dtype=str), "population": []}
    )


OURS = (
    "Ces réglages sont notre lecture d'une esquisse de l'État de 2015, que nous n'avons trouvée "
    "chiffrée nulle part ; --nombre en change le nombre."
)


def scenario_in_words(found: Scenario) -> list[str]:
    """Return what the scenario is, what it supposes, and its limits, a sentence a line."""
    preset = found.preset
    lines = [f"scénario « {preset['titre']} » : {preset['esquisse']}"]
    lines += [f"hypothèse : {text}" for text in preset["hypotheses"]]
    lines += [f"limite : {text}" for text in (OURS, *preset["limites"])]
    lines += list(found.remarks)
    if "locaux_30_mbits_min" in preset:
        people = int(found.permanences["population"].sum())
        lines.append(
            f"servis par une permanence : {french.people(people)} dans "
            f"{french.counted(len(found.permanences), 'commune')}, {_price(found.permanences)}"
        )
    return lines


def _price(permanences: pd.DataFrame) -> str:
    """Say what permanences cost a year, and of how many it is not known."""
    costs = pd.to_numeric(permanences.get("cout_eur_an", pd.Series(dtype=float)))
    unknown = int(costs.isna().sum())
    if not unknown:
        return f"{french.euros(float(costs.sum()))} par an"
    why = f"prix inconnu pour {french.counted(unknown, 'commune')} (trajet sans minutes ou sans km)"
    known = f"{french.euros(float(costs.sum()))} par an, "
    return why if unknown == len(costs) else known + why


def scenario_json(found: Scenario) -> dict[str, Any]:
    """Return a scenario as plain values, with the French keys of the JSON."""
    preset = found.preset
    answer = found.found
    return {
        "etude": found.result.study.etude.nom,
        "scenario": found.name,
        "titre": preset["titre"],
        "esquisse": preset["esquisse"],
        "hypotheses": list(preset["hypotheses"]),
        "limites": [OURS, *preset["limites"]],
        "remarques": list(found.remarks),
        "reglages": found.settings,
        "permanences": [plain_values(row) for row in found.permanences.to_dict("records")],
        "moteur": preset["moteur"],
        "resultat": (
            rounds_json(answer) if isinstance(answer, Rounds) else implantation_json(answer)
        ),
    }
