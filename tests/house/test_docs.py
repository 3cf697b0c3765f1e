"""The documentation says what the code does."""

from __future__ import annotations

import ast
import builtins
import importlib
import importlib.util
import json
import re
from pathlib import Path
from typing import get_args

import markdown
import pytest
import yaml

from msap_geo import __version__, cli, schemas
from msap_geo.study import Study, read_study

ROOT = Path(__file__).parents[2]


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_study_of_the_tutorial_is_a_study(tmp_path):
    (block,) = re.findall(r"```toml\n(.*?)```", text("docs/tutoriel.md"), re.DOTALL)
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


@pytest.mark.slow
@pytest.mark.xdist_group("france")
def test_the_table_of_files_is_what_its_script_writes(shared):
    spec = importlib.util.spec_from_file_location("donnees", ROOT / "scripts" / "donnees.py")
    donnees = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(donnees)
    written = text("docs/donnees.md").partition(donnees.START)[2].partition(donnees.END)[0]
    assert written.strip() == donnees.table(shared)


def test_local_links_lead_somewhere():
    for name in ("README.md", "CONTRIBUTING.md", "data/README.md", "maps/README.md", *_pages()):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", text(name)):
            assert (ROOT / name).parent.joinpath(target).exists(), f"{name} → {target}"


def _programs():
    for name in ("README.md", *_pages()):
        for program in re.findall(r"```python\n(.*?)```", text(name), re.DOTALL):
            yield name, ast.parse(program)


def _opened(program):
    """Return what a program takes of ours, by its name there; None for what does not exist."""
    for node in ast.walk(program):
        names = (
            [*getattr(node, "names", ())] if isinstance(node, ast.Import | ast.ImportFrom) else []
        )
        room = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
        for each in names:
            whole = f"{room}.{each.name}".strip(".")
            if whole.split(".")[0] == "msap_geo":
                source = importlib.import_module(room or each.name)
                found = getattr(source, each.name, None) if room else source
                yield each.asname or each.name, found


def _unbound(program):
    """Return the names a program reads and gives nothing to."""
    names = [node for node in ast.walk(program) if isinstance(node, ast.Name)]
    imported = [
        alias.asname or alias.name.split(".")[0]
        for node in ast.walk(program)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    ]
    bound = {*dir(builtins), *imported} | {n.id for n in names if isinstance(n.ctx, ast.Store)}
    return {name.id for name in names} - bound


def test_programs_of_the_pages_ask_what_exists():
    seen = 0
    for name, program in _programs():
        opened = dict(_opened(program))
        assert None not in opened.values(), (name, opened)
        assert _unbound(program) == set(), name
        for node in ast.walk(program):
            if isinstance(node, ast.Attribute) and getattr(node.value, "id", None) in opened:
                assert hasattr(opened[node.value.id], node.attr), (name, node.attr)
                seen += 1
    assert seen > 10


def test_files_of_the_project_that_pages_name_exist():
    ours = re.compile(r"`((?:msap_geo|tests|scripts|benchmarks|docs|notebooks)/[\w./-]+)`")
    named = {(name, file) for name in _pages() for file in ours.findall(text(name))}
    assert len(named) > 20
    assert [(page, file) for page, file in sorted(named) if not (ROOT / file).exists()] == []


def _pages():
    return [str(path.relative_to(ROOT)) for path in sorted((ROOT / "docs").rglob("*.md"))]


def test_the_citation_and_the_changelog_are_of_this_version():
    assert f"version: {__version__}\n" in text("CITATION.cff")
    released = re.findall(r"(?m)^## (\d[\d.]*) \((\d{4}-\d{2}-\d{2})\)$", text("CHANGELOG.md"))
    assert released[0][0] == __version__
    assert f"date-released: {released[0][1]}\n" in text("CITATION.cff")


def test_the_readme_fits_a_screen_or_two_and_says_what_the_pages_say():
    readme = text("README.md")
    assert len(readme.splitlines()) <= 60
    corsica = text("docs/corse.md")
    share, zones, before = re.search(
        r"August 2024: ([\d.]+) % of inhabitants within 20 minutes, (\d+) zones blanches\. "
        r"In January 2020 it was\s([\d.]+) %",
        readme,
    ).groups()
    told = re.search(r"\| habitants à 20 min ou moins \| (\S+) % \| (\S+) % \|", corsica).groups()
    assert told == (before.replace(".", ","), share.replace(".", ","))
    assert re.search(rf"\| zones blanches \(20 min\) \|.*\| {zones}, ", corsica)


def _script(name, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    return importlib.import_module(name)


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("document_commandes", "docs/commandes.md"),
        ("document_estime", "docs/reseau-estime.md"),
        ("document_performance", "docs/performance.md"),
        ("document_verite", "docs/verite.md"),
    ],
)
def test_a_page_is_what_its_script_writes(name, target, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    assert _script(name, monkeypatch).page() == text(target), f"python scripts/{name}.py"


def test_what_was_held_against_osrm_is_told_whole(monkeypatch):
    page = _script("document_verite", monkeypatch).page()
    corsica = json.loads(text("benchmarks/results/osrm.json"))["corse"]["communes"]
    for line in corsica["thresholds"]:
        for name in ("ours", "osrm", "osrm_without_walks"):
            assert f"{line[name]:.2f} %".replace(".", ",") in page
    assert "erreur quadratique" in page  # INSEE's part


def _site():
    return yaml.load(text("mkdocs.yml"), Loader=_Loose)  # noqa: S506 - a SafeLoader, made looser


class _Loose(yaml.SafeLoader):
    """Reads MkDocs' configuration without making the objects it names."""


_Loose.add_multi_constructor("tag:yaml.org,2002:python/", lambda *_: None)


def _leaves(nav):
    for entry in nav if isinstance(nav, list) else nav.values():
        if isinstance(entry, str):
            yield entry
        else:
            yield from _leaves(entry)


def test_every_page_is_in_the_site():
    listed = set(_leaves(_site()["nav"]))
    written = {str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md")}
    lessons = {f"cours/{path.stem}.md" for path in (ROOT / "notebooks").glob("*.ipynb")}
    elsewhere = {"securite.md", "versions.md", "contribuer.md"}
    assert listed == written | lessons | elsewhere


def test_the_site_asks_nothing_of_the_internet():
    site = _site()
    assert site["theme"]["font"] is False
    assert not [one for one in site.get("extra_javascript", []) if "//" in one]
    assert not [one for one in site["extra_css"] if "//" in one]
    # Without a polyfill of this name, the theme fetches one.
    assert site["extra"]["polyfills"] == ["iframe-worker.js"]
    assert (ROOT / "docs" / "iframe-worker.js").exists()


def test_words_of_the_site_are_typeset_and_its_code_is_not(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts" / "site"))
    set_words = importlib.import_module("hooks").on_page_content
    code = "<pre><code>l'un ? <b>l'autre</b> !</code></pre>"
    html = f"<p title=\"l'eau !\">l'eau ? <code>l'eau !</code></p>{code}<p>90 %</p>"
    thin = "\u202f"
    assert set_words(html) == (
        f"<p title=\"l'eau !\">l’eau{thin}? <code>l'eau !</code></p>{code}<p>90{thin}%</p>"
    )


def test_lists_of_the_pages_are_lists_on_the_site():
    ran_on = {}
    for name in _pages():
        html = markdown.markdown(text(name), extensions=["tables", "fenced_code"])
        words = re.sub(r"<(pre|code)\b.*?</\1>", "", html, flags=re.DOTALL)
        if found := re.findall(r"^[-*] .*", words, re.MULTILINE):
            ran_on[name] = found
    assert ran_on == {}


def _commands():
    """Yield every line a reader may copy that calls the program, from README and pages."""
    for name in ("README.md", *_pages()):
        for block in re.findall(r"```console\n(.*?)```", text(name), re.DOTALL):
            for line in re.findall(r"(?m)^\$ (msap-geo .*)$", block):
                yield name, line.partition("#")[0].strip()


def test_every_command_shown_is_one_of_the_program():
    shown = list(_commands())
    assert len(shown) > 40  # or they are not found any more
    for name, line in shown:
        arguments = re.sub(r"\s+>.*", "", line).split()[1:]
        try:
            cli._parser().parse_args(arguments)
        except SystemExit as ended:
            refused = bool(ended.code)
        else:
            refused = False
        assert not refused, f"{name} : {line}"


def _told(name, command):
    """Return the lines shown under a command."""
    block = re.search(rf"(?m)^\$ {re.escape(command)}\n((?:(?!\$ |```).*\n)+)", text(name))
    return [line for line in block[1].splitlines() if line.strip() != "…"]


@pytest.mark.slow
def test_the_tutorial_shows_what_the_demonstration_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        cli.main(["demo"])
    assert not ended.value.code
    said = capsys.readouterr().out.replace("\u202f", " ").replace("\u00a0", " ").splitlines()
    for line in _told("docs/tutoriel.md", "msap-geo demo"):
        assert line in said


@pytest.mark.slow
@pytest.mark.corse
def test_the_tutorial_shows_what_corsica_says(shared, tmp_path, monkeypatch, capsys):
    (block,) = re.findall(r"```toml\n(.*?)```", text("docs/tutoriel.md"), re.DOTALL)
    (tmp_path / "etude.toml").write_text(block, encoding="utf-8")
    for folder in ("corse", "france"):
        for path in (shared / folder).iterdir():
            if path.name in block:
                (tmp_path / path.name).symlink_to(path)
    monkeypatch.chdir(tmp_path)
    audit = "verifier etude.toml --rapport audit.html"
    shown = ((audit, ["tutoriel", "verifier"]), ("lancer etude.toml", ["tutoriel"]))
    for command, pages in shown:
        with pytest.raises(SystemExit) as ended:
            cli.main(command.split())
        assert not ended.value.code
        said = capsys.readouterr().out.replace("\u202f", " ").replace("\u00a0", " ").splitlines()
        for page in pages:
            for line in _told(f"docs/{page}.md", f"msap-geo {command}"):
                assert line in said
