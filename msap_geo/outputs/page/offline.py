"""From a Folium map to one file that opens anywhere: offline, safe, the same bytes every time.

Folium's page asks a CDN for a dozen files and trusts every string it is given. Here the one library
the map needs is put inside, the rest is dropped, whatever would still leave the file is an error,
and a Content-Security-Policy lets the browser run our own scripts only.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from importlib.resources import files
from typing import TYPE_CHECKING

from branca.element import Figure

from msap_geo.errors import OutputError
from msap_geo.outputs.page import borrowed
from msap_geo.outputs.page.terse import sheet

if TYPE_CHECKING:
    import folium
    from branca.element import Element

_LEAFLET_FILES = {
    "leaflet.js": "db49d009c841f5ca34a888c96511ae936fd9f5533e90d8b2c4d57596f4e5641a",
    "leaflet.css": "a7837102824184820dfa198d1ebcd109ff6d0ff9a2672a074b9a1b4d147d04c6",
}
"""SHA-256 of Leaflet 1.9.4 as its authors publish it."""

TILE_HOST = "https://data.geopf.fr"
"""Géoplateforme (IGN): asked for tiles only once the reader turns that background on."""

OSM_HOST = "https://tile.openstreetmap.org"
OSM_TILES = OSM_HOST + "/{z}/{x}/{y}.png"
"""OpenStreetMap's own tiles, under the same condition."""

_RESOURCE = re.compile(
    r"<script[^>]*\ssrc=\"([^\"]*)\"[^>]*>\s*</script>"
    r"|<link[^>]*\shref=\"([^\"]*)\"[^>]*/?>",
)
# What Folium adds to every map for its own popups, icons and scales: folium.js stands for them.
_UNUSED = ("jquery", "bootstrap", "awesome", "fontawesome", "glyphicon", "ajax/libs/d3/3.")
_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_INLINE_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_IMAGE = re.compile(r"<img\s[^>]*>")
_VIDEO, _FRAME = "L.videoOverlay(", "<iframe"
_LAYERS = ".leaflet-control-layers-toggle"
_PLAIN_LAYERS, _SHARP_LAYERS = (
    "background-image:url(images/layers.png);",
    f".leaflet-retina {_LAYERS}",
)
_PIN = re.compile(r"\.leaflet-default-icon-path\{[^}]*\}")
_HAS_PINS = re.compile("marker|geojson", re.IGNORECASE)
"""What may draw Leaflet's own pin, in the script of a map's layers."""

_FOLIUM_ID = re.compile(r"(?<=_)[0-9a-f]{32}(?![0-9a-f])")


def render_page(fmap: folium.Map, *, title: str) -> str:
    """Render a map as one self-contained HTML page.

    Parameters
    ----------
    fmap
        Map to render.
    title
        Title of the page (the browser's tab), plain text.

    Returns
    -------
    str
        The page. It loads nothing from outside; equal maps give equal text.

    Raises
    ------
    OutputError
        If the map holds a script or a style that is not at hand, for instance a Folium plugin's,
        or what the page's policy would leave dead.
    """
    root = fmap.get_root()
    borrowed.prepare(root)
    page = _RESOURCE.sub(lambda match: _inline(match, root), _rendered(root))
    # Browsers read every end of line as \n before they check a hash.
    page = _stable_identifiers(page).replace("\r\n", "\n").replace("\r", "\n")
    page = page.replace("<html>", '<html lang="fr">', 1)
    page = re.sub(r"<meta name=\"viewport\"[^>]*>", "", page)
    page = (
        re.sub(r">\s{2,}(?=<)", ">\n", page.split("</head>", 1)[0])
        + "</head>"
        + page.split("</head>", 1)[1]
    )
    page = _without_room(page)
    borrowed.check(page)
    foreign = borrowed.needs_ours(page)
    if foreign:
        page = page.replace("</head>", f"<script>{borrowed.program()}</script></head>", 1)
    policy = _policy(page, styled=foreign or borrowed.is_styled(page))
    head = (
        '<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n"
    )
    page = re.sub(r"<meta http-equiv=\"content-type\"[^>]*>\s*", "", page, count=1)
    # A function, not a string: the title may hold what re.sub would take for a group.
    return re.sub(r"<head>\s*", lambda _: f"<head>\n{head}", page, count=1)


def _without_room(page: str) -> str:
    """Drop what a map's layers have no use for: Folium's indents, and the pin where none is drawn.

    A template string keeps its lines; nothing else of a script may hold one.
    """
    head, layers = page.rsplit("<script>", 1)
    if not _HAS_PINS.search(layers):
        head = _PIN.sub("", head, count=1)
    if "`" not in layers:
        layers = re.sub(r"\n\s+", "\n", layers)
    return f"{head}<script>{layers}"


def _rendered(root: Figure) -> str:
    """Render a figure and leave it as it was: Folium would add its layers again each time."""
    parts = (root.header, root.html, root.script)
    kept = [part._children.copy() for part in parts]  # noqa: SLF001 - branca gives no other access
    # Not ``root.render()``, which for a map of ours is the finished page.
    page: str = Figure.render(root)
    for part, children in zip(parts, kept, strict=True):
        part._children = children  # noqa: SLF001
    return page


def _inline(match: re.Match[str], root: Element) -> str:
    url = match.group(1) or match.group(2)
    name = url.rsplit("/", 1)[-1]
    if name in _LEAFLET_FILES:
        text = _leaflet(name)
        if name.endswith(".js"):
            return f"<script>{text}</script>"
        return f"<style>{text}</style>"
    if any(word in url.lower() for word in _UNUSED):
        return ""
    raise borrowed.refuse_outside(url, root)


def _leaflet(name: str) -> str:
    """Return a Leaflet file, its pictures inside it, after checking it is the published one."""
    folder = files("js_lib_leaflet") / "static" / "js_lib_leaflet"
    content = (folder / name).read_bytes()
    if hashlib.sha256(content).hexdigest() != _LEAFLET_FILES[name]:
        raise OutputError(
            f"le fichier {name} installé n'est pas celui de Leaflet 1.9.4",
            remedy="réinstaller msap-geo",
        )
    text = content.decode("utf-8")
    if name.endswith(".css"):
        # One picture of the layers' button, the sharp one, serves every screen.
        text = sheet(text).replace(_PLAIN_LAYERS, "").replace(_SHARP_LAYERS, _LAYERS, 1)
    text = re.sub(r"//# sourceMappingURL=\S+", "", text)

    def embed(match: re.Match[str]) -> str:
        picture = (folder / "images" / match.group(1)).read_bytes()
        return f"url(data:image/png;base64,{base64.b64encode(picture).decode()})"

    return re.sub(r"url\(images/([\w.-]+\.png)\)", embed, text)


def _stable_identifiers(page: str) -> str:
    """Replace Folium's random identifiers by their order of appearance."""
    numbers: dict[str, str] = {}
    return _FOLIUM_ID.sub(lambda m: numbers.setdefault(m.group(), str(len(numbers) + 1)), page)


def _policy(page: str, *, styled: bool) -> str:
    """Return the policy that lets the page's own scripts and styles work, and nothing else.

    Leaflet sets styles from its script, which no policy forbids; only the popups an analyst adds
    with Folium carry ``style`` attributes, which no hash can allow. Pictures and tiles an analyst
    adds are asked of the hosts they name, as ours are.
    """
    layers = page.rsplit("<script>", 1)[-1]
    drawn = layers + "".join(_IMAGE.findall(page))
    allowed = dict.fromkeys([TILE_HOST, OSM_HOST, *borrowed.hosts(drawn)])
    more = f"; media-src data: {' '.join(borrowed.hosts(layers))}" if _VIDEO in layers else ""
    more += "; frame-src data:" if _FRAME in layers else ""
    styles = "'unsafe-inline'" if styled else _hashes(_INLINE_STYLE, page)
    return (
        "default-src 'none'; base-uri 'none'; form-action 'none'; "
        f"script-src {_hashes(_INLINE_SCRIPT, page)}; style-src {styles}; "
        f"img-src data: {' '.join(allowed)}{more}"
    )


def _hashes(elements: re.Pattern[str], page: str) -> str:
    digests = {hashlib.sha256(text.encode()).digest() for text in elements.findall(page)}
    return " ".join(sorted(f"'sha256-{base64.b64encode(one).decode()}'" for one in digests))
