"""The form of a process: what may be answered, and what is still missing.

Pure functions of the process file. Answers are keyed ``section.field``; a value is ``"yes"`` or
``"no"`` for a yes_no field, text for a text field, and None for an answer that was taken back.
Evidence (links and files) is no answer: it is added on its own, and only counted here.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from base.errors import BadInput, Problem
from base.i18n import N_
from workflows.definition import Process
from workflows.form_definition import FormField, Section

#: ``section.field`` -> ``"yes"``, ``"no"``, a text, or None.
Answers = Mapping[str, Any]

#: At most so many characters become one when a text is composed (U+1F82 is four). A text that is
#: longer than the limit by more than this factor is refused before any work is spent on it.
_LONGEST_COMPOSITION = 4
#: A name somebody sent is repeated to them up to this length.
_SHOWN = 100


def fields(process: Process) -> Iterator[tuple[str, Section, FormField]]:
    """Every field of the form with its key ``section.field`` and its section, in order of steps."""
    for section in sections(process):
        for field in section.fields:
            yield f"{section.section}.{field.name}", section, field


def sections(process: Process) -> list[Section]:
    """The form's sections in order of their steps; none without a form."""
    found = process.form.sections if process.form else []
    return sorted(found, key=lambda section: section.step)


def find_field(process: Process, key: str) -> FormField | None:
    """The field ``section.field``; None if the form has no such field."""
    return next((field for name, _section, field in fields(process) if name == key), None)


def compose(text: str) -> str:
    """``text`` with line ends as one character and accents composed (Unicode NFC).

    This is how texts are kept and counted: a text has the same length wherever it was typed.
    """
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def length_of(text: str) -> int:
    """How many characters ``text`` counts: code points after :func:`compose`."""
    return len(compose(text))


def normalise(process: Process, answers: Answers) -> dict[str, Any]:
    """``answers`` as they are kept: texts composed; an empty or blank one becomes None.

    Raises:
        BadInput: an answer cannot be used (see :func:`check_answers`).
    """
    problems = check_answers(process, answers)
    if problems:
        raise BadInput(N_("These answers cannot be used."), problems)
    return {key: kept(value) for key, value in answers.items()}


def kept(value: str | None) -> str | None:
    """A text as it is kept: composed; a blank one is none."""
    return compose(value) if value is not None and value.strip() else None


def check_answers(process: Process, answers: Answers) -> list[Problem]:
    """What is wrong with ``answers``: everything at once, in the order given.

    That an answer is missing is no fault here: a draft may be incomplete (see :func:`missing`).
    """
    known = {key: (section, field) for key, section, field in fields(process)}
    problems: list[Problem] = []
    for key, value in answers.items():
        if key not in known:
            problems.append(
                unknown(str(key), str(key), known,
                        N_("The form has no field {name}."),
                        N_("The form has no field {name}. Is {near} meant?"))
            )  # fmt: skip
            continue
        section, field = known[key]
        problem = _check_answer(process, key, section, field, value)
        if problem:
            problems.append(problem)
    return problems


def unknown(where: str, name: str, known: Collection[str], plain: str, with_hint: str) -> Problem:
    """The problem of a name nobody knows, said with the nearest known one if there is one.

    Arguments:
        plain: the sentence without a hint, with ``{name}``.
        with_hint: the sentence with ``{name}`` and ``{near}``.
    """
    name = name[:_SHOWN]
    near = get_close_matches(name, list(known), n=1)
    values = {"name": name, "near": near[0]} if near else {"name": name}
    return Problem(where=where[: 2 * _SHOWN], message=with_hint if near else plain, values=values)


def _check_answer(
    process: Process, key: str, section: Section, field: FormField, value: Any
) -> Problem | None:
    if value is None and field.type != "evidence":
        return None
    if field.type == "text":
        limit = field.max_characters or (process.form.max_characters if process.form else 0)
        return check_text(key, field.title, value, limit, step=section.step, without=field.without)
    possible = {"yes_no": ["yes", "no"], "choice": list(field.choices)}.get(field.type, [])
    if (isinstance(value, str) and value in possible) or (possible and value == ""):
        return None
    message = {
        "yes_no": N_("“{title}”: answer yes or no."),
        "choice": N_("“{title}”: choose one of {choices}."),
    }.get(field.type, N_("“{title}”: a link or a document is added on its own, not as an answer."))
    values = {"title": field.title, "choices": possible}
    return Problem(where=key, message=message, values=values, step=section.step)


def check_text(
    where: str, title: Mapping[str, str], value: Any, limit: int, *, step: int | None = None,
    without: str = "",
) -> Problem | None:  # fmt: skip
    """What is wrong with a text under ``title``; None if nothing is.

    Arguments:
        limit: the most characters it may have, counted by :func:`length_of`.
        step: the form's step it belongs to.
        without: characters that cannot be used in it.
    """
    values: dict[str, Any] = {"title": title}
    if not isinstance(value, str):
        return Problem(
            where=where, message=N_("“{title}”: this has to be text."), values=values, step=step
        )
    count = len(value.replace("\r\n", "\n"))
    if count <= limit * _LONGEST_COMPOSITION:
        count = length_of(value)
    if count > limit:
        values |= {"count": count, "limit": limit, "over": count - limit}
        message = N_("“{title}”: {count} characters; {limit} is the most. Leave out {over}.")
        return Problem(where=where, message=message, values=values, step=step)
    if used := [character for character in without if character in value]:
        values["characters"] = " ".join(used)
        message = N_("“{title}”: use letters and digits, not {characters}.")
        return Problem(where=where, message=message, values=values, step=step)
    for place, character in enumerate(value, start=1):
        if character not in "\n\r\t" and unicodedata.category(character) in ("Cc", "Cs"):
            values |= {"place": place, "code": f"U+{ord(character):04X}"}
            message = N_("“{title}”: take out character {place} ({code}); it cannot be printed.")
            return Problem(where=where, message=message, values=values, step=step)
    return None


def missing(
    process: Process, answers: Answers, evidence_counts: Mapping[str, int]
) -> list[Problem]:
    """Everything that must be there before the form can be submitted and is not, by step.

    Arguments:
        answers: what was answered so far.
        evidence_counts: how many links and files each evidence field has.
    """
    problems: list[Problem] = []
    for key, section, field in fields(process):
        message = _lacking(field, answers.get(key), evidence_counts.get(key, 0))
        if message:
            values = {"step": section.step, "section": section.title, "title": field.title}
            problems.append(Problem(where=key, message=message, values=values, step=section.step))
    return problems


#: What is said where nothing was filled in or chosen.
_BLANK = {
    "text": N_("Step {step}, {section}: fill in “{title}”"),
    "choice": N_("Step {step}, {section}: choose an answer to “{title}”"),
}


def _lacking(field: FormField, answer: Any, evidence: int) -> str | None:
    if field.type == "evidence":
        return _evidence_lacking(field) if field.required and not evidence else None
    if field.type in ("text", "choice"):
        blank = not (isinstance(answer, str) and answer.strip())
        return _BLANK[field.type] if field.required and blank else None
    if answer not in ("yes", "no"):
        asked = field.required or field.must_be
        return N_("Step {step}, {section}: answer “{title}”") if asked else None
    if field.must_be in (None, answer):
        return None
    if field.must_be == "yes":
        return N_("Step {step}, {section}: the answer has to be yes to “{title}”")
    return N_("Step {step}, {section}: the answer has to be no to “{title}”")


def _evidence_lacking(field: FormField) -> str:
    if field.kinds == ["url"]:
        return N_("Step {step}, {section}: add a link under “{title}”")
    if field.kinds == ["file"]:
        return N_("Step {step}, {section}: upload a document under “{title}”")
    return N_("Step {step}, {section}: add a link or a document under “{title}”")


def missing_per_section(
    process: Process, answers: Answers, evidence_counts: Mapping[str, int]
) -> dict[str, int]:
    """How many things are missing in each section; 0 for a complete one."""
    counts = {section.section: 0 for section in sections(process)}
    for problem in missing(process, answers, evidence_counts):
        counts[problem.where.partition(".")[0]] += 1
    return counts
