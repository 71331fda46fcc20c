"""A step before it is taken: where it would lead, and the mails as they would go out.

A step is rehearsed by taking it in a transaction that is rolled back: what is shown is what the
engine writes, whatever the process, and a refusal is the very refusal that taking it would meet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from models.messages import Mail
from models.reads import rows_of
from notifications.delivery import render
from notifications.templates import NAME, Templates
from workflows.engine import Engine

_mail = Mail.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A mail of a step, as all who get it in one language will read it."""

    #: Of the process: approved.
    template: str
    language: str
    subject: str
    #: Without what stands under every mail. Where several people get it, ``{name}`` stands for the
    #: name of each.
    text: str
    #: Their names; those without an account may have none.
    to: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """What a step would come to."""

    to_state: str
    drafts: Sequence[Draft]


def rehearse(
    engine: Engine, templates: Templates, case_id: str, trigger: str, actor_id: str,
    payload: Mapping[str, Any] | None = None, version: int | None = None,
) -> Rehearsal:  # fmt: skip
    """What taking a step would come to; nothing is changed, and nothing is noted.

    Raises:
        what :meth:`Engine.fire` raises.
    """
    with engine.database.connect() as connection, connection.begin() as transaction:
        taken = engine.fire_in(connection, case_id, trigger, actor_id, payload, version)
        query = select(_mail).where(_mail.c.event_id == taken.event["id"]).order_by(_mail.c.id)
        rows = rows_of(connection.execute(query))
        transaction.rollback()
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["template"], row["language"]), []).append(row)
    return Rehearsal(
        to_state=taken.case["state"],
        drafts=[_draft(templates, there) for there in groups.values()],
    )


def _draft(templates: Templates, rows: Sequence[dict[str, Any]]) -> Draft:
    first = rows[0]
    shown = render(templates, first if len(rows) == 1 else {**first, "to_name": NAME})
    return Draft(
        template=first["template"].rpartition("/")[2], language=first["language"],
        subject=shown.subject, text=shown.body,
        to=[row["to_name"] or row["to_address"] for row in rows],
    )  # fmt: skip
