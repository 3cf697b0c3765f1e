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

from msap_geo.errors import OutputError

if TYPE_CHECKING:
    import folium

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
# What Folium adds to every map for its own popups and icons, which ours does without.
_UNUSED = ("jquery", "bootstrap", "awesome", "fontawesome", "glyphicon")
_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_INLINE_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
# How Folium's popups and tooltips are written: with jQuery, for this one use, and style attributes.
_FOLIUM_POPUP = "$(`"
_INSTEAD_OF_JQUERY = """
function $(markup) {
  var mould = document.createElement("template");
  mould.innerHTML = markup.trim();
  return [mould.content.firstChild];
}
"""
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
        If the map holds a script or a style that is not at hand, for instance a Folium plugin's.
    """
    page = fmap.get_root().render()
    page = _RESOURCE.sub(_inline, page)
    # Browsers read every end of line as \n before they check a hash.
    page = _stable_identifiers(page).replace("\r\n", "\n").replace("\r", "\n")
    page = page.replace("<html>", '<html lang="fr">', 1)
    page = re.sub(r"<meta name=\"viewport\"[^>]*>", "", page)
    foreign = _FOLIUM_POPUP in page
    if foreign:
        page = page.replace("</head>", f"<script>{_INSTEAD_OF_JQUERY}</script></head>", 1)
    head = (
        '<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(page, styled=foreign)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n"
    )
    page = re.sub(r"<meta http-equiv=\"content-type\"[^>]*>\s*", "", page, count=1)
    # A function, not a string: the title may hold what re.sub would take for a group.
    return re.sub(r"<head>\s*", lambda _: f"<head>\n{head}", page, count=1)


def _inline(match: re.Match[str]) -> str:
    url = match.group(1) or match.group(2)
    name = url.rsplit("/", 1)[-1]
    if name in _LEAFLET_FILES:
        text = _leaflet(name)
        if name.endswith(".js"):
            return f"<script>{text}</script>"
        return f"<style>{text}</style>"
    if any(word in url.lower() for word in _UNUSED):
        return ""
    raise OutputError(
        "la carte demande un fichier extérieur, elle ne s'ouvrirait pas hors ligne",
        where=url,
        remedy="retirer cette extension de la carte, ou l'enregistrer avec folium (save)",
    )


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
        text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
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
    with Folium carry ``style`` attributes, which no hash can allow.
    """
    styles = "'unsafe-inline'" if styled else _hashes(_INLINE_STYLE, page)
    return (
        "default-src 'none'; base-uri 'none'; form-action 'none'; "
        f"script-src {_hashes(_INLINE_SCRIPT, page)}; style-src {styles}; "
        f"img-src data: {TILE_HOST} {OSM_HOST}"
    )


def _hashes(elements: re.Pattern[str], page: str) -> str:
    digests = {hashlib.sha256(text.encode()).digest() for text in elements.findall(page)}
    return " ".join(sorted(f"'sha256-{base64.b64encode(one).decode()}'" for one in digests))
