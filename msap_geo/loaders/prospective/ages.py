"""How old the people of each commune are today, as finely as its files tell."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from msap_geo.anomalies import Action, Anomaly
from msap_geo.errors import MissingColumnError
from msap_geo.loaders.loaded import Loaded
from msap_geo.loaders.people.persons import without_double_count
from msap_geo.loaders.prospective.effectifs import read_counts
from msap_geo.loaders.prospective.tranches import Band, between, older_than
from msap_geo.loaders.shared import of_files, once
from msap_geo.loaders.territory.codes_insee import malformed, refuse_lost_zeros

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from msap_geo.loaders.territory.cog import CommuneCodes


@of_files
@once
def load_ages(
    paths: Sequence[Path], *, codes: CommuneCodes | None = None
) -> Loaded[pd.DataFrame] | None:
    """Load the people of each commune by age, from the file that cuts ages most finely.

    Parameters
    ----------
    paths
        Files of communes (or IRIS) that may tell ages: INSEE's *Évolution et structure de la
        population*, *dossier complet*, or one's own. Those that do not are passed over.
    codes
        Codes to bring the file to; merged communes add up.

    Returns
    -------
    Loaded or None
        ``code_insee`` and one column per band, named by its first age (``"0"``, ``"15"``…), the
        bands following each other and the last one open; None where no file tells ages.

    Raises
    ------
    FileMissingError, UnreadableFileError, DataError
        If a file is absent or not what it claims to be.
    """
    best: Loaded[pd.DataFrame] | None = None
    for path in paths:
        made = _ages_of(path, codes)
        if made is not None and (best is None or len(made.table.columns) > len(best.table.columns)):
            best = made
    return best


def _ages_of(path: Path, codes: CommuneCodes | None) -> Loaded[pd.DataFrame] | None:
    try:
        read = read_counts(path)
    except MissingColumnError:
        return None
    table = read.table
    # Of several censuses, the latest; a band of another year would not add up with its neighbours.
    year = table["annee"].max()
    table = table[table["annee"].isna() if math.isnan(year) else table["annee"] == year]
    wide = table.pivot_table(index="code", columns=["bas", "haut"], values="effectif")
    bands = [Band(int(low), float(high)) for low, high in wide.columns]
    ages, older = older_than(bands, wide.to_numpy(dtype=float, na_value=math.nan))
    if len(ages) < 2 or ages[0] != 0:  # noqa: PLR2004 - one band tells no age
        return None
    kept, people = between(ages, older)
    names = [str(band.low) for band in kept]
    result = pd.DataFrame(people, columns=names)
    result.insert(0, "code_insee", wide.index.to_numpy(dtype=object))
    refuse_lost_zeros(result["code_insee"], path)
    result = result[~malformed(result["code_insee"])]
    counted = result.assign(_=result[names].sum(axis=1))
    counted, doubled = without_double_count(counted, "_", codes=codes, file=path.name)
    result = counted[["code_insee", *names]]
    if codes is not None:
        result = result.assign(code_insee=codes.current(result["code_insee"]))
    result = result.groupby("code_insee", sort=True)[names].sum(min_count=1).reset_index()
    dated = "" if math.isnan(year) else f" de {int(year)}"
    cut = ", ".join(band.label for band in kept)
    told = Anomaly("ages-lus", Action.NOTED, path.name, f"âges{dated} : {cut}")
    return Loaded(result, read.rows_read, (told, *doubled))
