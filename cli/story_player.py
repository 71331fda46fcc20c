"""Plays a story file: every step through the engine, every mail through the outbox."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select, update

from base.clock import VirtualClock
from base.errors import BadInput, KeurmerkError
from base.i18n import N_
from base.ids import new_id
from cli.context import Parts
from cli.demo_pictures import picture
from cli.story_file import Act, StoryFile
from cli.story_links import mailed_link
from cli.story_surveys import respond, set_up
from cli.words import counted
from models.cases import Case
from models.database import reading, writing
from models.registry import (
    Contact,
    Grant,
    Label,
    Membership,
    Organisation,
    Person,
    Project,
    ProjectFounder,
    ProjectMember,
    ProjectSchool,
)
from notifications.delivery import deliver
from workflows.answers import add_file, add_link, save_answers
from workflows.bulk import start_each
from workflows.definition import Ask, FormField, Process, Step
from workflows.form import fields
from workflows.publishing import Published
from workflows.subjects import schools_of
from workflows.sweep import next_due, sweep

_person = Person.__table__  # type: ignore[attr-defined]
_organisation = Organisation.__table__  # type: ignore[attr-defined]
_project = Project.__table__  # type: ignore[attr-defined]
_case = Case.__table__  # type: ignore[attr-defined]
_member = Membership.__table__  # type: ignore[attr-defined]


class Player:
    """Acts as the people of a story, at its times."""

    def __init__(
        self, parts: Parts, clock: VirtualClock, story: StoryFile, look: Callable[[str], None]
    ) -> None:
        """Begin.

        Arguments:
            look: is called after every act with a line about it: shows what came of it.
        """
        self._parts, self._clock, self._story, self._look = parts, clock, story, look
        self._zone = ZoneInfo(story.zone)
        #: The names the story gives to its cases.
        self._cases: dict[str, str] = {}

    def play(self) -> None:
        """The whole story.

        Raises:
            BadInput: it names somebody or something that is not there.
        """
        for act in self._story.acts:
            self._play(act)
        self._deliver()

    def _play(self, act: Act) -> None:
        if act.chapter is not None:
            self._look(f"# {act.chapter}")
        elif act.until is not None:
            self._until(act.until)
        elif act.refused is not None:
            self._refused(act)
        else:
            self._do(act)
            self._look(_line(act))

    def _refused(self, act: Act) -> None:
        try:
            self._do(act)
        except KeurmerkError as error:
            self._look(f"! {act.refused}: {error.say()}")
            for problem in getattr(error, "problems", ()):
                self._look(f"!   {problem.say()}")
            return
        message = f"{act.refused} should have been refused"
        raise AssertionError(message)

    def _do(self, act: Act) -> None:
        engine, who = self._parts.engine, self._person(act.by)
        if act.start is not None:
            self._start(act, act.start, who)
            return
        if act.leaves is not None:
            self._leaves(act.leaves, act.on)
            return
        case_id = self._case(act.case)
        if act.fire is not None:
            step = self._published(self._process(case_id)).process.transitions[act.fire]
            link = mailed_link(self._parts, case_id, act.fire) if act.by_link else None
            engine.fire(case_id, act.fire, who, self._sent(step, act.sends), link=link)
        elif act.set_up is not None:
            set_up(self._parts, case_id, act.set_up)
        elif act.respond is not None:
            respond(self._parts, case_id, act.respond)
        elif act.undo:
            engine.undo(case_id, who)
        elif act.upload is not None:
            self._upload(case_id, act.upload, str(who))
        else:
            self._answer(case_id, act.answer, str(who))

    def _start(self, act: Act, way: str, who: str | None) -> None:
        process, engine = self._published(act.process).process, self._parts.engine
        payload = self._sent(process.starts[way], act.sends)
        at = {"organisation_id": self._id("organisation", act.at)} if act.at else {}
        if isinstance(act.about, list):
            ids = {self._id(process.subject, name): name for name in act.about}
            for one in start_each(
                engine, process.process, way, list(ids), actor_id=who, round_name=act.round,
                payload=payload, **at,
            ):  # fmt: skip
                if one.taken:
                    self._cases[ids[one.subject_id]] = one.taken.case["id"]
                elif one.error:
                    self._look(f"! {ids[one.subject_id]}: {one.error.say()}")
            return
        about = self._about(process, act.about)
        taken = engine.start(
            process.process, way, actor_id=who, round_name=act.round, payload=payload,
            **{**at, **about},
        )  # fmt: skip
        self._cases[act.named or way] = taken.case["id"]

    def _leaves(self, email: str, on: date | None) -> None:
        mine = _member.c.person_id == self._id("person", email)
        with writing(self._parts.database) as connection:
            connection.execute(update(_member).where(mine).values(last_day=on))

    def _until(self, when: datetime) -> None:
        goal = when.replace(tzinfo=self._zone).astimezone(UTC)
        while (due := next_due(self._parts.database)) is not None and due <= goal:
            self._clock.move_to(max(due, self._clock.now()))
            sweep(self._parts.engine)
            self._look("The clock")
        self._clock.move_to(goal)
        self._deliver()

    def _deliver(self) -> None:
        self._clock.advance(self._parts.engine.tools.grace)
        deliver(self._parts.post)

    def _answer(self, case_id: str, answers: dict[str, Any] | str | None, who: str) -> None:
        given = dict(answers) if isinstance(answers, dict) else {}
        if isinstance(answers, str):
            for key, _section, field in fields(self._published(self._process(case_id)).process):
                if field.type == "evidence":
                    self._evidence(case_id, key, field, who)
                else:
                    given[key] = _an_answer(field)
        tools = self._parts.engine.tools
        save_answers(self._parts.database, tools, case_id, given, who)

    def _evidence(self, case_id: str, key: str, field: FormField, who: str) -> None:
        if not field.required:
            return
        if "url" in field.kinds:
            tools = self._parts.engine.tools
            address = "https://school.example.org/bewijs"
            add_link(self._parts.database, tools, case_id, key, address, who)
        else:
            self._upload(case_id, key, who)

    def _upload(self, case_id: str, key: str, who: str) -> None:
        name = key.rpartition(".")[2]
        add_file(
            self._parts.database, self._parts.engine.tools, self._parts.files, case_id, key,
            f"{name}.jpg", picture(name), who,
        )  # fmt: skip

    def _process(self, case_id: str) -> str:
        with reading(self._parts.database) as connection:
            query = select(_case.c.process).where(_case.c.id == case_id)
            return str(connection.execute(query).scalar_one())

    def _published(self, process: str | None = None) -> Published:
        tools = self._parts.engine.tools
        with reading(self._parts.database) as connection:
            day = self._clock.now().date()
            return tools.library.in_force(connection, process or self._story.story, day)

    def _sent(self, step: Step, sends: dict[str, Any]) -> dict[str, Any]:
        """What is sent along; schools, projects and ``{case: NAME}`` as their ids."""
        asks = {ask.name: ask for ask in step.asks}
        return {name: self._value(asks.get(name), value) for name, value in sends.items()}

    def _value(self, ask: Ask | None, value: Any) -> Any:
        if ask is not None and ask.type in ("organisation", "project"):
            return self._id(ask.type, str(value))
        if isinstance(value, dict) and set(value) == {"case"}:
            return self._case(value["case"])
        return value

    def _about(self, process: Process, name: str | None) -> dict[str, str]:
        if name is None:
            return {}
        return {f"{process.subject}_id": self._id(process.subject, name)}

    def _person(self, email: str | None) -> str | None:
        return self._id("person", email) if email else None

    def _id(self, kind: str, name: str) -> str:
        with reading(self._parts.database) as connection:
            return found(connection, kind, name)

    def _case(self, name: str | None) -> str:
        if name in self._cases:
            return self._cases[name]
        # Not opened by the story itself: by a screening, say. The newest of its school or project.
        about = [
            select(_case.c.id).join(_organisation, _organisation.c.id == _case.c.organisation_id)
            .where(_organisation.c.name == name),
            select(_case.c.id).join(_project, _project.c.id == _case.c.project_id)
            .where(_project.c.title == name),
            select(_case.c.id).join(_person, _person.c.id == _case.c.person_id)
            .where(_person.c.email == name),
        ]  # fmt: skip
        with reading(self._parts.database) as connection:
            for query in about:
                newest = query.where(_case.c.process == self._story.story)
                newest = newest.order_by(_case.c.id.desc()).limit(1)
                case_id = connection.execute(newest).scalar()
                if case_id:
                    return str(case_id)
        raise BadInput(N_("The story has no case {name}."), name=str(name))


def found(connection: Connection, kind: str, name: str) -> str:
    """The id of a person (by mail address), a school or a project (by name).

    Raises:
        BadInput: there is none.
    """
    columns = {
        "person": _person.c.email, "organisation": _organisation.c.name,
        "project": _project.c.title,
    }  # fmt: skip
    column = columns[kind]
    id_ = connection.execute(select(column.table.c.id).where(column == name)).scalar()
    if id_ is None:
        raise BadInput(N_("The story has nobody and nothing called {name}."), name=name)
    return str(id_)


def add_people(parts: Parts, story: StoryFile) -> None:
    """Write the schools, people, rights, contacts and projects a story adds to the demo's."""
    with writing(parts.database) as connection:
        for school in story.schools:
            _add(connection, Organisation(**school.model_dump(), validated=True))
        for one in story.people:
            values = one.model_dump(exclude={"school", "role", "since", "created_on"})
            created = datetime.combine(one.created_on, time(12), UTC) if one.created_on else None
            person = _add(connection, Person(**values, created_at=created))
            if one.school:
                here = found(connection, "organisation", one.school)
                _add(
                    connection,
                    Membership(
                        organisation_id=here, person_id=person, role=one.role, first_day=one.since
                    ),
                )
        for right in story.rights:
            holder = found(connection, "person", right.email)
            first_day = story.begins.date()
            _add(
                connection,
                Grant(person_id=holder, right=right.right, scope=right.scope, first_day=first_day),
            )
        for pair in story.contacts:
            first, second = (found(connection, "person", email) for email in pair)
            for person, contact in ((first, second), (second, first)):
                connection.execute(
                    Contact.__table__.insert(),  # type: ignore[attr-defined]
                    {"person_id": person, "contact_id": contact},
                )
        for project in story.projects:
            _add_project(connection, story, project)


def _add_project(connection: Connection, story: StoryFile, project: Any) -> None:
    row = Project(title=project.title, registered_on=project.registered_on)
    project_id = _add(connection, row)
    people = {
        email: found(connection, "person", email)
        for email in [*project.founders, *project.members, *(one.email for one in project.labels)]
    }
    schools = schools_of(connection, list(people.values()), story.begins.date())
    for email in project.founders:
        person = people[email]
        founder = ProjectFounder(
            project_id=project_id, country=schools[person]["country"], person_id=person
        )
        _add(connection, founder)
    for person in people.values():
        here = schools[person]["id"]
        _add(
            connection,
            ProjectMember(project_id=project_id, person_id=person, organisation_id=here),
        )
    for school in {schools[person]["id"] for person in people.values()}:
        _add(connection, ProjectSchool(project_id=project_id, organisation_id=school))
    for label in project.labels:
        person = people[label.email]
        _add(
            connection,
            Label(
                kind=label.kind, granted_on=label.granted_on, score=label.score,
                project_id=project_id, person_id=person,
                school_at_grant_id=schools[person]["id"],
            ),
        )  # fmt: skip


def _add(connection: Connection, row: Any) -> str:
    values = row.model_dump()
    values["id"] = values.get("id") or new_id()
    connection.execute(row.__table__.insert(), values)
    return str(values["id"])


def _an_answer(field: FormField) -> str | None:
    if field.type == "yes_no":
        return field.must_be or "yes"
    if field.type == "choice":
        return next(iter(field.choices))
    return f"{field.title.get('en', field.name)}." if field.required else None


def _line(act: Act) -> str:
    who = act.by.split("@", maxsplit=1)[0] if act.by else "the platform"
    what = act.start or act.fire or ("undo" if act.undo else "")
    if act.leaves:
        return f"{act.leaves.split('@', maxsplit=1)[0]} leaves the school on {act.on}"
    if act.answer is not None:
        count = len(act.answer) if isinstance(act.answer, dict) else 0
        what = f"saves {count} answers" if count else "answers everything the form asks for"
    if act.set_up is not None:
        what = "sets the exercise up"
    if act.respond is not None:
        who = act.respond.company or act.respond.group
        times = act.respond.times
        what = f"{counted(times, 'questionnaire')} {'is' if times == 1 else 'are'} filled in"
    if act.upload:
        what = f"adds a file to {act.upload}"
    return f"{who}: {what}"
