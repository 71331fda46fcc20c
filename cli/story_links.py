"""A story opens the link in a mail, as somebody with that mailbox would."""

from __future__ import annotations

from sqlalchemy import select

from base.errors import BadInput
from base.i18n import N_
from cli.context import Parts
from models.database import reading
from models.messages import Mail

_mail = Mail.__table__  # type: ignore[attr-defined]


def mailed_link(parts: Parts, case_id: str, trigger: str) -> str:
    """The end of the address that the case's last mail with a link to ``trigger`` has.

    Raises:
        BadInput: there is no such mail.
    """
    query = select(_mail.c.context).where(_mail.c.case_id == case_id).order_by(_mail.c.id.desc())
    with reading(parts.database) as connection:
        for context in connection.execute(query).scalars():
            address = context.get("links", {}).get(trigger)
            if address:
                return str(address).rpartition("/")[2]
    raise BadInput(N_("The story has no mail with a link to {name}."), name=trigger)
