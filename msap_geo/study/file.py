"""The study file, ``etude.toml``: what is asked, and where the data are."""

from __future__ import annotations

import json
import re
import tomllib
import unicodedata
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from msap_geo import coverage, loaders, network, siting
from msap_geo.coverage.access import LONGEST_THRESHOLD
from msap_geo.errors import FileMissingError, StudyError
from msap_geo.study import shown
from msap_geo.study.file_errors import in_french
from msap_geo.territory import check_departements, projected_crs

_DATE = re.compile(r"(?<!\d)(20\d\d)(?:-?([01]\d)(?:-?([0-3]\d))?)?(?!\d)")
"""A date in a file name: ``liste-fs-20240801.csv``, ``communes-2026.json``."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class _Etude(_Section):
    nom: str = Field(min_length=1)
    departements: tuple[str, ...]
    seuils_minutes: tuple[Annotated[float, Field(strict=True)], ...] = (20.0, 30.0)
    demonstration: bool = False

    @field_validator("departements")
    @classmethod
    def _known(cls, codes: tuple[str, ...]) -> tuple[str, ...]:
        return check_departements(codes)

    @field_validator("seuils_minutes")
    @classmethod
    def _sorted(cls, values: tuple[float, ...]) -> tuple[float, ...]:
        return coverage.check_thresholds(values)


class _Donnees(_Section):
    communes: tuple[Path, ...] = Field(min_length=1)
    population: Path
    mairies: tuple[Path, ...] = Field(min_length=1)
    maisons: Path
    la_poste: Path
    la_poste_horaires: Path | None = None
    cog: Path | None = None
    mouvements: Path | None = None
    indicateurs: tuple[Path, ...] = ()
    appartenance: tuple[Path, ...] = ()
    carreaux: Path | None = None

    @field_validator("communes", "mairies", "indicateurs", "appartenance", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value


class _Maisons(_Section):
    types: tuple[str, ...] = loaders.FIXED_KINDS
    au: date | None = None

    @field_validator("au", mode="before")
    @classmethod
    def _a_day(cls, value: object) -> object:
        if not isinstance(value, (str, date)):
            raise StudyError("une date est attendue", remedy='écrire par exemple "2021-01-01"')
        return value


class _Traversee(_Section):
    """A crossing; an end is a commune's code, or a longitude and a latitude."""

    de: str | tuple[float, float]
    a: str | tuple[float, float]
    minutes: float = Field(gt=0)

    @field_validator("de", "a", mode="before")
    @classmethod
    def _landing(cls, value: object) -> object:
        numbers = (
            [part for part in value if isinstance(part, int | float)]
            if isinstance(value, list)
            else []
        )
        if not isinstance(value, str) and (len(numbers) != 2 or numbers != value):  # noqa: PLR2004
            raise StudyError(
                "un bout de traversée n'est ni une commune ni un point",
                remedy='donner un code ("56009") ou une longitude et une latitude ([-3.15, 47.35])',
            )
        return value


class _Penalites(_Section):
    acceleration_laterale_ms2: float = Field(default=0.0, ge=0)
    carrefour_s: float = Field(default=0.0, ge=0)


class _Reseau(_Section):
    profil: str = "voiture"
    source: tuple[Path, ...] = ()
    noeuds: Path | None = None
    liens: Path | None = None
    vitesses_kmh: dict[str, float] = Field(default_factory=dict)
    sinuosite: float | None = Field(default=None, ge=1.0)
    heure: Literal["creuses", "pleines"] = "creuses"
    traversees: tuple[_Traversee, ...] = ()
    penalites: _Penalites | None = None

    @field_validator("source", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_source(self) -> _Reseau:
        if self.profil not in network.available_profiles():
            raise StudyError(
                f"profil de déplacement inconnu : « {self.profil} »",
                remedy=f"choisir parmi : {', '.join(network.available_profiles())}",
            )
        given = [name for name in ("source", "noeuds", "liens") if getattr(self, name)]
        expected = [[]] if self.profil == network.ESTIMATED else [["source"], ["noeuds", "liens"]]
        if given not in expected:
            raise StudyError(
                "le réseau routier n'est pas donné comme il faut",
                where="[reseau]",
                remedy='donner soit source = "….osm.pbf" (ou une liste), soit noeuds et liens '
                '(deux CSV), soit profil = "estime" seul',
            )
        if self.sinuosite is not None and self.profil != network.ESTIMATED:
            raise StudyError(
                "la sinuosité ne sert qu'au réseau estimé",
                where="[reseau] sinuosite",
                remedy='la retirer, ou choisir profil = "estime"',
            )
        if self.profil == network.ESTIMATED and (self.traversees or self.penalites):
            raise StudyError(
                "les traversées et les pénalités ne servent qu'avec des routes",
                where="[reseau]",
                remedy="les retirer, ou donner des routes",
            )
        if self.heure == "pleines" and not network.load_profile(self.profil).traffic.factors:
            raise StudyError(
                f"le profil « {self.profil} » ne distingue pas les heures de pointe",
                where="[reseau] heure",
                remedy='retirer la clé, ou choisir profil = "voiture"',
            )
        return self

    @property
    def sources(self) -> tuple[Path, ...]:
        return (*self.source, *(path for path in (self.noeuds, self.liens) if path is not None))


class _Candidats(_Section):
    types: tuple[str, ...] = ("Bureau de Poste",)


class _Diagnostic(_Section):
    tirages: int = Field(default=1000, ge=1)
    graine: int = Field(default=0, ge=0)
    population_minimale: int = Field(default=0, ge=0)
    maisons_avant: Path | None = None
    operateurs: tuple[Path, ...] = ()

    @field_validator("operateurs", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value


class _Score(_Section):
    poids: dict[str, float] = Field(default_factory=lambda: dict(siting.WEIGHTS))

    @field_validator("poids")
    @classmethod
    def _known(cls, weights: dict[str, float]) -> dict[str, float]:
        return siting.check_weights(weights)


class Bounds(_Section):
    """How many new sites a group may have."""

    min: int = Field(default=0, ge=0)
    max: int | None = Field(default=None, ge=0)


class _Implantation(_Section):
    objectif: Literal[
        "couverture", "p-mediane", "p-centre", "double-couverture", "capacite", "equite"
    ] = "couverture"
    seuils_minutes: tuple[Annotated[float, Field(strict=True)], ...] = ()
    poids_des_seuils: tuple[Annotated[float, Field(gt=0, le=1)], ...] = (1.0,)
    trajet_max_minutes: float = Field(default=60.0, gt=0, le=LONGEST_THRESHOLD)
    seconde_couverture: float = Field(default=0.5, ge=0, le=1)
    capacite: int | None = Field(default=None, gt=0)
    equite_par: str = "departement"
    imposes: tuple[str, ...] = ()
    interdits: tuple[str, ...] = ()
    exclusifs: tuple[tuple[str, ...], ...] = ()
    quotas: dict[str, Bounds] = Field(default_factory=dict)
    distance_min_km: float | None = Field(default=None, gt=0)
    secondes: float = Field(default=60.0, gt=0)

    @model_validator(mode="after")
    def _capacity(self) -> _Implantation:
        if self.objectif == "capacite" and self.capacite is None:
            raise StudyError(
                "l'objectif « capacite » demande la capacité d'un site",
                where="[implantation] capacite",
                remedy="écrire par exemple capacite = 5000",
            )
        return self


class _Couts(_Section):
    modele: str = "france-services"
    annee: int = Field(default=2026, ge=2016, le=2100)
    fonctionnement_eur: dict[str, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    investissement_eur: dict[str, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    operateurs_non_signataires: float = Field(default=0, ge=0)
    demi_journees_permanence: float = Field(default=0, ge=0)

    @property
    def nombres(self) -> dict[str, float]:
        """What lump sums of the model are multiplied by, by the name it counts them under."""
        return {
            "operateurs_non_signataires": self.operateurs_non_signataires,
            "demi_journees_permanence": self.demi_journees_permanence,
        }

    @field_validator("modele")
    @classmethod
    def _known(cls, name: str) -> str:
        return siting.load_costs(name).name


class _Millesimes(_Section):
    """Vintage of each input, in words, where its file name does not tell."""

    communes: str = ""
    population: str = ""
    cog: str = ""
    mouvements: str = ""
    indicateurs: str = ""
    appartenance: str = ""
    carreaux: str = ""
    mairies: str = ""
    maisons: str = ""
    la_poste: str = ""
    la_poste_horaires: str = ""
    reseau: str = ""
    maisons_avant: str = ""
    operateurs: str = ""


def slug(name: str) -> str:
    """Return a name as a folder name: ``Corse (2024)`` → ``corse-2024``."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-") or "etude"


class Study(_Section):
    """A study file, checked. Paths are as written in it, relative to ``folder``."""

    etude: _Etude
    donnees: _Donnees
    maisons: _Maisons = _Maisons()
    reseau: _Reseau
    candidats: _Candidats = _Candidats()
    diagnostic: _Diagnostic = _Diagnostic()
    score: _Score = _Score()
    implantation: _Implantation = _Implantation()
    couts: _Couts = _Couts()
    millesimes: _Millesimes = _Millesimes()
    folder: Path

    def _repr_html_(self) -> str:
        """Show what is asked and the files in a notebook."""
        return shown.study_html(self)

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
        dates = [_DATE.search(path.name) for path in self.inputs().get(role, ())]
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
        given = json.loads(json.dumps(values, default=str))
        return _checked({**content, section: {**content.get(section, {}), **given}})

    def path(self, relative: Path) -> Path:
        """Return where a file of the study really is."""
        return self.folder / relative

    def inputs(self) -> dict[str, tuple[Path, ...]]:
        """Return every input file, by role, as written."""
        data = self.donnees
        files = {
            "communes": data.communes,
            "population": (data.population,),
            "cog": (data.cog,) if data.cog else (),
            "mouvements": (data.mouvements,) if data.mouvements else (),
            "indicateurs": data.indicateurs,
            "appartenance": data.appartenance,
            "carreaux": (data.carreaux,) if data.carreaux else (),
            "mairies": data.mairies,
            "maisons": (data.maisons,),
            "la_poste": (data.la_poste,),
            "la_poste_horaires": (data.la_poste_horaires,) if data.la_poste_horaires else (),
            "reseau": self.reseau.sources,
            "maisons_avant": (before,) if (before := self.diagnostic.maisons_avant) else (),
            "operateurs": self.diagnostic.operateurs,
        }
        return {role: paths for role, paths in files.items() if paths}


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
    if path.is_dir():
        raise StudyError(
            "un dossier est donné à la place du fichier d'étude",
            where=path,
            remedy="donner le chemin du fichier etude.toml qu'il contient",
        )
    if not path.is_file():
        raise FileMissingError(
            f"le fichier d'étude « {path.name} » est introuvable",
            where=path,
            remedy="donner le chemin d'un fichier etude.toml",
        )
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StudyError(
            "le fichier d'étude n'est pas du TOML valide",
            where=f"{path}{_place(error)}",
            remedy="vérifier les guillemets et les crochets à cet endroit, et l'encodage UTF-8",
        ) from error
    if "folder" in content:
        raise StudyError("clé inconnue : folder", where=path, remedy="la retirer")
    return _checked({**content, "folder": path.resolve().parent}, where=path)


def _checked(content: dict[str, Any], *, where: Path | None = None) -> Study:
    try:
        study = Study(**content)
    except ValidationError as error:
        raise StudyError(
            "le fichier d'étude est incorrect : " + " ; ".join(in_french(error)),
            where=where,
            remedy="comparer avec l'exemple du README",
        ) from error
    projected_crs(study.etude.departements)
    return study


def _place(error: Exception) -> str:
    found = re.search(r"line (\d+), column (\d+)", str(error))
    return f", ligne {found.group(1)}, colonne {found.group(2)}" if found else ""


def sample_study() -> Study:
    """Return the study of the embedded sample (Mayenne, invented Maisons, estimated times)."""
    package = Path(__file__).parent.parent
    shipped, checkout = package / "demo", package.parent / "data" / "demo"
    folder = shipped if shipped.is_dir() else checkout
    return read_study(folder / "etude.toml")
