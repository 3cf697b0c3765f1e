"""A study ready to run: its official files, and its ``etude.toml``."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from msap_geo import outputs, sources
from msap_geo.errors import DataError, StudyError
from msap_geo.study.file import read_study
from msap_geo.tabular import guarded
from msap_geo.territory import DEPARTEMENTS, check_departements, projected_crs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

STUDY_FILE = "etude.toml"

NEEDED = (
    "communes-contours",
    "communes-france",
    "communes-associees-deleguees",
    "france-services",
    "la-poste-points",
    "openstreetmap",
)
"""Datasets of the registry that a study reads."""

ROADS, LIGHT_ROADS = "openstreetmap", "openstreetmap-departement"
_STOPS, _FEEDS = "gtfs-arrets", "gtfs-catalogue"
FEEDS_FILE = "gtfs-du-territoire.csv"

_COG = "communes-cog.json"
_MAIRIES = "mairies.csv"

# Code officiel géographique: the arrondissements of Paris, Lyon and Marseille, which the API gives
# without their commune.
_ARRONDISSEMENTS = {
    "75056": range(75101, 75121),
    "69123": range(69381, 69390),
    "13055": range(13201, 13217),
}


@dataclass(frozen=True)
class Prepared:
    """What was prepared.

    Parameters
    ----------
    study
        Path of the study file.
    departements, border
        Départements of the study, and those around whose files came too.
    files
        Every official file, in the order they were needed.
    derived
        Files made from them.
    kept
        Whether an ``etude.toml`` was already there and left as it was.
    """

    study: Path
    departements: tuple[str, ...]
    border: tuple[str, ...]
    files: tuple[sources.Fetched, ...]
    derived: tuple[Path, ...]
    kept: bool


@dataclass(frozen=True)
class _Need:
    source: sources.Source
    departement: str = ""
    extrait: str = ""


def prepare_study(
    departements: Iterable[str],
    folder: Path,
    *,
    extra: Sequence[str] = (),
    light: bool = False,
    force: bool = False,
    limits: sources.Limits | None = None,
    progress: sources.Progress = sources.silent,
) -> Prepared:
    """Bring the official files of départements and of their neighbours, and write ``etude.toml``.

    The folder receives everything, or nothing; what was fetched before a failure stays in the
    cache, so that the next attempt goes on from there.

    Parameters
    ----------
    departements
        Codes.
    folder
        Folder of the study, made if needed.
    extra
        Identifiers of further datasets of the registry to bring.
    light
        Take the roads of each département instead of those of whole old régions.
    force
        Fetch again what is already here.
    limits, progress
        See :func:`msap_geo.sources.fetch`.

    Returns
    -------
    Prepared
        What was prepared; the study file was read back by :func:`msap_geo.study.read_study`.

    Raises
    ------
    TerritoryError
        If a département is unknown, or they do not share a projection.
    StudyError
        If the folder holds the study of other départements.
    SourceError
        If a file cannot be fetched.
    DataError
        If a file is not what it should be.
    OutputError
        If the folder cannot be written.
    """
    codes = check_departements(departements)
    projected_crs(codes)
    belt = sources.border(codes)
    kept = _own_study(folder, codes)
    needs = _needs((*codes, *belt), extra, light=light)
    files = tuple(
        sources.fetch(
            need.source,
            folder,
            departement=need.departement,
            extrait=need.extrait,
            force=force,
            limits=limits,
            progress=progress,
        )
        for need in needs
    )
    with outputs.complete_folder(folder, option="--dossier") as draft:
        _place(files, folder, draft)
        derived = _derive(files, draft)
        if not kept:
            text = _study_text(codes, belt, files, derived)
            (draft / STUDY_FILE).write_text(text, encoding="utf-8")
            read_study(draft / STUDY_FILE)
        _extract(files, draft)
        _write_feeds(files, draft)
    return Prepared(
        study=folder / STUDY_FILE,
        departements=codes,
        border=belt,
        files=tuple(replace(file, path=folder / file.path.name) for file in files),
        derived=tuple(folder / path.name for path in derived),
        kept=kept,
    )


def _own_study(folder: Path, codes: tuple[str, ...]) -> bool:
    """Tell whether the folder holds a study of these départements; refuse that of others."""
    path = folder / STUDY_FILE
    if not path.exists():
        return False
    found = read_study(path).departements
    if found != codes:
        raise StudyError(
            f"le dossier contient déjà l'étude d'autres départements ({', '.join(found)})",
            where=path,
            remedy="choisir un autre dossier avec --dossier, ou retirer ce fichier",
        )
    return True


def _needs(codes: Sequence[str], extra: Sequence[str], *, light: bool) -> list[_Need]:
    """List every file to have: those a study reads, then the further ones."""
    needs = []
    own = [code for code in codes if light and sources.light_extract(code) is not None]
    for identifier in dict.fromkeys([*NEEDED, *extra]):
        source = sources.source(identifier)
        match source.portee:
            case "extrait" if source.id == ROADS:
                needs += [_Need(sources.source(LIGHT_ROADS), departement=code) for code in own]
                left = [code for code in codes if code not in own]
                needs += [_Need(source, extrait=name) for name in sources.extracts(left)]
            case "département" if source.id == LIGHT_ROADS:
                known = [code for code in codes if sources.light_extract(code) is not None]
                needs += [_Need(source, departement=code) for code in known]
            case "département":
                needs += [_Need(source, departement=code) for code in codes]
            case "extrait":
                needs += [_Need(source, extrait=name) for name in sources.extracts(codes)]
            case _:
                needs.append(_Need(source))
    return list(dict.fromkeys(needs))


def _place(files: Sequence[sources.Fetched], folder: Path, draft: Path) -> None:
    """Put what is not in the folder yet into its draft, each file with its sidecar."""
    for file in files:
        if file.path.parent != folder:
            # A copy, not a link: a file edited in one study must stay as it is in the others.
            shutil.copyfile(file.path, draft / file.path.name)
        _write_json(
            draft / (file.path.name + sources.SIDECAR), sources.sealed(sources.describe(file))
        )


def _extract(files: Sequence[sources.Fetched], draft: Path) -> None:
    for file in files:
        if file.source.format == "zip":
            sources.extract(file.path, draft / file.path.stem)


def _write_feeds(files: Sequence[sources.Fetched], draft: Path) -> None:
    """Write which timetables the territory has, where their stops and their catalogue came."""
    by_id: dict[str, list[Path]] = {}
    for file in files:
        by_id.setdefault(file.source.id, []).append(file.path)
    if not {_STOPS, _FEEDS} <= set(by_id):
        return
    feeds = sources.feeds_of_territory(by_id[_STOPS], by_id[_FEEDS][0])
    columns = ["jeu", "arrets", "adresse", "licence", "mise_a_jour"]
    table = pd.DataFrame(feeds, columns=columns)
    guarded(table).to_csv(draft / FEEDS_FILE, index=False, encoding="utf-8", lineterminator="\n")


def _derive(files: Sequence[sources.Fetched], draft: Path) -> list[Path]:
    """Write the COG and the town halls in the forms the loaders read."""
    by_id = {file.source.id: file for file in files}
    communes, former = by_id["communes-france"], by_id["communes-associees-deleguees"]
    records = _records(communes)
    cog, mairies = draft / _COG, draft / _MAIRIES
    cog.write_text(
        json.dumps(_cog(records, _records(former)), ensure_ascii=False, indent=0), encoding="utf-8"
    )
    mairies.write_text(_town_halls(records), encoding="utf-8", newline="")
    for path, origins in ((cog, (communes, former)), (mairies, (communes,))):
        content = {
            "fichier": path.name,
            "date": max(origin.date for origin in origins),
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "fait_a_partir_de": [sources.describe(origin) for origin in origins],
            "licence": communes.source.licence,
            "attribution": communes.source.attribution,
        }
        _write_json(path.with_name(path.name + sources.SIDECAR), content)
    return [cog, mairies]


def _records(file: sources.Fetched) -> list[dict[str, Any]]:
    records: list[Any] = json.loads(file.path.read_bytes())
    for number, record in enumerate(records, start=1):
        texts = isinstance(record, dict) and all(
            isinstance(record.get(key), str) for key in ("code", "nom")
        )
        if not texts:
            raise DataError(
                f"« {file.path.name} » : code ou nom absent",
                where=f"{file.path}, objet n° {number}",
                remedy="reprendre le fichier avec --forcer",
            )
    return records


def _cog(
    communes: Sequence[dict[str, Any]], former: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Put the API's answers in the form of Etalab's ``communes.json``."""
    keys = ("code", "nom", "population", "anciensCodes")
    current = [
        {key: record[key] for key in keys if record.get(key) is not None}
        | {"type": "commune-actuelle"}
        for record in communes
    ]
    parts = [
        {"code": record["code"], "nom": record["nom"], "type": record.get("type") or ""}
        | {"chefLieu": record["chefLieu"]}
        for record in former
        if record.get("chefLieu")
    ]
    known = {record["code"]: record["nom"] for record in current}
    arrondissements = [
        {"code": str(code), "nom": f"{known[commune]} ({code})", "commune": commune}
        | {"type": "arrondissement-municipal"}
        for commune, codes in _ARRONDISSEMENTS.items()
        if commune in known
        for code in codes
    ]
    return [*current, *parts, *arrondissements]


def _town_halls(communes: Sequence[dict[str, Any]]) -> str:
    """Return the town halls as CSV; a point that is only the commune's centre is none."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["code", "longitude", "latitude"])
    for record in communes:
        mairie, centre = (
            (record.get(key) or {}).get("coordinates") for key in ("mairie", "centre")
        )
        if mairie and mairie != centre:
            writer.writerow([record["code"], *mairie[:2]])
    return text.getvalue()


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _study_text(
    codes: Sequence[str],
    belt: Sequence[str],
    files: Sequence[sources.Fetched],
    derived: Sequence[Path],
) -> str:
    """Write the study file, commented, every key a reader may want to change in sight."""
    names: dict[str, list[str]] = {}
    days: dict[str, str] = {}
    for file in files:
        names.setdefault(file.source.id, []).append(file.path.name)
        days[file.source.id] = f"téléchargé le {file.day}"
        if file.origin == "déposé à la main":
            days[file.source.id] = f"déposé le {file.day}"
    cog, mairies = (path.name for path in derived)
    around = ", ".join(f"{DEPARTEMENTS[code]} ({code})" for code in belt) or "aucun"
    roads = [*names.get(LIGHT_ROADS, []), *names.get(ROADS, [])]
    if roads:
        whole = "Anciennes régions" if ROADS in names else "Départements"
        network = f"# {whole} de l'étude et de ses voisins.\nsource = {_listed(roads)}"
    else:
        network = (
            "# Aucun extrait OpenStreetMap n'est publié pour ce territoire : temps estimés à vol\n"
            '# d\'oiseau. Pour de vraies routes : source = "mon-extrait.osm.pbf" à la place.\n'
            'profil = "estime"'
        )
    of_roads = days.get(LIGHT_ROADS) or days.get(ROADS, "")
    roads_day = f"\nreseau = {_quoted(of_roads)}" if roads else ""
    return f"""\
# Étude préparée par msap-geo telecharger. Ce fichier est à vous : il n'est plus réécrit.
# Toutes les clés : docs/etude.md. Les chemins partent du dossier de ce fichier.
# L'origine, la date, la licence et l'empreinte de chaque fichier : <fichier>{sources.SIDECAR}

[etude]
nom = {_quoted(_title(codes))}
departements = {_inline(codes)}
seuils_minutes = [20, 30]   # inclus ; le plus petit définit les zones blanches

[donnees]
# Départements voisins compris, car on traverse les frontières : {around}.
communes = {_listed(names["communes-contours"])}
population = {_quoted(cog)}   # population municipale et anciens codes
mairies = {_quoted(mairies)}
maisons = {_quoted(names["france-services"][0])}
la_poste = {_quoted(names["la-poste-points"][0])}

[reseau]
{network}

[candidats]
types = ["Bureau de Poste"]   # ou "Agence postale communale", "Relais poste"…

[millesimes]
communes = {_quoted(days["communes-contours"])}
population = {_quoted(days["communes-france"])}
mairies = {_quoted(days["communes-france"])}
maisons = {_quoted(days["france-services"])}
la_poste = {_quoted(days["la-poste-points"])}{roads_day}
"""


def _title(codes: Sequence[str]) -> str:
    names = [DEPARTEMENTS[code] for code in codes]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} et {names[-1]}"


def _quoted(text: str) -> str:
    """Return a TOML basic string, which JSON's are."""
    return json.dumps(text, ensure_ascii=False)


def _inline(texts: Sequence[str]) -> str:
    return f"[{', '.join(map(_quoted, texts))}]"


def _listed(texts: Sequence[str]) -> str:
    return "[\n" + "".join(f"    {_quoted(text)},\n" for text in texts) + "]"
