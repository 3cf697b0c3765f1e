"""A document as PDF, by typst: tagged, fonts embedded, the same bytes for the same document."""

from __future__ import annotations

import datetime as dt
import json
import os
import tempfile
from contextlib import contextmanager, nullcontext
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msap_geo.errors import OutputError
from msap_geo.outputs.report.model import banner, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import typst

    from msap_geo.outputs.report.look import Look
    from msap_geo.outputs.report.model import Document, Picture, Plain

_ASSETS = files("msap_geo.outputs.report") / "assets"
_TEMPLATE, _THEME = "rapport.typ", "theme.typ"
_NO_PACKAGE = "aucun-paquet"
"""Folder that does not exist."""
_STANDARDS = ["ua-1", "a-2a"]
"""PDF/UA-1: readable by screen readers (ISO 14289-1). PDF/A-2a: kept as it is for long (ISO
19005-2), which embeds every font."""


_NOWHERE = "http://127.0.0.1:1"
_WAYS_OUT = {
    **dict.fromkeys(("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"), _NOWHERE),
    **dict.fromkeys(("no_proxy", "NO_PROXY"), ""),
}
"""What typst reads before it goes to the network: a proxy where nothing answers."""


def render_pdf(document: Document, look: Look) -> bytes:
    """Return a document as PDF.

    Parameters
    ----------
    document
        Document.
    look
        What the user changed in how it looks.

    Returns
    -------
    bytes
        The file. Nothing is fetched and no font of the machine is used.

    Raises
    ------
    OutputError
        If the theme given is wrong.
    """
    import matplotlib as mpl  # noqa: PLC0415 - slow, and only for those who ask for a report
    import typst  # noqa: PLC0415

    found = plain(document)
    noon = dt.datetime(
        document.date.year, document.date.month, document.date.day, 12, tzinfo=dt.UTC
    )
    with tempfile.TemporaryDirectory(prefix="msap-geo-") as name:
        root = Path(name)
        logo = None
        if look.logo is not None:
            logo = f"logo{look.logo.suffix}"
            (root / logo).write_bytes(look.logo.content)
        content = {
            **found.data,
            "banner": banner(found.data["warnings"]),
            "logo": logo,
            "year": document.date.year,
            "month": document.date.month,
            "day": document.date.day,
        }
        (root / "document.json").write_text(json.dumps(content), encoding="utf-8")
        (root / _TEMPLATE).write_bytes((_ASSETS / _TEMPLATE).read_bytes())
        own = (_ASSETS / _THEME).read_text(encoding="utf-8")
        (root / _THEME).write_text(
            own if look.typst_theme is None else look.typst_theme, encoding="utf-8"
        )
        # One for all that is asked of it: fonts are read once.
        compiler = typst.Compiler(
            root / _TEMPLATE,
            root=root,
            font_paths=[Path(mpl.get_data_path()) / "fonts" / "ttf"],
            ignore_system_fonts=True,
            # Those of the machine are files outside the root.
            package_path=root / _NO_PACKAGE,
            package_cache_path=root / _NO_PACKAGE,
        )
        try:
            with nullcontext() if look.typst_theme is None else _offline():
                _write_pictures(root, found, lambda: _sizes(compiler))
                made: Any = compiler.compile(
                    pdf_standards=_STANDARDS,  # type: ignore[arg-type]
                    timestamp=noon,
                )
        except typst.TypstError as error:
            if look.typst_theme is None:
                raise
            raise _unfit(error.message) from error
    return bytes(made)


@contextmanager
def _offline() -> Iterator[None]:
    """Leave typst no way to the network: a theme may make the name of a package as it runs.

    typst has no option for that; nothing else of a process goes to the network meanwhile, and
    what it went by is put back.
    """
    before = {name: os.environ.get(name) for name in _WAYS_OUT}
    os.environ.update(_WAYS_OUT)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _unfit(told: str) -> OutputError:
    """Say in French why a theme cannot be used, from what typst says of it."""
    if "package" in told:
        return OutputError(
            "le thème typst donné prend un paquet, et les rapports se font hors ligne",
            where="--theme-typst",
            remedy="copier dans le thème ce qui sert de ce paquet",
        )
    return OutputError(
        f"le thème typst donné ne convient pas ({told})",
        where="--theme-typst",
        remedy="partir du thème du logiciel (docs/rapport.md)",
    )


def _write_pictures(root: Path, found: Plain, sizes: Callable[[], set[tuple[int, int]]]) -> None:
    """Write the drawings of figures; of a smaller one that no page takes, its size alone.

    Which of its drawings a figure takes depends on where it comes on the page, so on sizes.
    """
    every = {
        (rank, size): picture
        for rank, forms in enumerate(zip(found.pictures, found.smaller, strict=True))
        for size, picture in enumerate((forms[0], *forms[1]))
    }
    whole = {at for at in every if not at[1]}

    def write(which: set[tuple[int, int]]) -> None:
        for rank, size in sorted(which):
            content = every[rank, size].svg(outlines=False)
            (root / f"picture-{rank}-{size}.svg").write_bytes(content)

    if whole == set(every):
        write(whole)
        return
    for (rank, size), picture in every.items():
        (root / f"picture-{rank}-{size}.svg").write_bytes(_blank(picture))
    drawn = sizes()
    write(whole | drawn)
    if sizes() != drawn:  # a drawing has not the size it tells
        write(set(every))


def _sizes(compiler: typst.Compiler) -> set[tuple[int, int]]:
    """Return the rank of the figures that may be smaller, and the drawing each takes."""
    told = json.loads(compiler.query("<drawn>", field="value"))
    return {(rank, size) for rank, size in told}


def _blank(picture: Picture) -> bytes:
    """Return an empty drawing of the size of a picture."""
    width, height = (f"{side / 25.4 * 72:.6f}" for side in (picture.width_mm, picture.height_mm))
    return (
        f'<svg width="{width}pt" height="{height}pt" viewBox="0 0 {width} {height}" '
        'xmlns="http://www.w3.org/2000/svg"/>'
    ).encode()
