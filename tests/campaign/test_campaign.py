"""A campaign on one machine: its bytes, what is made again, what is told, what dies."""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import warnings
from dataclasses import replace

import pandas as pd
import pytest
from support.campaigns import Country, contents
from support.commands import failed, run, run_anew
from support.dictionaries import check_entries
from support.disks import mounted

from msap_geo import outputs
from msap_geo.campaign import (
    Bounds,
    Share,
    Step,
    Territory,
    assemble_campaign,
    bounds,
    by_processes,
    read_campaign,
    run_campaign,
    state,
    tasks_of,
)
from msap_geo.campaign.assembly import provenance
from msap_geo.campaign.conduct import conduct
from msap_geo.campaign.figures import Made, figures, together
from msap_geo.campaign.processes import MOST_ATTEMPTS, serve_studies
from msap_geo.cli.campagne import _sentence as sentence
from msap_geo.errors import FolderTakenError, OutputError, StudyError

ONE = Bounds(1)


@pytest.fixture
def country(tmp_path):
    return Country(tmp_path).write()


@pytest.fixture(scope="module")
def campaigned(tmp_path_factory):
    """Make the campaign once for the tests that only need one to be there, and what it reported."""
    country = Country(tmp_path_factory.mktemp("campagne")).write()
    return country.folder, campaign(country)


@pytest.fixture
def done(campaigned, tmp_path):
    """Return a country of the test's own, its campaign made: a copy, which nothing else changes."""
    shutil.copytree(campaigned[0], tmp_path, dirs_exist_ok=True)
    return Country(tmp_path)


def here(tasks, folder):
    """Make studies in this very process."""
    return (conduct(task, folder) for task in tasks)


def campaign(country, make=here, **options):
    return run_campaign(read_campaign(country.path), country.folder / "sortie", make, **options)


class TestBytes:
    @pytest.mark.slow
    def test_each_study_is_that_of_lancer(self, country):
        done = run_anew(
            "campagne", country.path, "--sortie", country.folder / "c", "--processus", 2
        )
        assert done.returncode == 0, done.stderr
        assert "3 études sur 3" in done.stdout.replace("\xa0", " ")
        for departement, name in (("49", "Maine-et-Loire"), ("72", "Sarthe")):
            path = country.study_alone(departement, f"Jouet – {name}")
            alone = country.folder / f"seule-{departement}"
            assert run("lancer", path, "--sortie", alone).returncode == 0
            assert contents(country.folder / "c" / departement) == contents(alone)

    @pytest.mark.slow
    def test_everything_dated_too(self, country):
        asked = 'sorties = ["tout", "geoparquet", "temps-csv"]'
        country.configure('["72"]', f'dates = ["2021-06-01"]\n{asked}')
        report = campaign(country)
        assert not report.missing
        path = country.study_alone(
            "72", "Jouet – Sarthe", ("[reseau]", '[maisons]\nau = "2021-06-01"\n[reseau]')
        )
        alone = country.folder / "seule"
        options = ("--tout", "--geoparquet", "--temps", "csv")
        assert run("lancer", path, *options, "--sortie", alone).returncode == 0
        made = contents(country.folder / "sortie" / "72-2021-06-01")
        assert made == contents(alone)
        assert {"rapport.pdf", "communes.parquet", "temps.csv"} <= set(made)


class TestFigures:
    @pytest.mark.slow
    def test_one_row_a_study(self, country):
        country.configure('["49", "53"]', 'dates = ["2020-06-01", "2023-01-01"]')
        campaign(country)
        table = pd.read_parquet(country.folder / "sortie" / "chiffres.parquet")
        assert list(table["dossier"]) == [
            "49-2020-06-01", "49-2023-01-01", "53-2020-06-01", "53-2023-01-01"
        ]  # fmt: skip
        told = json.loads(
            (country.folder / "sortie" / "53-2023-01-01" / "resume.json").read_text("utf-8")
        )
        row = table.iloc[3]
        assert (row["population"], row["communes"]) == (told["population"], 4)
        assert row["part_20"] == told["seuils"]["20"]["part"]
        assert row["habitants_au_dela_20"] == told["seuils"]["20"]["population_au_dela"]
        # Nobody of the Maine-et-Loire had a Maison in 2020; the Mayenne had its own.
        assert list(table["maisons"]) == [0, 1, 1, 1]
        check_entries("chiffres", list(table.columns))
        same = pd.read_csv(country.folder / "sortie" / "chiffres.csv", dtype={"territoire": str})
        assert list(same.columns) == list(table.columns)

    @pytest.mark.slow
    def test_those_of_the_diagnosis_too(self, country):
        country.configure('["53"]', 'sorties = "tout"')
        campaign(country)
        table = pd.read_parquet(country.folder / "sortie" / "chiffres.parquet")
        assert {"gini", "minutes_pire_decile"} <= set(table.columns)
        check_entries("chiffres", list(table.columns))

    @pytest.mark.slow
    def test_together_they_are_the_country(self, campaigned):
        table = figures(campaigned[1].studies)
        (row,) = together(table).to_dict("records")
        assert row["population"] == table["population"].sum() == 7800
        assert row["part_20"] == pytest.approx(table["population_20"].sum() / 7800)
        assert row["habitants_au_dela_20"] == table["habitants_au_dela_20"].sum()
        # One territory missing, nothing is said of all.
        table.loc[0, "population"] = pd.NA
        assert together(table).empty

    @pytest.mark.slow
    def test_the_atlas_links_every_study(self, country):
        campaign(country.configure('["53", "72"]', 'sorties = "tout"'))
        page = (country.folder / "sortie" / "index.html").read_text(encoding="utf-8")
        for link in ("53/carte.html", "53/rapport.html", "72/rapport.pdf", "72/etude.xlsx"):
            assert f'"{link}"' in page
            assert (country.folder / "sortie" / link).exists()
        told = json.loads(page.split('id="donnees">')[1].split("</script>")[0])
        assert all(one["trace"] for one in told["territoires"])
        assert [row["territoire"] for row in told["etudes"]] == ["53", "72", ""]
        # Times are estimated: what is shown first is the share expected, whole communes after it.
        assert [one["titre"] for one in told["chiffres"][:3]] == [
            "Part attendue à 20 min ou moins",
            "Part attendue à 30 min ou moins",
            "Part à 20 min ou moins",
        ]

    @pytest.mark.parametrize(
        ("number", "told"),
        [(6, "T5"), (7, "T5 et 1\xa0autre"), (9, "T5 et 3\xa0autres")],
    )
    def test_territories_beyond_six_are_counted(self, country, number, told):
        asked = read_campaign(country.path)
        (task,) = tasks_of(read_campaign(country.configure('["53"]').path))
        studies = [
            Made(replace(task, territory=Territory(str(i), f"T{i}", ())), "à faire")
            for i in range(number)
        ]
        assert provenance(asked, studies).territory == f"T0, T1, T2, T3, T4, {told}"

    def test_each_profile_has_its_method_and_choices_have_none(self, country):
        (task,) = tasks_of(read_campaign(country.configure('["53"]').path))

        def made(method, scenario=""):
            cited = {"methode": method, "moment": "2024-08-01", "date": "", "limites": []}
            cited["attributions"] = []
            return Made(replace(task, scenario=scenario), "faite", manifest={"citation": cited})

        asked = read_campaign(country.path)
        studies = [
            made("À pied."),
            made("Choix. À pied.", "c"),
            made("En voiture."),
            made("À pied."),
        ]
        assert provenance(asked, studies).method == "À pied. En voiture."
        assert provenance(asked, studies[1:2]).method == "Choix. À pied."

    @pytest.mark.parametrize(
        ("found", "told"), [(0, ""), (1, " ; 1 étude déjà faite"), (2, " ; 2 études déjà faites")]
    )
    def test_what_is_kept_is_counted(self, found, told):
        said = sentence(Step(None, 0, 3, found, 0.0)).replace("\xa0", " ")
        assert said == f"Campagne : 3 études à faire{told}"

    @pytest.mark.slow
    def test_the_manifest_tells_every_study_and_input(self, done):
        told = json.loads((done.folder / "sortie" / "manifest.json").read_text("utf-8"))
        assert [one["etat"] for one in told["etudes"]] == ["faite"] * 3
        assert set(told["entrees"]) == {
            "communes.geojson", "la_poste.csv", "mairies.csv", "maisons.csv", "population.json"
        }  # fmt: skip


class TestRecords:
    """A record anything may have taken the place of: the study is made again."""

    @pytest.mark.parametrize("told", ["", "null", "[]", "NaN", "[" * 200_000, "9" * 5000])
    def test_that_cannot_be_read(self, tmp_path, told):
        (tmp_path / state.STATE).mkdir()
        (tmp_path / state.STATE / "53.json").write_text(told, encoding="utf-8")
        assert state.read_record(tmp_path, "53") is None

    def test_pipes_are_not_waited_for(self, tmp_path):
        (tmp_path / state.STATE).mkdir()
        os.mkfifo(tmp_path / state.STATE / "53.json")
        assert state.read_record(tmp_path, "53") is None

    @pytest.mark.parametrize("name", ["../note.txt", "/note.txt", "a/../../note.txt"])
    def test_files_outside_the_study_are_nobodys(self, tmp_path, name):
        state.write_record(tmp_path, "53", state.Record("p", "e", {name: "0"}))
        assert state.read_record(tmp_path, "53") is None


class TestResumed:
    @pytest.mark.slow
    def test_nothing_changed_nothing_made(self, done):
        before = contents(done.folder / "sortie")
        report = campaign(done, resume=True)
        assert (report.made, report.found) == ((), ("49", "53", "72"))
        assert contents(done.folder / "sortie") == before
        assert campaign(done).made == ("49", "53", "72")

    @pytest.mark.slow
    def test_a_damaged_or_absent_file_is_one_study(self, done):
        before = contents(done.folder / "sortie")
        (done.folder / "sortie" / "53" / "acces.csv").write_text("abîmé", encoding="utf-8")
        (done.folder / "sortie" / "72" / "carte.html").unlink()
        assert campaign(done, resume=True).made == ("53", "72")
        assert contents(done.folder / "sortie") == before

    @pytest.mark.slow
    def test_a_changed_list_is_every_study_that_reads_it(self, country):
        country.list_maisons("avant.csv", ["53"])
        more = 'dates = ["2020-01-01", "2023-01-01"]\nlistes = { "2020-01-01" = "avant.csv" }'
        country.configure('["53"]', more)
        campaign(country)
        country.list_maisons("avant.csv", ["53"], place=1)
        assert campaign(country, resume=True).made == ("53-2020-01-01",)
        assert campaign(country, resume=True).made == ()

    @pytest.mark.slow
    def test_a_changed_parameter_is_all(self, done):
        text = done.pattern.read_text(encoding="utf-8")
        done.pattern.write_text(text.replace("[20, 30]", "[15, 30]"), encoding="utf-8")
        assert len(campaign(done, resume=True).made) == 3

    @pytest.mark.slow
    def test_what_an_earlier_run_left_and_this_one_not_goes(self, country):
        country.configure('["53"]', 'sorties = ["tout"]')
        campaign(country)
        folder = country.folder / "sortie" / "53"
        (folder / "note.txt").write_text("à moi", encoding="utf-8")
        assert (folder / "rapport.pdf").exists()
        country.configure('["53"]')
        campaign(country, resume=True)
        assert not (folder / "rapport.pdf").exists()
        assert (folder / "note.txt").read_text(encoding="utf-8") == "à moi"

    @pytest.mark.slow
    def test_a_failure_between_does_not_hide_what_was_left(self, country, monkeypatch):
        from msap_geo.campaign import conduct as module  # noqa: PLC0415

        country.configure('["53"]', 'sorties = ["tout"]')
        campaign(country)
        country.configure('["53"]')
        with monkeypatch.context() as patched:
            patched.setattr(module, "make_study", fails)
            assert campaign(country, resume=True).missing
        campaign(country, resume=True)
        assert not (country.folder / "sortie" / "53" / "rapport.pdf").exists()

    @pytest.mark.slow
    @pytest.mark.parametrize("name", ["python", "msap-geo", "typst"])
    def test_a_changed_version_is_all(self, country, monkeypatch, name):
        campaign(country.configure('["53"]'))
        versions = {**state.versions(), name: "0"}
        monkeypatch.setattr(state, "versions", lambda: versions)
        assert campaign(country, resume=True).made == ("53",)


def fails(*_args, **_options):
    raise PermissionError(13, "non", 7)


class TestFailures:
    def test_whatever_the_system_names_is_noted(self, country, monkeypatch):
        from msap_geo.campaign import conduct as module  # noqa: PLC0415

        monkeypatch.setattr(module, "make_study", fails)
        report = campaign(country.configure('["53"]'))
        assert report.missing[0].fault.where == "7"

    @pytest.mark.slow
    def test_the_atlas_of_failures_still_has_a_figure(self, country):
        (country.folder / "maisons.csv").unlink()
        campaign(country)
        page = (country.folder / "sortie" / "index.html").read_text(encoding="utf-8")
        told = json.loads(page.split('id="donnees">')[1].split("</script>")[0])
        assert [one["code"] for one in told["chiffres"]] == ["population"]
        assert [row["valeurs"] for row in told["etudes"]] == [[None]] * 3
        assert {row["etat"] for row in told["etudes"]} == {"en échec"}

    @pytest.mark.parametrize("on", [True, False])
    def test_cycles_are_looked_for_after_as_before(self, country, monkeypatch, on):
        from msap_geo.campaign import conduct as module  # noqa: PLC0415

        seen = []

        def made(*_args, **_options):
            seen.append(gc.isenabled())
            raise ZeroDivisionError

        monkeypatch.setattr(module, "make_study", made)
        before = gc.isenabled()
        (gc.enable if on else gc.disable)()
        try:
            campaign(country.configure('["53"]'))
            assert (seen, gc.isenabled()) == ([False], on)
        finally:
            (gc.enable if before else gc.disable)()

    @pytest.mark.slow
    def test_others_finish_and_the_code_is_one(self, country):
        country.configure('["48", "53"]')
        done = run("campagne", country.path, "--sortie", country.folder / "c", "--json")
        assert done.returncode == 1
        assert "ÉCHEC" in done.stderr
        assert "Traceback" not in done.stderr
        told = json.loads(done.stdout)
        assert [row["etat"] for row in told["etudes"]] == ["en échec", "faite"]
        assert "aucune commune des départements 48" in told["echecs"]["48"]
        assert (country.folder / "c" / "53" / "carte.html").exists()
        again = run("campagne", country.path, "--sortie", country.folder / "c", "--reprendre")
        assert again.returncode == 1
        assert "48 (Lozère) : en échec" in again.stdout

    @pytest.mark.slow
    def test_a_study_that_fails_now_shows_no_older_figure(self, done):
        (done.folder / "maisons.csv").unlink()
        report = campaign(done, resume=True)
        assert len(report.missing) == 3
        table = pd.read_parquet(done.folder / "sortie" / "chiffres.parquet")
        assert "population" not in table or table["population"].isna().all()

    @pytest.mark.slow
    def test_a_fault_of_ours_keeps_its_trace(self, country, monkeypatch):
        from msap_geo.campaign import conduct as module  # noqa: PLC0415

        def broken(*_args, **_options):
            raise ZeroDivisionError

        monkeypatch.setattr(module, "make_study", broken)
        report = campaign(country.configure('["49"]'))
        assert "ZeroDivisionError" in str(report.missing[0].fault)
        trace = country.folder / "sortie" / ".campagne" / "49.defaut.txt"
        assert "ZeroDivisionError" in trace.read_text(encoding="utf-8")
        monkeypatch.undo()
        campaign(country, resume=True)
        assert not trace.exists()

    @pytest.mark.slow
    def test_a_full_disk_leaves_earlier_studies(self, country, small_disk):
        folder = small_disk / "c"
        asked = read_campaign(country.path)
        report = run_campaign(asked, folder, here)
        before = contents(folder / "49")
        (folder / "53" / "acces.csv").unlink()
        (folder / "72" / "acces.csv").unlink()
        (small_disk / "encore").write_bytes(b"x" * (shutil.disk_usage(small_disk).free - 2**15))
        assert not report.missing
        try:
            report = run_campaign(asked, folder, here, resume=True)
        except OSError as error:
            assert "disque plein" in str(error)  # noqa: PT017 - one or the other
        else:
            assert all("disque plein" in str(study.fault) for study in report.missing)
        assert contents(folder / "49") == before
        (small_disk / "encore").unlink()
        assert not run_campaign(asked, folder, here, resume=True).missing


@pytest.fixture
def small_disk(tmp_path):
    with mounted(tmp_path / "disque", "8m") as place:
        yield place


class TestLock:
    @pytest.mark.slow
    def test_two_campaigns_on_one_folder(self, country):
        folder = country.folder / "c"
        with outputs.one_run(folder):
            done = run("campagne", country.path, "--sortie", folder)
        failed(done, "une autre commande de msap-geo écrit dans ce dossier", "attendre")

    @pytest.mark.slow
    def test_shares_go_together_and_the_whole_alone(self, country):
        folder = country.folder / "sortie"
        with outputs.one_run(folder / ".campagne" / "partie-1-sur-2"):
            with pytest.raises(FolderTakenError, match="autre campagne"):
                campaign(country)
            assert campaign(country, share=Share(2, 2)).made == ("53",)
        with outputs.one_run(folder), pytest.raises(FolderTakenError, match="autre campagne"):
            campaign(country, share=Share(2, 2))


class TestShares:
    @pytest.mark.slow
    def test_shares_assembled_are_the_whole(self, done):
        whole = contents(done.folder / "sortie")
        shutil.rmtree(done.folder / "sortie")
        folder = done.folder / "sortie"
        assert campaign(done, share=Share(1, 2)).made == ("49", "72")
        asked = read_campaign(done.path)
        assert [study.task.key for study in assemble_campaign(asked, folder).missing] == ["53"]
        campaign(done, share=Share(2, 2))
        assert not assemble_campaign(asked, folder).missing
        assert contents(folder) == whole

    @pytest.mark.parametrize("name", ["resume.json", "manifest.json"])
    def test_figures_changed_since_are_not_assembled(self, done, name):
        path = done.folder / "sortie" / "53" / name
        path.write_text(path.read_text("utf-8").replace("20", "21"), encoding="utf-8")
        with pytest.raises(OutputError, match=f"« {name} » .* a changé depuis qu'elle est faite"):
            assemble_campaign(read_campaign(done.path), done.folder / "sortie")

    def test_nothing_to_assemble(self, country):
        with pytest.raises(StudyError, match="aucune étude de cette campagne"):
            assemble_campaign(read_campaign(country.path), country.folder / "vide")


class TestProcesses:
    @pytest.mark.slow
    def test_a_worker_killed_loses_nothing(self, country):
        folder = country.folder / "sortie"
        tasks = tasks_of(read_campaign(country.path))
        outcomes = by_processes(tasks, folder, Bounds(2))
        first = next(outcomes)
        victim = multiprocessing.active_children()[0]
        os.kill(victim.pid, signal.SIGKILL)
        found = [first, *outcomes]
        assert sorted(outcome.key for outcome in found) == ["49", "53", "72"]
        assert not [outcome for outcome in found if outcome.fault]
        assert multiprocessing.active_children() == []

    @pytest.mark.slow
    def test_a_study_that_kills_its_worker_fails_at_last(self, country):
        tasks = tasks_of(read_campaign(country.path))
        folder = country.folder / "sortie"
        (outcome,) = by_processes(tasks[1:2], folder, ONE, serve=dies)
        assert f"arrêté {MOST_ATTEMPTS} fois" in str(outcome.fault)

    def test_bounds(self):
        gib = 2**30
        assert Bounds(8, 4 * gib).workers(gib) == 4
        assert Bounds(2, 4 * gib).workers(gib) == 2
        assert Bounds(8, gib).workers(3 * gib) == 1
        assert Bounds(8).workers(gib) == 8
        assert bounds(3, 2.5) == Bounds(3, int(2.5 * gib))
        assert bounds().processes >= 1
        for wrong in ((0, None), (-1, None), (None, 0.0), (None, float("nan"))):
            with pytest.raises(StudyError, match="--"):
                bounds(*wrong)


def dies(pipe, _folder):
    pipe.recv()
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.slow
def test_killed_at_random_moments_and_resumed(country):
    reference = country.folder / "reference"
    began = time.monotonic()
    assert run_anew("campagne", country.path, "--sortie", reference).returncode == 0
    longest = time.monotonic() - began
    folder = country.folder / "tuee"
    command = [
        sys.executable, "-m", "msap_geo", "campagne", country.path, "--sortie", folder,
        "--reprendre",
    ]  # fmt: skip
    moments = random.Random(20)  # noqa: S311 - the same moments each time
    for _ in range(3):
        process = subprocess.Popen(
            list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(moments.uniform(0.3, 1.0) * longest)
        process.kill()
        process.wait()
    done = run(*command[3:])
    assert done.returncode == 0, done.stderr
    assert contents(folder) == contents(reference)


def test_a_worker_that_leaves_is_interrupted_no_more(tmp_path):
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    here, there = multiprocessing.Pipe()
    here.close()
    try:
        with warnings.catch_warnings():
            serve_studies(there, tmp_path)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
