"""The form of a case as the pages show it to those who fill it in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from base.errors import NotAllowed, NotPossible, Refused
from base.i18n import N_, say
from models.database import reading
from web.api.shapes import Name
from web.context import Context
from web.scope import scope_of, visible_case
from web.signing_in import Someone
from web.standing import submitting, what_for
from workflows import foresight
from workflows.actors import acts_as
from workflows.answers import MEGABYTE, may_edit
from workflows.answers_store import answers_of, evidence_of
from workflows.definition import Process
from workflows.form_definition import FormField, Section
from workflows.overtaken import UNANSWERED, versions_of
from workflows.preview import Preview, preview
from workflows.subjects import name_of
from workflows.titles import add_titles

#: Kinds of file that a browser shows by itself as a picture.
PICTURES = ("image/jpeg", "image/png")


@dataclass(frozen=True, kw_only=True)
class FieldFilled:
    """One field with what was answered."""

    key: str
    field: FormField
    title: str
    hint: str
    value: str
    version: str
    evidence: Sequence[Mapping[str, Any]]
    most: int
    missing: str
    choices: Mapping[str, str]

    @property
    def most_bytes(self) -> int:
        """How large a file may be."""
        return self.field.max_megabytes * MEGABYTE

    @property
    def room(self) -> bool:
        """Whether another link or file fits."""
        return len(self.evidence) < self.field.at_most


@dataclass(frozen=True, kw_only=True)
class SectionFilled:
    """One section."""

    section: str
    step: int
    title: str
    text: str
    document: str
    fields: Sequence[FieldFilled]
    missing: int


@dataclass(frozen=True, kw_only=True)
class Fill:
    """The form of a case, for somebody who fills it in."""

    case_id: str
    name: str
    what: str
    state: str
    version: int
    zone: str
    language: str
    process: Process
    sections: Sequence[SectionFilled]
    preview: Preview
    #: The steps that send it in, as far as she may take them now.
    submits: Sequence[Name]

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing."""
        return self.preview.is_complete


def filled(context: Context, reader: Someone, case_id: str, language: str) -> Fill:
    """The form of a case for its reader.

    Raises:
        NotFound: there is no such case for her.
        NotAllowed: she does not fill it in.
        NotPossible: it is not filled in now.
    """
    tools = context.tools
    with reading(context.database) as connection:
        scope = scope_of(connection, reader.id, tools.clock)
        case = visible_case(connection, scope, case_id)
        process = tools.library.release(connection, case["release_id"]).process
        if not may_edit(connection, tools, case, reader.id):
            raise _closed(connection, context, process, case, reader)
        add_titles(connection, lambda _case: process, [case])
        answers = answers_of(connection, case_id)
        versions = versions_of(connection, case_id)
        rows: dict[str, list[Any]] = {}
        for row in evidence_of(connection, case_id):
            rows.setdefault(row["field"], []).append(row)
        possible = foresight.possible(connection, context.tools, case, reader.id)
        what = what_for(connection, context, case, language)
    shown = preview(process, answers, rows, language)
    lacking = {one.key: one.missing for part in shown.sections for one in part.fields}
    form = process.form
    return Fill(
        case_id=case_id, name=name_of(case), what=what, zone=case["zone"], language=language,
        state=say(process.states[case["state"]].to_school, language), version=case["version"],
        process=process, preview=shown,
        sections=[
            _section(section, form.max_characters, answers, versions, rows, lacking, language)
            for section in sorted(form.sections, key=lambda one: one.step)
        ]
        if form
        else [],
        submits=[
            Name(name=name, title=say(process.transitions[name].title, language))
            for name in possible
            if name in submitting(process)
        ],
    )  # fmt: skip


def _closed(
    connection: Connection, context: Context, process: Process, case: Mapping[str, Any],
    reader: Someone,
) -> Refused:  # fmt: skip
    form, now = process.form, context.tools.clock.now()
    hers = form and acts_as(connection, process, form.edited_by, case, reader.id, now)
    kind = NotPossible if hers else NotAllowed
    return kind(
        N_("You cannot fill in this form now: the application is “{state}”."),
        state=process.states[case["state"]].to_school,
    )


def _section(
    section: Section, most: int, answers: Mapping[str, Any], versions: Mapping[str, str],
    rows: Mapping[str, Sequence[Any]], lacking: Mapping[str, str], language: str,
) -> SectionFilled:  # fmt: skip
    fields = []
    for one in section.fields:
        key = f"{section.section}.{one.name}"
        fields.append(
            FieldFilled(
                key=key, field=one, title=say(one.title, language),
                hint=say(one.hint or {}, language), value=answers.get(key) or "",
                version=versions.get(key, UNANSWERED), evidence=rows.get(key, ()),
                most=one.max_characters or most, missing=lacking[key],
                choices={name: say(words, language) for name, words in one.choices.items()},
            )
        )  # fmt: skip
    return SectionFilled(
        section=section.section, step=section.step, title=say(section.title, language),
        text=say(section.text or {}, language), document=section.document or "", fields=fields,
        missing=sum(bool(one.missing) for one in fields),
    )  # fmt: skip
