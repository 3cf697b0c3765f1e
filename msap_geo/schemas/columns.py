"""The columns tables are made of."""

from __future__ import annotations

import pandas as pd
import pandera.pandas as pa

from msap_geo.territory import INSEE_CODE_PATTERN


def text(
    pattern: str | None = None,
    *,
    nullable: bool = False,
    unique: bool = False,
    required: bool = True,
) -> pa.Column:
    """Return a column of text, its values under a pattern if one is given."""
    # Not by dtype: text is ``str`` or ``object`` depending on pandas and on an empty table.
    checks = [pa.Check(is_text, name="du texte")]
    if pattern is not None:
        checks.append(pa.Check.str_matches(f"^(?:{pattern})$"))
    return pa.Column(None, checks, nullable=nullable, unique=unique, required=required)


def is_text(values: pd.Series) -> bool:
    """Tell whether every known value is text."""
    return bool(pd.api.types.infer_dtype(values, skipna=True) in {"string", "empty"})


def number(minimum: float = 0.0, *, nullable: bool = False, required: bool = True) -> pa.Column:
    """Return a column of floats, none below the minimum."""
    return pa.Column(float, pa.Check.ge(minimum), nullable=nullable, required=required)


def persons() -> pa.Column:
    """Return a column of whole persons."""
    return pa.Column("int64", pa.Check.ge(0))


def is_point(geometry: pd.Series) -> pd.Series:
    """Tell which geometries are points."""
    return pd.Series(geometry.geom_type.eq("Point").to_numpy(), index=geometry.index)


def is_area(geometry: pd.Series) -> pd.Series:
    """Tell which geometries are surfaces, or unknown."""
    is_area = geometry.geom_type.isin(["Polygon", "MultiPolygon"]) | geometry.isna()
    return pd.Series(is_area.to_numpy(), index=geometry.index)


CODE = INSEE_CODE_PATTERN
DAY = r"\d{4}-\d\d-\d\d"
RULE = r"[A-Z][a-z](?:-[A-Z][a-z])? \d\d:\d\d-\d\d:\d\d(?:,\d\d:\d\d-\d\d:\d\d)*"
HOURS_TEXT = rf"off|{RULE}(?:; {RULE})*"
POINT = pa.Column("geometry", pa.Check(is_point, name="des points"))
NULLABLE_POINT = pa.Column("geometry", nullable=True)
AREA = pa.Column("geometry", pa.Check(is_area, name="des surfaces"), nullable=True)
