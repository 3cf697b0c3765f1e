"""What nothing else caught: a French sentence, an exit code, a report; never a traceback."""

from __future__ import annotations

import errno
import json
import logging
import os
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from msap_geo.cli import lancer, main
from msap_geo.errors import MsapGeoError, SourceError


@pytest.fixture
def stopped(tmp_path, monkeypatch, capfd):
    """Run a command that an error stops, in an empty folder; give code, output, message."""
    monkeypatch.chdir(tmp_path)

    def run(error, *arguments):
        def fail(_arguments):
            if isinstance(error, BaseException):
                raise error
            return error()

        monkeypatch.setattr(lancer, "_read", fail)
        with pytest.raises(SystemExit) as end:
            main(["lancer", "etude.toml", *arguments])
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return end.value.code, out, err

    return run


def reports(folder):
    return sorted(folder.glob("msap-geo-erreur-*.txt"))


@pytest.mark.parametrize(
    "error", [ZeroDivisionError("x"), KeyError("x"), ValueError(), AssertionError(), OSError("x")]
)
def test_a_fault_of_ours_is_70_and_a_report(stopped, tmp_path, error):
    code, out, err = stopped(error, "--json")
    assert (code, out) == (70, "")
    assert err.startswith("Erreur : msap-geo a rencontré un défaut qui n'est pas de votre fait")
    (report,) = reports(tmp_path)
    assert str(report) in err
    told = report.read_text(encoding="utf-8")
    for words in ("msap-geo ", "Python ", "numpy ", "commande : msap-geo lancer", "Traceback"):
        assert words in told
    assert type(error).__name__ in told


def test_a_report_goes_elsewhere_where_the_folder_is_closed(stopped, tmp_path, monkeypatch):
    write = Path.write_text

    def refuse(path, *args, **kwargs):
        if path.parent == tmp_path:
            raise PermissionError(13, "Permission denied")
        return write(path, *args, **kwargs)

    monkeypatch.setattr(Path, "write_text", refuse)
    _, _, err = stopped(ZeroDivisionError())
    assert reports(tmp_path) == []
    report = Path(err.split("le compte rendu est dans ")[1].split(". Que faire")[0])
    assert "ZeroDivisionError" in report.read_text(encoding="utf-8")
    report.unlink()


def test_where_nothing_can_be_written_the_sentence_stands_alone(stopped, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", refuse)
    code, _, err = stopped(ZeroDivisionError())
    assert code == 70
    assert "relancer depuis un dossier où l'on peut écrire" in err


@pytest.mark.parametrize(
    "error", [MemoryError(), np._core._exceptions._ArrayMemoryError((9,), np.dtype(float))]
)
def test_no_memory_left(stopped, tmp_path, error):
    code, _, err = stopped(error)
    assert code == 1
    assert "la mémoire de ce poste ne suffit pas" in err
    assert "moins de tirages" in err
    assert reports(tmp_path) == []


def test_too_deep(stopped):
    code, _, err = stopped(RecursionError())
    assert code == 70
    assert "imbriquées trop profondément" in err


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "disque plein"),
        (errno.EACCES, "accès refusé"),
        (errno.ENAMETOOLONG, "nom trop long"),
        (errno.EMFILE, "trop de fichiers ouverts"),
        (errno.EIO, "le disque ne répond pas"),
    ],
)
def test_what_the_machine_refuses(stopped, tmp_path, number, said):
    code, _, err = stopped(OSError(number, "in English", "/un/fichier"))
    assert code == 1
    assert said in err
    assert "/un/fichier" in err
    assert "English" not in err
    assert reports(tmp_path) == []


def test_known_errors_keep_their_codes(stopped):
    assert stopped(MsapGeoError("x"))[0] == 1
    assert stopped(SourceError("x"))[0] == 4


@pytest.mark.usefixtures("heard")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_every_way_to_be_told_to_stop_is_ctrl_c(stopped, name):
    number = getattr(signal, name)
    before = signal.getsignal(number)
    code, out, err = stopped(lambda: signal.raise_signal(number))
    assert (code, out, err) == (130, "", "Interrompu.\n")
    assert signal.getsignal(number) is before


def test_a_signal_that_is_ignored_stays_so(stopped):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        code, _, _ = stopped(lambda: signal.raise_signal(signal.SIGHUP) or {}["x"])
        assert code == 70
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_libraries_say_nothing_in_english(stopped):
    def noisy():
        warnings.warn("an English warning", stacklevel=1)
        logging.getLogger("fiona.ogr").warning("an English log")
        logging.getLogger().error("an English error")
        raise MsapGeoError("une phrase")

    assert stopped(noisy) == (1, "", "Erreur : une phrase.\n")


def run(*arguments, cwd):
    return subprocess.run(
        [sys.executable, "-X", "dev", "-m", "msap_geo", *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        cwd=cwd,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONWARNINGS": "default"},
        check=False,
        timeout=300,
    )


@pytest.mark.slow
def test_json_is_pure_and_nothing_is_said_beside_it(toy_study, tmp_path):
    process = run("lancer", toy_study.path, "--json", "--sortie", "s", cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    assert json.loads(process.stdout)["etude"] == "Ville jouet"
    assert process.stderr == ""


@pytest.mark.skipif(sys.platform != "linux", reason="un nom de fichier qui n'est pas de l'UTF-8")
def test_names_that_are_not_utf_8(toy_study, tmp_path, capfd):
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/r\xe9sultats")
    for arguments in (
        ["lancer", str(toy_study.path), "--sortie", folder],
        ["lancer", f"{folder}/etude.toml"],
    ):
        with pytest.raises(SystemExit) as end:
            main(arguments)
        assert end.value.code == 1
        assert "pas en UTF-8" in capfd.readouterr().err
    assert not Path(folder).exists()


def test_a_name_of_300_letters(toy_study, tmp_path, capfd):
    with pytest.raises(SystemExit) as end:
        main(["lancer", str(toy_study.path), "--sortie", str(tmp_path / ("n" * 300))])
    out, err = capfd.readouterr()
    assert (end.value.code, out) == (1, "")
    assert "nom trop long" in err
    assert "--sortie" in err
