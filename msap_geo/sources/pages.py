"""Files that have no address of their own: pages of a table, catalogues that say where a file is.

La Poste's portal gives its tables ten thousand rows at a time, each page with the address of the
next; data.gouv.fr and the Géoplateforme say in a catalogue where the latest edition is; DILA names
its files by their hour, in a folder one can list.
"""

from __future__ import annotations

import csv
import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urljoin, urlsplit

from msap_geo.drafts import draft_in
from msap_geo.sources.complete import CUT
from msap_geo.sources.download import Received, download
from msap_geo.sources.patience import DownloadError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from msap_geo.sources.download import Progress
    from msap_geo.sources.patience import Limits

MOST_PAGES = 1_000
_ENTRY = re.compile(r"<entry\b.*?</entry>", re.DOTALL)
_HREF = re.compile(r'href="([^"]+)"')
_SIZE = re.compile(r'<(?:\w+:)?(?:length|size)>\s*(\d{1,15})\s*<|\blength="(\d{1,15})"')
_MD5 = re.compile(r"\b([0-9a-fA-F]{32})\b")
_PAGES = re.compile(r'pagecount(?:="|>\s*)(\d{1,4})')
_EDITION = re.compile(r"\d{4}-\d{2}-\d{2}")
_DEPTH = 3


def rows_of_pages(
    url: str, folder: Path, *, limits: Limits, progress: Progress
) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of a table, page after page (data-fair: ``total``, ``results``, ``next``).

    Raises
    ------
    DownloadError
        If a page cannot be had, leads to another server, or if rows are missing in the end.
    """
    seen, total, address = 0, None, url
    for _ in range(MOST_PAGES):
        page, _ = _json(address, folder, limits=limits, progress=progress)
        rows = page.get("results") if isinstance(page, dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise DownloadError("ce n'est pas une page de tableau", passing=False)
        seen += len(rows)
        total = page["total"] if isinstance(page.get("total"), int) else total
        yield rows
        following = page.get("next")
        if not following or not rows:
            break
        address = _same_server(urljoin(address, str(following)), url)
    else:
        raise DownloadError(f"plus de {MOST_PAGES} pages", passing=False)
    if total is not None and seen < total:
        raise DownloadError(f"{CUT} : {seen} lignes reçues sur {total}", passing=True)


def write_pages(url: str, target: Path, *, limits: Limits, progress: Progress) -> None:
    """Write the rows of a table as one CSV; it takes its name once whole.

    Columns come in the order they are met; those the portal adds (``_id``, ``_score``…) are left
    out, save the point (``_geopoint``), kept as ``geo_point_2d``.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    for page in rows_of_pages(url, target.parent, limits=limits, progress=progress):
        rows += page
    columns = dict.fromkeys(name for row in rows for name in row if not name.startswith("_"))
    pointed = any("_geopoint" in row for row in rows)
    names = [*columns, *(["geo_point_2d"] if pointed else [])]
    with draft_in(target.parent, prefix=f".{target.name[:60]}.", suffix=".partiel") as draft:
        with draft.open("x", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(names)
            for row in rows:
                values = [_text(row.get(name)) for name in columns]
                writer.writerow([*values, *([_text(row.get("_geopoint"))] if pointed else [])])
        draft.replace(target)


def resource_of(
    url: str, words: str, form: str, folder: Path, *, limits: Limits, progress: Progress
) -> str:
    """Return the address of the newest resource of a dataset of data.gouv.fr.

    Parameters
    ----------
    url
        The dataset, as the catalogue's API gives it.
    words
        What the title of the resource must hold, case and accents apart.
    form
        Its format.

    Raises
    ------
    DownloadError
        If the catalogue cannot be read, or has no such resource.
    """
    content, _ = _json(url, folder, limits=limits, progress=progress)
    resources = content.get("resources") if isinstance(content, dict) else None
    fitting = [
        each
        for each in resources or ()
        if isinstance(each, dict)
        and words.casefold() in str(each.get("title", "")).casefold()
        and str(each.get("format", "")).casefold() == form
        and isinstance(each.get("latest") or each.get("url"), str)
    ]
    if not fitting:
        raise DownloadError("le catalogue ne donne aucune telle ressource", passing=False)
    newest = max(fitting, key=lambda each: str(each.get("last_modified") or ""))
    return str(newest.get("latest") or newest["url"])


class Edition(NamedTuple):
    """A file a feed leads to, and what the feed says of it: bytes and MD5, null where it does not.

    Parameters
    ----------
    address
        Where it is.
    size
        Bytes.
    md5
        Hash of its content, lower case.
    """

    address: str
    size: int | None = None
    md5: str | None = None


def edition_of(
    url: str, ending: str, folder: Path, *, limits: Limits, progress: Progress
) -> Edition:
    """Return the newest edition an ATOM feed leads to, through at most two others.

    The feed of a file gives its length and its MD5 inline: there is no file of hashes.

    Raises
    ------
    DownloadError
        If the feed cannot be read, or leads to no such file.
    """
    address = url
    for _ in range(_DEPTH):
        entries = _entries(address, folder, limits=limits, progress=progress)
        files = [each for each in entries if urlsplit(each.address).path.endswith(ending)]
        if not entries:
            break
        newest = max(files or entries, key=lambda each: _day(each.address))
        if files:
            return newest
        address = _same_server(newest.address, url)
    raise DownloadError("le flux ne mène à aucun fichier", passing=False)


def _entries(address: str, folder: Path, *, limits: Limits, progress: Progress) -> list[Edition]:
    """Read the entries of a feed, page after page."""
    texts = [_text_of(address, folder, limits=limits, progress=progress)]
    more = _PAGES.search(texts[0])
    joint = "&" if urlsplit(address).query else "?"
    for number in range(2, min(int(more[1]) if more else 1, MOST_PAGES) + 1):
        page = f"{address}{joint}page={number}"
        texts.append(_text_of(page, folder, limits=limits, progress=progress))
    entries = [entry for text in texts for entry in _ENTRY.findall(text)]
    return [_edition(entry, link, address) for entry in entries for link in _HREF.findall(entry)]


def _edition(entry: str, link: str, base: str) -> Edition:
    size, md5 = _SIZE.search(entry), _MD5.search(_HREF.sub("", entry))
    return Edition(
        urljoin(base, link.replace("&amp;", "&")),
        int(size[1] or size[2]) if size else None,
        md5[1].lower() if md5 else None,
    )


def newest_in_listing(
    url: str, ending: str, folder: Path, *, limits: Limits, progress: Progress
) -> str:
    """Return the address of the last file, by name, that a folder's listing shows.

    Raises
    ------
    DownloadError
        If the listing cannot be read, or shows no such file.
    """
    text = _text_of(url, folder, limits=limits, progress=progress)
    files = [
        _same_server(urljoin(url, link.replace("&amp;", "&")), url)
        for link in _HREF.findall(text)
        if urlsplit(link).path.endswith(ending)
    ]
    if not files:
        raise DownloadError("le dossier ne montre aucun tel fichier", passing=False)
    return max(files, key=lambda address: urlsplit(address).path.rsplit("/", 1)[-1])


def _text_of(url: str, folder: Path, *, limits: Limits, progress: Progress) -> str:
    content, _ = _bytes(url, folder, limits=limits, progress=progress)
    return content.decode("utf-8", "replace")


def _day(link: str) -> str:
    return max(_EDITION.findall(link), default="")


def _same_server(address: str, first: str) -> str:
    """Refuse an address of another server than the first: a page leads where it likes."""
    here, there = urlsplit(first), urlsplit(address)
    if (here.scheme, here.netloc) != (there.scheme, there.netloc):
        raise DownloadError(f"suite refusée vers {address}", passing=False)
    return address


def _json(url: str, folder: Path, *, limits: Limits, progress: Progress) -> tuple[Any, Received]:
    content, received = _bytes(url, folder, limits=limits, progress=progress, check=_fault_in_json)
    return json.loads(content), received


def _bytes(
    url: str, folder: Path, *, limits: Limits, progress: Progress, check: Any = None
) -> tuple[bytes, Received]:
    folder.mkdir(parents=True, exist_ok=True)
    with draft_in(folder, prefix=".page-", suffix=".partiel") as place:
        received = download(
            url,
            place,
            limits=limits,
            check=check or (lambda _: None),
            progress=partial(_quietly, progress),
        )
        return place.read_bytes(), received


def _quietly(progress: Progress, _name: str, done: int, total: int | None) -> None:
    """Show all the pages of a table under one name."""
    progress("pages", done, total)


def _fault_in_json(path: Path) -> str | None:
    try:
        json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return f"ce n'est pas du JSON, ou {CUT}"
    return None


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "oui" if value else "non"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else str(value)
