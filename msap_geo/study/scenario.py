"""A study as it would be once offices open and Maisons close."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from msap_geo import french, loaders, rounds, schemas
from msap_geo.errors import StudyError
from msap_geo.study.choice import Choice, Site, make_choice, site_ids
from msap_geo.study.run import measure
from msap_geo.study.sites import candidate_offices, reachable
from msap_geo.study.times.profiles import ProfileAccess, access_by
from msap_geo.tabular import normalise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from msap_geo.rounds import Stop
    from msap_geo.study.file import Study
    from msap_geo.study.result import StudyResult
    from msap_geo.study.run import Measured


def choose(
    result: StudyResult, *, opened: Iterable[str] = (), closed: Iterable[str] = ()
) -> Choice:
    """Return a choice of openings and closings on a study, for :func:`scenario`.

    Parameters
    ----------
    result
        The study.
    opened, closed
        Candidates to open and Maisons to close, by identifier (``site_id``) or name; stops of
        rounds in project to hold, and stops of today to drop, by identifier
        (:func:`msap_geo.rounds.stop_ids`).

    Raises
    ------
    StudyError
        If a site is unknown, or its name is that of several.
    """
    offices = candidate_offices(result.study, result.la_poste, result.hosts)
    opening, closing = list(map(str, opened)), list(map(str, closed))
    to_open = site_ids(_fixed(opening), offices, what="bureaux candidats")
    to_close = site_ids(_fixed(closing), result.maisons, what="Maisons", of="d'une des")
    return make_choice(
        result.study.etude.nom,
        result.study.departements,
        map(Site, (*to_open, *_moving(opening))),
        map(Site, (*to_close, *_moving(closing))),
    )


def _moving(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name.startswith(rounds.PREFIX)))


def _fixed(names: Iterable[str]) -> list[str]:
    return [name for name in names if not name.startswith(rounds.PREFIX)]


def scenario_study(study: Study, choice: Choice) -> Study:
    """Return a study under the name of a scenario of it.

    Parameters
    ----------
    study
        The study.
    choice
        Made on it.

    Raises
    ------
    StudyError
        If the choice was made on another study.
    """
    if choice.study != study.etude.nom or choice.departements != study.departements:
        raise StudyError(
            f"ce choix a été fait sur une autre étude, « {choice.study} » "
            f"(départements {', '.join(choice.departements) or 'non dits'})",
            where=choice.file or None,
            remedy=f"donner un choix exporté de la carte de « {study.etude.nom} »",
        )
    title = f"{study.etude.nom}, simulation ({_counted(choice)})"
    return study.model_copy(update={"etude": study.etude.model_copy(update={"nom": title})})


def scenario(
    result: StudyResult, choice: Choice, *, progress: Callable[[str], None] = lambda _: None
) -> StudyResult:
    """Return a study measured again with a choice of openings and closings.

    Parameters
    ----------
    result
        The study as it is, run.
    choice
        Candidates of this study to open, Maisons of this study to close, and stops of its rounds.
    progress
        Called with a French sentence at each step.

    Returns
    -------
    StudyResult
        The study under the choice: an office that opens is a fixed Maison, with its own hours
        where they are known, and is no candidate any more; a Maison that closes is gone. Its name
        says it is a scenario; ``choice`` holds names as the study writes them. Of an empty choice,
        the study itself.

    Raises
    ------
    StudyError
        If the choice was made on another study, or if its sites are not what it takes them for;
        the message names them.
    """
    study, named = result.study, scenario_study(result.study, choice)
    if not (choice.opens or choice.closes):
        return result
    choice = _with_their_zeros(result, choice)
    _check(result, choice)
    held, planned, moved = _stops_with(result, choice)
    offices = candidate_offices(study, result.la_poste, result.hosts)
    opened = [site.site_id for site in choice.opened]
    rows = offices.set_index("site_id", drop=False).loc[opened]
    kept = result.maisons[~result.maisons["site_id"].isin(_ids(choice.closed))]
    maisons = _with_offices(kept, rows)
    rest = offices[~offices["site_id"].isin(opened)].reset_index(drop=True)
    found = measure(
        study, result.times, result.communes, result.origins, maisons, rest, progress=progress
    )
    profiles = _by_profile(result, found, maisons)
    told = replace(
        choice,
        opened=_named(choice.opened, offices),
        closed=_named(choice.closed, result.maisons),
        stops_opened=moved[0],
        stops_closed=moved[1],
    )
    return replace(
        result,
        study=named,
        maisons=maisons,
        access=found.access,
        zones=found.zones,
        shares=found.shares,
        candidates=found.candidates,
        trips=found.trips,
        ranking=found.ranking,
        rows={**result.rows, "maisons": result.rows["maisons"]._replace(kept=len(maisons))},
        choice=told,
        profiles=profiles,
        stops=held,
        planned=planned,
    )


def _by_profile(
    result: StudyResult, found: Measured, maisons: gpd.GeoDataFrame
) -> tuple[ProfileAccess, ...]:
    """Measure the profiles of a study again, its own being measured."""
    if not result.profiles:
        return ()
    own, *others = result.profiles
    thresholds = result.study.thresholds
    again = []
    for one in others:
        reached, _ = reachable(result.places, one.times, maisons)
        again.append(
            access_by(
                one.profile, one.times, one.origins, result.communes, reached, thresholds=thresholds
            )
        )
    access = found.access[list(schemas.ACCESS.columns)]
    return (own._replace(access=access, shares=found.shares), *again)


def _stops_with(
    result: StudyResult, choice: Choice
) -> tuple[tuple[Stop, ...], tuple[Stop, ...], tuple[tuple[Site, ...], tuple[Site, ...]]]:
    """Return the stops held under a choice, those left in project, and those it moves, named."""
    names = result.places.communes.set_index("code_insee")["nom"]
    moved, sides = [], []
    for stops, asked, problem in (
        (result.planned, choice.stops_opened, "inconnus parmi les arrêts en projet de l'étude"),
        (result.stops, choice.stops_closed, "inconnus parmi les arrêts que l'étude compte"),
    ):
        known = dict(zip(rounds.stop_ids(stops), stops, strict=True))
        if unknown := [site for site in asked if site.site_id not in known]:
            raise StudyError(
                f"{problem} : {', '.join(map(_told, unknown))}",
                where=choice.file or None,
                remedy="vérifier que les tournées de l'étude sont celles de la carte",
            )
        taken = {site.site_id: known[site.site_id] for site in asked}
        sides.append(
            tuple(
                Site(name, rounds.in_words(stop), str(names.get(stop.code_insee, stop.code_insee)))
                for name, stop in taken.items()
            )
        )
        kept = tuple(stop for name, stop in known.items() if name not in taken)
        moved.append((tuple(taken.values()), kept))
    (opened, planned), (_, kept) = moved
    return (*kept, *opened), planned, (sides[0], sides[1])


def _counted(choice: Choice) -> str:
    told = (
        (choice.opened, "ouverture"),
        (choice.closed, "fermeture"),
        (choice.stops_opened, "arrêt de plus"),
        (choice.stops_closed, "arrêt de moins"),
    )
    return ", ".join(french.counted(len(sites), noun) for sites, noun in told if sites)


def _with_their_zeros(result: StudyResult, choice: Choice) -> Choice:
    """Give back to identifiers the zeros a spreadsheet took off, where the name says whose."""
    offices = candidate_offices(result.study, result.la_poste, result.hosts)

    def mended(site: Site, table: pd.DataFrame) -> Site:
        bare = site.site_id.removesuffix(".0").lstrip("0")
        alike = table["site_id"].str.lstrip("0") == bare
        same = table.loc[alike & (table["nom"].map(normalise) == normalise(site.name)), "site_id"]
        known = (table["site_id"] == site.site_id).any() or len(same) != 1
        return site if known else replace(site, site_id=same.iloc[0])

    return replace(
        choice,
        opened=tuple(mended(site, offices) for site in choice.opened),
        closed=tuple(mended(site, result.maisons) for site in choice.closed),
    )


def _another(sites: Iterable[Site], table: pd.DataFrame) -> list[Site]:
    """Return the sites that bear the name of another one: a column was sorted without the other."""
    names = dict(zip(table["site_id"], table["nom"].map(normalise), strict=True))
    taken = set(names.values())
    told = ((site, normalise(site.name)) for site in sites if site.name)
    return [site for site, name in told if name in taken and names.get(site.site_id, name) != name]


def _check(result: StudyResult, choice: Choice) -> None:
    study = result.study
    maisons = set(result.maisons["site_id"])
    candidates = candidate_offices(study, result.la_poste, result.hosts)
    offices = set(candidates["site_id"])
    posts = {*result.la_poste["site_id"], *offices}
    for problem, found, remedy in (
        (
            "déjà une Maison, on ne peut pas l'ouvrir",
            [site for site in choice.opened if site.site_id in maisons],
            "retirer ces sites du choix",
        ),
        (
            "d'un type que l'étude ne prend pas pour candidat",
            [s for s in choice.opened if s.site_id in posts - offices - maisons],
            "ajouter leur type à [candidats] types, ou les retirer du choix",
        ),
        (
            "inconnu parmi les bureaux candidats de l'étude",
            [s for s in choice.opened if s.site_id not in posts | maisons],
            "vérifier que la liste des points La Poste est celle de la carte",
        ),
        (
            "inconnu parmi les Maisons de l'étude, on ne peut pas le fermer",
            [site for site in choice.closed if site.site_id not in maisons],
            "vérifier que la liste des Maisons est celle de la carte",
        ),
        (
            "site dont le nom est celui d'un autre",
            [*_another(choice.opened, candidates), *_another(choice.closed, result.maisons)],
            "vérifier que chaque identifiant est resté à côté de son nom (colonnes triées ?)",
        ),
    ):
        if found:
            told = ", ".join(_told(site) for site in found)
            raise StudyError(f"{problem} : {told}", where=choice.file or None, remedy=remedy)


def _told(site: Site) -> str:
    return f"{site.name} ({site.site_id})" if site.name else site.site_id


def _ids(sites: Iterable[Site]) -> set[str]:
    return {site.site_id for site in sites}


def _named(sites: tuple[Site, ...], table: pd.DataFrame) -> tuple[Site, ...]:
    known = table.set_index("site_id")
    return tuple(
        replace(
            site, name=known.loc[site.site_id, "nom"], commune=known.loc[site.site_id, "commune"]
        )
        for site in sites
    )


def _with_offices(maisons: gpd.GeoDataFrame, offices: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Add offices to the Maisons, with the columns of the Maisons."""
    if offices.empty:
        return maisons.reset_index(drop=True)
    added = offices.assign(genre=loaders.FIXED_KINDS[0])
    unknown = np.full(len(added), None, dtype=object)
    columns = {
        name: np.concatenate(
            [
                maisons[name].to_numpy(dtype=object),
                added[name].to_numpy(dtype=object) if name in added else unknown,
            ]
        )
        for name in maisons.columns
        if name != "geometry"
    }
    points = np.concatenate([maisons.geometry.to_numpy(), added.geometry.to_numpy()])
    return gpd.GeoDataFrame(pd.DataFrame(columns), geometry=points, crs=maisons.crs)
