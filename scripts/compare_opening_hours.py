"""Compare the ordinary weeks read here with those of npm's ``opening_hours``, string by string.

    npm install opening_hours        # in any folder
    python scripts/compare_opening_hours.py FOLDER identifiants-horaires.txt [--un-sur 40]

The file has lines ``identifier|name|opening_hours``. The reference unrolls each string over
thirteen weeks of 2023, with the holidays of France; the ordinary week of each is then taken by the
same rule. What differs is printed, and counts are given.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from collections import Counter
from datetime import timedelta
from pathlib import Path

from msap_geo.hours import DAY_MINUTES, weekly_hours
from msap_geo.loaders import read_opening_hours
from msap_geo.loaders.hours.horaires_osm import most_frequent, spread

WEEKS = 13
UNROLL = """
import {createRequire} from 'module';
import fs from 'fs';
const oh = createRequire(process.argv[2] + '/')('opening_hours');
const france = {lat: 48, lon: -0.7, address: {country_code: 'fr', state: 'Pays de la Loire'}};
const from = new Date(2023, 8, 4), to = new Date(2023, 8, 4 + 7 * Number(process.argv[3]));
const wall = d => (d - from) / 60000 - (d.getTimezoneOffset() - from.getTimezoneOffset());
console.warn = console.error = () => {};
const read = text => {
  try {
    return new oh(text, france, {mode: 2}).getOpenIntervals(from, to)
      .filter(i => !i[2]).map(i => [Math.round(wall(i[0])), Math.round(wall(i[1]))]);
  } catch (error) { return null; }
};
const texts = JSON.parse(fs.readFileSync(0, 'utf8'));
fs.writeFileSync(1, JSON.stringify(texts.map(read)));
"""


def reference(folder: Path, texts: list[str]) -> list[str | None]:
    """Return the ordinary week of each text as the reference reads it, None where it refuses."""
    command = ["node", "--input-type=module", "-e", UNROLL, "-", str(folder.resolve()), str(WEEKS)]
    done = subprocess.run(  # noqa: S603 - the arguments are ours
        command, input=json.dumps(texts), capture_output=True, text=True, check=True,
        env={**os.environ, "TZ": "Europe/Paris"},
    )  # fmt: skip
    return [None if spans is None else _week(spans) for spans in json.loads(done.stdout)]


def _week(spans: list[list[int]]) -> str:
    days: list[list[tuple[int, int]]] = [[] for _ in range(7 * WEEKS)]
    for start, end in spans:
        last = min(end, 7 * WEEKS * DAY_MINUTES)
        spread(days, timedelta(minutes=start), timedelta(minutes=last))
    return weekly_hours(most_frequent(days)[0]).text()


def main() -> None:
    """Read the arguments, compare, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dossier", type=Path)
    parser.add_argument("horaires", type=Path)
    parser.add_argument("--un-sur", type=int, default=1)
    given = parser.parse_args()
    lines = given.horaires.read_text(encoding="utf-8").splitlines()
    texts = sorted({line.split("|", 2)[2] for line in lines if line.count("|") > 1})
    texts = texts[:: given.un_sur]
    counts: Counter[str] = Counter()
    for text, theirs in zip(texts, reference(given.dossier, texts), strict=True):
        week = read_opening_hours(text)
        ours = None if week is None else week.hours.text()
        verdict = "same" if ours == theirs else "unknown here" if ours is None else "different"
        verdict = "refused there" if theirs is None else verdict
        counts[verdict] += 1
        if verdict != "same":
            print(f"{verdict}: {text} | {ours} | {theirs}")
    print(dict(counts))


if __name__ == "__main__":
    main()
