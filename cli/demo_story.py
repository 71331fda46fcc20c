"""The story the demo tells: the Flemish round of 2022-23, as 002_7da36b1a3396e4d1.txt lays it out.

Every step goes through the engine, every mail through the outbox; only the clock is moved by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from base.clock import VirtualClock
from base.errors import KeurmerkError
from cli.context import Parts
from cli.demo_data import person_id, school_id
from cli.demo_pictures import picture
from models.cases import Case
from models.database import reading, writing
from models.desk import Comment
from notifications.delivery import deliver
from workflows.answers import add_file, add_link, save_answers
from workflows.assigning import assign
from workflows.papers import declaration
from workflows.sweep import next_due, sweep

PROCESS = "school_label"
SECTIONS = ("shared_leadership", "collaboration", "students", "models", "inclusive")

_case = Case.__table__  # type: ignore[attr-defined]
_comment = Comment.__table__  # type: ignore[attr-defined]


class Story:
    """Acts as the people of the demo, at the times of the story."""

    def __init__(
        self, parts: Parts, clock: VirtualClock, look: Callable[[str], None] | None = None
    ) -> None:
        """Begin.

        Arguments:
            look: is called after every act with a line about it: shows what came of it.
        """
        self.parts, self.clock = parts, clock
        self._look = look or (lambda _line: None)

    def chapter(self, title: str) -> None:
        """A new part of the story."""
        self._look(f"# {title}")

    def tell(self, line: str) -> None:
        """An act that is done: show what came of it."""
        self._look(line)

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
        self.parts.engine.fire(self.case(school), trigger, self.person(who), payload)
        self._look(f"{who.split('@', maxsplit=1)[0]}: {trigger}")

    def register(self, school: str, who: str) -> None:
        """A teacher asks for an account at a school."""
        agreed = dict.fromkeys(("same_address", "privacy_policy", "code_of_conduct"), "yes")
        with reading(self.parts.database) as connection:
            agreed["school"] = school_id(connection, school)
        self.parts.engine.start(
            "account_validation", "register", actor_id=self.person(who),
            payload={**agreed, "role": "teacher"},
        )  # fmt: skip
        self._look(f"{who.split('@', maxsplit=1)[0]}: register")

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
        """An act that must be refused; shows the refusal."""
        try:
            act()
        except KeurmerkError as error:
            self._look(f"! {line}: {error.say()}")
            problems = getattr(error, "problems", ())
            for problem in problems:
                self._look(f"!   step {problem.step}: {problem.say()}")
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
        self._look(f"{who.split('@', maxsplit=1)[0]} saves {len(fields)} answers")

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
        self._look(f"{who.split('@', maxsplit=1)[0]} adds {name}")

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
        look(
            f"{who.split('@', maxsplit=1)[0]} answers everything, adds a link, {len(SECTIONS)} "
            f"pictures and the signed declaration"
        )


LINDE, JOZEF, VLIEGER = "Atheneum De Linde", "Sint-Jozefscollege", "Basisschool De Vlieger"
DORPE, BRUG, NOORD = "Lyceum Ten Dorpe", "Vrije School De Brug", "Technisch Instituut Noord"
KLAVER, FATMA = "Gemeenteschool Klaver", "fatma.aydin@klaver"
AN, BRAM = "an.peeters@linde", "bram.maes@linde"
EVA, HILDE, KATRIEN = "eva.declerck@sintjozef", "hilde.jans@vlieger", "katrien.vos@tendorpe"
NELE, QUINTEN = "nele.baeten@debrug", "quinten.adams@noord"
RITA, KAREL, CORA, CARL = (
    "rita.verbeeck@nso", "karel.mertens@nso", "cora.desmet@nso", "carl.support@css",
)  # fmt: skip


def first_weeks(story: Story) -> None:
    """From the screening to the middle of January: cases in many states, for the demo service."""
    story.until(2022, 11, 23, 8)
    for school, who in (
        (LINDE, AN), (JOZEF, EVA), (VLIEGER, HILDE), (DORPE, KATRIEN), (BRUG, NELE),
    ):  # fmt: skip
        story.fire(school, "start", who)
    for school, who in ((JOZEF, EVA), (VLIEGER, HILDE), (DORPE, KATRIEN), (BRUG, NELE)):
        story.fill_in(school, who)
    story.answer(LINDE, AN, esafety__policy="yes", shared_leadership__statement="yes")
    story.until(2022, 12, 5, 10)
    for school, who in ((JOZEF, EVA), (VLIEGER, HILDE)):
        story.fire(school, "submit", who)
    # Two teachers of one school fill in its form, each a part.
    story.link(LINDE, AN, "esafety.evidence", "https://school.example.org/esafety")
    story.answer(
        LINDE, AN, shared_leadership__plan="Een tweede coördinator neemt vanaf september over.",
    )  # fmt: skip
    story.upload(LINDE, AN, "shared_leadership.evidence", "team.jpg", picture("team"))
    story.answer(
        LINDE, BRAM, collaboration__statement="yes",
        collaboration__plan="Elke maand een open klas, met een eTwinning-project als voorbeeld.",
    )  # fmt: skip
    story.until(2023, 1, 12, 10)
    story.fire(
        VLIEGER, "request_changes", RITA,
        feedback={"esafety": "De link werkt niet. Voeg een document toe."},
    )  # fmt: skip
    story.fire(DORPE, "submit", KATRIEN)
    story.until(2023, 1, 16, 9)
    story.register(KLAVER, FATMA)
    story.until(2023, 1, 17, 10)
    story.fire(BRUG, "submit", NELE)
    story.answer(
        VLIEGER, HILDE,
        students__plan="De komende twee jaar zetten we dit met de leerlingenraad verder.",
    )  # fmt: skip
    story.upload(VLIEGER, HILDE, "models.evidence", "opendeurdag.jpg", picture("opendeurdag"))
    story.fire(VLIEGER, "resubmit", HILDE)
    story.hand_over(JOZEF, RITA)
    story.comment(JOZEF, CORA, "Ik heb de school gebeld: de directeur is terug op 20 januari.")
    story.until(2023, 1, 18, 9)


def whole_round(story: Story) -> None:
    """The round from its eve to the lapse of the label."""
    applying(story)
    judging(story)
    closing(story)


def applying(story: Story) -> None:
    """November: the invitation, and the first applications."""
    story.chapter("23 November 2022: the platform checks every school and invites the eligible")
    story.until(2022, 11, 23, 8)
    story.chapter("Teachers fill in their applications, over several sittings")
    story.fire(LINDE, "start", AN)
    story.answer(LINDE, AN, esafety__policy="yes", shared_leadership__statement="yes")
    story.refused(
        "A text of 2,501 characters",
        lambda: story.answer(LINDE, AN, shared_leadership__plan="x" * 2501),
    )
    story.refused(
        "A program that is called a PDF",
        lambda: story.upload(
            LINDE, AN, "collaboration.evidence", "bewijs.pdf", b"MZ\x90\x00" + b"\0" * 200
        ),
    )
    story.refused("Submitting what is not complete", lambda: story.fire(LINDE, "submit", AN))
    story.until(2022, 12, 1, 14)
    story.fill_in(LINDE, BRAM)
    story.fire(LINDE, "submit", BRAM)
    story.deliver()
    for school, who in ((JOZEF, EVA), (VLIEGER, HILDE), (DORPE, KATRIEN), (BRUG, NELE)):
        story.fire(school, "start", who)
    for school, who in ((JOZEF, EVA), (VLIEGER, HILDE), (DORPE, KATRIEN)):
        story.fill_in(school, who)


def judging(story: Story) -> None:
    """December to the end of January: judgements, changes asked for, reminders."""
    story.chapter("The NSO judges as applications come in")
    story.until(2022, 12, 6, 10)
    story.fire(LINDE, "approve", RITA)
    story.chapter("A step is taken back within the grace time; its mails are never sent")
    story.clock.advance(timedelta(seconds=10))
    story.parts.engine.undo(story.case(LINDE), story.person(RITA))
    story.tell("rita.verbeeck: undo")
    story.fire(
        LINDE, "request_changes", RITA,
        feedback={
            "students": "Mooi werk. Toon ook hoe leerlingen mee beslissen.",
            "models": "Welke scholen begeleiden jullie? Voeg een voorbeeld toe.",
        },
    )  # fmt: skip
    story.deliver()
    story.fire(DORPE, "submit", KATRIEN)
    story.refused(
        "Karel also teaches at Lyceum Ten Dorpe", lambda: story.fire(DORPE, "approve", KAREL)
    )
    story.fire(VLIEGER, "submit", HILDE)
    story.chapter("January: reminders, and the last days of the first submission")
    story.until(2023, 1, 30, 12)
    story.fire(JOZEF, "submit", EVA)
    story.fill_in(BRUG, NELE)
    story.deliver()


def closing(story: Story) -> None:
    """February 2023 to the first day of 2025: the deadlines, the award, and the label's end."""
    story.chapter("1 February 2023: the first submission is over")
    story.until(2023, 2, 1, 9)
    story.refused("A first submission on 1 February", lambda: story.fire(BRUG, "submit", NELE))
    story.refused("A new application on 1 February", lambda: story.fire(NOORD, "start", QUINTEN))
    story.chapter("February: amended applications come back")
    story.answer(LINDE, AN, students__description="De leerlingenraad koos de thema’s.")
    story.fire(LINDE, "resubmit", AN)
    story.until(2023, 2, 10, 10)
    story.fire(LINDE, "approve", RITA)
    story.fire(DORPE, "approve", RITA)
    story.fire(
        VLIEGER, "request_changes", RITA,
        feedback={"esafety": "De link naar het beleid werkt niet. Voeg een document toe."},
    )  # fmt: skip
    story.fire(
        JOZEF, "refuse", CORA, reason="De bewijzen gaan over een andere school.",
    )  # fmt: skip
    story.chapter("1 March 2023: the amend deadline has passed")
    story.until(2023, 3, 1, 9)
    story.refused("A resubmission on 1 March", lambda: story.fire(VLIEGER, "resubmit", HILDE))
    story.chapter("The labels are awarded")
    story.until(2023, 3, 29, 10)
    story.chapter("6 February 2024: the next round looks at the same schools, a year later")
    story.until(2024, 2, 6, 8)
    story.chapter("31 December 2024, 24:00: the labels lapse")
    story.until(2025, 1, 1, 10)
