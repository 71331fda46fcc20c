"""Values as rule and round files write them, read strictly: nothing is converted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    WithJsonSchema,
)
from pydantic_core import core_schema

from rules.fitting import CONTROL, INTEGER_LIMIT, TEXT_LIMIT

#: Names of facts, criteria and sections.
NAME = r"^[a-z][a-z0-9_]*$"
#: Names of parameters: ``min_active_teachers``, ``first_window.closes``.
DOTTED = r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$"
#: ``${min_active_teachers}``: the value of a round parameter.
REFERENCE = re.compile(r"^\$\{([a-z][a-z0-9_.]*)\}$")
#: ``{required}`` in a text.
PLACE = re.compile(r"\{([a-z][a-z0-9_.]*)\}")


def reference(value: Any) -> str | None:
    """The parameter ``value`` stands for, if it is written as ``${name}``."""
    found = REFERENCE.match(value) if isinstance(value, str) else None
    return found[1] if found else None


def _value(value: Any) -> Any:
    """A constant of a file.

    Raises:
        ValueError: it is none of the types there are, or out of bounds.
    """
    if isinstance(value, float):
        message = f"{value} is no whole number: scale the amount, there are no fractions"
        raise ValueError(message)
    if isinstance(value, datetime):
        message = "write a date without a time of day"
        raise ValueError(message)
    if not isinstance(value, bool | int | str | date):
        message = "write a whole number, a date, true, false or a text"
        raise ValueError(message)
    if isinstance(value, int) and not -INTEGER_LIMIT < value < INTEGER_LIMIT:
        message = "this number has more than 15 digits"
        raise ValueError(message)
    if isinstance(value, str) and (len(value) > TEXT_LIMIT or CONTROL.search(value)):
        message = f"write a text of at most {TEXT_LIMIT:,} characters on one line"
        raise ValueError(message)
    return value


def _value_or_none(value: Any) -> Any:
    return None if value is None else _value(value)


def _day(value: Any) -> Any:
    """A date, or ``unknown``.

    Raises:
        ValueError: it is neither.
    """
    if value == "unknown" or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    message = "write a date without quotes and without a time of day (2023-01-31), or unknown"
    raise ValueError(message)


@dataclass(frozen=True)
class Word:
    """The form of a word, with a sentence of its own for one that does not have it."""

    pattern: str
    longest: int
    #: What to write instead.
    fault: str

    def check(self, word: str) -> str:
        """``word`` unchanged.

        Raises:
            ValueError: it does not have the form.
        """
        if len(word) > self.longest or not re.fullmatch(self.pattern, word):
            raise ValueError(self.fault)
        return word

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "pattern": self.pattern, "maxLength": self.longest}


_SCALARS: dict[str, Any] = {"type": ["boolean", "integer", "string"]}

#: A constant, or ``${name}``.
Scalar = Annotated[Any, BeforeValidator(_value), WithJsonSchema(_SCALARS)]
#: The same, or null for "not known".
ScalarOrNone = Annotated[
    Any,
    BeforeValidator(_value_or_none),
    WithJsonSchema({"type": ["boolean", "integer", "string", "null"]}),
]
#: A date or the word unknown.
Day = Annotated[
    Any,
    BeforeValidator(_day),
    WithJsonSchema({"type": "string", "pattern": r"^(\d{4}-\d{2}-\d{2}|unknown)$"}),
]
Name = Annotated[
    str, Word(NAME, 60, "write a name of small letters, digits and _: active_teachers")
]
ParameterName = Annotated[
    str,
    Word(
        DOTTED, 80, "write a name of small letters, digits and _, or two with a dot: window.closes"
    ),
]
#: A text per language.
Texts = Annotated[dict[str, str], Field(min_length=1)]
