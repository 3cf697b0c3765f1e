"""A choice made on the map, as its page exports it: which offices open, which Maisons close."""

from __future__ import annotations

import difflib
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from msap_geo import rounds
from msap_geo.errors import DataError, StudyError, UnreadableFileError
from msap_geo.tabular import (
    LINE,
    encoding_of,
    normalise,
    pick_columns,
    read_json_text,
    read_text,
    read_text_table,
    require_file,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pandas as pd

FORMAT, VERSION = "msap-geo-choix", 1
OPEN, CLOSE = "ouvrir", "fermer"

_REMEDY = "exporter le choix depuis la carte de l'étude (bouton « JSON » ou « CSV »)"
_COLUMNS = {
    name: (name,) for name in ("action", "site_id", "nom", "commune", "etude", "departements")
}


@dataclass(frozen=True)
class Site:
    """A site of a choice: its identifier, and its name for those who read it."""

    site_id: str
    name: str = ""
    commune: str = ""


@dataclass(frozen=True)
class Choice:
    """Openings and closings supposed.

    Parameters
    ----------
    study, departements
        The study they were chosen on.
    opened, closed
        Candidates to open, Maisons to close, in the order of the file.
    stops_opened, stops_closed
        Stops of rounds in project to hold, stops of today to drop
        (:func:`msap_geo.rounds.stop_ids`).
    file, sha256
        Where they were read.
    author
        Who chose, where the file says it (key ``auteur``).
    """

    study: str
    departements: tuple[str, ...]
    opened: tuple[Site, ...]
    closed: tuple[Site, ...]
    file: str = ""
    sha256: str = ""
    author: str = ""
    stops_opened: tuple[Site, ...] = ()
    stops_closed: tuple[Site, ...] = ()

    @property
    def opens(self) -> tuple[Site, ...]:
        """All that opens: offices, then stops."""
        return (*self.opened, *self.stops_opened)

    @property
    def closes(self) -> tuple[Site, ...]:
        """All that closes: Maisons, then stops."""
        return (*self.closed, *self.stops_closed)

    def told(self) -> dict[str, list[dict[str, str]]]:
        """Return the choice as plain values, with the French keys of the outputs."""
        return {
            key: [
                {"site_id": site.site_id, "nom": site.name, "commune": site.commune}
                for site in sites
            ]
            for key, sites in (("ouvertures", self.opens), ("fermetures", self.closes))
        }

    def as_dict(self) -> dict[str, Any]:
        """Return the choice and where it comes from, for the manifest."""
        return {
            "etude": self.study,
            "fichier": self.file or None,
            "sha256": self.sha256 or None,
            **self.told(),
        }


def read_choice(path: Path) -> Choice:
    """Read a choice exported from a map, JSON or CSV.

    Parameters
    ----------
    path
        File to read; a CSV may have been through a spreadsheet.

    Returns
    -------
    Choice
        The choice; a site given twice counts once.

    Raises
    ------
    FileMissingError, UnreadableFileError
        If it is absent, is no such file, or is in the encoding of old Macintoshes.
    MissingColumnError
        If a column is absent.
    DataError
        If it holds no choice, an unknown action, a line of no study, or a site both to open and to
        close.
    """
    require_file(path)
    text = read_text(path)
    _refuse_macintosh(path)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    is_json = text.lstrip().startswith(("{", "["))
    read = _from_json(path) if is_json else _from_csv(path)
    study, departements, opened, closed, author = read
    if not opened and not closed:
        raise DataError("le choix est vide : rien à ouvrir ni à fermer", where=path, remedy=_REMEDY)
    both = {site.site_id for site in opened} & {site.site_id for site in closed}
    if both:
        raise DataError(
            f"sites à la fois à ouvrir et à fermer : {', '.join(sorted(both))}",
            where=path,
            remedy="n'en garder qu'une ligne",
        )
    return make_choice(
        study, departements, opened, closed, file=path.name, sha256=sha256, author=author
    )


def make_choice(
    study: str,
    departements: tuple[str, ...],
    opened: Iterable[Site],
    closed: Iterable[Site],
    **origin: str,
) -> Choice:
    """Return a choice, its stops told from its sites by their identifiers.

    Parameters
    ----------
    study, departements
        The study it is made on.
    opened, closed
        Sites and stops, together.
    **origin
        ``file``, ``sha256``, ``author`` of :class:`Choice`.
    """
    opens, stops = _split(opened)
    closes, dropped = _split(closed)
    return Choice(
        study, departements, opens, closes, stops_opened=stops, stops_closed=dropped, **origin
    )


def _split(sites: Iterable[Site]) -> tuple[tuple[Site, ...], tuple[Site, ...]]:
    listed = tuple(sites)
    moving = tuple(site for site in listed if site.site_id.startswith(rounds.PREFIX))
    return tuple(site for site in listed if site not in moving), moving


_Read = tuple[str, tuple[str, ...], tuple[Site, ...], tuple[Site, ...], str]


def _from_json(path: Path) -> _Read:
    content = read_json_text(read_text(path), path, remedy=_REMEDY)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise UnreadableFileError(
            f"« {path.name} » n'est pas un choix exporté d'une carte", where=path, remedy=_REMEDY
        )
    if content.get("version") != VERSION:
        raise UnreadableFileError(
            f"« {path.name} » a été exporté par une autre version de la carte",
            where=path,
            remedy="refaire la carte avec cette version, puis exporter le choix",
        )
    try:
        opened, closed = (
            _unique(
                Site(_plain(row["site_id"]), _plain(row.get("nom")), _plain(row.get("commune")))
                for row in _list(content[key])
            )
            for key in ("ouvertures", "fermetures")
        )
        codes = tuple(_plain(code) for code in _list(content["departements"]))
        author = _name(_plain(content.get("auteur")))
        return _plain(content["etude"]), codes, opened, closed, author
    except (KeyError, TypeError, AttributeError) as error:
        raise UnreadableFileError(
            f"« {path.name} » n'est pas un choix complet (clé absente ou de forme inattendue)",
            where=path,
            remedy=_REMEDY,
        ) from error


def _plain(value: Any) -> str:
    if value is not None and not isinstance(value, str):
        raise TypeError
    return value or ""


def _name(text: str) -> str:
    """Return a name on one line, without what a screen obeys (controls, direction of writing)."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _from_csv(path: Path) -> _Read:
    table = pick_columns(read_text_table(path), path, required=_COLUMNS)
    action = table["action"].str.lower()
    wrong = table[~action.isin([OPEN, CLOSE])]
    if len(wrong):
        raise DataError(
            f"action inconnue : « {wrong['action'].iloc[0]} »",
            where=f"{path}, colonne action",
            remedy=f"écrire « {OPEN} » ou « {CLOSE} »",
        )
    bare = table[(table[["etude", "departements"]].fillna("") == "").any(axis=1)]
    if len(bare):
        raise DataError(
            "une ligne ne dit pas de quelle étude elle est",
            where=f"{path}, ligne {bare[LINE].iloc[0]}",
            remedy="y recopier les colonnes etude et departements d'une autre ligne",
        )
    table["departements"] = table["departements"].map(_codes)
    whose = table[["etude", "departements"]].drop_duplicates()
    if len(whose) != 1:
        raise DataError(
            "les lignes du choix ne viennent pas toutes de la même étude",
            where=f"{path}, colonnes etude et departements",
            remedy=_REMEDY,
        )
    opened, closed = (_unique(_sites(table[action == asked])) for asked in (OPEN, CLOSE))
    return str(whose["etude"].iloc[0]), whose["departements"].iloc[0], opened, closed, ""


def _codes(cell: str) -> tuple[str, ...]:
    """Read codes of départements that a spreadsheet may have taken for numbers: 01 is 1 there."""
    return tuple(code.upper().zfill(2) for code in cell.split())


def _refuse_macintosh(path: Path) -> None:
    """Refuse the text of a Macintosh: read as another, its accents are other letters."""
    content = path.read_bytes()
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        if encoding_of(content) != "cp1252":
            raise UnreadableFileError(
                "le fichier est dans l'encodage d'anciens Macintosh, ou de MS-DOS : ses accents "
                "seraient faux",
                where=path,
                remedy="dans Excel, enregistrer sous « CSV UTF-8 (délimité par des virgules) »",
            ) from None


def _sites(rows: pd.DataFrame) -> Iterable[Site]:
    return (Site(row.site_id, row.nom, row.commune) for row in rows.itertuples())


def _unique(sites: Iterable[Site]) -> tuple[Site, ...]:
    return tuple({site.site_id: site for site in sites}.values())


class SiteNames:
    """Sites looked up by identifier or by name.

    Parameters
    ----------
    table
        Sites, with ``site_id``, ``nom`` and ``commune``.
    """

    def __init__(self, table: pd.DataFrame) -> None:
        self._table = table
        self._ids = set(table["site_id"])
        self._names = [table[column].astype(str).map(normalise) for column in ("nom", "commune")]

    def among(self, given: str) -> pd.DataFrame:
        """Return the sites something may name: one, several, or none.

        Parameters
        ----------
        given
            An identifier, a name, the beginning of one, or the name of a commune; case and accents
            aside.
        """
        if given in self._ids:
            return self._table[self._table["site_id"] == given]
        wanted = normalise(given)
        # Its whole name, its commune, or the beginning of its name: « CONCA » for « CONCA BP ».
        starts = self._names[0].str.startswith(f"{wanted}_")
        ways = (*(name == wanted for name in self._names), starts)
        return next((self._table[way] for way in ways if way.any()), self._table.head(0))


def site_ids(
    asked: Iterable[str], table: pd.DataFrame, *, what: str, of: str = "d'un des"
) -> tuple[str, ...]:
    """Return the identifiers of sites asked for by identifier or by name.

    Parameters
    ----------
    asked
        What :meth:`SiteNames.among` takes; names of communes where there is one site.
    table
        Sites, with ``site_id``, ``nom`` and ``commune``.
    what, of
        What they are, for the message, and one of them.

    Returns
    -------
    tuple of str
        In the order asked, once each.

    Raises
    ------
    StudyError
        If nothing, or more than one site, goes by that name.
    """
    names = SiteNames(table)
    found: dict[str, None] = {}
    for given in map(str, asked):
        named = names.among(given)
        if len(named) != 1:
            told = ", ".join(f"{row.nom} ({row.site_id})" for row in named.head(5).itertuples())
            raise StudyError(
                f"« {given} » est le nom de plusieurs {what} : {told}"
                if len(named)
                else f"« {given} » n'est ni l'identifiant ni le nom {of} {what}"
                f"{_meant(given, table['nom'])}",
                remedy="donner l'identifiant (colonne site_id)",
            )
        found[str(named["site_id"].iloc[0])] = None
    return tuple(found)


def _meant(given: str, names: Iterable[str]) -> str:
    """Return the name nearest to one that is none, as a question."""
    known = {str(name).casefold(): str(name) for name in names}
    near = difflib.get_close_matches(given[:_LONGEST_NAME].casefold(), known, n=1)
    return f" (vouliez-vous dire « {known[near[0]]} » ?)" if near else ""


_LONGEST_NAME = 100


def choice_in_words(choice: Choice) -> str:
    """Return what a choice opens and closes: ``"ouverture de A (Vico), B (Corte)"``."""
    told = ((choice.opens, "ouverture de"), (choice.closes, "fermeture de"))
    return " ; ".join(
        f"{verb} {', '.join(f'{site.name} ({site.commune})' for site in sites)}"
        for sites, verb in told
        if sites
    )
