"""The fixtures of every room: toy town, the real files where they are, a browser."""

from __future__ import annotations

import gc
import os
import signal
import time
from pathlib import Path

import geopandas as gpd
import hypothesis
import pytest
import shapely

# Compiled once for every worker and every command run as a process, and kept: before msap_geo.
os.environ.setdefault(
    "NUMBA_CACHE_DIR", str(Path(__file__).resolve().parents[1] / ".pytest_cache" / "code")
)

from support.commands import remember_environment
from support.groups import keep_together
from support.once import frozen, made_once, session_root
from support.pages import open_chromium
from support.toy import (
    CASES,
    CENTRES,
    CODES,
    CORSICA_STUDY,
    PEOPLE,
    SHARED,
    StudyFolder,
    Town,
    half_of_corsica,
    sites,
    straight_road,
    toy_communes,
)

from msap_geo.answers import diagnose
from msap_geo.folder import write_study
from msap_geo.study import read_study, run_study

# A shared machine is slow at times: a slow example is not a failure.
hypothesis.settings.register_profile("msap_geo", deadline=None)
hypothesis.settings.load_profile("msap_geo")


SUITE = 60_000
"""What the tests may last together, in calibration loops: about three times what they do."""

MANY = 1_000
"""A run of fewer tests is not the suite, and has no budget."""


def _loop():
    """Return how long a loop of plain Python takes here and now."""
    begin = time.perf_counter()
    sum(i * i for i in range(2_000_000))
    return time.perf_counter() - begin


def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        config.stash[_CALIBRATED] = [_loop()]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    keep_together(items)


def pytest_collection_finish():
    """Leave what was imported out of each later look for cycles: it stays until the end."""
    gc.collect()
    gc.freeze()


_CALIBRATED = pytest.StashKey()
_SPENT = pytest.StashKey()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    """Hold the suite against its budget, a ratio of two times that share the same machine."""
    told = session.config.pluginmanager.get_plugin("terminalreporter")
    if told is None or hasattr(session.config, "workerinput"):
        return
    reports = [one for kept in told.stats.values() for one in kept if hasattr(one, "duration")]
    if sum(getattr(one, "when", "") == "call" for one in reports) < MANY:
        return
    loops = session.config.stash[_CALIBRATED]
    ratio = sum(one.duration for one in reports) * 2 / (loops[0] + _loop())
    session.config.stash[_SPENT] = ratio
    if ratio > SUITE and not session.exitstatus:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter, config):
    ratio = config.stash.get(_SPENT, None)
    if ratio is not None:
        verdict = "over" if ratio > SUITE else "within"
        terminalreporter.write_line(
            f"The suite takes {ratio:,.0f} calibration loops, {verdict} its budget of {SUITE:,}."
        )


@pytest.fixture
def heard():
    """Hear interruptions: what nohup or the background of a script starts ignores them."""
    ignored = []
    for name, usual in (("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL)):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, usual)
            ignored.append(number)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


@pytest.fixture
def town():
    origins = gpd.GeoDataFrame(
        {"demand_id": CODES, "code_insee": CODES, "population": PEOPLE, "origine": "mairie"},
        geometry=[shapely.Point(*centre) for centre in CENTRES],
        crs=2154,
    )
    return Town(
        toy_communes(),
        origins,
        sites([("FS1", 0)]),
        sites([("P-B", 1), ("P-E", 4)]),
        straight_road(),
    )


@pytest.fixture
def toy_study(tmp_path):
    return StudyFolder(tmp_path).write()


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory):
    """Keep the network cache of the tests apart from the user's: one, whatever the workers."""
    cache = session_root(tmp_path_factory) / "cache-commun"
    cache.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MSAP_GEO_CACHE", str(cache))
        remember_environment()
        yield


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """One Chromium for all the pages of a session."""
    driver = open_chromium(tmp_path_factory.mktemp("chromium"))
    yield driver
    driver.quit()


@pytest.fixture(scope="session")
def shared():
    """Folder of the real files; the test is skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("les données réelles (../shared/data) ne sont pas là")
    return SHARED


@pytest.fixture(scope="session")
def cases():
    """Folder of small inputs that once failed; the test is skipped where it is absent."""
    if not CASES.is_dir():
        pytest.skip("les petits cas (../shared/cases) ne sont pas là")
    return CASES


@pytest.fixture(scope="session")
def corsica(shared, tmp_path_factory):
    """Study file of Corsica on the real files."""
    path = tmp_path_factory.mktemp("corse") / "etude.toml"
    path.write_text(CORSICA_STUDY.format(shared=shared.as_posix()), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def corse_du_sud(shared, tmp_path_factory):
    """Study file of one département of Corsica, on the same files."""
    path = tmp_path_factory.mktemp("corse-du-sud") / "etude.toml"
    text = half_of_corsica("2A").format(shared=shared.as_posix())
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def corsica_now(corsica):
    """Corsica as its study finds it, for every test that reads it and changes nothing."""
    with frozen(run_study(read_study(corsica))) as result:
        yield result


@pytest.fixture(scope="session")
def corsica_2020(corsica, shared):
    """Return the same with the Maisons of January 2020."""
    before = shared / "france" / "france-services-20200108.csv"
    with frozen(run_study(read_study(corsica).with_values("donnees", maisons=before))) as result:
        yield result


@pytest.fixture(scope="session")
def corsica_folders(request, tmp_path_factory):
    """Folders of 2020 and of 2024, with their diagnosis, written once for every worker."""

    def make(folder):
        for name in ("corsica_2020", "corsica_now"):
            result = request.getfixturevalue(name)
            write_study(result, folder / name, diagnosis=diagnose(result))

    folder = made_once(tmp_path_factory, "corse-ecrite", make)
    return folder / "corsica_2020", folder / "corsica_now"
