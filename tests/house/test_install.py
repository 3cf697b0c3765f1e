"""Installing: a complete lock installs whatever was released since; compiled code finds a place."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-build.lock", "requirements-dev.lock")


def _wheel(folder, name, version, requires=()):
    """Write a wheel of one empty module; return the hash a lock pins."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    lines = [f"Name: {name}", f"Version: {version}", "Provides-Extra: toml"]
    files = {
        f"{name}.py": "",
        f"{info}/METADATA": "\n".join(
            ["Metadata-Version: 2.1", *lines, *(f"Requires-Dist: {what}" for what in requires)]
        ),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = []
    for inside, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        record.append(f"{inside},sha256={digest.decode()},{len(text)}")
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,"])
    with zipfile.ZipFile(path, "w") as archive:
        for inside, text in files.items():
            archive.writestr(inside, text)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _install(python, lock, wheels):
    """Run the project's own installer, offered nothing but these wheels."""
    offered = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels), "PIP_CONFIG_FILE": os.devnull}
    return subprocess.run(
        ["/bin/sh", str(ROOT / "scripts" / "install_locked.sh"), str(python), str(lock)],
        env={**os.environ, **offered},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def empty_environment(tmp_path):
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "env")], check=True)
    return tmp_path / "env" / "bin" / "python"


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="the installer is a shell script")
def test_a_stale_lock_installs(tmp_path, empty_environment):
    # What stopped the first command four days after the lock was made: a package required with an
    # extra, and a newer release of it.
    wheels = tmp_path / "roues"
    wheels.mkdir()
    wanted = _wheel(wheels, "socle", "1.0")
    _wheel(wheels, "socle", "2.0")
    tool = _wheel(wheels, "outil", "1.0", ["socle[toml]>=1.0"])
    lock = tmp_path / "complet.lock"
    lock.write_text(f"outil==1.0 --hash=sha256:{tool}\nsocle==1.0 --hash=sha256:{wanted}\n")
    done = _install(empty_environment, lock, wheels)
    assert done.returncode == 0, done.stderr
    shown = subprocess.run(
        [
            str(empty_environment),
            "-c",
            "import importlib.metadata as m; print(m.version('socle'))",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.strip() == "1.0"


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="the installer is a shell script")
def test_an_incomplete_lock_is_told(tmp_path, empty_environment):
    wheels = tmp_path / "roues"
    wheels.mkdir()
    tool = _wheel(wheels, "outil", "1.0", ["socle>=1.0"])
    lock = tmp_path / "incomplet.lock"
    lock.write_text(f"outil==1.0 --hash=sha256:{tool}\n")
    done = _install(empty_environment, lock, wheels)
    assert done.returncode != 0
    assert "socle" in done.stdout + done.stderr


def _locked(name):
    """Return every line of a lock as (package, version, where it holds)."""
    text = (ROOT / name).read_text(encoding="utf-8")
    pinned = [Requirement(line) for line in re.findall(r"^([\w.-]+==[^\\\n]+)", text, re.MULTILINE)]
    return [(canonicalize_name(one.name), str(one.specifier)[2:], one.marker) for one in pinned]


def _here(name):
    return {
        package: version
        for package, version, marker in _locked(name)
        if marker is None or marker.evaluate()
    }


def test_the_locks_agree_and_hold_no_address():
    for name in LOCKS:
        assert _locked(name), name
        assert "://" not in (ROOT / name).read_text(encoding="utf-8")
    whole = {(package, version) for package, version, _ in _locked(LOCKS[2])}
    for name in LOCKS[:2]:
        assert {(package, version) for package, version, _ in _locked(name)} <= whole


def test_the_lock_of_what_checks_scripts_has_hashes_and_no_address():
    text = (ROOT / "scripts" / "page" / "package-lock.json").read_text(encoding="utf-8")
    assert "://" not in text
    lock = json.loads(text)
    packages = {name: one for name, one in lock["packages"].items() if name}
    assert {"node_modules/oxlint", "node_modules/typescript"} <= set(packages)
    for name, one in packages.items():
        assert one["integrity"].startswith("sha512-"), name
        assert "resolved" not in one, name


@pytest.mark.parametrize("name", LOCKS[:2])
def test_a_lock_holds_all_that_its_packages_require(name):
    held = {**_here(LOCKS[0]), **_here(name)}
    missing = []
    for package, version in held.items():
        try:
            installed = metadata.distribution(package)
        except metadata.PackageNotFoundError:  # for another system
            continue
        assert installed.version == version, package
        for line in installed.requires or ():
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                found = held.get(canonicalize_name(needed.name))
                if found is None or not needed.specifier.contains(found, prereleases=True):
                    missing.append(f"{package} → {line}")
    assert not missing


def _compile_somewhere(env):
    """Import the compiled rooms as from a read-only installation; return what can be kept."""
    code = (
        "import numba.core.caching as c\n"
        # Beside the source and in the home, nothing may be written.
        "def no(self): raise OSError('read-only')\n"
        "c.InTreeCacheLocator.ensure_cache_path = no\n"
        "c.UserWideCacheLocator.ensure_cache_path = no\n"
        "from msap_geo import compiled\n"
        "from msap_geo.travel import kernels\n"
        "import numpy as np\n"
        "heap, nodes = np.zeros(4), np.zeros(4, np.int64)\n"
        "assert kernels.push(heap, nodes, 0, 1.0, 7) == 1\n"
        "print(compiled.recompiles())"
    )
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "NUMBA_CACHE_DIR": "", **env},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_compiled_code_goes_to_our_cache_else_is_compiled_each_time(tmp_path):
    kept = _compile_somewhere({"MSAP_GEO_CACHE": str(tmp_path / "cache")})
    assert kept.stdout.strip() == "False", kept.stderr
    assert list((tmp_path / "cache" / "code").rglob("*.nbi"))
    (tmp_path / "fichier").write_text("")
    nowhere = _compile_somewhere({"MSAP_GEO_CACHE": str(tmp_path / "fichier")})
    assert nowhere.stdout.strip() == "True", nowhere.stderr
