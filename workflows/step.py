"""One step of one or many cases: the guards, and everything that is written.

:func:`take` is the only place where a case's state is written. It works on many cases at once (a
screening opens thousands, a deadline closes hundreds), and a single ``fire`` is a batch of one. It
runs inside the caller's transaction and does nothing outside the database.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import Connection, bindparam, delete, select, update

from base.canonical import canonical
from base.clock import Clock
from base.days import local_day
from base.errors import NotMet, Problem, Refused
from base.i18n import N_
from base.ids import new_id
from models.cases import Case, CaseEvent, Decision, Timer
from models.messages import Mail, Notice
from models.registry import Organisation
from models.sql import insert, pipelined
from notifications.outbox import Addressee, mail_row, notice_row
from rules.decisions import Decider, Judgement, judge_subjects
from rules.facts import Subject
from workflows import facts  # noqa: F401 - brings the facts about cases
from workflows.actors import Row, recipients
from workflows.chain import event_hash
from workflows.definition import Process, Start, Transition
from workflows.effects import EFFECTS, Occasion
from workflows.guards import Reasons, Unmet, deadline_of, missing_of
from workflows.publishing import Library, Published
from workflows.timing import plan

_case = Case.__table__  # type: ignore[attr-defined]
_event = CaseEvent.__table__  # type: ignore[attr-defined]
_decision = Decision.__table__  # type: ignore[attr-defined]
_timer = Timer.__table__  # type: ignore[attr-defined]
_mail = Mail.__table__  # type: ignore[attr-defined]
_notice = Notice.__table__  # type: ignore[attr-defined]
_organisation = Organisation.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What every step needs; built once by ``service.py``."""

    clock: Clock
    library: Library
    #: durable_rules inside its fence, with the reference beside it.
    judge: Decider
    #: How long a mail is held so that an undone step withdraws it.
    grace: timedelta
    #: Address of this installation, without a slash at the end.
    public_url: str
    #: Enqueues a wake-up for the workers in the step's own transaction, where there are workers.
    wake: Callable[[Connection], None] | None = None


@dataclass(frozen=True, kw_only=True)
class Cause:
    """Why a step is taken: which way, by whom, with what."""

    #: Trigger or name of the start.
    trigger: str
    step: Transition | Start
    #: None is the platform.
    actor_id: str | None
    acted_as: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    now: datetime


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A step that was taken."""

    case: dict[str, Any]
    event: dict[str, Any]
    mails: int = 0
    notices: int = 0


_locked = (
    select(_case, _organisation.c.name.label("organisation_name"))
    .outerjoin(_organisation, _organisation.c.id == _case.c.organisation_id)
    .where(_case.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(_case.c.id)
    .with_for_update(of=_case)
)


def lock(connection: Connection, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The case rows of ``ids``, locked until the transaction ends, with their school's name.

    SQLite has locked the whole database by ``BEGIN IMMEDIATE`` already.
    """
    return {row["id"]: dict(row) for row in connection.execute(_locked, {"ids": ids}).mappings()}


def judge_guard(
    connection: Connection, tools: Tools, published: Published, guard: Sequence[str],
    cases: Sequence[Row], now: datetime,
) -> dict[str, list[tuple[str, Judgement]]]:  # fmt: skip
    """What the rule sets of a guard say of each case, by case id."""
    said: dict[str, list[tuple[str, Judgement]]] = {case["id"]: [] for case in cases}
    if not guard:
        return said
    # Most areas have the round's own values, as one object: they are asked about together.
    groups: dict[int, tuple[Mapping[str, Any], list[Row]]] = {}
    for case in cases:
        values = published.values(case["round"], case["area"])
        groups.setdefault(id(values) if values else 0, (values, []))[1].append(case)
    for values, there in groups.values():
        subjects = [
            Subject(
                key=case["id"], organisation_id=case["organisation_id"],
                person_id=case["person_id"], case_id=case["id"], area=case["area"],
                zone=case["zone"],
            )
            for case in there
        ]  # fmt: skip
        for name in guard:
            rule_set = published.book.rule_set(name)
            judged = judge_subjects(connection, tools.judge, rule_set, values, subjects, now)
            for case, judgement in zip(there, judged, strict=True):
                said[case["id"]].append((name, judgement))
    return said


def refusal(
    connection: Connection, published: Published, case: Row, said: Sequence[tuple[str, Judgement]]
) -> NotMet | None:
    """The error for a case whose guard does not pass; None if it passes."""
    values = published.values(case["round"], case["area"])
    unmet = [
        Unmet(rule_set=published.book.rule_set(name), judgement=judgement, values=values)
        for name, judgement in said
        if judgement.outcome != "met"
    ]
    if not unmet:
        return None
    problems: list[Problem] = missing_of(connection, published, case, unmet)
    return NotMet(
        N_("This is not possible: {reasons}"),
        findings=unmet,
        problems=problems,
        deadline=deadline_of(unmet, case["zone"]),
        reasons=Reasons(unmet),
    )


def decision_rows(
    published: Published, case: Row, purpose: str, said: Sequence[tuple[str, Judgement]],
    now: datetime, case_id: str | None,
) -> list[dict[str, Any]]:  # fmt: skip
    """The rows that keep what the guards said, with the facts they saw."""
    round_key = f"{published.process.round}/{case['round']}" if case["round"] else None
    return [
        {
            "id": new_id(), "case_id": case_id, "organisation_id": case["organisation_id"],
            "purpose": purpose, "rule_set": name,
            "rule_set_sha256": published.parts["rule_sets"][name], "round": case["round"],
            "round_sha256": published.parts["rounds"][round_key] if round_key else None,
            "area": case["area"], "at": now, "outcome": str(judgement.outcome),
            "facts": dict(judgement.facts),
            "findings": {key: str(value) for key, value in judgement.findings.items()},
        }
        for name, judgement in said
    ]  # fmt: skip


def take(
    connection: Connection, tools: Tools, published: Published, cause: Cause,
    cases: Sequence[dict[str, Any]], to_state: Callable[[dict[str, Any]], str | None],
    said: Mapping[str, list[tuple[str, Judgement]]] | None = None,
) -> tuple[list[Taken], dict[str, Refused]]:  # fmt: skip
    """Take one step in each of ``cases``: guards, then every row, in the caller's transaction.

    A case that is refused is left as it is and does not hold up the others.

    Arguments:
        cases: locked rows; a start gives new rows with ``version`` 0 and an empty ``state``.
        to_state: where the step leads from a case; None leaves the case out (the caller has
            said why already).
        said: what the guards say, where the caller has asked them.

    Returns:
        The steps taken, and the refusals by case id.
    """
    process, now = published.process, cause.now
    if said is None:
        said = judge_guard(connection, tools, published, cause.step.guard, cases, now)
    refused: dict[str, Refused] = {}
    decisions: list[dict[str, Any]] = []
    moved: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = []
    rows: dict[Any, list[dict[str, Any]]] = {}
    for before in cases:
        state = to_state(before)
        if state is None:
            continue
        error = refusal(connection, published, before, said[before["id"]])
        if error is not None:
            refused[before["id"]] = error
            continue
        kept = decision_rows(
            published, before, cause.trigger, said[before["id"]], now, before["id"]
        )
        try:
            context = _effects(rows, tools, published, cause, before)
        except Refused as refused_effect:
            refused[before["id"]] = refused_effect
            continue
        decisions += kept
        case = _moved(process, before, state, now)
        event = _event_row(before, case, cause, [row["id"] for row in kept])
        case["head"] = event["hash"]
        moved.append((case, event, context))
    if not moved:
        return [], refused
    timers = [
        row
        for case, _, _ in moved
        for row in plan(process, case, published.values(case["round"], case["area"]), now)
    ]
    ends = _deadlines(process, timers)
    mails, notices = _messages(connection, tools, published, cause, moved, ends)
    there = [case for case, _, _ in moved if case["version"] > 1]
    # From here on nothing is read.
    with pipelined(connection):
        insert(connection, _case, [_columns(case) for case, _, _ in moved if case["version"] == 1])
        _update(connection, there)
        insert(connection, _decision, decisions)
        insert(connection, _event, [event for _, event, _ in moved])
        for table, lines in rows.items():
            insert(connection, table, lines)
        _clear(connection, process, there)
        insert(connection, _timer, timers)
        insert(connection, _mail, mails)
        insert(connection, _notice, notices)
    if tools.wake:
        tools.wake(connection)
    mailed = Counter(row["case_id"] for row in mails)
    noticed = Counter(row["case_id"] for row in notices)
    taken = [
        Taken(case=case, event=event, mails=mailed[case["id"]], notices=noticed[case["id"]])
        for case, event, _ in moved
    ]
    return taken, refused


def _effects(
    rows: dict[Any, list[dict[str, Any]]], tools: Tools, published: Published, cause: Cause,
    case: Row,
) -> dict[str, Any]:  # fmt: skip
    context: dict[str, Any] = {}
    if not cause.step.effect:
        return context
    values = published.values(case["round"], case["area"])
    for name, given in cause.step.effect.items():
        arguments = {
            key: values.get(value.removeprefix("round."))
            if isinstance(value, str) and value.startswith("round.")
            else value
            for key, value in given.items()
        }
        outcome = EFFECTS[name](
            Occasion(case=case, arguments=arguments, now=cause.now, public_url=tools.public_url)
        )
        for table, row in outcome.rows:
            rows.setdefault(table, []).append(row)
        context |= outcome.context
    return context


def _moved(process: Process, before: Row, state: str, now: datetime) -> dict[str, Any]:
    target = process.states[state]
    return {
        **before,
        "state": state,
        "since": now,
        "is_open": not target.final,
        "unique_key": None if target.frees else before["unique_key"],
        "version": before["version"] + 1,
    }


def _event_row(before: Row, case: Row, cause: Cause, decisions: list[str]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": new_id(),
        "case_id": case["id"],
        "sequence": case["version"],
        "at": cause.now,
        "trigger": cause.trigger,
        "from_state": before["state"],
        "to_state": case["state"],
        "actor_id": cause.actor_id,
        "acted_as": cause.acted_as,
        # As the database will give it back: the hash must be the same then.
        "payload": orjson.loads(canonical(cause.payload)) if cause.payload else {},
        "decisions": decisions,
        "previous": before["head"],
    }
    row["hash"] = event_hash(row)
    return row


def _columns(case: Row) -> dict[str, Any]:
    return {column.name: case[column.name] for column in _case.columns}


_move = (
    update(_case)
    .where(_case.c.id == bindparam("b_id"), _case.c.version == bindparam("b_version"))
    .values(
        state=bindparam("b_state"), since=bindparam("b_since"), is_open=bindparam("b_open"),
        unique_key=bindparam("b_key"), version=bindparam("b_next"), head=bindparam("b_head"),
    )
)  # fmt: skip


def _update(connection: Connection, cases: Sequence[Row]) -> None:
    if not cases:
        return
    connection.execute(
        _move,
        [
            {
                "b_id": case["id"], "b_version": case["version"] - 1, "b_state": case["state"],
                "b_since": case["since"], "b_open": case["is_open"], "b_key": case["unique_key"],
                "b_next": case["version"], "b_head": case["head"],
            }
            for case in cases
        ],
    )  # fmt: skip


_drop_timers = delete(_timer).where(_timer.c.case_id.in_(bindparam("ids", expanding=True)))
_withdraw_reminders = (
    update(_mail)
    .where(
        _mail.c.case_id.in_(bindparam("ids", expanding=True)),
        _mail.c.event_id.is_(None),
        # Joined to nothing, so that SQLite does not look through all that waits: it has no
        # statistics, and would take the index by status before the one by case.
        _mail.c.status + "" == "waiting",
    )
    .values(status="withdrawn")
)


def _clear(connection: Connection, process: Process, cases: Sequence[Row]) -> None:
    """Drop the timers of the states that were left, and reminders that have not gone out yet."""
    if not cases or not process.timers:
        return
    ids = {"ids": [case["id"] for case in cases]}
    connection.execute(_drop_timers, ids)
    if any(rule.mail for rule in process.timers.values()):
        connection.execute(_withdraw_reminders, ids)


def message_context(
    tools: Tools, published: Published, case: Row, payload: Mapping[str, Any] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The values a mail or notice about ``case`` is filled with (``docs/mails.md`` lists them)."""
    process = published.process
    values = published.values(case["round"], case["area"])
    sections = {s.section: s.title for s in process.form.sections} if process.form else {}
    shown: dict[str, Any] = {}
    for key, value in (payload or {}).items():
        if key == "form":
            continue
        shown[key] = (
            # In the form's order: JSON in a database keeps none.
            [{"section": sections[name], "text": value[name]} for name in sections if name in value]
            if isinstance(value, dict)
            else value
        )
    round_title: Any = case["round"] or ""
    if case["round"] and process.round:
        round_title = published.book.round(f"{process.round}/{case['round']}").title
    return {
        "process": {"name": process.process, "title": process.title},
        "organisation": {"name": case.get("organisation_name") or ""},
        "round": {"name": case["round"] or "", "title": round_title},
        "dates": {key: value for key, value in values.items() if value is not None},
        "case": {
            "id": case["id"],
            "url": f"{tools.public_url}/cases/{case['id']}",
            "state": process.states[case["state"]].to_school if case["state"] else "",
        },
        "payload": shown,
        **(extra or {}),
    }


def _deadlines(process: Process, timers: Sequence[Row]) -> dict[str, datetime]:
    """When a trigger fires by itself in each case if nobody acts."""
    found: dict[str, datetime] = {}
    for timer in timers:
        if process.timers[timer["name"]].fire:
            key = timer["case_id"]
            found[key] = min(found.get(key, timer["due_at"]), timer["due_at"])
    return found


def _last_day(case: Row, end: datetime | None) -> str | None:
    """The last local day before ``end``, which is 24:00 of it for a deadline."""
    if end is None:
        return None
    return local_day(end - timedelta(seconds=1), ZoneInfo(case["zone"])).isoformat()


def _messages(
    connection: Connection, tools: Tools, published: Published, cause: Cause,
    moved: Sequence[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]],
    ends: Mapping[str, datetime],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:  # fmt: skip
    """The mails and the notices of a step; nothing is written."""
    mails: list[dict[str, Any]] = []
    notices: list[dict[str, Any]] = []
    step, process = cause.step, published.process
    if not step.mail and not step.notice:
        return mails, notices
    cases = [case for case, _, _ in moved]
    people = {
        name: recipients(
            connection, process, name, cases, cause.now, (cause.trigger, cause.actor_id)
        )
        for name in {*step.mail.values(), *step.notice.values()}
    }
    for case, event, extra in moved:
        known = {**extra, "deadline": _last_day(case, ends.get(case["id"]))}
        context = message_context(tools, published, case, event["payload"], known)
        for messages, rows, build in (
            (step.mail, mails, mail_row),
            (step.notice, notices, notice_row),
        ):
            written: set[str] = set()
            for template, actor in messages.items():
                for person in people[actor][case["id"]]:
                    if person.id in written:
                        continue
                    written.add(person.id)
                    rows.append(
                        build(
                            template=f"{process.process}/{template}",
                            key=f"{event['id']}:{person.id}",
                            process=process.process,
                            case_id=case["id"],
                            event_id=event["id"],
                            to=Addressee(
                                id=person.id,
                                name=person.name,
                                email=person.email,
                                language=person.language,
                            ),
                            area=case["area"],
                            context=context,
                            now=cause.now,
                            not_before=cause.now + tools.grace,
                            languages=process.languages,
                        )
                    )
    return mails, notices
