"""Territorial coverage of public services in France.

Who lives too far from a *Maison de services au public*, and which post office should host the
next one::

    import msap_geo as mg

    etude = mg.read("etude.toml")        # or mg.sample()
    r = mg.run(etude)
    mg.map(r); mg.diagnose(r); mg.rate(r); mg.plan(r, number=3); mg.backtest(r)
    mg.tour(r, vehicles=1); mg.services(r, budget_eur=300_000); mg.basket(r)
    mg.adapt(r, number=2); mg.open_longer(r, hours=8); mg.plan_ahead(r, number=3)
    s = mg.scenario(r, opened=["CONCA"])
    mg.compare(r, s)
    mg.write(r, "maps/corse", everything=True); mg.report(r, "rapport.pdf"); mg.check(etude)

The rooms behind it open by their names (``mg.travel``, ``mg.network``…). Importing this package
loads nothing: each name does when it is first used (PEP 562).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from msap_geo.version import __version__

if TYPE_CHECKING:
    from msap_geo.front import (
        check,
        compare,
        map,  # noqa: A004
        read,
        report,
        run,
        sample,
        scenario,
        write,
    )
    from msap_geo.front_answers import (
        adapt,
        backtest,
        basket,
        diagnose,
        open_longer,
        plan,
        plan_ahead,
        rate,
        services,
        tour,
    )

__all__ = [
    "__version__",
    "adapt",
    "backtest",
    "basket",
    "check",
    "compare",
    "diagnose",
    "map",
    "open_longer",
    "plan",
    "plan_ahead",
    "rate",
    "read",
    "report",
    "run",
    "sample",
    "scenario",
    "services",
    "tour",
    "write",
]

_ANSWERS = {
    "adapt", "backtest", "basket", "diagnose", "open_longer", "plan", "plan_ahead", "rate",
    "services", "tour",
}  # fmt: skip
_ROOMS = (
    "answers", "audit", "comparison", "coverage", "documents", "folder", "loaders", "network",
    "outputs", "rounds", "siting", "sources", "study", "travel",
)  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in __all__:
        door = "front_answers" if name in _ANSWERS else "front"
        return getattr(importlib.import_module(f"msap_geo.{door}"), name)
    if name in _ROOMS:
        return importlib.import_module(f"msap_geo.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *_ROOMS])
