"""One participant's questionnaire: begun, answered within two hours, submitted, or gone.

Nothing here knows who answers. While somebody answers, her answers are on her page alone; the
server keeps when the questionnaire ends, under the hash of a key that only the page has. Submitting
is one delete and one insert; what is left over is deleted by :func:`drop_expired`.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from uuid import uuid4

import sqlalchemy
from sqlalchemy import bindparam, delete, select

from base.errors import BadInput, NotPossible
from base.i18n import N_
from models.database import reading, writing
from models.surveys import SurveyProgress, SurveySheet
from surveys.opening import Links, Opened
from surveys.questionnaire import LEFT_OUT, NOT_APPLICABLE

_progress = SurveyProgress.__table__  # type: ignore[attr-defined]
_sheet = SurveySheet.__table__  # type: ignore[attr-defined]

#: Built once: every participant asks for them.
_MINE = (
    _progress.c.key_hash == bindparam("key"), _progress.c.token == bindparam("link"),
    _progress.c.expires_at > bindparam("now"),
)  # fmt: skip
_ENDS = select(_progress.c.expires_at).where(*_MINE)
_TAKE = delete(_progress).where(*_MINE)
_BEGIN, _KEEP = _progress.insert(), _sheet.insert()
#: What an answer can be: 1 to 5, not applicable, left out.
ANSWERS = frozenset({1, 2, 3, 4, 5, NOT_APPLICABLE, LEFT_OUT})


#: What whoever comes too late is told.
OVER = N_(
    "The time for this questionnaire is over, or it has been submitted already. Answers that were "
    "not submitted within two hours are gone. You can open the link again and begin anew."
)


class TimeOver(NotPossible):
    """The two hours are over, or it was submitted already: the answers are not there any more."""

    code = "time_over"


def begin(links: Links, token: str, now: datetime) -> str:
    """Begin a questionnaire; gives the key that the participant's page keeps.

    Raises:
        NotFound: there is no such link.
        NotPossible: the exercise has not begun, or is over.
    """
    opened = links.open(token, now)
    _see_open(opened)
    key = secrets.token_urlsafe(18)
    row = {"key_hash": _hash(key), "token": token, "expires_at": opened.link.expires_at(now)}
    with writing(links.database) as connection:
        connection.execute(_BEGIN, row)
    return key


def expires_at(links: Links, token: str, key: str, now: datetime) -> datetime:
    """Until when a questionnaire can be submitted.

    Raises:
        TimeOver: it cannot any more.
    """
    with reading(links.database) as connection:
        mine = {"key": _hash(key), "link": token, "now": now}
        ends: datetime | None = connection.execute(_ENDS, mine).scalar()
    if ends is None:
        raise TimeOver(OVER)
    return ends


def submit(links: Links, token: str, key: str, answers: Sequence[int], now: datetime) -> None:
    """Hand in a questionnaire: its answers become a sheet that refers to nothing of the person.

    Raises:
        NotFound: there is no such link.
        NotPossible: the exercise is over.
        TimeOver: the two hours are over, or it was submitted already; nothing is kept.
        BadInput: the answers do not fit what is asked.
    """
    opened = links.open(token, now)
    link = opened.link
    _see_open(opened)
    if len(answers) != len(link.statements) or not ANSWERS.issuperset(answers):
        raise BadInput(N_("The answers do not fit this questionnaire. Open the link again."))
    sheet = {
        # Not one of base.ids: those tell when they were made.
        "id": str(uuid4()), "exercise_id": link.exercise["id"], "group": link.group,
        "company_id": link.company_id, "answers": bytes(answers),
    }  # fmt: skip
    mine = {"key": _hash(key), "link": token, "now": now}
    with writing(links.database) as connection:
        if connection.execute(_TAKE, mine).rowcount != 1:
            raise TimeOver(OVER)
        connection.execute(_KEEP, sheet)


def drop_expired(database: sqlalchemy.Engine, now: datetime) -> int:
    """Delete questionnaires whose time is over; gives how many."""
    with reading(database) as connection:
        over = _progress.c.expires_at <= now
        if connection.execute(select(_progress.c.key_hash).where(over).limit(1)).first() is None:
            return 0
    with writing(database) as connection:
        return int(connection.execute(delete(_progress).where(over)).rowcount)


def _see_open(opened: Opened) -> None:
    if opened.when == "before":
        raise NotPossible(
            N_("This questionnaire opens on {day}."), day=opened.link.exercise["first_day"]
        )
    if opened.when == "after":
        raise NotPossible(
            N_("This questionnaire closed on {day}: answers can no longer be given."),
            day=opened.link.exercise["last_day"],
        )


def _hash(key: str) -> str:
    return sha256(key.encode()).hexdigest()
