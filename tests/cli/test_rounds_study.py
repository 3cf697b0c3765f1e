"""Rounds of a study: its JSON checked to the minute against the roads themselves, its messages."""

from __future__ import annotations

import json

import pytest

from msap_geo import answers, cli, rounds, study, travel
from msap_geo.errors import InfeasibleError, StudyError
from msap_geo.rounds import improving


def clock(text):
    hours, minutes = text.split(":")
    return 60 * int(hours) + int(minutes)


def minutes_between(result):
    """Return the minutes of every trip between communes, by the public function alone."""
    places = result.origins
    trips = travel.matrix(result.roads, places, places.assign(site_id=places["demand_id"])).long()
    return {(row.demand_id, row.site_id): row.minutes for row in trips.itertuples()}


def check_json(told, minutes, *, open_hours, shortest=90, longest_day=600):
    opened = {}
    for day in told["tournees"]:
        now, where, week = clock(day["depart_base"]), day["base"], (day["vehicule"], day["semaine"])
        for step in day["etapes"]:
            trip = 0.0 if step["code_insee"] == where else minutes[where, step["code_insee"]]
            assert step["minutes_depuis_precedent"] == pytest.approx(trip, abs=1e-3)
            assert now + trip <= clock(step["arrivee"]) + 1e-3
            assert clock(step["depart"]) - clock(step["arrivee"]) >= shortest
            opened[week] = opened.get(week, 0) + clock(step["depart"]) - clock(step["arrivee"])
            now, where = clock(step["depart"]), step["code_insee"]
        home = 0.0 if where == day["base"] else minutes[where, day["base"]]
        assert now + home <= clock(day["retour_base"]) + 1e-3
        length = clock(day["retour_base"]) - clock(day["depart_base"])
        assert length <= longest_day
        if day["pause"] is None:
            assert length <= 360
        else:
            start, end = clock(day["pause"]["debut"]), clock(day["pause"]["fin"])
            assert end - start >= 45
            for step in day["etapes"]:
                assert clock(step["depart"]) <= start or clock(step["arrivee"]) >= end
    days = [(d["vehicule"], d["semaine"], d["jour"]) for d in told["tournees"]]
    assert len(days) == len(set(days))
    assert all(total <= 60 * open_hours for total in opened.values())
    assert told["habitants_servis"] <= told["borne"]
    unserved = sum(place["population"] for place in told["non_servis"])
    assert told["habitants_a_portee"] + unserved == told["habitants_zones_blanches"]


def tournees(capsys, path, *options):
    with pytest.raises(SystemExit) as left:
        cli.main(["tournees", str(path), *options])
    return left.value.code, *capsys.readouterr()


class TestTown:
    @pytest.mark.slow
    def test_json(self, toy_study, capsys):
        code, out, _ = tournees(capsys, toy_study.path, "--heures-ouvertes", "9", "--json")
        assert code == 0
        told = json.loads(out)
        result = study.run_study(study.read_study(toy_study.path))
        check_json(told, minutes_between(result), open_hours=9)
        assert told["heures_semaine"] <= 9
        assert told["tournees"]
        assert told["km_an"] >= 0
        assert told["cout_eur_an"] == sum(told["couts"].values())
        assert told["ecart"] == pytest.approx(0, abs=1e-6)

    @pytest.mark.slow
    def test_text_and_csv(self, toy_study, capsys):
        code, out, _ = tournees(capsys, toy_study.path, "--heures-ouvertes", "3")
        assert code == 0
        assert "habitants servis" in out
        assert "Bus 1, " in out
        code, out, _ = tournees(capsys, toy_study.path, "--heures-ouvertes", "3", "--csv")
        assert code == 0
        assert out.startswith("vehicule,jour,semaine,code_insee,lieu,arrivee,depart")

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("options", "text"),
        [
            (("--heures-ouvertes", "60"), "ne tiennent pas"),
            (("--heures-ouvertes", "0"), "un nombre d'heures est attendu"),
            (("--arret-minimum", "demain"), "une durée est attendue"),
            (("--arret-minimum", "50min"), "quarts d'heure"),
            (("--arret-minimum", "12h"), "dépassent de"),
            (("--base", "75056"), "base inconnue dans cette étude : 75056"),
            (("--base", "53001", "53002"), "au plus une base par véhicule"),
            (("--frequence", "annuelle"), "valeur inconnue"),
            (("--vehicules", "0"), "un nombre entier à partir de 1"),
            (("--debut", "2027-01-04"), "option sans effet ici. Où : --debut"),
            (
                ("--comparer", "--vehicules", "2", "--base", "53001"),
                "options sans effet ici. Où : --vehicules, --base",
            ),
            (("--budget", "9e5", "--publier", "ici"), "option sans effet ici. Où : --publier"),
        ],
    )
    def test_what_cannot_be_done_is_said(self, toy_study, capsys, options, text):
        code, out, err = tournees(capsys, toy_study.path, *options)
        assert code in (1, 2)
        assert text in err
        assert not out

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("rules", "text"),
        [
            ('imposes = ["75056"]', "arrêts inconnus dans cette étude : 75056"),
            ('jours = ["lundredi"]', "jours inconnus : lundredi"),
            ("journee_max_heures = 14", "valeur trop grande"),
            ('jours_imposes = { "53001" = ["mardi 14:00-09:00"] }', "heures impossibles"),
            ('jours_imposes = { "53001" = ["le marché"] }', "jour et heures illisibles"),
            ('equite_par = "quartier"', "colonne d'appartenance inconnue"),
            ("equite_heures_minimum = 90.0", "il en manque"),
            ("poids = { rentiers = 1 }", "publics inconnus : rentiers"),
            ("poids = { habitant_75_plus = 1 }", "(proches : habitants_75_plus)"),
            ("poids = { chomeurs = inf }", "un nombre fini est attendu"),
            ("poids = { chomeurs = 1 }", "n'ont pas de colonne « chomeurs »"),
            ('fin_journee = "06:00"', "la journée finit avant de commencer"),
            ("imposes = 3", "une liste"),
        ],
    )
    def test_rules_that_do_not_fit_are_said(self, toy_study, capsys, rules, text):
        toy_study.configure(("[candidats]", f"[regles_tournees]\n{rules}\n\n[candidats]"))
        code, _, err = tournees(capsys, toy_study.path, "--heures-ouvertes", "9")
        assert code == 1
        assert text in err

    def test_a_weight_nobody_bears_is_said(self, toy_study):
        toy_study.configure(
            ("[candidats]", "[regles_tournees]\npoids = { chomeurs = 1 }\n\n[candidats]")
        )
        result = study.run_study(study.read_study(toy_study.path))
        for nothing in (0.0, float("nan")):
            result.__dict__["communes"] = result.communes.assign(chomeurs=nothing)
            with pytest.raises(StudyError, match="ce poids ne pèserait rien"):
                answers.design_rounds(result, answers.RoundsAsked(open_hours=9))

    def test_a_base_off_the_roads(self, toy_study):
        result = study.run_study(study.read_study(toy_study.path))
        moved = result.origins.copy()
        moved.loc[0, "geometry"] = moved.geometry[0].__class__(0.0, 6_000_000.0)
        result.__dict__["origins"] = moved
        code = moved["code_insee"][0]
        with pytest.raises(StudyError, match=f"la base {code} est hors du réseau"):
            answers.design_rounds(result, answers.RoundsAsked(open_hours=9, bases=(code,)))

    def test_nobody_to_serve(self, toy_study):
        toy_study.configure(("seuils_minutes = [20, 30]", "seuils_minutes = [120]"))
        result = study.run_study(study.read_study(toy_study.path))
        with pytest.raises(StudyError, match="aucune tournée n'est à faire"):
            answers.design_rounds(result, answers.RoundsAsked())

    def test_forced_stops_too_many_for_the_hours(self, toy_study):
        given = study.read_study(toy_study.path)
        codes = [f"5300{i}" for i in range(1, 7)]
        result = study.run_study(given.with_values("regles_tournees", imposes=codes))
        known = set(result.communes["code_insee"])
        assert known.issuperset(codes)
        with pytest.raises(InfeasibleError, match="arrêt imposé"):
            answers.design_rounds(result, answers.RoundsAsked(open_hours=4.5))


class TestPublished:
    @pytest.mark.slow
    def test_everything_is_in_one_folder(self, toy_study, tmp_path, capsys):
        folder = tmp_path / "publie"
        code, out, _ = tournees(
            capsys, toy_study.path, "--heures-ouvertes", "6", "--publier", str(folder),
            "--debut", "2027-01-01",
        )  # fmt: skip
        assert code == 0
        assert "semaine.html" in out
        assert sorted(path.name for path in folder.iterdir()) == [
            "affiches.html", "rapport_tournees.html", "rapport_tournees.pdf", "semaine.html",
            "tournees-gtfs.zip", "tournees.csv", "tournees.ics", "tournees.json", "tournees.xlsx",
        ]  # fmt: skip
        told = json.loads((folder / "tournees.json").read_text(encoding="utf-8"))
        stops = rounds.read_stops(folder / "tournees.csv")
        steps = [step for day in told["tournees"] for step in day["etapes"]]
        assert sorted(rounds.clock(stop.opens) for stop in stops) == sorted(
            step["arrivee"] for step in steps
        )
        calendar = (folder / "tournees.ics").read_text(encoding="utf-8")
        assert calendar.count("BEGIN:VEVENT") == len(steps)
        page = (folder / "semaine.html").read_text(encoding="utf-8")
        notices = (folder / "affiches.html").read_text(encoding="utf-8")
        for step in steps:
            assert step["nom"] in page
            assert f"<h2>{step['nom']}</h2>" in notices
        first = {path.name: path.read_bytes() for path in folder.iterdir()}
        tournees(
            capsys, toy_study.path, "--heures-ouvertes", "6", "--publier", str(folder),
            "--debut", "2027-01-01",
        )  # fmt: skip
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == first

    @pytest.mark.parametrize(
        "day", ["lundi", "2027-13-01", "01/01/2027", "9999-12-31", "0001-01-01"]
    )
    def test_a_day_that_is_none(self, toy_study, capsys, day):
        code, _, err = tournees(capsys, toy_study.path, "--debut", day)
        assert code == 2
        assert "une date AAAA-MM-JJ est attendue" in err

    def test_more_vehicles_than_anyone_has(self, toy_study, capsys):
        code, _, err = tournees(capsys, toy_study.path, "--vehicules", "1001")
        assert code == 1
        assert "trop de véhicules" in err


@pytest.mark.slow
@pytest.mark.corse
@pytest.mark.xdist_group("corse")
class TestCorsica:
    @pytest.mark.parametrize("vehicles", [1, 2])
    def test_plans_are_feasible_and_near_their_bound(self, corsica_2020, monkeypatch, vehicles):
        # A few choices make another plan than the reference; all of them, a better one still.
        monkeypatch.setattr(improving, "CHOICES", 5)
        found = answers.design_rounds(corsica_2020, answers.RoundsAsked(vehicles=vehicles))
        told = answers.rounds_json(found)
        check_json(told, minutes_between(corsica_2020), open_hours=28)
        assert told["habitants_servis"] > told["plan_de_reference"]
        assert told["ecart"] <= 0.05 or told["habitants_servis"] >= 1.1 * told["plan_de_reference"]
