"""Networks kept on disk: parsed once, reopened without parsing.

A store is a folder of ``.npy`` arrays and a manifest. It is written beside its final place and
renamed, so a reader never sees half of one, and two processes may write the same one at once.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from msap_geo.anomalies import Action, Anomaly
from msap_geo.cache import code_digest, plain
from msap_geo.drafts import draft_in, remove
from msap_geo.errors import StoreError
from msap_geo.network.arrays import Csr, Edges
from msap_geo.network.model import NetworkReport, RoadNetwork
from msap_geo.network.order import Order

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from msap_geo.network.profiles import Profile

FORMAT = 8
"""Version of the layout; stores of another one are rebuilt."""

_MANIFEST, _VERIFIED = "reseau.json", "verifie.json"


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal; of a folder, that of what its files hold."""
    if path.is_dir():
        files = sorted(one for one in path.iterdir() if one.is_file())
        told = [f"{one.name} {sha256(one)}" for one in files]
        return hashlib.sha256("\n".join(told).encode()).hexdigest()
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def store_key(sources: Sequence[Path], profile: Profile, *, epsg: int) -> str:
    """Return what a store depends on, as one short hash: contents, readers, profile, projection."""
    what = {
        "format": FORMAT,
        "lecteurs": code_digest("network"),
        "sources": [sha256(path) for path in sources],
        "profil": profile.as_dict(),
        "epsg": epsg,
    }
    text = json.dumps(what, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def save_network(network: RoadNetwork, folder: Path) -> None:
    """Write a network as a store.

    Parameters
    ----------
    network
        Network to write.
    folder
        Final place; an existing store there is left alone (it holds the same network, since the
        folder is named after its content).
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with draft_in(folder.parent, prefix=".reseau-") as draft:
        draft.mkdir()
        _write(network, draft)
        try:
            draft.rename(folder)
        except OSError:
            # Another process may have been quicker, with the same content; else it is in the way.
            if not _opens(folder):
                remove(folder)
                draft.rename(folder)


def _write(network: RoadNetwork, folder: Path) -> None:
    for name, values in _arrays(network).items():
        with (folder / f"{name}.npy").open("wb") as stream:
            np.save(stream, values)
            # On the disk before the folder has its name: a power cut leaves no empty array.
            stream.flush()
            os.fsync(stream.fileno())
    states = _states(folder, _arrays(network))
    manifest = {
        "format": FORMAT,
        "epsg": network.epsg,
        "profile": network.profile,
        "access_kmh": network.access_kmh,
        "max_snap_m": network.max_snap_m,
        "attribution": network.attribution,
        "report": asdict(network.report),
        "arrays": {name: sha256(folder / f"{name}.npy") for name in states},
    }
    told = {**manifest, "sha256": _digest(manifest)}
    (folder / _MANIFEST).write_text(json.dumps(told, indent=1), encoding="utf-8")
    _remember(folder, states)


def open_network(folder: Path) -> RoadNetwork:
    """Open a store; arrays are memory-mapped, nothing is copied.

    Parameters
    ----------
    folder
        Folder written by :func:`save_network`.

    Returns
    -------
    RoadNetwork
        The network.

    Raises
    ------
    StoreError
        If the store is absent, incomplete, corrupt, or of another format.
    """
    try:
        manifest = json.loads(plain(folder / _MANIFEST).read_text(encoding="utf-8"))
        if manifest["format"] != FORMAT:
            raise StoreError("réseau enregistré par une autre version", where=folder)
        if manifest.pop("sha256") != _digest(manifest):
            raise StoreError("la description du réseau enregistré a changé", where=folder)
        _verify(folder, manifest["arrays"])
        arrays = {name: _open_array(folder, name) for name in manifest["arrays"]}
        return RoadNetwork(
            epsg=manifest["epsg"],
            profile=manifest["profile"],
            access_kmh=manifest["access_kmh"],
            max_snap_m=manifest["max_snap_m"],
            attribution=manifest["attribution"],
            report=_report(manifest["report"]),
            x=arrays["x"],
            y=arrays["y"],
            edges=Edges(**{f.name: arrays[f"edges_{f.name}"] for f in fields(Edges)}),
            links=Csr(*(arrays[f"links_{name}"] for name in Csr._fields)),
            reverse=Csr(*(arrays[f"reverse_{name}"] for name in Csr._fields)),
            order=Order(*(arrays[f"order_{name}"] for name in Order._fields)),
        )
    except (
        OSError,
        EOFError,
        LookupError,
        ValueError,
        TypeError,
        AttributeError,
        RecursionError,
    ) as error:
        if isinstance(error, StoreError):
            raise
        raise StoreError(
            "réseau enregistré illisible", where=folder, remedy="supprimer ce dossier"
        ) from error


def _report(values: dict[str, Any]) -> NetworkReport:
    anomalies = tuple(
        Anomaly(**{**told, "action": Action(told["action"])}) for told in values["anomalies"]
    )
    return NetworkReport(**{**values, "anomalies": anomalies})


def _opens(folder: Path) -> bool:
    try:
        open_network(folder)
    except StoreError:
        return False
    return True


def _open_array(folder: Path, name: str) -> Any:
    # Copy-on-write, so that Numba sees the type it compiled for; nobody writes in them.
    return np.load(plain(folder / f"{name}.npy"), mmap_mode="c", allow_pickle=False)


def _digest(manifest: dict[str, Any]) -> str:
    text = json.dumps(manifest, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _verify(folder: Path, arrays: dict[str, str]) -> None:
    """Check the hash of each array that was not checked in the state it is in.

    Kernels follow node numbers blindly, and a zeroed array gives figures that look right. Reading
    everything at each opening costs more than opening: what was checked is remembered by the state
    of its file, which a change of content changes.
    """
    # Taken before reading: what changes meanwhile is read again next time.
    states, known = _states(folder, arrays), _remembered(folder)
    changed = [name for name, state in states.items() if state != known.get(name)]
    for name in changed:
        if sha256(plain(folder / f"{name}.npy")) != arrays[name]:
            raise StoreError(f"le tableau {name} du réseau enregistré a changé", where=folder)
    if changed:
        with suppress(OSError):  # a folder one may not write in is checked each time
            _remember(folder, states)


def _states(folder: Path, names: Iterable[str]) -> dict[str, list[int]]:
    """Return what changes with the content of each array's file: size, and moments in ns."""
    found = {name: (folder / f"{name}.npy").stat() for name in names}
    return {name: [one.st_size, one.st_mtime_ns, one.st_ctime_ns] for name, one in found.items()}


def _remembered(folder: Path) -> dict[str, Any]:
    try:
        known = json.loads(plain(folder / _VERIFIED).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return known if isinstance(known, dict) else {}


def _remember(folder: Path, states: dict[str, list[int]]) -> None:
    with draft_in(folder, prefix=f".{_VERIFIED}.") as draft:
        draft.write_text(json.dumps(states), encoding="utf-8")
        draft.replace(folder / _VERIFIED)


def _arrays(network: RoadNetwork) -> dict[str, Any]:
    return {
        "x": network.x,
        "y": network.y,
        **{f"edges_{f.name}": getattr(network.edges, f.name) for f in fields(Edges)},
        **{f"links_{name}": getattr(network.links, name) for name in Csr._fields},
        **{f"reverse_{name}": getattr(network.reverse, name) for name in Csr._fields},
        **{f"order_{name}": getattr(network.order, name) for name in Order._fields},
    }
