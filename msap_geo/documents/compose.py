"""The document of a report, composed from its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msap_geo import coverage, french
from msap_geo.documents import access as report_access
from msap_geo.documents import ahead as report_ahead
from msap_geo.documents import decisions as report_decisions
from msap_geo.documents import fiches as report_fiches
from msap_geo.documents import mobility as report_mobility
from msap_geo.documents import people as report_people
from msap_geo.documents import rounds as report_rounds
from msap_geo.documents import sdaasap
from msap_geo.documents import siting as report_siting
from msap_geo.documents import zones as report_zones
from msap_geo.documents.access import known
from msap_geo.outputs.provenance import UNDATED
from msap_geo.outputs.report import (
    Block,
    Column,
    Definitions,
    Document,
    KeyFigures,
    Paragraph,
    Section,
    Table,
)

if TYPE_CHECKING:
    import pandas as pd

    from msap_geo.documents.parts import ReportParts
    from msap_geo.outputs.provenance import Provenance

_JUDGEMENTS = {
    "solide": "95 % des hypothèses ou plus",
    "probable": "la moitié ou plus",
    "fragile": "une au moins",
    "jamais blanche": "aucune",
}
"""How sure a commune or a zone is beyond the threshold, and in how many of the assumptions."""

_FACTORS = {
    "vitesse": "la vitesse",
    "seuil": "le seuil",
    "periode": "l’heure",
    "origine": "le point de départ",
}

DIAGNOSTIC, SDAASAP = "diagnostic", "sdaasap"
"""Orders in which the same figures are told."""

_SCHEME_TITLE = "Schéma d’amélioration de l’accessibilité des services au public : les Maisons"
_TITLE = "Diagnostic territorial de l’accès aux Maisons de services au public"


def compose(parts: ReportParts, *, zones: int, fiches: int, model: str = DIAGNOSTIC) -> Document:
    """Compose the report of a study (:func:`msap_geo.documents.report_document`)."""
    origin = parts.origin
    by_name = {
        "method": report_access.method(parts),
        "data": report_access.data(parts),
        "access": report_access.access(parts),
        "zones": report_zones.zones(parts, shown=zones),
        "people": report_people.people(parts),
        "ahead": report_ahead.ahead(parts),
        "robust": report_ahead.robust(parts),
        "season": report_ahead.season(parts),
        "without_car": report_mobility.without_car(parts),
        "itinerant": report_rounds.existing(parts),
        "attendance": report_people.attendance(parts),
        "rules": report_people.rules(parts),
        "candidates": report_siting.candidates(parts),
        "plan": report_siting.plan(parts),
        "fiches": report_fiches.fiches(parts, shown=fiches),
        "adapted": report_decisions.adapted(parts),
        "longer": report_decisions.longer(parts),
        "designed": report_rounds.designed(parts),
        "basket": report_decisions.basket(parts),
        "robustness": _robustness(parts),
        "definitions": _definitions(parts),
    }
    scheme = model == SDAASAP
    sections = sdaasap.in_order(parts, by_name) if scheme else by_name.values()
    return Document(
        title=_SCHEME_TITLE if scheme else _TITLE,
        territory=origin.title,
        dated=" · ".join(part for part in (origin.territory, origin.date) if part),
        date=origin.moment.date(),
        software=origin.software,
        summary=_summary(parts),
        sections=tuple(section for section in sections if section is not None),
        warnings=origin.warnings,
        credits=tuple(line for line in (origin.vintages, *origin.attributions) if line),
    )


def filed(origin: Provenance) -> str:
    """Say what day the file itself bears, where nobody imposed one (``SOURCE_DATE_EPOCH``)."""
    if origin.edition:
        return ""
    if origin.moment == UNDATED:
        return "Fichier sans date : les données n’en donnent pas."
    return f"Fichier daté du {origin.moment:%d/%m/%Y}, jour des données."


def _summary(parts: ReportParts) -> tuple[Block, ...]:
    return (
        _key_figures(parts),
        Paragraph(_who(parts), lead="Qui est loin."),
        *_what(parts),
        Paragraph(_how_sure(parts), lead="Avec quelle certitude."),
        *(Paragraph(line, tone="note") for line in (filed(parts.origin),) if line),
    )


def _who(parts: ReportParts) -> str:
    shares = parts.result.shares
    told = french.listed(
        [
            f"{french.number(share.beyond)} ({french.percent(known(1 - share.share))}) à plus de "
            f"{french.short(share.threshold)} minutes"
            for share in shares
        ]
    )
    whole = parts.table("acces_territoires").iloc[0]
    text = (
        f"Sur {french.people(shares[0].population)}, on en compte {told} d’une Maison. La moitié "
        f"des habitants en est à {french.minutes(whole['minutes_medianes'])} ou moins, neuf sur "
        f"dix à {french.minutes(whole['minutes_p90'])} ou moins."
    )
    zones = parts.result.zones
    if zones.empty:
        return f"{text} Il n’y a aucune zone blanche."
    worst = zones.iloc[0]
    held = french.people(worst["population"])
    among = french.counted(worst["nb_communes"], "commune")
    named = french.largest(len(zones), worst["nom"])
    return f"{text} {french.counted(len(zones), 'zone blanche')}{named} : {held} dans {among}."


def _what(parts: ReportParts) -> tuple[Paragraph, ...]:
    found = parts.found
    if found is None or not found.plan.sites:
        text = "Aucun bureau candidat ne rapproche d’habitants d’une Maison."
        return (Paragraph(text, lead="Quel bureau apporte le plus."),)
    first = found.sites().iloc[0]
    rated = parts.rating.table.set_index("site_id").loc[first["site_id"]]
    share, newly = parts.result.shares[0], found.newly_covered
    after = (share.within + newly) / share.population if share.population else None
    brings = (
        f"{first['nom']}, à {parts.commune(first['code_insee'])} : à lui seul, "
        f"{french.people(int(rated['population_gagnee']))} de plus à {parts.limit} minutes."
    )
    if len(found.plan.sites) > 1:
        others = french.listed([row.nom for row in found.sites().iloc[1:].itertuples()])
        brings += f" Avec {others}, {french.people(newly)} de plus"
        brings += (
            f" : la couverture passe de {french.percent(share.share)} à {french.percent(after)}."
        )
    return (
        Paragraph(brings, lead="Quel bureau apporte le plus."),
        Paragraph(report_siting.money(found), lead="Pour quelle dépense."),
    )


def _how_sure(parts: ReportParts) -> str:
    told = []
    if parts.found is not None and parts.found.plan.sites:
        told.append(f"Parmi les bureaux candidats, {report_siting.proof(parts.found)}.")
    sure = parts.table("robustesse_zones")["robustesse"].value_counts()
    if len(sure):
        counted = ", ".join(
            french.counted(sure[name], name) for name in _JUDGEMENTS if name in sure.index
        )
        told.append(
            f"Zones blanches selon les hypothèses de vitesse, de seuil, d’heure et de point de "
            f"départ : {counted}."
        )
    if parts.origin.estimated:
        told.append("Les temps sont estimés sans routes réelles : un ordre de grandeur.")
    if parts.origin.demonstration:
        told.append("Les sites sont inventés : ce rapport montre l’outil, non le territoire.")
    told.append("Une commune entière a le temps de sa mairie ; les coûts sont des moyennes.")
    return " ".join(told)


def _robustness(parts: ReportParts) -> Section:
    communes = parts.table("robustesse_communes")
    people = communes.groupby("robustesse")["population"].agg(["size", "sum"])
    spread = coverage.spread(estimated=parts.origin.estimated)
    slowest, *_, fastest = coverage.likely_speeds(spread.territory)
    table = Table(
        f"Communes à plus de {parts.limit} minutes selon les hypothèses",
        (
            Column("Au-delà du seuil dans"),
            Column("Jugement"),
            Column("Communes", number=True),
            Column("Habitants", number=True),
        ),
        tuple(
            (
                meaning,
                name,
                french.number(int(people.loc[name, "size"])),
                french.number(int(people.loc[name, "sum"])),
            )
            for name, meaning in _JUDGEMENTS.items()
            if name in people.index
        ),
        note=f"Hypothèses : vitesses de {french.number(slowest, 2)} à {french.number(fastest, 2)} "
        "fois celles de l’étude (erreur commune mesurée), erreur propre à chaque commune "
        f"({french.percent(spread.commune, 0)}), seuil à 2 minutes près, heures de pointe (temps "
        "× 1,15), point de départ. Chaque combinaison est rejouée ; le détail est dans "
        "diagnostic_robustesse_communes.csv et diagnostic_robustesse_zones.csv.",
    )
    told = " ; ".join(
        f"{words}, {french.people(_moved(communes, name))}" for name, words in _FACTORS.items()
    )
    text = f"Habitants dont la commune change de côté si un seul facteur change : {told}."
    return Section("Robustesse", (Paragraph(text), table))


def _moved(communes: pd.DataFrame, factor: str) -> int:
    return int(communes.loc[communes[f"bascule_{factor}"].astype(bool), "population"].sum())


def _definitions(parts: ReportParts) -> Section:
    kinds = ", ".join(parts.result.study.maisons.types)
    meanings = {
        "Maison": "Maison de services au public, aujourd’hui espace France Services, d’un genre "
        f"compté dans l’étude ({kinds}).",
        "À portée": f"à {parts.limit} minutes ou moins, seuil inclus, de la Maison la plus proche.",
        "Zone blanche": f"communes d’un seul tenant à plus de {parts.limit} minutes d’une "
        "Maison ; deux communes qui se touchent, même en un point, sont de la même zone.",
        "Habitant gagné": f"qui passe à {parts.limit} minutes ou moins parce qu’un bureau ouvre.",
        "Apport": "ce qu’un bureau ajoute au plan une fois les précédents ouverts.",
        "Plan": "les bureaux qui, ensemble, valent le plus ; la borne prouvée dit qu’aucun autre "
        "plan ne peut faire mieux qu’elle.",
        "Plan proche": "plan différent qui apporte autant, à 1 % près.",
        "Temps médian": "temps que la moitié des habitants ne dépasse pas.",
        "Label": "24 heures d’ouverture par semaine, sur cinq jours au moins (charte France "
        "Services).",
        "Coût": "fonctionnement, et investissement réparti sur la durée de la convention, tous "
        "payeurs confondus : des moyennes nationales, sauf prix donnés dans l’étude.",
    }
    return Section("Annexe : définitions", (Definitions(tuple(meanings.items())),))


def _key_figures(parts: ReportParts) -> KeyFigures:
    """Return the figures of the first page."""
    result = parts.result
    items = []
    for share in result.shares[:2]:
        part = french.percent(known(1 - share.share))
        label = f"habitants à plus de {french.short(share.threshold)} min d’une Maison ({part})"
        items.append((french.number(share.beyond), label))
    count = len(result.zones)
    blanche = f"{french.agreed(count, 'zone blanche')} (plus de {parts.limit} min)"
    items.append((french.number(count), blanche))
    if parts.found is not None:
        sites = french.counted(len(parts.found.plan.sites), "site")
        label = f"habitants à {parts.limit} min avec {sites} de plus"
        items.append((f"+ {french.number(parts.found.newly_covered)}", label))
    return KeyFigures(tuple(items))
