"""What the parts of a process file are made of: names, texts, values of a round."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

NAME = r"^[a-z][a-z0-9_]*$"
Name = Annotated[str, Field(pattern=NAME, max_length=60)]
Texts = Annotated[dict[str, str], Field(min_length=1)]


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Names = Annotated[list[Name], BeforeValidator(_as_list, json_schema_input_type=Name | list[Name])]


_ROUND_VALUE = r"^round\.[a-z0-9_.]+$"


def _of_round(value: str) -> str:
    if not re.match(_ROUND_VALUE, value):
        message = f'"{value}" is no value of the round: write round.NAME'
        raise ValueError(message)
    return value


#: A value of the round: ``round.asks_number``.
RoundValue = Annotated[
    str, AfterValidator(_of_round), Field(json_schema_extra={"pattern": _ROUND_VALUE})
]

#: Template name of the process -> the actor who gets it.
Messages = dict[Name, Name]


class Part(BaseModel):
    """Something a process file says: nothing else may stand there, and nothing changes it."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
