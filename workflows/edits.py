"""What a person sends instead of a mail's own words, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from base.errors import BadInput, NotAllowed, Problem
from base.i18n import N_
from notifications.templates import on_one_line
from workflows.definition import Process, Step
from workflows.tools import Edits

#: Characters of an edited mail.
LONGEST_SUBJECT, LONGEST_TEXT = 200, 20_000


def checked_edits(
    process: Process, step: Step, acted_as: str, given: Sequence[Mapping[str, str]]
) -> Edits:
    """What a person sends instead of the mails of a step, by template and language.

    Arguments:
        acted_as: the actor she takes the step as: only staff writes in the name of the NSO.
        given: ``template``, ``language``, ``subject`` and ``text`` each.

    Raises:
        NotAllowed: she is no staff.
        BadInput: a mail cannot be sent like this; every problem is named.
    """
    if not given:
        return {}
    if not process.actors[acted_as].grant:
        raise NotAllowed(N_("Only staff can change the text of a mail."))
    problems: list[Problem] = []
    found: dict[tuple[str, str], Mapping[str, str]] = {}
    for number, mail in enumerate(given):
        template, language = mail["template"], mail["language"]
        place = f"mails.{number}"
        if template not in step.mail or language not in process.languages:
            problems.append(Problem(where=place, message=N_("This step sends no such mail.")))
            continue
        subject = on_one_line(mail["subject"])
        text = mail["text"].replace("\r\n", "\n").strip()
        for what, value, most in (
            ("subject", subject, LONGEST_SUBJECT), ("text", text, LONGEST_TEXT),
        ):  # fmt: skip
            if not value:
                message = N_("A mail needs a subject and a text.")
                problems.append(Problem(where=f"{place}.{what}", message=message))
            elif len(value) > most:
                message = N_("This is too long: at most {most} characters.")
                values = {"most": most}
                problems.append(Problem(where=f"{place}.{what}", message=message, values=values))
        found[f"{process.process}/{template}", language] = {"subject": subject, "text": text}
    if problems:
        raise BadInput(N_("A mail of this step cannot be sent like this."), problems)
    return found
