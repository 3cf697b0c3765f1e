"""The official lists of Maisons (France Services), as published from 2020 to 2024."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from msap_geo import schemas
from msap_geo.anomalies import Action, Anomaly, note
from msap_geo.errors import DataError, MissingColumnError
from msap_geo.loaders.hours.horaires import JOURS, week_of_days
from msap_geo.loaders.loaded import Loaded
from msap_geo.loaders.shared import of_files, once
from msap_geo.loaders.sites.layers import is_layer, read_layer_table
from msap_geo.loaders.sites.positions import read_positions
from msap_geo.loaders.sites.postal import departement_of_postal, departement_told, with_their_zero
from msap_geo.tabular import LINE, normalise, pick_columns, read_text_table, to_number
from msap_geo.territory import INSEE_CODE_PATTERN, WGS84, departement_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

FIXED_KINDS = ("Fixe", "Multisites", "Antenne")
"""Kinds of Maison that stand where the list says: the others move, their address is a garage."""

ITINERANT_KINDS = ("Bus", "Itinérante")

_REQUIRED = {
    "nom": ("lib_fs", "lib_france_services", "lib_msap", "nom_msap", "nom_complet", "nom"),
    "commune": ("lib_com", "nom_commune", "libelle_commune", "commune", "ville"),
    "latitude": ("latitude", "lat"),
    "longitude": ("longitude", "long", "lon", "lng"),
}
_DAY_COLUMNS = tuple(f"h_{jour}" for jour in JOURS)
_OPTIONAL = {
    "site_id": ("id_fs", "matricule", "id_msap", "identifiant", "id"),
    "departement": ("insee_dep", "code_departement", "num_departement", "departement", "dep"),
    "adresse": ("adresse", "adresse_1", "adresse1"),
    "code_postal": ("code_postal", "cp"),
    "code_insee": ("insee_com", "code_insee", "codeinsee", "code_commune"),
    "code_geocode": ("result_citycode",),
    "type_fs": ("type_fs",),
    "format_fs": ("format_fs",),
    "itinerance": ("itinerance",),
    "groupe": ("groupe_fs", "groupe"),
    "commentaire": ("commentaire", "commentaires"),
    "responsable": ("goupe_france_services_responsable", "groupe_france_services_responsable"),
    "structure": ("type_structure", "type_porteur"),
    "porteur": ("lib_structure", "porteur", "structure_porteuse", "nom_porteur"),
    "labellisation": (
        "labellisation_fs",
        "labellisation",
        "date_labellisation",
        "date_de_labellisation",
        "labelisation_fs",  # one L, as some lists spell it
        "labelisation",
        "date_labelisation",
        "date_de_labelisation",
    ),
    **{f"h_{jour}": (f"h_{jour}", f"horaires_{jour}", f"horaire_{jour}", jour) for jour in JOURS},
}


@of_files
@once
def load_maisons(path: Path, *, au: str | None = None) -> Loaded[gpd.GeoDataFrame]:
    """Load a list of Maisons.

    Parameters
    ----------
    path
        List of January 2020, June 2020, December 2022 or August 2024 (recognised by its columns),
        or any table with a name, a commune, coordinates and a département or commune code: CSV, or
        a layer of points GDAL reads (GeoJSON, GeoPackage…).
    au
        Day (``"2021-01-01"``) the network is wanted on: Maisons labelled later are left out. Those
        without a date stay and are told; Maisons closed before the list was made are not in it.

    Returns
    -------
    Loaded
        Table under :data:`msap_geo.schemas.SITES`, in WGS 84, with ``genre`` among *Fixe,
        Multisites, Antenne, Bus, Itinérante*, ``horaires`` (weekly, canonical), ``labellisation``
        (ISO date), ``groupe``, ``commentaire`` and, where its principal site can be told,
        ``rattachement`` of an antenne; ``structure`` and ``porteur`` as the list of January 2020
        gives them. Rows without a believable position keep their place with a null geometry:
        :func:`msap_geo.loaders.attach_to_communes` finds them their town hall.

    Raises
    ------
    FileMissingError, UnreadableFileError, MissingColumnError, DataError
        If the file is absent or is not such a list, if ``au`` is no day, or if it is asked of a
        list without dates.
    """
    table = read_layer_table(path) if is_layer(path) else read_text_table(path)
    raw = pick_columns(table, path, required=_REQUIRED, optional=_OPTIONAL)
    rows_read = len(raw)
    raw["code_postal"], padded = with_their_zero(raw["code_postal"], file=path.name)
    raw["departement"] = _departements(raw, path)
    raw, anomalies = _mend_texts(raw, path.name)
    anomalies += padded
    raw["identifiant"] = _identifiers(raw)
    raw["labellisation"] = _iso_dates(raw["labellisation"])
    raw, repeated = _drop_repeated(raw, path.name)
    raw, codes = _codes(raw, path.name)
    raw["rattachement"] = _principals(raw)
    raw, later = _as_of(raw, au, path)
    hours, unread = week_of_days(raw, _DAY_COLUMNS, file=path.name)
    geometry, moved = read_positions(raw, file=path.name)
    table = gpd.GeoDataFrame(
        {
            "site_id": raw["identifiant"],
            "nom": raw["nom"],
            "genre": [_kind(*row) for row in _rows(raw, _KIND_COLUMNS)],
            "code_insee": raw["code_insee"],
            "departement": raw["departement"],
            "commune": raw["commune"],
            "code_postal": raw["code_postal"],
            "adresse": raw["adresse"],
            "structure": raw["structure"],
            "porteur": raw["porteur"],
            "groupe": raw["groupe"],
            "commentaire": raw["commentaire"],
            "rattachement": raw["rattachement"],
            "horaires": hours,
            "labellisation": raw["labellisation"],
            "position": geometry.notna().map({True: "source", False: "aucune"}),
            LINE: raw[LINE],
        },
        geometry=geometry,
        crs=WGS84,
    ).reset_index(drop=True)
    anomalies += _unknown_kinds(raw, path.name)
    told = {a.line for a in codes if a.code == "geocodage-ailleurs"}
    moved = [a for a in moved if a.line not in told]
    anomalies = [*anomalies, *repeated, *codes, *later, *unread, *moved]
    return Loaded(schemas.check(table, schemas.SITES, where=str(path)), rows_read, tuple(anomalies))


def _departements(raw: pd.DataFrame, path: Path) -> pd.Series:
    """Return the département of each row: of its commune's code, else declared, else postal."""
    readable = raw["code_insee"].str.fullmatch(INSEE_CODE_PATTERN)
    postal = raw["code_postal"].map(departement_of_postal)
    declared = raw["departement"].map(departement_told)
    declared = declared.where((postal == "") | ~declared.isin(["", "20"]), postal)
    settled = raw["code_insee"].map(departement_of).where(readable, declared)
    if (settled == "").all():
        raise MissingColumnError(
            f"« {path.name} » : ni code de département (insee_dep), ni code de commune "
            "(insee_com), ni code postal",
            where=path,
            remedy="vérifier que c'est bien une liste de Maisons",
        )
    return settled


def _iso_dates(texts: pd.Series) -> pd.Series:
    """Read ``Espace labellisé 01/09/2020``, ``…01/2020`` (first of the month) and ISO dates."""
    parts = texts.str.extract(
        r"(?:(?:(?P<day>\d{2})/)?(?P<month>\d{2})/(?P<year>\d{4}))|(?P<iso>\d{4}-\d{2}-\d{2})"
    )
    written = parts["year"] + "-" + parts["month"] + "-" + parts["day"].fillna("01")
    dates = pd.to_datetime(parts["iso"].fillna(written), format="%Y-%m-%d", errors="coerce")
    iso = dates.dt.strftime("%Y-%m-%d").astype(object)
    return iso.where(dates.notna(), None)


def _principals(raw: pd.DataFrame) -> pd.Series:
    """Return the identifier of the principal site of each antenne, null where it cannot be told.

    The list of June 2020 names it; later ones name a group: its principal site, if it has only one.
    """
    named = raw["responsable"].where(raw["responsable"].isin(raw["identifiant"]))
    is_antenne = pd.Series(
        [
            normalise(rank) == "antenne" or normalise(form) == "antenne"
            for rank, form in _rows(raw, ("type_fs", "format_fs"))
        ],
        index=raw.index,
    )
    grouped = raw["groupe"] != ""
    heads = raw[~is_antenne & grouped].drop_duplicates("groupe", keep=False)
    principal = raw["groupe"].map(dict(zip(heads["groupe"], heads["identifiant"], strict=True)))
    found = named.astype(object).fillna(principal.astype(object)).where(is_antenne)
    return found.where(found.notna() & (found != raw["identifiant"]), None)


def _as_of(raw: pd.DataFrame, au: str | None, path: Path) -> tuple[pd.DataFrame, list[Anomaly]]:
    """Keep the Maisons labelled on a day or before."""
    if au is None:
        return raw, []
    try:
        day = date.fromisoformat(au).isoformat()
    except ValueError as error:
        raise DataError(
            f"« {au} » n'est pas une date", remedy='écrire par exemple au = "2021-01-01"'
        ) from error
    unknown = raw["labellisation"].isna()
    if unknown.all():
        raise DataError(
            f"« {path.name} » ne donne pas les dates de labellisation : le réseau au {au} ne peut "
            "pas être reconstitué",
            where=path,
            remedy="prendre une liste de juin 2020 ou plus récente, ou la liste de cette date",
        )
    later = raw["labellisation"].fillna("") > day
    if later.all():
        raise DataError(
            f"« {path.name} » : aucune Maison n'était labellisée le {day} (la première l'a été le "
            f"{raw['labellisation'].min()})",
            where=path,
            remedy="choisir un jour plus récent, ou la liste de cette date",
        )
    anomalies = [
        *note(
            raw[later],
            "labellisee-apres",
            Action.LEFT_OUT,
            f"labellisée le {{labellisation}}, après le {day}",
            file=path.name,
        ),
        *note(
            raw[unknown],
            "labellisation-inconnue",
            Action.NOTED,
            "sans date de labellisation, gardée",
            file=path.name,
        ),
    ]
    return raw[~later].reset_index(drop=True), anomalies


def _mend_texts(raw: pd.DataFrame, file: str) -> tuple[pd.DataFrame, list[Anomaly]]:
    """Undo UTF-8 read as Windows-1252 (``Trie-ChÃ¢teau``), which the 2022 list holds."""
    mended = raw["nom"].map(_undo_mojibake)
    changed = mended != raw["nom"]
    told = raw.assign(identifiant=raw["site_id"], nom=mended, lu=raw["nom"])
    anomalies = note(
        told[changed], "accents-abimes", Action.REPAIRED, "accents abîmés (« {lu} »)", file=file
    )
    return raw.assign(nom=mended, commune=raw["commune"].map(_undo_mojibake)), anomalies


def _undo_mojibake(text: str) -> str:
    if "Ã" not in text:
        return text
    try:
        return text.encode("cp1252").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return text


def _identifiers(raw: pd.DataFrame) -> pd.Series:
    """Return the list's own identifier, else one made of département and name (2020)."""
    if (raw["site_id"] != "").all():
        return raw["site_id"]
    made = raw["departement"] + "-" + raw["nom"].map(normalise).str.replace("_", "-")
    rank = made.groupby(made).cumcount() + 1
    made = made.where(rank == 1, made + "-" + rank.astype(str))
    return raw["site_id"].where(raw["site_id"] != "", made)


def _drop_repeated(raw: pd.DataFrame, file: str) -> tuple[pd.DataFrame, list[Anomaly]]:
    repeated = raw["identifiant"].duplicated(keep="first")
    anomalies = note(
        raw[repeated], "doublon", Action.LEFT_OUT, "identifiant déjà donné plus haut", file=file
    )
    raw = raw[~repeated].copy()
    twice = _given_twice(raw)
    anomalies += note(
        raw[twice],
        "doublon",
        Action.LEFT_OUT,
        "même nom, au même point qu'une autre ligne, gardée",
        file=file,
    )
    return raw[~twice].copy(), anomalies


def _given_twice(raw: pd.DataFrame) -> pd.Series:
    """Tell the Maisons that bear the name of another at the same point, under another identifier.

    One that moves and one that does not may share both.
    """
    key = pd.DataFrame(
        {
            "departement": raw["departement"],
            "nom": raw["nom"].map(normalise),
            "latitude": to_number(raw["latitude"]),
            "longitude": to_number(raw["longitude"]),
            "moves": [_kind(*row) in ITINERANT_KINDS for row in _rows(raw, _KIND_COLUMNS)],
        },
        index=raw.index,
    )
    placed = key[key["latitude"].notna() & key["longitude"].notna()]
    # Of two rows, that which says more is kept.
    silent = (raw.astype(str) == "").sum(axis=1)
    ordered = placed.loc[silent[placed.index].sort_values(kind="stable").index]
    same = ordered[ordered.duplicated(["departement", "nom", "moves"], keep=False)]
    repeated = pd.Series(data=False, index=raw.index)
    for _, rows in same.groupby(["departement", "nom", "moves"]):
        kept: list[tuple[float, float]] = []
        for row in rows.itertuples():
            here = (row.latitude, row.longitude)
            repeated[row.Index] = any(_near(here, there) for there in kept)
            if not repeated[row.Index]:
                kept.append(here)
    return repeated


def _near(here: tuple[float, float], there: tuple[float, float]) -> bool:
    """Tell whether two places in degrees are one, geocoded twice."""
    return max(abs(a - b) for a, b in zip(here, there, strict=True)) <= _SAME_POINT


_SAME_POINT = 2e-4
"""Degrees, some twenty metres: a point written with fewer decimals, or of another geocoder."""


def _codes(raw: pd.DataFrame, file: str) -> tuple[pd.DataFrame, list[Anomaly]]:
    """Settle the commune code: the declared one, else the geocoder's where it is believable.

    The list of 2020 declares none; its geocoder sent Vico (2A) to Saint-Étienne (42218). An answer
    in another département is therefore refused together with its coordinates.
    """
    declared = raw["code_insee"].where(raw["code_insee"].str.fullmatch(INSEE_CODE_PATTERN))
    bad = (raw["code_insee"] != "") & declared.isna()
    geocoded = raw["code_geocode"].where(raw["code_geocode"].str.fullmatch(INSEE_CODE_PATTERN))
    elsewhere = (
        declared.isna()
        & geocoded.notna()
        & (geocoded.map(departement_of, na_action="ignore") != raw["departement"])
    )
    anomalies = [
        *note(
            raw[bad],
            "code-commune-invalide",
            Action.NOTED,
            "code de commune « {code_insee} » illisible",
            file=file,
        ),
        *note(
            raw[elsewhere],
            "geocodage-ailleurs",
            Action.NOTED,
            "géocodé dans un autre département ({code_geocode}), position ignorée",
            file=file,
        ),
    ]
    settled = raw.assign(code_insee=declared.fillna(geocoded.where(~elsewhere)))
    settled.loc[elsewhere, ["latitude", "longitude"]] = ""
    return settled, anomalies


def _rows(raw: pd.DataFrame, columns: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return zip(*(raw[name].tolist() for name in columns), strict=True)


_KIND_COLUMNS = ("format_fs", "type_fs", "itinerance", "nom")
_MOVES = re.compile(
    r"(?:^|_)(?:mini)?(?:bus|itineran|mobile|camion|van$|van_|fourgon|camping|vehicule)"
)
_STAYS = ("fixe", "multisite", "antenne", "principal", "site_principal", "espace", "structure")
_YES = {"oui", "o", "yes", "vrai", "true", "1", "x"}


def _kind(form: str, rank: str, itinerance: str, name: str) -> str:
    """Return the kind of Maison, whatever the year's vocabulary."""
    form = normalise(form)
    if normalise(itinerance) in _YES or _MOVES.search(form):
        is_bus = "bus" in form or "bus" in normalise(name).split("_")
        return "Bus" if is_bus else "Itinérante"
    if "antenne" in (normalise(rank), form):
        return "Antenne"
    return "Multisites" if form.startswith("multisite") else "Fixe"


def _unknown_kinds(raw: pd.DataFrame, file: str) -> list[Anomaly]:
    """Tell the Maisons counted as fixed though the list, which tells others, does not say so."""
    form = raw["format_fs"].map(normalise)
    told = (form != "") | (raw["itinerance"] != "")
    known = form.str.startswith(_STAYS) | form.str.contains(_MOVES) | (form == "")
    # The list of January 2020 has no format, and names only those that move.
    silent = raw[~told] if (form != "").any() else raw[:0]
    message = "format {} : comptée comme une Maison fixe"
    return [
        *note(
            raw[~known],
            "format-inconnu",
            Action.NOTED,
            message.format("« {format_fs} » inconnu"),
            file=file,
        ),
        *note(silent, "format-inconnu", Action.NOTED, message.format("non donné"), file=file),
    ]
