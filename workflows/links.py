"""Steps that are taken by opening a mailed link.

A step's mail may carry links to other steps: those whose actor says ``link_of`` that step. A link
is signed, and holds for the case as it is when the mail is written: whatever moves the case ends
it, so it serves once. Opening it changes nothing, since mail programs open links by themselves to
look for harm: the page it leads to has a button.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import Connection, select

from base.errors import NotFound, NotPossible
from base.i18n import N_
from models.cases import CaseEvent, Timer
from workflows.definition import Process
from workflows.log_words import MOVE
from workflows.tools import Tools

_event = CaseEvent.__table__  # type: ignore[attr-defined]
_timer = Timer.__table__  # type: ignore[attr-defined]

#: Under this name a case row in memory says that the step is taken by a link that fits.
OPENED = "opened_link"

_SALT = "step-link"


@dataclass(frozen=True, kw_only=True)
class StepLink:
    """What a link is for."""

    case_id: str
    #: The version the case has as long as the link holds.
    version: int
    trigger: str


def link_token(secret: str, link: StepLink) -> str:
    """The end of a link's address."""
    return str(_serializer(secret).dumps([link.case_id, link.version, link.trigger]))


def read_link(secret: str, token: str) -> StepLink:
    """What a link is for.

    Raises:
        NotFound: it is none of ours.
    """
    try:
        case_id, version, trigger = _serializer(secret).loads(token)
    except (BadSignature, ValueError, TypeError):
        raise NotFound(
            N_("This link is not complete. Open it from the mail again, or copy all of it.")
        ) from None
    return StepLink(case_id=str(case_id), version=int(version), trigger=str(trigger))


def _serializer(secret: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt=_SALT)


def mailed_links(
    process: Process, case: Mapping[str, Any], step: str, secret: str, public_url: str
) -> dict[str, str]:
    """Addresses by name of the step they lead to, for the mails of ``step``.

    Arguments:
        case: its row after the step.
    """
    return {
        name: f"{public_url}/links/"
        + link_token(secret, StepLink(case_id=case["id"], version=case["version"], trigger=name))
        for name, transition in process.transitions.items()
        if case["state"] in transition.source
        and any(step in process.actors[actor].link_of for actor in transition.by)
    }


def link_holds(
    connection: Connection, tools: Tools, process: Process, case: Mapping[str, Any],
    trigger: str, token: str,
) -> bool:  # fmt: skip
    """See that a mailed link holds: for this step, until the case moves or its time is over.

    Raises:
        NotFound: it is none of ours, or for something else.
        NotPossible: it has been used, or its time is over.
    """
    opened = read_link(tools.secret, token)
    if (opened.case_id, opened.trigger) != (case["id"], trigger):
        raise NotFound(N_("This link is for something else."))
    ending = [name for name, rule in process.timers.items() if rule.fire]
    over = select(_timer.c.id).where(
        _timer.c.case_id == case["id"], _timer.c.name.in_(ending),
        _timer.c.due_at <= tools.clock.now(),
    )  # fmt: skip
    late = connection.execute(over).first() is not None
    # What a case is moved to another version for does not use a link up.
    steps = select(_event.c.id).where(
        _event.c.case_id == case["id"], _event.c.sequence > opened.version,
        _event.c.trigger != MOVE,
    )  # fmt: skip
    if late or connection.execute(steps).first() is not None:
        raise NotPossible(
            N_("This link no longer holds: its time is over, or it has been used. If what it "
               "was for has not been done, start again and you get a new one.")
        )  # fmt: skip
    return True
