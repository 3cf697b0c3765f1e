"""The tables loaders give: territory, people, sites."""

from __future__ import annotations

import pandera.pandas as pa

from msap_geo.schemas.columns import (
    AREA,
    CODE,
    DAY,
    HOURS_TEXT,
    NULLABLE_POINT,
    POINT,
    is_area,
    is_text,
    number,
    persons,
    text,
)

GROUPS = {
    "habitants_65_plus": "personnes de 65 ans ou plus",
    "habitants_75_plus": "personnes de 75 ans ou plus",
    "chomeurs": "chômeurs (au sens du recensement)",
    "habitants_pauvres": "personnes sous le seuil de pauvreté",
    "menages": "ménages",
    "menages_pauvres": "ménages sous le seuil de pauvreté",
    "menages_sans_voiture": "ménages sans voiture",
}
"""Target groups: column of a table of communes or of demand, and what it counts.

Floats, since they are estimates; null where INSEE blanks them. All are optional.
"""

EVERYONE = frozenset({"menages"})
"""Columns of :data:`GROUPS` that count everyone, not a fragile group."""

COUNTS = {
    "menages_une_personne": "ménages d'une seule personne",
    "non_scolarises_15_plus": "personnes de 15 ans ou plus qui ont fini leurs études",
    "sans_diplome": "celles d'entre elles sans diplôme, ou le certificat d'études",
    "residences_secondaires": "résidences secondaires et logements occasionnels",
    "locaux": "logements et locaux professionnels",
    "locaux_30_mbits": "locaux éligibles à 30 Mbit/s par un réseau filaire",
    "locaux_fibre": "locaux raccordables à la fibre",
}
"""Other counts of a commune, which add up but whose access is not summed up as a group's is."""

LEVELS = {"niveau_de_vie": "niveau de vie, euros par an"}
"""Indicators that are no head count: they describe a commune or a cell, and never add up."""

MEMBERSHIPS = {
    "epci": "EPCI",
    "canton": "canton",
    "bassin_de_vie": "bassin de vie",
    "arrondissement": "arrondissement",
    "departement": "département",
    "region": "région",
    "densite": "grille de densité",
    "france_ruralites": "zonage France Ruralités",
    "montagne": "loi Montagne",
}
"""What a commune belongs to: column of codes, and its name; ``<column>_nom`` names each code."""

BOUNDARIES = pa.DataFrameSchema(
    {"code_insee": text(CODE, unique=True), "nom": text(), "geometry": AREA},
    name="contours des communes",
)
"""Commune boundaries: one row per commune; a commune may lack its geometry."""

POPULATION = pa.DataFrameSchema(
    {"code_insee": text(CODE, unique=True), "nom": text(), "population": persons()},
    name="population",
)
"""Municipal population, persons."""

MOVEMENTS = pa.DataFrameSchema(
    {
        "date": text(r"\d{4}-\d{2}-\d{2}"),
        "mod": text(),
        "avant": text(CODE),
        "apres": text(CODE),
    },
    name="mouvements des communes",
)
"""What became of communes: one row per pair of codes before and after an event."""

_NAME = pa.Column(None, pa.Check(is_text, name="du texte"), nullable=True, required=False)
_GROUP_COLUMNS = {name: number(nullable=True, required=False) for name in (*GROUPS, *LEVELS)}
_COUNT_COLUMNS = {name: number(nullable=True, required=False) for name in COUNTS}

INDICATORS = pa.DataFrameSchema(
    {"code_insee": text(CODE, unique=True), **_GROUP_COLUMNS, **_COUNT_COLUMNS},
    name="indicateurs par commune",
)
"""What is known of each commune: any of :data:`GROUPS`, :data:`COUNTS` and :data:`LEVELS`."""

MEMBERSHIP = pa.DataFrameSchema(
    {
        "code_insee": text(CODE, unique=True),
        **{name: _NAME for column in MEMBERSHIPS for name in (column, f"{column}_nom")},
    },
    name="appartenance des communes",
)
"""What each commune belongs to: any of :data:`MEMBERSHIPS`, and the names where known."""

CARREAUX = pa.DataFrameSchema(
    {
        "demand_id": text(unique=True),
        "code_insee": text(CODE),
        "population": persons(),
        "impute": pa.Column(bool),
        "geometry": pa.Column("geometry", pa.Check(is_area, name="des surfaces")),
        **_GROUP_COLUMNS,
    },
    name="carreaux",
)
"""Populated cells of INSEE's grid, each tied to one commune; ``impute``: estimated by INSEE."""

TOWN_HALLS = pa.DataFrameSchema(
    {"code_insee": text(CODE, unique=True), "geometry": POINT},
    name="mairies",
)
"""Town-hall points, at most one per commune."""

COMMUNES = pa.DataFrameSchema(
    {
        "code_insee": text(CODE, unique=True),
        "nom": text(),
        "departement": text(),
        "population": persons(),
        "geometry": AREA,
    },
    name="communes",
)
"""Communes of the study: boundaries and population together."""

DEMAND = pa.DataFrameSchema(
    {
        "demand_id": text(unique=True),
        "code_insee": text(CODE),
        "population": persons(),
        "origine": text("mairie|carreau|rues|point sur la surface|commune voisine|aucune"),
        "geometry": NULLABLE_POINT,
    },
    name="points de départ",
)
"""Where people start from; ``origine`` says what the point is; without any, the row stays."""

SITES = pa.DataFrameSchema(
    {
        "site_id": text(unique=True),
        "nom": text(),
        "genre": text(),
        "code_insee": text(CODE, nullable=True),
        "departement": text(nullable=True),
        "commune": text(),
        "position": text("source|commune|aucune"),
        "horaires": text(HOURS_TEXT, nullable=True, required=False),
        "labellisation": text(DAY, nullable=True, required=False),
        "rattachement": text(nullable=True, required=False),
        "geometry": NULLABLE_POINT,
    },
    name="sites",
)
"""Places people go to: Maisons, post offices, counters of operators.

``position`` tells a surveyed point from a town hall standing in. Optional: ``horaires`` (text of
:class:`msap_geo.hours.WeeklyHours`; null unknown, ``off`` closed all week), ``labellisation`` (ISO
date), ``rattachement`` (identifier of the site it depends on).
"""

HOURS = pa.DataFrameSchema(
    {
        "site_id": text(unique=True),
        "nom": text(),
        "horaires": text(HOURS_TEXT, nullable=True),
        "regulier": pa.Column(bool),
    },
    name="horaires",
)
"""Weekly opening hours by site; ``regulier`` is false where some weeks differ from that one."""
