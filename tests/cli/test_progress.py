"""Time taken and time left: what the last run lasted, and nothing where nothing is known."""

from __future__ import annotations

import argparse
import json

import pytest

from msap_geo import french
from msap_geo.cli import progress

LAST = [("lire", 2.0), ("calculer", 10.0), ("écrire", 3.0)]


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_nothing_is_said_of_what_is_left_at_the_first_run(clock):
    steps = progress.Steps(clock=clock)
    assert str(steps) == "Préparation…"
    steps.begin("lire")
    clock.now += 65
    assert str(steps).replace("\u202f", " ") == "lire… étape 1, 1 min 5 s"
    assert steps.left_s() is None


def test_what_is_left_is_what_the_last_run_took(clock):
    steps = progress.Steps(LAST, clock)
    steps.begin("lire")
    assert steps.left_s() == 15
    clock.now += 1
    assert steps.left_s() == 14
    steps.begin("calculer")
    assert steps.left_s() == 13
    clock.now += 60
    # A step longer than last time: what follows it is left all the same, never less than nothing.
    assert steps.left_s() == 3
    assert str(steps).replace("\u202f", " ") == (
        "calculer… étape 2 sur 3, 1 min 1 s, encore environ 3 s"
    )
    steps.begin("écrire")
    clock.now += 5
    assert steps.left_s() == 0
    assert steps.finished() == [("lire", 1), ("calculer", 60), ("écrire", 5)]


def test_a_step_never_seen_leaves_the_rest_unknown_until_one_that_was(clock):
    steps = progress.Steps(LAST, clock)
    steps.begin("lire")
    steps.begin("autre chose")
    assert steps.left_s() is None
    steps.begin("écrire")
    assert steps.left_s() == 3


def test_a_step_that_comes_twice_is_counted_twice(clock):
    steps = progress.Steps([("lire", 1.0), ("calculer", 2.0), ("lire", 4.0)], clock)
    for step, left in (("lire", 7), ("calculer", 6), ("lire", 4)):
        steps.begin(step)
        assert steps.left_s() == left


@pytest.mark.parametrize(
    "told", ["", "{", "[1, 2]", '[["lire", -1]]', '[["lire", 1e300]]', '{"lire": 2}', "[" * 9999]
)
def test_a_record_that_cannot_be_read_is_none(tmp_path, told):
    (tmp_path / "r.json").write_text(told, encoding="utf-8")
    assert progress._read(tmp_path / "r.json") == ([], True)
    assert progress._read(tmp_path / "none.json") == ([], False)


def test_any_bit_changed_in_a_record_is_seen_and_told(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("MSAP_GEO_CACHE", str(tmp_path))
    asked = argparse.Namespace(command="lancer", etude="etude.toml", sortie=None)

    def run():
        with progress.steps(asked, "corse") as begin:
            begin("lire")

    run()
    (record,) = (tmp_path / "durees").iterdir()
    whole = record.read_bytes()
    (known, damaged) = progress._read(record)
    assert (len(known), damaged) == (1, False)
    for place in range(8 * len(whole)):
        changed = bytearray(whole)
        changed[place // 8] ^= 1 << place % 8
        record.write_bytes(changed)
        # A space or the case of a digit of the hash may change; what is kept may not.
        assert progress._read(record) in (([], True), (known, False))
    record.write_bytes(whole.replace(b"lire", b"lird"))
    run()
    assert "abîmées" in capsys.readouterr().err
    run()
    assert "abîmées" not in capsys.readouterr().err


def test_the_next_run_knows_the_last_one_and_a_failed_one_leaves_it(monkeypatch, tmp_path):
    monkeypatch.setenv("MSAP_GEO_CACHE", str(tmp_path))
    asked = argparse.Namespace(command="lancer", etude="etude.toml", sortie=None)
    with progress.steps(asked, "corse") as begin:
        begin("lire")
    (record,) = (tmp_path / "durees").iterdir()
    ((step, seconds),) = json.loads(record.read_text(encoding="utf-8"))["etapes"]
    assert (step, seconds >= 0) == ("lire", True)
    asked.sortie = "ailleurs"  # where it is written changes nothing of what is done

    def fails():
        with progress.steps(asked, "corse") as begin:
            begin("autre")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert json.loads(record.read_text(encoding="utf-8"))["etapes"][0][0] == "lire"
    with progress.steps(argparse.Namespace(command="noter"), "corse") as begin:
        begin("noter")
    assert len(list((tmp_path / "durees").iterdir())) == 2


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.2, "0 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (125, "2 min 5 s"), (4320, "1 h 12 min")],
)
def test_a_wait_is_told_no_finer_than_it_matters(seconds, told):
    assert french.duration(seconds).replace("\u202f", " ") == told
