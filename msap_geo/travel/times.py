"""Travel times as everything downstream takes them, wherever they come from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from msap_geo import french, notebook_html, schemas
from msap_geo.errors import DataError, MissingColumnError
from msap_geo.network import MINUTE_GRAIN
from msap_geo.tabular import (
    LINE,
    parquet_faults,
    pick_columns,
    read_text_table,
    require_file,
    settle_twins,
    to_number,
    twinned_names,
)
from msap_geo.travel.engine import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

OFF_NETWORK = "hors réseau"
NO_ROUTE = "sans route"
BEYOND_MAXIMUM = "au-delà du maximum"

NOT_GIVEN = "temps non donné"

TIE_MINUTES = 16 * MINUTE_GRAIN
"""Trips this close are equally quick: the smaller site, then the shorter trip, comes first."""

_COLUMNS = {
    "origine": (
        "origine", "origin", "from", "from_id", "origin_id", "de", "depart", "demand_id",
        "com_depart", "id_origine", "code_insee",
    ),
    "destination": (
        "destination", "to", "to_id", "destination_id", "vers", "a", "arrivee", "site_id",
        "com_arrivee", "id_destination",
    ),
    "minutes": (
        "minutes", "duree", "duree_min", "duree_minutes", "temps", "temps_min", "temps_minutes",
        "duration_min", "travel_time", "travel_time_p50", "duration",
    ),
}  # fmt: skip
_OPTIONAL = {
    "km": ("km", "distance", "distance_km"),
    "mode": ("mode", "profil", "profile", "transport_mode"),
    "moteur": ("moteur", "engine"),
}


@dataclass(frozen=True, eq=False)
class TravelTimes:
    """Sparse travel times from places to sites.

    Parameters
    ----------
    demand_ids, site_ids
        Identifiers of the rows and of the columns.
    minutes, km
        Sparse matrices of the same pattern; a pair that is not stored is beyond ``max_minutes``.
        Kilometres are NaN where the source of the times does not give them.
    max_minutes
        Bound the times were computed within, inclusive.
    """

    demand_ids: pd.Index
    site_ids: pd.Index
    minutes: csr_array
    km: csr_array
    max_minutes: float

    def _repr_html_(self) -> str:
        """Show the times in a notebook."""
        trips = self.minutes.data
        figures = {
            "lieux de départ": french.number(len(self.demand_ids)),
            "sites": french.number(len(self.site_ids)),
            "trajets": french.number(len(trips)),
            "trajet le plus long gardé": french.minutes(self.max_minutes)
            if np.isfinite(self.max_minutes)
            else "sans limite",
        }
        if len(trips):
            figures["temps médian, maximal"] = (
                f"{french.minutes(float(np.median(trips)))}, {french.minutes(float(trips.max()))}"
            )
        titles = {"demand_id": "Départ", "site_id": "Site", "minutes": "Minutes", "km": "Km"}
        sample = notebook_html.table(self.long(), titles, caption="Premiers trajets", shown=5)
        return notebook_html.card("Temps de trajet", figures, tables=[sample])

    def __repr__(self) -> str:
        return (
            f"TravelTimes(places={len(self.demand_ids)}, sites={len(self.site_ids)}, "
            f"trips={self.minutes.nnz}, max_minutes={self.max_minutes:g})"
        )

    def long(self) -> pd.DataFrame:
        """Return the times as a table: ``demand_id, site_id, minutes, km``."""
        times = self.minutes.tocoo()
        return pd.DataFrame(
            {
                "demand_id": self.demand_ids[times.row],
                "site_id": self.site_ids[times.col],
                "minutes": times.data,
                "km": self.km.tocoo().data,
            }
        )

    def between(self, site_ids: Iterable[str], *, max_minutes: float = np.inf) -> TravelTimes:
        """Return the times to some of the sites, no longer than a bound.

        Parameters
        ----------
        site_ids
            Columns of the result, in its order.
        max_minutes
            Longest trip kept, inclusive.

        Returns
        -------
        TravelTimes
            Bounded by the tighter of both bounds.

        Raises
        ------
        DataError
            If a site is not a column of these times.
        """
        wanted = pd.Index(site_ids)
        columns = self.site_ids.get_indexer(wanted)
        if (columns < 0).any():
            unknown = ", ".join(map(str, wanted[columns < 0][:5]))
            raise DataError(f"aucun temps n'est connu vers ces sites : {unknown}")
        minutes, km = self.minutes[:, columns], self.km[:, columns]
        kept = minutes.data <= max_minutes + ROUNDING
        start = np.concatenate([[0], np.cumsum(kept)])[minutes.indptr]
        values = (np.minimum(minutes.data[kept], max_minutes), km.data[kept])
        parts = [
            csr_array((value, minutes.indices[kept], start), shape=minutes.shape)
            for value in values
        ]
        bound = min(float(max_minutes), self.max_minutes)
        return TravelTimes(self.demand_ids, wanted, parts[0], parts[1], bound)

    def nearest(self, *, k: int = 1) -> pd.DataFrame:
        """Return the nearest sites of each place among these times.

        What :func:`msap_geo.travel.nearest` gives, for times that come from elsewhere.

        Parameters
        ----------
        k
            How many sites to find for each place.

        Returns
        -------
        pandas.DataFrame
            Table under :data:`msap_geo.schemas.NEAREST`; the leg to the road is not known.
        """
        found = self.long()
        coarse = (found["minutes"] / TIE_MINUTES).round()
        found = found.assign(coarse=coarse).sort_values(["coarse", "site_id"], kind="stable")
        found["rang"] = found.groupby("demand_id").cumcount() + 1
        everyone = pd.DataFrame({"demand_id": self.demand_ids})
        table = everyone.merge(found[found["rang"] <= k], on="demand_id", how="left")
        lost = table["minutes"].isna()
        otherwise = BEYOND_MAXIMUM if np.isfinite(self.max_minutes) else NO_ROUTE
        table = table.assign(
            rang=table["rang"].fillna(1).astype("int64"),
            acces_m=np.nan,
            raison=pd.Series(np.where(lost, otherwise, ""), index=table.index).astype(str),
        )
        columns = ["demand_id", "rang", "site_id", "minutes", "km", "acces_m", "raison"]
        return schemas.check(table[columns], schemas.NEAREST)


def from_table(
    table: Path | str | pd.DataFrame,
    *,
    demand_ids: pd.Index | None = None,
    site_ids: pd.Index | None = None,
    max_minutes: float = np.inf,
) -> TravelTimes:
    """Bring in times computed elsewhere: METRIC, OSRM, any engine.

    Parameters
    ----------
    table
        Table, CSV or Parquet of ``origine, destination, minutes`` and, when known, ``km``; one row
        per trip. Of duplicates the quickest wins. A row without minutes has no route.
    demand_ids, site_ids
        Rows and columns of the result; those of the table, in the order met, by default. Trips
        of other places are left out.
    max_minutes
        Longest trip kept, inclusive.

    Returns
    -------
    TravelTimes
        The times; kilometres are NaN where the table has none.

    Raises
    ------
    FileMissingError, UnreadableFileError
        If the file is absent or is not such a table.
    MissingColumnError
        If a column is absent.
    DataError
        If minutes are negative or not numbers, or if no trip concerns the places asked for.
    """
    where = "la table des temps" if isinstance(table, pd.DataFrame) else str(table)
    trips = read_trips(table)
    minutes, km = trips["minutes"], trips["km"]
    rows = pd.Index(trips["origine"].unique() if demand_ids is None else demand_ids)
    columns = pd.Index(trips["destination"].unique() if site_ids is None else site_ids)
    i, j = rows.get_indexer(trips["origine"]), columns.get_indexer(trips["destination"])
    known = (i >= 0) & (j >= 0)
    if len(trips) and not known.any():
        raise DataError(
            "aucun trajet ne concerne les lieux de l'étude",
            where=where,
            remedy="vérifier que les identifiants sont les mêmes des deux côtés",
        )
    within = known & (minutes <= max_minutes + ROUNDING).to_numpy()
    minutes = minutes.clip(upper=max_minutes)
    kept = pd.DataFrame({"i": i, "j": j, "minutes": minutes, "km": km})[within]
    kept = kept.sort_values(["i", "j", "minutes", "km"]).drop_duplicates(["i", "j"])
    start = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum(np.bincount(kept["i"], minlength=len(rows)), out=start[1:])
    shape, column = (len(rows), len(columns)), kept["j"].to_numpy(dtype=np.int32)
    times: NDArray[np.float64] = kept["minutes"].to_numpy(dtype=float)
    return TravelTimes(
        rows,
        columns,
        csr_array((times, column, start), shape=shape),
        csr_array((kept["km"].to_numpy(dtype=float), column, start), shape=shape),
        float(max_minutes),
    )


def read_trips(table: Path | str | pd.DataFrame) -> pd.DataFrame:
    """Read a table of trips under our names, as it is: nothing joined, nothing left out.

    Parameters
    ----------
    table
        What :func:`from_table` takes.

    Returns
    -------
    pandas.DataFrame
        ``origine``, ``destination`` (text), ``minutes``, ``km`` (NaN where blank), ``mode`` and
        ``moteur`` (empty where the table has none), and the line of a text file.

    Raises
    ------
    FileMissingError, UnreadableFileError
        If the file is absent or is not such a table.
    MissingColumnError
        If a column is absent.
    DataError
        If minutes or kilometres are negative or not numbers.
    """
    where = "la table des temps" if isinstance(table, pd.DataFrame) else str(table)
    trips = _read(table)
    for name in ("mode", "moteur"):
        said = trips[name].fillna("").astype(str).str.strip() if name in trips else ""
        trips[name] = said
    return trips.assign(**{name: _numbers(trips, name, where) for name in ("minutes", "km")})


def _read(table: Path | str | pd.DataFrame) -> pd.DataFrame:
    wanted = {**_COLUMNS, **_OPTIONAL}
    where = "la table des temps" if isinstance(table, pd.DataFrame) else table
    if not isinstance(table, pd.DataFrame):
        path = Path(table)
        require_file(path)
        if path.suffix.lower() != ".parquet":
            return pick_columns(read_text_table(path), path, required=_COLUMNS, optional=_OPTIONAL)
        with parquet_faults(path):
            table = pd.read_parquet(path)
    table = table.set_axis(
        twinned_names([str(name).strip().lower() for name in table.columns]), axis=1
    )
    table = settle_twins(table, where, {alias for names in wanted.values() for alias in names})
    found = {}
    for column, aliases in wanted.items():
        present = next((alias for alias in aliases if alias in table), None)
        if present is not None:
            found[column] = table[present]
        elif column in _COLUMNS:
            raise MissingColumnError(
                f"table des temps : colonne absente : {column}",
                remedy=f"la nommer d'une de ces façons : {', '.join(aliases)}",
            )
    frame = pd.DataFrame(found).reset_index(drop=True)
    return frame.assign(
        **{column: frame[column].astype(str) for column in ("origine", "destination")}
    )


def _numbers(trips: pd.DataFrame, column: str, where: str) -> pd.Series:
    if column not in trips:
        return pd.Series(np.nan, index=trips.index)
    given = trips[column]
    numbers = given if pd.api.types.is_numeric_dtype(given) else to_number(given)
    blank = given.isna() | (given.astype(str).str.strip() == "")
    wrong = (numbers.isna() & ~blank) | (numbers < 0) | np.isinf(numbers)
    if wrong.any():
        first = trips.index[wrong][0]
        line = f", ligne {trips[LINE][first]}" if LINE in trips else f", rang {first}"
        raise DataError(
            f"{int(wrong.sum())} trajets ont une valeur impossible dans « {column} » "
            f"(« {given[first]} »)",
            where=f"{where}{line}",
            remedy="donner des nombres positifs ; laisser vide un trajet sans route",
        )
    return numbers.astype(float)
