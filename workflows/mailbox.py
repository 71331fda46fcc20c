"""Sent and waiting mails, to look at: previews on the real case, and sending again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Connection, func, select, update

from base.errors import NotPossible
from base.i18n import LANGUAGES, N_
from base.ids import new_id
from models.cases import Release
from models.messages import Mail
from notifications.delivery import render
from notifications.outbox import FAILED, SENT, WAITING
from notifications.templates import Rendered, Templates

_mail = Mail.__table__  # type: ignore[attr-defined]
_release = Release.__table__  # type: ignore[attr-defined]

log = structlog.get_logger("keurmerk.mailbox")

Row = Mapping[str, Any]


def has_words(connection: Connection, mail: Row) -> bool:
    """Whether a mail's words may be shown to others than its reader.

    Those of processes may. Others carry what is for their reader alone: whoever could read a link
    to sign in could sign in as her.
    """
    known = select(_release.c.id).where(_release.c.process == mail["process"]).limit(1)
    return connection.execute(known).first() is not None


def languages_of(templates: Templates, mail: Row) -> list[str]:
    """The languages a mail can be shown in."""
    there = templates.languages(mail["template"])
    return [one for one in LANGUAGES if one in there]


def preview(templates: Templates, mail: Row, language: str) -> Rendered:
    """A mail as it is written in ``language``, with its own values.

    Raises:
        Fault: its template is not there any more, or asks for a value it does not have.
    """
    changed: dict[str, Any] = {"language": language}
    if language != mail["language"]:
        # What somebody wrote into it by hand is in its own language.
        changed |= {name: None for name in ("edited",) if name in mail}
    return render(templates, {**mail, **changed})


def resend(connection: Connection, mail: Row, by: str, now: datetime) -> str:
    """Send a mail again; gives the id of the one that will go out.

    A failed one is tried anew, for as many days as a new one. One that was sent goes out once more
    as a mail of its own, with its own key and Message-ID, to the same address.

    Arguments:
        by: id of the person who asks for it.

    Raises:
        NotPossible: it is still waiting, or was withdrawn.
    """
    if mail["status"] == FAILED:
        done = connection.execute(
            update(_mail)
            .where(_mail.c.id == mail["id"], _mail.c.status == FAILED)
            .values(
                status=WAITING, not_before=now, created_at=now, attempts=0, trouble="",
                leased_until=None,
            )
        )  # fmt: skip
        if done.rowcount:
            log.info("mail tried anew", mail=mail["id"], by=by)
            return str(mail["id"])
    if mail["status"] != SENT:
        raise NotPossible(
            N_("Only a mail that was sent, or that has failed, can be sent again. This one is "
               "waiting or was withdrawn.")
        )  # fmt: skip
    first = mail["key"].removeprefix("again:").partition("#")[0] if _again(mail) else mail["id"]
    times = connection.execute(
        select(func.count()).where(_mail.c.key.startswith(f"again:{first}#", autoescape=True))
    ).scalar_one()
    row = {
        **mail, "id": new_id(), "key": f"again:{first}#{times + 1}", "status": WAITING,
        "created_at": now, "not_before": now, "attempts": 0, "trouble": "", "sent_at": None,
        "leased_until": None, "subject": "", "body": "",
    }  # fmt: skip
    connection.execute(_mail.insert(), row)
    log.info("mail sent again", mail=mail["id"], new=row["id"], by=by)
    return str(row["id"])


def _again(mail: Row) -> bool:
    return str(mail["key"]).startswith("again:")
