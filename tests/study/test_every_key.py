"""Every number and every yes or no of the study file, found in its schema: what is none is refused.

A key added tomorrow is tried too: nothing here lists them.
"""

from __future__ import annotations

import copy
import itertools
import tomllib
import types
from pathlib import Path
from typing import Annotated, Union, get_args, get_origin

import numpy as np
import pytest
from pydantic import BaseModel
from support.toy import TOY_STUDY

from msap_geo.errors import StudyError
from msap_geo.study.file import Study, study_from

STUDY = tomllib.loads(TOY_STUDY) | {"folder": Path("/nulle/part")}
COMPLETE = {
    "modifications": {"nom": "Col", "classe": "primary"},
    "traversees": {"de": "53001", "a": "53002", "minutes": 3},
    "regles": {"nom": "20 minutes", "minutes": 20},
    "jours": {"Maison": 3},
}
"""What an entry of a list or a table holds besides the key tried."""
KEYS = {"poids": "samedi", "vitesses_kmh": "primary", "jours": "Maison", "saison": "aout"}
NO_NUMBERS = {
    "oui": True,
    "texte": "5",
    "mot": "beaucoup",
    "nan": float("nan"),
    "infini": float("inf"),
    "moins infini": float("-inf"),
    "démesuré": 1e308,
    "23 chiffres": int("9" * 23),
    "3 000 chiffres": int("9" * 3000),
    "négatif": -1,
    "liste": [[1]],
    "section": [{"a": 1}],
}
CHECKED_ON_USE = {("reseau", "vitesses_kmh"), ("implantation", "seuils_minutes")}
"""Refused with a better sentence by what uses them (``mauvaises_entrees`` tries them)."""


def leaves(annotation, path):
    """Yield the path and type of every number and yes or no under an annotation."""
    origin = get_origin(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            yield from leaves(field.annotation, (*path, name))
    elif annotation in (int, float, bool):
        yield path, annotation
    elif origin is Annotated:
        yield from leaves(get_args(annotation)[0], path)
    elif origin in (Union, types.UnionType):
        for part in get_args(annotation):
            yield from leaves(part, path)
    elif origin is tuple and str not in get_args(annotation):
        yield from leaves(get_args(annotation)[0], (*path, 0))
    elif origin is dict:
        yield from leaves(get_args(annotation)[1], (*path, KEYS.get(path[-1], "53")))


FOUND = [
    (path, kind)
    for path, kind in leaves(Study, ())
    if path[:2] not in CHECKED_ON_USE and not {"de", "a"} & set(path)
]


def holding(path, value):
    """Return the content of a study file with a value at a path."""
    content = copy.deepcopy(STUDY)
    if path[1] == "sinuosite":
        content["reseau"] = {"profil": "estime"}
    if path[0] == "temps":
        content["reseau"], content["temps"] = {}, {"source": "temps.csv"}
    here = content
    for key, after in itertools.pairwise(path):
        if isinstance(key, int):
            here[:] = [copy.deepcopy(COMPLETE.get(path[1], {}))]
            here = here[0]
        else:
            here = here.setdefault(key, [] if isinstance(after, int) else {})
    if isinstance(path[-1], int):
        here[:] = [value]
    else:
        here[path[-1]] = value
    return content


def refusal(path, value):
    with pytest.raises(StudyError) as refused:
        study_from(holding(path, value))
    return str(refused.value)


def test_enough_keys_are_found():
    assert len({path for path, _ in FOUND}) >= 60
    assert ("adaptation", "regles", 0, "km") in [path for path, _ in FOUND]


@pytest.mark.parametrize("what", NO_NUMBERS)
def test_what_is_no_number_is_refused_by_its_key(what):
    value = NO_NUMBERS[what]
    for path, kind in FOUND:
        if kind is bool and value is True:
            continue
        if path == ("tournees", 0, "semaine"):  # a text too: read with its row
            continue
        named = next(part for part in reversed(path) if isinstance(part, str))
        told = refusal(path, value)
        assert named in told, (path, told)
        assert "valeur inattendue" not in told, (path, told)
        assert len(told) < 1000, (path, told)


@pytest.mark.parametrize("value", [0, 1, "true", "non"])
def test_yes_or_no_is_written_true_or_false(value):
    for path, kind in FOUND:
        if kind is bool:
            assert "true ou false est attendu" in refusal(path, value), path


def test_a_true_and_a_text_are_no_numbers():
    told = refusal(("implantation", "capacite"), True)
    assert "[implantation] capacite : un nombre est attendu, non true" in told
    told = refusal(("adaptation", "nombre"), "5")
    assert "[adaptation] nombre : un nombre est attendu, non « 5 »" in told


@pytest.mark.parametrize("key", ["arrivee", "depart"])
def test_a_clock_time_is_named_by_its_key(key):
    stop = {"vehicule": "Bus", "jour": "mardi", "code_insee": "53005"}
    stop |= {"arrivee": "09:00", "depart": "12:00", key: "midi"}
    with pytest.raises(StudyError, match=rf"\[tournees\] {key}, n° 1 : heure illisible"):
        study_from(STUDY | {"tournees": [stop]})


@pytest.mark.parametrize(
    ("key", "value"),
    [("debut_journee", "7"), ("fin_journee", "25:00"), ("pause_entre", ["14:00", "11:30"])],
)
def test_hours_of_a_working_day_are_named_by_their_key(key, value):
    with pytest.raises(StudyError, match=rf"\[regles_tournees\] {key}"):
        study_from(STUDY | {"regles_tournees": {key: value}})


def test_numbers_of_numpy_are_numbers():
    study = study_from(STUDY).with_values("implantation", capacite=np.int64(5000))
    assert study.implantation.capacite == 5000
    study = study.with_values("horaires", heures=np.float64(2.5))
    assert study.horaires.heures == 2.5
