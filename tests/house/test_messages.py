"""Messages one can read: no error and no anomaly repeats 5,000 digits, whatever its class."""

from __future__ import annotations

import pytest

from msap_geo import errors
from msap_geo.anomalies import Action, Anomaly
from msap_geo.errors import MsapGeoError, shortened


def family(kind):
    return [kind, *(one for each in kind.__subclasses__() for one in family(each))]


LONG = ["9" * 5000, "a" * 100_000, "mot " * 30_000, "/".join(["d" * 400] * 50), "\u0301" * 9000]


@pytest.mark.parametrize("kind", family(MsapGeoError))
@pytest.mark.parametrize("value", LONG)
def test_every_error_is_short(kind, value):
    for text in (value, f"la valeur « {value} » ne va pas", f"avant {value}\n"):
        error = kind(text, where=text, remedy=text)
        for told in (error.problem, error.where, error.remedy):
            assert len(told) <= 6100
        if " " not in value:
            assert len(str(error)) <= 4000


@pytest.mark.parametrize("value", LONG)
def test_every_anomaly_is_short(value):
    told = Anomaly("x", Action.NOTED, value, f"« {value} » illisible", identifier=value)
    assert max(map(len, (told.message, told.identifier, told.file))) <= 6100
    assert told.message.endswith("» illisible")


def test_both_ends_of_a_value_are_told():
    assert shortened("code « " + "1" * 600 + " » inconnu").startswith("code « 1111")
    assert "540 caractères de plus" in shortened("code « " + "1" * 600 + " » inconnu")


@pytest.mark.parametrize(
    "text",
    [
        "une phrase ordinaire",
        f"« {'n' * 255} » est absent",
        "/home/" + "/".join(["dossier"] * 60) + "/etude.toml",
        " ; ".join(f"« clé_{n} » est inconnue" for n in range(150)),
    ],
)
def test_names_and_lists_are_left_whole(text):
    assert shortened(text) == text
    assert errors.DataError(text).problem == text
