"""What the people of the demo do in its story, each act through the engine or the outbox."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from base.clock import VirtualClock
from base.errors import KeurmerkError
from base.i18n import FALLBACK, N_, say, translate
from cli.context import Parts
from cli.demo_data import person_id, school_id
from cli.demo_pictures import picture
from cli.words import answers_saved, told
from models.cases import Case
from models.database import reading, writing
from models.desk import Comment
from models.registry import Person
from notifications.delivery import deliver
from workflows.answers import add_file, add_link, save_answers
from workflows.assigning import assign
from workflows.papers import declaration
from workflows.sweep import next_due, sweep

SECTIONS = ("shared_leadership", "collaboration", "students", "models", "inclusive")

_case = Case.__table__  # type: ignore[attr-defined]
_person = Person.__table__  # type: ignore[attr-defined]
_comment = Comment.__table__  # type: ignore[attr-defined]


class Story:
    """Acts as the people of the demo, at the times of the story."""

    def __init__(
        self, parts: Parts, clock: VirtualClock, look: Callable[[str], None] | None = None,
        language: str = FALLBACK,
    ) -> None:  # fmt: skip
        """Begin.

        Arguments:
            look: is called after every act with a line about it: shows what came of it.
            language: of those lines.
        """
        self.parts, self.clock, self._language = parts, clock, language
        self._look = look or (lambda _line: None)

    def chapter(self, title: str) -> None:
        """A new part of the story; its title is marked for translation."""
        self._look(f"# {translate(title, self._language)}")

    def until(self, *when: int) -> None:
        """Go on to a moment (UTC); what is due on the way happens, and mails go out."""
        goal = datetime(*when, tzinfo=UTC)  # type: ignore[misc,arg-type]
        while (due := next_due(self.parts.database)) is not None and due <= goal:
            self.clock.move_to(max(due, self.clock.now()))
            sweep(self.parts.engine)
            self._look("The clock")
        self.clock.move_to(goal)
        self.deliver()

    def deliver(self) -> None:
        """Let the grace time pass and deliver."""
        self.clock.advance(self.parts.engine.tools.grace)
        deliver(self.parts.post)

    def person(self, email: str) -> str:
        """A person's id by the first part of the mail address."""
        with reading(self.parts.database) as connection:
            return person_id(connection, f"{email}.example.org")

    def tell(self, who: str, what: str, **values: Any) -> None:
        """An act that is done: who did what, a sentence with its values, and what came of it."""
        with reading(self.parts.database) as connection:
            name = connection.execute(
                select(_person.c.name).where(_person.c.email == f"{who}.example.org")
            ).scalar_one()
        self._look(told(name, translate(what, self._language, **values), self._language))

    def case(self, school: str) -> str:
        """The id of a school's newest case."""
        with reading(self.parts.database) as connection:
            query = (
                select(_case.c.id)
                .where(_case.c.organisation_id == school_id(connection, school))
                .order_by(_case.c.id.desc())
                .limit(1)
            )
            return str(connection.execute(query).scalar_one())

    def fire(self, school: str, trigger: str, who: str, **payload: Any) -> None:
        """A person fires a trigger in a school's case."""
        taken = self.parts.engine.fire(self.case(school), trigger, self.person(who), payload)
        with reading(self.parts.database) as connection:
            library = self.parts.engine.tools.library
            process = library.release(connection, taken.case["release_id"]).process
        title = process.transitions[trigger].title
        self.tell(who, N_("“{step}”"), step=say(title, self._language))

    def register(self, school: str, who: str) -> None:
        """A teacher asks for an account at a school."""
        agreed = dict.fromkeys(("same_address", "privacy_policy", "code_of_conduct"), "yes")
        with reading(self.parts.database) as connection:
            agreed["school"] = school_id(connection, school)
        self.parts.engine.start(
            "account_validation", "register", actor_id=self.person(who),
            payload={**agreed, "role": "teacher"},
        )  # fmt: skip
        self.tell(who, N_("asks for an account"))

    def hand_over(self, school: str, who: str) -> None:
        """A reviewer takes a case up."""
        with writing(self.parts.database) as connection:
            query = select(_case).where(_case.c.id == self.case(school))
            case = dict(connection.execute(query).mappings().one())
            assign(connection, self.parts.engine.tools, case, self.person(who), self.person(who))

    def comment(self, school: str, who: str, text: str) -> None:
        """One of the staff tells the others something."""
        row = Comment(
            case_id=self.case(school), author_id=self.person(who), text=text,
            written_at=self.clock.now(),
        )  # fmt: skip
        with writing(self.parts.database) as connection:
            connection.execute(_comment.insert(), row.model_dump())

    def refused(self, line: str, act: Callable[[], None]) -> None:
        """An act that must be refused; shows the refusal. The line is marked for translation."""
        try:
            act()
        except KeurmerkError as error:
            tried = translate(line, self._language)
            self._look(f"! {told(tried, error.say(self._language), self._language)}")
            problems = getattr(error, "problems", ())
            for problem in problems:
                self._look(f"!   {problem.say(self._language)}")
            return
        message = f"{line} should have been refused"
        raise AssertionError(message)

    def answer(self, school: str, who: str, **answers: Any) -> None:
        """A sitting at the form: ``section__field=value``."""
        fields = {name.replace("__", "."): value for name, value in answers.items()}
        save_answers(
            self.parts.database, self.parts.engine.tools, self.case(school), fields,
            self.person(who),
        )  # fmt: skip
        saves, values = answers_saved(len(fields))
        self.tell(who, saves, **values)

    def link(self, school: str, who: str, field: str, url: str) -> None:
        """A link as evidence."""
        add_link(
            self.parts.database, self.parts.engine.tools, self.case(school), field, url,
            self.person(who),
        )  # fmt: skip

    def upload(self, school: str, who: str, field: str, name: str, content: bytes) -> None:
        """A file as evidence."""
        add_file(
            self.parts.database, self.parts.engine.tools, self.parts.files, self.case(school),
            field, name, content, self.person(who),
        )  # fmt: skip
        self.tell(who, N_("adds {file}"), file=name)

    def declaration(self, school: str, who: str) -> None:
        """Download the declaration, have it signed, upload it."""
        with reading(self.parts.database) as connection:
            row = connection.execute(select(_case).where(_case.c.id == self.case(school)))
            case = dict(row.mappings().one())
            paper = declaration(connection, self.parts.engine.tools, case, "nl")
        self.upload(school, who, "declaration.signed", "verklaring-getekend.pdf", paper)

    def fill_in(self, school: str, who: str) -> None:
        """The whole form at once."""
        look, self._look = self._look, lambda _line: None
        answers: dict[str, Any] = {"esafety__policy": "yes"}
        for section in SECTIONS:
            answers[f"{section}__statement"] = "yes"
            answers[f"{section}__plan"] = "De komende twee jaar zetten we dit samen verder."
        self.answer(school, who, **answers)
        self.link(school, who, "esafety.evidence", "https://school.example.org/esafety")
        for section in SECTIONS:
            self.upload(school, who, f"{section}.evidence", f"{section}.jpg", picture(section))
        self.declaration(school, who)
        self._look = look
        what = N_("answers everything, adds a link, {number} pictures and the signed declaration")
        self.tell(who, what, number=len(SECTIONS))
