"""``msap-geo lancer`` and ``msap-geo demo``: the whole study."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msap_geo.cli import formats
from msap_geo.cli.parser import add_command, add_json, add_output, add_study
from msap_geo.cli.progress import steps

if TYPE_CHECKING:
    import argparse

    from msap_geo.study import Study, StudyResult


def register(commands: Any) -> None:
    """Add both commands to the command line."""
    run = add_command(
        commands,
        "lancer",
        lambda arguments: _conduct(_read(arguments), arguments),
        help="lance une étude : tables, carte, manifeste",
        description="Lance une étude : tables, carte, manifeste.",
        examples=[
            "lancer etude.toml",
            "lancer etude.toml --tout --sortie maps/corse",
            "lancer etude.toml --choix choix.json",
            "lancer etude.toml --temps csv",
        ],
    )
    add_study(run)
    run.options.add_argument(
        "--choix",
        metavar="FICHIER",
        type=Path,
        help="choix exporté de la carte (JSON ou CSV) : l'étude est lancée comme si ces bureaux "
        "accueillaient une Maison et ces Maisons fermaient",
    )
    demo = add_command(
        commands,
        "demo",
        lambda arguments: _conduct(_sample(), arguments),
        help="lance l'étude de démonstration",
        description="Lance l'étude de démonstration : la Mayenne, temps estimés sans réseau "
        "routier, Maisons et bureaux de poste inventés.",
        examples=["demo", "demo --tout --sortie demonstration"],
    )
    for command in (run, demo):
        add_output(command)
        add_json(command)
        command.options.add_argument(
            "--tout",
            action="store_true",
            help="écrit aussi le diagnostic, les bureaux notés, un plan, le classeur etude.xlsx "
            "et le rapport (PDF, Word, HTML)",
        )
        command.options.add_argument(
            "--geoparquet",
            action="store_true",
            help="écrit aussi chaque couche en GeoParquet",
        )
        command.options.add_argument(
            "--temps",
            choices=["csv", "parquet"],
            default="",
            help="écrit aussi temps.csv (ou temps.parquet) : les minutes de chaque commune et de "
            "chaque bureau à chaque Maison et à chaque bureau, que [temps] source relit",
        )


def _read(arguments: argparse.Namespace) -> Study:
    from msap_geo.study import read_study  # noqa: PLC0415 - keeps --help instant

    return read_study(arguments.etude)


def _sample() -> Study:
    from msap_geo.study import sample_study  # noqa: PLC0415

    return sample_study()


def _conduct(study: Study, arguments: argparse.Namespace) -> int:
    """Run, write, report; progress goes to stderr, and only to a terminal."""
    from msap_geo.folder import Extras, make_study  # noqa: PLC0415
    from msap_geo.outputs import one_run  # noqa: PLC0415
    from msap_geo.study import read_choice, scenario_study  # noqa: PLC0415

    path = getattr(arguments, "choix", None)
    choice = None if path is None else read_choice(path)
    slug = study.slug if choice is None else scenario_study(study, choice).slug
    folder = arguments.sortie if arguments.sortie is not None else Path("maps") / slug
    with one_run(folder), steps(arguments, slug) as progress:
        extras = Extras(arguments.tout, arguments.geoparquet, arguments.temps)
        made = make_study(study, folder, extras=extras, choice=choice, progress=progress)
    text = (
        json.dumps(made.summary, ensure_ascii=False, indent=2)
        if arguments.json
        else _told(made.result, folder)
    )
    print(text, flush=True)  # noqa: T201 - a command line speaks
    return 0


def _told(result: StudyResult, folder: Path) -> str:
    """Return the report of a study, a few lines."""
    from msap_geo import french  # noqa: PLC0415
    from msap_geo.anomalies import tally  # noqa: PLC0415
    from msap_geo.cautions import expected_in_words  # noqa: PLC0415
    from msap_geo.loaders import BORDER_KM  # noqa: PLC0415
    from msap_geo.study.times.profiles import in_words  # noqa: PLC0415

    study, first = result.study, result.shares[0]
    communes = french.counted(len(result.communes), "commune")
    nearby = int(result.neighbours.sum())
    maisons = french.counted(len(result.maisons) - nearby, "Maison")
    if nearby:
        maisons += (
            f" (et {french.counted(nearby, 'voisine')} à moins de {french.short(BORDER_KM)} km)"
        )
    lines = [f"{study.etude.nom} : {french.people(first.population)}, {communes}, {maisons}"]
    lines += formats.warnings_of(result)
    lines += [
        f"  à {french.short(share.threshold)} min ou moins : {french.percent(share.share)} des "
        "habitants ; "
        f"{french.people(share.beyond)} au-delà, "
        f"dans {french.counted(share.communes_beyond, 'commune')}"
        for share in result.shares
    ]
    lines += [f"  {in_words(one)}" for one in result.profiles]
    expected = expected_in_words(result.expected)
    lines += [f"  {expected}"] if expected else []
    lines += _of_live_roads(study)
    zones = french.counted(len(result.zones), "zone blanche")
    lines.append(f"  {zones} au-delà de {french.short(study.threshold)} min{_largest(result)}")
    best = result.candidates.head(3)
    if len(best) and not best["population_gagnee"].any():
        lines.append(
            f"  aucun candidat ne rapproche quiconque à {french.short(study.threshold)} min ; le "
            f"mieux noté, pour les minutes épargnées : {best['nom'].iloc[0]} "
            f"({best['code_insee'].iloc[0]})"
        )
        best = best.head(0)
    if len(best) > 1:
        lines.append(
            "  bureaux les mieux notés, chacun ouvert seul (pour plusieurs, la carte ou "
            "« optimiser » disent lesquels ensemble) :"
        )
    lines += [
        f"  candidat n° {row.rang} : {row.nom} ({row.code_insee}), "
        f"{french.people(row.population_gagnee)} de plus à {french.short(study.threshold)} min"
        for row in best.itertuples()
    ]
    if result.anomalies:
        told = french.anomalies(tally(result.anomalies))
        lines.append(f"  anomalies dans les données : {told} (détail dans manifest.json)")
    lines.append(f"Résultats : {folder} (carte à ouvrir : {folder / 'carte.html'})")
    return "\n".join(lines)


def _of_live_roads(study: Study) -> list[str]:
    """Say of when the roads asked of OpenStreetMap are, and how to renew them.

    On the screen alone: the files written tell the date, which stays the same from day to day.
    """
    from msap_geo import french  # noqa: PLC0415

    if study.osm is None:
        return []
    # The file asked for bears the day of its oldest square, whatever [millesimes] says.
    day = dt.date.fromisoformat(study.osm.name.removeprefix("openstreetmap-")[:10])
    asked = study.reseau.age_max_jours
    renewal = (
        "gardées : [reseau] age_max_jours = 30 redemanderait celles de plus de 30 jours"
        if asked is None
        else f"redemandées au-delà de {french.counted(asked, 'jour')}"
    )
    days = (dt.datetime.now(dt.UTC).date() - day).days
    ago = f"il y a {french.counted(days, 'jour')}" if days > 0 else "aujourd'hui"
    return [f"  routes d'OpenStreetMap du {day:%d/%m/%Y} ({ago}), {renewal}"]


def _largest(result: StudyResult) -> str:
    """Name the zone blanche of most people, as the map and the documents do."""
    from msap_geo import french  # noqa: PLC0415

    if result.zones.empty:
        return ""
    zone = result.zones.iloc[0]
    named = french.largest(len(result.zones), zone["nom"])
    return f"{named} : {french.people(int(zone['population']))}"
