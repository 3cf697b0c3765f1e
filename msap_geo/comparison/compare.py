"""Two studies compared: from their folders to what changed, for whom, and why it may have."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pyproj

from msap_geo import coverage
from msap_geo.comparison.caveats import told_minutes, warnings_of
from msap_geo.comparison.cover import cover_changes
from msap_geo.comparison.inputs import Difference, bears_on, differences
from msap_geo.comparison.side import ZONES, Side, side_of
from msap_geo.errors import DataError, StudyError, TerritoryError

if TYPE_CHECKING:
    from msap_geo.study.facts import Facts

WHOLE = "ensemble"


@dataclass(frozen=True, eq=False)
class Comparison:
    """Everything that differs between two studies of one territory.

    Parameters
    ----------
    before, after
        The two folders.
    labels
        Name of each study, told apart by its folder where the names are the same.
    thresholds
        Those the two studies share, minutes; the first one defines the zones blanches.
    differences, warnings
        What differs in their inputs and parameters; what the reader must know first, sentences.
    communes
        Communes of either (:func:`msap_geo.coverage.compare_access`) with their outline (none for
        one merged since) and the zone blanche they are in on each side, ``zone_avant`` and
        ``zone_apres``.
    leftovers
        Communes of one side only (:func:`msap_geo.coverage.counterparts`).
    territories
        Who gains and who loses (:func:`msap_geo.coverage.balance`), whole territory first, then by
        département.
    groups
        The same for the target groups, whole territory.
    transitions
        People by class before and after.
    cover
        People by what covers them before and after (:func:`cover_changes`).
    zones
        What became of each zone blanche (:func:`msap_geo.coverage.zone_changes`).
    zones_before, zones_after
        The zones of each side, at the first shared threshold.
    maisons
        What became of each Maison (:func:`msap_geo.coverage.site_changes`), the people it is the
        nearest to, and those it gains or loses at the first threshold; its place.
    candidates
        Candidates of either, their rank and gain on each side.
    """

    before: Side
    after: Side
    labels: tuple[str, str]
    thresholds: tuple[float, ...]
    differences: tuple[Difference, ...]
    warnings: tuple[str, ...]
    communes: gpd.GeoDataFrame
    leftovers: pd.DataFrame
    territories: pd.DataFrame
    groups: pd.DataFrame
    transitions: pd.DataFrame
    cover: pd.DataFrame
    zones: pd.DataFrame
    zones_before: gpd.GeoDataFrame
    zones_after: gpd.GeoDataFrame
    maisons: gpd.GeoDataFrame
    candidates: pd.DataFrame

    def __repr__(self) -> str:
        whole = self.territories.iloc[0]
        return (
            f"Comparison({self.labels[0]!r}, {self.labels[1]!r}, "
            f"gagnent={whole['gagnent']}, perdent={whole['perdent']})"
        )

    @property
    def threshold(self) -> float:
        """The first shared threshold: beyond it a commune is in a zone blanche."""
        return self.thresholds[0]

    @property
    def kinds(self) -> list[str]:
        """What the differences bear on, of :data:`KINDS`."""
        return bears_on(list(self.differences))

    def whole(self, threshold: float) -> dict[str, int | float]:
        """Return the figures of the whole territory for a threshold, by column."""
        table = self.territories
        row = table[(table["territoire"] == WHOLE) & (table["seuil"] == threshold)].iloc[0]
        return dict(row.drop(["territoire", "groupe"]))

    def largest(self, status: str, *, most: int) -> pd.DataFrame:
        """Return the most populous communes of a status at the first threshold.

        Parameters
        ----------
        status
            :data:`msap_geo.coverage.GAINED` or :data:`msap_geo.coverage.LOST`.
        most
            How many at most.

        Returns
        -------
        pandas.DataFrame
            ``code_insee, nom, population, minutes_avant, minutes_apres, site_nom_avant,
            site_nom_apres, a_la_marge``, most populous first; those who gain at their population
            of after, those who lose at that of before.
        """
        first = f"{self.threshold:g}"
        side = "avant" if status == coverage.LOST else "apres"
        chosen = pd.DataFrame(self.communes[self.communes[f"statut_{first}"] == status])
        table = chosen.rename(
            columns={f"population_{side}": "population", f"a_la_marge_{first}": "a_la_marge"}
        )
        columns = [
            "code_insee", "nom", "population", "minutes_avant", "minutes_apres",
            "site_nom_avant", "site_nom_apres", "a_la_marge",
        ]  # fmt: skip
        ordered = table.sort_values(["population", "code_insee"], ascending=[False, True])
        return ordered[columns].head(most).reset_index(drop=True)


def compare_studies(before: Side | Facts, after: Side | Facts) -> Comparison:
    """Compare two studies of one territory.

    Parameters
    ----------
    before, after
        Two results, or two folders read back (:func:`read_folder`): two dates, two plans, two
        conventions… "before" is only the one the other is compared with.

    Returns
    -------
    Comparison
        Everything that differs.

    Raises
    ------
    TerritoryError
        If they are not of the same territory.
    StudyError
        If they share no threshold.
    DataError
        If they have no commune in common.
    """
    before, after = (each if isinstance(each, Side) else side_of(each) for each in (before, after))
    thresholds = _shared(before, after)
    compared = coverage.compare_access(before.access, after.access, thresholds=thresholds)
    zones = tuple(_zones(side, thresholds[0]) for side in (before, after))
    codes = compared["code_insee"]
    compared = compared.assign(
        zone_avant=_zone_of(zones[0], codes), zone_apres=_zone_of(zones[1], codes)
    )
    found = tuple(differences(before.manifest, after.manifest))
    leftovers = coverage.counterparts(
        compared, before.communes, after.communes.to_crs(before.communes.crs)
    )
    whole = pd.Series(WHOLE, index=compared.index)
    territories = pd.concat(
        [
            coverage.balance(compared, label, thresholds=thresholds)
            for label in (whole, compared["departement"])
        ],
        ignore_index=True,
    )
    groups = [
        coverage.balance(compared, whole, thresholds=thresholds, group=group)
        for group in coverage.compared_groups(compared)
    ]
    return Comparison(
        before=before,
        after=after,
        labels=_labels(before, after),
        thresholds=thresholds,
        differences=found,
        warnings=tuple(warnings_of(before, after, found, thresholds, leftovers)),
        communes=gpd.GeoDataFrame(
            compared,
            geometry=_outlines(before.communes, after.communes, leftovers)
            .reindex(codes)
            .to_numpy(),
            crs=before.communes.crs,
        ),
        leftovers=leftovers,
        territories=_whole_persons(territories),
        groups=pd.concat(groups, ignore_index=True) if groups else territories.head(0),
        transitions=coverage.transitions(compared, thresholds=thresholds),
        cover=cover_changes(before, after, compared, threshold=thresholds[0]),
        zones=_zone_changes(compared, zones),
        zones_before=zones[0],
        zones_after=zones[1],
        maisons=_maisons(before, after, compared, threshold=thresholds[0]),
        candidates=_candidates(before.candidates, after.candidates),
    )


def _shared(before: Side, after: Side) -> tuple[float, ...]:
    """Return the thresholds both studies have, after checking they are of one territory."""
    if before.departements != after.departements:
        raise TerritoryError(
            "les deux études ne sont pas du même territoire : "
            f"{', '.join(before.departements)} et {', '.join(after.departements)}",
            where=f"{before.where} et {after.where}",
            remedy="comparer deux études des mêmes départements",
        )
    if not pyproj.CRS(before.communes.crs).equals(pyproj.CRS(after.communes.crs)):
        raise DataError(
            "les deux études ne sont pas dans la même projection",
            where=f"{before.where} et {after.where}",
            remedy="les relancer avec la même version de msap-geo",
        )
    shared = tuple(value for value in before.thresholds if value in after.thresholds)
    if not shared:
        raise StudyError(
            f"les deux études n'ont aucun seuil en commun : {told_minutes(before.thresholds)} et "
            f"{told_minutes(after.thresholds)}",
            where="[etude] seuils_minutes",
            remedy="relancer l'une des deux avec au moins un seuil de l'autre",
        )
    return shared


def _labels(before: Side, after: Side) -> tuple[str, str]:
    if before.name != after.name:
        return before.name, after.name
    names = [Path(side.where).resolve().name for side in (before, after)]
    if names[0] == names[1]:
        names = ["avant", "après"]
    return f"{before.name} ({names[0]})", f"{after.name} ({names[1]})"


def _zones(side: Side, threshold: float) -> gpd.GeoDataFrame:
    """Return the zones blanches of a study, made anew if its own have another threshold."""
    if side.thresholds[0] == threshold:
        return side.zones
    return coverage.zones_blanches(side.communes, side.access, threshold=threshold)[ZONES]


def _zone_of(zones: gpd.GeoDataFrame, codes: pd.Series) -> pd.Series:
    members = zones[["zone_id", "communes"]].explode("communes").dropna()
    named = members.set_index("communes")["zone_id"]
    found = codes.map(named).astype(object)
    return found.where(found.notna(), None)


def _outlines(
    before: gpd.GeoDataFrame, after: gpd.GeoDataFrame, leftovers: pd.DataFrame
) -> pd.Series:
    """Return the outline of each commune of after, then of those gone whose ground is nobody's.

    A commune merged since has none: it would lie over its heir's.
    """
    gone = leftovers[leftovers["code_voisin"].isna()]["code_insee"]
    alone = before[before["code_insee"].isin(gone)]
    shapes = [
        pd.Series(side.geometry.to_numpy(dtype=object), index=side["code_insee"])
        for side in (after, alone)
    ]
    found = pd.concat(shapes)
    return found[~found.index.duplicated()]


_COUNTS = (
    "effectif_avant", "effectif_apres", "couverts_avant", "couverts_apres", "gagnent", "perdent",
    "gagnent_a_la_marge", "perdent_a_la_marge", "variation_a_portee", "arrivent", "partent",
    "rapproches", "eloignes",
)  # fmt: skip


def _whole_persons(table: pd.DataFrame) -> pd.DataFrame:
    return table.astype(dict.fromkeys(_COUNTS, "int64"))


def _zone_changes(compared: pd.DataFrame, zones: tuple[gpd.GeoDataFrame, ...]) -> pd.DataFrame:
    """Tell what became of each zone: those who left at the population of before, others of after.

    Communes of one side only count: those who were in the zone and are on neither list of after
    have left it, those new on the list have entered it.
    """
    was, now = compared["zone_avant"], compared["zone_apres"]
    table = coverage.zone_changes(was, now, compared["population_apres"])
    first = coverage.zone_changes(was, now, compared["population_avant"]).set_index("zone_id")
    table = table.assign(
        population_avant=first["population_avant"].reindex(table["zone_id"]).to_numpy(),
        population_sortie=first["population_sortie"].reindex(table["zone_id"]).to_numpy(),
    )
    most = table["population_avant"] + table["population_entree"]
    order = table.assign(most=most).sort_values(["most", "zone_id"], ascending=[False, True])
    table = table.loc[order.index].reset_index(drop=True)
    names = compared.set_index("code_insee")["nom"]
    table.insert(1, "nom", table["zone_id"].str.removeprefix("ZB-").map(names).astype(object))
    ranks = [side.set_index("zone_id")["rang"] for side in zones]
    new = table["evolution"] == "nouvelle"
    rank = table["zone_id"].map(ranks[0]).where(~new)
    table.insert(2, "rang_avant", rank.astype("Int64"))
    table["communes_avant"] = _count(compared, was, table["zone_id"], was.notna())
    table["communes_sorties"] = _count(compared, was, table["zone_id"], now.isna())
    alone = compared["presence"] != coverage.BOTH
    table["communes_sans_correspondance"] = _count(
        compared, was.fillna(now), table["zone_id"], alone
    )
    return table


def _count(
    compared: pd.DataFrame, zone: pd.Series, zones: pd.Series, which: pd.Series
) -> pd.Series:
    counted = compared[which & zone.notna()].groupby(zone)["code_insee"].size()
    return zones.map(counted).fillna(0).astype("int64")


def _maisons(
    before: Side, after: Side, compared: pd.DataFrame, *, threshold: float
) -> gpd.GeoDataFrame:
    moved = after.maisons.to_crs(before.maisons.crs)
    table = coverage.site_changes(before.maisons, moved)
    status = compared[f"statut_{threshold:g}"]
    for name, side, which in (
        ("habitants_avant", "avant", slice(None)),
        ("habitants_apres", "apres", slice(None)),
        (f"perdent_{threshold:g}", "avant", status == coverage.LOST),
        (f"gagnent_{threshold:g}", "apres", status == coverage.GAINED),
    ):
        chosen = compared.loc[which]
        people = chosen.groupby(f"site_id_{side}")[f"population_{side}"].sum()
        table[name] = table[f"site_id_{side}"].map(people).fillna(0).astype("int64")
    table["voisine"] = ~table["departement"].isin(before.departements)
    places = [side.set_index("site_id").geometry for side in (before.maisons, moved)]
    points = [
        places[1].get(now) if isinstance(now, str) else places[0].get(was)
        for was, now in zip(table["site_id_avant"], table["site_id_apres"], strict=True)
    ]
    return gpd.GeoDataFrame(table, geometry=points, crs=before.maisons.crs)


def _candidates(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Put the candidates of the two studies side by side, best of after first."""
    columns = ["site_id", "nom", "code_insee", "rang", "population_gagnee"]
    table = before[columns].merge(
        after[columns], on="site_id", how="outer", suffixes=("_avant", "_apres")
    )
    for name in ("nom", "code_insee"):
        table[name] = table[f"{name}_apres"].where(
            table[f"{name}_apres"].notna(), table[f"{name}_avant"]
        )
    kept = ["site_id", "nom", "code_insee"]
    numbers = [f"{n}_{s}" for n in ("rang", "population_gagnee") for s in ("avant", "apres")]
    table = table[[*kept, *numbers]].astype(dict.fromkeys(numbers, "Int64"))
    return table.sort_values(["rang_apres", "rang_avant", "site_id"], ignore_index=True)
