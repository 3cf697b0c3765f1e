"""Pictures by matplotlib, without a screen: the same bytes for the same picture."""

from __future__ import annotations

import io
import re
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

INK, MUTED, RULE = "#1b1f26", "#4a5361", "#c3ccd8"
ACCENT, ALERT = "#1f3b73", "#b5123e"
CANDIDATE = "#ffd23f"
"""The colours of the map that opens in a browser (``assets/carte.css``)."""

MM = 1 / 25.4

_PATH = re.compile(rb' d="[^"]*"')
_DECIMALS = re.compile(rb"(?<=\.\d\d)\d+")
"""A hundredth of a point is finer than any printer: half the size of a map."""

_SETTINGS = {
    "font.family": "DejaVu Sans",
    "font.size": 7,
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "hatch.linewidth": 0.45,
    "svg.hashsalt": "msap_geo",  # identifiers inside the file, else drawn by lot
    "text.parse_math": False,  # a name with two dollars is no formula
}


class Drawing:
    """A picture drawn once, given as SVG or PNG (:class:`msap_geo.outputs.report.Picture`).

    Parameters
    ----------
    figure
        Figure, drawn under :func:`style`.
    """

    def __init__(self, figure: Figure) -> None:
        self._figure = figure
        width, height = figure.get_size_inches()
        self.width_mm, self.height_mm = float(width) / MM, float(height) / MM

    def svg(self, *, outlines: bool) -> bytes:
        """Return it as SVG; letters as outlines, or as text in DejaVu Sans."""
        kind = "path" if outlines else "none"
        saved = self._saved("svg", {"Date": None, "Creator": None}, **{"svg.fonttype": kind})
        return _PATH.sub(lambda path: _DECIMALS.sub(b"", path[0]), saved)

    def png(self, *, dpi: int) -> bytes:
        """Return it as PNG."""
        return self._saved("png", {"Software": None}, **{"savefig.dpi": dpi})

    def _saved(self, form: str, metadata: dict[str, Any], **settings: Any) -> bytes:
        buffer = io.BytesIO()
        with style(**settings):
            self._figure.savefig(buffer, format=form, metadata=metadata)
        return buffer.getvalue()

    def _repr_png_(self) -> bytes:
        """Show the picture in a notebook."""
        return self.png(dpi=110)


class Deferred:
    """A picture that is drawn once it is asked for; its size is known before.

    Parameters
    ----------
    width_mm, height_mm
        Size asked of its figure, millimetres.
    draw
        Draws it.
    """

    def __init__(self, width_mm: float, height_mm: float, draw: Callable[[], Drawing]) -> None:
        # To inches and back, as a figure's are: the same to the last bit once it is drawn.
        self.width_mm, self.height_mm = width_mm * MM / MM, height_mm * MM / MM
        self._draw = draw

    @cached_property
    def _drawn(self) -> Drawing:
        return self._draw()

    def svg(self, *, outlines: bool) -> bytes:
        """Return it as SVG; letters as outlines, or as text in DejaVu Sans."""
        return self._drawn.svg(outlines=outlines)

    def png(self, *, dpi: int) -> bytes:
        """Return it as PNG."""
        return self._drawn.png(dpi=dpi)


@contextmanager
def style(**settings: Any) -> Iterator[None]:
    """Draw with our settings alone, whatever the user's own (``matplotlibrc``)."""
    with mpl.rc_context():
        mpl.rcdefaults()
        chosen: dict[Any, Any] = {**_SETTINGS, **settings}
        mpl.rcParams.update(chosen)
        yield


def new_figure(width_mm: float, height_mm: float) -> Figure:
    """Return an empty figure of a size, with a canvas that needs no screen."""
    figure = Figure(figsize=(width_mm * MM, height_mm * MM))
    FigureCanvasAgg(figure)
    return figure
