"""What other programs lean on, and what importing costs."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
import textwrap

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
    "answers",
    "comparison",
    "documents",
    "folder",
    "tabular",
    "schemas",
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


def undocumented(function):
    """List what the docstring of a function does not say of it."""
    told = inspect.getdoc(function) or ""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    raised = [node for node in ast.walk(tree) if isinstance(node, ast.Raise) and node.exc]
    gives = function.__annotations__.get("return")
    missing = []
    if gives is None:
        missing.append("return annotation")
    if raised and "Raises\n------" not in told:
        missing.append("Raises")
    # One line that begins so says what is returned; longer ones have a section.
    says = re.search(r"^(Returns|Yields)\n-{6,7}$", told, re.MULTILINE)
    short = told.startswith(("Return", "Tell", "Draw"))
    gives_back = gives not in (None, "None", "Iterator[None]")
    if gives_back and not says and not short:
        missing.append("Returns")
    if "Parameters\n----------" in told:
        section = told.partition("Parameters\n----------")[2]
        names = set(
            re.findall(r"\w+", " ".join(re.findall(r"^(\w[\w, ]*)$", section, re.MULTILINE)))
        )
        missing += [name for name in inspect.signature(function).parameters if name not in names]
    return missing


@pytest.mark.parametrize("room", ROOMS)
def test_public_functions_document_what_they_raise_and_return(room):
    module = importlib.import_module(f"msap_geo.{room}")
    functions = [getattr(module, name) for name in module.__all__]
    silent = {
        function.__name__: undocumented(function)
        for function in functions
        if inspect.isfunction(function) and undocumented(function)
    }
    assert silent == {}


def test_what_is_not_documented_is_found():
    def told(one, other) -> int:
        """Return nothing much.

        Parameters
        ----------
        one
            First.
        """
        raise ValueError(one, other)

    def silent(one):
        """Do it."""
        return one

    assert undocumented(told) == ["Raises", "other"]
    assert undocumented(silent) == ["return annotation"]


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
