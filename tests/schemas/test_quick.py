"""The quick look at a table against pandera, which it must never contradict."""

from __future__ import annotations

import importlib
import warnings

import numpy as np
import pandas as pd
import pandera.errors
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from msap_geo import answers, schemas, study
from msap_geo.errors import ContractError
from msap_geo.schemas.quick import surely_honours

checking = importlib.import_module("msap_geo.schemas.checking")

VALUES = (
    *(None, "", "x", "53001", "53001\n", "2A004", "off", "2020-01-01", 0, 1, -1, 2**40, True),
    *(0.0, -0.5, float("nan"), float("inf"), -float("inf"), pd.NA, [], ["53001"]),
    *(shapely.Point(0, 0), shapely.Point(), shapely.box(0, 0, 1, 1)),
    shapely.LineString([(0, 0), (1, 1)]),
)
TYPES = ("object", "str", "float64", "float32", "int64", "int32", "Int64", "bool", "category")


def honours(table, schema):
    """Ask pandera alone."""
    try:
        schema.validate(table, lazy=True)
    except pandera.errors.SchemaErrors:
        return False
    return True


@pytest.fixture(scope="module")
def checked():
    """Return every table a study and its diagnosis check, once for each schema."""
    seen = {}

    def kept(table, schema):
        seen.setdefault(schema.name, (table.copy(), schema))
        return surely_honours(table, schema)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checking, "surely_honours", kept)
        answers.diagnose(study.run_study(study.sample_study()))
    return list(seen.values())


@pytest.mark.slow
def test_sound_tables_need_no_pandera(checked):
    assert len(checked) > 10
    for table, schema in checked:
        assert surely_honours(table, schema), schema.name
        assert honours(table, schema), schema.name


@pytest.mark.slow
@settings(max_examples=300)
@given(data=st.data())
def test_what_it_lets_pass_pandera_does(checked, data):
    table, schema = data.draw(st.sampled_from(checked))
    table = table.head(data.draw(st.sampled_from([0, 1, 5, len(table)]))).copy()
    name = data.draw(st.sampled_from(list(schema.columns)))
    kind = data.draw(st.sampled_from(["cell", "type", "row", "missing", "twice"]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if kind == "missing" and name in table:
                table = table.drop(columns=name)
            elif kind == "row":
                table = pd.concat([table, table.head(1)])
            elif kind == "twice" and name in table and name != "geometry":
                table = pd.concat([table, table[[name]]], axis=1)
            elif kind == "type" and name in table:
                table[name] = table[name].astype(data.draw(st.sampled_from(TYPES)))
            elif kind == "cell" and name in table and len(table):
                values = table[name].astype(object).tolist()
                values[0] = data.draw(st.sampled_from(VALUES))
                table[name] = pd.Series(values, index=table.index).infer_objects()
        except (TypeError, ValueError, OverflowError):  # such a table cannot be made
            return
        if surely_honours(table, schema):
            assert honours(table, schema)


def sound(rows=3):
    return pd.DataFrame(
        {
            "code_insee": [f"{53001 + i}" for i in range(rows)],
            "nom": "Nom",
            "population": np.arange(rows),
        }
    )


@pytest.mark.parametrize("rows", [3, 2_000])
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"code_insee": "53001"}, "valeur en double"),
        ({"code_insee": "5300"}, "forme inattendue"),
        ({"code_insee": "53009\n"}, "forme inattendue"),
        ({"nom": None}, "valeur manquante"),
        ({"nom": 3}, "du texte"),
        ({"population": -1}, "valeur trop petite"),
        ({"population": 1.5}, "type inattendu"),
    ],
)
def test_what_is_wrong_is_said(rows, change, said):
    table = sound(rows)
    assert schemas.check(table, schemas.POPULATION) is table
    ((name, value),) = change.items()
    values = table[name].tolist()
    values[-1] = value
    table[name] = values
    assert not surely_honours(table, schemas.POPULATION)
    if value != "53009\n":  # pandera, as regular expressions do, forgives an end of line
        with pytest.raises(ContractError, match=said):
            schemas.check(table, schemas.POPULATION)


def test_a_column_absent_is_said():
    with pytest.raises(ContractError, match="colonne absente : nom"):
        schemas.check(sound().drop(columns="nom"), schemas.POPULATION)
