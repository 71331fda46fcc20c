"""Mails that a timer sends about a case: reminders and escalations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from base.days import local_day
from models.messages import Mail
from models.writes import insert_new
from notifications.outbox import Addressee, mail_row
from workflows.definition import TimerRule
from workflows.messages import message_context
from workflows.parties import with_parties
from workflows.publishing import Published
from workflows.recipients import Recipient, Row, recipients
from workflows.spent import days_spent
from workflows.timing import last_day
from workflows.titles import add_titles
from workflows.tools import Tools

_mail = Mail.__table__  # type: ignore[attr-defined]


def remind(
    connection: Connection, tools: Tools, published: Published, rule: TimerRule,
    due: Sequence[tuple[dict[str, Any], Mapping[str, Any]]], now: datetime,
) -> int:  # fmt: skip
    """Write the mails of one timer rule for many cases; gives how many.

    The key is the timer's own: however often it is tried, a person gets one mail.

    Arguments:
        due: case row and timer row, for cases that are still in one of the rule's states.
    """
    process = published.process
    cases = [case for case, _ in due]
    rows: list[dict[str, Any]] = []
    with_parties(connection, process, cases)
    add_titles(connection, lambda _case: process, cases)
    spent = days_spent(connection, process, cases) if rule.paused_in else defaultdict(dict)
    for template, actor in rule.mail.items():
        people = recipients(connection, process, actor, cases, now)
        for case, timer in due:
            left = spent[case["id"]].get(timer["name"], 0)
            extra = _deadline(published, rule, case, now, left)
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
                    optional=template in process.optional_mails,
                )
                for person in people[case["id"]]
            ]
    insert_new(connection, _mail, rows)
    return len(rows)


def addressee(person: Recipient) -> Addressee:
    """A recipient as the outbox wants it."""
    return Addressee(id=person.id, name=person.name, email=person.email, language=person.language)


def _deadline(
    published: Published, rule: TimerRule, case: Row, now: datetime, spent: int
) -> dict[str, Any]:
    zone = ZoneInfo(case["zone"])
    values = published.values(case["round"], case["area"])
    today = local_day(now, zone)
    day = last_day(rule, case, values, spent)
    since = local_day(case["since"], zone)
    return {
        "deadline": day.isoformat() if day else None,
        "days_left": (day - today).days if day else None,
        "since": since.isoformat(),
        "days_waiting": (today - since).days,
    }
