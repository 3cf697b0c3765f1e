"""The tables computed from them: trips, access, zones, candidates."""

from __future__ import annotations

import pandera.pandas as pa

from msap_geo.schemas.columns import AREA, CODE, NULLABLE_POINT, number, persons, text
from msap_geo.schemas.inputs import GROUPS

NEAREST = pa.DataFrameSchema(
    {
        "demand_id": text(),
        "rang": pa.Column("int64", pa.Check.ge(1)),
        "site_id": text(nullable=True),
        "minutes": number(nullable=True),
        "km": number(nullable=True),
        "acces_m": number(nullable=True),
        "raison": text("|hors réseau|sans route|au-delà du maximum|temps non donné"),
    },
    name="sites les plus proches",
)
"""Nearest sites of each demand point; null minutes always carry a reason."""

ACCESS = pa.DataFrameSchema(
    {
        "code_insee": text(CODE, unique=True),
        "nom": text(),
        "population": persons(),
        "site_id": text(nullable=True),
        "site_nom": text(nullable=True),
        "minutes": number(nullable=True),
        "km": number(nullable=True),
        "palier": text(),
        "raison": text(),
    },
    name="accès par commune",
)
"""Travel time of each commune to its nearest Maison, and its class."""

PLACES = pa.DataFrameSchema(
    {
        "demand_id": text(unique=True),
        "code_insee": text(CODE),
        "population": persons(),
        "site_id": text(nullable=True),
        "minutes": number(nullable=True),
        "km": number(nullable=True),
        "raison": text(),
    },
    name="accès par lieu",
)
"""Travel time of each place (a commune or a cell) to its nearest site, and whatever the table of
places held (:data:`GROUPS`)."""

TERRITORY_ACCESS = pa.DataFrameSchema(
    {
        "zonage": text(),
        "code": text(),
        "nom": text(),
        "groupe": text("|".join(["population", *GROUPS])),
        "effectif": number(),
        "lieux_sans_donnee": pa.Column("int64", pa.Check.ge(0)),
        "effectif_sans_trajet": number(),
        "minutes_moyennes": number(nullable=True),
        "minutes_medianes": number(nullable=True),
        "minutes_p90": number(nullable=True),
        "minutes_max": number(nullable=True),
    },
    unique=["zonage", "code", "groupe"],
    name="accès par territoire",
)
"""Access of the people of each territory and group; the columns of each threshold come besides."""

ZONES = pa.DataFrameSchema(
    {
        "zone_id": text(unique=True),
        "rang": pa.Column("int64", pa.Check.ge(1), unique=True),
        "nom": text(),
        "communes": pa.Column(object),
        "nb_communes": pa.Column("int64", pa.Check.ge(1)),
        "population": persons(),
        "minutes_max": number(nullable=True),
        "site_id": text(nullable=True),
        "site_nom": text(nullable=True),
        "geometry": AREA,
    },
    name="zones blanches",
)
"""Contiguous groups of communes beyond a threshold, ranked by inhabitants."""

ZONE_DETAILS = pa.DataFrameSchema(
    {
        "seuil": number(),
        "zone_id": text(),
        "zone_parente": text(nullable=True),
        "rang_habitants": pa.Column("int64", pa.Check.ge(1)),
        "rang_gravite": pa.Column("int64", pa.Check.ge(1)),
        "gravite": number(),
        "rang_fragilite": pa.Column("Int64", pa.Check.ge(1), nullable=True),
        "gravite_fragile": number(nullable=True),
        "nb_lieux": pa.Column("int64", pa.Check.ge(1)),
        "communes": pa.Column(object),
        "nb_communes": pa.Column("int64", pa.Check.ge(1)),
        "population": persons(),
        "minutes_moyennes": number(nullable=True),
        "minutes_max": number(nullable=True),
        "pire_lieu": text(),
        "departement": text(),
        "site_id": text(nullable=True),
        "site_nom": text(nullable=True),
        "departement_maison": text(nullable=True),
        "geometry": AREA,
    },
    unique=["seuil", "zone_id"],
    name="zones blanches détaillées",
)
"""Contiguous groups of places beyond each of several nested thresholds, ranked by severity."""

RULES = pa.DataFrameSchema(
    {
        "regle": text(),
        "titre": text(),
        "texte": text(),
        "date": text(),
        "distance": text("|vol d'oiseau|route"),
        "territoire": text(),
        "nom": text(),
        "population": persons(),
        "valeur": number(nullable=True),
        "exigence": number(nullable=True),
        "unite": text(),
        "verdict": text(),
        "marge_habitants": pa.Column("Int64", nullable=True),
        "detail": text(),
    },
    unique=["regle", "distance", "territoire"],
    name="règles",
)
"""Legal and policy rules evaluated by territory, with the margin in inhabitants."""

CANDIDATES = pa.DataFrameSchema(
    {
        "rang": pa.Column("int64", pa.Check.ge(1), unique=True),
        "site_id": text(unique=True),
        "nom": text(),
        "code_insee": text(CODE, nullable=True),
        "score": number(),
        "population_gagnee": persons(),
        "minutes_gagnees": number(),
        "habitants_rapproches": persons(),
        "minutes_economisees": number(),
        "minutes_maison": number(nullable=True),
        "km_maison": number(nullable=True),
        "raison": text(),
        "geometry": NULLABLE_POINT,
    },
    name="bureaux candidats",
)
"""Post offices scored by what they would bring if they hosted a Maison."""

COMPARED = pa.DataFrameSchema(
    {
        "code_insee": text(CODE, unique=True),
        "nom": text(),
        "departement": text(),
        "presence": text("les deux|avant seulement|après seulement"),
        "population_avant": persons(),
        "population_apres": persons(),
        "minutes_avant": number(nullable=True),
        "minutes_apres": number(nullable=True),
        "ecart_minutes": pa.Column(float, nullable=True),
        "sens": text("|plus près|plus loin|inchangé"),
        "palier_ecart": text(),
        "palier_avant": text(),
        "palier_apres": text(),
        "site_id_avant": text(nullable=True),
        "site_id_apres": text(nullable=True),
        "site_nom_avant": text(nullable=True),
        "site_nom_apres": text(nullable=True),
    },
    name="communes comparées",
)
"""Access of each commune in two studies; the columns of each threshold come besides."""
