"""Write the figures of Corsica into ``docs/implantation.md``.

python scripts/document_implantation.py etude-2020.toml etude-2024.toml

The first study has the Maisons of January 2020, the second those of August 2024 (whose dates of
label the backtest needs); both are the study of the README with another list.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from msap_geo import answers, french, study

TARGET = Path(__file__).parent.parent / "docs" / "implantation.md"
BEGIN, END = "<!-- debut : scripts/document_implantation.py -->", "<!-- fin -->"
SITES, SHOWN = 10, 5


def main() -> None:
    """Run both studies and replace the block of figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    arguments = parser.parse_args()
    before = study.run_study(study.read_study(arguments.before))
    after = study.run_study(study.read_study(arguments.after))
    blocks = [rated(answers.rate(before))]
    found = answers.optimise(before, answers.Asked(number=SITES, frontier=True))
    blocks.append(planned(found))
    imposed = found.result.candidates["site_id"].iloc[1]
    blocks.append(
        regretted(answers.optimise(before, answers.Asked(number=SITES, imposed=(imposed,))))
    )
    blocks.append(priced(found))
    blocks.append(shared(before))
    blocks.append(tested(answers.run_backtest(after)))
    text = TARGET.read_text(encoding="utf-8")
    body = "\n\n".join(blocks)
    pattern = re.escape(BEGIN) + r".*?" + re.escape(END)
    new = re.sub(pattern, lambda _: f"{BEGIN}\n\n{body}\n\n{END}", text, flags=re.DOTALL)
    TARGET.write_text(new, encoding="utf-8")
    print(f"{TARGET} : écrit")


def rated(rating: answers.Rating) -> str:
    """Return the first candidates."""
    rows = [
        f"| {row.rang} | {row.nom} | {french.number(row.score, 1)} | "
        f"{french.number(row.population_gagnee)} | {french.number(row.gain_marginal)} | "
        f"{french.percent(row.robustesse)} | {french.percent(row.stabilite)} |"
        for row in rating.table.head(SHOWN).itertuples()
    ]
    return "\n".join(
        [
            f"**`noter`** ({len(rating.table)} bureaux, poids par défaut) :",
            "",
            (
                "| rang | bureau | note | gagnés seul | gagnés après les meilleurs | robustesse | "
                "parmi les 10 premiers |"
            ),
            "|---|---|---|---|---|---|---|",
            *rows,
        ]
    )


def planned(found: answers.Implantation) -> str:
    """Return the plan."""
    plan = found.plan
    near = dict(tuple(found.others.groupby("site_id")))
    rows = []
    for row in found.sites().itertuples():
        other = "–"
        if row.site_id in near:
            first = near[row.site_id].iloc[0]
            name = found.offices.loc[first["remplacant"], "nom"]
            loss = french.number(first["perte"])
            other = f"{name} ({'sans perte' if loss == '0' else '−' + loss})"
        held = french.percent(row.part_des_plans_proches)
        rows.append(
            f"| {row.rang} | {row.nom} | {french.number(row.valeur)} | "
            f"{french.number(row.apport)} | {held} | {other} |"
        )
    return "\n".join(
        [
            (
                f"**`optimiser --nombre {SITES}`** : {french.people(round(plan.value))} à "
                f"20 minutes (aujourd’hui {french.number(plan.today)}), borne prouvée "
                f"{french.number(plan.bound)}, statut « {plan.status} » ; "
                f"{len(found.alternatives)} plans à 1 % près."
            ),
            "",
            (
                "| rang | bureau | habitants à 20 min | apport | dans les plans proches | "
                "interchangeable avec (perte) |"
            ),
            "|---|---|---|---|---|---|",
            *rows,
        ]
    )


def regretted(found: answers.Implantation) -> str:
    """Return what imposing the second best score costs."""
    regret = found.regret
    if regret is None:
        return ""
    name = found.offices.loc[found.asked.imposed[0], "nom"]
    people = int(regret.losers["population"].sum())
    return (
        f"**`--imposer {found.asked.imposed[0]}`** ({name}, deuxième note) coûte "
        f"{french.people(round(regret.loss))} : {french.people(people)}, dans "
        f"{french.counted(len(regret.losers), 'commune')}, ont un trajet plus long qu'avec le plan "
        f"libre, {french.people(int(regret.winners['population'].sum()))} un plus court."
    )


def priced(found: answers.Implantation) -> str:
    """Return the frontier."""
    table = found.frontier
    if table is None:
        return ""
    rows = [
        f"| {row.nombre} | {french.number(row.cout_eur)} | {french.number(row.gagnes)} | "
        f"{french.number(row.eur_par_habitant)} |"
        for row in table[table["efficace"]].itertuples()
    ]
    return "\n".join(
        [
            "**`--frontiere`** (France Services, coûts moyens, tous payeurs) :",
            "",
            "| sites | € par an | habitants gagnés | € par habitant gagné |",
            "|---|---|---|---|",
            *rows,
        ]
    )


def shared(result: study.StudyResult) -> str:
    """Return how many sites a share takes."""
    plan = answers.optimise(result, answers.Asked(share=0.9)).plan
    return (
        f"**`--couverture 0.9`** : {french.counted(round(plan.value), 'site')} "
        f"({french.percent(plan.details['part_couverte'])} des habitants), borne prouvée "
        f"{french.number(plan.bound)}, statut « {plan.status} »."
    )


def tested(found: answers.Backtest) -> str:
    """Return the backtest."""
    people = int(found.result.access["population"].sum())
    names = {
        "a_la_date": "à la date",
        "choix_reels": "choix réels",
        "notre_plan": "notre plan",
        "glouton": "plan glouton",
        "hasard_moyen": "au hasard, en moyenne de 1 000 tirages",
    }
    rows = [
        f"| {title} | {french.number(found.coverages[name])} | "
        f"{french.percent(found.coverages[name] / people)} |"
        for name, title in names.items()
    ]
    size = found.counts["bureaux_reellement_choisis"]
    common = " ; ".join(
        f"{row.communs} parmi nos {row.nombre} premiers (au hasard "
        f"{french.number(row.communs_au_hasard, 1)})"
        for row in found.hits.itertuples()
    )
    missed = ", ".join(found.real.loc[~found.real["dans_notre_plan"], "nom"])
    return "\n".join(
        [
            (
                f"**`backtester`** au {found.date:%d/%m/%Y} : "
                f"{french.counted(found.counts['maisons_a_la_date'], 'Maison')}, puis {size} "
                "bureaux de poste choisis."
            ),
            "",
            "| | habitants à 20 min | |",
            "|---|---|---|",
            *rows,
            "",
            (
                f"Choix réels retrouvés, sur {size} : {common}. Choisis et absents de notre plan : "
                f"{missed}."
            ),
        ]
    )


if __name__ == "__main__":
    main()
