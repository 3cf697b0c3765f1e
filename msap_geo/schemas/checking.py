"""Tables checked against their contract: every problem in one error, in French."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pandera.errors
import pandera.pandas as pa

from msap_geo.errors import ContractError
from msap_geo.schemas.quick import surely_honours

if TYPE_CHECKING:
    import geopandas as gpd

_MAX_CASES_SHOWN = 5


def check(
    table: gpd.GeoDataFrame | pd.DataFrame, schema: pa.DataFrameSchema, *, where: str | None = None
) -> Any:
    """Return the table if it honours the schema.

    Parameters
    ----------
    table
        Table to check; it is not changed. Further columns than the schema's are welcome.
    schema
        One of the schemas of this module.
    where
        Where the table comes from, for the message.

    Returns
    -------
    geopandas.GeoDataFrame or pandas.DataFrame
        The same table.

    Raises
    ------
    ContractError
        If anything is not as agreed; the message lists every problem.
    """
    if surely_honours(table, schema):
        return table
    try:
        schema.validate(table, lazy=True)
    except pandera.errors.SchemaErrors as error:
        problems = _describe(error.failure_cases)
        raise ContractError(
            f"la table « {schema.name} » n'est pas conforme : " + " ; ".join(problems), where=where
        ) from error
    return table


def _describe(failures: pd.DataFrame) -> list[str]:
    """Turn pandera's failure cases into one French sentence per column and rule."""
    problems = []
    for (column, rule), cases in failures.groupby(["column", "check"], dropna=False, sort=True):
        if rule == "column_in_dataframe":
            problems += [f"colonne absente : {name}" for name in cases["failure_case"]]
            continue
        name = "table" if pd.isna(column) else f"colonne {column}"
        shown = ", ".join(repr(case) for case in cases["failure_case"].head(_MAX_CASES_SHOWN))
        more = len(cases) - _MAX_CASES_SHOWN
        tail = f" et {more} de plus" if more > 0 else ""
        problems.append(f"{name}, {_rule_in_french(str(rule))} : {shown}{tail}")
    return problems


def _rule_in_french(rule: str) -> str:
    known = {
        "not_nullable": "valeur manquante",
        "field_uniqueness": "valeur en double",
        "dtype": "type inattendu",
        "str_matches": "forme inattendue",
        "greater_than_or_equal_to": "valeur trop petite",
    }
    return next((text for key, text in known.items() if rule.startswith(key)), f"attendu : {rule}")
