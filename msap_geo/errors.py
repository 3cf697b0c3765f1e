"""Everything that can go wrong, as one tree.

::

    MsapGeoError
     ├── FileMissingError      (FileNotFoundError)  a file that was named does not exist
     ├── DataError             (ValueError)         what a file or a table holds cannot be used
     │    ├── UnreadableFileError                   not the kind of file it claims to be
     │    ├── MissingColumnError                    an expected column is absent
     │    └── ContractError                         a table breaks its schema
     ├── StudyError            (ValueError)         the study file is wrong
     │    └── InfeasibleError                       no plan respects every rule asked for
     ├── TerritoryError        (ValueError)         an unknown département, mixed projections
     ├── NetworkError          (ValueError)         roads that cannot be used for this study
     │    └── StoreError                            a network store that is corrupt or foreign
     ├── SourceError           (OSError)            an official file that cannot be fetched
     ├── ClusterError          (OSError)            a Dask cluster that cannot serve
     └── OutputError           (OSError)            a result that cannot be written
          └── FolderTakenError                      another command writes in its folder

Messages are in French because they end up on the screens of French users: they say what is wrong,
where, and how to mend it.
"""

from __future__ import annotations

import errno
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


_MOST_WORD, _MOST_VALUE, _MOST_TEXT = 300, 500, 6000
_ENDS = 40
"""Characters kept at the beginning of what is too long to be read, half as many at its end."""


def shortened(text: str) -> str:
    """Return a text whose values one can read: neither 5,000 digits nor 100 kB of a bad file.

    Parameters
    ----------
    text
        Message; file names (255 characters at most) and lists of faults are left whole.
    """
    if len(text) <= _MOST_WORD:
        return text
    text = re.sub(
        rf"« [^«»]{{{_MOST_VALUE},}} »", lambda found: f"« {_cut(found[0][2:-2])} »", text
    )
    text = re.sub(rf"\S{{{_MOST_WORD + 1},}}", lambda found: _path(found[0]), text)
    return text if len(text) <= _MOST_TEXT else f"{text[:_MOST_TEXT]}…"


def _path(word: str) -> str:
    """Shorten the parts of a path or of any other word."""
    parts = re.split(r"([/\\])", word)
    word = "".join(_cut(part) if len(part) > _MOST_WORD else part for part in parts)
    return _cut(word) if len(word) > _LONGEST_PATH else word


_LONGEST_PATH = 1000


def _cut(value: str) -> str:
    cut = f"{len(value) - _ENDS - _ENDS // 2} caractères de plus"
    return f"{value[:_ENDS]}…({cut})…{value[-_ENDS // 2 :]}"


class MsapGeoError(Exception):
    """Base of every error raised on purpose by msap_geo.

    Parameters
    ----------
    problem
        What is wrong, one French sentence without its final full stop.
    where
        File, line or column at fault.
    remedy
        How to mend it.
    """

    def __init__(
        self, problem: str, *, where: str | Path | None = None, remedy: str | None = None
    ) -> None:
        self.problem = problem = shortened(problem)
        self.where = None if where is None else shortened(str(where))
        self.remedy = remedy = None if remedy is None else shortened(remedy)
        parts = [f"{problem}."]
        if self.where is not None:
            parts.append(f"Où : {self.where}.")
        if remedy is not None:
            parts.append(f"Que faire : {remedy}.")
        super().__init__(" ".join(parts))

    def __str__(self) -> str:
        # OSError would otherwise print its own (errno, strerror) form.
        return str(self.args[0])


def reason(error: OSError) -> str:
    """Return why the system refused, in French."""
    known = {
        errno.EEXIST: "un fichier porte déjà ce nom",
        errno.ENOTDIR: "un fichier est à la place d'un dossier",
        errno.EISDIR: "c'est un dossier",
        errno.EACCES: "accès refusé",
        errno.EPERM: "accès refusé",
        errno.EROFS: "support en lecture seule",
        errno.ENOSPC: "disque plein",
        errno.EDQUOT: "quota de disque atteint",
        errno.EFBIG: "fichier trop gros pour ce disque",
        errno.ENAMETOOLONG: "nom trop long",
        errno.EILSEQ: "nom que ce disque n'accepte pas",
        errno.ELOOP: "lien qui tourne en rond",
        errno.ENOENT: "fichier ou dossier introuvable",
        errno.EBUSY: "fichier occupé par un autre logiciel",
        errno.EIO: "le disque ne répond pas",
        errno.EMFILE: "trop de fichiers ouverts",
        errno.ENOMEM: "mémoire insuffisante",
    }
    return known.get(error.errno or 0, f"erreur système n° {error.errno}")


class FileMissingError(MsapGeoError, FileNotFoundError):
    """A file that was named does not exist."""


class DataError(MsapGeoError, ValueError):
    """What a file or a table holds cannot be used."""


class UnreadableFileError(DataError):
    """A file is not of the kind it claims to be (empty, an archive, a web page…)."""


@contextmanager
def unreadable(problem: str, *, where: Path, remedy: str) -> Iterator[None]:
    """Tell that a file cannot be read, whatever the library that reads it raises.

    GDAL, pyarrow, shapely and the parsers of graphs each raise errors of their own, of classes that
    change; a damaged file may also ask for more memory than there is. Errors of ours go through.

    Parameters
    ----------
    problem, where, remedy
        What is wrong, with which file, and how to mend it, in French.

    Raises
    ------
    UnreadableFileError
        For whatever else is raised inside.
    """
    try:
        yield
    except MsapGeoError:
        raise
    except MemoryError as error:
        raise UnreadableFileError(
            f"{problem}, ou ne tient pas dans la mémoire de cette machine",
            where=where,
            remedy=remedy,
        ) from error
    except Exception as error:
        raise UnreadableFileError(problem, where=where, remedy=remedy) from error


class MissingColumnError(DataError):
    """An expected column is absent."""


class ContractError(DataError):
    """A table does not honour its schema; the message lists every problem."""


class StudyError(MsapGeoError, ValueError):
    """The study file is wrong."""


class InfeasibleError(StudyError):
    """No plan respects every rule asked for; the message names the rules and by how much."""


class TerritoryError(MsapGeoError, ValueError):
    """An unknown département, or départements that do not share a projection."""


class NetworkError(MsapGeoError, ValueError):
    """Roads that cannot be used for this study."""


class StoreError(NetworkError):
    """A network store that is corrupt, or was not written by this software."""


class SourceError(MsapGeoError, OSError):
    """An official file that cannot be fetched, or not as it should be."""


class OutputError(MsapGeoError, OSError):
    """A result that cannot be written."""


class FolderTakenError(OutputError):
    """Another command of ours writes in this folder."""


class ClusterError(MsapGeoError, OSError):
    """A Dask cluster that does not answer, or whose workers are not as this machine."""
