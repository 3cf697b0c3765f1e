"""French on the consoles of an office under Windows, simulated: encodings, no UTF-8 mode."""

from __future__ import annotations

import argparse
import ast
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import Progress

import msap_geo
from msap_geo.cli import consoles, progress
from msap_geo.cli.parser import FrenchParser

PACKAGE = Path(msap_geo.__file__).parent
CONSOLES = ["cp1252", "cp850", "ascii"]


def _run(arguments, encoding, cwd):
    env = {**os.environ, "PYTHONUTF8": "0", "PYTHONIOENCODING": encoding}
    return subprocess.run(
        [sys.executable, "-m", "msap_geo", *map(str, arguments)],
        capture_output=True,
        cwd=cwd,
        env=env,
        check=False,
    )


@pytest.mark.parametrize("encoding", CONSOLES)
def test_a_figure_and_its_words_stay_readable(encoding):
    shown = "89\u202f998 habitants, −3,5 min, 1\u202f200 € ; « l’œuvre » – …"
    told = shown.encode(encoding, consoles.NEAREST).decode(encoding)
    assert "?" not in told
    figures = told.replace("\u00a0", " ")
    assert figures.startswith("89 998 habitants, -3,5 min, 1 200 ")
    if encoding == "cp850":
        assert told == "89\u00a0998 habitants, -3,5 min, 1\u00a0200 EUR ; « l'oeuvre » - ..."


@pytest.mark.parametrize("encoding", ["cp1252", "cp850"])
def test_nothing_the_program_says_becomes_a_question_mark(encoding):
    said = [*(PACKAGE / "cli").glob("*.py"), PACKAGE / "french.py", PACKAGE / "cautions.py"]
    said += [PACKAGE / "errors.py", PACKAGE / "audit" / "constats.toml"]
    signs = {sign for path in said for sign in path.read_text(encoding="utf-8")}
    lost = {s for s in signs if s.encode(encoding, consoles.NEAREST) == b"?" and s != "?"}
    assert not lost


@pytest.mark.slow
def test_no_text_file_is_read_or_written_in_the_encoding_of_the_machine():
    # What a French Windows would take for cp1252, and read our own UTF-8 with.
    careless = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            named = {keyword.arg for keyword in node.keywords}
            if node.func.attr in {"read_text", "write_text"} and "encoding" not in named:
                careless.append(f"{path.relative_to(PACKAGE)}:{node.lineno}")
    assert not careless


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["cp1252", "cp850"])
def test_a_study_runs_on_such_a_console(toy_study, tmp_path, encoding):
    done = _run(["lancer", toy_study.path, "--sortie", tmp_path / "évaluation"], encoding, tmp_path)
    assert done.returncode == 0, done.stderr.decode(encoding)
    said = done.stdout.decode(encoding)
    assert "habitants" in said
    assert "évaluation" in said
    assert "?" not in said
    assert (tmp_path / "évaluation" / "carte.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_mistake_is_told_on_such_a_console(tmp_path):
    done = _run(["lancer", "étude absente.toml"], "cp850", tmp_path)
    said = done.stderr.decode("cp850")
    assert done.returncode == 1
    assert said.startswith("Erreur : ")
    assert "étude absente.toml" in said
    assert "Traceback" not in said


class Terminal(io.StringIO):
    def isatty(self):
        return True


def on_terminals(monkeypatch):
    terminals = {name: Terminal() for name in ("stdout", "stderr")}
    for name, stream in terminals.items():
        monkeypatch.setattr(sys, name, stream)
    consoles.settle()
    consoles.settle()  # once is enough
    return terminals


def test_a_terminal_is_shown_what_it_would_obey(monkeypatch):
    terminal = on_terminals(monkeypatch)
    sys.stdout.write("a\x1b]52;c;x\x07b\u202ec\x9b2J\td\u202f0\r\x08é")
    assert terminal["stdout"].getvalue() == "a�]52;c;x�b�c�2J\td\u202f0��é"
    with pytest.raises(SystemExit):
        FrenchParser(prog="p", description="").parse_args(["\x1b[31mx"])
    assert "\x1b" not in terminal["stderr"].getvalue()
    assert "�[31mx" in terminal["stderr"].getvalue()


def test_bars_still_draw_themselves(monkeypatch):
    terminal = on_terminals(monkeypatch)
    console = Console(file=consoles.for_bars(), force_terminal=True)
    with Progress(console=console) as bars:
        bars.add_task("[red]a[/red]")
    assert "\x1b[31ma" in terminal["stderr"].getvalue()


def test_what_is_said_under_a_bar_is_shown_too(monkeypatch, tmp_path):
    monkeypatch.setenv("MSAP_GEO_CACHE", str(tmp_path))
    monkeypatch.setenv("TERM", "xterm")
    terminal = on_terminals(monkeypatch)
    ours = sys.stdout, sys.stderr
    bar = Console(file=consoles.for_bars(), force_terminal=True)
    monkeypatch.setattr("rich.console.Console", lambda **_: bar)
    with progress.steps(argparse.Namespace(), "étude") as begin:
        begin("Lecture de a\x1b]52;c;x\x07\u202eb")
        for stream in (sys.stdout, sys.stderr):
            print("c\x1b]8;;x\x1b\\d\x9b2J\u202e", file=stream)
    assert (sys.stdout, sys.stderr) == ours
    sent = terminal["stderr"].getvalue()
    assert sent.count("c�]8;;x�\\d�2J�") == 2
    assert not {"\x07", "\x9b", "\u202e"} & set(sent)
    assert "\x1b]" not in sent


def test_a_file_gets_texts_as_they_are(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    consoles.settle()
    sys.stdout.write("a\x1b[31m")
    assert stream.getvalue() == "a\x1b[31m"
