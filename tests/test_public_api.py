"""What other programs lean on, and what importing costs."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys

import pytest

from msap_geo import errors

ROOMS = [
    "sources",
    "loaders",
    "network",
    "travel",
    "coverage",
    "siting",
    "outputs",
    "audit",
    "study",
]


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_export_what_they_say(room):
    module = importlib.import_module(f"msap_geo.{room}")
    assert list(module.__all__) == sorted(module.__all__, key=_ruff_order)
    for name in module.__all__:
        assert getattr(module, name).__doc__ or not callable(getattr(module, name)), name


def _ruff_order(name):
    """Constants, then classes, then the rest, as ruff sorts ``__all__``."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


@pytest.mark.parametrize("room", ROOMS)
def test_public_functions_document_what_they_raise_and_return(room):
    module = importlib.import_module(f"msap_geo.{room}")
    for name in module.__all__:
        member = getattr(module, name)
        if inspect.isfunction(member):
            assert member.__annotations__.get("return") is not None, name


def test_every_error_is_ours_and_a_builtin_one():
    tree = [
        member
        for member in vars(errors).values()
        if inspect.isclass(member) and issubclass(member, errors.MsapGeoError)
    ]
    for error in tree:
        if error is not errors.MsapGeoError:
            assert issubclass(error, (ValueError, OSError)), error
        assert error.__name__ in errors.__doc__
    assert str(errors.OutputError("Panne", where="a", remedy="b")) == (
        "Panne. Où : a. Que faire : b."
    )


def test_importing_the_package_imports_nothing_heavy():
    heavy = ["geopandas", "pandas", "numpy", "folium", "numba", "scipy"]
    code = f"import msap_geo, sys; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
