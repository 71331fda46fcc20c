"""What pydantic says of a request that does not fit, in our own sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from base.errors import Problem
from base.i18n import N_

ELSE = N_("This cannot be used here.")
#: Errors of web.api.sent, whose text is a sentence of ours already.
OWN = ("too_deep", "unkeepable")

_WHOLE_NUMBER = N_("A whole number belongs here.")
_YES_OR_NO = N_("true or false belongs here.")
_TEXT = N_("A text belongs here.")
_OBJECT = N_("An object with names and values belongs here.")

#: By pydantic's name of the error. What stands in ``{}`` comes with the error.
SENTENCES = {
    "missing": N_("This is missing."),
    "extra_forbidden": N_("This is not known here."),
    "string_type": _TEXT,
    "string_unicode": _TEXT,
    "string_too_long": N_("At most {max_length} characters fit here."),
    "too_long": N_("At most {max_length} values fit here."),
    "int_type": _WHOLE_NUMBER,
    "int_parsing": _WHOLE_NUMBER,
    "int_parsing_size": _WHOLE_NUMBER,
    "int_from_float": _WHOLE_NUMBER,
    "bool_type": _YES_OR_NO,
    "bool_parsing": _YES_OR_NO,
    "greater_than_equal": N_("This is too little: at least {ge}."),
    "less_than_equal": N_("This is too much: at most {le}."),
    "literal_error": N_("One of these belongs here: {expected}."),
    "dict_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "json_invalid": N_("This is not JSON."),
}


def unfit(errors: Iterable[Mapping[str, Any]]) -> list[Problem]:
    """The problems of a request, each with its place: ``payload.feedback``, ``limit``."""
    return [_problem(one) for one in errors]


def _problem(error: Mapping[str, Any]) -> Problem:
    kind = str(error["type"])
    # The first part says where in the request (body, query); it is all there is of some.
    parts = error["loc"][1:] or error["loc"]
    where = "body" if kind == "json_invalid" else ".".join(str(part) for part in parts)
    if kind in OWN:
        return Problem(where=where, message=str(error["msg"]))
    values = {
        # Choices come as 'a', 'b' or 'c': the last comma is said in English.
        name: value.replace("' or '", "', '") if isinstance(value, str) else value
        for name, value in (error.get("ctx") or {}).items()
        if isinstance(value, str | int)
    }
    return Problem(where=where, message=SENTENCES.get(kind, ELSE), values=values)
