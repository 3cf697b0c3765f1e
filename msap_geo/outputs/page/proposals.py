"""The part of a map's page on what may change: offices transformed, who is farther, hours added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from msap_geo import french, french_hours

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from msap_geo.outputs.page.content import Proposals

_NOBODY = "personne n’est plus loin qu’avant"
MORE = {
    5.0: ("jusqu’à 5 min de plus", "#fdd49e", False),
    10.0: ("plus de 5 et jusqu’à 10 min de plus", "#ef6548", False),
    np.inf: ("plus de 10 min de plus", "#7f0000", False),
}
"""How much farther the people of a commune go, in words, its colour, whether it is hatched."""

_SERVICES = {"bureau": "Bureau de poste", "contact": "Point de contact"}


def proposals(found: Proposals | None, codes: Iterable[str]) -> dict[str, Any] | None:
    """Return what is proposed, by site, and what the people of each commune would feel, in words.

    Parameters
    ----------
    found
        What is proposed; none where the study asks for nothing.
    codes
        Communes of the page, in order.

    Returns
    -------
    dict
        ``transformations``, ``ajouts`` and ``horizons``: lines of the card of each site;
        ``communes``: lines of each commune, by its row; none without proposals.
    """
    if found is None:
        return None
    row = {code: str(i) for i, code in enumerate(codes)}
    communes: dict[str, list[list[str]]] = {}
    for one in () if found.farther is None else found.farther.itertuples():
        if one.code_insee in row:
            communes.setdefault(row[one.code_insee], []).append(
                [f"{_SERVICES[one.service]}, plus loin qu’avant", _farther(one)]
            )
    return {
        "transformations": _transformed(found.transformations),
        "ajouts": _longer(found.additions),
        "horizons": _robust(found.robust, found.futures),
        "communes": communes,
    }


def _farther(one: Any) -> str:
    return (
        f"{french.people(int(one.population))}, de {french.minutes(one.minutes_avant)} à "
        f"{french.minutes(one.minutes_apres)}"
    )


def _transformed(table: pd.DataFrame | None) -> dict[str, list[list[str]]]:
    if table is None:
        return {}
    return {
        str(one.site_id): [
            ["Proposé : devient", str(one.devient)],
            ["Accord du maire", str(one.accord_maire)],
            [_nearest(str(one.genre)), french.number(one.habitants)],
            ["Habitants × minutes qu’on épargne en y renonçant", french.number(one.perte)],
        ]
        for one in table.itertuples()
    }


def _nearest(kind: str) -> str:
    what = "bureau" if kind == "Bureau de Poste" else "point de contact"
    return f"Habitants dont c’est le {what} le plus proche"


def _robust(table: pd.DataFrame | None, futures: int) -> dict[str, list[list[str]]]:
    if table is None:
        return {}
    told = {}
    for one in table.itertuples():
        held = french.counted(one.futurs, "futur")
        words = f"n° {one.rang} ; dans le meilleur plan de {held} sur {futures}"
        told[str(one.site_id)] = [["Plan bon à tous les horizons", words]]
    return told


def _longer(table: pd.DataFrame | None) -> dict[str, list[list[str]]]:
    told: dict[str, list[list[str]]] = {}
    for one in () if table is None else table.itertuples():
        what = f"{one.jour} {one.demi_journee}, {french_hours.span(one.debut, one.fin)}"
        told.setdefault(str(one.site_id), []).append(
            ["Proposé : ouvrir aussi", f"{what} (+ {french.people(int(one.habitants))})"]
        )
    return told


def farther(found: Proposals | None, codes: Iterable[str]) -> dict[str, Any] | None:
    """Return how much farther the people of each commune would go.

    Parameters
    ----------
    found
        What is proposed.
    codes
        Communes of the page, in order.

    Returns
    -------
    dict
        ``classes``, each with the people who are farther, and ``classe`` by commune; none where
        nothing is transformed.
    """
    if found is None or found.farther is None:
        return None
    table = found.farther
    table = table.assign(more=table["minutes_apres"] - table["minutes_avant"]).sort_values(
        "more", ascending=False, kind="stable"
    )
    of = np.searchsorted(np.array(list(MORE)), table["more"].to_numpy(), side="left") + 1
    # The service that moves farthest away colours a commune. Its people count there, and the other
    # service's beside them: nobody twice, and none in the class of farther people.
    second = table["code_insee"].duplicated()
    people = table["population"].where(~second, table["population"] - table["dont_des_deux"])
    classe = dict(zip(table["code_insee"].iloc[::-1], of[::-1].tolist(), strict=True))
    classes = [{"nom": _NOBODY, "couleur": "#eef3e2", "hachures": False, "habitants": None}]
    for rank, (words, colour, hatched) in enumerate(MORE.values(), start=1):
        count = int(people.to_numpy()[of == rank].sum())
        classes.append({"nom": words, "couleur": colour, "hachures": hatched, "habitants": count})
    return {"classes": classes, "classe": [classe.get(code, 0) for code in codes]}
