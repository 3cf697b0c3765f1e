"""``python -m msap_geo``: the same as the ``msap-geo`` command."""

from __future__ import annotations

from msap_geo.cli import console

if __name__ == "__main__":
    console()
