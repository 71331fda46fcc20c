"""What a trigger asks of the person who fires it, and what is wrong with what she sent along."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from base.errors import BadInput, Problem
from base.i18n import N_
from registry import values
from registry.rights import rights
from registry.values import BadValue
from workflows.definition import Ask, Process, Step
from workflows.form import check_text, kept, sections, unknown

#: Larger numbers are a slip of the hand: rules count with 15 digits at most.
LARGEST = 10**12
#: An id is never longer.
_ID = 36

#: What is kept of one ask, and what is wrong with it.
Found = tuple[Any, list[Problem]]


def check_payload(
    process: Process, step: Step, payload: Mapping[str, Any],
    values_in: Callable[[str | None], Mapping[str, Any]] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """What a person sent along with a trigger, checked against what the step ``asks``.

    Texts come back composed; blank ones are left out. An ask of type text_per_section takes
    ``{section: text}`` and, where it is required, needs at least one text. People, organisations
    and projects come back as they were sent: ``workflows.parties`` looks them up.

    Arguments:
        values_in: the values of the case's round in the area that was sent along, or in that of the
            case where none was; without it whatever is asked in some areas only may be given.

    Raises:
        BadInput: with every problem.
    """
    asked = {ask.name: ask for ask in step.asks}
    problems = [
        unknown(str(name), str(name), asked,
                N_("This step does not ask for {name}."),
                N_("This step does not ask for {name}. Is {near} meant?"))
        for name in payload
        if name not in asked
    ]  # fmt: skip
    clean: dict[str, Any] = {}
    for name, ask in asked.items():
        if values_in and not is_asked(ask, values_in(_area(step, payload))):
            if str(payload.get(name) or "").strip():
                problems.append(_problem(ask, N_("“{title}” is not asked there: leave it empty.")))
            continue
        found, faults = _asked(process, ask, payload.get(name))
        problems.extend(faults)
        if found is not None and found != {}:
            clean[name] = found
    if problems:
        raise BadInput(N_("What was sent along with this step cannot be used."), problems)
    return clean


def is_asked(ask: Ask, values: Mapping[str, Any]) -> bool:
    """Whether something is asked where a round has these values; what is UNKNOWN is not asked."""
    return ask.only_if is None or values.get(ask.only_if.removeprefix("round.")) is True


def _area(step: Step, payload: Mapping[str, Any]) -> str | None:
    """The area that is sent along with a step; None without one, or where it is none."""
    for ask in step.asks:
        if ask.type == "area":
            found, faults = _READERS["area"](ask, payload.get(ask.name) or "")
            return None if faults else str(found)
    return None


def first_answers(
    step: Step, case_id: str, payload: Mapping[str, Any], actor_id: str | None, now: datetime
) -> list[dict[str, Any]]:
    """The rows of the form that a start has answered already.

    Arguments:
        payload: what was sent along, as :func:`check_payload` gives it.
    """
    return [
        {
            "case_id": case_id, "field": ask.answers, "value": payload[ask.name], "saved_at": now,
            "saved_by": actor_id,
        }
        for ask in step.asks
        if ask.answers and ask.name in payload
    ]  # fmt: skip


def _asked(process: Process, ask: Ask, value: Any) -> Found:
    if ask.type == "text_per_section":
        return _per_section(process, ask, value)
    if value is None or (isinstance(value, str) and not value.strip()):
        if not ask.required:
            return None, []
        return None, [_problem(ask, N_("“{title}”: this has to be filled in."))]
    return _READERS[ask.type](ask, value)


def _problem(ask: Ask, message: str, **more: Any) -> Problem:
    return Problem(where=ask.name, message=message, values={"title": ask.title, **more})


def _text(ask: Ask, value: Any) -> Found:
    fault = check_text(ask.name, ask.title, value, ask.max_characters, without=ask.without)
    return (None, [fault]) if fault else (kept(value), [])


def _yes_no(ask: Ask, value: Any) -> Found:
    if value not in ("yes", "no"):
        return None, [_problem(ask, N_("“{title}”: answer yes or no."))]
    if ask.must_be not in (None, value):
        message = (
            N_("“{title}”: this is only possible with yes.")
            if ask.must_be == "yes"
            else N_("“{title}”: this is only possible with no.")
        )
        return None, [_problem(ask, message)]
    return value, []


def _choice(ask: Ask, value: Any) -> Found:
    if isinstance(value, str) and value in ask.choices:
        return value, []
    message = N_("“{title}”: choose one of {choices}.")
    return None, [_problem(ask, message, choices=list(ask.choices))]


def _right(ask: Ask, value: Any) -> Found:
    if isinstance(value, str) and value in rights():
        return value, []
    titles = [one.title for one in rights().values()]
    return None, [_problem(ask, N_("“{title}”: choose one of {choices}."), choices=titles)]


def _number(ask: Ask, value: Any) -> Found:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > LARGEST:
        return None, [_problem(ask, N_("“{title}”: give a whole number."))]
    if ask.least is not None and value < ask.least:
        message = N_("“{title}”: {value} is too little; {least} is the least.")
        return None, [_problem(ask, message, value=value, least=ask.least)]
    if ask.most is not None and value > ask.most:
        message = N_("“{title}”: {value} is too much; {most} is the most.")
        return None, [_problem(ask, message, value=value, most=ask.most)]
    return value, []


def _id(ask: Ask, value: Any) -> Found:
    if isinstance(value, str) and len(value) <= _ID and value.isprintable():
        return value, []
    return None, [_problem(ask, N_("“{title}”: give its id."))]


def _read(reader: Callable[[Any], Any]) -> Callable[[Ask, Any], Found]:
    """What a reader of the registry's values makes of it."""

    def read(ask: Ask, value: Any) -> Found:
        try:
            return reader(value), []
        except BadValue as error:
            problem = Problem(where=ask.name, message=error.message, values=error.values)
            return None, [problem]

    return read


_READERS: Mapping[str, Callable[[Ask, Any], Found]] = {
    "text": _text,
    "yes_no": _yes_no,
    "choice": _choice,
    "number": _number,
    # As the log keeps it.
    "date": _read(lambda value: values.day(value).isoformat()),
    "email": _read(values.mail_address),
    "area": _read(values.area),
    "right": _right,
    "person": _read(values.mail_address),
    "organisation": _id,
    "project": _id,
}


def _per_section(process: Process, ask: Ask, value: Any) -> Found:
    if value is not None and not isinstance(value, Mapping):
        message = N_("“{title}”: give a text per section, under the section’s name.")
        return None, [_problem(ask, message)]
    known = {section.section: section for section in sections(process)}
    faults: list[Problem] = []
    texts: dict[str, str] = {}
    for name, text in (value or {}).items():
        where = f"{ask.name}.{name}"
        if name not in known:
            faults.append(
                unknown(where, str(name), known,
                        N_("The form has no section {name}."),
                        N_("The form has no section {name}. Is {near} meant?"))
            )  # fmt: skip
            continue
        if text is None:
            continue
        section = known[name]
        fault = check_text(where, section.title, text, ask.max_characters, step=section.step)
        if fault:
            faults.append(fault)
        elif written := kept(text):
            texts[name] = written
    if ask.required and not texts and not faults:
        faults.append(_problem(ask, N_("“{title}”: write something under at least one section.")))
    return texts, faults
