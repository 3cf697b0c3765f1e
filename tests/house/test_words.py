"""What people read is French, whatever the numbers: every document and every screen is read."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.french_faults import KINDS, faults
from support.reading import lines_read
from support.toy import StudyFolder, maison_row, poste_row

import msap_geo
from msap_geo import french, french_hours
from msap_geo.cli import main

NARROW, NO_BREAK = "\u202f", "\u00a0"


@pytest.mark.parametrize(
    ("value", "decimals", "told"),
    [
        (-0.04, 1, "0,0"),
        (-0.0004, 3, "0,000"),
        (-0.05, 1, "−0,1"),
        (0, 0, "0"),
        (-0.0, 0, "0"),
        (-12345.6, 1, f"−12{NARROW}345,6"),
        (None, 0, "–"),
        (float("inf"), 0, "–"),
    ],
)
def test_a_number_is_french_and_nothing_has_no_sign(value, decimals, told):
    assert french.number(value, decimals) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (20.0, "20"),
        (7.5, "7,5"),
        (12.25, "12,25"),
        (0.0, "0"),
        (1500, f"1{NARROW}500"),
        (100, "100"),
    ],
)
def test_a_threshold_has_no_more_decimals_than_it_needs(value, told):
    assert french.short(value) == told


@pytest.mark.parametrize(
    ("count", "noun", "told"),
    [
        (0, "commune", "0 commune"),
        (1, "zone blanche", "1 zone blanche"),
        (1.4, "jour", "1 jour"),
        (1.6, "jour", "2 jours"),
        (2, "zone blanche", "2 zones blanches"),
        (3, "bureau", "3 bureaux"),
        (3, "lieu", "3 lieux"),
        (3, "cas", "3 cas"),
        (3, "département voisin", "3 départements voisins"),
        (3, "conseil départemental", "3 conseils départementaux"),
        (3, "point de contact", "3 points de contact"),
        (3, "commune sans trajet", "3 communes sans trajet"),
        (3, "demi-journée", "3 demi-journées"),
        (3, "jamais blanche", "3 jamais blanches"),
        (3, "canton non évaluable", "3 cantons non évaluables"),
    ],
)
def test_a_noun_agrees_with_its_count(count, noun, told):
    assert french.counted(count, noun).replace(NO_BREAK, " ") == told


@given(st.floats(-1e9, 1e9), st.integers(0, 3))
def test_no_number_is_signed_nothing_nor_english(value, decimals):
    text = french.number(value, decimals)
    assert not faults([text], but=("idle decimals",))
    back = float(text.replace(NARROW, "").replace(",", ".").replace("−", "-"))
    assert back == pytest.approx(value, abs=0.5 * 10**-decimals + 1e-6)


def test_words_are_listed_as_one_says_them():
    assert [french.listed(list(words)) for words in ("", "A", "AB", "ABCD")] == [
        "",
        "A",
        "A et B",
        "A, B, C et D",
    ]


def test_what_is_left_out_is_told_one_or_many():
    assert french.largest(1, "autour d’Ernée") == ", autour d’Ernée"
    assert french.largest(2, "autour d’Ernée") == "\u00a0; la plus peuplée, autour d’Ernée"
    assert french.others(0, "x.csv") == ""
    assert french.others(1, "x.csv") == "L’autre est dans x.csv."
    assert french.others(3, "x.csv") == "Les 3 autres sont dans x.csv."
    assert french.others(1, "x.csv", "bureau du plan") == "L’autre bureau du plan est dans x.csv."
    assert french.others(2, "x.csv", "bureau") == "Les 2 autres bureaux sont dans x.csv."
    assert french.the_first(1) == "le premier"
    assert french.the_first(10) == "les 10 premiers"


@pytest.mark.parametrize(
    ("value", "unit", "told"),
    [
        (0.0, "sites", "0 site"),
        (1.0, "sites", "1 site"),
        (3.0, "sites", "3 sites"),
        (221797.0, "habitants", "221 797 habitants"),
        (-0.0004, "minutes", "0 minute"),
        (56.068, "minutes", "56,1 minutes"),
        (0.5411, "part des habitants du groupe", "54,1 % des habitants du groupe"),
        (0.0, "habitants × minutes", "0 habitant × minute"),
        (float("inf"), "minutes", "– minutes"),
    ],
)
def test_a_value_is_told_as_its_unit_wants_it(value, unit, told):
    assert re.sub(f"[{NARROW}{NO_BREAK}]", " ", french.quantity(value, unit)) == told


@pytest.mark.parametrize(
    ("share", "told"),
    [(0.0, "0 %"), (0.0119, "1,19 %"), (1e-9, "moins de 0,001 %"), (float("inf"), "–")],
)
def test_a_gap_is_never_nothing_unless_it_is(share, told):
    assert french.gap(share).replace(NARROW, " ") == told


@pytest.mark.parametrize(
    ("share", "decimals", "told"),
    [
        (1, 1, "100 %"),
        (0, 1, "0 %"),
        (0.9994, 1, "99,9 %"),
        (0.9996, 1, "plus de 99,9 %"),
        (0.9999999, 2, "plus de 99,99 %"),
        (0.0004, 1, "moins de 0,1 %"),
        (0.004, 0, "moins de 1 %"),
        (sum([0.1] * 10), 1, "100 %"),
        (None, 1, "–"),
    ],
)
def test_less_than_all_is_not_all_and_more_than_nothing_not_nothing(share, decimals, told):
    assert french.percent(share, decimals).replace(NARROW, " ") == told


@given(st.integers(1, 70_000_000), st.integers(0, 70_000_000), st.integers(0, 3))
def test_a_share_of_people_is_all_only_where_nobody_is_left(people, within, decimals):
    within = min(within, people)
    text = french.percent(within / people, decimals).replace(NARROW, " ")
    assert text.startswith("100") == (within == people)
    assert bool(re.match(r"0(,0+)? %", text)) == (within == 0)


@pytest.mark.parametrize(
    ("share", "told"),
    [
        (0.023, "+2,3 %"),
        (-0.005, "−0,5 %"),
        (0.0001, "moins de 0,1 %"),
        (0, "0 %"),
        (1.5, "+150,0 %"),
        (-1, "−100 %"),
    ],
)
def test_a_change_has_its_sign(share, told):
    assert french.change(share).replace(NARROW, " ") == told


@pytest.mark.parametrize(
    ("share", "told"),
    [
        (0.6, "60 %"),
        (0.125, "12,5 %"),
        (1, "100 %"),
        (0, "0 %"),
        (0.9999, "plus de 99,9 %"),
        (0.28, "28 %"),
        (None, "–"),
    ],
)
def test_a_share_one_sets_has_no_idle_decimal(share, told):
    assert french.rate(share).replace(NARROW, " ") == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Mo-Tu 09:00-12:00", "lundi et mardi 9h-12h"),
        ("Mo-We 08:30-12:00,14:00-17:30", "lundi à mercredi 8h30-12h, 14h-17h30"),
        ("Sa-Su 09:00-12:00", "samedi et dimanche 9h-12h"),
        ("Fr 09:05-12:00; Sa 10:00-11:00", "vendredi 9h05-12h ; samedi 10h-11h"),
        ("off", "fermé toute la semaine"),
        (None, ""),
    ],
)
def test_weekly_hours_are_words(text, told):
    assert french_hours.hours(text) == told


def test_a_number_is_not_parted_from_its_unit():
    told = french.typeset("à 20 min, 30 minutes, 12 km, 818 hab., en 2026 minimum")
    assert told == ("à 20\u00a0min, 30\u00a0minutes, 12\u00a0km, 818\u00a0hab., en 2026 minimum")
    assert french.typeset(told) == told


def test_an_opening_is_written_as_the_weeks_are():
    assert french_hours.span("09:00", "12:30") == "9h-12h30"


FAULTY = {
    "decimal point": ["à 7.5 min", "99.99 %", "(−3.2)"],
    "one of many": ["Les 1 autres sont ailleurs", "parmi les 1 premiers"],
    "plural of one": ["1 habitants", "0 communes de plus"],
    "singular of many": ["2 habitant", "12 345 commune"],
    "wrong plural": ["3 bureaus", "2 zones blanche", "site(s)"],
    "signed nothing": ["borne prouvée : -0,000", "écart −0,0 point", "−0"],
    "idle decimals": ["0,000 sites", "12,000 km"],
    "hyphen for a minus": ["marge -12"],
    "internal key": ["population_gagnee 60 %"],
    "English": ["statut : unknown", "valeur nan", "None habitants"],
    "days of OpenStreetMap": ["ouvert Mo-Fr 08:00-12:00"],
    "double space": ["deux  espaces"],
    "several signs": ["fin..", "a , b", "()"],
    "no space before %": ["12%"],
    "title of two colons": ["7. Objectifs : où ouvrir : les bureaux candidats"],
    "idle decimals of all or nothing": ["solide (100,0 %)", f"part : 0,0{NARROW}%"],
    "two days as a range": ["lundi à mardi 9h-12h"],
    "idle decimals of a margin": ["parmi 2 plans à 1,0 % près", f"à 5,00{NARROW}% près"],
    "another word for a simulation": ["ESSAI : 1 ouverture", "avec l’essai", "Scénario : Corte"],
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_reader_sees_each_kind_of_fault(kind):
    for line in FAULTY[kind]:
        assert kind in [found for found, _ in faults([line])], line


def test_the_reader_leaves_good_french_alone():
    good = [
        f"12{NARROW}345 habitants (26,1{NARROW}%), 1 commune, 0 habitant, 2 zones blanches",
        "la marge de −12 habitants ; de 20 à 30 min ; 7,5 min ou moins, le 31/01/2020",
        "détail dans diagnostic_zones.csv ; [couts] bonification_france_ruralites_eur",
        "msap_geo 0.1.0, ligne « 48.822554 », Aix-en-Provence, n° 1 : Corte (2B096)",
        "1 000 habitants et 21 communes, 10,5 km, 08:00-12:00",
    ]
    assert faults(good) == []


@pytest.mark.slow
def test_no_figure_is_formatted_but_in_the_module_of_french():
    """A decimal point, an English separator or a bare `%` would come from there."""
    package = Path(msap_geo.__file__).parent
    found = []
    for path in sorted(package.rglob("*.py")):
        if path.name == "french.py" or "gis" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.JoinedStr):
                continue
            words = "".join(part.value for part in node.values if isinstance(part, ast.Constant))
            specs = [
                ast.literal_eval(part.format_spec.values[0])
                for part in node.values
                if isinstance(part, ast.FormattedValue)
                and isinstance(part.format_spec, ast.JoinedStr)
                and len(part.format_spec.values) == 1
                and isinstance(part.format_spec.values[0], ast.Constant)
            ]
            # What a developer reads in a debugger, and what names a column, is not French.
            shown = not re.fullmatch(r"[A-Za-z]+\(.*|[a-z0-9_]*", words)
            if shown and any(re.fullmatch(r"[^%]*[gfe]|.*,.*|\.?\d*%", spec) for spec in specs):
                found.append(f"{path.relative_to(package)}:{node.lineno} {words!r}")
    assert found == [], "\n".join(map(str, found))


OBJECTIVES = ("couverture", "p-mediane", "p-centre", "double-couverture", "equite")


def many_offices(folder):
    """Nine candidates: one more than the report lists."""
    rows = [poste_row(i % 5 + 1, identifiant_a=f"000{i}A") for i in range(9)]
    folder.write(maisons=[maison_row(0, h_mardi="14:00 - 17:30")], la_poste=rows)


VARIANTS = {
    "plain": lambda folder: folder,
    "thresholds that are not whole": lambda folder: folder.configure(("[20, 30]", "[7.5, 22.25]")),
    "one office more than listed": many_offices,
    "nobody far": lambda folder: folder.configure(("[20, 30]", "[90.5, 120]")),
}


def _said(capsys, *arguments):
    with pytest.raises(SystemExit):
        main([str(argument) for argument in arguments])
    told = capsys.readouterr()
    assert "Traceback" not in told.err
    return [("écran", line) for line in (told.out + told.err).splitlines()]


def _check(lines):
    found = [
        (file, kind, line)
        for file, text in lines
        for kind, line in faults([text], but=_spaces_lost(file))
    ]
    assert found == [], "\n".join(map(str, found))


def _spaces_lost(file):
    """A PDF read back has lost thin spaces; a screen aligns with spaces."""
    if file.endswith(".pdf"):
        return ("no space before %", "singular of many", "plural of one", "one of many")
    return ()


@pytest.mark.slow
@pytest.mark.parametrize("variant", VARIANTS)
def test_every_document_and_screen_of_a_study_reads_as_french(toy_study, tmp_path, capsys, variant):
    VARIANTS[variant](toy_study)
    lines = _said(capsys, "lancer", toy_study.path, "--tout", "--sortie", tmp_path / "tout")
    lines += _said(capsys, "diagnostiquer", toy_study.path, "--sortie", tmp_path / "diagnostic")
    audit = tmp_path / "audit.html"
    lines += _said(capsys, "verifier", toy_study.path, "--rapport", audit)
    for rest in (
        ("noter", "--top", "1"),
        ("horaires", "--heures", "3"),
        ("adapter", "--nombre", "1"),
    ):
        lines += _said(capsys, rest[0], toy_study.path, *rest[1:])
    for rest in (("tournees",), ("backtester",), ("optimiser", "--couverture", "0.9")):
        lines += _said(capsys, rest[0], toy_study.path, *rest[1:])
    _check(lines + lines_read(tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_objective_is_told_in_french(toy_study, tmp_path, capsys, objective):
    toy_study.path.write_text(
        toy_study.path.read_text() + f'\n[implantation]\nobjectif = "{objective}"\n'
    )
    plan = ("--nombre", "1", "--frontiere", "--imposer", "POSTE 1")
    lines = _said(capsys, "optimiser", toy_study.path, *plan)
    lines += _said(
        capsys, "rapport", toy_study.path, "--format", "html", "--sortie", tmp_path / "r"
    )
    _check(lines + lines_read(tmp_path))


@pytest.mark.slow
def test_a_comparison_reads_as_french(toy_study, tmp_path, capsys):
    _said(capsys, "lancer", toy_study.path, "--sortie", tmp_path / "avant")
    later = StudyFolder(toy_study.folder).write(maisons=[maison_row(0), maison_row(4)])
    _said(capsys, "lancer", later.path, "--sortie", tmp_path / "apres")
    sides = (tmp_path / "avant", tmp_path / "apres")
    forms = ("--format", "html", "--format", "docx")
    lines = _said(capsys, "comparer", *sides, "--sortie", tmp_path / "ecart", *forms)
    _check(lines + lines_read(tmp_path / "ecart"))


HELPED = ("telecharger", "verifier", "lancer", "demo", "diagnostiquer", "noter", "optimiser")
HELPED += (
    "concerter",
    "adapter",
    "horaires",
    "tournees",
    "backtester",
    "rapport",
    "comparer",
    "completion",
)


@pytest.mark.parametrize("command", HELPED)
def test_every_help_reads_as_french(capsys, command):
    lines = _said(capsys, command, "--help")
    text = [(file, re.sub(" {2,}", " ", line.strip())) for file, line in lines]
    text = [(file, line) for file, line in text if "msap-geo " not in line and "]" not in line]
    _check(text)
