"""The table of times of a study (``[temps] source``), confronted with its places and its sites."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from msap_geo import french, travel
from msap_geo.anomalies import Action, Anomaly, note
from msap_geo.errors import DataError, StudyError
from msap_geo.loaders.territory.codes_insee import departements_of, refuse_lost_zeros
from msap_geo.study.choice import SiteNames
from msap_geo.study.times.source import FromTable
from msap_geo.tabular import LINE, normalise
from msap_geo.territory import DEPARTEMENTS, INSEE_CODE_PATTERN, projected_crs
from msap_geo.travel.times import read_trips

if TYPE_CHECKING:
    from pathlib import Path

    from msap_geo.network import Profile
    from msap_geo.study.file import Study
    from msap_geo.study.inputs import Places
    from msap_geo.study.sites import Sites

UNITS = {"secondes": 1 / 60, "minutes": 1.0, "heures": 60.0}

_MODES = {
    "voiture": {"voiture", "car", "auto", "automobile", "driving", "drive", "vp"},
    "velo": {"velo", "bike", "bicycle", "cycling"},
    "pied": {"pied", "a_pied", "foot", "walk", "walking", "marche", "pedestrian"},
}

_MOST_TOLD = 50
"""Unknown names told one by one; the others are counted."""

_LONGEST_ENGINE = 80
"""Letters of what computed the times: it stands on every page."""

_FAR_M = 3000.0
_FEWEST = 5
_STRAIGHT = 0.75
"""Speed as the crow flies, as a share of that on the road: roads are some 1.3 times longer."""

_TOO_MUCH = 15.0
"""Times so many times too long, or too short, are in another unit: sixty is what one expects."""

_METRES = 50.0
"""Distances so many times those as the crow flies are in metres: a thousand is what one expects."""


class GivenTimes(NamedTuple):
    """What a table of times holds for a study.

    Parameters
    ----------
    times
        The times.
    anomalies
        What was left out or noted.
    pairs
        ``origine, destination`` of every trip of the table, those without a route too.
    read, kept
        Rows of the file, and those that serve.
    """

    times: FromTable
    anomalies: list[Anomaly]
    pairs: pd.DataFrame
    read: int
    kept: int


def read_times(study: Study, places: Places, sites: Sites, profile: Profile) -> GivenTimes:
    """Read the table of times of a study.

    A trip starts from a commune, or from an office of the study; it leads to a site by its
    identifier, to the site of that name, or to every site of a commune, by its code.

    Parameters
    ----------
    study
        Whose ``[temps]`` names the table.
    places
        Communes and codes in force.
    sites
        Its lists of sites.
    profile
        Mode of the study.

    Returns
    -------
    GivenTimes
        The times, what to tell of them, and how many rows serve.

    Raises
    ------
    FileMissingError, UnreadableFileError, MissingColumnError, DataError
        If the file is absent, is no such table, holds impossible numbers or another unit, or
        concerns no place of the study.
    StudyError
        If the times are those of another mode.
    """
    asked = study.temps
    if asked.source is None:  # the file of the study has been checked
        raise StudyError("aucune table de temps", where="[temps] source")
    path = study.path(asked.source)
    raw = read_trips(path)
    reader = _Reader(path, places, sites, study)
    trips, anomalies = _of_mode(raw, profile, path.name)
    trips = reader.from_places(trips)
    _refuse_none(trips, path, "ne part d'une commune de l'étude", reader.anomalies)
    trips = reader.to_sites(trips)
    served = trips[trips["destination"].isin(reader.every["site_id"])]
    _refuse_none(served, path, "ne mène à une Maison ou à un bureau de l'étude", reader.anomalies)
    trips = trips.assign(minutes=trips["minutes"] * UNITS[asked.unite])
    _refuse_unit(trips, reader.points(), profile, path, asked.unite)
    trips = reader.once(trips)
    limit = np.inf if asked.trajet_max_minutes is None else asked.trajet_max_minutes
    table = travel.from_table(trips[["origine", "destination", "minutes", "km"]], max_minutes=limit)
    communes = frozenset(places.origins["demand_id"])
    offices = pd.concat([sites.la_poste, sites.hosts], ignore_index=True)
    source = FromTable(
        file=path.name,
        projection=projected_crs(study.departements),
        table=table,
        communes=communes,
        stand_in=dict(zip(offices["site_id"], offices["code_insee"], strict=True)),
        engine=_engine(trips["moteur"]),
    )
    return GivenTimes(
        source,
        [*anomalies, *reader.anomalies],
        trips[["origine", "destination"]],
        len(raw),
        int(trips["rang"].nunique()),
    )


def _engine(said: pd.Series) -> str:
    """Return what computed the times, as the table says in ``moteur``."""
    names = ", ".join(sorted(set(said) - {""}))
    return names if len(names) <= _LONGEST_ENGINE else f"{names[:_LONGEST_ENGINE]}…"


def _every(sites: Sites) -> pd.DataFrame:
    """Return the sites a table may lead to, Maisons first: a name is looked for there first."""
    tables = (
        sites.maisons, sites.itinerants, sites.la_poste, sites.la_poste_around, sites.hosts,
    )  # fmt: skip
    columns = ["site_id", "nom", "commune", "code_insee", "geometry"]
    found = pd.concat([pd.DataFrame(table.reindex(columns=columns)) for table in tables])
    return found.drop_duplicates("site_id").reset_index(drop=True)


def _of_mode(
    trips: pd.DataFrame, profile: Profile, file: str
) -> tuple[pd.DataFrame, list[Anomaly]]:
    """Keep the trips of the study's mode, where the table says of which they are."""
    trips = trips.assign(rang=np.arange(len(trips)))
    said = trips["mode"].map(normalise)
    known = {word: name for name, words in _MODES.items() for word in words}
    modes = said.map(lambda word: known.get(word, word))
    fits = (said == "") | (modes == profile.name)
    if fits.all():
        return trips, []
    others = ", ".join(sorted(set(trips["mode"][~fits])))
    if not fits.any():
        raise StudyError(
            f"« {file} » donne des temps d'un autre mode ({others}) que celui de l'étude "
            f"({profile.name})",
            where="[temps] source",
            remedy='donner le mode de la table : [reseau] profil = "velo", par exemple',
        )
    message = (
        f"{french.counted(int((~fits).sum()), 'ligne')} d'un autre mode que « {profile.name} » : "
        f"{others}"
    )
    return trips[fits], [Anomaly("temps-autre-mode", Action.LEFT_OUT, file, message)]


class _Reader:
    """Names of places and sites, and what is told of those that are not found."""

    def __init__(self, path: Path, places: Places, sites: Sites, study: Study) -> None:
        self.path = path
        self.places = places
        self.every = _every(sites)
        self.maisons = sites.maisons
        asked = study.diagnostic
        self.later = asked.maisons_avant is not None or bool(asked.operateurs)
        self.anomalies: list[Anomaly] = []

    def from_places(self, trips: pd.DataFrame) -> pd.DataFrame:
        """Keep the trips that start from a commune of the study, or from one of its sites."""
        given = trips["origine"].astype(str).str.strip()
        codes = pd.Series(given.unique())
        refuse_lost_zeros(codes[~codes.isin(self.every["site_id"])], self.path)
        communes = set(self.places.origins["demand_id"])
        meaning: dict[str, str] = {}
        for code in codes:
            heir = self.places.codes.successors.get(code, code)
            if code in communes or heir in communes:
                meaning[code] = code if code in communes else heir
        starts = given.map(meaning)
        own = given.isin(self.every["site_id"]) & starts.isna()
        starts = starts.where(~own, given)
        lost = starts.isna()
        valid = given.str.fullmatch(INSEE_CODE_PATTERN).astype(bool)
        valid &= departements_of(given).isin(DEPARTEMENTS)
        here = departements_of(given).isin(
            set(departements_of(self.places.origins["demand_id"].astype(str)))
        )
        away = lost & valid & ~here
        if away.any():
            self._tell(
                "temps-hors-territoire",
                Action.LEFT_OUT,
                f"{french.counted(int(away.sum()), 'ligne')} partant d'autres départements",
            )
        self._each(
            trips.assign(given=given)[lost & ~away],
            "temps-depart-inconnu",
            "départ inconnu de l'étude",
        )
        return trips.assign(origine=starts)[~lost]

    def to_sites(self, trips: pd.DataFrame) -> pd.DataFrame:
        """Put the identifiers of sites where trips lead to; a commune's code is all its sites."""
        given = trips["destination"].astype(str).str.strip()
        ids = set(self.every["site_id"])
        in_commune = self.every.groupby("code_insee")["site_id"].agg(list).to_dict()
        meaning: dict[str, tuple[int, list[str]]] = {}
        bare, unknown, ambiguous = set(), set(), {}
        names = SiteNames(self.maisons), SiteNames(self.every)
        for word in given.unique():
            heir = self.places.codes.successors.get(word, word)
            if word in ids:
                meaning[word] = (0, [word])
            elif word in in_commune or heir in in_commune:
                meaning[word] = (2, in_commune.get(word) or in_commune[heir])
            elif re.fullmatch(INSEE_CODE_PATTERN, word):
                bare.add(word)
            else:
                found = next((rows for one in names if len(rows := one.among(word))), None)
                if found is None:
                    unknown.add(word)
                elif len(found) > 1:
                    ambiguous[word] = ", ".join(found["site_id"].astype(str).head(5))
                else:
                    meaning[word] = (1, [str(found["site_id"].iloc[0])])
        if given.isin(bare).any():
            self._tell(
                "temps-sans-site",
                Action.LEFT_OUT,
                f"{french.counted(int(given.isin(bare).sum()), 'ligne')} vers des communes où "
                "l'étude n'a aucun site",
            )
        # Other lists of the study (the previous one, those of operators) are not read yet.
        meaning |= {word: (0, [word]) for word in unknown}
        self._unknown(trips.assign(given=given)[given.isin(unknown)])
        several = trips.assign(given=given, sites=given.map(ambiguous))[given.isin(ambiguous)]
        self._each(several, "temps-arrivee-ambigue", "nom de plusieurs sites ({sites})")
        kept = trips[~given.isin({*ambiguous, *bare})].assign(given=given)
        told = kept["given"].map(meaning)
        by_commune = {word for word, (way, _) in meaning.items() if way == 2}  # noqa: PLR2004
        kept = kept.assign(way=told.str[0], destination=told.str[1]).explode("destination")
        if by_commune:
            count = sum(len(meaning[word][1]) for word in by_commune)
            self._tell(
                "temps-a-la-commune",
                Action.NOTED,
                f"{french.counted(count, 'site')} donnés par le code de leur commune : ils en "
                "prennent tous le temps",
            )
        return kept.drop(columns="given").reset_index(drop=True)

    def _unknown(self, rows: pd.DataFrame) -> None:
        """Tell what no list of Maisons or post offices has; lists read later may have them."""
        code = "temps-arrivee-inconnue"
        if rows.empty or not self.later:
            what = "arrivée inconnue des listes de Maisons et de points La Poste de l'étude"
            self._each(rows, code, what, action=Action.NOTED)
            return
        names = rows["given"].drop_duplicates()
        self._tell(
            code,
            Action.NOTED,
            f"{french.counted(len(names), 'arrivée')} que n'ont pas les listes de Maisons et de "
            f"points La Poste de l'étude (« {names.iloc[0]} »…) : celles du diagnostic, liste "
            "précédente ou opérateurs, sont peut-être du nombre",
        )

    def once(self, trips: pd.DataFrame) -> pd.DataFrame:
        """Keep a trip of each pair: that of the site itself before its commune's, the quickest."""
        pair = ["origine", "destination"]
        order = trips.sort_values([*pair, "way", "minutes"], kind="stable")
        first = order.drop_duplicates(pair)
        best = order.groupby(pair)["way"].transform("first")
        same = order[order["way"] == best]
        # A trip with no route and another with minutes are two answers too.
        answers = same.assign(minutes=same["minutes"].fillna(-1)).groupby(pair)["minutes"]
        differing = answers.nunique()
        differing = differing[differing > 1]
        if len(differing):
            where, to = differing.index[0]
            self._tell(
                "temps-contradictoires",
                Action.REPAIRED,
                f"{french.counted(len(differing), 'trajet')} donnés plusieurs fois avec des temps "
                f"différents (dont {where} → {to}) : le plus court est gardé",
            )
        return first

    def points(self) -> pd.DataFrame:
        """Return where communes and sites are, ``x`` and ``y`` in metres, by identifier."""
        origins = self.places.origins
        sites = gpd.GeoSeries(self.every["geometry"].to_numpy(), crs=origins.crs)
        points = pd.DataFrame(
            {
                axis: [*getattr(origins.geometry, axis), *getattr(sites, axis)]
                for axis in ("x", "y")
            },
            index=[*origins["demand_id"], *self.every["site_id"]],
        )
        return points[~points.index.duplicated()]

    def _tell(self, code: str, action: Action, message: str) -> None:
        self.anomalies.append(Anomaly(code, action, self.path.name, message))

    def _each(
        self, rows: pd.DataFrame, code: str, message: str, *, action: Action = Action.LEFT_OUT
    ) -> None:
        """Tell each word once, with its first line and how many rows it has."""
        if rows.empty:
            return
        counts = rows["given"].value_counts()
        first = rows.drop_duplicates("given")
        if len(first) > _MOST_TOLD:
            more = french.counted(len(first) - _MOST_TOLD, "autre nom")
            self._tell(code, action, f"{message} : {more}, non détaillés")
            first = first.head(_MOST_TOLD)
        told = first.assign(
            nom="« " + first["given"] + " »",
            identifiant=first["given"],
            lignes=first["given"].map(counts).map(lambda n: french.counted(n, "ligne")),
            **({"ligne": first[LINE]} if LINE in first else {}),
        )
        self.anomalies += note(told, code, action, f"{message}, {{lignes}}", file=self.path.name)


def _refuse_none(trips: pd.DataFrame, path: Path, what: str, told: list[Anomaly]) -> None:
    if trips.empty:
        raise DataError(
            f"aucun trajet {what}" + (f" ({told[0].message})" if told else ""),
            where=path,
            remedy="écrire le code des communes (de) et le site_id des sites (vers)",
        )


def _refuse_unit(
    trips: pd.DataFrame, points: pd.DataFrame, profile: Profile, path: Path, unit: str
) -> None:
    """Refuse times that no vehicle of the mode takes, and distances in metres: another unit."""
    known = trips[trips["origine"].isin(points.index) & trips["destination"].isin(points.index)]
    known = known[known["minutes"].notna()]
    ends = [points.loc[known[name]].to_numpy() for name in ("origine", "destination")]
    metres = np.hypot(*(ends[0] - ends[1]).T)
    far = metres > _FAR_M
    if far.sum() < _FEWEST:
        return
    longer = (known["km"].to_numpy(dtype=float) * 1000)[far] / metres[far]
    if np.isfinite(longer).sum() >= _FEWEST and np.nanmedian(longer) > _METRES:
        raise DataError(
            "les distances ne sont pas des kilomètres : elles ressemblent à des mètres",
            where=path,
            remedy="donner une colonne km, ou diviser la colonne des distances par 1 000",
        )
    minutes = known["minutes"].to_numpy(dtype=float)[far]
    with np.errstate(divide="ignore"):
        kmh = float(np.median(metres[far] / 1000 / (minutes / 60)))
    expected = _STRAIGHT * float(np.median(list(profile.speeds_kmh.values())))
    if expected / _TOO_MUCH <= kmh <= expected * _TOO_MUCH:
        return
    units = list(UNITS)
    other = units.index(unit) + (-1 if kmh < expected else 1)
    looks = f" : ils ressemblent à des {units[other]}" if 0 <= other < len(units) else ""
    told = french.number(kmh, 1) if np.isfinite(kmh) else "infini"
    raise DataError(
        f"les temps ne sont pas des {unit}{looks} (à vol d'oiseau, le trajet médian irait à "
        f"{told} km/h)",
        where=path,
        remedy=f'dire l\'unité de la table : [temps] unite = "{units[other]}"'
        if looks
        else "vérifier la colonne des temps",
    )
