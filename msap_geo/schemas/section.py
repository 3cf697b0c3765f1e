"""What every section of a study file is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, field_validator

from msap_geo.errors import StudyError

if TYPE_CHECKING:
    from pydantic import ValidatorFunctionWrapHandler


class Section(BaseModel):
    """A section: no unknown key, no number made of something else, nothing changed once read."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, str_strip_whitespace=True, allow_inf_nan=False
    )

    @field_validator("*", mode="wrap")
    @classmethod
    def _as_written(cls, value: object, check: ValidatorFunctionWrapHandler) -> object:
        """Refuse what would be taken for a number, or for true or false, without being one."""
        found = check(value)
        for key, given, taken in _pairs("", value, found):
            of = f" pour « {key} »" if key else ""
            if isinstance(taken, bool):
                if not isinstance(given, bool):
                    raise StudyError(f"true ou false est attendu{of}, non {_shown(given)}")
            elif isinstance(taken, float | int) and isinstance(given, bool | str):
                raise StudyError(f"un nombre est attendu{of}, non {_shown(given)}")
        return found


def _pairs(key: str, given: object, taken: object) -> list[tuple[str, object, object]]:
    """Return each value as written and as taken, by its key where it is one of a table."""
    if isinstance(given, Mapping) and isinstance(taken, Mapping) and len(given) == len(taken):
        both = [
            (str(name), one, other)
            for (name, one), other in zip(given.items(), taken.values(), strict=True)
        ]
    elif isinstance(given, list | tuple) and isinstance(taken, list | tuple):
        both = [(key, one, other) for one, other in zip(given, taken, strict=False)]
    else:
        return [(key, given, taken)]
    return [found for one in both for found in _pairs(*one)]


def _shown(given: object) -> str:
    if isinstance(given, bool):
        return "true" if given else "false"
    return f"« {given} »" if isinstance(given, str) else str(given)
