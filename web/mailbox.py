"""Which mails somebody may see, in one place: pages and API ask here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, or_, select, true

from base.errors import NotAllowed, NotFound
from base.i18n import N_
from models.cases import Case
from models.database import writing
from models.messages import Mail
from web.context import Context
from web.scope import Scope, scope_of
from workflows import mailbox
from workflows.administering import administrator

_mail = Mail.__table__  # type: ignore[attr-defined]
_case = Case.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class MailReader:
    """Whose mailbox it is, and what she sees in it."""

    scope: Scope
    #: An administrator of all areas, or anybody in the demo, sees every mail.
    everything: bool

    @property
    def is_staff(self) -> bool:
        """Whether she sees mails to others at all."""
        return self.everything or self.scope.is_staff

    def seen(self) -> ColumnElement[bool]:
        """The condition on mails that leaves only those she may see."""
        if self.everything:
            return true()
        own: ColumnElement[bool] = _mail.c.person_id == self.scope.person_id
        if not self.scope.is_staff:
            return own
        return or_(own, _mail.c.case_id.in_(select(_case.c.id).where(self.scope.staff_cases())))


def mail_reader(connection: Connection, context: Context, person_id: str) -> MailReader:
    """What the mailbox shows to a person."""
    clock = context.tools.clock
    who = administrator(connection, person_id, clock.now().date())
    return MailReader(
        scope=scope_of(connection, person_id, clock), everything=bool(who and who.everywhere)
    )


def visible_mail(connection: Connection, reader: MailReader, mail_id: str) -> dict[str, Any]:
    """A mail's row, if it is hers to see.

    Raises:
        NotFound: there is none, or it is not.
    """
    row = connection.execute(select(_mail).where(_mail.c.id == mail_id, reader.seen()))
    found = row.mappings().first()
    if found is None:
        raise NotFound(N_("There is no such mail."))
    return dict(found)


def send_again(context: Context, person_id: str, mail_id: str) -> str:
    """Send a mail again; gives the id of the one that goes out.

    Raises:
        NotFound: it is not hers to see.
        NotAllowed: it went to somebody else, and she is no staff of its case.
        NotPossible: it waits or was withdrawn, or its words are for its reader alone.
    """
    now: datetime = context.tools.clock.now()
    with writing(context.database) as connection:
        reader = mail_reader(connection, context, person_id)
        row = visible_mail(connection, reader, mail_id)
        if not reader.is_staff or not mailbox.has_words(connection, row):
            raise NotAllowed(N_("Mails are sent again by the staff of their area."))
        made = mailbox.resend(connection, row, person_id, now)
        if context.tools.wake:
            context.tools.wake(connection)
        return made
