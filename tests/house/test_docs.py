"""The documentation says what the code does."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import get_args

import pytest

from msap_geo import __version__, schemas
from msap_geo.study import Study, read_study

ROOT = Path(__file__).parents[2]


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_study_of_the_readme_is_a_study(tmp_path):
    (block,) = re.findall(r"```toml\n(.*?)```", text("README.md"), re.DOTALL)
    path = tmp_path / "etude.toml"
    path.write_text(block, encoding="utf-8")
    assert read_study(path).departements == ("2A", "2B")


def _section(annotation):
    """Return the section an annotation holds: itself, one of several, or one that may be absent."""
    if hasattr(annotation, "model_fields"):
        return annotation
    return next((found for part in get_args(annotation) if (found := _section(part))), None)


def _keys(model, path):
    for key, field in model.model_fields.items():
        inner = _section(field.annotation)
        yield from ([(path, key)] if inner is None else _keys(inner, f"{path}.{key}".strip(".")))


def test_every_key_of_the_study_file_is_documented():
    page = text("docs/etude.md")
    keys = [(section, key) for section, key in _keys(Study, "") if section]
    assert ("reseau.modifications", "vitesse_kmh") in keys
    for section, key in keys:
        assert re.search(rf"\[{section}[.\]].*\b{key}\b", page), f"[{section}] {key}"


@pytest.mark.parametrize("schema", [schemas.ACCESS, schemas.ZONES, schemas.CANDIDATES])
def test_every_column_written_is_documented(schema):
    page = text("docs/fichiers.md")
    for column in schema.columns:
        assert column == "geometry" or f"| `{column}` |" in page, column


def test_the_page_of_sources_is_that_of_the_registry(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    from document_sources import page  # noqa: PLC0415

    assert page() == text("docs/sources.md"), "python scripts/document_sources.py"


@pytest.mark.xdist_group("france")
def test_the_table_of_files_is_what_its_script_writes(shared):
    spec = importlib.util.spec_from_file_location("donnees", ROOT / "scripts" / "donnees.py")
    donnees = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(donnees)
    written = text("docs/donnees.md").partition(donnees.START)[2].partition(donnees.END)[0]
    assert written.strip() == donnees.table(shared)


def test_local_links_lead_somewhere():
    for name in ("README.md", "data/README.md", "maps/README.md", *_pages()):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", text(name)):
            assert (ROOT / name).parent.joinpath(target).exists(), f"{name} → {target}"


def _pages():
    return [f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))]


def test_the_citation_is_of_this_version():
    assert f"version: {__version__}\n" in text("CITATION.cff")
