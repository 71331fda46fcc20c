"""What made-up people send along with a step, and write into a form: mostly as it should be."""

from __future__ import annotations

import io
from datetime import date, timedelta
from functools import lru_cache
from random import Random
from typing import Any

from PIL import Image
from pypdf import PdfWriter
from sqlalchemy import Connection, select

from base.errors import KeurmerkError
from documents.store import FileStore
from models.registry import Contact, Person, ProjectMember
from registry.rights import rights
from workflows.answers import add_file, add_link, save_answers
from workflows.asks import is_asked
from workflows.definition import Ask, Process, Step
from workflows.engine import Engine
from workflows.form import fields
from workflows.form_definition import FormField
from workflows.simulation.season import Season
from workflows.simulation.town import Town

#: How often somebody answers what she need not, says yes where both are possible, takes the first
#: of several choices, and forgets something in her form the first time.
ANSWERS, YES, FIRST, FORGETS = 0.5, 0.8, 0.6, 0.15
#: A number that has no greatest is so much above its least at most.
NUMBERS = 5
LINK = "https://school.example.org/evidence"

_person = Person.__table__  # type: ignore[attr-defined]
_part = ProjectMember.__table__  # type: ignore[attr-defined]
_contact = Contact.__table__  # type: ignore[attr-defined]


class Sender:
    """Makes up what people send and write, in one round."""

    def __init__(self, engine: Engine, files: FileStore, season: Season, town: Town) -> None:
        self._engine, self._files, self._season, self._town = engine, files, season, town

    def payload(
        self, connection: Connection, process: Process, step: Step, actor_id: str, random: Random
    ) -> dict[str, Any]:
        """What one person sends along with a step."""
        found: dict[str, Any] = {}
        day = self._engine.tools.clock.now().astimezone(self._season.zone).date()
        for ask in step.asks:
            if not is_asked(ask, self._season.values):
                continue
            if not ask.required and random.random() >= ANSWERS:
                continue
            value = self._given(connection, process, ask, actor_id, day, random)
            if value is not None:
                found[ask.name] = value
            if ask.type == "date":
                # A second day comes after the first.
                day = date.fromisoformat(str(value)) + timedelta(days=30)
        return found

    def _given(
        self, connection: Connection, process: Process, ask: Ask, actor_id: str, day: date,
        random: Random,
    ) -> Any:  # fmt: skip
        if ask.type == "person":
            return self._contact(connection, actor_id, random)
        if ask.type in self._town.subjects:
            known = self._own(connection, ask.type, actor_id) or self._town.subjects[ask.type]
            return random.choice(known or [""])
        if ask.type == "number":
            least = ask.least or 0
            return random.randint(least, least + NUMBERS if ask.most is None else ask.most)
        if ask.type == "text_per_section":
            sections = [one.section for one in process.form.sections] if process.form else []
            return {random.choice(sections): "Made up by a simulation."} if sections else None
        simple = {
            "text": f"{random.randint(1, 10**6)} made up"[: ask.max_characters],
            "date": (day + timedelta(days=random.randint(0, 150))).isoformat(),
            "email": f"office{random.randint(1, 10**9)}@example.org",
            "yes_no": ask.must_be or ("yes" if random.random() < YES else "no"),
            "choice": _choice(list(ask.choices), random),
            "area": self._season.area,
            "right": next(iter(rights()), None),
        }
        return simple[ask.type]

    def _own(self, connection: Connection, kind: str, actor_id: str) -> list[str]:
        """The projects in which somebody takes part."""
        query = select(_part.c.project_id).where(_part.c.person_id == actor_id)
        rows = connection.execute(query.order_by(_part.c.project_id)) if kind == "project" else ()
        return [row.project_id for row in rows]

    def _contact(self, connection: Connection, actor_id: str, random: Random) -> str:
        """The mail address of somebody she knows, else of somebody."""
        query = (
            select(_person.c.email).join(_contact, _contact.c.contact_id == _person.c.id)
            .where(_contact.c.person_id == actor_id).order_by(_person.c.id)
        )  # fmt: skip
        known = list(connection.execute(query).scalars())
        if not known:
            other = random.choice(self._town.teachers)
            known = [str(connection.execute(
                select(_person.c.email).where(_person.c.id == other)
            ).scalar_one())]  # fmt: skip
        return str(random.choice(known))

    def fill_in(
        self, process: Process, case_id: str, actor_id: str, random: Random, *, first: bool
    ) -> None:
        """Answer what the form has to have; the first time something is forgotten now and then."""
        wanted = [(key, field) for key, _section, field in fields(process) if _needed(field)]
        if first and wanted and random.random() < FORGETS:
            wanted.remove(random.choice(wanted))
        answers = {key: _answer(field, random) for key, field in wanted if _answer(field, random)}
        save_answers(self._engine.database, self._engine.tools, case_id, answers, actor_id)
        for key, field in wanted:
            if field.type == "evidence":
                self._add_evidence(case_id, key, field, actor_id)

    def _add_evidence(self, case_id: str, key: str, field: FormField, actor_id: str) -> None:
        database, tools = self._engine.database, self._engine.tools
        try:
            if "url" in field.kinds:
                add_link(database, tools, case_id, key, LINK, actor_id)
            elif file := _file(tuple(field.accept)):
                add_file(database, tools, self._files, case_id, key, *file, actor_id)
        except KeurmerkError:
            return  # it has as much as it takes already


def _choice(choices: list[str], random: Random) -> str | None:
    if not choices:
        return None
    return choices[0] if random.random() < FIRST else random.choice(choices)


def _needed(field: FormField) -> bool:
    return field.required or field.must_be is not None


def _answer(field: FormField, random: Random) -> str | None:
    if field.type == "yes_no":
        return field.must_be or ("yes" if random.random() < YES else "no")
    if field.type == "choice":
        return _choice(list(field.choices), random)
    return "Made up."[: field.max_characters or None] if field.type == "text" else None


@lru_cache(maxsize=8)
def _file(accept: tuple[str, ...]) -> tuple[str, bytes] | None:
    """A small file of a kind that a field takes; None where none can be made up."""
    content = io.BytesIO()
    if "pdf" in accept or not accept:
        writer = PdfWriter()
        writer.add_blank_page(width=72, height=72)
        writer.write(content)
        return "evidence.pdf", content.getvalue()
    if {"jpg", "png"} & set(accept):
        Image.new("RGB", (8, 8), "#e8eef4").save(content, "PNG" if "png" in accept else "JPEG")
        return f"evidence.{'png' if 'png' in accept else 'jpg'}", content.getvalue()
    return None
