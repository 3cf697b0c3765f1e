"""Territorial coverage of public services in France.

Who lives too far from a *Maison de services au public*, and which post office should host the
next one. The rooms, from the files to the map::

    loaders ─┐
    network ─┴▶ travel ─▶ coverage ─▶ siting ─▶ outputs          study composes, cli calls

Importing this package is cheap: import the room you need (``from msap_geo import loaders``).
"""

from __future__ import annotations

__version__ = "0.1.0"
