"""Measure a campaign against its studies run alone, and against the same campaign on Dask.

``python benchmarks/campaign.py FOLDER [N]``: N départements (twelve by default) on the national
files of FOLDER, estimated network, two processes. Prints seconds on the clock and of processor: on
a machine at work, read the second.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CODES = ("48", "15", "07", "43", "12", "46", "19", "23", "03", "63", "42", "30")

PATTERN = """
[etude]
nom = "France Services"
departements = ["48"]
seuils_minutes = [20, 30]

[donnees]
communes = "{folder}/communes-france-2026.parquet"
population = "{folder}/decoupage-communes-2026.json"
mairies = "{folder}/mairies-france-2026.csv"
maisons = "{folder}/liste-fs-20240801.csv"
la_poste = "{folder}/laposte_poincont-2025.csv"

[reseau]
profil = "estime"
"""


def timed(*arguments: object) -> tuple[float, float]:
    """Run the command; return its seconds on the clock, and of processor with its children."""
    before, began = _processor(), time.perf_counter()
    subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "msap_geo", *map(str, arguments)],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return time.perf_counter() - began, _processor() - before


def _processor() -> float:
    told = resource.getrusage(resource.RUSAGE_CHILDREN)
    return told.ru_utime + told.ru_stime


def main(folder: Path, number: int) -> None:
    """Measure and print."""
    root = Path(tempfile.mkdtemp(prefix="msap-campagne-"))
    codes = CODES[:number]
    text = PATTERN.format(folder=folder.resolve().as_posix())
    (root / "modele.toml").write_text(text, encoding="utf-8")
    listed = ", ".join(f'"{code}"' for code in codes)
    asked = f'[campagne]\nmodele = "modele.toml"\nterritoires = [{listed}]\n'
    (root / "campagne.toml").write_text(asked, encoding="utf-8")
    alone = [0.0, 0.0]
    for code in codes:
        path = root / f"{code}.toml"
        path.write_text(text.replace('["48"]', f'["{code}"]'), encoding="utf-8")
        for i, seconds in enumerate(timed("lancer", path, "--sortie", root / f"seule-{code}")):
            alone[i] += seconds
    common = ("campagne", root / "campagne.toml", "--processus", 2, "--sortie")
    processes = timed(*common, root / "processus")
    dask = timed(*common, root / "dask", "--calcul", "dask")
    print(f"{os.cpu_count()} cœurs, charge {os.getloadavg()[0]:.1f}")
    print(f"{number} lancer : {alone[0]:.1f} s, processeur {alone[1]:.1f} s")
    for name, (clock, processor) in (("processus", processes), ("dask", dask)):
        print(
            f"campagne, {name} : {clock:.1f} s ({clock / alone[0]:.2f}), "
            f"processeur {processor:.1f} s ({processor / alone[1]:.2f})"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else len(CODES))  # noqa: PLR2004
