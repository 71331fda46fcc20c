"""Mails about somebody's own account: they belong to no process and no case.

What stands in them is ours alone: whoever got hold of an account could have chosen the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from sqlalchemy import Connection

from base.i18n import LANGUAGES
from base.ids import new_id
from models.messages import Mail
from notifications.outbox import Addressee, mail_row
from web.context import Context
from web.sessions import browser_of
from web.signing_in import Someone

_mail = Mail.__table__  # type: ignore[attr-defined]

LINK = "sign_in/link"
PASSKEY_MADE, PASSKEY_USED = "sign_in/passkey_made", "sign_in/passkey_used"


def write(
    connection: Connection, context: Context, template: str, to: Someone, language: str,
    values: Mapping[str, Any],
) -> None:  # fmt: skip
    """Put a mail into the outbox.

    Arguments:
        language: the language of the page, where none is kept of the person.
    """
    now = context.tools.clock.now()
    addressee = Addressee(
        id=to.id, name=to.name, email=to.email, language=to.language or language
    )  # fmt: skip
    connection.execute(
        _mail.insert().values(
            mail_row(
                template=template, key=f"{template}/{new_id()}", process="", case_id=None,
                event_id=None, to=addressee, area="", now=now, not_before=now,
                languages=LANGUAGES, context=values,
            )
        )
    )  # fmt: skip


def tell_of_passkey(
    connection: Connection, context: Context, request: Request, template: str, to: Someone,
    language: str,
) -> None:  # fmt: skip
    """Tell the owner of an account of a passkey, so that one that is not hers is noticed."""
    values = {
        "browser": browser_of(request.headers.get("user-agent", "")),
        "day": context.wall.now().date().isoformat(),
        "url": f"{context.tools.public_url}/account",
    }
    write(connection, context, template, to, language, values)
