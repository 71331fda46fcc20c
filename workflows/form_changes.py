"""What a school changed in its form between the last two times it sent it in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any, Literal

from sqlalchemy import Connection

from workflows.definition import Process
from workflows.preview import in_words
from workflows.sent_form import submissions

Row = Mapping[str, Any]
#: A part of a text: it stayed, it was taken out, or it was put in.
Part = tuple[Literal["same", "out", "in"], str]
#: Longer texts are shown as one taken out and one put in: their words are not compared.
LONGEST = 20_000


@dataclass(frozen=True, kw_only=True)
class FieldChange:
    """What was changed in one field."""

    #: The answer's words, in order; empty where only evidence changed.
    parts: Sequence[Part]
    #: Links and names of files that came, and that were taken away.
    added: Sequence[str]
    removed: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What the last submission changed in the one before."""

    #: When the earlier one was sent in, in UTC.
    since: datetime
    #: By ``section.field``; fields that stayed as they were are left out.
    fields: Mapping[str, FieldChange]


def changes(
    connection: Connection, process: Process, case_id: str, language: str
) -> Changes | None:
    """What was changed with the last submission; None where there is only one, or none."""
    sent = submissions(connection, process, case_id)[-2:]
    if process.form is None or len(sent) < 2:
        return None
    before, after = (one["payload"]["form"] for one in sent)
    found = {}
    for section in process.form.sections:
        for field in section.fields:
            key = f"{section.section}.{field.name}"
            old, new = (
                in_words(field, form["answers"].get(key), language) for form in (before, after)
            )
            there = [
                {one["id"]: one["url"] or one["file_name"] for one in form["evidence"]
                 if one["field"] == key}
                for form in (before, after)
            ]  # fmt: skip
            added = [there[1][one] for one in there[1] if one not in there[0]]
            removed = [there[0][one] for one in there[0] if one not in there[1]]
            if old != new or added or removed:
                parts = list(compared(old, new)) if old != new else []
                found[key] = FieldChange(parts=parts, added=added, removed=removed)
    return Changes(since=sent[0]["at"], fields=found)


def compared(old: str, new: str) -> Iterator[Part]:
    """How ``new`` came of ``old``, word by word."""
    if len(old) + len(new) > LONGEST:
        yield from (part for part in (("out", old), ("in", new)) if part[1])  # type: ignore[misc]
        return
    one, other = _words(old), _words(new)
    for kind, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if kind == "equal":
            yield "same", "".join(one[a:b])
            continue
        if b > a:
            yield "out", "".join(one[a:b])
        if d > c:
            yield "in", "".join(other[c:d])


def _words(text: str) -> list[str]:
    return re.findall(r"\s+|\S+", text)
