"""The version, in one place: the package, its wheel and every file it writes read it here."""

from __future__ import annotations

from importlib.metadata import version

__version__ = "0.2.0"
SOFTWARE = f"msap_geo {__version__}"
"""How what is written names what wrote it."""


def version_of(package: str) -> str:
    """Return the version of a package, ours being the one above whatever was installed.

    Parameters
    ----------
    package
        Its name, as installers know it.

    Returns
    -------
    str
        The version.

    Raises
    ------
    importlib.metadata.PackageNotFoundError
        If it is not installed.
    """
    return __version__ if package == "msap-geo" else version(package)
