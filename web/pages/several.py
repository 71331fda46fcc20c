"""Deciding on several cases at once: never before each has been looked at.

First the exact list with what each case says to the step and the mails it would send, each by a
rehearsal of its own; then each step by itself, and what came of it line by line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from base.errors import BadInput, KeurmerkError, NotMet, Refused
from base.i18n import N_, colon, say, translate
from models.database import reading
from web.api.sent import check_address
from web.context import Context, Here
from web.language import Language
from web.metrics import timed_fire
from web.pages.asking import SEARCH, Asking, asked_of, errors_of, payload_of
from web.pages.rendering import page
from web.pages.sending import Form
from web.scope import desk_scope, visible_case
from web.signing_in import Reader, Someone
from workflows import foresight
from workflows.definition import Process
from workflows.rehearsal import Draft, rehearse
from workflows.subjects import name_of
from workflows.titles import add_titles

router = APIRouter(dependencies=[Depends(check_address)])

#: More than this nobody looks at one by one.
MOST = 50


@dataclass(kw_only=True)
class Line:
    """One of the chosen cases."""

    case: dict[str, Any]
    process: Process
    name: str
    #: The version that was looked at: a case that has moved since is not decided on.
    version: int
    #: Why it cannot be done; empty where it can.
    why: str = ""
    findings: Sequence[Mapping[str, Any]] = ()
    to_state: str = ""
    drafts: Sequence[Draft] = ()
    done: bool = False
    triggers: dict[str, str] = field(default_factory=dict)


@router.get("/queue/several")
def choose(
    request: Request, context: Here, person: Reader, language: Language,
    case: Annotated[list[str] | None, Query()] = None, back: str = "",
) -> Response:  # fmt: skip
    """The chosen cases, and what can be decided on them."""
    lines = _lines(context, person, language, case or [])
    ways: dict[str, tuple[str, int]] = {}
    mixed = len({line.process.process for line in lines}) > 1
    for line in lines:
        for name, title in line.triggers.items():
            key = f"{line.process.process}/{name}"
            # Two processes may call two steps the same.
            whose = f"{say(line.process.title, language)}{colon(language)}" if mixed else ""
            ways[key] = f"{whose}{title}", ways.get(key, ("", 0))[1] + 1
    return page(request, "several.html", stage="choose", lines=lines, ways=ways, back=back)


@router.post("/queue/several")
def decide(
    request: Request, context: Here, person: Reader, language: Language, sent: Form
) -> Response:
    """Look at every line, or take the step in those that are ticked."""
    way, do = sent.get("way"), "" if sent.get(SEARCH) else sent.get("do")
    problems: dict[str, str] = {}
    name, _, trigger = way.partition("/")
    chosen = sent.all("case")
    if do == "take" and not chosen:
        # All were taken out: the list is shown once more, and nothing that was written is lost.
        chosen, do = sent.all("listed"), "look"
        problems["several"] = translate(N_("Choose at least one case first."), language)
    lines = [
        line
        for line in _lines(context, person, language, chosen)
        if line.process.process == name and trigger in line.process.transitions
    ]
    if not lines:
        raise BadInput(N_("Choose at least one case, and what is to be decided."))
    process = lines[0].process
    step = process.transitions[trigger]
    payload = payload_of(process, step, sent)
    stage = "ask" if step.asks and do not in ("look", "take") else "look"
    if do == "take":
        stage = "done"
        for line in lines:
            version = sent.number(f"version-{line.case['id']}")
            with timed_fire(trigger):
                _take(context, person, language, line, trigger, payload, version)
    elif stage == "look":
        wrong: dict[str, str] = {}
        for line in lines:
            wrong |= _look(context, person, language, line, trigger, payload)
        stage = "ask" if wrong else "look"
        problems |= wrong
    asking = Asking(person_id=person.id, language=language, everywhere=True)
    with reading(context.database) as connection:
        asked = asked_of(connection, process, step, asking, sent, problems)
    return page(
        request, "several.html", status=422 if problems else 200, stage=stage, lines=lines,
        ways={}, back=sent.get("back"), way=way, step=step, problems=problems,
        asked=asked,
        ready=sum(not line.why for line in lines),
        grace=int(context.tools.grace.total_seconds()),
    )  # fmt: skip


def _lines(context: Context, person: Someone, language: str, ids: Sequence[str]) -> list[Line]:
    """The chosen cases, as far as they are hers to see as staff.

    Raises:
        BadInput: there are too many.
    """
    if len(ids) > MOST:
        raise BadInput(N_("Choose at most {most} cases at once."), most=MOST)
    found = []
    with reading(context.database) as connection:
        scope = desk_scope(connection, person.id, context.tools.clock)
        for id_ in dict.fromkeys(ids):
            case = visible_case(connection, scope, id_)
            process = context.tools.library.release(connection, case["release_id"]).process
            add_titles(connection, lambda _case, process=process: process, [case])  # type: ignore[misc]
            triggers = foresight.possible(connection, context.tools, case, person.id)
            blocked = foresight.blocked(connection, context.tools, case, person.id)
            found.append(
                Line(
                    case=case, process=process, version=case["version"],
                    name=name_of(case) or say(process.title, language),
                    why=blocked.say(language) if blocked else "",
                    triggers={
                        one: say(process.transitions[one].title, language) for one in triggers
                    },
                    to_state=say(process.states[case["state"]].title, language),
                )
            )  # fmt: skip
    return found


def _look(
    context: Context, person: Someone, language: str, line: Line, trigger: str,
    payload: Mapping[str, Any],
) -> dict[str, str]:  # fmt: skip
    """Rehearse one line; gives what is wrong with what was filled in for all."""
    try:
        found = rehearse(
            context.engine, context.templates, line.case["id"], trigger, person.id, payload,
            line.version,
        )  # fmt: skip
    except BadInput as error:
        return errors_of(error, language)
    except Refused as error:
        _refused(line, error, language)
        return {}
    line.why = ""
    line.to_state = say(line.process.states[found.to_state].title, language)
    line.drafts = found.drafts
    return {}


def _take(
    context: Context, person: Someone, language: str, line: Line, trigger: str,
    payload: Mapping[str, Any], version: int | None,
) -> None:  # fmt: skip
    if version is None:
        line.why = translate(N_("It was not on the list that was looked at."), language)
        return
    try:
        taken = context.engine.fire(line.case["id"], trigger, person.id, payload, version)
    except (Refused, BadInput) as error:
        _refused(line, error, language)
        return
    line.why, line.done = "", True
    line.to_state = say(line.process.states[taken.case["state"]].title, language)


def _refused(line: Line, error: KeurmerkError, language: str) -> None:
    line.why = error.say(language)
    if isinstance(error, NotMet):
        line.findings = [found for one in error.findings for found in one.findings(language)]
