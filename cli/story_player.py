"""Plays a story file: every step through the engine, every mail through the outbox."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from base.clock import VirtualClock
from base.errors import BadInput, KeurmerkError
from base.i18n import FALLBACK, N_, say, translate
from cli.context import Parts
from cli.demo_pictures import picture
from cli.story_digisnap import link_list, order_report, send_scans
from cli.story_file import Act, StoryFile
from cli.story_links import mailed_link
from cli.story_people import found
from cli.story_surveys import group_title, respond, set_up
from cli.words import answers_saved, counted_in, told
from models.cases import Case
from models.database import reading, writing
from models.registry import Membership, Organisation, Person, Project
from notifications.delivery import deliver
from workflows.answers import add_file, add_link, save_answers
from workflows.answers_store import answers_of
from workflows.bulk import start_each
from workflows.definition import Ask, Process, Step
from workflows.foresight import consequences
from workflows.form import fields
from workflows.form_definition import FormField
from workflows.publishing import Published
from workflows.sweep import next_due, sweep

_person = Person.__table__  # type: ignore[attr-defined]
_organisation = Organisation.__table__  # type: ignore[attr-defined]
_project = Project.__table__  # type: ignore[attr-defined]
_case = Case.__table__  # type: ignore[attr-defined]
_member = Membership.__table__  # type: ignore[attr-defined]


_QUESTIONNAIRES = N_("one questionnaire filled in"), N_("{number} questionnaires filled in")


class Player:
    """Acts as the people of a story, at its times."""

    def __init__(
        self, parts: Parts, clock: VirtualClock, story: StoryFile, look: Callable[[str], None],
        language: str = FALLBACK,
    ) -> None:  # fmt: skip
        """Begin.

        Arguments:
            look: is called after every act with a line about it: shows what came of it.
            language: of those lines.
        """
        self._parts, self._clock, self._story, self._look = parts, clock, story, look
        self._language = language
        self._zone = ZoneInfo(story.zone)
        #: The names the story gives to its cases.
        self._cases: dict[str, str] = {}
        #: What is told after the act it belongs to: those of several who were refused.
        self._to_tell: list[str] = []

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
            self._look(f"# {say(act.chapter, self._language)}")
        elif act.until is not None:
            self._until(act.until)
        elif act.foresee is not None:
            self._foresee(act, act.foresee)
        elif act.refused is not None:
            self._refused(act)
        else:
            line = self._line(act)
            self._do(act)
            self._look(line)
            for line in self._to_tell:
                self._look(line)
            self._to_tell.clear()

    def _refused(self, act: Act) -> None:
        tried = say(act.refused or "", self._language)
        try:
            self._do(act)
        except KeurmerkError as error:
            self._look(f"! {told(tried, error.say(self._language), self._language)}")
            for problem in getattr(error, "problems", ()):
                self._look(f"!   {problem.say(self._language)}")
            return
        message = f"{tried} should have been refused"
        raise AssertionError(message)

    def _foresee(self, act: Act, trigger: str) -> None:
        case_id, who = self._case(act.case), self._person(act.by)
        title = self._published(self._process(case_id)).process.transitions[trigger].title
        does = N_("reads what “{step}” would do")
        self._look(self._who_does(act, does, step=say(title, self._language)))
        with reading(self._parts.database) as connection:
            query = select(_case).where(_case.c.id == case_id)
            case = dict(connection.execute(query).mappings().one())
            for one in consequences(connection, self._parts.engine.tools, case, trigger, who):
                self._look(f"  {one.say(self._language)}")

    def _do(self, act: Act) -> None:
        who = self._person(act.by)
        if act.start is not None:
            self._start(act, act.start, who)
        elif act.leaves is not None:
            self._leaves(act.leaves, act.on)
        elif act.link is not None:
            link_list(self._parts, act.link, str(who))
        elif act.scans is not None:
            send_scans(self._parts, act.scans, str(who))
        elif act.report is not None:
            order_report(self._parts, act.report, str(who))
        else:
            self._do_in_case(act, self._case(act.case), who)

    def _do_in_case(self, act: Act, case_id: str, who: str | None) -> None:
        engine = self._parts.engine
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
                    why = one.error.say(self._language)
                    self._to_tell.append(f"! {told(ids[one.subject_id], why, self._language)}")
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
            with reading(self._parts.database) as connection:
                there = answers_of(connection, case_id)
            for key, _section, field in fields(self._published(self._process(case_id)).process):
                if key in there:
                    continue  # said at the start
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

    def _line(self, act: Act) -> str:
        """Who does what, before it is done."""
        if act.leaves:
            name, day = self._name(act.leaves), f"{act.on:%d/%m/%Y}"
            leaves = N_("leaves the school on {day}")
            return told(name, translate(leaves, self._language, day=day), self._language)
        if act.respond is not None:
            group = group_title(self._parts, self._case(act.case), act.respond.group)
            who = act.respond.company or say(group, self._language)
            filled = counted_in(self._language, act.respond.times, *_QUESTIONNAIRES)
            return told(who, filled, self._language)
        return self._who_does(act, *self._what(act))

    def _what(self, act: Act) -> tuple[str, dict[str, Any]]:
        """What is done, as a sentence with its values."""
        what, values = N_("sets the exercise up"), dict[str, Any]()
        if act.start is not None or act.fire is not None:
            what, values = N_("“{step}”"), {"step": say(self._step(act).title, self._language)}
        elif isinstance(act.answer, dict):
            what, values = answers_saved(len(act.answer))
        elif act.answer is not None:
            what = N_("answers the whole form")
        elif act.upload:
            asked = fields(self._published(self._process(self._case(act.case))).process)
            titles = {key: field.title for key, _section, field in asked}
            what = N_("adds a file to “{field}”")
            values = {"field": titles.get(act.upload, act.upload)}
        elif act.undo:
            what = N_("takes the last step back")
        elif act.link:
            what, values = N_("links to the Digisnap {code}"), {"code": act.link}
        elif act.scans:
            what = N_("sends {number} completed scans of {code}")
            if act.scans.times == 1:
                what = N_("sends one completed scan of {code}")
            values = {"number": act.scans.times, "code": act.scans.code}
        elif act.report:
            what = N_("orders a report over {lists}, and it is made")
            values = {"lists": ", ".join(act.report.lists)}
        return what, values

    def _who_does(
        self, act: Act, what: str, values: dict[str, Any] | None = None, **more: Any
    ) -> str:
        does = translate(what, self._language, **(values or {}), **more)
        return told(self._name(act.by), does, self._language)

    def _step(self, act: Act) -> Step:
        if act.start is not None:
            return self._published(act.process).process.starts[act.start]
        process = self._published(self._process(self._case(act.case))).process
        return process.transitions[str(act.fire)]

    def _name(self, email: str | None) -> str:
        if email is None:
            return translate(N_("the platform"), self._language)
        query = select(_person.c.name).where(_person.c.email == email)
        with reading(self._parts.database) as connection:
            return str(connection.execute(query).scalar() or email)

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


def _an_answer(field: FormField) -> str | None:
    if field.type == "yes_no":
        return field.must_be or "yes"
    if field.type == "choice":
        return next(iter(field.choices))
    return f"{field.title.get('en', field.name)}." if field.required else None
