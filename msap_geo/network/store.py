"""Networks kept on disk: parsed once, reopened without parsing.

A store is a folder of ``.npy`` arrays and a manifest. It is written beside its final place and
renamed, so a reader never sees half of one, and two processes may write the same one at once.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from msap_geo.anomalies import Action, Anomaly
from msap_geo.errors import StoreError
from msap_geo.network.arrays import Csr, Edges
from msap_geo.network.model import NetworkReport, RoadNetwork
from msap_geo.network.order import Order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msap_geo.network.profiles import Profile

FORMAT = 4
"""Version of the layout; stores of another one are rebuilt."""

_MANIFEST = "reseau.json"


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def store_key(sources: Sequence[Path], profile: Profile, *, epsg: int) -> str:
    """Return what a store depends on, as one short hash: contents, profile, projection, format."""
    what = {
        "format": FORMAT,
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
    draft = Path(tempfile.mkdtemp(prefix=".reseau-", dir=folder.parent))
    try:
        arrays = _arrays(network)
        for name, values in arrays.items():
            with (draft / f"{name}.npy").open("wb") as stream:
                np.save(stream, values)
                # On the disk before the folder has its name: a power cut leaves no empty array.
                stream.flush()
                os.fsync(stream.fileno())
        manifest = {
            "format": FORMAT,
            "epsg": network.epsg,
            "profile": network.profile,
            "access_kmh": network.access_kmh,
            "max_snap_m": network.max_snap_m,
            "attribution": network.attribution,
            "report": asdict(network.report),
            "arrays": {name: _identity(values) for name, values in arrays.items()},
        }
        (draft / _MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        try:
            draft.rename(folder)
        except OSError:
            # Another process may have been quicker, with the same content; else it is in the way.
            if not _opens(folder):
                shutil.rmtree(folder, ignore_errors=True)
                draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


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
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        if manifest["format"] != FORMAT:
            raise StoreError("réseau enregistré par une autre version", where=folder)
        arrays = {
            name: _open_array(folder, name, identity)
            for name, identity in manifest["arrays"].items()
        }
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
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
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


def _open_array(folder: Path, name: str, identity: list[Any]) -> Any:
    # Copy-on-write, so that Numba sees the type it compiled for; nobody writes in them.
    values = np.load(folder / f"{name}.npy", mmap_mode="c", allow_pickle=False)
    if _identity(values) != identity:
        raise StoreError(f"tableau {name} inattendu", where=folder)
    return values


def _identity(values: Any) -> list[Any]:
    """Return type, size, and for node numbers their range: a kernel follows them blindly."""
    bounds = []
    if len(values) and np.issubdtype(values.dtype, np.integer):
        bounds = [int(values.min()), int(values.max())]
    return [str(values.dtype), len(values), *bounds]


def _arrays(network: RoadNetwork) -> dict[str, Any]:
    return {
        "x": network.x,
        "y": network.y,
        **{f"edges_{f.name}": getattr(network.edges, f.name) for f in fields(Edges)},
        **{f"links_{name}": getattr(network.links, name) for name in Csr._fields},
        **{f"reverse_{name}": getattr(network.reverse, name) for name in Csr._fields},
        **{f"order_{name}": getattr(network.order, name) for name in Order._fields},
    }
