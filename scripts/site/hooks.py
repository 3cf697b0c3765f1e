"""What the site needs beside docs/: pages that live elsewhere in the repository, links to them.

Read by MkDocs (``hooks`` in mkdocs.yml). Links of docs/*.md are those of the repository; here,
those that leave docs/ lead to the page made of the file, or are left as plain words where the
site has none. Words are set as French printers do: no question mark begins a line.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File

from msap_geo.french import typeset

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

ROOT = Path(__file__).parents[2]
ELSEWHERE = {
    "SECURITY.md": "securite.md",
    "CHANGELOG.md": "versions.md",
    "CONTRIBUTING.md": "contribuer.md",
}
NOTEBOOKS = ROOT / "notebooks"
_OUTSIDE = re.compile(r"(!?)\[([^\]]*)\]\(\.\./([^)#]+)(#[^)]*)?\)")
_FROM_ROOT = re.compile(r"\]\(docs/([^)]+)\)")

_ROLE = re.compile(r":(?:attr|class|data|exc|func|meth|mod):(?=<code>)")
"""Roles of docstrings, which Python's own tools read: the site shows the name alone."""

_NOT_WORDS = re.compile(r"(<(pre|code|script|style)\b.*?</\2>|<[^>]*>)", re.DOTALL)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that other files of the repository make."""
    for source, name in ELSEWHERE.items():
        text = _FROM_ROOT.sub(r"](\1)", (ROOT / source).read_text(encoding="utf-8"))
        for other, page in ELSEWHERE.items():
            text = text.replace(f"]({other})", f"]({page})")
        files.append(File.generated(config, name, content=text))
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        files.append(File.generated(config, f"cours/{path.stem}.md", content=_lesson(path)))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """Lead links out of docs/ to the pages made above."""
    return _OUTSIDE.sub(_inside, markdown)


def on_page_content(html: str, **_: object) -> str:
    """Set the words of a page, and leave alone its code and its tags."""
    html = _ROLE.sub("", html)
    parts, rest = [], 0
    for found in _NOT_WORDS.finditer(html):
        parts += [typeset(html[rest : found.start()]), found[0]]
        rest = found.end()
    return "".join([*parts, typeset(html[rest:])])


def _inside(found: re.Match[str]) -> str:
    mark, words, target, anchor = found.groups()
    name = ELSEWHERE.get(target)
    if name is None and target.startswith("notebooks/") and target.endswith(".ipynb"):
        name = f"cours/{Path(target).stem}.md"
    if name is None:
        return words if not mark else ""
    return f"[{words}]({name}{anchor or ''})"


def _lesson(path: Path) -> str:
    """Return a notebook as a page: its words, and the code between them."""
    parts = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] == "code":
            parts.append(f"```python\n{text}\n```")
        else:
            text = re.sub(r"\]\(\.\./docs/([^)]+)\)", r"](../\1)", text)
            parts.append(re.sub(r"\]\(([^)/]+)\.ipynb\)", r"](\1.md)", text))
    return "\n\n".join(parts) + "\n"
