"""A round file: the dates and thresholds of one yearly call. Dates are data, never code."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from base.errors import BadDefinition
from base.i18n import N_
from base.located import Located, read_yaml, validated
from rules.criteria import Value
from rules.values import Day, Name, ParameterName, Scalar, Texts, Word

#: Written for a value no source gives. What needs it is undetermined, and is never a pass.
UNKNOWN = "unknown"

#: A country, or one of its regions: BE, BE-VLG.
Area = Annotated[
    str,
    Word(r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$", 6, "write the code of a country or region: BE, BE-VLG"),
]
RoundName = Annotated[
    str,
    Word(
        r"^[0-9A-Za-z][0-9A-Za-z._-]*$",
        40,
        "write a name of letters, digits, -, . or _: 2024",
    ),
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Window(_Part):
    """A first and a last day, both inclusive, in the applicant's zone."""

    opens: Day
    closes: Day

    @model_validator(mode="after")
    def _in_order(self) -> Window:
        message = backwards(self.opens, self.closes)
        if message:
            raise ValueError(message)
        return self


class PartOfWindow(_Part):
    """What of a window differs in a country."""

    opens: Day = None
    closes: Day = None

    @model_validator(mode="after")
    def _in_order(self) -> PartOfWindow:
        message = backwards(self.opens, self.closes)
        if message:
            raise ValueError(message)
        return self


def _kind(value: Any) -> str:
    return "window" if isinstance(value, dict | Window | PartOfWindow) else "day"


#: A day or a window; told apart by their form, so that only one of them complains.
DayOrWindow = Annotated[
    Annotated[Day, Tag("day")] | Annotated[Window, Tag("window")], Discriminator(_kind)
]
DayOrPartOfWindow = Annotated[
    Annotated[Day, Tag("day")] | Annotated[PartOfWindow, Tag("window")], Discriminator(_kind)
]


class Part(_Part):
    """Dates and parameters that differ in a country or region."""

    dates: dict[Name, DayOrPartOfWindow] = {}
    parameters: dict[ParameterName, Scalar] = {}
    #: Values that stand in no source: name -> why they are so.
    inferred: dict[ParameterName, str] = {}


class Round(_Part):
    """A round file."""

    #: Its name within the calendar: 2023-2024.
    round: RoundName
    #: The yearly call it is one of: school_label.
    calendar: Name
    title: Texts
    #: First day it holds, for cases that name no round: they take the newest one that holds.
    first_day: Day = Field(default=None, alias="from")
    #: Days, and windows of days with a first and a last one, all inclusive; or unknown.
    dates: dict[Name, DayOrWindow] = {}
    #: Thresholds and choices; or unknown.
    parameters: dict[Name, Scalar] = {}
    #: What differs where: BE-VLG before BE before the round's own.
    countries: dict[Area, Part] = {}
    #: Values that stand in no source: name -> why they are so.
    inferred: dict[ParameterName, str] = {}
    #: What a value is that no rule set explains, for whoever sets it: name -> words, in English or
    #: in each language.
    about: dict[ParameterName, Texts | str] = {}

    @property
    def name(self) -> str:
        """Its name: school_label/2023-2024."""
        return f"{self.calendar}/{self.round}"

    def values(self, area: str) -> Mapping[str, Value | None]:
        """Dates and parameters in an area, flat: ``first_window.closes``. None is UNKNOWN.

        The mapping cannot be changed; the same area gives the same one.
        """
        known = self._by_area
        if area not in known:
            country = area.split("-", maxsplit=1)[0]
            places = [code for code in dict.fromkeys((country, area)) if code in self.countries]
            # Most areas have no values of their own, and so the same ones: of no place.
            among = places[-1] if places else ""
            if among not in known:
                found = flat(self.dates, self.parameters)
                for code in places:
                    found |= flat(self.countries[code].dates, self.countries[code].parameters)
                known[among] = MappingProxyType(found)
            known[area] = known[among]
        return known[area]

    @cached_property
    def _by_area(self) -> dict[str, Mapping[str, Value | None]]:
        return {}


def flat(dates: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Value | None]:
    """Dates and parameters under one name each; None where the file says unknown."""
    found: dict[str, Value | None] = {}
    for name, day in dates.items():
        if isinstance(day, Window | PartOfWindow):
            for end in sorted(day.model_fields_set, reverse=True):
                found[f"{name}.{end}"] = _known(getattr(day, end))
        else:
            found[name] = _known(day)
    return found | {name: _known(value) for name, value in parameters.items()}


def backwards(opens: Any, closes: Any) -> str | None:
    """What is wrong with a window that closes before it opens; None where nothing is.

    A day in the wrong year is the usual reason (002_7da36b1a3396e4d1.txt has 28/02/2022 for
    28/02/2023): the year that would do is proposed.
    """
    if not (isinstance(opens, date) and isinstance(closes, date) and closes < opens):
        return None
    hint = ""
    for year in (opens.year, opens.year + 1):
        meant = in_year(closes, year)
        if opens <= meant and (meant - opens).days < 300:
            hint = f" (did you mean {meant}?)"
            break
    return f"the window closes on {closes}, before it opens on {opens}{hint}"


def in_year(day: date, year: int) -> date:
    """``day`` in another year; 29 February becomes the 28th where there is none."""
    try:
        return day.replace(year=year)
    except ValueError:
        return day.replace(year=year, day=28)


def _known(value: Any) -> Any:
    return None if isinstance(value, str) and value == UNKNOWN else value


@lru_cache(maxsize=256)
# YAML with positions is slow to read, and what is read never changes.
@lru_cache(maxsize=256)
def read_round(text: str, file: str) -> tuple[Round, Located]:
    """Read a round file's form; ``rules/checking.py`` says whether it makes sense.

    Raises:
        BadDefinition: it does not have the form of a round file; with file, line and column.
    """
    located = read_yaml(text, file)
    if not isinstance(located.data, dict):
        remark = located.remark((), "a round file is a list of keys and values: round, dates …")
        raise BadDefinition(N_("The file has errors."), [remark])
    return validated(Round, located), located
