"""The files of a folder, beside the hashes its manifest bears."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msap_geo.errors import DataError
from msap_geo.network.store import sha256

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

LAYERS = "etude.gpkg"
"""QGIS writes in it when it opens it: changed, it is told, not refused."""


def changed_since(manifest: Mapping[str, Any], names: Sequence[str], folder: Path) -> list[str]:
    """Return the files that are no longer those a manifest was written beside.

    Parameters
    ----------
    manifest
        What ``manifest.json`` holds; those of earlier versions bear no hash, and tell nothing.
    names, folder
        Files to look at, and their folder.

    Raises
    ------
    DataError
        If a file was changed since, or the manifest is that of another study.
    """
    sealed = manifest.get("sorties", {})
    known = [name for name in names if name in sealed]
    changed = [name for name in known if sha256(folder / name) != sealed[name]]
    tables = [name for name in changed if name != LAYERS]
    if not tables:
        return changed
    remedy = "relancer cette étude avec msap-geo lancer"
    if set(tables) == {*known} - {LAYERS}:
        raise DataError(
            "manifest.json n'est pas celui de ces fichiers : il vient d'une autre étude, ou d'une "
            "autre exécution",
            where=folder,
            remedy=remedy,
        )
    raise DataError(
        f"des fichiers ne sont plus ceux que l'étude a écrits : {', '.join(tables)} (corrigés à la "
        "main, enregistrés par un tableur, ou pris à une autre étude)",
        where=folder,
        remedy=f"{remedy}, ou y remettre les fichiers d'origine",
    )
