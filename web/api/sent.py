r"""What programs send: only fields that are known, and only characters that can be kept.

A database keeps no NUL, and no encoding has half a surrogate pair; both come in as ``\u0000`` and
``\ud800`` in JSON, or as ``%00`` in an address.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi import Request
from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from base.errors import BadInput, Problem
from base.i18n import N_

UNKEEPABLE = N_("There is a character in it that cannot be kept.")
#: Deeper JSON is no answer to any form.
DEEPEST = 20
TOO_DEEP = N_("It is nested too deeply.")


class Sent(BaseModel):
    """A body that is sent to the API."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _can_be_kept(cls, given: Any) -> Any:
        # The error's text is our own sentence, which web.problems translates.
        if not _shallow(given, DEEPEST):
            raise PydanticCustomError("too_deep", TOO_DEEP)
        if not all(can_be_kept(text) for text in _texts(given)):
            raise PydanticCustomError("unkeepable", UNKEEPABLE)
        return given


def check_address(request: Request) -> None:
    """See that the address and its parameters have only characters that can be kept.

    Raises:
        BadInput: one has not; names it.
    """
    given = [*request.path_params.items(), *request.query_params.multi_items()]
    odd = {name: None for name, text in given if not (can_be_kept(name) and can_be_kept(text))}
    if odd:
        raise BadInput(
            UNKEEPABLE,
            [Problem(where=name if can_be_kept(name) else "?", message=UNKEEPABLE) for name in odd],
        )


def can_be_kept(text: str) -> bool:
    """Whether a database can keep ``text``: no NUL, no half of a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(name)
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _shallow(value: Any, left: int) -> bool:
    if left == 0:
        return False
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return all(_shallow(inner, left - 1) for inner in inside)
