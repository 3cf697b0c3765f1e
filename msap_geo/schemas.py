"""The column contract of every table that crosses a room.

One place says what a table holds: names, types, units, what may be null. Loaders check on the way
out, public functions on the way in, with :func:`check`, whose error lists *all* the problems.

Identifiers are strings, minutes and kilometres are floats, population is whole persons, geometry is
in the projected CRS of the territory once it has left :mod:`msap_geo.loaders`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pandera.errors
import pandera.pandas as pa

from msap_geo.errors import ContractError
from msap_geo.territory import INSEE_CODE_PATTERN

if TYPE_CHECKING:
    import geopandas as gpd

_MAX_CASES_SHOWN = 5


def _text(
    pattern: str | None = None,
    *,
    nullable: bool = False,
    unique: bool = False,
    required: bool = True,
) -> pa.Column:
    # Not by dtype: text is ``str`` or ``object`` depending on pandas and on an empty table.
    checks = [pa.Check(_is_text, name="du texte")]
    if pattern is not None:
        checks.append(pa.Check.str_matches(f"^(?:{pattern})$"))
    return pa.Column(None, checks, nullable=nullable, unique=unique, required=required)


def _is_text(values: pd.Series) -> bool:
    return bool(pd.api.types.infer_dtype(values, skipna=True) in {"string", "empty"})


def _number(minimum: float = 0.0, *, nullable: bool = False, required: bool = True) -> pa.Column:
    return pa.Column(float, pa.Check.ge(minimum), nullable=nullable, required=required)


def _persons() -> pa.Column:
    return pa.Column("int64", pa.Check.ge(0))


def _is_point(geometry: pd.Series) -> pd.Series:
    return pd.Series(geometry.geom_type.eq("Point").to_numpy(), index=geometry.index)


def _is_area(geometry: pd.Series) -> pd.Series:
    is_area = geometry.geom_type.isin(["Polygon", "MultiPolygon"]) | geometry.isna()
    return pd.Series(is_area.to_numpy(), index=geometry.index)


_CODE = INSEE_CODE_PATTERN
_DAY = r"\d{4}-\d\d-\d\d"
_RULE = r"[A-Z][a-z](?:-[A-Z][a-z])? \d\d:\d\d-\d\d:\d\d(?:,\d\d:\d\d-\d\d:\d\d)*"
_HOURS = rf"off|{_RULE}(?:; {_RULE})*"
_POINT = pa.Column("geometry", pa.Check(_is_point, name="des points"))
_NULLABLE_POINT = pa.Column("geometry", nullable=True)
_AREA = pa.Column("geometry", pa.Check(_is_area, name="des surfaces"), nullable=True)

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
}
"""What a commune belongs to: column of codes, and its name; ``<column>_nom`` names each code."""

BOUNDARIES = pa.DataFrameSchema(
    {"code_insee": _text(_CODE, unique=True), "nom": _text(), "geometry": _AREA},
    name="contours des communes",
)
"""Commune boundaries: one row per commune; a commune may lack its geometry."""

POPULATION = pa.DataFrameSchema(
    {"code_insee": _text(_CODE, unique=True), "nom": _text(), "population": _persons()},
    name="population",
)
"""Municipal population, persons."""

MOVEMENTS = pa.DataFrameSchema(
    {
        "date": _text(r"\d{4}-\d{2}-\d{2}"),
        "mod": _text(),
        "avant": _text(_CODE),
        "apres": _text(_CODE),
    },
    name="mouvements des communes",
)
"""What became of communes: one row per pair of codes before and after an event."""

_NAME = pa.Column(None, pa.Check(_is_text, name="du texte"), nullable=True, required=False)
_GROUP_COLUMNS = {name: _number(nullable=True, required=False) for name in (*GROUPS, *LEVELS)}

INDICATORS = pa.DataFrameSchema(
    {"code_insee": _text(_CODE, unique=True), **_GROUP_COLUMNS}, name="indicateurs par commune"
)
"""Target groups and levels of each commune: any of :data:`GROUPS` and :data:`LEVELS`."""

MEMBERSHIP = pa.DataFrameSchema(
    {
        "code_insee": _text(_CODE, unique=True),
        **{name: _NAME for column in MEMBERSHIPS for name in (column, f"{column}_nom")},
    },
    name="appartenance des communes",
)
"""What each commune belongs to: any of :data:`MEMBERSHIPS`, and the names where known."""

CARREAUX = pa.DataFrameSchema(
    {
        "demand_id": _text(unique=True),
        "code_insee": _text(_CODE),
        "population": _persons(),
        "impute": pa.Column(bool),
        "geometry": pa.Column("geometry", pa.Check(_is_area, name="des surfaces")),
        **_GROUP_COLUMNS,
    },
    name="carreaux",
)
"""Populated cells of INSEE's grid, each tied to one commune; ``impute``: estimated by INSEE."""

TOWN_HALLS = pa.DataFrameSchema(
    {"code_insee": _text(_CODE, unique=True), "geometry": _POINT},
    name="mairies",
)
"""Town-hall points, at most one per commune."""

COMMUNES = pa.DataFrameSchema(
    {
        "code_insee": _text(_CODE, unique=True),
        "nom": _text(),
        "departement": _text(),
        "population": _persons(),
        "geometry": _AREA,
    },
    name="communes",
)
"""Communes of the study: boundaries and population together."""

DEMAND = pa.DataFrameSchema(
    {
        "demand_id": _text(unique=True),
        "code_insee": _text(_CODE),
        "population": _persons(),
        "origine": _text("mairie|point sur la surface|carreau|aucune"),
        "geometry": _NULLABLE_POINT,
    },
    name="points de départ",
)
"""Where people start from; ``origine`` says what the point is; without any, the row stays."""

SITES = pa.DataFrameSchema(
    {
        "site_id": _text(unique=True),
        "nom": _text(),
        "genre": _text(),
        "code_insee": _text(_CODE, nullable=True),
        "departement": _text(nullable=True),
        "commune": _text(),
        "position": _text("source|commune|aucune"),
        "horaires": _text(_HOURS, nullable=True, required=False),
        "labellisation": _text(_DAY, nullable=True, required=False),
        "rattachement": _text(nullable=True, required=False),
        "geometry": _NULLABLE_POINT,
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
        "site_id": _text(unique=True),
        "nom": _text(),
        "horaires": _text(_HOURS, nullable=True),
        "regulier": pa.Column(bool),
    },
    name="horaires",
)
"""Weekly opening hours by site; ``regulier`` is false where some weeks differ from that one."""

NEAREST = pa.DataFrameSchema(
    {
        "demand_id": _text(),
        "rang": pa.Column("int64", pa.Check.ge(1)),
        "site_id": _text(nullable=True),
        "minutes": _number(nullable=True),
        "km": _number(nullable=True),
        "acces_m": _number(nullable=True),
        "raison": _text("|hors réseau|sans route|au-delà du maximum"),
    },
    name="sites les plus proches",
)
"""Nearest sites of each demand point; null minutes always carry a reason."""

ACCESS = pa.DataFrameSchema(
    {
        "code_insee": _text(_CODE, unique=True),
        "nom": _text(),
        "population": _persons(),
        "site_id": _text(nullable=True),
        "site_nom": _text(nullable=True),
        "minutes": _number(nullable=True),
        "km": _number(nullable=True),
        "palier": _text(),
        "raison": _text(),
    },
    name="accès par commune",
)
"""Travel time of each commune to its nearest Maison, and its class."""

PLACES = pa.DataFrameSchema(
    {
        "demand_id": _text(unique=True),
        "code_insee": _text(_CODE),
        "population": _persons(),
        "site_id": _text(nullable=True),
        "minutes": _number(nullable=True),
        "km": _number(nullable=True),
        "raison": _text(),
    },
    name="accès par lieu",
)
"""Travel time of each place (a commune or a cell) to its nearest site, and whatever the table of
places held (:data:`GROUPS`)."""

TERRITORY_ACCESS = pa.DataFrameSchema(
    {
        "zonage": _text(),
        "code": _text(),
        "nom": _text(),
        "groupe": _text("|".join(["population", *GROUPS])),
        "effectif": _number(),
        "lieux_sans_donnee": pa.Column("int64", pa.Check.ge(0)),
        "effectif_sans_trajet": _number(),
        "minutes_moyennes": _number(nullable=True),
        "minutes_medianes": _number(nullable=True),
        "minutes_p90": _number(nullable=True),
        "minutes_max": _number(nullable=True),
    },
    unique=["zonage", "code", "groupe"],
    name="accès par territoire",
)
"""Access of the people of each territory and group; the columns of each threshold come besides."""

ZONES = pa.DataFrameSchema(
    {
        "zone_id": _text(unique=True),
        "rang": pa.Column("int64", pa.Check.ge(1), unique=True),
        "communes": pa.Column(object),
        "nb_communes": pa.Column("int64", pa.Check.ge(1)),
        "population": _persons(),
        "minutes_max": _number(nullable=True),
        "site_id": _text(nullable=True),
        "site_nom": _text(nullable=True),
        "geometry": _AREA,
    },
    name="zones blanches",
)
"""Contiguous groups of communes beyond a threshold, ranked by inhabitants."""

ZONE_DETAILS = pa.DataFrameSchema(
    {
        "seuil": _number(),
        "zone_id": _text(),
        "zone_parente": _text(nullable=True),
        "rang": pa.Column("int64", pa.Check.ge(1)),
        "gravite": _number(),
        "rang_fragilite": pa.Column("Int64", pa.Check.ge(1), nullable=True),
        "gravite_fragile": _number(nullable=True),
        "nb_lieux": pa.Column("int64", pa.Check.ge(1)),
        "communes": pa.Column(object),
        "nb_communes": pa.Column("int64", pa.Check.ge(1)),
        "population": _persons(),
        "minutes_moyennes": _number(nullable=True),
        "minutes_max": _number(nullable=True),
        "pire_lieu": _text(),
        "departement": _text(),
        "site_id": _text(nullable=True),
        "site_nom": _text(nullable=True),
        "departement_maison": _text(nullable=True),
        "geometry": _AREA,
    },
    unique=["seuil", "zone_id"],
    name="zones blanches détaillées",
)
"""Contiguous groups of places beyond each of several nested thresholds, ranked by severity."""

RULES = pa.DataFrameSchema(
    {
        "regle": _text(),
        "titre": _text(),
        "texte": _text(),
        "date": _text(),
        "distance": _text("|vol d'oiseau|route"),
        "territoire": _text(),
        "nom": _text(),
        "population": _persons(),
        "valeur": _number(nullable=True),
        "exigence": _number(nullable=True),
        "unite": _text(),
        "verdict": _text(),
        "marge_habitants": pa.Column("Int64", nullable=True),
        "detail": _text(),
    },
    unique=["regle", "distance", "territoire"],
    name="règles",
)
"""Legal and policy rules evaluated by territory, with the margin in inhabitants."""

CANDIDATES = pa.DataFrameSchema(
    {
        "rang": pa.Column("int64", pa.Check.ge(1), unique=True),
        "site_id": _text(unique=True),
        "nom": _text(),
        "code_insee": _text(_CODE, nullable=True),
        "score": _number(),
        "population_gagnee": _persons(),
        "minutes_gagnees": _number(),
        "habitants_rapproches": _persons(),
        "minutes_economisees": _number(),
        "minutes_maison": _number(nullable=True),
        "km_maison": _number(nullable=True),
        "raison": _text(),
        "geometry": _NULLABLE_POINT,
    },
    name="bureaux candidats",
)
"""Post offices scored by what they would bring if they hosted a Maison."""

COMPARED = pa.DataFrameSchema(
    {
        "code_insee": _text(_CODE, unique=True),
        "nom": _text(),
        "departement": _text(),
        "presence": _text("les deux|avant seulement|après seulement"),
        "population_avant": _persons(),
        "population_apres": _persons(),
        "minutes_avant": _number(nullable=True),
        "minutes_apres": _number(nullable=True),
        "ecart_minutes": pa.Column(float, nullable=True),
        "sens": _text("|plus près|plus loin|inchangé"),
        "palier_ecart": _text(),
        "palier_avant": _text(),
        "palier_apres": _text(),
        "site_id_avant": _text(nullable=True),
        "site_id_apres": _text(nullable=True),
        "site_nom_avant": _text(nullable=True),
        "site_nom_apres": _text(nullable=True),
    },
    name="communes comparées",
)
"""Access of each commune in two studies; the columns of each threshold come besides."""


def check(
    table: gpd.GeoDataFrame | pd.DataFrame, schema: pa.DataFrameSchema, *, where: str | None = None
) -> Any:
    """Return the table if it honours the schema.

    Parameters
    ----------
    table
        Table to check; it is not changed. Further columns than the schema's are welcome.
    schema
        One of the schemas of this module.
    where
        Where the table comes from, for the message.

    Returns
    -------
    geopandas.GeoDataFrame or pandas.DataFrame
        The same table.

    Raises
    ------
    ContractError
        If anything is not as agreed; the message lists every problem.
    """
    try:
        schema.validate(table, lazy=True)
    except pandera.errors.SchemaErrors as error:
        problems = _describe(error.failure_cases)
        raise ContractError(
            f"la table « {schema.name} » n'est pas conforme : " + " ; ".join(problems), where=where
        ) from error
    return table


def _describe(failures: pd.DataFrame) -> list[str]:
    """Turn pandera's failure cases into one French sentence per column and rule."""
    problems = []
    for (column, rule), cases in failures.groupby(["column", "check"], dropna=False, sort=True):
        if rule == "column_in_dataframe":
            problems += [f"colonne absente : {name}" for name in cases["failure_case"]]
            continue
        name = "table" if pd.isna(column) else f"colonne {column}"
        shown = ", ".join(repr(case) for case in cases["failure_case"].head(_MAX_CASES_SHOWN))
        more = len(cases) - _MAX_CASES_SHOWN
        tail = f" et {more} de plus" if more > 0 else ""
        problems.append(f"{name}, {_rule_in_french(str(rule))} : {shown}{tail}")
    return problems


def _rule_in_french(rule: str) -> str:
    known = {
        "not_nullable": "valeur manquante",
        "field_uniqueness": "valeur en double",
        "dtype": "type inattendu",
        "str_matches": "forme inattendue",
        "greater_than_or_equal_to": "valeur trop petite",
    }
    return next((text for key, text in known.items() if rule.startswith(key)), f"attendu : {rule}")
