"""A round file: the dates and thresholds of one yearly call. Dates are data, never code."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr, model_validator

from base.located import Located, read_yaml, validated
from rules.criteria import Value

#: Written for a value no source gives. What needs it is undetermined, and is never a pass.
UNKNOWN = "unknown"

Day = date | Literal["unknown"]
Given = StrictBool | StrictInt | date | StrictStr
Texts = Annotated[dict[str, str], Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Window(_Part):
    """A first and a last day, both inclusive, in the applicant's zone."""

    opens: Day
    closes: Day

    @model_validator(mode="after")
    def _in_order(self) -> Window:
        known = isinstance(self.opens, date) and isinstance(self.closes, date)
        if known and self.closes < self.opens:  # type: ignore[operator]
            message = f"the window closes on {self.closes}, before it opens on {self.opens}"
            raise ValueError(message)
        return self


class Part(_Part):
    """Dates and parameters that differ in a country or region."""

    dates: dict[str, Day | Window] = {}
    parameters: dict[str, Given] = {}


class Round(_Part):
    """A round file."""

    round: str = Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]*$", max_length=40)
    calendar: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: Texts
    dates: dict[str, Day | Window] = {}
    parameters: dict[str, Given] = {}
    #: Area code -> what differs there: BE-VLG before BE before the round's own.
    countries: dict[str, Part] = {}
    #: Values that are a reading of ours and stand in no source: name -> why.
    inferred: dict[str, str] = {}

    @property
    def name(self) -> str:
        """Its name: school_label/2023-2024."""
        return f"{self.calendar}/{self.round}"

    def values(self, area: str) -> dict[str, Value | None]:
        """Dates and parameters in an area, flat: ``first_window.closes``. None is UNKNOWN."""
        found = _flat(self.dates, self.parameters)
        country = area.split("-", maxsplit=1)[0]
        for code in dict.fromkeys([country, area]):
            if code in self.countries:
                found |= _flat(self.countries[code].dates, self.countries[code].parameters)
        return found


def _flat(dates: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Value | None]:
    found: dict[str, Value | None] = {}
    for name, day in dates.items():
        if isinstance(day, Window):
            found[f"{name}.opens"] = _known(day.opens)
            found[f"{name}.closes"] = _known(day.closes)
        else:
            found[name] = _known(day)
    return found | {name: _known(value) for name, value in parameters.items()}


def _known(value: Any) -> Any:
    return None if value == UNKNOWN else value


def read_round(text: str, file: str) -> tuple[Round, Located]:
    """Read a round file.

    Raises:
        BadDefinition: it does not have the form of a round file; with file, line and column.
    """
    located = read_yaml(text, file)
    return validated(Round, located), located
