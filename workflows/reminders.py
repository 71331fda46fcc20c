"""Mails that a timer sends about a case: reminders and escalations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from base.days import local_day
from models.messages import Mail
from models.sql import insert_new
from notifications.outbox import Addressee, mail_row
from workflows.actors import Recipient, Row, recipients
from workflows.definition import TimerRule
from workflows.publishing import Published
from workflows.step import Tools, message_context
from workflows.timing import after

_mail = Mail.__table__  # type: ignore[attr-defined]


def remind(
    connection: Connection, tools: Tools, published: Published, rule: TimerRule,
    due: Sequence[tuple[Row, Mapping[str, Any]]], now: datetime,
) -> int:  # fmt: skip
    """Write the mails of one timer rule for many cases; gives how many.

    The key is the timer's own: however often it is tried, a person gets one mail.

    Arguments:
        due: case row and timer row, for cases that are still in one of the rule's states.
    """
    process = published.process
    cases = [case for case, _ in due]
    rows: list[dict[str, Any]] = []
    for template, actor in rule.mail.items():
        people = recipients(connection, process, actor, cases, now)
        for case, timer in due:
            extra = _deadline(published, rule, case, now)
            context = message_context(tools, published, case, extra=extra)
            rows += [
                mail_row(
                    template=f"{process.process}/{template}",
                    key=f"{timer['key']}:{person.id}",
                    process=process.process,
                    case_id=case["id"],
                    event_id=None,
                    to=addressee(person),
                    area=case["area"],
                    context=context,
                    now=now,
                    not_before=now,
                    languages=process.languages,
                )
                for person in people[case["id"]]
            ]
    insert_new(connection, _mail, rows)
    return len(rows)


def addressee(person: Recipient) -> Addressee:
    """A recipient as the outbox wants it."""
    return Addressee(id=person.id, name=person.name, email=person.email, language=person.language)


def _deadline(published: Published, rule: TimerRule, case: Row, now: datetime) -> dict[str, Any]:
    zone = ZoneInfo(case["zone"])
    values = published.values(case["round"], case["area"])
    today = local_day(now, zone)
    day = values.get(rule.at.date) if rule.at else None
    if rule.after:
        end = after(case["since"], rule.after, values, case["area"], zone)
        day = local_day(end, zone) if end else None
    since = local_day(case["since"], zone)
    return {
        "deadline": day.isoformat() if day else None,
        "days_left": (day - today).days if day else None,
        "since": since.isoformat(),
        "days_waiting": (today - since).days,
    }
