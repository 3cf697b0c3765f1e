"""What is wrong with a study file, in French: pydantic speaks English only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msap_geo.errors import MsapGeoError

if TYPE_CHECKING:
    from pydantic import ValidationError


def in_french(error: ValidationError) -> list[str]:
    """Return one French sentence a problem, each with the section and the key at fault."""
    texts = {
        "missing": "clé absente",
        "extra_forbidden": "clé inconnue",
        "string_type": "un texte entre guillemets est attendu",
        "float_type": "un nombre est attendu",
        "float_parsing": "un nombre est attendu",
        "int_type": "un nombre entier est attendu",
        "int_parsing": "un nombre entier est attendu",
        "int_from_float": "un nombre entier est attendu",
        "bool_type": "true ou false est attendu",
        "bool_parsing": "true ou false est attendu",
        "tuple_type": "une liste entre crochets est attendue",
        "dict_type": "une section est attendue",
        "model_type": "une section est attendue",
        "date_from_datetime_parsing": 'une date est attendue, par exemple "2021-01-01"',
        "date_from_datetime_inexact": 'une date est attendue, par exemple "2021-01-01"',
        "date_parsing": 'une date est attendue, par exemple "2021-01-01"',
        "path_type": "un chemin de fichier entre guillemets est attendu",
        "string_too_short": "un texte non vide est attendu",
        "too_short": "une liste non vide est attendue",
        "greater_than_equal": "valeur trop petite",
        "greater_than": "valeur trop petite",
        "literal_error": "valeur inconnue (choisir parmi celles de docs/etude.md)",
        "less_than_equal": "valeur trop grande",
    }
    lines = []
    for problem in error.errors():
        keys = [part for part in problem["loc"] if isinstance(part, str)]
        rank = next((f", n° {part + 1}" for part in problem["loc"] if isinstance(part, int)), "")
        where = f"[{keys[0]}] {'.'.join(keys[1:])}".strip() + rank if keys else "le fichier"
        raised = problem.get("ctx", {}).get("error")
        text = texts.get(problem["type"], "valeur inattendue")
        if isinstance(raised, MsapGeoError):
            text = raised.problem + (f" ({raised.remedy})" if raised.remedy else "")
        lines.append(f"{where} : {text}")
    return lines
