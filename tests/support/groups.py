"""Tests that share what a module makes stay in one worker."""

from __future__ import annotations

import pytest


def keep_together(items):
    """Group the tests that share a fixture of their module, and have pytest-xdist see all groups.

    It writes the group of a test at the end of its identifier, where its scheduler looks for it.
    pytest-xdist 3.8 writes it where pytest 9.2 no longer reads it: nothing was grouped.
    """
    for item in items:
        if item.get_closest_marker("xdist_group") is None and _shares(item):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
        groups = sorted({str(mark.args[0]) for mark in item.iter_markers("xdist_group")})
        if groups and item.config.getoption("loadgroup", default=False) and hasattr(item, "_id"):
            item._id = type(item._id).parse(f"{item.nodeid}@{'_'.join(groups)}")


def _shares(item):
    made = [kind for kinds in item._fixtureinfo.name2fixturedefs.values() for kind in kinds]
    return any(kind.scope in {"module", "class"} for kind in made)
