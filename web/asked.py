"""What a step asks for, as the fields of a form on a page, and back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request

from base.errors import BadInput, KeurmerkError, NotMet
from base.i18n import N_, say, translate
from web.api.sent import UNKEEPABLE, can_be_kept
from workflows.definition import Ask, Process, Step
from workflows.preview import YES_NO
from workflows.rehearsal import Draft

#: An answer of so many characters gets a box of several lines.
LONG = 200
#: Input types a browser has for what an ask takes.
_TYPES = {"date": "date", "email": "email", "person": "email"}
_HINTS = {
    "person": N_("The mail address of somebody who has an account here."),
    "area": N_("A country or region, such as BE-VLG."),
    "organisation": N_("Its id."),
    "project": N_("Its id."),
}


@dataclass(frozen=True, kw_only=True)
class Box:
    """One field of the form."""

    #: Name and id of the field: ``feedback.esafety``.
    id: str
    #: input, area or radios.
    kind: str
    type: str
    title: str
    hint: str
    required: bool
    choices: Mapping[str, str]
    most: int | None
    value: str
    error: str


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The fields of one ask: several under one heading where it is asked per section."""

    title: str
    required: bool
    boxes: Sequence[Box]
    #: Whether it is a group of boxes.
    per_section: bool
    error: str


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A mail of a step that can be put in other words."""

    #: Its fields are called ``mail-0-subject`` and so on.
    number: int
    draft: Draft
    subject: str
    text: str
    #: Tells whether the words are still those that were shown.
    print: str


async def _sent(request: Request) -> dict[str, list[str]]:
    """The fields of a form that was sent, each with its values.

    Raises:
        BadInput: there is a character in it that cannot be kept.
    """
    found: dict[str, list[str]] = {}
    async with request.form(max_files=0, max_fields=1000) as form:
        for name, value in form.multi_items():
            if not isinstance(value, str) or not (can_be_kept(name) and can_be_kept(value)):
                raise BadInput(UNKEEPABLE)
            found.setdefault(name, []).append(value)
    return found


#: For a route's parameters: the fields of a form, each with its values.
Sent = Annotated[dict[str, list[str]], Depends(_sent)]


def first(sent: Mapping[str, Sequence[str]], name: str, otherwise: str = "") -> str:
    """The first value of a field."""
    return sent[name][0] if sent.get(name) else otherwise


def payload_of(process: Process, step: Step, sent: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """What a form says, as the engine takes it."""
    payload: dict[str, Any] = {}
    for ask in step.asks:
        if ask.type == "text_per_section":
            sections = process.form.sections if process.form else []
            texts = {one.section: first(sent, f"{ask.name}.{one.section}") for one in sections}
            if written := {name: text for name, text in texts.items() if text.strip()}:
                payload[ask.name] = written
        elif (value := first(sent, ask.name)).strip():
            number = value.strip()
            is_number = ask.type == "number" and number.lstrip("-").isascii()
            payload[ask.name] = int(number) if is_number and number.lstrip("-").isdigit() else value
    return payload


def boxes(
    process: Process, step: Step, sent: Mapping[str, Sequence[str]], errors: Mapping[str, str],
    language: str,
) -> list[Asked]:  # fmt: skip
    """The fields of a step's form, filled with what was typed.

    Arguments:
        errors: sentences by the place they are about.
    """
    found = []
    for ask in step.asks:
        if ask.type == "text_per_section":
            inner = [
                _box(
                    ask, f"{ask.name}.{one.section}", f"{one.step}. {say(one.title, language)}",
                    sent, errors, language, required=False,
                )
                for one in (process.form.sections if process.form else [])
            ]  # fmt: skip
        else:
            title = say(ask.title, language)
            inner = [_box(ask, ask.name, title, sent, errors, language, required=ask.required)]
        found.append(
            Asked(
                title=say(ask.title, language), required=ask.required, boxes=inner,
                per_section=ask.type == "text_per_section", error=errors.get(ask.name, ""),
            )
        )  # fmt: skip
    return found


def _box(
    ask: Ask, id_: str, title: str, sent: Mapping[str, Sequence[str]], errors: Mapping[str, str],
    language: str, *, required: bool,
) -> Box:  # fmt: skip
    kind, choices = "input", dict[str, str]()
    if ask.type in ("text", "text_per_section"):
        kind = "area" if ask.max_characters > LONG else "input"
    elif ask.type == "yes_no":
        kind = "radios"
        choices = {key: translate(word, language) for key, word in YES_NO.items()}
    elif ask.type == "choice":
        kind = "radios"
        choices = {key: say(text, language) for key, text in ask.choices.items()}
    hint = translate(_HINTS[ask.type], language) if ask.type in _HINTS else ""
    return Box(
        id=id_, kind=kind, type=_TYPES.get(ask.type, "text"), title=title, hint=hint,
        required=required, choices=choices,
        most=ask.max_characters if kind != "radios" and "text" in ask.type else None,
        value=first(sent, id_), error=errors.get(id_, ""),
    )  # fmt: skip


def letters(drafts: Sequence[Draft], sent: Mapping[str, Sequence[str]]) -> list[Letter]:
    """The mails of a step as they can be edited: with what was typed, if something was."""
    found = []
    for number, draft in enumerate(drafts):
        name = f"mail-{number}"
        same = first(sent, f"{name}-key") == _key(draft)
        subject, text = (
            (first(sent, f"{name}-{part}", value) if same else value)
            for part, value in (("subject", draft.subject), ("text", draft.text))
        )
        found.append(
            Letter(
                number=number, draft=draft, subject=subject, text=text,
                print=_print(draft.subject, draft.text),
            )
        )  # fmt: skip
    return found


def edits_of(sent: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """The mails that were put in other words; those left as they were shown are not among them."""
    found, number = [], 0
    while f"mail-{number}-key" in sent:
        name = f"mail-{number}"
        template, _, language = first(sent, f"{name}-key").partition(".")
        subject, text = (first(sent, f"{name}-{part}") for part in ("subject", "text"))
        if _print(subject, text) != first(sent, f"{name}-print"):
            found.append(
                {"template": template, "language": language, "subject": subject, "text": text}
            )
        number += 1
    return found


def _key(draft: Draft) -> str:
    return f"{draft.template}.{draft.language}"


def _print(subject: str, text: str) -> str:
    """A fingerprint of words, whatever a browser makes of the ends of their lines."""
    lines = [line.rstrip() for line in text.strip().splitlines()]
    plain = "\n".join([" ".join(subject.split()), *lines])
    return hashlib.sha256(plain.encode()).hexdigest()[:16]


def errors_of(error: KeurmerkError, language: str) -> dict[str, str]:
    """The sentences of an error by the place each is about; the error's own where it names none."""
    if isinstance(error, BadInput | NotMet) and error.problems:
        found: dict[str, str] = {}
        for one in error.problems:
            # mails.0.subject is the field mail-0-subject.
            place = one.where.replace("mails.", "mail-", 1).replace(".", "-") if (
                one.where.startswith("mails.")
            ) else one.where  # fmt: skip
            found.setdefault(place, one.say(language))
        return found
    return {"": error.say(language)}
