"""Write ``docs/performance.md`` from what ``benchmarks/`` measured.

Usage::

    python benchmarks/travel.py ../shared/data/corse --json benchmarks/results/travel.json
    python benchmarks/siting.py national ../shared/data --json benchmarks/results/siting.json
    python benchmarks/siting.py spopt PYTHON --json benchmarks/results/siting.json
    python benchmarks/or_library.py ../shared/data/instances --json benchmarks/results/or_library.json
    python benchmarks/adapter.py ../shared/data --json benchmarks/results/adapter.json
    python benchmarks/horaires.py ../shared/data --json benchmarks/results/horaires.json
    python benchmarks/map.py ../shared/data --json benchmarks/results/map.json
    python benchmarks/osrm.py FILE.osm.pbf [--etude etude.toml] --json benchmarks/results/osrm.json
    python scripts/document_performance.py
"""

# ruff: noqa: E501 - paragraphs of a page

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from msap_geo.french import number, short

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
TARGET = ROOT / "docs" / "performance.md"


def page() -> str:
    """Return the page, as Markdown."""
    return f"""<!-- Écrit par scripts/document_performance.py : ne pas modifier à la main. -->

# Performance

Tout ce qui suit a été mesuré sur une machine de deux cœurs qui faisait aussi autre chose : les rapports disent plus que les
secondes. Un rapport au-dessus de 1 veut dire : tant de fois plus rapide que le confrère. « Visé » est ce qui avait été demandé
avant de mesurer ; ce qui n'est pas atteint le dit.

{travel_section(_results("travel"))}
{siting_section(_results("siting"))}
{decided_section(_results("or_library"), _results("adapter"), _results("horaires"))}
{osrm_section(_results("osrm"))}
{map_section(_results("map"))}"""


def _results(name: str) -> Any:
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def seconds(value: float, decimals: int) -> str:
    """Return seconds in words."""
    return f"{number(value, decimals)} s"


def percent(share: float, decimals: int) -> str:
    """Return a share with as many decimals as a gap wants."""
    return f"{number(100 * share, decimals)} %"


def ratio(value: float) -> str:
    """Return a ratio with two or three figures."""
    return number(value, 0 if value >= 10 else 1 if value >= 2 else 2)  # noqa: PLR2004 - figures


QUESTIONS = {
    "nearest of 3,000, every node": "le plus proche de 3 000 sites, de chaque carrefour",
    "the same, making the order first": "de même, l'ordre à faire d'abord",
    "3 nearest": "les 3 plus proches",
    "matrix 35,000 × 2,500, 60 min": "matrice 35 000 × 2 500, à 60 min",
    "1,000 reaches of 20 min": "1 000 isochrones de 20 min",
    "nearest of 3,000 within 60 min": "le plus proche de 3 000, à 60 min",
    "matrix 35,000 × 2,500": "matrice 35 000 × 2 500",
}
PEERS = {"our nearest": "notre « plus proche »"}


def travel_section(measured: dict[str, Any]) -> str:
    """Return the part about travel times."""
    facts = measured["facts"]
    nodes, links = (int(part.split()[0]) for part in facts["graph"].split(", "))
    rows = "\n".join(travel_row(line) for line in measured["lines"])
    memory = "\n".join(
        f"| {bound} | {number(sizes['result'], 1)} Mo | "
        f"{number(sizes['peak_above_the_graph'], 1)} Mo |"
        for bound, sizes in facts["memory_megabytes"].items()
    )
    graph = next(iter(facts["memory_megabytes"].values()))["graph"]
    return f"""## Temps de trajet

Mesuré par `benchmarks/travel.py` sur un graphe de {number(nodes)} carrefours et {number(links)} tronçons orientés : quarante
copies des routes de Corse, jointes par quelques longues liaisons. Médianes de tours alternés, dans un même processus, sur les
mêmes tableaux.

| question | ici | confrère | chez lui | rapport | visé |
|---|---|---|---|---|---|
{rows}

On demande cent lignes à SciPy et à routingkit-cch, ramenées au tout. Celles de SciPy s'arrêtent aux mêmes minutes ;
routingkit-cch ne sait pas s'arrêter, sa matrice est entière où la nôtre est bornée.

### Avant la première question

| | |
|---|---|
| faire le réseau à partir de tables | {seconds(facts["build_seconds"], 1)} |
| dont l'ordre d'élimination, gardé avec lui | {seconds(facts["order_seconds"], 1)} |
| ouvrir le réseau gardé (visé : 20 ms) | {number(facts["open_milliseconds"], 1)} ms |
| premier appel, le code étant compilé (gardé ensuite) | {seconds(facts["first_call_seconds"], 1)} |

### Mémoire d'une matrice

Au-dessus des {number(graph, 1)} Mo du graphe et de son ordre, pour la matrice du tableau.

| borne | résultat | au plus haut |
|---|---|---|
{memory}

Du plus haut, une cinquantaine de mégaoctets sont le brouillon des fils de calcul (vingt octets par carrefour et par fil) ; le
reste tient dans une fois et demie le résultat, et les étiquettes.

### Distance à la limite physique

Un balayage lit deux fois chaque arc de l'ordre. « Le plus proche » prend {number(facts["nearest_bytes_over_bandwidth"], 1)}
fois le temps de copier ces octets une fois (débit de la mémoire mesuré dans le même tour) ; un Dijkstra simple est vers 130.
"""


def travel_row(line: dict[str, Any]) -> str:
    """Return one line of the table of travel times."""
    name, _, made = line["peer"].partition(" (made in ")
    peer = PEERS.get(name, name) + (f" (préparé en {made}" if made else "")
    return (
        f"| {QUESTIONS[line['question']]} | {seconds(line['ours'], 3)} | {peer} "
        f"| {seconds(line['theirs'], 3)} | {ratio(line['ratio'])} "
        f"| {bar(line['bar'], line['ratio'])} |"
    )


def bar(asked: float | None, found: float) -> str:
    """Return the ratio asked, and whether it is missed."""
    if asked is None:
        return ""
    return f"{short(asked)}{'' if found >= asked else MISSED}"


MISSED = " (non atteint)"


def siting_section(measured: dict[str, Any]) -> str:
    """Return what siting takes on the whole of France, and against spopt."""
    national = "\n".join(national_row(line) for line in measured["national"])
    peers = "\n".join(peer_row(line) for line in measured["spopt"])
    covering = [line for line in measured["national"] if "others" in line]
    curve = max(line["curve_seconds"] for line in covering)
    below = max(line["curve_below"] for line in covering)
    others = max(line["others_seconds"] for line in covering)
    version = measured["spopt"][0]["version"]
    return f"""## Implantation

Mesuré par `benchmarks/siting.py`, sur un fil : le temps du processeur est ce que dirait l'horloge d'une machine libre. 34 870
communes, 6 845 bureaux de poste, les Maisons de janvier 2020 gardées, 500 sites. À vol d'oiseau, un kilomètre pour une minute :
un problème de la taille et de la forme du vrai, pas des temps de trajet. L'écart est celui du plan à la borne prouvée ;
« du gain », rapporté à ce que le plan ajoute à aujourd'hui.

| problème | écart | du gain | processeur | horloge | visé |
|---|---|---|---|---|---|
{national}

Toute la courbe gloutonne (un bureau après l'autre), de 1 à 500 sites, prend {seconds(curve, 2)} au plus et finit
{percent(below, 1)} sous le plan au pire ; dix plans presque aussi bons, {seconds(others, 0)} au plus. Les cellules sont
inventées, autour des mairies. Pour l'*équité*, l'écart est celui de la plus petite part parmi les départements qui peuvent
encore monter ; la plus petite de toutes est à son plafond, donc prouvée.

Les mêmes problèmes de couverture (inventés), de la matrice des coûts au plan, tour à tour, médianes de trois tours ; les deux
trouvent la même valeur.

| lieux × sites | ici | spopt {version}, CBC | rapport | spopt, HiGHS | rapport |
|---|---|---|---|---|---|
{peers}
"""


ASKED = {"couverture": (1e-4, 60), "p-médiane": (1e-2, 600), "équité": (2e-3, 600)}
"""Gap and seconds of processor asked, by the first word of a problem; none for the cells. Of a
covering, the gap of the gain."""


def decided_section(
    library: list[dict[str, Any]], adapted: dict[str, Any], longer: dict[str, Any]
) -> str:
    """Return what the OR-Library, a network to adapt and weeks to make longer take."""
    rows = "\n".join(
        f"| {one['name']} | {number(one['optimum'])} | {number(one['value'])} "
        f"| {number(one['bound'])} | {one['status']} | {seconds(one['seconds'], 1)} |"
        for one in library
    )
    return f"""## Bibliothèque OR-Library

Mesuré par `benchmarks/or_library.py`, une minute chacun au plus, sur un fil, à l'horloge. Visé : p-médiane à 0,05 % près en
60 s, p-médiane avec capacités à 1 % près en 60 s.

| problème | optimum publié | trouvé | borne | statut | horloge |
|---|---|---|---|---|---|
{rows}

## Adapter le réseau, ouvrir plus longtemps

`benchmarks/adapter.py` : {number(adapted["nombre"])} transformations sur tout le pays, quotas par département. Écart
{percent(adapted["gap"], 4)} en {seconds(adapted["processor"], 1)} de processeur ({seconds(adapted["seconds"], 1)} à l'horloge),
{number(adapted["peak_gib"], 2)} Gio. Visé : 0,1 % en 120 s, 4 Gio.

`benchmarks/horaires.py` : {number(longer["hours"])} heures entre {number(longer["maisons"])} Maisons. Écart du gain
{percent(longer["gap_of_gain"], 5)} en {seconds(longer["processor"], 1)} de processeur, {number(longer["peak_gib"], 2)} Gio.
"""


def national_row(line: dict[str, Any]) -> str:
    """Return one line of the table of the national problems."""
    name = line["name"]
    gain = "" if name.startswith("équité") else percent(line["gap_of_gain"], 4)
    asked = ""
    if "cellules" not in name:
        gap, most = ASKED[name.replace(",", "").split()[0]]
        reached = line["gap_of_gain"] if name.startswith("couverture") else line["gap"]
        missed = reached > gap or line["processor"] > most
        words = number(100 * gap, 0 if gap >= 0.01 else 2)  # noqa: PLR2004 - one per cent
        asked = f"{words} % en {most} s{MISSED if missed else ''}"
    return (
        f"| {name} | {percent(line['gap'], 4)} | {gain} | {seconds(line['processor'], 0)} "
        f"| {seconds(line['seconds'], 0)} | {asked} |"
    )


def peer_row(line: dict[str, Any]) -> str:
    """Return one line of the table against spopt."""
    cells = [seconds(line["ours"], 3)]
    for solver in ("cbc", "highs"):
        known = line.get(solver)
        if known is None:
            cells += ["ne tourne pas", ""]
            continue
        if not math.isclose(known["value"], line["value"]):
            raise ValueError(f"spopt finds {known['value']}, not {line['value']}")
        cells += [seconds(known["seconds"], 2), ratio(known["seconds"] / line["ours"])]
    instance = line["instance"].replace(",", "\u202f")
    return f"| {instance} | {' | '.join(cells)} |"


NAMES = {"andorra-2021": "Andorre", "liechtenstein-2021": "Liechtenstein", "corse": "Corse"}


def osrm_section(measured: dict[str, Any]) -> str:
    """Return the part of the page against OSRM: agreement, then speed."""
    pairs = "\n".join(
        pair_row(NAMES[name], line) for name, found in measured.items() for line in found["pairs"]
    )
    apart = "\n".join(
        apart_words(NAMES[name], line)
        for name, found in measured.items()
        for line in found["pairs"]
        if line["junctions"]
    )
    speed = "\n".join(speed_rows(NAMES[name], found) for name, found in measured.items())
    load = [value for found in measured.values() for value in found["load"]]
    rounds = min(found["speed"]["rounds"] for found in measured.values())
    return f"""## Face à OSRM

Mesuré par `benchmarks/osrm.py` : OSRM (`osrm-bindings`, son propre `car.lua`) et nous, sur le même fichier. Minutes entre
carrefours tirés au hasard, les nôtres rapportées aux siennes :

| fichier | rapport médian | du 5ᵉ au 95ᵉ centile | écart moyen | plus grand écart |
|---|---|---|---|---|
{pairs}

{apart}

Visé : un rapport médian à 1,5 % près en Andorre et au Liechtenstein ; atteint. Comment les carrefours sont comptés :
[les routes](reseau.md#carrefours-feux-et-interdictions-de-tourner). Le fichier de la Corse n'a ni feux ni interdictions de tourner. Les communes de Corse et leur
Maison la plus proche : [la confrontation](verite.md#les-minutes-contre-osrm).

Secondes pour 5 000 lieux × 1 000 sites, tour à tour, médianes de {rounds} tours, accrochage aux routes compris des deux côtés ;
pour OSRM, son seul appel, avant que sa table ne devienne un tableau (deux fois plus long). Charge de la machine :
{number(min(load), 1)} à {number(max(load), 1)} sur deux cœurs ; le temps du processeur, tous cœurs ensemble, dit plus que
l'horloge.

| fichier | question | ici, horloge | processeur | OSRM, horloge | processeur | rapport à l'horloge | au processeur | visé |
|---|---|---|---|---|---|---|---|---|
{speed}

Où ce qui est visé n'est pas atteint : un petit pays est presque tout entier à 60 minutes, la borne n'y épargne rien ; c'est
donc la table entière, et nous y donnons des mètres à côté des minutes.
"""


def pair_row(name: str, line: dict[str, Any]) -> str:
    """Return one line of the table of pairs."""
    what = f"{name}, {number(line['pairs'])} couples" + (
        "" if line["junctions"] else ", sans retard aux carrefours"
    )
    low, high = line["p5_p95"]
    greatest = line["greatest_gap_minutes"]
    return (
        f"| {what} | {number(line['median_ratio'], 3)} | {number(low, 3)} à {number(high, 3)} "
        f"| {number(line['mean_gap_minutes'], 2)} min "
        f"| {'+' if greatest > 0 else ''}{number(greatest, 2)} min |"
    )


def apart_words(name: str, line: dict[str, Any]) -> str:
    """Say which pairs are more than three minutes apart."""
    if not line["apart"]:
        return f"- {name} : aucun couple à plus de 3 minutes."
    (least, most), (low, high) = line["apart_minutes"], line["apart_shares"]
    return (
        f"- {name} : {number(line['apart'])} couples à plus de 3 minutes, tous des trajets de {least} à {most} minutes, "
        f"{number(100 * abs(high), 1)} à {number(100 * abs(low), 1)} % plus "
        f"{'courts' if low < 0 else 'longs'} ici : de petites différences qui s'ajoutent en route."
    )


def speed_rows(name: str, found: dict[str, Any]) -> str:
    """Return the lines of a file in the table of speed."""
    theirs = found["speed"]["osrm"]
    return "\n".join(
        f"| {name} | {line['question']} | {seconds(line['clock'], 2)} "
        f"| {seconds(line['processor'], 2)} | {seconds(theirs['clock'], 2)} "
        f"| {seconds(theirs['processor'], 2)} | {ratio(line['ratio'])} "
        f"| {ratio(line['processor_ratio'])} | {bar(line['bar'], line['ratio'])} |"
        for line in found["speed"]["lines"]
    )


def map_section(weighed: dict[str, Any]) -> str:
    """Return the part of the page about the map."""
    timed = [line for line in weighed["lines"] if "plain" in line]
    rows = "\n".join(map_row(line, peer) for line in timed for peer in ("plain", "simplified"))
    (whole,) = (line for line in weighed["lines"] if "plain" not in line)
    return f"""## Poids et vitesse de la carte

Mesuré par `benchmarks/map.py` dans Chromium sans fenêtre, médianes de {weighed["facts"]["rounds"]} tours alternés (charge
{number(weighed["facts"]["load_average"], 1)}). De l'ouverture à la deuxième image après la fin du chargement ; d'un cran de
zoom à la deuxième image qui le suit. Le confrère est `folium.Choropleth` des mêmes communes et minutes, avec une infobulle et
rien d'autre : des contours tels que publiés, ou simplifiés autant que les nôtres. La nôtre porte aussi les Maisons, les bureaux,
deux cents candidats, les zones, les tables et la recherche.

| carte | communes | ici | ouverture | zoom | confrère, contours | poids | ouverture | zoom | fois plus léger | fois plus vite ouverte |
|---|---|---|---|---|---|---|---|---|---|---|
{rows}

{whole["name"]}, {number(whole["communes"])} communes : {number(whole["ours"]["megabytes"], 1)} Mo.
"""


OUTLINES = {"plain": "publiés", "simplified": "simplifiés"}


def map_row(line: dict[str, Any], peer: str) -> str:
    """Return one line of the map's table."""
    ours, theirs = line["ours"], line[peer]
    cells = [
        line["name"],
        number(line["communes"]),
        *map_cells(ours),
        OUTLINES[peer],
        *map_cells(theirs),
        ratio(theirs["smaller"]),
        ratio(theirs["quicker"]),
    ]
    return f"| {' | '.join(cells)} |"


def map_cells(measured: dict[str, Any]) -> list[str]:
    """Return weight, seconds to open, seconds to zoom."""
    weight = f"{number(measured['megabytes'], 1)} Mo"
    return [weight, *(seconds(measured[name], 2) for name in ("load_s", "zoom_s"))]


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8", newline="\n")
    print(f"écrit : {TARGET}")
