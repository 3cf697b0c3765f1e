"""What an adaptation changes, as tables: what is transformed, who is farther, what is left."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from msap_geo import coverage
from msap_geo.answers.assumptions import rules
from msap_geo.answers.origins import from_communes
from msap_geo.coverage.access import MINUTES_DECIMALS
from msap_geo.coverage.rules import BROKEN, PASSED
from msap_geo.siting import adaptation
from msap_geo.siting.adaptation import BUREAU, CONTACT

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from msap_geo.answers.decided.network import Offers
    from msap_geo.study.result import StudyResult

_SHARE_DECIMALS = 6


def transformations(
    question: adaptation.Question,
    plan: adaptation.Adaptation,
    points: gpd.GeoDataFrame,
    offered: Offers,
) -> pd.DataFrame:
    """Return what is transformed, the least harmful first."""
    network = question.network
    nearest = {service: network.nearest(service)[1] for service in (BUREAU, CONTACT)}
    rows = []
    for rank in plan.chosen.tolist():
        change = question.changes[rank]
        point = points.iloc[change.point]
        others = plan.chosen[plan.chosen != rank]
        # An agence or a relais that closes is nobody's post office, but their contact point.
        gives = BUREAU if network.gives[BUREAU][change.point] else CONTACT
        rows.append(
            {
                "site_id": point["site_id"],
                "nom": point["nom"],
                "genre": point["genre"],
                "code_insee": point["code_insee"],
                "commune": point["commune"],
                "devient": change.becomes,
                "accord_maire": offered.accords.get(str(point["site_id"]), "requis"),
                "habitants": int(network.people[nearest[gives] == change.point].sum()),
                "perte": round(plan.value - question.loss(others), 3),
                "economie_eur": round(change.saves_eur, 2),
            }
        )
    table = pd.DataFrame(rows, columns=list(_TRANSFORMATION))
    return table.sort_values(["perte", "site_id"], ignore_index=True)


_TRANSFORMATION = (
    "site_id", "nom", "genre", "code_insee", "commune", "devient", "accord_maire", "habitants",
    "perte", "economie_eur",
)  # fmt: skip


def farther(
    result: StudyResult,
    question: adaptation.Question,
    plan: adaptation.Adaptation,
    points: gpd.GeoDataFrame,
    codes: NDArray[np.object_],
) -> pd.DataFrame:
    """Name everyone who is farther, service by service, most inhabitants first."""
    network, parts = question.network, []
    named = result.communes.set_index("code_insee")["nom"]
    ids = np.array([*points["site_id"], None], dtype=object)
    trips = {
        service: (
            *network.nearest(service),
            *network.nearest(service, question.lost(service, plan.chosen)),
        )
        for service in (BUREAU, CONTACT)
    }
    moved = {name: (trip[2] > trip[0]) & (network.people > 0) for name, trip in trips.items()}
    both = moved[BUREAU] & moved[CONTACT]
    for service, (before, was, after, becomes) in trips.items():
        far = moved[service]
        people = network.people[far]
        table = pd.DataFrame(
            {
                "code_insee": codes[far],
                "population": people,
                "dont_des_deux": people * both[far],
                "minutes_avant": before[far] * people,
                "minutes_apres": after[far] * people,
                "site_avant": ids[was[far]],
                "site_apres": ids[becomes[far]],
            }
        )
        counts = ["population", "dont_des_deux", "minutes_avant", "minutes_apres"]
        sums = table.groupby("code_insee")[counts].sum()
        for name in ("minutes_avant", "minutes_apres"):
            sums[name] = (sums[name] / sums["population"]).round(MINUTES_DECIMALS)
        parts.append(sums.join(_of_most(table)).reset_index().assign(service=service))
    table = pd.concat(parts, ignore_index=True)
    table.insert(1, "nom", named.reindex(table["code_insee"]).to_numpy())
    table.insert(2, "departement", coverage.departements_of(table["code_insee"].astype(object)))
    return table.sort_values(
        ["service", "population", "code_insee"], ascending=[True, False, True], ignore_index=True
    )


def _of_most(table: pd.DataFrame) -> pd.DataFrame:
    """Return the point most of each commune's people had, and the one most of these then have.

    They are many in a commune, by cells: most of its people, not those of its largest cell.
    """
    for sites in (["site_avant"], ["site_avant", "site_apres"]):
        keys = ["code_insee", *sites]
        people = table.groupby(keys, dropna=False, as_index=False)["population"].sum()
        most = people.sort_values(["population", *sites], ascending=[False, *(True for _ in sites)])
        kept = most.drop_duplicates("code_insee")[keys]
        # A null after (nowhere within the longest trip) is a point like any other here.
        table = table.merge(kept, on=keys)
    return table.drop_duplicates("code_insee").set_index("code_insee")[["site_avant", "site_apres"]]


def margins(
    result: StudyResult, question: adaptation.Question, plan: adaptation.Adaptation
) -> pd.DataFrame:
    """Evaluate every rule before and after, as the diagnosis does, then those of the study."""
    fixed = result.contact_points["site_id"]
    gone = fixed[question.lost(CONTACT, plan.chosen)[: len(fixed)]]
    after = dataclasses.replace(
        result,
        la_poste=result.la_poste[~result.la_poste["site_id"].isin(gone)].reset_index(drop=True),
        la_poste_national=result.la_poste_national - len(gone),
    )
    origin = from_communes(result)
    before, then = rules(result, origin), rules(after, origin)
    kept = ["regle", "titre", "distance", "territoire", "nom", "unite", "exigence"]
    table = before[kept].assign(
        verdict_avant=before["verdict"],
        verdict=then["verdict"],
        valeur_avant=before["valeur"],
        valeur=then["valeur"],
        marge_avant=before["marge_habitants"],
        marge=then["marge_habitants"],
    )
    own = _own_margins(result, question, plan)
    return pd.concat([table, own], ignore_index=True) if len(own) else table.reset_index(drop=True)


def _own_margins(
    result: StudyResult, question: adaptation.Question, plan: adaptation.Adaptation
) -> pd.DataFrame:
    """Return how many may still lose what each rule of the study promises.

    As the others, it is of a territory: the share of its people who lose no point within reach,
    those who have none today included.
    """
    own = {rule.nom: rule for rule in result.study.adaptation.regles}
    rows = []
    for promise in question.guarantees:
        rule = own.get(promise.rule)
        if rule is None:
            continue
        column = f"{rule.par}_nom"
        names = dict(
            zip(result.communes[rule.par].astype(str), result.communes[column], strict=True)
            if column in result.communes
            else ()
        )
        everyone = int(promise.people[promise.places].sum())
        lost = question.lost(promise.service, plan.chosen)
        losing = int(promise.people[promise.left(question.network, lost)].sum())
        either = rule.km is not None and rule.minutes is not None
        distance = coverage.ROAD if rule.km is None else coverage.STRAIGHT
        rows.append(
            {
                "regle": rule.nom,
                "titre": rule.nom,
                "distance": "" if either else distance,
                "territoire": promise.territory,
                "nom": names.get(promise.territory, promise.territory),
                "unite": "part",
                "exigence": 1 - rule.part_max,
                "verdict_avant": PASSED,
                "verdict": PASSED if losing <= promise.allowed else BROKEN,
                "valeur_avant": 1.0,
                "valeur": round(1 - losing / everyone, _SHARE_DECIMALS) if everyone else 1.0,
                "marge_avant": int(promise.allowed),
                "marge": int(promise.allowed) - losing,
            }
        )
    return pd.DataFrame(rows)


def others(
    question: adaptation.Question, near: list[adaptation.Adaptation], points: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Return the near-equal choices, one row a change."""
    rows = [
        {
            "rang": rank,
            "valeur": plan.value,
            "site_id": points["site_id"].iloc[question.changes[change].point],
            "nom": points["nom"].iloc[question.changes[change].point],
            "devient": question.changes[change].becomes,
        }
        for rank, plan in enumerate(near, start=2)
        for change in plan.chosen.tolist()
    ]
    return pd.DataFrame(rows, columns=["rang", "valeur", "site_id", "nom", "devient"])


def ruptures(broken: list[adaptation.Rupture], points: gpd.GeoDataFrame) -> pd.DataFrame:
    """Tell which losses break each rule: alone, and together as few as can be."""
    ids, names = points["site_id"].to_numpy(), points["nom"].to_numpy()
    rows = []
    for found in broken:
        for how, chosen in (("seul", found.alone), ("ensemble", found.fewest)):
            if how == "ensemble" and len(found.alone):
                continue
            rows += [
                {
                    "regle": found.guarantee.rule,
                    "territoire": found.guarantee.territory,
                    "service": found.guarantee.service,
                    "habitants_permis": int(found.guarantee.allowed),
                    "comment": how,
                    "site_id": ids[point],
                    "nom": names[point],
                    "prouve": found.proven,
                }
                for point in chosen.tolist()
            ]
    columns = [
        "regle", "territoire", "service", "habitants_permis", "comment", "site_id", "nom", "prouve",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def fragility(
    question: adaptation.Question,
    plan: adaptation.Adaptation,
    points: gpd.GeoDataFrame,
    threshold: float,
) -> pd.DataFrame:
    """Return the two post offices whose loss would harm most, before and after."""
    ids, names = points["site_id"].to_numpy(), points["nom"].to_numpy()
    rows = []
    nothing = np.empty(0, dtype=np.int64)
    for when, chosen in (("avant", nothing), ("apres", plan.chosen)):
        lost = question.lost(BUREAU, chosen)
        found = adaptation.worst_two(question.network, BUREAU, lost, threshold=threshold)
        rows += [
            {
                "quand": when,
                "seuil_minutes": threshold,
                "habitants": found.people,
                "site_id": ids[point],
                "nom": names[point],
            }
            for point in found.points
        ]
    return pd.DataFrame(rows, columns=["quand", "seuil_minutes", "habitants", "site_id", "nom"])
