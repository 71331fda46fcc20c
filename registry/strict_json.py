"""JSON, read strictly: no field twice, no NaN, nothing too large or too deep."""

from __future__ import annotations

import json
from typing import Any

from base.errors import BadInput
from base.i18n import N_
from registry.values import BadValue, shown

#: A file about all schools of a country is far smaller.
MAX_BYTES = 256 * 2**20


def parse_json(content: bytes | str) -> Any:
    """The data of one JSON document in UTF-8.

    Raises:
        BadInput: it is none; the sentence says where.
    """
    if len(content) > MAX_BYTES:
        raise BadInput(
            N_("The file is larger than {limit} MB. Split it in several."), limit=MAX_BYTES // 2**20
        )
    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
    except UnicodeDecodeError:
        raise BadInput(N_("The file is not in UTF-8. Save it as JSON in UTF-8.")) from None
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise BadInput(
            N_("The file is no JSON: line {line}, column {column}."),
            line=error.lineno, column=error.colno,
        ) from None  # fmt: skip
    except BadValue as error:
        raise BadInput(error.message, **error.values) from None
    except RecursionError:
        raise BadInput(N_("The file is nested too deeply to be a dossier.")) from None
    except ValueError:  # a number of more digits than Python reads
        raise BadInput(N_("The file holds a number that is too long to be one.")) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadValue(N_("The field {name} stands twice in one place."), name=shown(twice))
    return found


def _no_number(word: str) -> Any:
    raise BadValue(N_("{word} is no value of JSON."), word=word)
