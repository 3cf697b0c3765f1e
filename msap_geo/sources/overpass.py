"""The roads of a box asked of an Overpass server through OSMnx, and its answer as a map file.

OSMnx composes the question and sends it; what it would do of a refusal (wait and ask for ever) and
of an answer (a graph, less than what was said) is ours: the status is looked at before it sees it,
the body is timed, and the whole answer is kept. It takes three seconds to import: it is, where it
is used.
"""

from __future__ import annotations

import json
import math
import os
import socket
import ssl
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import shapely

from msap_geo.errors import SourceError
from msap_geo.sources.patience import DownloadError, Limits, refusal
from msap_geo.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SERVER = "MSAP_GEO_OVERPASS"
"""Environment variable: address of an Overpass server of one's own."""

PUBLIC = "https://overpass-api.de/api"

TAGS: dict[str, bool | str | list[str]] = {"highway": True, "route": "ferry", "type": "restriction"}
"""What is asked: ways of every class, ferries and turn restrictions, for any profile."""

_INTERPRETER = "/interpreter"
_KINDS = {"node": "n", "way": "w", "relation": "r"}
_PROXY_CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


class Answer(NamedTuple):
    """What a server answered about a box.

    Parameters
    ----------
    body
        Its JSON, as it came.
    query
        What was asked, in Overpass QL.
    """

    body: bytes
    query: str


class Elements(NamedTuple):
    """A map, by kind of element, each sorted by identifier; and the moment it is of."""

    nodes: list[dict[str, Any]]
    ways: list[dict[str, Any]]
    relations: list[dict[str, Any]]
    moment: datetime


def server() -> str:
    """Return the address of the server to ask: one's own (``MSAP_GEO_OVERPASS``) or the public one.

    Raises
    ------
    SourceError
        If that variable holds no address.
    """
    told = os.environ.get(SERVER, "").strip()
    address = (told or PUBLIC).rstrip("/").removesuffix(_INTERPRETER)
    try:
        parts = urlsplit(address)
        good = parts.scheme in {"http", "https"} and parts.hostname and (parts.port or 1) > 0
    except ValueError:
        good = False
    if not good or any(letter.isspace() or not letter.isprintable() for letter in address):
        raise SourceError(
            "le serveur Overpass n'est pas une adresse http(s)",
            where=f"{SERVER}={told}",
            remedy="corriger cette variable d'environnement (par exemple "
            "http://localhost:12345/api), ou la retirer",
        )
    return address


def ask(
    box: tuple[float, float, float, float], address: str, limits: Limits, deadline: float
) -> Answer:
    """Ask for the roads of a box, once.

    Parameters
    ----------
    box
        West, south, east, north, degrees.
    address
        Server (:func:`server`).
    limits
        Patience and greatest size.
    deadline
        Moment of the monotonic clock after which it is too late.

    Raises
    ------
    DownloadError
        If it refuses, does not answer, or not to the end.
    """
    import osmnx  # noqa: PLC0415 - three seconds
    import requests  # noqa: PLC0415 - with it

    seen: list[Any] = []

    def look(response: Any, **_: Any) -> None:
        if not 200 <= response.status_code < 300:  # noqa: PLR2004 - successes
            response.close()
            raise refusal(response.status_code, response.headers.get("Retry-After") or "")
        response.raw = _Watched(response.raw, deadline, limits.max_bytes)
        seen.append(response)

    with _settings(osmnx.settings, address, limits.silence_s, look):
        try:
            osmnx.features_from_polygon(shapely.box(*box), TAGS)
        except requests.RequestException as error:
            # An answer that is no JSON is told below, from what it is.
            if not isinstance(error, requests.exceptions.JSONDecodeError):
                raise _broken(error) from error
        except (InterruptedError, ValueError, RecursionError):
            pass  # OSMnx stops once it has the answer, as told to; or found it not to be JSON
    if not seen:
        raise DownloadError("serveur introuvable ou injoignable", passing=True)
    sent = seen[-1].request.body
    text = sent.decode() if isinstance(sent, bytes) else str(sent or "")
    return Answer(seen[-1].content, parse_qs(text).get("data", [""])[0])


@contextmanager
def _settings(settings: Any, address: str, silence_s: float, look: Any) -> Iterator[None]:
    """Set OSMnx for one question, and leave it, and the resolver it changes, as they were."""
    ours = {
        "overpass_url": address,
        "overpass_rate_limit": False,  # a refusal says how long to wait
        "overpass_settings": "[out:json][timeout:{timeout}]{maxsize}",
        "requests_timeout": silence_s,
        "use_cache": False,
        "cache_only_mode": True,  # no graph is made of the answer
        "max_query_area_size": math.inf,
        "doh_url_template": None,  # no third party is asked where the server is
        "http_user_agent": f"msap-geo/{__version__}",
    }
    before = {name: getattr(settings, name) for name in (*ours, "requests_kwargs")}
    resolver = socket.getaddrinfo
    with tempfile.TemporaryDirectory() as folder:
        options = {
            "verify": _certificates(address, Path(folder)),
            **settings.requests_kwargs,
            "hooks": {"response": look},
            "allow_redirects": False,
        }
        for name, value in {**ours, "requests_kwargs": options}.items():
            setattr(settings, name, value)
        try:
            yield
        finally:
            for name, value in before.items():
                setattr(settings, name, value)
            socket.getaddrinfo = resolver


def _certificates(address: str, folder: Path) -> str | bool:
    """Return the certificates to trust: requests' own, and those of the machine (of its proxy)."""
    if not address.startswith("https") or any(map(os.environ.get, _PROXY_CERTIFICATES)):
        return True
    import certifi  # noqa: PLC0415 - comes with requests

    known = ssl.create_default_context().get_ca_certs(binary_form=True)
    bundle = folder / "certificats.pem"
    texts = [Path(certifi.where()).read_text(encoding="utf-8")]
    texts += [ssl.DER_cert_to_PEM_cert(one) for one in known]
    bundle.write_text("\n".join(texts), encoding="utf-8")
    return str(bundle)


class _Watched:
    """The body of an answer, read as it arrives: what drips is seen, and what swells."""

    def __init__(self, raw: Any, deadline: float, most: int) -> None:
        self._raw, self._deadline, self._most = raw, deadline, most

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    def stream(self, amount: int = 1 << 16, *, decode_content: bool = True) -> Iterator[bytes]:
        """Yield what has arrived, without waiting for a full chunk."""
        size = 0
        while chunk := self._raw.read1(amount, decode_content=decode_content):
            size += len(chunk)
            late = time.monotonic() > self._deadline
            if late or size > self._most:
                self._raw.close()
                why = "durée maximale dépassée" if late else "réponse démesurée"
                raise DownloadError(why, passing=False)
            yield chunk


def _broken(error: Exception) -> DownloadError:
    """Say in French why OSMnx could not be answered; the first that fits."""
    import requests  # noqa: PLC0415 - it is imported already

    told, words = requests.exceptions, str(error)
    causes = (
        (isinstance(error, told.SSLError), "certificat du serveur non reconnu", False),
        (isinstance(error, told.Timeout) or "timed out" in words, "pas de réponse à temps", True),
        (isinstance(error, told.ProxyError), "le proxy ne répond pas", True),
        (isinstance(error, told.ChunkedEncodingError), "réponse coupée", True),
        (isinstance(error, told.ContentDecodingError), "réponse compressée abîmée", True),
        ("refused" in words, "connexion refusée", True),
        ("aborted" in words or "reset" in words, "connexion coupée", True),
        (True, "serveur introuvable ou injoignable", True),
    )
    why, passing = next((why, passing) for fits, why, passing in causes if fits)
    return DownloadError(why, passing=passing)


def elements_of(body: bytes) -> Elements:
    """Read an answer: whole, of the form expected, with every node of its ways.

    Parameters
    ----------
    body
        JSON of Overpass.

    Raises
    ------
    DownloadError
        If it is something else, or the server stopped before the end.
    """
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        raise DownloadError("c'est une page web, pas des routes", passing=True)
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise DownloadError(
            "réponse coupée ou illisible : ce n'est pas du JSON", passing=True
        ) from error
    if isinstance(content, dict) and content.get("remark"):
        raise DownloadError(
            f"le serveur s'est arrêté avant la fin (« {str(content['remark'])[:120]} »)",
            passing=True,
        )
    try:
        kinds: dict[str, dict[int, Any]] = {kind: {} for kind in _KINDS}
        for element in content["elements"]:
            kinds[element["type"]][_whole(element["id"])] = element
        nodes, ways, relations = (
            [some[number] for number in sorted(some)] for some in kinds.values()
        )
        for node in nodes:
            if not (-180 <= float(node["lon"]) <= 180 and -90 <= float(node["lat"]) <= 90):  # noqa: PLR2004 - degrees
                raise ValueError  # noqa: TRY301 - told below
        lost = sum(ref not in kinds["node"] for way in ways for ref in way["nodes"])
        told = (content.get("osm3s") or {}).get("timestamp_osm_base") or ""
        moment = datetime.fromisoformat(told) if told else datetime.now(UTC)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise DownloadError(
            "la réponse n'a pas la forme de celles d'Overpass", passing=False
        ) from error
    if lost:
        raise DownloadError("réponse incomplète : des routes y perdent leurs points", passing=True)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return Elements(nodes, ways, relations, moment.astimezone(UTC).replace(microsecond=0))


def _whole(number: Any) -> int:
    if not isinstance(number, int) or not 0 < number < 2**63:
        raise ValueError
    return number


def write_pbf(elements: Elements, path: Path) -> None:
    """Write a map as a file the reader of OpenStreetMap files takes.

    Parameters
    ----------
    elements
        The map (:func:`elements_of`).
    path
        New file, whose name ends in ``.osm.pbf``.

    Raises
    ------
    DownloadError
        If an element cannot be written as one of OpenStreetMap.
    """
    import osmium  # noqa: PLC0415 - only live roads write

    mutable: Any = osmium.osm.mutable
    always = {"version": 1, "visible": True, "timestamp": elements.moment}
    try:
        with osmium.SimpleWriter(str(path), overwrite=True) as writer:
            for node in elements.nodes:
                place = (float(node["lon"]), float(node["lat"]))
                writer.add_node(
                    mutable.Node(id=node["id"], location=place, tags=_tags(node), **always)
                )
            for way in elements.ways:
                writer.add_way(
                    mutable.Way(id=way["id"], nodes=way["nodes"], tags=_tags(way), **always)
                )
            for relation in elements.relations:
                members = [
                    (_KINDS[each["type"]], _whole(each["ref"]), _text(each.get("role", "")))
                    for each in relation.get("members", ())
                ]
                writer.add_relation(
                    mutable.Relation(
                        id=relation["id"], members=members, tags=_tags(relation), **always
                    )
                )
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RuntimeError) as error:
        raise DownloadError(
            "la réponse n'a pas la forme de celles d'Overpass", passing=False
        ) from error


def _tags(element: Mapping[str, Any]) -> dict[str, str]:
    told = element.get("tags") or {}
    return {_text(key): _text(value) for key, value in told.items()}


def _text(value: Any) -> str:
    """Return a word of a map; pyosmium would write a null byte, and die of reading it back."""
    text = str(value)
    if "\0" in text:
        raise ValueError
    return text


def merge_pbf(paths: Sequence[Path], merged: Path) -> None:
    """Join map files; of what stands in several, the latest is kept.

    Parameters
    ----------
    paths
        Files of :func:`write_pbf`.
    merged
        New file, whose name ends in ``.osm.pbf``.

    Raises
    ------
    RuntimeError
        If a file is no map.
    """
    import osmium  # noqa: PLC0415 - only live roads merge

    reader = osmium.MergeInputReader()
    for path in paths:
        reader.add_file(str(path))
    with osmium.SimpleWriter(str(merged), overwrite=True) as writer:
        reader.apply(writer, simplify=True)
