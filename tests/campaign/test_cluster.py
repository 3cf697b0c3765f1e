"""A campaign on a Dask cluster of two workers: same bytes, deaths, faults, other versions."""

from __future__ import annotations

import os
import shutil
import signal
import warnings

import pytest
from support.campaigns import Country, contents
from support.commands import failed, run

from msap_geo.campaign import Bounds, by_cluster, read_campaign, run_campaign, tasks_of
from msap_geo.campaign import cluster as module
from msap_geo.campaign.conduct import conduct
from msap_geo.campaign.processes import FIRST_GUESS_BYTES
from msap_geo.errors import ClusterError, StudyError

distributed = pytest.importorskip(
    "distributed", reason="l'extra « distributed » n'est pas installé"
)

# What Dask warns of while workers are killed is not ours.
pytestmark = [pytest.mark.enable_socket, pytest.mark.filterwarnings("ignore")]
TWO = Bounds(2)


@pytest.fixture(scope="module")
def two_workers():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            dashboard_address=None,
            memory_limit=0,
            silence_logs=50,
        ) as made:
            yield made


@pytest.fixture
def country(alone, tmp_path):
    """Return a copy of the country, which a test may change."""
    shutil.copytree(
        alone[0].folder, tmp_path, ignore=shutil.ignore_patterns("seul"), dirs_exist_ok=True
    )
    return Country(tmp_path)


def campaign(country, name, make):
    return run_campaign(read_campaign(country.path), country.folder / name, make)


def on(cluster, **options):
    address = cluster.scheduler_address
    return lambda tasks, folder: by_cluster(tasks, folder, address=address, limits=TWO, **options)


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """Make a country and its campaign without a cluster, once."""
    made = Country(tmp_path_factory.mktemp("seul")).write()
    campaign(made, "seul", lambda tasks, folder: (conduct(task, folder) for task in tasks))
    return made, contents(made.folder / "seul")


@pytest.fixture
def reference(alone):
    return alone[1]


@pytest.mark.slow
@pytest.mark.parametrize("shared", [None, False])
def test_the_same_bytes_by_shared_path_or_sent(country, reference, two_workers, shared):
    report = campaign(country, "grappe", on(two_workers, shared=shared))
    assert not report.missing, [str(study.fault) for study in report.missing]
    assert contents(country.folder / "grappe") == reference


def test_files_outside_cannot_be_sent(country, two_workers, tmp_path_factory):
    place = tmp_path_factory.mktemp("ailleurs") / "maisons.csv"
    shutil.move(country.folder / "maisons.csv", place)
    text = country.pattern.read_text(encoding="utf-8")
    country.pattern.write_text(text.replace("maisons.csv", place.as_posix()), encoding="utf-8")
    with pytest.raises(StudyError, match="hors du dossier du modèle"):
        campaign(country, "grappe", on(two_workers, shared=False))


@pytest.mark.slow
def test_a_worker_killed_loses_nothing(country, reference, two_workers):
    country_tasks = tasks_of(read_campaign(country.path))
    assert len(country_tasks) == 3

    def killing(tasks, folder):
        outcomes = on(two_workers)(tasks, folder)
        yield next(outcomes)
        victim = next(iter(two_workers.workers.values()))
        os.kill(victim.process.process.pid, signal.SIGKILL)
        yield from outcomes

    report = campaign(country, "grappe", killing)
    assert not report.missing
    assert contents(country.folder / "grappe") == reference


@pytest.mark.slow
def test_a_study_that_fails_is_told_and_others_finish(country, two_workers):
    country.configure('["48", "53"]')
    report = campaign(country, "grappe", on(two_workers))
    assert [study.state for study in report.studies] == ["en échec", "faite"]
    assert "aucune commune des départements 48" in str(report.missing[0].fault)


def test_a_task_that_raises_is_told_too(country, two_workers, monkeypatch):
    monkeypatch.setattr(module, "make", raises)
    report = campaign(country, "grappe", on(two_workers))
    assert len(report.missing) == 3
    assert "ZeroDivisionError" in str(report.missing[0].fault)


def raises(_job):
    raise ZeroDivisionError


def test_other_versions_are_refused(country, two_workers, monkeypatch):
    # The client alone believes it has another NumPy: workers are told what to ask for by name.
    told = {**module.versions(), "numpy": "1.0"}
    refuse = module._refuse_other_versions
    monkeypatch.setattr(
        module, "_refuse_other_versions", lambda client, _expected: refuse(client, told)
    )
    with pytest.raises(ClusterError, match=r"mêmes versions : .*numpy .* au lieu de 1.0"):
        campaign(country, "grappe", on(two_workers))


def test_a_worker_that_comes_later_is_checked_too(country):
    job = module._Job(None, country.folder, shared=True, expected={"numpy": "1.0"})
    with pytest.raises(ClusterError, match=r"au lieu de 1\.0"):
        module.make(job)


def test_a_scheduler_that_is_not_there(country, monkeypatch):
    monkeypatch.setattr(module, "CONNECT_S", 1.0)
    with pytest.raises(ClusterError, match="aucun planificateur") as caught:
        list(by_cluster(tasks_of(read_campaign(country.path)), country.folder,
                        address="tcp://127.0.0.1:9", limits=TWO))  # fmt: skip
    assert "Que faire" in str(caught.value)


def test_an_address_that_is_none(country):
    with pytest.raises(ClusterError, match="aucun planificateur"):
        list(by_cluster(tasks_of(read_campaign(country.path)), country.folder,
                        address="n'importe quoi", limits=TWO))  # fmt: skip


@pytest.mark.slow
def test_without_the_library(country, monkeypatch):
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(ClusterError, match="distributed"):
        list(by_cluster(tasks_of(read_campaign(country.path)), country.folder, limits=TWO))


@pytest.mark.slow
def test_from_the_command_line(country, reference):
    folder = country.folder / "grappe"
    done = run("campagne", country.path, "--sortie", folder, "--calcul", "dask", "--processus", 1)
    assert done.returncode == 0, done.stderr
    assert contents(folder) == reference


@pytest.mark.slow
def test_a_cluster_of_this_machine_is_no_larger_than_memory_allows():
    with module._client(None, Bounds(3, int(1.5 * FIRST_GUESS_BYTES))) as client:
        (worker,) = client.scheduler_info()["workers"].values()
        assert worker["memory_limit"] == int(1.5 * FIRST_GUESS_BYTES)


@pytest.mark.slow
def test_options_that_do_not_go_together(country):
    done = run("campagne", country.path, "--ordonnanceur", "tcp://a:1")
    failed(done, "--calcul dask")
    for wrong in ("13/12", "0/3", "trois", "1/0"):
        done = run("campagne", country.path, "--partie", wrong)
        assert done.returncode == 2
        assert "3/12 est attendue" in done.stderr


@pytest.mark.slow
def test_shares_from_the_command_line(country, reference):
    folder = country.folder / "parts"
    for share in ("1/2", "2/2"):
        done = run(
            "campagne", country.path, "--sortie", folder, "--partie", share, "--processus", 1
        )
        assert done.returncode == 0, done.stderr
    assert run("campagne", country.path, "--sortie", folder, "--assembler").returncode == 0
    assert contents(folder) == reference
