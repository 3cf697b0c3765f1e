"""La Poste contact points (*points de contact*), as published from 2016 to 2025."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from msap_geo import schemas
from msap_geo.anomalies import Action, Anomaly, note
from msap_geo.errors import MissingColumnError
from msap_geo.loaders.loaded import Loaded
from msap_geo.loaders.shared import of_files, once
from msap_geo.loaders.sites.positions import read_positions
from msap_geo.loaders.sites.postal import departement_of_postal, with_their_zero
from msap_geo.tabular import LINE, normalise, pick_columns, read_text_table, settle_twins
from msap_geo.territory import INSEE_CODE_PATTERN, WGS84, departement_of

if TYPE_CHECKING:
    from pathlib import Path

BUREAU_DE_POSTE = "Bureau de Poste"
ITINERANT = "Bureau de poste itinérant"
"""A van that calls at several communes: its address is where it is parked."""

AGENCE_COMMUNALE = "Agence postale communale"
AGENCE_INTERCOMMUNALE = "Agence postale intercommunale"
RELAIS = "Relais poste"

_KINDS = {
    "bureau_de_poste": BUREAU_DE_POSTE,
    "agence_postale_communale": AGENCE_COMMUNALE,
    "la_poste_agence_communale": AGENCE_COMMUNALE,
    "agence_postale_intercommunale": AGENCE_INTERCOMMUNALE,
    "la_poste_agence_intercommunale": AGENCE_INTERCOMMUNALE,
    "relais_poste_commercant": RELAIS,
    "relais_poste_urbain": RELAIS,
    "relais_poste": RELAIS,
    "relais_postal": RELAIS,
    "la_poste_relais": RELAIS,
    "la_poste_relais_commercant": RELAIS,
    "la_poste_relais_urbain": RELAIS,
    "point_poste": RELAIS,
}
_MOVES = r"(?:^|_)(?:bureau|poste|agence|relais)(?:_de_poste|_postale?)?_(?:itinerant|mobile)"
_SUFFIXES = {"AP": AGENCE_COMMUNALE, "RP": RELAIS}
"""End of a point's name, where the file has no category (datanova, *lexique*); none: a bureau."""

_REQUIRED = {
    "identifiant": ("identifiant_a", "identifiant_du_site", "identifiant"),
    "nom": ("libelle_du_site", "libelle"),
    "commune": ("localite", "commune"),
    "code_insee": ("code_insee", "code_insee_commune"),
}
_OPTIONAL = {
    "genre": ("caracteristique_du_site", "caracteristique"),
    "latitude": ("latitude",),
    "longitude": ("longitude",),
    "latlong": ("latlong", "wgs84", "geo_point_2d", "coordonnees_geo"),
    "adresse": ("adresse",),
    "code_postal": ("code_postal",),
    "precision": ("precision_du_geocodage",),
    "pays": ("pays",),
    "rattachement": ("site_acores_de_rattachement",),
}
_AT_COMMUNE = "geocode_au_centre_de_la_commune"
_WHEELCHAIR = "accessibilite_entree_autonome_en_fauteuil_roulant_possible"
_SERVICES = {
    "affranchissement_libre_service": "affranchissement en libre-service",
    "distributeur_de_billets": "distributeur de billets",
    "distributeur_de_timbres": "distributeur de timbres",
    "distributeur_pret_a_poster": "distributeur de prêt-à-poster",
    "changeur_de_monnaie": "changeur de monnaie",
    "photocopie": "photocopie",
    "bornes_de_rechargement_moneo": "borne Moneo",
}
"""Yes-or-no columns of *laposte_poincont* (services), as normalised, and what they stand for."""


@of_files
@once
def load_la_poste(path: Path, *, equipements: Path | None = None) -> Loaded[gpd.GeoDataFrame]:
    """Load the La Poste contact points.

    Parameters
    ----------
    path
        CSV *laposte_poincont2* (2016: ``;``, ``#Identifiant_du_site``), *laposte_poincont* (2025),
        or the older *laposte_poincont* with services and accessibility.
    equipements
        File of services or accessibility bearing the same identifiers (*laposte_poincont* with
        services, *laposte_handicap*), when ``path`` has none.

    Returns
    -------
    Loaded
        Table under :data:`msap_geo.schemas.SITES`, in WGS 84; ``genre`` is brought to today's
        labels (*Bureau de Poste, Agence postale communale, Agence postale intercommunale, Relais
        poste*, and *Bureau de poste itinérant* where the name says so; rarer ones keep their own
        and are told). ``precision`` is the geocoder's (2016); a point geocoded to the middle of its
        commune has ``position`` *commune*. ``accessible_pmr`` (*oui*, *non*) and ``services`` are
        null where no file tells.

    Raises
    ------
    FileMissingError, UnreadableFileError, MissingColumnError, DataError
        If a file is absent or is not such a list.
    """
    table = read_text_table(path)
    raw = pick_columns(table, path, required=_REQUIRED, optional=_OPTIONAL)
    raw = _coordinates(raw, path)
    raw["code_postal"], padded = with_their_zero(raw["code_postal"], file=path.name)
    rows_read = len(raw)
    raw["departement"] = _departements(raw)
    country = {name: normalise(name) for name in raw["pays"].unique()}
    abroad = ~raw["pays"].map(country).isin(["", "france"])
    raw["departement"] = raw["departement"].mask(abroad, "étranger")
    raw["identifiant"] = _identifiers(raw)
    repeated = raw["identifiant"].duplicated(keep="first")
    malformed = ~raw["code_insee"].str.fullmatch(INSEE_CODE_PATTERN) & ~abroad
    kinds, anomalies = _kinds(raw, ~(abroad | repeated), path.name)
    anomalies += [
        *padded,
        *note(
            raw[(kinds == ITINERANT) & ~(abroad | repeated)],
            "bureau-itinerant",
            Action.NOTED,
            "bureau de poste itinérant : à son adresse de stationnement, ni candidat, ni compté "
            "par les règles de La Poste",
            file=path.name,
        ),
    ]
    anomalies += [
        anomaly
        for mask, code, action, message in (
            (abroad, "hors-de-france", Action.LEFT_OUT, "point de contact hors de France"),
            (repeated, "doublon", Action.LEFT_OUT, "identifiant déjà donné plus haut"),
            (malformed, "code-commune-invalide", Action.NOTED, "code de commune illisible"),
        )
        for anomaly in note(raw[mask], code, action, message, file=path.name)
    ]
    told = _equipment(table.assign(identifiant=raw["identifiant"]))
    if equipements is not None:
        told = _equipment(_keyed(equipements))
    raw = raw.assign(
        genre=kinds,
        code_insee=raw["code_insee"].where(~malformed),
        accessible_pmr=raw["identifiant"].map(told["accessible_pmr"]).astype(object),
        services=raw["identifiant"].map(told["services"]).astype(object),
    )
    raw = raw[~(abroad | repeated)].reset_index(drop=True)
    geometry, moved = read_positions(raw, file=path.name)
    precision = {text: normalise(text) == _AT_COMMUNE for text in raw["precision"].unique()}
    position = np.where(raw["precision"].map(precision), "commune", "source")
    result = gpd.GeoDataFrame(
        {
            "site_id": raw["identifiant"],
            "nom": raw["nom"],
            "genre": raw["genre"],
            "code_insee": raw["code_insee"],
            "departement": raw["departement"],
            "commune": raw["commune"],
            "code_postal": raw["code_postal"],
            "adresse": raw["adresse"],
            "precision": raw["precision"],
            "rattachement": raw["rattachement"].where(raw["rattachement"] != "").astype(object),
            "accessible_pmr": raw["accessible_pmr"],
            "services": raw["services"],
            "position": pd.Series(np.where(geometry.isna(), "aucune", position)).astype(str),
            LINE: raw[LINE],
        },
        geometry=geometry,
        crs=WGS84,
    )
    return Loaded(
        schemas.check(result, schemas.SITES, where=str(path)),
        rows_read,
        (*anomalies, *moved),
    )


def _coordinates(raw: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Fill latitude and longitude from the joint column (``48.94, 2.18``) where they are empty."""
    empty = (raw["latitude"] == "") & (raw["latlong"] != "")
    filled = raw.drop(columns="latlong")
    if empty.any():
        joint = raw["latlong"][empty].str.extract(r"^\s*(-?[\d.]+)\s*[,;]\s*(-?[\d.]+)\s*$")
        filled.loc[empty, ["latitude", "longitude"]] = joint.fillna("").to_numpy()
    if (filled["latitude"] == "").all():
        raise MissingColumnError(
            f"« {path.name} » : colonne absente : latitude et longitude (ou latlong)",
            where=path,
            remedy="prendre le fichier laposte_poincont complet",
        )
    return filled


def _kinds(raw: pd.DataFrame, kept: pd.Series, file: str) -> tuple[pd.Series, list[Anomaly]]:
    """Bring categories to today's labels; without any, the end of the name tells.

    Only the rows kept are told of.
    """
    itinerant = raw["nom"].map(normalise).str.contains(_MOVES) | (
        raw["genre"].map(normalise).str.contains(_MOVES)
    )
    if (raw["genre"] == "").all():
        kinds = raw["nom"].str.split().str[-1].map(_SUFFIXES).fillna(BUREAU_DE_POSTE)
        message = "sans catégorie : la fin des noms (AP, RP) en tient lieu"
        told = [Anomaly("categorie-deduite", Action.REPAIRED, file, message)]
        return kinds.mask(itinerant, ITINERANT), told
    written = {name: normalise(name) for name in raw["genre"].unique()}
    names = {name: _KINDS.get(plain, name) for name, plain in written.items()}
    unknown = raw["genre"].isin([name for name, plain in written.items() if plain not in _KINDS])
    unknown &= ~itinerant
    message = "catégorie « {genre} » inconnue, gardée telle quelle"
    anomalies = note(raw[unknown & kept], "categorie-inconnue", Action.NOTED, message, file=file)
    return raw["genre"].map(names).mask(itinerant, ITINERANT), anomalies


def _keyed(path: Path) -> pd.DataFrame:
    """Read a file of equipment, which must bear the identifiers."""
    table = read_text_table(path)
    table = settle_twins(table, path, {_WHEELCHAIR, *_SERVICES})
    key = pick_columns(table, path, required={"identifiant": _REQUIRED["identifiant"]})
    if not {_WHEELCHAIR, *_SERVICES} & set(table.columns):
        raise MissingColumnError(
            f"« {path.name} » : aucune colonne de services ni d'accessibilité "
            f"(par exemple {_WHEELCHAIR})",
            where=path,
            remedy="fournir laposte_poincont (services) ou laposte_handicap",
        )
    return table.assign(identifiant=key["identifiant"])


def _equipment(table: pd.DataFrame) -> pd.DataFrame:
    """Return accessibility and services by identifier, null where the table says nothing."""
    offered = pd.Series(None, index=table.index, dtype=object)
    columns = [name for name in _SERVICES if name in table.columns]
    if columns:
        answers = {name: table[name].str.lower() for name in columns}
        yes = np.column_stack([answers[name].eq("oui") for name in columns])
        told = np.column_stack([answers[name].isin(["oui", "non"]) for name in columns]).any(axis=1)
        labels = np.array([f"{_SERVICES[name]}, " for name in columns], dtype=object)
        offered = pd.Series(yes @ labels, index=table.index).str.removesuffix(", ").where(told)
    wheelchair = (
        table[_WHEELCHAIR].str.lower() if _WHEELCHAIR in table.columns else offered.iloc[:0]
    )
    result = pd.DataFrame(
        {
            "identifiant": table["identifiant"],
            "accessible_pmr": wheelchair.where(wheelchair.isin(["oui", "non"])),
            "services": offered,
        }
    )
    return result.drop_duplicates("identifiant").set_index("identifiant")


def _identifiers(raw: pd.DataFrame) -> pd.Series:
    """Return the identifier of each point; one made of commune and name where there is none."""
    made = raw["code_insee"] + "-" + raw["nom"].map(normalise).str.replace("_", "-")
    return raw["identifiant"].where(raw["identifiant"] != "", made)


def _departements(raw: pd.DataFrame) -> pd.Series:
    """Return the département of each point: of its code, else of its postal code, else unknown."""
    readable = raw["code_insee"].str.fullmatch(INSEE_CODE_PATTERN)
    postal = raw["code_postal"].map(departement_of_postal)
    return raw["code_insee"].map(departement_of).where(readable, postal)
