"""The mails and notices of a step, and the values that every mail about a case is filled with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from base.days import local_day
from notifications.outbox import Addressee, mail_row, notice_row
from workflows.definition import Process, Step
from workflows.links import mailed_links
from workflows.publishing import Published
from workflows.recipients import Row, recipients
from workflows.subjects import name_of
from workflows.tools import Cause, Tools


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
        if key in ("form", "mails"):
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
        "subject": {"name": name_of(case)},
        "parties": {name: {"name": row["name"]} for name, row in case["parties"].items()},
        "round": {"name": case["round"] or "", "title": round_title},
        "kept": dict(case.get("kept") or {}),
        "dates": {key: value for key, value in values.items() if value is not None},
        "case": {
            "id": case["id"],
            "url": f"{tools.public_url}/cases/{case['id']}",
            "state": process.states[case["state"]].to_school if case["state"] else "",
        },
        "payload": shown,
        **(extra or {}),
    }


def _left_out(step: Step) -> dict[str, Any]:
    """Nothing for each thing a step asks: so a mail can ask whether something was said."""
    return {
        ask.name: {} if ask.type == "text_per_section" else ""
        for ask in step.asks
        if not ask.private
    }


def deadlines(process: Process, timers: Sequence[Row]) -> dict[str, datetime]:
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


def messages_of(
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
        name: recipients(connection, process, name, cases, cause.now, cause)
        for name in {*step.mail.values(), *step.notice.values()}
    }
    for case, event, extra in moved:
        known = {
            **extra,
            "deadline": _last_day(case, ends.get(case["id"])),
            "day": local_day(cause.now, ZoneInfo(case["zone"])).isoformat(),
        }
        if links := mailed_links(process, case, cause.trigger, tools.secret, tools.public_url):
            known["links"] = links
        payload = {**_left_out(step), **event["payload"]}
        context = message_context(tools, published, case, payload, known)
        sent = step.mails(published.values(case["round"], case["area"]))
        for messages, rows, build in (
            (sent, mails, mail_row),
            (step.notice, notices, notice_row),
        ):
            written: set[str] = set()
            for template, actor in messages.items():
                for person in people[actor][case["id"]]:
                    if person.email in written:
                        continue
                    written.add(person.email)
                    rows.append(
                        build(
                            template=f"{process.process}/{template}",
                            key=f"{event['id']}:{person.id or template}",
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
                            edits=cause.edits,
                        )
                    )
    return mails, notices
