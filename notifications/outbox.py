"""The outbox: mails and notices as rows, written with the step that causes them.

Nothing is rendered or sent here. A row's key makes it one of its kind, so that it cannot be written
twice; delivery does the rest after the commit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, update

from base.ids import new_id
from models.messages import Mail
from notifications.languages import choose

WAITING, SENT, FAILED, WITHDRAWN = "waiting", "sent", "failed", "withdrawn"

_mail = Mail.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True, slots=True)
class Addressee:
    """A person who is written to."""

    #: None: somebody without an account.
    id: str | None
    name: str
    #: Mail address.
    email: str
    #: The language the person asked for; None if never said.
    language: str | None


def mail_row(
    *, template: str, key: str, process: str, case_id: str | None, event_id: str | None,
    to: Addressee, area: str, context: Mapping[str, Any], now: datetime, not_before: datetime,
    languages: Sequence[str], edits: Mapping[tuple[str, str], Mapping[str, str]] | None = None,
    optional: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """The row of one mail.

    Arguments:
        template: ``school_label/approved``.
        key: what makes it one of its kind: event or timer, and person.
        event_id: the step that caused it; None for a reminder, which ends with its state.
        area: whose NSO answers a reply, and the language where the person has not said one.
        context: the values of the template (``docs/mails.md``).
        not_before: until then it is held, and an undone step withdraws it.
        languages: the languages the process's mails exist in.
        edits: ``subject`` and ``text`` to send instead, by template and language.
        optional: its reader may turn such mails off; delivery looks whether she has.
    """
    language, fallback = choose(to.language, area, languages)
    values = {**context, "asked": to.language} if fallback else context
    return {
        "id": new_id(), "key": key, "process": process, "case_id": case_id,
        "event_id": event_id, "template": template, "language": language, "fallback": fallback,
        "person_id": to.id, "to_name": to.name, "to_address": to.email, "area": area,
        "context": values, "edited": (edits or {}).get((template, language)),
        "optional": optional, "status": WAITING, "created_at": now, "not_before": not_before,
        "leased_until": None, "attempts": 0, "trouble": "", "sent_at": None, "subject": "",
        "body": "",
    }  # fmt: skip


def notice_row(
    *, template: str, key: str, process: str, case_id: str | None, event_id: str | None,
    to: Addressee, context: Mapping[str, Any], now: datetime, **_mail_only: Any,
) -> dict[str, Any]:  # fmt: skip
    """The row of one notice; takes what :func:`mail_row` takes, and leaves out what mails need."""
    return {
        "id": new_id(), "key": key, "process": process, "case_id": case_id,
        "event_id": event_id, "person_id": to.id, "template": template, "context": context,
        "created_at": now, "read_at": None,
    }  # fmt: skip


def withdraw(connection: Connection, event_id: str) -> int:
    """Withdraw the mails of an undone step that are not sent yet; gives how many."""
    done = connection.execute(
        update(_mail)
        .where(_mail.c.event_id == event_id, _mail.c.status == WAITING)
        .values(status=WITHDRAWN)
    )
    return int(done.rowcount)
