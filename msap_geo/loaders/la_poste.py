"""La Poste contact points (*points de contact*), as published in 2016 and 2025."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd

from msap_geo import schemas
from msap_geo.anomalies import Action, note
from msap_geo.loaders.loaded import Loaded
from msap_geo.loaders.positions import read_positions
from msap_geo.loaders.tabular import LINE, normalise, pick_columns, read_text_table
from msap_geo.territory import INSEE_CODE_PATTERN, WGS84, departement_of

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

BUREAU_DE_POSTE = "Bureau de Poste"
AGENCE_COMMUNALE = "Agence postale communale"
AGENCE_INTERCOMMUNALE = "Agence postale intercommunale"
RELAIS = "Relais poste"

_KINDS = {
    "bureau_de_poste": BUREAU_DE_POSTE,
    "agence_postale_communale": AGENCE_COMMUNALE,
    "agence_postale_intercommunale": AGENCE_INTERCOMMUNALE,
    "relais_poste_commercant": RELAIS,
    "relais_poste": RELAIS,
}
_REQUIRED = {
    "identifiant": ("identifiant_a", "identifiant_du_site", "identifiant"),
    "nom": ("libelle_du_site", "libelle"),
    "genre": ("caracteristique_du_site", "caracteristique"),
    "adresse": ("adresse",),
    "code_postal": ("code_postal",),
    "commune": ("localite",),
    "code_insee": ("code_insee",),
    "latitude": ("latitude",),
    "longitude": ("longitude",),
}
_OPTIONAL = {"precision": ("precision_du_geocodage",), "pays": ("pays",)}


def load_la_poste(path: Path) -> Loaded[gpd.GeoDataFrame]:
    """Load the La Poste contact points.

    Parameters
    ----------
    path
        CSV ``laposte_poincont``, schema of 2016 (``;``, ``#Identifiant_du_site``) or 2025.

    Returns
    -------
    Loaded
        Table under :data:`msap_geo.schemas.SITES`, in WGS 84; ``genre`` is brought to today's
        labels (*Bureau de Poste, Agence postale communale, Agence postale intercommunale, Relais
        poste*; rarer ones keep their own), ``precision`` is the geocoder's (2016 only).

    Raises
    ------
    FileMissingError, UnreadableFileError, MissingColumnError, DataError
        If the file is absent or is not such a list.
    """
    raw = pick_columns(read_text_table(path), path, required=_REQUIRED, optional=_OPTIONAL)
    rows_read = len(raw)
    raw["departement"] = _departements(raw)
    country = {name: normalise(name) for name in raw["pays"].unique()}
    kinds = {name: _KINDS.get(normalise(name), name) for name in raw["genre"].unique()}
    abroad = ~raw["pays"].map(country).isin(["", "france"])
    raw["departement"] = raw["departement"].mask(abroad, "étranger")
    repeated = raw["identifiant"].duplicated(keep="first")
    malformed = ~raw["code_insee"].str.fullmatch(INSEE_CODE_PATTERN) & ~abroad
    anomalies = [
        anomaly
        for mask, code, action, message in (
            (abroad, "hors-de-france", Action.LEFT_OUT, "point de contact hors de France"),
            (repeated, "doublon", Action.LEFT_OUT, "identifiant déjà donné plus haut"),
            (malformed, "code-commune-invalide", Action.NOTED, "code de commune illisible"),
        )
        for anomaly in note(raw[mask], code, action, message, file=path.name)
    ]
    raw["code_insee"] = raw["code_insee"].where(~malformed)
    raw = raw[~(abroad | repeated)].reset_index(drop=True)
    geometry, moved = read_positions(raw, file=path.name)
    table = gpd.GeoDataFrame(
        {
            "site_id": raw["identifiant"],
            "nom": raw["nom"],
            "genre": raw["genre"].map(kinds),
            "code_insee": raw["code_insee"],
            "departement": raw["departement"],
            "commune": raw["commune"],
            "code_postal": raw["code_postal"],
            "adresse": raw["adresse"],
            "precision": raw["precision"],
            "position": geometry.notna().map({True: "source", False: "aucune"}),
            LINE: raw[LINE],
        },
        geometry=geometry,
        crs=WGS84,
    )
    return Loaded(
        schemas.check(table, schemas.SITES, where=str(path)),
        rows_read,
        (*anomalies, *moved),
    )


def _departements(raw: pd.DataFrame) -> pd.Series:
    """Return the département of each point: of its code, else of its postal code, else unknown.

    A postal code of Corsica (20…) does not tell 2A from 2B: the point will.
    """
    postal = raw["code_postal"].where(
        raw["code_postal"].str.fullmatch(r"\d{5}") & ~raw["code_postal"].str.startswith("20"), ""
    )
    readable = raw["code_insee"].str.fullmatch(INSEE_CODE_PATTERN)
    return raw["code_insee"].where(readable, postal).map(departement_of)
