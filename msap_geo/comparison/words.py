"""A comparison in a few French sentences: for the console, the map and the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msap_geo import coverage, french, rounds
from msap_geo.comparison.inputs import ACCESS_KINDS, KINDS

if TYPE_CHECKING:
    from msap_geo.comparison.compare import Comparison

_NAMED = 3
_NOISE = f"{french.number(coverage.NOISE_MINUTES, 1)}\u202fmin"


def comparison_told(comparison: Comparison) -> list[str]:
    """Return a comparison in a few lines: what differs, who gains, who loses.

    Parameters
    ----------
    comparison
        What :func:`msap_geo.comparison.compare_studies` found.

    Returns
    -------
    list of str
        The title first.
    """
    lines = [title(comparison)]
    lines += [f"ATTENTION : {warning}" for warning in comparison.warnings]
    lines += what_differs(comparison)
    lines += [gains_at(comparison, threshold) for threshold in comparison.thresholds]
    lines += [trips(comparison), zones(comparison), maisons(comparison), *itinerant(comparison)]
    for status, verb in ((coverage.GAINED, "gagne"), (coverage.LOST, "perd")):
        lines += [
            f"{verb} : {row['nom']} ({row['code_insee']}), "
            f"{french.people(int(row['population']))}, "
            f"{french.minutes(row['minutes_avant'])} → {french.minutes(row['minutes_apres'])}"
            for row in comparison.largest(status, most=_NAMED).to_dict("records")
        ]
    return lines


def title(comparison: Comparison) -> str:
    """Return the title of a comparison."""
    return f"{comparison.labels[0]} → {comparison.labels[1]}"


def sentence(line: str) -> str:
    """Return a line as a sentence of its own."""
    return f"{line[0].upper()}{line[1:]}."


def what_differs(comparison: Comparison) -> list[str]:
    """Say what the comparison bears on, one line per difference that may change the access."""
    told = [d for d in comparison.differences if d.kind in (*ACCESS_KINDS, "seuils")]
    lines = [f"change : {d.what}, {d.before} → {d.after}" for d in told]
    others = [KINDS[kind] for kind in comparison.kinds if kind not in (*ACCESS_KINDS, "seuils")]
    if others:
        lines.append(f"diffèrent aussi, sans effet sur l'accès : {', '.join(others)}")
    return lines or ["rien ne change : mêmes fichiers, mêmes réglages"]


def gains_at(comparison: Comparison, threshold: float) -> str:
    """Say who gains and who loses at a threshold."""
    row = comparison.whole(threshold)
    text = (
        f"à {french.short(threshold)} min ou moins : {french.percent(row['part_avant'])} → "
        f"{french.percent(row['part_apres'])} des habitants ; "
        f"{_people(row['gagnent'], 'y passe', 'y passent')}, "
        f"{_people(row['perdent'], 'en sort', 'en sortent')}"
    )
    thin = int(row["gagnent_a_la_marge"] + row["perdent_a_la_marge"])
    return f"{text} (dont {french.number(thin)} pour moins de {_NOISE})" if thin else text


def _people(count: float, one: str, many: str) -> str:
    if not count:
        return f"aucun n'{one}" if one[0] in "aeiouy" else f"aucun ne {one}"
    return f"{french.people(int(count))} {many if count > 1 else one}"


def _whom(count: float) -> str:
    return french.people(int(count)) if count else "personne"


def trips(comparison: Comparison) -> str:
    """Say whose trip gets shorter or longer, and the mean trip."""
    row = comparison.whole(comparison.threshold)
    return (
        f"trajet raccourci pour {_whom(row['rapproches'])}, allongé pour "
        f"{_whom(row['eloignes'])} (à {_NOISE} près) ; en moyenne "
        f"{french.minutes(row['minutes_moyennes_avant'])} → "
        f"{french.minutes(row['minutes_moyennes_apres'])}"
    )


def zones(comparison: Comparison) -> str:
    """Say what became of the zones blanches."""
    before, after = len(comparison.zones_before), len(comparison.zones_after)
    parts = comparison.zones["zones_apres"].map(pieces)
    split = parts[parts > 1]
    told = f", dont {french.counted(len(split), 'divisée')} en {split.sum()}" if len(split) else ""
    return (
        f"zones blanches au-delà de {french.short(comparison.threshold)} min : {before} → {after}"
        f"{_counts(comparison.zones['evolution'].value_counts().to_dict(), told)}"
    )


def pieces(zones_after: str) -> int:
    """Return how many zones hold now those who were in one."""
    return len(zones_after.split(", ")) if zones_after else 0


def maisons(comparison: Comparison) -> str:
    """Say what became of the Maisons."""
    before, after = len(comparison.before.maisons), len(comparison.after.maisons)
    counts = comparison.maisons["evolution"].value_counts().to_dict()
    return f"Maisons : {before} → {after}{_counts(counts)}"


def itinerant(comparison: Comparison) -> list[str]:
    """Say whom rounds alone cover on each side; nothing where neither study has rounds."""
    table = comparison.cover
    if table.empty:
        return []
    told = [
        french.people(int(table.loc[table[column] == kind, "population"].sum()))
        for kind in (rounds.ITINERANT, rounds.NOTHING)
        for column in ("couverture_avant", "couverture_apres")
    ]
    only = f"couverture itinérante seule : {told[0]} → {told[1]}"
    return [f"{only} ; aucune couverture : {told[2]} → {told[3]} (population d'après)"]


def _counts(counts: dict[str, int], more: str = "") -> str:
    told = ", ".join(french.counted(n, name) for name, n in sorted(counts.items()))
    return f" ({told}{more})" if told else ""
