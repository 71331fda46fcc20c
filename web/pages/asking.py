"""What a step asks for as the fields of a page, and what was filled in as the step's payload.

The names of the fields are those of the asks; a text per section is ``ask.section``. A school or
project is found by its name: a search beside the field, and a choice among what was found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from base.days import ZONES
from base.i18n import colon, say, translate
from documents.words import area_name
from web.opportunities import known_projects, name_of_id, search
from web.pages.sending import Sent
from workflows.definition import Ask, Process, Step
from workflows.form import sections
from workflows.preview import YES_NO

#: The button that searches: its value is the name of the field.
SEARCH = "search"
#: What is chosen among names.
FOUND_BY_NAME = ("organisation", "project", "area")
#: A text of at most so many characters is a line, a longer one a box.
LINE = 200


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of a page."""

    #: Its name and id.
    name: str
    type: str
    title: str
    required: bool
    value: str = ""
    error: str = ""
    most: int | None = None
    must_be: str | None = None
    #: What can be chosen: title by value.
    choices: Mapping[str, str] = field(default_factory=dict)
    #: What was searched for, and whether that was tried.
    words: str = ""
    searched: bool = False


def fields_of(
    connection: Connection, process: Process, step: Step, language: str, sent: Sent,
    errors: Mapping[str, str], person_id: str, *, everywhere: bool,
) -> list[Field]:  # fmt: skip
    """The fields of what a step asks for.

    Arguments:
        sent: what was filled in so far.
        errors: what is wrong, by field.
        everywhere: whether she may look among all projects, not only her own.
    """
    found: list[Field] = []
    for ask in step.asks:
        if ask.type == "text_per_section":
            found += [
                Field(
                    name=(name := f"{ask.name}.{section.section}"), type="text", required=False,
                    title=colon(language).join(
                        say(one, language) for one in (ask.title, section.title)
                    ),
                    value=sent.get(name), error=errors.get(name, ""), most=ask.max_characters,
                )
                for section in sections(process)
            ]  # fmt: skip
            continue
        value = sent.get(ask.name)
        words = sent.get(f"{ask.name}-words")
        choices = _choices(ask, language)
        if ask.type in ("organisation", "project"):
            choices = search(connection, ask.type, words, person_id, everywhere=everywhere)
            if ask.type == "project" and not words:
                choices = known_projects(connection, person_id)
            if (
                value
                and value not in choices
                and (named := name_of_id(connection, ask.type, value[:36]))
            ):
                choices = {value: named, **choices}
        found.append(
            Field(
                name=ask.name, type=ask.type, title=say(ask.title, language),
                required=ask.required, value=value, error=errors.get(ask.name, ""),
                most=ask.max_characters if ask.type == "text" else None, must_be=ask.must_be,
                choices=choices, words=words, searched=bool(words),
            )
        )  # fmt: skip
    return found


def _choices(ask: Ask, language: str) -> dict[str, str]:
    if ask.type == "yes_no":
        return {value: translate(name, language) for value, name in YES_NO.items()}
    if ask.type == "area":
        names = {area: area_name(area, language) for area in ZONES}
        return dict(sorted(names.items(), key=lambda one: one[1]))
    return {name: say(texts, language) for name, texts in ask.choices.items()}


def payload_of(step: Step, sent: Sent) -> dict[str, Any]:
    """What was filled in, as the engine takes it; what was left empty is left out."""
    found: dict[str, Any] = {}
    for ask in step.asks:
        if ask.type == "text_per_section":
            texts = {name: text for name, text in sent.under(f"{ask.name}.").items() if text}
            if texts:
                found[ask.name] = texts
            continue
        value = sent.get(ask.name)
        if value.strip():
            found[ask.name] = _number(value) if ask.type == "number" else value
    return found


def _number(value: str) -> Any:
    """A whole number; what is none is handed on as it is, to be told."""
    text = value.strip().replace("\u2212", "-")
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) <= 15 else value
