"""Where this machine keeps what need not be fetched or computed twice."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def cache_folder() -> Path:
    """Return the cache: ``MSAP_GEO_CACHE``, else the platform's cache folder.

    Returns
    -------
    pathlib.Path
        Folder, which may not exist yet.
    """
    chosen = os.environ.get("MSAP_GEO_CACHE")
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("msap-geo"))
