"""The documents of a case, filled from the case: declaration, application, certificate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from base.days import local_day, zone_of
from base.errors import NotFound
from base.i18n import N_
from documents.application import AnswerLine, Application, EvidenceLine, SectionLines
from documents.application import render_application as _render_application
from documents.certificate import Certificate, render_certificate
from documents.declaration import Declaration, render_declaration
from models.cases import Case
from models.registry import Organisation, Person, Project
from workflows.awarded import awarded_label
from workflows.form_definition import FormField
from workflows.publishing import Published
from workflows.sent_form import FormAt, form_as_it_stands, last_sent_at
from workflows.tools import Tools

_case = Case.__table__  # type: ignore[attr-defined]
_organisation = Organisation.__table__  # type: ignore[attr-defined]
_person = Person.__table__  # type: ignore[attr-defined]
_project = Project.__table__  # type: ignore[attr-defined]

Row = Mapping[str, Any]


def declaration(connection: Connection, tools: Tools, case: Row, language: str) -> bytes:
    """The declaration of honour of a case, to be signed by the principal, as PDF.

    Raises:
        NotFound: the case's form asks for none, or it has no school.
    """
    published = tools.library.release(connection, case["release_id"])
    form = published.process.form
    step = next((one for one in form.sections if one.document), None) if form else None
    school = _named(connection, case)
    if step is None or not school["school"]:
        raise NotFound(N_("This application needs no declaration."))
    return render_declaration(
        Declaration(
            school=school["school"], place=school["place"], area=case["area"],
            label=published.process.title, round=_round_title(published, case),
            reference=case["id"], made_on=_today(tools, case), step=step.title,
        ),
        language,
    )  # fmt: skip


def application(
    connection: Connection, tools: Tools, case: Row, language: str, form: FormAt | None = None
) -> bytes:
    """The application with every answer and piece of evidence, as PDF.

    Arguments:
        form: its form; as it stands now if none is given.

    Raises:
        NotFound: the process has no form.
    """
    published = tools.library.release(connection, case["release_id"])
    if published.process.form is None:
        raise NotFound(N_("This process has no form."))
    form = form or form_as_it_stands(connection, case["id"])
    sections = [
        SectionLines(
            title=section.title, step=section.step, text=section.text or "",
            answers=[
                _answer(wanted, f"{section.section}.{wanted.name}", form)
                for wanted in section.fields
            ],
        )
        for section in published.process.form.sections
    ]  # fmt: skip
    return _render_application(
        Application(
            **_named(connection, case), area=case["area"],
            label=published.process.title, round=_round_title(published, case),
            reference=case["id"], state=published.process.states[case["state"]].to_school,
            submitted_at=last_sent_at(connection, published.process, case["id"]),
            as_of=tools.clock.now(), zone=ZoneInfo(case["zone"]), sections=sections,
        ),
        language,
    )  # fmt: skip


def certificate(connection: Connection, tools: Tools, label_id: str, language: str) -> bytes:
    """The certificate of a label that was awarded here, as PDF.

    Raises:
        NotFound: there is no such label.
    """
    row = awarded_label(connection, label_id)
    published = tools.library.release(connection, row["release_id"])
    return render_certificate(
        Certificate(
            number=row["id"], school=row["school"] or "", place=row["place"] or "",
            area=row["area"] or "", person=row["person"] or "", project=row["project"] or "",
            label=published.process.title, round=_round_title(published, row),
            granted_on=row["granted_on"], valid_from=row["valid_from"],
            valid_until=row["valid_until"], verify_url=f"{tools.public_url}/labels/{row['id']}",
        ),
        language,
    )  # fmt: skip


def _answer(wanted: FormField, key: str, form: FormAt) -> AnswerLine:
    if wanted.type == "evidence":
        lines = [
            EvidenceLine(
                name=row["file_name"] or row["url"], url=row["url"] or "",
                sha256=row["sha256"] or "", size=row["size"], added_at=row["added_at"],
            )
            for row in form.evidence
            if row["field"] == key
        ]  # fmt: skip
        return AnswerLine(title=wanted.title, evidence=lines)
    value = form.answers.get(key)
    if wanted.type == "yes_no" and value is not None:
        value = value == "yes"
    return AnswerLine(title=wanted.title, value=value)


def _named(connection: Connection, case: Row) -> dict[str, str]:
    """``school`` with its ``place``, ``person`` and ``project`` of a case, empty without one."""
    query = (
        select(
            _organisation.c.name.label("school"), _organisation.c.place,
            _person.c.name.label("person"), _project.c.title.label("project"),
        )
        .select_from(_case)
        .outerjoin(_organisation, _organisation.c.id == _case.c.organisation_id)
        .outerjoin(_person, _person.c.id == _case.c.person_id)
        .outerjoin(_project, _project.c.id == _case.c.project_id)
        .where(_case.c.id == case["id"])
    )  # fmt: skip
    row = connection.execute(query).mappings().one()
    return {name: value or "" for name, value in row.items()}


def _round_title(published: Published, case: Row) -> Any:
    if not case["round"] or not published.process.round:
        return ""
    return published.round_title(case["round"])


def _today(tools: Tools, case: Row) -> Any:
    return local_day(tools.clock.now(), ZoneInfo(case.get("zone") or zone_of(case["area"]).key))
