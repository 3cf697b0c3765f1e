"""From a concertation to its folder: figures, tables, workbook, report, register."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from msap_geo import outputs
from msap_geo.answers.concertation import REGISTER_COLUMNS, entries, register_with
from msap_geo.answers.plan_json import plain_values
from msap_geo.documents.concertation import concertation_document
from msap_geo.errors import DataError
from msap_geo.outputs import report
from msap_geo.study import provenance_of
from msap_geo.tabular import LINE, read_text_table, settle_twins

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from pathlib import Path

    from msap_geo.answers.concertation import Concertation

REGISTER = "registre.csv"
"""The register's file, which each gathering lengthens."""

_NAME = "concertation"


def concertation_tables(found: Concertation) -> dict[str, pd.DataFrame]:
    """Return the tables of a concertation, by name (``outputs.dictionary``)."""
    return {
        "concertation_choix": found.choices,
        "concertation_sites": found.sites,
        "concertation_perdants": found.losers,
    }


def read_register(folder: Path) -> pd.DataFrame:
    """Return the register of a folder, empty where there is none yet.

    Raises
    ------
    DataError
        If the file there is not a register.
    """
    path = folder / REGISTER
    if not path.is_file():
        return pd.DataFrame(columns=list(REGISTER_COLUMNS), dtype=object)
    table = settle_twins(read_text_table(path), path, REGISTER_COLUMNS)
    missing = [name for name in REGISTER_COLUMNS if name not in table.columns]
    if missing:
        raise DataError(
            f"« {REGISTER} » n'est pas un registre : il manque {', '.join(missing)}",
            where=path,
            remedy="le renommer, ou donner un autre dossier (--sortie)",
        )
    return table[[*REGISTER_COLUMNS, *_own(table)]].fillna("")


def _own(register: pd.DataFrame) -> list[str]:
    """Return the columns its user added to a register, which stay in it."""
    return [name for name in register.columns if name not in {*REGISTER_COLUMNS, LINE}]


def concertation_summary(found: Concertation, date: dt.date) -> dict[str, Any]:
    """Return the figures of ``concertation.json``."""
    return {
        "etude": found.result.study.etude.nom,
        "date": date.isoformat(),
        "seuil_minutes": found.result.study.threshold,
        "retenu": found.held or None,
        "choix": [
            {
                **plain_values(row),
                "fichier": None if opinion is None else opinion.choice.file or None,
                "sha256": None if opinion is None else opinion.choice.sha256 or None,
                "sites": (found.common if opinion is None else opinion).choice.told(),  # type: ignore[union-attr]
                "plan": None if plan is None else list(plan.plan.sites),
            }
            for row, opinion, plan in _rows(found)
        ],
        "accords": [plain_values(row) for row in found.sites.to_dict("records")],
        "perdants": [plain_values(row) for row in found.losers.to_dict("records")],
    }


def _rows(found: Concertation) -> list[tuple[dict[str, Any], Any, Any]]:
    records = found.choices.to_dict("records")
    told: list[tuple[dict[str, Any], Any, Any]] = [
        (row, opinion, opinion.plan) for row, opinion in zip(records, found.opinions, strict=False)
    ]
    if found.common is not None:
        told.append((records[-1], None, found.common.plan))
    return told


def write_concertation(
    found: Concertation, folder: Path, *, date: dt.date, formats: Sequence[str] = ("html",)
) -> None:
    """Write every file of a concertation, the register lengthened: all of them, or none.

    Parameters
    ----------
    found
        The opinions, measured.
    folder
        Folder to write in, made if needed; its register is kept, and lengthened.
    date
        Day of the gathering, for the register.
    formats
        Forms of the report, some of ``"pdf"``, ``"docx"``, ``"html"``.

    Raises
    ------
    DataError
        If the folder holds a register that is none.
    OutputError
        If the folder cannot be written.
    """
    with outputs.complete_folder(folder) as draft:
        # Once the folder is ours: another gathering, or one that was killed, may lengthen it.
        register = register_with(read_register(folder), entries(found, date))
        tables = {**concertation_tables(found), "concertation_registre": register}
        document = concertation_document(found, register)
        outputs.write_json(concertation_summary(found, date), draft / f"{_NAME}.json")
        for name, table in tables.items():
            file = REGISTER if name == "concertation_registre" else f"{name}.csv"
            outputs.write_csv(table, draft / file, columns=list(table.columns))
        origin = provenance_of(found.result)
        shown = register[list(REGISTER_COLUMNS)]
        sheets = {**tables, "concertation_registre": shown}
        outputs.write_workbook(sheets, draft / f"{_NAME}.xlsx", provenance=origin)
        for form in formats:
            page = report.render(document, form, look=report.Look())
            (draft / f"{_NAME}.{form}").write_bytes(page)
