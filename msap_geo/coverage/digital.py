"""Digital fragility of communes: who may not manage online, and what the line allows.

An index of ours, from 0 to 100, in the spirit of the *indice de fragilité numérique* of the
Mednum: the mean, over the components known, of how each commune ranks among all those given. It
describes places, never people, and says nothing of who uses the internet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

DIGITAL: Mapping[str, tuple[str, str, str]] = {
    "part_65_plus": ("habitants_65_plus", "population", "personnes de 65 ans ou plus"),
    "part_seuls": ("menages_une_personne", "menages", "ménages d'une seule personne"),
    "part_sans_diplome": ("sans_diplome", "non_scolarises_15_plus", "sans diplôme, ou brevet"),
    "part_pauvres": ("habitants_pauvres", "population", "personnes sous le seuil de pauvreté"),
    "part_sans_30_mbits": ("locaux_sans_30_mbits", "locaux", "locaux sans 30 Mbit/s par câble"),
}
"""Component → what is counted, among what, and what it is in words."""

_DECIMALS = 6
FEWEST = 2
"""Components an index needs: one alone is better read by itself."""


def digital_fragility(communes: pd.DataFrame) -> pd.DataFrame:
    """Measure the components of digital fragility, and their index.

    Parameters
    ----------
    communes
        ``code_insee, nom, population`` and any of the counts of :data:`DIGITAL`; premises with
        30 Mbit/s (``locaux_30_mbits``) stand for those without.

    Returns
    -------
    pandas.DataFrame
        One row per commune: ``code_insee, nom, population``; the shares of :data:`DIGITAL` that
        can be made, from 0 to 1; ``part_fibre`` beside, where known, which does not count;
        ``indice_fragilite_numerique``, 100 times the mean of the ranks (0: least fragile of the
        communes given, 1: most, equals sharing theirs) of the components known, null where fewer
        than :data:`FEWEST` are; ``composantes``, how many are.
    """
    counts = pd.DataFrame(communes)
    if {"locaux", "locaux_30_mbits"} <= set(counts.columns):
        without = counts["locaux"] - counts["locaux_30_mbits"]
        counts = counts.assign(locaux_sans_30_mbits=without)
    table = counts[["code_insee", "nom", "population"]].reset_index(drop=True)
    ranks = []
    for name, (part, whole, _) in DIGITAL.items():
        if not {part, whole} <= set(counts.columns):
            continue
        share = _share(counts[part], counts[whole])
        if share.isna().all():
            continue
        table[name] = share
        ranks.append(_rank(share))
    if {"locaux", "locaux_fibre"} <= set(counts.columns):
        table["part_fibre"] = _share(counts["locaux_fibre"], counts["locaux"])
    known = pd.concat(ranks, axis=1) if ranks else pd.DataFrame(index=table.index)
    table["composantes"] = known.notna().sum(axis=1).astype("int64")
    mean = known.mean(axis=1) if ranks else pd.Series(np.nan, index=table.index)
    table["indice_fragilite_numerique"] = (
        (100 * mean).where(table["composantes"] >= FEWEST).round(1)
    )
    return table


def _share(part: pd.Series, whole: pd.Series) -> pd.Series:
    share = part.astype(float) / whole.astype(float).where(whole > 0)
    # Two estimates of two sources: a part may pass the whole by a hair.
    return share.clip(0, 1).round(_DECIMALS).reset_index(drop=True)


def _rank(share: pd.Series) -> pd.Series:
    """Return how a share ranks among those known, from 0 to 1; one half where it is alone."""
    known = int(share.notna().sum())
    rank = share.rank(method="average") - 1
    return rank / (known - 1) if known > 1 else share.where(share.isna(), 0.5)
