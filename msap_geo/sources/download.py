"""One file over HTTP, whole or not at all.

The standard library's client, for two reasons: it trusts the certificates of the machine (those of
an administration's proxy are installed there, not in a Python package), and it lets us count bytes
and seconds. Downloaders in general libraries accept short bodies and wait for ever.
"""

from __future__ import annotations

import hashlib
import http.client
import ssl
import time
import urllib.error
import urllib.request
import zlib
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from msap_geo.drafts import draft_in
from msap_geo.errors import reason
from msap_geo.sources.complete import CUT
from msap_geo.sources.patience import DownloadError, Limits, persevere, refusal
from msap_geo.tabular.vast import ALLOWED_BYTES, MAX_TIMES
from msap_geo.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_CHUNK = 64 * 1024
_DIGITS = 16
_GZIP = 31  # zlib's window for a gzip header


_CAUSES: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str, bool], ...] = (
    (ssl.SSLCertVerificationError, "certificat du serveur non reconnu", False),
    (TimeoutError, "pas de réponse à temps", True),
    (ConnectionRefusedError, "connexion refusée", True),
    ((ConnectionError, http.client.HTTPException), "connexion coupée", True),
    (FileNotFoundError, "fichier absent du miroir", False),
)
"""Why a connection failed, in French, and whether trying again may help; the first match wins."""


class Progress(Protocol):
    """Called as bytes arrive: file name, bytes so far, total where the server tells it."""

    def __call__(self, name: str, done: int, total: int | None) -> None:
        """Show how far a file is."""


def silent(name: str, done: int, total: int | None) -> None:
    """Show nothing."""


@dataclass(frozen=True)
class Expected:
    """What a file must be, where it is known beforehand; null where it is not.

    Parameters
    ----------
    size
        Bytes, decompressed.
    md5, sha256
        Hashes of its content. MD5 tells a damaged file, not a forged one.
    """

    size: int | None = None
    md5: str | None = None
    sha256: str | None = None

    def fault(self, size: int, md5: str, sha256: str) -> str | None:
        """Tell in French what differs, null when nothing does."""
        if self.size not in (None, size):
            return f"{CUT} : {size} octets reçus, {self.size} annoncés par le catalogue"
        if self.md5 not in (None, md5):
            return f"empreinte inattendue (MD5 {md5[:12]}…) : {CUT} ou abîmé"
        if self.sha256 not in (None, sha256):
            return f"empreinte inattendue ({sha256[:12]}…)"
        return None


@dataclass(frozen=True)
class Received:
    """What arrived, and what the server said of it."""

    sha256: str
    size: int
    final_url: str
    etag: str
    last_modified: str


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follow redirections, but never to a less safe or a local address."""

    def redirect_request(
        self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        before, after = urlsplit(req.full_url).scheme, urlsplit(newurl).scheme
        if after not in {"http", "https"} or (before == "https" and after == "http"):
            raise DownloadError(f"redirection refusée vers {newurl}", passing=False)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def download(
    url: str,
    target: Path,
    *,
    limits: Limits,
    check: Callable[[Path], str | None],
    check_unmeasured: Callable[[Path], str | None] | None = None,
    expected: Expected | None = None,
    progress: Progress = silent,
) -> Received:
    """Fetch a file; it takes its name only once whole and checked.

    Parameters
    ----------
    url
        Address, ``http(s)``, or ``file`` for a mirror on a shared drive.
    target
        Final path; its folder is made if needed.
    limits
        Patience and greatest size.
    check
        Tells what is wrong with the content, null when nothing is; a cut file is asked for again.
    check_unmeasured
        The same, where the server does not say how long the file is; ``check`` when not given.
    expected
        Size and hashes the content must have, where they are known beforehand.
    progress
        Told of every chunk.

    Returns
    -------
    Received
        Hash, size and what the server said.

    Raises
    ------
    DownloadError
        With everything that was tried. Nothing is left on disk.
    OSError
        If the folder cannot be written.
    """
    checks = (check, check_unmeasured or check)
    return persevere(
        lambda deadline: _attempt(url, target, limits, deadline, checks, expected, progress),
        limits,
    )


def _attempt(
    url: str,
    target: Path,
    limits: Limits,
    deadline: float,
    checks: tuple[Callable[[Path], str | None], Callable[[Path], str | None]],
    expected: Expected | None,
    progress: Progress,
) -> Received:
    target.parent.mkdir(parents=True, exist_ok=True)
    kind = {"prefix": f".{target.name[:60]}.", "suffix": ".partiel"}
    with draft_in(target.parent, **kind) as draft:
        with draft.open("xb") as output, _open(url, limits) as response:
            digest, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
            for chunk in _content(response, limits, deadline, target.name, progress):
                size += len(chunk)
                if size > limits.max_bytes:
                    raise DownloadError("fichier démesuré", passing=False)
                digest.update(chunk)
                md5.update(chunk)
                output.write(chunk)
        told = response.headers
        measured = bool(told.get("Content-Length") or told.get("Transfer-Encoding"))
        found = (size, md5.hexdigest(), digest.hexdigest())
        wrong = checks[0 if measured else 1](draft) or (expected or Expected()).fault(*found)
        if wrong is not None:
            raise DownloadError(wrong, passing=CUT in wrong)
        draft.replace(target)
    headers = response.headers
    return Received(
        digest.hexdigest(),
        size,
        response.url,
        headers.get("ETag") or "",
        headers.get("Last-Modified") or "",
    )


def _open(url: str, limits: Limits) -> Any:
    request = urllib.request.Request(  # noqa: S310 - schemes: registry and mirror, both checked
        url,
        headers={"User-Agent": f"msap-geo/{__version__}", "Accept-Encoding": "gzip"},
    )
    opener = urllib.request.build_opener(_Redirects)
    try:
        return opener.open(request, timeout=limits.silence_s)
    except urllib.error.HTTPError as error:
        with error:
            endless = "infinite loop" in str(error.msg)  # urllib's own words
            raise refusal(
                error.code, error.headers.get("Retry-After") or "", endless=endless
            ) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _broken(error) from error


def _broken(error: Exception) -> DownloadError:
    """Say in French why a connection failed."""
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, DownloadError):
        return cause
    for kinds, why, passing in _CAUSES:
        if isinstance(cause, kinds):
            return DownloadError(why, passing=passing)
    if isinstance(cause, OSError) and (cause.errno or 0) > 0:
        return DownloadError(f"connexion impossible ({reason(cause)})", passing=True)
    return DownloadError("serveur introuvable ou injoignable", passing=True)


def _content(
    response: Any, limits: Limits, deadline: float, name: str, progress: Progress
) -> Iterator[bytes]:
    """Yield the decompressed body, watching the clock and the announced length."""
    announced = response.headers.get("Content-Length") or ""
    total = int(announced) if announced.isdecimal() and len(announced) < _DIGITS else None
    encoding = (response.headers.get("Content-Encoding") or "identity").lower()
    if encoding not in {"identity", "gzip", "x-gzip"}:
        raise DownloadError(f"compression inconnue : {encoding}", passing=False)
    unzip = None if encoding == "identity" else zlib.decompressobj(wbits=_GZIP)
    done, since, then = 0, time.monotonic(), 0
    swelling = _Swelling()
    while chunk := _read(response):
        done += len(chunk)
        now = time.monotonic()
        if now > deadline:
            raise DownloadError("durée maximale dépassée", passing=False)
        if now - since > limits.patience_s:
            if (done - then) / (now - since) < limits.slowest_bytes_s:
                raise DownloadError("transfert trop lent, abandonné", passing=True)
            since, then = now, done
        progress(name, done, total)
        yield from swelling.watched(_inflate(unzip, chunk), done)
    if total is not None and done != total:
        raise DownloadError(f"fichier coupé : {done} octets reçus sur {total}", passing=True)
    if unzip is not None:
        yield unzip.flush()
        if not unzip.eof:
            raise DownloadError("fichier compressé coupé", passing=True)


class _Swelling:
    """How much a compressed body has unfolded."""

    def __init__(self) -> None:
        self.unfolded = 0

    def watched(self, pieces: Iterator[bytes], received: int) -> Iterator[bytes]:
        """Yield the pieces of what was received so far, up to a size out of proportion with it."""
        for piece in pieces:
            self.unfolded += len(piece)
            if self.unfolded > max(ALLOWED_BYTES, MAX_TIMES * received):
                raise DownloadError("le fichier compressé gonfle hors de proportion", passing=False)
            yield piece


def _read(response: Any) -> bytes:
    """Return what has arrived, without waiting for a full chunk: a drip must be seen."""
    read = getattr(response, "read1", response.read)  # a file: mirror has only read
    try:
        chunk: bytes = read(_CHUNK)
    except (OSError, http.client.HTTPException) as error:
        with suppress(OSError):
            response.close()
        raise _broken(error) from error
    return chunk


def _inflate(unzip: Any, chunk: bytes) -> Iterator[bytes]:
    """Decompress in small pieces: a bomb is seen by the size cap before it fills memory."""
    if unzip is None:
        yield chunk
        return
    try:
        while chunk and not unzip.eof:
            yield unzip.decompress(chunk, _CHUNK * 16)
            chunk = unzip.unconsumed_tail
    except zlib.error as error:
        raise DownloadError("fichier compressé abîmé", passing=True) from error
