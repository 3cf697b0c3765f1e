"""Rounds that exist: given by a study, or told by a list of Maisons, and what they cover."""

from __future__ import annotations

import pytest
from support.dictionaries import check_entries
from support.toy import MAISONS_HEADER, StudyFolder, maison_row, write_csv

import msap_geo as mg
from msap_geo import answers, rounds
from msap_geo.comparison import compare_studies, comparison_told, read_folder
from msap_geo.documents import report_document, report_parts
from msap_geo.errors import DataError, FileMissingError, StudyError
from msap_geo.folder import (
    diagnosis_summary,
    study_tables,
    write_comparison,
    write_diagnosis,
    write_study,
)
from msap_geo.outputs.page.packing import unpack
from msap_geo.outputs.page.payload import payload
from msap_geo.study import audit_study, read_study, run_study

COMMUNES = {"marans": "17218", "longeves": "17208", "saint_ouen": "17376"}


def told(text):
    found = rounds.stops_in_comment("Bus", text, COMMUNES)
    return [(s.weekday, s.code_insee, s.opens, s.closes) for s in found.stops], found.unread


class TestComments:
    @pytest.mark.parametrize(
        ("text", "stops"),
        [
            ("Lundi 14h30-17h Marans / Mardi 9h30-12h Longèves",
             [(0, "17218", 870, 1020), (1, "17208", 570, 720)]),
            ("Marans : lundi et jeudi 9h-12h, mardi 14h-17h",
             [(0, "17218", 540, 720), (1, "17218", 840, 1020), (3, "17218", 540, 720)]),
            ("LUNDI : MAIRIE DE MARANS DE 9H À 12H", [(0, "17218", 540, 720)]),
            ("Lundi 9h-12h et 14h-17h Marans", [(0, "17218", 540, 720), (0, "17218", 840, 1020)]),
            ("Lundi 9h-12h St Ouen", [(0, "17376", 540, 720)]),
            ("Du mardi au jeudi 9h-12h Marans",
             [(1, "17218", 540, 720), (2, "17218", 540, 720), (3, "17218", 540, 720)]),
            ("Lundi et mercredi au jeudi de 9h à 12h : Marans",
             [(0, "17218", 540, 720), (2, "17218", 540, 720), (3, "17218", 540, 720)]),
        ],
    )  # fmt: skip
    def test_what_leaves_nothing_to_guess_is_read(self, text, stops):
        assert told(text) == (stops, ())

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "Bus itinérant",
            "Lundi matin Marans 9h-12h",
            "1er mardi 9h-12h Marans",
            "Lundi 9h-12h Marans sur rendez-vous",
            "Semaines paires : lundi 9h-12h Marans ; mardi 9h-12h Longèves",
            "Lundi 9h-12h Marans ou Longèves",
            "Marans lundi 9h-12h Longèves mardi 9h-12h",
            "Lundi Marans",
            "Lundi 12h-9h Marans",
            "Lundi 9h-12h Marans ; lundi 11h-13h Longèves",
            "Lundi 9h-12h Paris",
            "Lundi 9h-25h Marans",
            "Lundi-vendredi 9h-12h Marans",
            "Lundi - vendredi 9h-12h Marans",
            "Lundi ; mardi 9h-12h Marans",
            "Vendredi au mardi 9h-12h Marans",
        ],
    )
    def test_what_is_open_to_doubt_is_not(self, text):
        assert told(text)[0] == []

    def test_the_parts_that_are_not_read_are_told(self):
        stops, unread = told("Lundi 9h-12h Marans ; mardi 9h-12h Ailleurs")
        assert stops == [(0, "17218", 540, 720)]
        assert unread == ("mardi 9h-12h Ailleurs",)


def stop(**changes):
    given = {"vehicule": "Bus A", "jour": "mardi", "code_insee": "53006", "arrivee": "09:00",
             "depart": "12:00", **changes}  # fmt: skip
    return "[[tournees]]\n" + "\n".join(f'{key} = "{value}"' for key, value in given.items())


def with_stops(toy, *stops):
    return toy.configure(("[candidats]", "\n".join([*stops, "", "[candidats]"])))


class TestStudy:
    def test_stops_cover_what_no_maison_does(self, toy_study):
        with_stops(
            toy_study, stop(), stop(jour="jeudi", semaine="2", arrivee="14:00", depart="16:00")
        )
        result = run_study(read_study(toy_study.path))
        # The Maison is at the first commune, the stop at the last, 10 min from each to the next.
        assert result.cover["couverture"].tolist() == ["permanent"] * 3 + ["itinérant"] * 3
        # Three hours every week, two in one week out of two.
        assert result.cover["heures_itinerantes"].tolist() == [0, 0, 0, 4, 4, 4]
        people = result.summary()["couverture"]
        assert people == {"permanent": 600, "itinérant": 1500, "aucun": 0}
        assert sum(people.values()) == result.summary()["population"]
        # Never mixed: the zones blanches stay.
        assert result.shares[0].beyond == 1500
        assert len(study_tables(result)["arrets_itinerants"]) == 2
        assert "couverture" in study_tables(result)["communes"]

    @pytest.mark.slow
    def test_a_table_and_the_study_file_are_read_together(self, toy_study):
        (toy_study.folder / "tournees.csv").write_text(
            "vehicule,jour,semaine,code_insee,lieu,arrivee,depart\n"
            "Bus B,lundi,,53005,Halle,09:00,10:00\n",
            encoding="utf-8",
        )
        with_stops(toy_study, stop())
        toy_study.path.write_text(
            toy_study.path.read_text(encoding="utf-8").replace(
                "[donnees]\n", '[donnees]\ntournees = "tournees.csv"\n', 1
            ),
            encoding="utf-8",
        )
        result = run_study(read_study(toy_study.path))
        assert [s.vehicle for s in result.stops] == ["Bus A", "Bus B"]
        assert any(f.role == "tournees" for f in audit_study(toy_study.path).files)
        (toy_study.folder / "tournees.csv").unlink()
        with pytest.raises(FileMissingError):
            run_study(read_study(toy_study.path))

    def test_nothing_changes_without_rounds(self, toy_study):
        result = run_study(read_study(toy_study.path))
        assert result.cover is None
        assert "couverture" not in result.summary()

    @pytest.mark.parametrize(
        ("stops", "text"),
        [
            ([stop(jour="mardredi")], "jour inconnu"),
            ([stop(arrivee="12:00", depart="09:00")], "avant d'ouvrir"),
            ([stop(semaine="paire")], "semaine inconnue"),
            ([stop(semaine="999999999")], "52 semaines au plus"),
            ([stop(code_insee="75056")], "communes d'une autre étude : 75056"),
            ([stop(), stop(code_insee="53005", arrivee="11:00")], "n° 2 : Bus A est déjà ailleurs"),
            ([stop(bus="oui")], "clé inconnue"),
            (["[tournees]\nvehicule = 3"], "tournees"),
        ],
    )
    def test_bad_stops_are_refused(self, toy_study, stops, text):
        with_stops(toy_study, *stops)
        with pytest.raises((StudyError, DataError), match=text):
            run_study(read_study(toy_study.path))


class TestList:
    def moving(self, tmp_path, **changes):
        bus = maison_row(5, format_fs="Bus_équivalent", lib_fs="Le bus", **changes)
        return StudyFolder(tmp_path).write(maisons=[maison_row(0), bus])

    def codes(self, result):
        return [a.code for a in result.anomalies if a.code.startswith("tournee")]

    def test_one_address_is_a_stop_with_a_warning(self, tmp_path):
        result = run_study(read_study(self.moving(tmp_path).path))
        assert self.codes(result) == ["tournee-une-adresse"]
        assert result.people_by_cover()["itinérant"] == 1500
        assert "une adresse" in result.anomalies[-1].message

    def test_a_comment_is_read(self, tmp_path):
        toy = self.moving(tmp_path, commentaire="Lundi 9h-12h Delta / Mardi 9h-12h Epsilon")
        result = run_study(read_study(toy.path))
        assert self.codes(result) == ["tournee-lue"]
        assert {s.code_insee for s in result.stops} == {"53004", "53005"}

    def test_no_hours(self, tmp_path):
        result = run_study(read_study(self.moving(tmp_path, h_lundi="").path))
        assert self.codes(result) == ["tournee-sans-heures"]
        assert result.cover is None

    def test_the_study_s_own_stops_replace_the_row_of_the_vehicle(self, tmp_path):
        toy = with_stops(self.moving(tmp_path), stop(vehicule="LE BUS", code_insee="53004"))
        result = run_study(read_study(toy.path))
        assert self.codes(result) == []
        assert [s.code_insee for s in result.stops] == ["53004"]


class TestEverywhere:
    """Tables, report and comparison tell permanent from itinerant, on one scale of hours."""

    @pytest.mark.slow
    def test_the_diagnosis(self, toy_study):
        with_stops(toy_study, stop())
        found = answers.diagnose(run_study(read_study(toy_study.path)))
        communes = found.tables["couverture_communes"]
        assert communes["couverture"].tolist() == ["permanent"] * 3 + ["itinérant"] * 3
        # The Maison opens three hours on Monday.
        assert communes["heures_permanentes"].tolist() == [3, 3, 3, 0, 0, 0]
        assert communes["heures_itinerantes"].tolist() == [0, 0, 0, 3, 3, 3]
        whole = found.tables["couverture_territoires"].iloc[0]
        assert whole["habitants_permanent"] == 600
        assert whole["habitants_itinerant"] == 1500
        assert whole["heures_itinerantes"] == pytest.approx(1500 * 3 / 2100, abs=1e-3)
        assert "couverture" in diagnosis_summary(found)["diagnostic"]

    @pytest.mark.slow
    def test_the_history(self, tmp_path):
        toy = StudyFolder(tmp_path).write(maisons=[maison_row(0), maison_row(3)])
        bus = maison_row(5, format_fs="Bus_équivalent", lib_fs="Le bus")
        write_csv(toy.folder / "avant.csv", MAISONS_HEADER, [maison_row(0), bus])
        toy.configure(("[candidats]", '[diagnostic]\nmaisons_avant = "avant.csv"\n\n[candidats]'))
        diagnosis = answers.diagnose(run_study(read_study(toy.path)))
        found = diagnosis.tables["evolution_couverture"]
        write_diagnosis(diagnosis, tmp_path / "sortie")
        assert (tmp_path / "sortie" / "diagnostic_evolution_couverture.csv").is_file()
        rows = found.to_numpy().tolist()
        assert rows == [["permanent", "permanent", 3, 600], ["itinérant", "permanent", 3, 1500]]

    @pytest.mark.slow
    def test_the_comparison(self, toy_study, tmp_path):
        before = run_study(read_study(toy_study.path))
        with_stops(toy_study, stop())
        after = run_study(read_study(toy_study.path))
        for result, name in ((before, "avant"), (after, "apres")):
            write_study(result, tmp_path / name)
        sides = [read_folder(tmp_path / name) for name in ("avant", "apres")]
        for found in (compare_studies(before, after), compare_studies(*sides)):
            rows = found.cover[["couverture_avant", "couverture_apres", "communes", "population"]]
            assert rows.to_numpy().tolist() == [
                ["permanent", "permanent", 3, 600],
                ["aucun", "itinérant", 3, 1500],
            ]
            told = " ".join(" ".join(comparison_told(found)).split())
            assert "couverture itinérante seule : 0 habitant → 1 500 habitants" in told
        write_comparison(found, tmp_path / "c", formats=["html"])
        assert (tmp_path / "c" / "comparaison_couverture.csv").is_file()
        check_entries("comparaison_couverture", list(found.cover.columns))
        assert "Permanent, itinérant, aucun" in (
            tmp_path / "c" / "rapport_comparaison.html"
        ).read_text(encoding="utf-8")

    @pytest.mark.slow
    def test_no_rounds_no_table(self, toy_study):
        result = run_study(read_study(toy_study.path))
        assert compare_studies(result, result).cover.empty
        assert "couverture_communes" not in answers.diagnose(result).tables

    @pytest.mark.slow
    def test_the_report(self, toy_study):
        with_stops(toy_study, stop())
        parts = report_parts(run_study(read_study(toy_study.path)))
        document = report_document(parts)
        (section,) = [s for s in document.sections if s.title.startswith("Les services qui")]
        told = " ".join(section.blocks[0].text.split())
        assert (
            "seulement un arrêt de bus ou de permanence à cette distance : 1 500 habitants" in told
        )

    @pytest.mark.slow
    def test_the_map(self, toy_study, tmp_path):
        with_stops(toy_study, stop(lieu="{{ 7 * 7 }}<b>"))
        content = run_study(read_study(toy_study.path)).map_content()
        shown = payload(content)["couverture"]
        assert shown["classe"] == [0, 0, 0, 1, 1, 1]
        hours, stops = (
            [shown[name]["mots"][rank] for rank in unpack(shown[name]["de"])]
            for name in ("heures", "arrets")
        )
        assert hours[5] == "3,0 h par semaine"
        assert stops == ["", "", "", "", "", "Bus A, mardi 09:00–12:00"]
        mg.map(run_study(read_study(toy_study.path))).save(str(tmp_path / "carte.html"))
        page = (tmp_path / "carte.html").read_text(encoding="utf-8")
        assert 'value="couverture"' in page
        assert "Ce qui couvre chaque commune" in page

    def test_the_map_without_rounds(self, toy_study):
        content = run_study(read_study(toy_study.path)).map_content()
        assert "couverture" not in payload(content)
