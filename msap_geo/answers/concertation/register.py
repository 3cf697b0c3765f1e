"""The register of decisions: who asked for what, when, and what was held; nothing is erased."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from msap_geo.study.choice import CLOSE, OPEN

if TYPE_CHECKING:
    import datetime as dt

    from msap_geo.answers.concertation.gather import Concertation

REGISTER_COLUMNS = (
    "date", "objet", "auteur", "action", "site_id", "nom", "commune", "etude", "fichier", "sha256",
)  # fmt: skip
"""Columns of the register, all text."""

_OPINION, _DECISION = "avis", "décision"


def entries(found: Concertation, date: dt.date) -> pd.DataFrame:
    """Return what a gathering adds to the register.

    Parameters
    ----------
    found
        The opinions, and the choice held if one is.
    date
        Day of the gathering.

    Returns
    -------
    pandas.DataFrame
        One row per opinion and site, then those of the choice held as *décision*.
    """
    held = [opinion for opinion in found.opinions if opinion.author == found.held]
    rows = [
        {
            "date": date.isoformat(),
            "objet": subject,
            "auteur": opinion.author,
            "action": action,
            "site_id": site.site_id,
            "nom": site.name,
            "commune": site.commune,
            "etude": found.result.study.etude.nom,
            "fichier": opinion.choice.file,
            "sha256": opinion.choice.sha256,
        }
        for subject, opinions in ((_OPINION, found.opinions), (_DECISION, held))
        for opinion in opinions
        for action, sites in ((OPEN, opinion.choice.opens), (CLOSE, opinion.choice.closes))
        for site in sites
    ]
    return pd.DataFrame(rows, columns=list(REGISTER_COLUMNS), dtype=object)


def register_with(known: pd.DataFrame, added: pd.DataFrame) -> pd.DataFrame:
    """Return a register with new entries after the old ones.

    Parameters
    ----------
    known
        The register so far: its rows stay, in their order.
    added
        Rows of :func:`entries`; an opinion, or a decision, already there (same subject, author and
        file content) is not written twice.
    """
    same = ["objet", "auteur", "sha256"]
    there = set(map(tuple, known[same].to_numpy().tolist()))
    new = [tuple(row) not in there for row in added[same].to_numpy().tolist()]
    return pd.concat([known, added[new]], ignore_index=True).fillna("")
