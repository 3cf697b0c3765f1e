"""Every column of every table written has its words, and they are told apart."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.dictionaries import check_entries
from support.toy import half_of_corsica

from msap_geo import answers, folder, study
from msap_geo.outputs.sheets import dictionary

ROOT = Path(__file__).parents[2]

OPTIONAL = """carreaux = "{shared}/corse/carr_corse_1km_2015_crs3035.gpkg"
appartenance = "{shared}/france/insee-table-appartenance-2022.xlsx"
indicateurs = [
    "{shared}/france/insee-comparateur-2022.zip",
    "{shared}/france/insee-iris-population-2021.parquet",
]

[mobilite]
gtfs = "{shared}/corse/gtfs-autocars"
jours = "2022-06-13/2022-06-19"
acces = ["pied", "velo"]

[diagnostic]
maisons_avant = "{shared}/france/france-services-20200108.csv"
operateurs = "{shared}/corse/annuaire-2B.sjson"
tirages = 20

[adaptation]
secondes = 4

[reseau]"""
COMPLETE = half_of_corsica("2B").replace("[reseau]", OPTIONAL)


class TestDictionary:
    @pytest.mark.slow
    def test_that_of_rounds_too(self, toy_study):
        result = study.run_study(study.read_study(toy_study.path))
        asked = answers.RoundsAsked(vehicles=1, open_hours=3)
        tables = folder.rounds_tables(answers.design_rounds(result, asked))
        assert set(tables) == {n for n in dictionary.tables() if n.startswith("tournees")}
        for name, table in tables.items():
            check_entries(name, list(table.columns))

    @pytest.mark.slow
    @pytest.mark.corse
    def test_that_of_every_optional_input_too(self, shared, tmp_path):
        path = tmp_path / "etude.toml"
        path.write_text(COMPLETE.format(shared=shared.as_posix()), encoding="utf-8")
        result = study.run_study(study.read_study(path))
        candidates = result.candidates["site_id"].tolist()
        found = answers.optimise(
            result, answers.Asked(number=2, imposed=(candidates[-1],), frontier=True)
        )
        past = answers.run_backtest(result)
        diagnosis = answers.diagnose(result)
        tables = {
            **folder.study_tables(result),
            **folder.diagnosis_tables(diagnosis),
            **folder.rating_tables(answers.rate(result)),
            **folder.plan_tables(found),
            "retour_choix": past.real,
            "retour_communs": past.hits,
            "retour_appariement": past.matched,
            **folder.study_layers(result),
            **folder.plan_layers(found),
            **folder.diagnosis_layers(diagnosis),
        }
        names = {name.removesuffix(dictionary.CELLS) for name in tables}
        adapted = answers.adapt_network(result, answers.Wanted(number=2))
        tables |= folder.adaptation_tables(adapted)
        names |= set(folder.adaptation_tables(adapted))
        longer = folder.longer_tables(answers.open_longer(result, 6.0))
        tables |= longer
        names |= set(longer)
        # Each of these has its own test.
        apart = ("comparaison_", "concertation_", "tournees", "services_", "chiffres")
        apart += ("diagnostic_frequentation", "diagnostic_insee_", "diagnostic_prospective")
        apart += ("diagnostic_saison", "horizons_", "panier_", "profils", "scenario_")
        assert {n for n in dictionary.tables() if not n.startswith(apart)} == names
        for name, table in tables.items():
            check_entries(name, [c for c in table.columns if c != "geometry"])

    def test_names_of_sheets_are_short_and_differ(self):
        names = [dictionary.describe_table(name) for name in dictionary.tables()]
        names += [dictionary.describe_table(f"{n}{dictionary.CELLS}") for n in dictionary.tables()]
        assert all(1 <= len(table.sheet) <= 31 for table in names)
        assert all(table.title.strip() for table in names)

    def test_thresholds_are_written_in_french(self):
        (column,) = dictionary.describe_columns("diagnostic_acces_territoires", ["part_12.5"])
        assert column.heading == "Part à 12,5 min ou moins (%)"

    def test_a_heading_does_not_tell_its_unit_twice(self):
        communes, minutes = dictionary.describe_columns("seuils", ["communes_au_dela", "seuil"])
        assert (communes.unit, communes.heading) == ("communes", "Communes au-delà")
        assert minutes.heading == "Seuil (min)"

    def test_unknown_columns_stand_under_their_own_name(self):
        (column,) = dictionary.describe_columns("communes", ["inconnue"])
        assert (column.heading, column.definition) == ("inconnue", "")
        assert not dictionary.is_known("communes", "inconnue")

    def test_the_page_is_that_of_the_dictionary(self, monkeypatch):
        monkeypatch.syspath_prepend(str(ROOT / "scripts"))
        from document_fichiers import page  # noqa: PLC0415

        written = (ROOT / "docs" / "fichiers.md").read_text(encoding="utf-8")
        assert page() == written, "python scripts/document_fichiers.py"
