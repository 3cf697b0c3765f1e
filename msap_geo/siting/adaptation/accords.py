"""The mayors' answers: who agreed that an office be transformed, who refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msap_geo.errors import DataError, StudyError
from msap_geo.tabular import LINE, normalise, pick_columns, read_text_table

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_YES = {"oui", "accord", "accorde", "accordee", "donne", "favorable", "1", "true", "vrai"}
_NO = {"non", "refus", "refuse", "refusee", "defavorable", "0", "false", "faux"}
_NOTHING = {"", "requis", "attente", "en_attente", "inconnu"}

_COLUMNS = {
    "site_id": ("site_id", "identifiant_a", "identifiant"),
    "accord": ("accord", "accord_maire", "reponse", "decision"),
}
_OPTIONAL = {"devient": ("devient", "transformation")}


class Accord(NamedTuple):
    """One mayor's answer.

    Parameters
    ----------
    site_id
        The office.
    agreed
        Whether the mayor agreed.
    becomes
        What to, empty where the file does not say.
    line
        Line of the file.
    """

    site_id: str
    agreed: bool
    becomes: str
    line: int


def check_points(given: Iterable[str], known: set[str], *, where: str) -> None:
    """Refuse points that are not of the territory.

    Parameters
    ----------
    given
        Identifiers the study names.
    known
        Those of its points of contact.
    where
        Where it names them.

    Raises
    ------
    StudyError
        Naming the first five.
    """
    unknown = sorted({str(site) for site in given} - known)
    if unknown:
        more = len(unknown) - _NAMED
        raise StudyError(
            f"points de contact inconnus : {', '.join(unknown[:_NAMED])}"
            + (f" et {more} de plus" if more > 0 else ""),
            where=where,
            remedy="reprendre les identifiants de la colonne site_id de la_poste.csv",
        )


_NAMED = 5


def read_accords(path: Path) -> list[Accord]:
    """Read the mayors' answers.

    Parameters
    ----------
    path
        CSV with ``site_id``, ``accord`` (*oui* or *non*; empty while awaited) and possibly
        ``devient``.

    Returns
    -------
    list of Accord
        Answers given, in the order of the file; those awaited are left out.

    Raises
    ------
    FileMissingError
        If there is no such file.
    MissingColumnError
        If a column is absent.
    DataError
        If an answer is not understood, or an office has two.
    """
    table = read_text_table(path)
    have = pick_columns(table, path, required=_COLUMNS, optional=_OPTIONAL)
    said = have["accord"].fillna("").map(normalise)
    wrong = ~said.isin(_YES | _NO | _NOTHING)
    if wrong.any():
        first = table.index[wrong][0]
        raise DataError(
            f"{int(wrong.sum())} réponses de maires incomprises, la première « "
            f"{have.loc[first, 'accord']} »",
            where=f"{path}, ligne {table.loc[first, LINE]}",
            remedy="écrire oui ou non, ou laisser vide en attendant la réponse",
        )
    given = said.isin(_YES | _NO)
    twice = have.loc[given, "site_id"].duplicated()
    if twice.any():
        first = twice.index[twice][0]
        raise DataError(
            f"deux réponses pour le site {have.loc[first, 'site_id']}",
            where=f"{path}, ligne {table.loc[first, LINE]}",
            remedy="n'en garder qu'une",
        )
    return [
        Accord(str(row.site_id), answer in _YES, str(row.devient).strip(), int(line))
        for row, answer, line in zip(
            have[given].itertuples(), said[given], table.loc[given, LINE], strict=True
        )
    ]
