"""What a campaign says of all its studies, read from their folders: table, atlas, manifest."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msap_geo import french, outputs
from msap_geo.campaign.atlas import PAGE, atlas_of
from msap_geo.campaign.figures import NAME, Made, figures, read_folder
from msap_geo.campaign.state import parameters_of, read_record
from msap_geo.network.store import sha256
from msap_geo.study.roles import ROLES
from msap_geo.version import SOFTWARE, __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msap_geo.campaign.file import Campaign
    from msap_geo.campaign.tasks import Task

DONE, FAILED, TO_DO = "faite", "en échec", "à faire"


def studies_of(tasks: Sequence[Task], folder: Path) -> list[Made]:
    """Return the studies of a campaign as their folders tell them.

    Parameters
    ----------
    tasks
        Studies of the campaign.
    folder
        Folder of the campaign.

    Returns
    -------
    list of Made
        Same order. One made with other parameters or versions is still to make.

    Raises
    ------
    OutputError
        If the files of a study that is made cannot be read.
    """
    return [_study(task, folder) for task in tasks]


def _study(task: Task, folder: Path) -> Made:
    record = read_record(folder, task.key)
    if record is None or record.parameters != parameters_of(task):
        return Made(task, TO_DO)
    if record.fault is not None:
        return Made(task, FAILED, record.fault)
    summary, manifest = read_folder(folder / task.key, record.files)
    return Made(task, DONE, None, summary, manifest, tuple(sorted(record.files)))


def assemble(campaign: Campaign, tasks: Sequence[Task], folder: Path) -> list[Made]:
    """Write the table, the atlas and the manifest of a campaign: all of them, or none.

    Parameters
    ----------
    campaign
        Checked campaign file.
    tasks
        Its studies.
    folder
        Its folder.

    Returns
    -------
    list of Made
        Its studies.

    Raises
    ------
    OutputError
        If a file cannot be written, or a study's cannot be read.
    """
    studies = studies_of(tasks, folder)
    table = figures(studies)
    told = provenance(campaign, studies)
    with outputs.complete_folder(folder) as draft:
        outputs.write_csv(table, draft / f"{NAME}.csv", columns=list(table.columns))
        table.to_parquet(draft / f"{NAME}.parquet", index=False, compression="zstd")
        outputs.write_workbook({NAME: table}, draft / f"{NAME}.xlsx", provenance=told)
        (draft / PAGE).write_text(
            outputs.render_atlas(atlas_of(studies, table, told, folder)),
            encoding="utf-8",
            newline="\n",
        )
        outputs.write_json(_manifest(campaign, studies, told), draft / "manifest.json")
    return studies


def provenance(campaign: Campaign, studies: Sequence[Made]) -> outputs.Provenance:
    """Compose what the table and the atlas of a campaign say of their origin.

    Parameters
    ----------
    campaign
        Checked campaign file.
    studies
        Its studies.

    Returns
    -------
    outputs.Provenance
        Dated by its latest study; sources, credits and limits are those of its studies.
    """
    cited = [made.manifest["citation"] for made in studies if made.manifest]
    moments = [dt.datetime.fromisoformat(one["moment"]) for one in cited]
    days = list(dict.fromkeys(one["date"] for one in cited if one["date"]))
    credits_ = dict.fromkeys(line for one in cited for line in one["attributions"])
    names = list(dict.fromkeys(made.task.territory.name for made in studies))
    few = 6
    more = len(names) - few
    return outputs.Provenance(
        title=campaign.name,
        territory=", ".join(names[:few])
        + (f" et {french.counted(more, 'autre')}" if more > 0 else ""),
        date=" ; ".join(days),
        moment=max(moments).replace(tzinfo=dt.UTC) if moments else outputs.UNDATED,
        software=SOFTWARE,
        method=" ".join(_methods(studies)),
        sources=tuple(dict.fromkeys(_sources(studies))),
        limits=tuple(
            dict.fromkeys(
                line
                for one in cited
                for line in one["limites"]
                if not line.startswith("Anomalies") and "sans mairie" not in line
            )
        ),
        attributions=tuple(credits_),
        estimated=any(made.summary.get("temps_estimes") for made in studies),
        demonstration=any(made.summary.get("demonstration") for made in studies),
    )


def _methods(studies: Sequence[Made]) -> list[str]:
    """Return the methods of the studies as they are, one a profile; choices are told elsewhere."""
    told = [made.manifest["citation"]["methode"] for made in studies if made.manifest]
    plain = [
        made.manifest["citation"]["methode"]
        for made in studies
        if made.manifest and not made.task.scenario
    ]
    return list(dict.fromkeys(plain or told))


def _sources(studies: Sequence[Made]) -> list[str]:
    return [
        f"{ROLES[one['role']].title} : {Path(one['fichier']).name} "
        f"({one['millesime'] or 'millésime non indiqué'})"
        for made in studies
        for one in made.manifest.get("entrees", ())
    ]


def _manifest(
    campaign: Campaign, studies: Sequence[Made], told: outputs.Provenance
) -> dict[str, Any]:
    asked = campaign.campagne
    inputs = {
        one["fichier"]: {"sha256": one["sha256"], "octets": one["octets"]}
        for made in studies
        for one in made.manifest.get("entrees", ())
    }
    return {
        "campagne": asked.model_dump(mode="json", exclude_none=True),
        "modele": {
            "fichier": asked.modele.as_posix(),
            "sha256": sha256(campaign.folder / asked.modele),
        },
        "logiciel": {"msap-geo": __version__},
        "citation": {
            "titre": told.title,
            "date": told.date,
            "attributions": list(told.attributions),
        },
        "etudes": [
            {
                "dossier": made.task.key,
                "territoire": made.task.territory.key,
                "nom": made.task.territory.name,
                "date": made.task.date or None,
                "profil": made.task.profile or None,
                "scenario": made.task.scenario or None,
                "etat": made.state,
                **({} if made.fault is None else {"echec": str(made.fault)}),
            }
            for made in studies
        ],
        "entrees": dict(sorted(inputs.items())),
    }
