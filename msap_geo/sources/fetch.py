"""A file of a dataset, from where it is nearest: the study's folder, the cache, the network.

Beside every file stands ``<file>.source.json``: where it came from, when, under which licence, and
its hash, checked at every later use.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from msap_geo.cache import cache_folder
from msap_geo.drafts import draft_in
from msap_geo.errors import SourceError, UnreadableFileError, reason
from msap_geo.sources import pages
from msap_geo.sources.checks import fault
from msap_geo.sources.download import Expected, Progress, Received, download, silent
from msap_geo.sources.patience import DownloadError, Limits
from msap_geo.sources.sidecar import (
    is_damaged,
    now,
    read_sidecar,
    recall,
    sha256,
    sidecar_of,
    write_sidecar,
)

if TYPE_CHECKING:
    from msap_geo.sources.registry import Source

MIRROR = "MSAP_GEO_MIROIR"
"""Environment variable: base address, or folder, that stands for all the official servers."""


ANEW = "téléchargé de nouveau : la copie gardée était abîmée"
"""Origin of a file whose copy in the cache was no longer what had been fetched."""


@dataclass(frozen=True)
class Fetched:
    """A file that is here, and where it comes from.

    Parameters
    ----------
    source
        Dataset it is of.
    path
        Where it is now: in the study's folder, or in the cache.
    url, final_url
        Where it was fetched, and where redirections led (often with the date of the file in it);
        empty when it was put there by hand.
    sha256, size
        Its content, hash and bytes.
    date
        When it was fetched or first seen, ISO 8601, UTC, to the second.
    etag, last_modified
        What the server said of it, empty when it said nothing.
    origin
        ``téléchargé``, ``cache``, ``déjà là``, ``déposé à la main``, or :data:`ANEW`.
    """

    source: Source
    path: Path
    url: str
    final_url: str
    sha256: str
    size: int
    date: str
    etag: str
    last_modified: str
    origin: str

    @property
    def day(self) -> str:
        """Date as the French write it: ``23/11/2026``."""
        return "/".join(reversed(self.date[:10].split("-")))


def describe(fetched: Fetched) -> dict[str, Any]:
    """Return what the sidecar of a file holds, with its French keys."""
    source = fetched.source
    return {
        "fichier": fetched.path.name,
        "source": source.id,
        "titre": source.titre,
        "editeur": source.editeur,
        "page": source.page,
        "url": fetched.url or None,
        "url_finale": fetched.final_url or None,
        "date": fetched.date,
        "millesime": source.millesime,
        "licence": source.licence,
        "attribution": source.attribution,
        "octets": fetched.size,
        "sha256": fetched.sha256,
        "etag": fetched.etag or None,
        "derniere_modification": fetched.last_modified or None,
    }


def fetch(
    source: Source,
    folder: Path,
    *,
    departement: str = "",
    extrait: str = "",
    force: bool = False,
    limits: Limits | None = None,
    progress: Progress = silent,
) -> Fetched:
    """Return a file of a dataset, fetched only if it is nowhere near.

    Parameters
    ----------
    source
        Dataset.
    folder
        Folder of the study: a file there is used as it is, whether fetched or put by hand.
    departement, extrait
        Which file, where the dataset has several.
    force
        Fetch it even if it is here.
    limits
        Patience and greatest size.
    progress
        Told of every chunk.

    Returns
    -------
    Fetched
        The file; one that was fetched is in the cache.

    Raises
    ------
    SourceError
        If it cannot be fetched: which, what was tried, what to do.
    UnreadableFileError
        If the one in the study's folder changed since it was fetched, or is not what it should be.
    """
    name = source.file_name(departement=departement, extrait=extrait)
    own, cached = folder / name, cache_folder() / "sources" / name
    if not force and own.is_file():
        return _accept(own, source)
    if not force and (known := _recall(cached, source)) is not None:
        return known
    damaged = not force and cached.is_file()
    url = _where(source, name, source.address(departement=departement, extrait=extrait), own)
    direct = bool(os.environ.get(MIRROR, "").strip()) or source.forme == "fichier"
    try:
        received = _receive(
            source, url, cached, limits=limits or Limits(), progress=progress, direct=direct
        )
        fetched = Fetched(
            source,
            cached,
            url,
            received.final_url,
            received.sha256,
            received.size,
            now(),
            received.etag,
            received.last_modified,
            ANEW if damaged else "téléchargé",
        )
        write_sidecar(cached, describe(fetched))
    except DownloadError as error:
        raise SourceError(
            f"impossible d'obtenir « {source.titre} » ({source.id}) : {error.why}"
            + (" ; la copie gardée est abîmée" if damaged else ""),
            where=url,
            remedy=_remedy(source, own, error.why),
        ) from error
    except OSError as error:
        raise SourceError(
            f"impossible d'écrire dans le cache ({reason(error)})",
            where=cached.parent,
            remedy="vérifier la place et les droits, ou choisir un autre dossier avec la variable "
            "MSAP_GEO_CACHE",
        ) from error
    return fetched


def _receive(
    source: Source, url: str, cached: Path, *, limits: Limits, progress: Progress, direct: bool
) -> Received:
    """Fetch a file, or the pages of a table, from the address itself or from what it leads to."""
    if not direct and source.forme == "pages":
        return _receive_pages(source, url, cached, limits=limits, progress=progress)
    led = pages.Edition(url)
    if not direct:
        try:
            led = _led_to(source, url, cached.parent, limits=limits, progress=progress)
        except DownloadError:
            if source.url_secours is None:
                raise
            led = pages.Edition(source.url_secours)
    return download(
        led.address,
        cached,
        limits=limits,
        check=partial(fault, source=source),
        check_unmeasured=partial(fault, source=source, measured=False),
        expected=Expected(led.size, led.md5, source.sha256),
        progress=progress,
    )


def _led_to(
    source: Source, url: str, folder: Path, *, limits: Limits, progress: Progress
) -> pages.Edition:
    words = source.titre_ressource
    if source.forme == "atom":
        ending = f".{source.format}"
        return pages.edition_of(url, ending, folder, limits=limits, progress=progress)
    if source.forme == "dossier":
        return pages.Edition(
            pages.newest_in_listing(url, words, folder, limits=limits, progress=progress)
        )
    return pages.Edition(
        pages.resource_of(url, words, source.format, folder, limits=limits, progress=progress)
    )


def _receive_pages(
    source: Source, url: str, cached: Path, *, limits: Limits, progress: Progress
) -> Received:
    """Write the pages beside the file's place; it takes its name once checked."""
    cached.parent.mkdir(parents=True, exist_ok=True)
    with draft_in(cached.parent, prefix=f".{cached.name[:60]}.", suffix=".pages") as draft:
        pages.write_pages(url, draft, limits=limits, progress=progress)
        wrong = fault(draft, source)
        if wrong is not None:
            raise DownloadError(wrong, passing=False)
        digest, size = sha256(draft), draft.stat().st_size
        draft.replace(cached)
    return Received(digest, size, url, "", "")


def _remedy(source: Source, own: Path, why: str) -> str:
    if "403" in why:
        return (
            f"ouvrir {source.page} dans un navigateur, y prendre le fichier et le déposer sous "
            f"{own}, puis relancer ; ou passer par un autre proxy (variable HTTPS_PROXY) ou un "
            f"miroir (variable {MIRROR})"
        )
    return (
        "vérifier la connexion et le proxy (variable HTTPS_PROXY), ou indiquer un miroir "
        f"(variable {MIRROR}), ou télécharger le fichier à la main depuis {source.page} et le "
        f"déposer sous {own}, puis relancer"
    )


def _where(source: Source, name: str, address: str | None, own: Path) -> str:
    """Return the address to fetch: the mirror's if there is one, else the official one."""
    base = os.environ.get(MIRROR, "").strip()
    if base:
        if not is_address(base):
            place = Path(base)
            if not _is_folder(place):
                raise SourceError(
                    "le miroir n'est ni une adresse http(s) ni un dossier",
                    where=f"{MIRROR}={base}",
                    remedy="corriger cette variable d'environnement, ou la retirer",
                )
            base = place.resolve().as_uri()
        return f"{base.rstrip('/')}/{quote(name)}"
    if address is None:
        raise SourceError(
            f"« {source.titre} » ({source.id}) n'a pas d'adresse de téléchargement connue",
            where=source.page,
            remedy=f"télécharger le fichier à la main depuis cette page et le déposer sous {own}",
        )
    return address


def _is_folder(place: Path) -> bool:
    try:
        return place.is_dir()
    except OSError:  # a name no system takes
        return False


def is_address(base: str) -> bool:
    """Tell an address from the path of a folder; one without a server, or malformed, is none.

    Nor is one with a fragment, in which the name of every file would be lost, nor one with a
    password, which the standard client takes for a part of the server's name.
    """
    try:
        parts = urlsplit(base)
        known_port = parts.port is None or parts.port > 0
    except ValueError:
        return False
    if parts.fragment or parts.username is not None:
        return False
    if parts.scheme == "file":
        return bool(parts.path)
    if any(letter.isspace() or not letter.isprintable() for letter in base):
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and known_port


def _accept(path: Path, source: Source) -> Fetched:
    """Take a file of the study's folder: fetched earlier and unchanged, or put there by hand."""
    if is_damaged(path):
        raise UnreadableFileError(
            f"ce qui dit d'où vient « {path.name} » est abîmé",
            where=sidecar_of(path),
            remedy="reprendre le fichier avec --forcer, ou supprimer "
            f"{sidecar_of(path).name} si le fichier a été déposé à la main",
        )
    known = read_sidecar(path)
    digest = sha256(path)
    if known is None:
        wrong = fault(path, source)
        if wrong is not None:
            raise UnreadableFileError(
                f"« {path.name} » n'est pas « {source.titre} » : {wrong}",
                where=path,
                remedy=f"le reprendre avec --forcer, ou le remplacer par celui de {source.page}",
            )
        size = path.stat().st_size
        return Fetched(source, path, "", "", digest, size, now(), "", "", "déposé à la main")
    if known["sha256"] != digest:
        raise UnreadableFileError(
            f"« {path.name} » a changé depuis son téléchargement",
            where=path,
            remedy=f"le reprendre avec --forcer ou, s'il a été remplacé exprès, supprimer "
            f"{sidecar_of(path).name}",
        )
    return _remembered(path, source, known, "déjà là")


def _recall(cached: Path, source: Source) -> Fetched | None:
    """Return a file of the cache, null where it is absent or no longer what was fetched."""
    known = recall(cached)
    return None if known is None else _remembered(cached, source, known, "cache")


def _remembered(path: Path, source: Source, known: dict[str, Any], origin: str) -> Fetched:
    return Fetched(
        source,
        path,
        known.get("url") or "",
        known.get("url_finale") or "",
        known["sha256"],
        path.stat().st_size,
        known["date"],
        known.get("etag") or "",
        known.get("derniere_modification") or "",
        origin,
    )
