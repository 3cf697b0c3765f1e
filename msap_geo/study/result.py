"""The result of a study: its facts, and how they show themselves."""

from __future__ import annotations

from msap_geo import coverage, french, outputs, siting
from msap_geo.anomalies import tally
from msap_geo.notebook_html import card, table
from msap_geo.study import map_parts
from msap_geo.study.facts import Facts
from msap_geo.study.provenance import provenance_of
from msap_geo.study.sites import with_hosts
from msap_geo.study.what_if import simulation_of

_FEW = 5


class StudyResult(Facts):
    """Everything a study found (:class:`msap_geo.study.facts.Facts`), ready to be shown."""

    def _repr_html_(self) -> str:
        """Show the key figures in a notebook."""
        return _card(self)

    def __repr__(self) -> str:
        return (
            f"StudyResult({self.study.etude.nom!r}, communes={len(self.communes)}, "
            f"maisons={len(self.maisons)}, candidates={len(self.candidates)}, "
            f"zones={len(self.zones)})"
        )

    def map_content(self) -> outputs.MapContent:
        """Gather what its map shows (:func:`msap_geo.map`)."""
        return _content(self)


def _content(result: Facts) -> outputs.MapContent:
    told, simulation = provenance_of(result), simulation_of(result)
    return outputs.MapContent(
        title=told.title,
        method=told.method,
        thresholds=result.study.thresholds,
        communes=result.communes,
        origins=result.origins,
        access=result.access,
        shares=result.shares,
        zones=result.zones,
        maisons=result.maisons[~result.neighbours],
        neighbours=result.maisons[result.neighbours],
        itinerants=result.itinerants,
        la_poste=with_hosts(result.la_poste, result.hosts),
        candidates=result.candidates,
        vintages=told.vintages,
        sources=list(told.sources),
        limits=[*told.limits, *_untried(simulation, result)],
        score=_score_in_words(result.ranking),
        attributions=list(told.attributions),
        road_credit=told.road_credit,
        contiguity=coverage.contiguous_pairs(result.communes.geometry.to_numpy()),
        isochrones=map_parts.reach(result),
        main_roads=map_parts.main_roads(result),
        simulation=simulation,
        date=told.date,
        cover=map_parts.cover(result),
        digital=map_parts.digital(result),
        cautions=result.cautions,
        expected=tuple(result.expected),
        ways=map_parts.ways(result),
        office_ways=map_parts.office_ways(result, simulation),
        scenery=result.scenery,
        too_close=coverage.spread(estimated=result.estimated).too_close(result.study.threshold),
    )


def _untried(simulation: outputs.Simulation | None, result: Facts) -> list[str]:
    """Say why the page offers no choice to try, where a reader would expect one."""
    if simulation is not None or result.candidates.empty:
        return []
    told = (
        "Territoire trop vaste pour simuler des ouvertures dans la page : msap-geo campagne écrit "
        "une carte par département ou par région, où on le peut."
    )
    return [told]


def _score_in_words(ranking: siting.Ranking) -> str:
    """Return what the note of a candidate is made of: ``"60 % habitants gagnés…, 30 % …"``."""
    return ", ".join(
        f"{french.rate(weight)} {siting.CRITERIA[name].title}"
        for name, weight in ranking.weights.items()
    )


def _card(result: Facts) -> str:
    """Show the key figures of a study, its largest zones blanches and its first candidates."""
    study = result.study
    figures = {
        "habitants": french.number(result.shares[0].population),
        "communes": french.number(len(result.communes)),
        "Maisons": f"{french.number(int((~result.neighbours).sum()))}, et "
        f"{french.number(int(result.neighbours.sum()))} chez les voisins",
    }
    for share in result.shares:
        figures[f"à {french.short(share.threshold)} min ou moins"] = (
            f"{french.percent(share.share)} des habitants ; {french.number(share.beyond)} au-delà, "
            f"dans {french.counted(share.communes_beyond, 'commune')}"
        )
    figures["zones blanches"] = french.number(len(result.zones))
    figures["anomalies"] = french.anomalies(tally(result.anomalies)) or "aucune"
    zones = table(
        result.zones,
        {
            "rang": "Rang",
            "nom": "Zone",
            "nb_communes": "Communes",
            "population": "Habitants",
            "minutes_max": "Minutes au plus",
        },
        caption="Zones blanches",
        shown=_FEW,
    )
    candidates = table(
        result.candidates,
        {"rang": "Rang", "nom": "Bureau", "commune": "Commune", "population_gagnee": "Gagnés"},
        caption="Bureaux candidats (habitants gagnés par chacun, seul)",
        shown=_FEW,
    )
    return card(
        study.etude.nom,
        figures,
        tables=[zones, candidates],
        remarks=[str(told) for told in result.cautions],
    )
