"""What a step asks for as the fields of a page, and what was filled in as the step's payload.

The names of the fields are those of the asks; a text per section is ``ask.section``. A school or
project is found by its name: a search beside the field, and a choice among what was found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection

from base.errors import BadInput, KeurmerkError, NotMet
from base.i18n import N_, say, translate
from documents.words import area_name, areas
from web.opportunities import known_projects, name_of_id, search
from web.pages.sending import Sent
from workflows.asks import is_asked
from workflows.definition import Ask, Process, Step
from workflows.form import sections
from workflows.preview import YES_NO
from workflows.publishing import Published

#: The button that searches: its value is the name of the field.
SEARCH = "search"
#: A text of at most so many characters is a line, a longer one a box.
LINE = 200
_NUMBER = re.compile(r"-?[0-9]{1,18}")
_HINTS = {
    "person": N_("The mail address of somebody who has an account here."),
    "email": N_("A mail address, such as name@example.org"),
}


#: By ask the areas where it is asked, of what is not asked everywhere.
AskedIn = Mapping[str, Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of a page."""

    #: Its name and id.
    name: str
    type: str
    title: str
    required: bool
    value: str = ""
    hint: str = ""
    error: str = ""
    #: Characters, of a text.
    most: int | None = None
    must_be: str | None = None
    #: What can be chosen: title by value.
    choices: Mapping[str, str] = field(default_factory=dict)
    #: What was searched for, and whether that was tried.
    words: str = ""
    searched: bool = False

    @property
    def is_long(self) -> bool:
        """Whether a text gets a box of several lines."""
        return self.most is not None and self.most > LINE


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The fields of one ask: several under one heading where it is asked per section."""

    name: str
    title: str
    required: bool
    per_section: bool
    fields: Sequence[Field]
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class Asking:
    """Who is asked, in which language, and among what she may look for names."""

    person_id: str
    language: str
    #: Whether she may look among all projects, not only her own.
    everywhere: bool


def asked_of(
    connection: Connection, process: Process, step: Step, who: Asking, sent: Sent,
    errors: Mapping[str, str], only_in: AskedIn = MappingProxyType({}),
) -> list[Asked]:  # fmt: skip
    """What a step asks for, filled with what was typed so far.

    Arguments:
        errors: what is wrong, by field.
        only_in: what is not asked everywhere; what is asked nowhere is left out.
    """
    found = []
    for ask in step.asks:
        there = only_in.get(ask.name)
        if there is not None and not there:
            continue
        title, per_section = say(ask.title, who.language), ask.type == "text_per_section"
        if per_section:
            fields = list(_per_section(process, ask, who.language, sent, errors))
        else:
            one = _field(connection, ask, title, who, sent, errors.get(ask.name, ""))
            fields = [replace(one, hint=_where(there, who.language)) if there else one]
        found.append(
            Asked(
                name=ask.name, title=title, required=ask.required, per_section=per_section,
                fields=fields, error=errors.get(ask.name, ""),
            )
        )  # fmt: skip
    return found


def _where(there: Sequence[str], language: str) -> str:
    names = ", ".join(sorted(area_name(area, language) for area in there))
    return translate(N_("Only for {areas}. Leave it empty elsewhere."), language, areas=names)


def asked_in(published: Published, round_name: str | None, step: Step, area: str) -> AskedIn:
    """Where that is asked which a step asks in some areas only.

    Arguments:
        area: that of the case, where it is known already; else every area is looked at.
    """
    found: dict[str, list[str]] = {}
    for ask in step.asks:
        if ask.only_if:
            there = {
                one: is_asked(ask, published.values(round_name, one))
                for one in ([area] if area else areas())
            }
            if not all(there.values()):
                found[ask.name] = [one for one, asked in there.items() if asked]
    return found


def _per_section(
    process: Process, ask: Ask, language: str, sent: Sent, errors: Mapping[str, str]
) -> Iterator[Field]:
    for section in sections(process):
        name = f"{ask.name}.{section.section}"
        # Which of them are written is free, even where one of them must be.
        yield Field(
            name=name, type="text", title=f"{section.step}. {say(section.title, language)}",
            required=True, value=sent.get(name), error=errors.get(name, ""),
            most=ask.max_characters,
        )  # fmt: skip


def _field(
    connection: Connection, ask: Ask, title: str, who: Asking, sent: Sent, error: str
) -> Field:
    value, words = sent.get(ask.name), sent.get(f"{ask.name}-words")
    return Field(
        name=ask.name, type=ask.type, title=title, required=ask.required, value=value, error=error,
        hint=translate(_HINTS[ask.type], who.language) if ask.type in _HINTS else "",
        most=ask.max_characters if ask.type == "text" else None, must_be=ask.must_be,
        choices=_choices(connection, ask, who, value, words), words=words, searched=bool(words),
    )  # fmt: skip


def _choices(
    connection: Connection, ask: Ask, who: Asking, value: str, words: str
) -> dict[str, str]:
    if ask.type == "yes_no":
        return {key: translate(name, who.language) for key, name in YES_NO.items()}
    if ask.type == "area":
        names = {area: area_name(area, who.language) for area in areas()}
        return dict(sorted(names.items(), key=lambda one: one[1]))
    if ask.type not in ("organisation", "project"):
        return {name: say(texts, who.language) for name, texts in ask.choices.items()}
    if ask.type == "project" and not words:
        found = known_projects(connection, who.person_id)
    else:
        found = search(connection, ask.type, words, who.person_id, everywhere=who.everywhere)
    named = name_of_id(connection, ask.type, value[:36]) if value and value not in found else None
    return {value: named, **found} if named else found


def payload_of(process: Process, step: Step, sent: Sent) -> dict[str, Any]:
    """What was filled in, as the engine takes it; what was left empty is left out."""
    payload: dict[str, Any] = {}
    for ask in step.asks:
        if ask.type == "text_per_section":
            texts = {
                one.section: sent.get(f"{ask.name}.{one.section}") for one in sections(process)
            }
            if written := {name: text for name, text in texts.items() if text.strip()}:
                payload[ask.name] = written
        elif (value := sent.get(ask.name)).strip():
            payload[ask.name] = _number(value) if ask.type == "number" else value
    return payload


def _number(value: str) -> Any:
    """A whole number; what is none is handed on as it is, to be told."""
    text = value.strip().replace("\u2212", "-")
    return int(text) if _NUMBER.fullmatch(text) else value


def errors_of(error: KeurmerkError, language: str) -> dict[str, str]:
    """The sentences of an error by the field each is about; the error's own where it names none."""
    if not (isinstance(error, BadInput | NotMet) and error.problems):
        return {"": error.say(language)}
    found: dict[str, str] = {}
    for one in error.problems:
        place = one.where
        if place.startswith("mails."):  # mails.0.subject is the field mail-0-subject
            place = place.replace("mails.", "mail-", 1).replace(".", "-")
        found.setdefault(place, one.say(language))
    return found
