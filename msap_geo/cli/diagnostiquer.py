"""``msap-geo diagnostiquer``: every coverage indicator of a study."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msap_geo.cli import formats
from msap_geo.cli.parser import add_command, add_json, add_output, add_study
from msap_geo.cli.progress import steps

if TYPE_CHECKING:
    import argparse

    from msap_geo.answers import Diagnosis


def register(commands: Any) -> None:
    """Add the command to the command line."""
    parser = add_command(
        commands,
        "diagnostiquer",
        _conduct,
        help="calcule tous les indicateurs de couverture d'une étude",
        description="Calcule tous les indicateurs de couverture d'une étude : accès par territoire "
        "et par public, zones blanches et leur robustesse, fermetures, heures d'ouverture à "
        "portée, bassins, règles légales, équité, évolution.",
        examples=["diagnostiquer etude.toml --sortie maps/diagnostic"],
    )
    add_study(parser)
    add_output(parser)
    add_json(parser)


def _conduct(arguments: argparse.Namespace) -> int:
    """Run, write, report; progress goes to stderr, and only to a terminal."""
    from msap_geo.answers import diagnose  # noqa: PLC0415
    from msap_geo.folder import diagnosis_summary, write_diagnosis  # noqa: PLC0415
    from msap_geo.outputs import one_run  # noqa: PLC0415
    from msap_geo.study import read_study, run_study  # noqa: PLC0415

    study = read_study(arguments.etude)
    folder = arguments.sortie if arguments.sortie is not None else Path("maps") / study.slug
    with one_run(folder), steps(arguments, study.slug) as progress:
        result = run_study(study, progress=progress)
        diagnosis = diagnose(result, progress=progress)
        progress("Écriture des résultats")
        write_diagnosis(diagnosis, folder)
    text = (
        json.dumps(diagnosis_summary(diagnosis), ensure_ascii=False, indent=2)
        if arguments.json
        else _told(diagnosis, folder)
    )
    print(text, flush=True)  # noqa: T201 - a command line speaks
    return 0


def _told(diagnosis: Diagnosis, folder: Path) -> str:
    """Return the report of a diagnosis, a few lines."""
    from msap_geo import french  # noqa: PLC0415
    from msap_geo.answers import attendance_in_words  # noqa: PLC0415
    from msap_geo.answers.ahead.tables import ahead_in_words  # noqa: PLC0415
    from msap_geo.answers.mobility import why_unmeasured  # noqa: PLC0415
    from msap_geo.cautions import expected_in_words  # noqa: PLC0415

    tables, study = diagnosis.tables, diagnosis.result.study
    first = f"{study.threshold:g}"
    lines = [f"{study.etude.nom} : diagnostic de couverture"]
    lines += formats.warnings_of(diagnosis.result)
    lines += [
        f"  à {french.short(study.threshold)} min, origine {row.convention} : "
        f"{french.percent(share)} des habitants"
        for row, share in zip(
            tables["conventions"].itertuples(), tables["conventions"][f"part_{first}"], strict=True
        )
    ]
    expected = expected_in_words(diagnosis.result.expected[:1])
    lines += [f"  {expected}"] if expected else []
    blanches = tables["robustesse_zones"]["robustesse"].value_counts()
    told = ", ".join(french.counted(n, name) for name, n in blanches.items())
    lines.append(f"  zones blanches : {told or 'aucune'}")
    cannot = why_unmeasured(diagnosis.anomalies)
    lines += [f"  sans voiture, non mesuré : {cannot}"] if cannot else []
    worst = tables["fermetures"].iloc[0] if len(tables["fermetures"]) else None
    if worst is not None and worst[f"perdus_{first}"]:
        lines.append(
            f"  Maison la plus critique : {worst['nom']}, "
            f"{french.people(int(worst[f'perdus_{first}']))} passeraient au-delà de "
            f"{french.short(study.threshold)} min"
        )
    lines += [f"  {line}" for line in ahead_in_words(tables, study.thresholds)]
    if "frequentation_calage" in tables:
        lines.append(f"  {attendance_in_words(tables['frequentation_calage'])}")
    rules = tables["regles"]
    broken = rules[rules["verdict"] == "non respectée"]
    margins = broken["marge_habitants"].astype("Float64").to_numpy(dtype=float, na_value=math.nan)
    for row, margin in zip(broken.itertuples(), margins.tolist(), strict=True):
        by = "" if math.isnan(margin) else f", il manque {french.people(-int(margin))}"
        how = f" ({row.distance})" if row.distance else ""
        lines.append(f"  non respectée, {row.nom} : {row.titre}{how}{by}")
    lines.append(f"Résultats : {folder} ({french.counted(len(tables), 'table')}, diagnostic.gpkg)")
    return "\n".join(lines)
