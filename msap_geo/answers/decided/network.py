"""The postal network of a study: its points, the trips to them, and what each may become."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.spatial import KDTree

from msap_geo import coverage, loaders, schemas
from msap_geo.coverage.rules import BY_COMMUNE, COUNT
from msap_geo.errors import StudyError
from msap_geo.siting import adaptation
from msap_geo.siting.adaptation import BUREAU, CONTACT, Change, Network, Number
from msap_geo.tabular import normalise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msap_geo import siting
    from msap_geo.study.result import StudyResult

OFFICE = "Bureau de Poste"
REQUIRED, AGREED, REFUSED = "requis", "donné", "refusé"
_WHERE = "[adaptation]"
_CARRIED_M = 1000.0

_KINDS = {
    "maison": "Agence postale communale",
    "agence": "Agence postale communale",
    "relais": "Relais poste",
}
"""What a post office costs once it has become something else: a counter held by others."""


class Offers(NamedTuple):
    """What may change in a network.

    Parameters
    ----------
    changes
        What each point may become, in the order of the study's preference.
    numbers
        Quotas on them.
    imposed
        Ranks of those agreed.
    accords
        Answers of mayors by ``site_id``.
    refused
        Offices whose mayor refused.
    carrying
        Offices that carry a Maison, and do not change.
    """

    changes: tuple[Change, ...]
    numbers: tuple[Number, ...]
    imposed: frozenset[int]
    accords: dict[str, str]
    refused: tuple[str, ...]
    carrying: tuple[str, ...]


class Postal(NamedTuple):
    """The points of a study, where people start from, and the trips between them.

    Parameters
    ----------
    points
        Points of the territory, then those across its border.
    codes
        Commune of each place of the network.
    network
        Places, points, trips.
    by_cell
        Whether people start from the cells they live in; from their town hall else.
    """

    points: gpd.GeoDataFrame
    codes: NDArray[np.object_]
    network: Network
    by_cell: bool


def postal_network(result: StudyResult) -> Postal:
    """Return the points of a study, those across its border last, and the trips to them.

    People start from the cells of the grid where the study gives one: from the town hall, the
    second post office of a town is nobody's nearest.
    """
    points = gpd.GeoDataFrame(
        pd.concat([result.contact_points, result.contact_points_around], ignore_index=True),
        crs=result.communes.crs,
    )
    longest = result.study.adaptation.trajet_max_minutes
    by_cell = result.carreaux is not None and not result.times.file
    if result.carreaux is not None and by_cell:
        places = loaders.carreau_points(result.carreaux, epsg=result.times.epsg)
    else:
        places = result.origins.assign(population=result.access["population"].to_numpy())
    times = result.times.matrix(places, points, max_minutes=longest)
    gives = {
        BUREAU: (points["genre"] == OFFICE).to_numpy(dtype=bool),
        CONTACT: np.ones(len(points), dtype=bool),
    }
    people = places["population"].to_numpy(dtype=np.int64)
    codes = places["code_insee" if by_cell else "demand_id"].to_numpy(dtype=object)
    return Postal(points, codes, Network.of(times, people, gives, longest=longest), by_cell)


def offers(
    result: StudyResult, points: gpd.GeoDataFrame, network: Network, costs: siting.CostModel
) -> Offers:
    """Return what the points of the territory may become, as the study and the mayors say.

    Raises
    ------
    StudyError
        If an answer, a protected point, a kind or a quota speaks of what is not there.
    """
    wanted, inside = result.study.adaptation, len(result.contact_points)
    here = points.iloc[:inside]
    ids = here["site_id"].astype(str).to_numpy()
    adaptation.check_points(wanted.proteges, set(ids), where="[adaptation] proteges")
    priced = {kind for kind in costs.running_eur if kind != "defaut"}
    _known_kinds([*wanted.types, *wanted.fermables], set(points["genre"]) | priced)
    answers = (
        adaptation.read_accords(result.study.path(wanted.accords))
        if wanted.accords is not None
        else []
    )
    adaptation.check_points(
        (answer.site_id for answer in answers), set(ids), where=str(wanted.accords)
    )
    accords = {answer.site_id: AGREED if answer.agreed else REFUSED for answer in answers}
    carrying = () if wanted.transformer_porteurs else carrying_a_maison(result, here)
    refused = tuple(site for site, said in accords.items() if said == REFUSED)
    frozen = {*wanted.proteges, *refused, *carrying}
    maison = _near_a_maison(result, here, wanted.fusion_km)
    tolls = _tolls(network, wanted.part_des_heures) if "horaires" in wanted.devient else None
    changes: list[Change] = []
    for point, (site, kind) in enumerate(zip(ids, here["genre"], strict=True)):
        if site in frozen:
            continue
        cost = costs.running_of(kind)
        for becomes in wanted.devient:
            if becomes == "fermeture":
                if kind in (wanted.fermables or wanted.types):
                    loses = frozenset({BUREAU, CONTACT} if kind == OFFICE else {CONTACT})
                    changes.append(Change(point, becomes, loses, cost))
            elif kind != OFFICE or kind not in wanted.types:
                continue
            elif becomes == "horaires" and tolls is not None:
                saved = wanted.part_des_heures * cost
                changes.append(Change(point, becomes, frozenset(), saved, float(tolls[point])))
            elif becomes in _KINDS and (becomes != "maison" or maison[point]):
                saved = max(cost - costs.running_of(_KINDS[becomes]), 0.0)
                changes.append(Change(point, becomes, frozenset({BUREAU}), saved))
    imposed = _agreed(answers, changes, ids, frozen, set(carrying))
    numbers = (*_quotas(result, here, changes), *_closures(result, here, changes))
    return Offers(tuple(changes), numbers, imposed, accords, refused, carrying)


def _known_kinds(given: list[str], known: set[str]) -> None:
    unknown = sorted(set(given) - known)
    if unknown:
        raise StudyError(
            f"genre de point inconnu : {', '.join(unknown)}",
            where="[adaptation] types, fermables",
            remedy=f"choisir parmi : {', '.join(sorted(known))}",
        )


def _near_a_maison(result: StudyResult, here: gpd.GeoDataFrame, km: float) -> NDArray[np.bool_]:
    """Tell which points stand next to a Maison, near enough to share its door."""
    placed = result.maisons[result.maisons.geometry.notna() & ~result.maisons.geometry.is_empty]
    near = np.zeros(len(here), dtype=bool)
    able = (here.geometry.notna() & ~here.geometry.is_empty).to_numpy()
    if len(placed) and able.any():
        tree = KDTree(np.column_stack([placed.geometry.x, placed.geometry.y]))
        points = here.geometry[able]
        metres, _ = tree.query(np.column_stack([points.x, points.y]))
        near[able] = metres <= 1000 * km
    return near


def carrying_a_maison(result: StudyResult, here: gpd.GeoDataFrame) -> tuple[str, ...]:
    """Return the post offices that carry a Maison: transformed, they would take it away.

    A Maison whose list says La Poste is carried by the nearest office of its commune, else by the
    nearest within a kilometre; positions in the list are of the street, often.
    """
    said = result.maisons.reindex(columns=["nom", "porteur", "groupe"]).fillna("").agg(" ".join, 1)
    posts = said.map(normalise).str.contains("la_poste", regex=False)
    offices = here[(here["genre"] == OFFICE) & here.geometry.notna() & ~here.geometry.is_empty]
    maisons = result.maisons[posts & ~result.neighbours.to_numpy()]
    found = set()
    for _, maison in maisons[maisons.geometry.notna() & ~maisons.geometry.is_empty].iterrows():
        metres = offices.distance(maison.geometry)
        near = offices["code_insee"].eq(maison["code_insee"]) | (metres <= _CARRIED_M)
        if near.any():
            # One of its own commune first, whatever stands nearer across the border.
            own = offices["code_insee"].ne(maison["code_insee"])[near]
            first = metres[near].to_frame("m").assign(o=own).sort_values(["o", "m"]).index[0]
            found.add(str(offices.loc[first, "site_id"]))
    return tuple(sorted(found))


def _tolls(network: Network, share: float) -> NDArray[np.float64]:
    """Return what losing a share of its hours costs the people of each post office.

    So often they must go to the next one, as the network stands: the share of the way there.
    """
    first, nearest = network.nearest(BUREAU)
    toll = np.zeros(len(network.point_ids))
    for point in np.unique(nearest[nearest >= 0]).tolist():
        lost = np.zeros(len(toll), dtype=bool)
        lost[point] = True
        mine = nearest == point
        second, _ = network.nearest(BUREAU, lost)
        toll[point] = share * float(network.people[mine] @ (second - first)[mine])
    return toll


def _agreed(
    answers: list[adaptation.Accord],
    changes: list[Change],
    ids: NDArray[np.object_],
    frozen: set[str],
    carrying: set[str],
) -> frozenset[int]:
    """Return the changes the mayors agreed to, the preferred one of each point."""
    imposed = set()
    for answer in answers:
        if not answer.agreed:
            continue
        if answer.site_id in carrying:
            raise StudyError(
                f"le point {answer.site_id} porte une Maison, et son maire a donné son accord",
                where=f"{_WHERE} accords, ligne {answer.line}",
                remedy="retirer la ligne, ou écrire transformer_porteurs = true dans [adaptation]",
            )
        if answer.site_id in frozen:
            raise StudyError(
                f"le point {answer.site_id} est protégé, et son maire a donné son accord",
                where=f"{_WHERE} proteges et accords, ligne {answer.line}",
                remedy="le retirer de l'un des deux",
            )
        able = [
            rank
            for rank, change in enumerate(changes)
            if ids[change.point] == answer.site_id
            and (change.becomes == answer.becomes or not answer.becomes)
        ]
        if not able:
            what = f" devenir « {answer.becomes} »" if answer.becomes else " être transformé"
            raise StudyError(
                f"le point {answer.site_id}, dont le maire est d'accord, ne peut pas{what}",
                where=f"{_WHERE} accords, ligne {answer.line}",
                remedy="corriger la ligne, ou compléter devient et types dans le fichier d'étude",
            )
        imposed.add(able[0])
    return frozenset(imposed)


def _quotas(result: StudyResult, here: gpd.GeoDataFrame, changes: list[Change]) -> list[Number]:
    """Return the study's bounds on the transformations of départements, EPCI."""
    numbers = []
    columns = [name for name in schemas.MEMBERSHIPS if name in result.communes]
    codes = here["code_insee"].to_numpy()
    for code, bounds in result.study.adaptation.quotas.items():
        inside = set(
            result.communes.loc[(result.communes[columns] == code).any(axis=1), "code_insee"]
        )
        if not inside:
            raise StudyError(
                f"aucune commune de l'étude n'appartient à « {code} »",
                where="[adaptation.quotas]",
                remedy=f"donner un code parmi ceux des colonnes {', '.join(columns)}",
            )
        mine = frozenset(n for n, change in enumerate(changes) if codes[change.point] in inside)
        numbers.append(Number(f"quota « {code} »", mine, bounds.min, bounds.max))
    return numbers


def _closures(result: StudyResult, here: gpd.GeoDataFrame, changes: list[Change]) -> list[Number]:
    """Return the bounds the law sets on closures: 17,000 points, so many in each large commune."""
    closing = frozenset(n for n, change in enumerate(changes) if CONTACT in change.loses)
    if not closing:
        return []
    numbers = []
    codes = here["code_insee"].astype(str)
    points = codes.value_counts()
    people = result.communes.set_index("code_insee")["population"]
    for rule in coverage.load_rules():
        if rule.mesure == COUNT and rule.sites == "la_poste":
            spare = max(result.la_poste_national - int(rule.exigence or 0), 0)
            numbers.append(Number(rule.titre, closing, 0, spare))
        if rule.mesure == BY_COMMUNE and rule.tranche == "complete":
            for code, inhabitants in people[people > rule.habitants_minimum].items():
                needed = max(int(inhabitants) // rule.habitants_par_point, 1)
                mine = frozenset(n for n in closing if codes.iloc[changes[n].point] == code)
                if mine:
                    spare = max(int(points.get(code, 0)) - needed, 0)
                    numbers.append(Number(f"{rule.titre} ({code})", mine, 0, spare))
    return numbers
