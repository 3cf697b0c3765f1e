"""What a French reader should never meet in a sentence, a table or a screen."""

from __future__ import annotations

import re

_SPACE = "[ \u00a0\u202f]"
_ENDINGS = "csv|json|html|gpkg|qgz|xlsx|parquet|pdf|docx|toml|geojson|sjson|pbf|zip|txt|md"
_FILE = rf"[\w./\\-]*\.(?:{_ENDINGS})\b"
_MODULE = r"\bmsap_geo\b(?: \d[\w.+]*)?"
_ADDRESS = r"https?://\S+|\S+@\S+"
_SETTING = r"\[[a-z_.]+\](?: [a-z_]+)?"
_SINGULAR = (
    "habitant|commune|Maison|zone|site|bureau|point|ligne|jour|plan|candidat|canton|transformation"
    "|véhicule|ménage|table|constat|fichier|demi-journée|arrêt"
)
_ENGLISH = (
    "the|and|of|with|is|are|not|error|warning|none|nan|nat|inf|true|false|null|infeasible|unknown|file"
    "|missing|value|found|must|should|cannot|Traceback"
)
KINDS = {
    "decimal point": r"(?<![\w.,/-])[-−]?\d+\.\d+(?![\w.])",
    "one of many": rf"\b[Ll]es{_SPACE}1{_SPACE}(?!\d)",
    "plural of one": rf"(?<![\d,.\u202f/-])(?<!\d )[01]{_SPACE}(?:{_SINGULAR})[sx]\b",
    "singular of many": rf"(?<![,\d])(?:[2-9]|[1-9][\d\u202f]*\d){_SPACE}(?:{_SINGULAR})\b(?!-)",
    "wrong plural": r"\b(?:bureaus|réseaus|lieus|départementals|zones blanche)\b|\w\(s\)",
    "signed nothing": r"(?<![\w,.])[-−]\s?0(?:,0+)?(?![\d,.])",
    "idle decimals": r"(?<![\d,])0,00+(?!\d)|\d,0{3}(?!\d)",
    "hyphen for a minus": r"(?<![\w\u2011)-])-\d(?!\d*-)",
    "internal key": r"(?<![\w.\[/«-])[a-z]+\d*(?:_[a-z0-9]+)+\b(?!\.)",
    "English": rf"(?i)(?<![\w’'-])(?:{_ENGLISH})(?![\w’'-])",
    "days of OpenStreetMap": r"\b(?:Mo|Tu|We|Th|Fr|Sa|Su)(?:-(?:Mo|Tu|We|Th|Fr|Sa|Su))? \d",
    "double space": r"[^\s.:;] {2,}\S",
    "several signs": r"[,;] ?[,;]|\.\.(?!\.)|\(\)|« ?»| ,| \.(?=\s|$)",
    "no space before %": r"\d%",
    "title of two colons": rf"^(?:\d+\. )?(?:Diagnostic|Objectifs){_SPACE}: [^.;]* : ",
    "idle decimals of all or nothing": rf"(?<![\d,\u202f])(?:100|0),0+{_SPACE}?%",
    "two days as a range": "lundi à mardi|mardi à mercredi|mercredi à jeudi|jeudi à vendredi"
    "|vendredi à samedi|samedi à dimanche",
    "idle decimals of a margin": rf",0+{_SPACE}%{_SPACE}près",
    # What one supposes is a simulation, what one decides a choice; a projection has scenarios.
    "another word for a simulation": r"(?i)\bl[’']essai\b|\bcet essai\b|\bessai :|\bscénario\b"
    r"(?! (?:de la projection|central|haut|bas|lu|« ))",
}
_RULES = {kind: re.compile(pattern) for kind, pattern in KINDS.items()}
_QUOTED = "« [^»]*»|“[^”]*”"
_LEFT_ALONE = re.compile(f"{_ADDRESS}|{_FILE}|{_MODULE}|{_SETTING}|{_QUOTED}")


def faults(lines, *, but=()):
    """Return what is wrong in some lines, each with its kind, once.

    Parameters
    ----------
    lines
        Texts, one a line; file names, addresses and keys of a study file are left alone.
    but
        Kinds that do not apply.
    """
    found = {}
    for line in lines:
        text = _LEFT_ALONE.sub("…", line)
        for kind, rule in _RULES.items():
            if kind not in but and rule.search(text):
                found.setdefault((kind, line.strip()), None)
    return list(found)
