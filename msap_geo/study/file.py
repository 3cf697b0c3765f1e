"""The study file, ``etude.toml``: what is asked, and where the data are."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from pydantic import ValidationError, model_validator

from msap_geo import french
from msap_geo.cautions import cautions
from msap_geo.errors import MsapGeoError, StudyError
from msap_geo.notebook_html import card, table
from msap_geo.rounds.rules import Arret, ReglesTournees
from msap_geo.schemas.section import Section
from msap_geo.study.ahead.section import Prospective
from msap_geo.study.asked.basket import Panier
from msap_geo.study.asked.roads import LIVE, Reseau, Temps
from msap_geo.study.roles import ROLES
from msap_geo.study.sections import (
    Adaptation,
    Candidats,
    Carte,
    Couts,
    Diagnostic,
    Donnees,
    Etude,
    Horaires,
    Implantation,
    Maisons,
    Millesimes,
    Mobilite,
    Score,
)
from msap_geo.tabular.toml_text import read_toml
from msap_geo.territory import DEPARTEMENTS, projected_crs

if TYPE_CHECKING:
    from collections.abc import Mapping

_DATE = re.compile(r"(?<!\d)(20\d\d)(?:-?([01]\d)(?:-?([0-3]\d))?)?(?!\d)")
"""A date in a file name: ``liste-fs-20240801.csv``, ``communes-2026.json``."""

_LONGEST_SLUG = 100
"""Letters of a folder's name: 255 bytes is the most a disk takes, and files of ours go in it."""


def slug(name: str) -> str:
    """Return a name as a folder name: ``Corse (2024)`` → ``corse-2024``."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:_LONGEST_SLUG] or "etude"


class Study(Section):
    """A study file, checked. Paths are as written in it, relative to ``folder``.

    ``osm`` is the map file that stands for ``source = "osm"``, once asked of OpenStreetMap.
    """

    etude: Etude
    donnees: Donnees
    maisons: Maisons = Maisons()
    reseau: Reseau = Reseau()
    temps: Temps = Temps()
    candidats: Candidats = Candidats()
    carte: Carte = Carte()
    diagnostic: Diagnostic = Diagnostic()
    mobilite: Mobilite = Mobilite()
    score: Score = Score()
    implantation: Implantation = Implantation()
    adaptation: Adaptation = Adaptation()
    horaires: Horaires = Horaires()
    prospective: Prospective = Prospective()
    panier: Panier = Panier()
    tournees: tuple[Arret, ...] = ()
    regles_tournees: ReglesTournees = ReglesTournees()
    couts: Couts = Couts()
    millesimes: Millesimes = Millesimes()
    folder: Path
    osm: Path | None = None

    @model_validator(mode="after")
    def _roads_or_times(self) -> Study:
        asked = self.temps
        if asked.source is None and "temps" in self.model_fields_set:
            raise StudyError(
                "aucune table de temps n'est donnée",
                where="[temps]",
                remedy='écrire source = "temps.csv", ou retirer la section',
            )
        if asked.source is None:
            self.reseau.check_given()
            return self
        self.reseau.check_table()
        bound, longest = asked.trajet_max_minutes, self.thresholds[-1]
        if bound is not None and bound < longest:
            raise StudyError(
                f"la table des temps s'arrête à {french.short(bound)} min, avant le seuil de "
                f"{french.short(longest)} min",
                where="[temps] trajet_max_minutes",
                remedy="faire calculer des temps plus longs, ou baisser [etude] seuils_minutes",
            )
        return self

    def _repr_html_(self) -> str:
        """Show what is asked and the files in a notebook."""
        return _card(self)

    def __repr__(self) -> str:
        return f"Study({self.etude.nom!r}, departements={list(self.departements)})"

    __str__ = __repr__

    @property
    def slug(self) -> str:
        """Name of the study as a folder name (:func:`slug`)."""
        return slug(self.etude.nom)

    @property
    def thresholds(self) -> tuple[float, ...]:
        """Travel-time thresholds, minutes, increasing."""
        return self.etude.seuils_minutes

    @property
    def departements(self) -> tuple[str, ...]:
        """Département codes of the study, sorted."""
        return self.etude.departements

    @property
    def threshold(self) -> float:
        """The first threshold: beyond it a commune is in a zone blanche."""
        return self.etude.seuils_minutes[0]

    def vintage(self, role: str) -> str:
        """Return the vintage of an input: as the study says, else as its file name tells.

        Parameters
        ----------
        role
            One of the keys of :meth:`inputs`.

        Returns
        -------
        str
            E.g. ``"août 2024"``, ``"01/08/2024"``, ``"2026"``; empty when nothing tells.
        """
        told: str = getattr(self.millesimes, role)
        dates = [_DATE.search(self.path(path).name) for path in self.inputs().get(role, ())]
        if not told and dates and dates[0]:
            year, month, day = dates[0].groups()
            told = "/".join(part for part in (day, month, year) if part)
        if role == "maisons" and self.maisons.au is not None:
            told = f"au {self.maisons.au:%d/%m/%Y}, d'après la liste {told}".rstrip()
        return told

    def with_values(self, section: str, **values: object) -> Study:
        """Return the study with other values in a section, checked as those of its file are.

        Parameters
        ----------
        section
            Section of the study file, e.g. ``"implantation"``.
        values
            Its new values, by key: ``objectif="equite"``; the other keys stay.

        Returns
        -------
        Study
            Another study; this one is unchanged.

        Raises
        ------
        StudyError
            If the section or a key does not exist, or if a value does not fit.
        """
        sections = sorted(set(type(self).model_fields) - {"folder"})
        if section not in sections:
            raise StudyError(
                f"section inconnue : « {section} »", remedy=f"choisir parmi : {', '.join(sections)}"
            )
        content = self.model_dump(mode="json", exclude_unset=True)
        given = json.loads(json.dumps(values, default=_plain))
        return study_from({**content, section: {**content.get(section, {}), **given}})

    def path(self, relative: Path) -> Path:
        r"""Return where a file of the study really is.

        A path written on Windows (``sous\routes.pbf``) is followed elsewhere too.
        """
        if relative == LIVE and self.osm is not None:
            return self.osm
        found = self.folder / relative
        if os.sep == "/" and "\\" in str(relative) and not found.exists():
            return self.folder / str(relative).replace("\\", "/")
        return found

    def inputs(self) -> dict[str, tuple[Path, ...]]:
        """Return every input file, by role, as written."""
        files = {
            role: _listed(getattr(getattr(self, row.section), row.key or role, None))
            for role, row in ROLES.items()
            if role not in ("reseau", "modifications")
        }
        # With a table of times, roads lead to bus stops only.
        driven = self.temps.source is None or self.mobilite.gtfs
        live = self.reseau.live and self.osm is None
        files["reseau"] = self.reseau.sources if driven and not live else ()
        zones = (change.zone for change in self.reseau.holding if change.zone is not None)
        files["modifications"] = tuple(dict.fromkeys(zones))
        return {role: files[role] for role in ROLES if files[role]}


def _plain(value: object) -> object:
    """Return what JSON writes of a value it does not know: the number NumPy holds, else text."""
    item = getattr(value, "item", None)
    return item() if callable(item) else str(value)


def _listed(given: Path | tuple[Path, ...] | None) -> tuple[Path, ...]:
    return () if given is None else given if isinstance(given, tuple) else (given,)


def as_study(study: Study | PathLike[str] | str) -> Study:
    """Return a study, read if only its path is given."""
    return read_study(Path(study)) if isinstance(study, str | PathLike) else study


def read_study(path: Path | str) -> Study:
    """Read and check a study file.

    Parameters
    ----------
    path
        TOML file; paths inside are relative to its folder.

    Returns
    -------
    Study
        The study.

    Raises
    ------
    FileMissingError
        If there is no such file.
    StudyError
        If it is not TOML, lacks a key, or holds one that does not exist or does not fit.
    TerritoryError
        If a département is unknown, or they do not share a projection.
    """
    path = Path(path)
    _refuse_unreadable(path)
    content = read_toml(path, what="fichier d'étude", named="etude.toml")
    ours = next((key for key in ("folder", "osm") if key in content), None)
    if ours is not None:
        raise StudyError(f"clé inconnue : {ours}", where=path, remedy="la retirer")
    return study_from({**content, "folder": path.resolve().parent}, where=path)


def _refuse_unreadable(path: Path) -> None:
    """Refuse a name that is not UTF-8: GDAL cannot open what lies beside it."""
    try:
        str(path.absolute()).encode()
    except UnicodeEncodeError as error:
        raise StudyError(
            "le chemin du fichier d'étude n'est pas lisible (il n'est pas en UTF-8)",
            where=ascii(str(path)),
            remedy="renommer le fichier ou son dossier",
        ) from error


def study_from(content: Mapping[str, Any], *, where: Path | None = None) -> Study:
    """Check what a study file holds.

    Parameters
    ----------
    content
        Its sections, and ``folder``, from which its paths start.
    where
        File it comes from, for the messages.

    Raises
    ------
    StudyError
        If a key is absent, does not exist or does not fit.
    TerritoryError
        If a département is unknown, or they do not share a projection.
    """
    try:
        study = Study(**content)
    except ValidationError as error:
        raise StudyError(
            "le fichier d'étude est incorrect : " + " ; ".join(in_french(error)),
            where=where,
            remedy="comparer avec l'exemple de docs/tutoriel.md",
        ) from error
    projected_crs(study.etude.departements)
    return study


def sample_study() -> Study:
    """Return the study of the embedded sample (Mayenne, invented Maisons, estimated times)."""
    package = Path(__file__).parent.parent
    shipped, checkout = package / "demo", package.parent / "data" / "demo"
    folder = shipped if shipped.is_dir() else checkout
    return read_study(folder / "etude.toml")


def _card(study: Study) -> str:
    """Show what a study asks, and its files."""
    named = ", ".join(f"{DEPARTEMENTS[code]} ({code})" for code in study.departements)
    figures = {
        "départements": named,
        "seuils": ", ".join(f"{french.short(value)} min" for value in study.thresholds),
        "profil": study.reseau.profil,
        "dossier": str(study.folder),
    }
    rows = [
        (role, path.as_posix(), study.vintage(role) or None)
        for role, paths in study.inputs().items()
        for path in paths
    ]
    files = pd.DataFrame(rows, columns=["role", "fichier", "millesime"])
    titles = {"role": "Clé", "fichier": "Fichier", "millesime": "Millésime"}
    return card(
        study.etude.nom,
        figures,
        tables=[table(files, titles, shown=None)],
        remarks=[str(told) for told in cautions(demonstration=study.etude.demonstration)],
    )


def in_french(error: ValidationError) -> list[str]:
    """Return one French sentence a problem, each with the section and the key at fault."""
    texts = {
        "missing": "clé absente",
        "extra_forbidden": "clé inconnue",
        "string_type": "un texte entre guillemets est attendu",
        "float_type": "un nombre est attendu",
        "float_parsing": "un nombre est attendu",
        "int_type": "un nombre entier est attendu",
        "int_parsing": "un nombre entier est attendu",
        "int_from_float": "un nombre entier est attendu",
        "bool_type": "true ou false est attendu",
        "bool_parsing": "true ou false est attendu",
        "tuple_type": "une liste entre crochets est attendue",
        "dict_type": "une section est attendue",
        "model_type": "une section est attendue",
        "date_from_datetime_parsing": 'une date est attendue, par exemple "2021-01-01"',
        "date_from_datetime_inexact": 'une date est attendue, par exemple "2021-01-01"',
        "date_parsing": 'une date est attendue, par exemple "2021-01-01"',
        "path_type": "un chemin de fichier entre guillemets est attendu",
        "string_too_short": "un texte non vide est attendu",
        "too_short": "une liste non vide est attendue",
        "greater_than_equal": "valeur trop petite",
        "greater_than": "valeur trop petite",
        "less_than_equal": "valeur trop grande",
        "finite_number": "un nombre fini est attendu",
        "int_parsing_size": "nombre démesuré",
    }
    lines = []
    for problem in error.errors():
        keys = [part for part in problem["loc"] if isinstance(part, str)]
        rank = next((f", n° {part + 1}" for part in problem["loc"] if isinstance(part, int)), "")
        where = f"[{keys[0]}] {'.'.join(keys[1:])}".strip() + rank if keys else "le fichier"
        raised = problem.get("ctx", {}).get("error")
        if not keys and isinstance(raised, MsapGeoError) and raised.where:
            where = str(raised.where)
        text = texts.get(problem["type"], "valeur inattendue")
        if problem["type"] == "literal_error":
            known = problem["ctx"]["expected"].replace("'", "").replace(" or ", " ou ")
            text = f"valeur inconnue (choisir : {known})"
        if isinstance(raised, MsapGeoError):
            text = raised.problem + (f" ({raised.remedy})" if raised.remedy else "")
        lines.append(f"{where} : {text}")
    return lines
