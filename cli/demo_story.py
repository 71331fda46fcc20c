"""The story the demo tells: the Flemish round of 2022-23, as 002_7da36b1a3396e4d1.txt lays it out.

Every step goes through the engine, every mail through the outbox; only the clock is moved by hand.
"""

from __future__ import annotations

from datetime import timedelta

from base.i18n import N_
from cli.demo_acts import Story
from cli.demo_pictures import picture

PROCESS = "school_label"

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
    story.chapter(N_("23 November 2022: the platform checks every school and invites the eligible"))
    story.until(2022, 11, 23, 8)
    story.chapter(N_("Teachers fill in their applications, over several sittings"))
    story.fire(LINDE, "start", AN)
    story.answer(LINDE, AN, esafety__policy="yes", shared_leadership__statement="yes")
    story.refused(
        N_("A text of 2,501 characters"),
        lambda: story.answer(LINDE, AN, shared_leadership__plan="x" * 2501),
    )
    story.refused(
        N_("A program that is called a PDF"),
        lambda: story.upload(
            LINDE, AN, "collaboration.evidence", "bewijs.pdf", b"MZ\x90\x00" + b"\0" * 200
        ),
    )
    story.refused(N_("Submitting what is not complete"), lambda: story.fire(LINDE, "submit", AN))
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
    story.chapter(N_("The NSO judges as applications come in"))
    story.until(2022, 12, 6, 10)
    story.fire(LINDE, "approve", RITA)
    story.chapter(N_("A step is taken back within the grace time; its mails are never sent"))
    story.clock.advance(timedelta(seconds=10))
    story.parts.engine.undo(story.case(LINDE), story.person(RITA))
    story.tell(RITA, N_("takes the last step back"))
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
        N_("Karel also teaches at Lyceum Ten Dorpe"), lambda: story.fire(DORPE, "approve", KAREL)
    )
    story.fire(VLIEGER, "submit", HILDE)
    story.chapter(N_("January: reminders, and the last days of the first submission"))
    story.until(2023, 1, 30, 12)
    story.fire(JOZEF, "submit", EVA)
    story.fill_in(BRUG, NELE)
    story.deliver()


def closing(story: Story) -> None:
    """February 2023 to the first day of 2025: the deadlines, the award, and the label's end."""
    story.chapter(N_("1 February 2023: the first submission is over"))
    story.until(2023, 2, 1, 9)
    story.refused(N_("A first submission on 1 February"), lambda: story.fire(BRUG, "submit", NELE))
    story.refused(
        N_("A new application on 1 February"), lambda: story.fire(NOORD, "start", QUINTEN)
    )
    story.chapter(N_("February: amended applications come back"))
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
    story.chapter(N_("1 March 2023: the amend deadline has passed"))
    story.until(2023, 3, 1, 9)
    story.refused(N_("A resubmission on 1 March"), lambda: story.fire(VLIEGER, "resubmit", HILDE))
    story.chapter(N_("The labels are awarded"))
    story.until(2023, 3, 29, 10)
    story.chapter(N_("6 February 2024: the next round looks at the same schools, a year later"))
    story.until(2024, 2, 6, 8)
    story.chapter(N_("31 December 2024, 24:00: the labels lapse"))
    story.until(2025, 1, 1, 10)
