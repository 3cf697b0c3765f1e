"""``msap-geo adapter``: which post offices may be transformed, with least harm, under the law."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from msap_geo.cli import formats
from msap_geo.cli.noter import positive
from msap_geo.cli.optimiser import number
from msap_geo.cli.parser import add_command, add_study

if TYPE_CHECKING:
    import argparse

    import pandas as pd

    from msap_geo.answers import AdaptedNetwork

_SHOWN = 10
_OF = {"bureau": "bureau", "contact": "point de contact"}


def register(commands: Any) -> None:
    """Add the command to the command line."""
    command = add_command(
        commands,
        "adapter",
        _conduct,
        help="dit quels bureaux transformer au moindre dommage, dans le respect de la loi",
        description="Choisit les bureaux de poste à transformer (agence, relais, comptoir d'une "
        "Maison…) qui éloignent le moins les habitants, dans le respect de la loi du 2 juillet "
        "1990, du service universel et des règles de l'étude : valeur, borne prouvée, habitants "
        "plus loin qu'avant, marges par département. Chaque transformation demande l'accord du "
        "maire. Ce qui est permis est dans [adaptation] du fichier d'étude.",
        examples=["adapter etude.toml --nombre 10", "adapter etude.toml --economie 500000 --json"],
    )
    add_study(command)
    what = command.options.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--nombre",
        metavar="N",
        type=positive,
        help="transforme N points, ceux dont le maire a donné son accord compris",
    )
    what.add_argument(
        "--economie",
        metavar="EUROS",
        type=number("une somme en euros", 0.0, math.inf),
        help="économise au moins EUROS par an",
    )
    formats.add_formats(command, workbook="adaptation.xlsx")


def _conduct(arguments: argparse.Namespace) -> int:
    from msap_geo.answers import Wanted, adapt_network, adaptation_json  # noqa: PLC0415
    from msap_geo.folder import adaptation_tables  # noqa: PLC0415 - keeps --help instant

    wanted = Wanted(number=arguments.nombre, saving_eur=arguments.economie)
    found = formats.run(
        arguments, lambda result, progress: adapt_network(result, wanted, progress=progress)
    )
    formats.show(
        arguments,
        found.result,
        content=lambda: adaptation_json(found),
        tables=adaptation_tables(found),
        text=lambda: _told(found),
    )
    return 0


def _told(found: AdaptedNetwork) -> str:
    from msap_geo import french  # noqa: PLC0415
    from msap_geo.answers import departure_in_words  # noqa: PLC0415

    plan, study = found.plan, found.result.study
    made = french.counted(len(found.transformations), "transformation")
    far = found.farther
    communes = far["code_insee"].nunique()
    lines = [f"{study.etude.nom} : adapter le réseau, {made}"]
    lines += formats.warnings_of(found.result)
    lines.append(f"  {departure_in_words(found.result, by_cell=found.by_cell)}")
    if not found.by_cell:
        lines.append(
            "  de la mairie, le second bureau d'une commune n'est le plus proche de personne : le "
            "transformer paraît gratuit à tort (donner [donnees] carreaux)"
        )
    if found.carrying:
        lines.append(
            "  gardés parce qu'une Maison y est, qui partirait avec eux : "
            f"{french.counted(len(found.carrying), 'bureau')} ([adaptation] transformer_porteurs)"
        )
    lines += [
        (
            f"  perte : {french.quantity(plan.value, 'habitants × minutes')}, borne prouvée "
            f"{french.number(plan.bound)}, écart {french.gap(plan.gap)} "
            f"({plan.status}, {french.seconds(plan.seconds)})"
        ),
        (
            f"  économie : {french.number(plan.saved_eur)} € par an ({found.costs.title}, coûts "
            "moyens)"
        ),
        (
            f"  {french.people(found.people_farther)} plus loin qu'avant, dans "
            f"{french.counted(communes, 'commune')}"
            if found.people_farther
            else "  personne n'est plus loin qu'avant"
        ),
    ]
    for row in found.transformations.head(_SHOWN).itertuples():
        lines.append(
            f"  {row.nom} ({row.commune}, {row.site_id}) devient « {row.devient} », "
            f"{_agreement(row.accord_maire)} : perte {french.number(row.perte)}"
            + ("" if row.habitants else " (le plus proche de personne, d'après ce départ)")
        )
    if len(found.transformations) > _SHOWN:
        lines.append(f"  … et {len(found.transformations) - _SHOWN} de plus (--json, --xlsx)")
    return "\n".join(lines + _farther(far) + _doubts(found) + _margins(found))


def _farther(table: pd.DataFrame) -> list[str]:
    """Tell who is farther, and from what: a commune may be in two lines, of other people."""
    from msap_geo import french  # noqa: PLC0415

    lines = [
        f"    plus loin d'un {_OF[row.service]} : {row.nom} ({row.code_insee}), "
        f"{french.people(int(row.population))}, {french.minutes(row.minutes_avant)} → "
        f"{french.minutes(row.minutes_apres)}"
        for row in table.head(_SHOWN).itertuples()
    ]
    if (more := len(table) - _SHOWN) > 0:
        noun = "commune" if table["code_insee"].is_unique else "ligne"
        lines.append(f"    … et {french.counted(more, noun)} de plus (--json, --xlsx)")
    return lines


def _agreement(answer: str) -> str:
    return "accord du maire requis" if answer == "requis" else f"accord du maire {answer}"


def _instead(new: str, left: str) -> str:
    """Tell another choice by what it changes; one that saves euros may change more, or fewer."""
    if new and left:
        return f"{new} au lieu de {left}"
    if new or left:
        return f"{new} en plus" if new else f"sans {left}"
    return "les mêmes bureaux, qui deviennent autre chose"


def _doubts(found: AdaptedNetwork) -> list[str]:
    """Tell the near-equal choices, by what they change, and the two losses that would harm most."""
    from msap_geo import french  # noqa: PLC0415

    chosen = found.transformations.set_index("site_id")["nom"]
    lines = []
    for _, other in found.others.groupby("rang"):
        theirs = other.set_index("site_id")["nom"]
        new, left = (
            theirs[~theirs.index.isin(chosen.index)],
            chosen[~chosen.index.isin(theirs.index)],
        )
        lines.append(
            f"  presque aussi bon, perte {french.number(other['valeur'].iloc[0])} : "
            + _instead(", ".join(new), ", ".join(left))
        )
    after = found.fragility[found.fragility["quand"] == "apres"]
    if len(after) and after["habitants"].iloc[0]:
        before = found.fragility.loc[found.fragility["quand"] == "avant", "habitants"]
        lines.append(
            f"  fragilité : perdre ensuite {' et '.join(after['nom'])} laisserait "
            f"{french.people(int(after['habitants'].iloc[0]))} sans bureau à "
            f"{french.short(after['seuil_minutes'].iloc[0])} min (au pire, deux bureaux ; avant : "
            f"{french.number(int(before.max()) if len(before) else 0)})"
        )
    return lines


def _margin(people: int) -> str:
    from msap_geo import french  # noqa: PLC0415

    told = french.people(abs(people))
    return f"{told} de trop" if people < 0 else f"{told} avant de rompre la règle"


def _margins(found: AdaptedNetwork) -> list[str]:
    from msap_geo import french  # noqa: PLC0415

    table = found.margins
    table = table[(table["unite"] == "part") & table["marge"].notna()]
    table = table[table["regle"].str.startswith(("la-poste-et", "service-universel-dep"))]
    return [
        f"  marge, {row.nom} ({row.titre}, {row.distance}) : {_margin(int(row.marge))} "
        f"(avant : {french.number(int(row.marge_avant))}), {row.verdict}"
        for row in table[table["distance"] != "route"].itertuples()
    ]
