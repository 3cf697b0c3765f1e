"""The studies of a campaign: the pattern with each territory, date, profile and choice."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from msap_geo.errors import StudyError
from msap_geo.folder import Extras
from msap_geo.study import read_choice, slug
from msap_geo.study.asked.roads import under_profile
from msap_geo.study.file import study_from
from msap_geo.study.times.exported import FORMS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from msap_geo.campaign.file import Campaign
    from msap_geo.campaign.territories import Territory
    from msap_geo.study import Choice, Study

PLACE = "{territoire}"
"""What stands for the code of the territory in the paths of the pattern."""

_PLAIN = Extras()


@dataclass(frozen=True)
class Task:
    """One study of a campaign, as plain values: sent to other processes, and to other machines.

    Parameters
    ----------
    key
        Name of its folder: ``48``, ``48-2020-01-08``.
    territory
        Where.
    content
        What its study file would hold.
    date, profile
        What it is about, empty where the campaign does not vary them.
    choice
        File of the openings and closings supposed, None for the network as it is.
    scenario
        Name of that choice.
    extras
        What to write besides.
    """

    key: str
    territory: Territory
    content: Mapping[str, Any] = field(repr=False)
    date: str = ""
    profile: str = ""
    choice: Path | None = None
    scenario: str = ""
    extras: Extras = _PLAIN

    def study(self) -> Study:
        """Return its study, checked.

        Raises
        ------
        StudyError
            If a key is absent, does not exist or does not fit.
        """
        return study_from(self.content)


def tasks_of(campaign: Campaign) -> list[Task]:
    """Return the studies of a campaign, by territory, then by date, profile and choice.

    Parameters
    ----------
    campaign
        Checked campaign file.

    Returns
    -------
    list of Task
        A choice is tried on the study it was made on, after that study as it is.

    Raises
    ------
    MsapGeoError
        If a choice cannot be read.
    StudyError
        If a choice was made on no study of the campaign, two studies would share a folder, or times
        are asked for in two forms.
    """
    asked = campaign.campagne
    choices = {path: read_choice(campaign.folder / path) for path in asked.choix}
    times = [form for form in FORMS if f"temps-{form}" in asked.sorties]
    if len(times) > 1:
        raise StudyError(
            "les tables de temps sont demandées sous deux formes",
            where="[campagne] sorties",
            remedy='garder "temps-csv" ou "temps-parquet"',
        )
    extras = Extras("tout" in asked.sorties, "geoparquet" in asked.sorties, *times)
    found, used = [], set()
    for territory in campaign.territories:
        for date, profile, content in _varied(campaign, territory):
            varied = [date, profile if len(asked.profils) > 1 else ""]
            key = "-".join(part for part in (territory.key, *varied) if part)
            found.append(Task(key, territory, content, date, profile, extras=extras))
            for path, choice in choices.items():
                if _made_on(choice, content):
                    used.add(path)
                    scenario = Task(
                        f"{key}-{slug(path.stem)}", territory, content, date, profile, extras=extras
                    )
                    found.append(
                        replace(scenario, choice=campaign.folder / path, scenario=path.stem)
                    )
    _refuse_unused([path for path in choices if path not in used], campaign)
    _refuse_shared_folders(found)
    return found


def _varied(campaign: Campaign, territory: Territory) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield date, profile and content of every study of a territory, its choices aside."""
    asked = campaign.campagne
    whole = _placed(campaign.pattern, territory.key)
    whole["etude"] = {
        **whole["etude"],
        "nom": f"{whole['etude']['nom']} – {territory.name}",
        "departements": list(territory.departements),
        "epci": list(territory.epci),
    }
    if not territory.epci:
        del whole["etude"]["epci"]
    for day in asked.dates or (None,):
        date = "" if day is None else day.isoformat()
        dated = dict(whole)
        if date in asked.listes:
            listed = (campaign.folder / asked.listes[date]).as_posix().replace(PLACE, territory.key)
            dated["donnees"] = {**dated.get("donnees", {}), "maisons": listed}
        elif date:
            dated["maisons"] = {**dated.get("maisons", {}), "au": date}
        for profile in asked.profils or ("",):
            yield date, profile, _driven(dated, profile)


def _placed(value: Any, key: str) -> Any:
    """Put the code of the territory where the paths of the pattern leave it a place."""
    if isinstance(value, str):
        return value.replace(PLACE, key)
    if isinstance(value, list):
        return [_placed(one, key) for one in value]
    if isinstance(value, dict):
        return {name: _placed(one, key) for name, one in value.items()}
    return value


def _driven(content: dict[str, Any], profile: str) -> dict[str, Any]:
    """Return a study under another profile; the estimated one takes no roads."""
    if not profile:
        return content
    if "temps" in content:
        raise StudyError(
            "les profils d'une campagne demandent des routes, et le modèle lit ses temps dans une "
            "table",
            where="[campagne] profils",
            remedy="retirer profils, ou [temps] du modèle",
        )
    return {**content, "reseau": under_profile(content.get("reseau", {}), profile)}


def _made_on(choice: Choice, content: Mapping[str, Any]) -> bool:
    study = content["etude"]
    return choice.study == study["nom"] and set(choice.departements) == set(study["departements"])


def _refuse_unused(paths: list[Path], campaign: Campaign) -> None:
    if paths:
        first = campaign.territories[0]
        raise StudyError(
            "un choix n'a été fait sur aucune étude de la campagne : "
            f"{', '.join(path.name for path in paths)}",
            where="[campagne] choix",
            remedy="donner un choix exporté de la carte d'une étude de la campagne (par exemple "
            f"« {campaign.pattern['etude']['nom']} – {first.name} »)",
        )


def _refuse_shared_folders(tasks: list[Task]) -> None:
    seen: set[str] = set()
    for task in tasks:
        if task.key.lower() in seen:  # one folder for a disk that knows no capitals
            raise StudyError(
                f"deux études de la campagne auraient le même dossier : « {task.key} »",
                where="[campagne]",
                remedy="renommer un des fichiers de choix",
            )
        seen.add(task.key.lower())
