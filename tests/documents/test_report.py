"""The report of a study: its figures are those of the tables, whatever the study."""

from __future__ import annotations

import io
import json
import re

import docx
import lxml.html
import pypdf
import pytest
from support.document_texts import TEXT, squeezed
from support.toy import NAMES, StudyFolder, maison_row, poste_row

from msap_geo import documents, french, study
from msap_geo.cli import main
from msap_geo.coverage import is_beyond
from msap_geo.outputs.report import FORMATS, Table, render

HOSTILE = ['A "q" & <b>', "L'Île {{ 7*7 }}", "#set $x$ \\ _a_", "=1+1", "{% if %}", "Zêta"]
LONG = "Saint-Germain-de-Tallevende-la-Lande-Vaumont-sur-Mer-et-Ailleurs"
UNBROKEN = "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogochxxx"


def one_commune(folder):
    path = folder.folder / "communes.geojson"
    content = json.loads(path.read_text())
    content["features"] = content["features"][4:5]
    path.write_text(json.dumps(content))


def cut_road(folder):
    path = folder.folder / "liens.csv"
    kept = [line for line in path.read_text().splitlines() if not re.match("4,5|5,4", line)]
    path.write_text("\n".join(kept))


CASES = {
    "toy": lambda _: None,
    "no candidate": lambda folder: folder.write(
        la_poste=[poste_row(1, caracteristique_du_site="Relais poste")]
    ),
    "no zone blanche": lambda folder: folder.configure(("[20, 30]", "[90, 120]")),
    "one threshold": lambda folder: folder.configure(("[20, 30]", "[20]")),
    "one commune": one_commune,
    "hostile names": lambda folder: folder.write(
        names=HOSTILE,
        maisons=[maison_row(0, lib_fs='Maison "A" & <x> {{ 7*7 }}')],
        la_poste=[poste_row(4, libelle_du_site="POSTE $a$ #b & <c>")],
    ),
    "long names": lambda folder: folder.write(
        names=[LONG, UNBROKEN, *NAMES[2:]],
        maisons=[maison_row(0, lib_fs=f"Maison de {LONG}")],
        la_poste=[poste_row(4, libelle_du_site=UNBROKEN.upper()), poste_row(5)],
    ),
    "no roads": lambda folder: folder.configure(
        ('noeuds = "noeuds.csv"\nliens = "liens.csv"\nprofil = "voiture"', 'profil = "estime"'),
        ("\n[reseau.vitesses_kmh]\nprimary = 60\n", ""),
    ),
    "nobody served": cut_road,
    "hours": lambda folder: folder.write(
        maisons=[maison_row(0), maison_row(2, h_mercredi="14:00 - 18:00")]
    ),
    "hostile title": lambda folder: folder.configure(
        ('nom = "Ville jouet"', 'nom = "Ville & <x> « jouet » {{ 7*7 }} #x $y$"')
    ),
}


@pytest.fixture(scope="module")
def parts_of(tmp_path_factory):
    """Parts of the report of each case, found once."""
    known = {}

    def found(case):
        if case not in known:
            folder = StudyFolder(tmp_path_factory.mktemp("etude")).write()
            CASES[case](folder)
            known[case] = documents.report_parts(study.run_study(study.read_study(folder.path)))
        return known[case]

    return found


@pytest.fixture(scope="module")
def demo():
    return documents.report_parts(study.run_study(study.sample_study()))


def expected_figures(parts):
    """Return texts a report must hold, from the tables alone."""
    result = parts.result
    texts = [result.study.etude.nom, french.people(int(result.communes["population"].sum()))]
    for threshold in result.study.thresholds:
        beyond = is_beyond(result.access, threshold)
        texts.append(french.number(int(result.access.loc[beyond, "population"].sum())))
        texts.append(french.number(int(beyond.sum())))
    texts += list(parts.table("regles")["titre"].head(1))
    texts += [parts.origin.method, *parts.origin.limits, *parts.origin.warnings]
    if parts.found is not None:
        for row in parts.found.sites().itertuples():
            texts += [row.nom, french.number(row.apport), french.euros(row.cout_cumule_eur)]
        texts.append(french.number(parts.found.newly_covered))
    for zone in result.zones.itertuples():
        texts += [french.number(zone.population), french.number(zone.nb_communes)]
    return texts


@pytest.fixture(scope="module")
def document_of(parts_of):
    """Report of each case: composed once, so that its pictures are drawn once."""
    known = {}

    def found(case):
        if case not in known:
            known[case] = documents.report_document(parts_of(case))
        return known[case]

    return found


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("case", CASES)
def test_report_holds_the_figures_of_the_tables(parts_of, document_of, case, form):
    content = render(document_of(case), form)
    text = squeezed(TEXT[form](content))
    for expected in expected_figures(parts_of(case)):
        assert squeezed(french.typeset(expected)) in text, expected
    if case.startswith("hostile"):
        assert "{{7*7}}" in text
    if form == "pdf":
        assert len(pypdf.PdfReader(io.BytesIO(content)).pages) <= 12


def tables_of(document):
    """Return the tables of a document, in the order of its text."""
    blocks = [*document.summary, *(block for part in document.sections for block in part.blocks)]
    flat = [inner for block in blocks for inner in (block, *getattr(block, "blocks", ()))]
    return [
        [
            [french.typeset(column.title) for column in block.columns],
            *([french.typeset(cell) for cell in row] for row in block.rows),
        ]
        for block in flat
        if isinstance(block, Table)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("case", ["toy", "hostile names", "long names", "no candidate"])
def test_tables_are_read_back_cell_by_cell(document_of, case):
    document = document_of(case)
    expected = tables_of(document)
    assert len(expected) >= 7
    word = docx.Document(io.BytesIO(render(document, "docx")))
    assert expected == [
        [[cell.text for cell in row.cells] for row in table.rows]
        for table in word.tables
        if table.style.name == "Tableau du rapport"
    ]
    page = lxml.html.fromstring(render(document, "html").decode())
    assert expected == [
        [[cell.text_content() for cell in row] for row in table.iter("tr")]
        for table in page.iter("table")
    ]


def rows_of(document, caption):
    blocks = [block for section in document.sections for block in section.blocks]
    blocks += [inner for block in blocks for inner in getattr(block, "blocks", ())]
    found = [one for one in blocks if isinstance(one, Table) and one.caption.startswith(caption)]
    return [list(row) for row in found[0].rows]


@pytest.mark.slow
def test_zones_are_those_of_the_table(demo):
    rows = rows_of(documents.report_document(demo), "Zones blanches")
    zones = demo.result.zones
    told = demo.table("zones").query("seuil == 20").set_index("zone_id").loc[zones["zone_id"]]
    assert [row[0] for row in rows] == [str(rank) for rank in zones["rang"]]
    assert [row[3] for row in rows] == [french.number(n) for n in zones["population"]]
    assert [row[4] for row in rows] == [french.minutes(m) for m in told["minutes_moyennes"]]
    assert [row[5] for row in rows] == [french.minutes(m) for m in zones["minutes_max"]]


def test_candidates_are_those_of_the_rating(demo):
    rows = rows_of(documents.report_document(demo), "Les candidats")
    rated = demo.rating.table.head(len(rows))
    assert [row[1] for row in rows] == list(rated["nom"])
    assert [row[3] for row in rows] == [french.number(score, 1) for score in rated["score"]]
    assert [row[4] for row in rows] == [french.number(n) for n in rated["population_gagnee"]]


@pytest.mark.slow
def test_fiche_adds_up(demo):
    """Who gains on a fiche is who the rating says; what the payers pay is what it costs."""
    document = documents.report_document(demo)
    fiches = [block for part in document.sections for block in part.blocks if block.kind == "fiche"]
    rated = demo.rating.table.set_index("site_id")
    assert len(fiches) == 3
    for fiche, site_id in zip(fiches, demo.found.plan.sites, strict=True):
        gained, paid = (block for block in fiche.blocks if isinstance(block, Table))
        assert gained.rows[-1][1] == french.number(rated.loc[site_id, "population_gagnee"])
        cost = demo.found.costs.running_of(demo.found.offices.loc[site_id, "genre"])
        assert paid.rows[-1][1] == french.euros(cost)
        assert paid.rows[-1][-1] == french.euros(3 * cost)


@pytest.mark.slow
def test_toy_town_by_hand(parts_of, document_of):
    """A 0 min, B 10, C 20, D 30, E 40, F 50: 1 500 people of 2 100 beyond 20 min, 1 100 beyond 30.

    The office in E brings E (0 min), D and F (10 min) within reach: everybody.
    """
    document = document_of("toy")
    figures = [value for value, _ in document.summary[0].items]
    assert figures == [
        french.number(1500), french.number(1100), "1", f"+ {french.number(1500)}",
    ]  # fmt: skip
    gained = document.sections[8].blocks[0].blocks[0]
    assert [row[:2] for row in gained.rows] == [
        ("Zêta", "600"),
        ("Epsilon", "500"),
        ("Delta", "400"),
        ("Ensemble", french.number(1500)),
    ]
    assert [row[2:] for row in gained.rows[:3]] == [
        (french.minutes(50), french.minutes(10)),
        (french.minutes(40), french.minutes(0)),
        (french.minutes(30), french.minutes(10)),
    ]
    assert parts_of("toy").found.plan.sites == ("00004A",)


@pytest.mark.slow
def test_same_study_same_bytes(parts_of, tmp_path):
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        documents.write_report(parts_of("toy"), folder)
    for form in FORMATS:
        one, other = ((folder / f"rapport.{form}").read_bytes() for folder in folders)
        assert one == other


def test_what_is_left_out_is_said(demo):
    document = documents.report_document(demo, zones=1, fiches=1)
    told = [block for section in document.sections for block in section.blocks]
    assert sum(block.kind == "fiche" for block in told) == 1
    texts = " ".join(block.text for block in told if hasattr(block, "text"))
    assert "Les 2 autres bureaux du plan" in texts
    assert texts.count("autour de") == 0
    assert sum(getattr(block, "lead", "").startswith("Zone ") for block in told) == 1


@pytest.mark.slow
def test_maps_speak_to_those_who_cannot_see_them(demo):
    content = render(documents.report_document(demo), "html").decode()
    alts = re.findall(r'<img [^>]*alt="([^"]*)"', content)
    assert len(alts) == 8
    assert all(len(alt) > 40 for alt in alts)


def run(*arguments):
    with pytest.raises(SystemExit) as stopped:
        main(["rapport", *map(str, arguments)])
    return stopped.value.code


@pytest.mark.slow
def test_command_writes_what_is_asked(toy_study, tmp_path, capsys):
    folder = tmp_path / "sortie"
    options = ["--format", "html", "--format", "docx", "--nombre", "1", "--fiches", "0"]
    assert run(toy_study.path, "--sortie", folder, *options) == 0
    assert sorted(path.name for path in folder.iterdir()) == ["rapport.docx", "rapport.html"]
    assert "rapport.html" in capsys.readouterr().out
    text = (folder / "rapport.html").read_text(encoding="utf-8")
    assert "Fiches des bureaux" not in text


@pytest.mark.slow
def test_command_says_what_is_wrong(toy_study, tmp_path, capsys):
    assert run(toy_study.path, "--logo", tmp_path / "absent.png") == 1
    assert "introuvable" in capsys.readouterr().err
    assert run(toy_study.path, "--fiches", "-1") == 2
    assert "nombre entier" in capsys.readouterr().err
    style = tmp_path / "x.css"
    style.write_text("</style>")
    out = tmp_path / "sortie"
    assert run(toy_study.path, "--format", "html", "--css", style, "--sortie", out) == 1
    assert "feuille de style" in capsys.readouterr().err
    assert not out.exists()


def test_what_would_change_nothing_is_refused(toy_study, tmp_path, capsys):
    (tmp_path / "x.css").write_text("h1 {}")
    assert run(toy_study.path, "--css", tmp_path / "x.css") == 1
    assert "ajouter --format html, ou retirer --css" in capsys.readouterr().err


@pytest.mark.corse
@pytest.mark.slow
@pytest.mark.xdist_group("corse")
def test_corsica_is_told_on_six_to_twelve_pages(corsica_now, tmp_path):
    result = corsica_now
    made = documents.write_report(result, tmp_path, formats=("pdf",))
    reader = pypdf.PdfReader(made[0])
    assert 6 <= len(reader.pages) <= 12
    text = squeezed(TEXT["pdf"](made[0].read_bytes()))
    for share in result.shares:
        assert squeezed(french.number(share.beyond)) in text
    for page in reader.pages:
        assert (round(page.mediabox.width), round(page.mediabox.height)) == (595, 842)
