"""One participant's questionnaire: begun, answered within two hours, submitted, or gone.

Nothing here knows who answers. While somebody answers, her answers are on her page alone; the
server keeps when the questionnaire ends, under the hash of a key that only the page has. Submitting
is one delete and one insert; what is left over is deleted by :func:`drop_expired`.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import sqlalchemy
from sqlalchemy import Connection, bindparam, delete, select

from base.days import end_of
from base.errors import BadInput, NotFound, NotPossible
from base.i18n import N_
from models.database import reading, writing
from models.surveys import SurveyExercise, SurveyLink, SurveyProgress, SurveySheet
from surveys.exercises import When, exercises, when_open
from surveys.questionnaire import LEFT_OUT, NOT_APPLICABLE

#: SEED-000, 2.5: from the start, else the answers are lost.
LASTS = timedelta(hours=2)

_exercise = SurveyExercise.__table__  # type: ignore[attr-defined]
_link = SurveyLink.__table__  # type: ignore[attr-defined]
_progress = SurveyProgress.__table__  # type: ignore[attr-defined]
_sheet = SurveySheet.__table__  # type: ignore[attr-defined]

#: Built once: these are asked for with every page of every participant.
_OF_LINK = (
    exercises()
    .add_columns(
        _link.c.token, _link.c.group.label("link_group"), _link.c.company_id.label("link_company"),
    )
    .join(_link, _link.c.exercise_id == _exercise.c.id)
    .where(_link.c.token == bindparam("token"))
)  # fmt: skip
_ENDS = select(_progress.c.expires_at).where(
    _progress.c.key_hash == bindparam("key_hash"), _progress.c.token == bindparam("token")
)
#: What an answer can be: 1 to 5, not applicable, left out.
ANSWERS = frozenset({1, 2, 3, 4, 5, NOT_APPLICABLE, LEFT_OUT})
#: A token is never longer.
_TOKEN = 20


class TimeOver(NotPossible):
    """The two hours are over, or it was submitted already: the answers are not there any more."""

    code = "time_over"


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A link that was opened."""

    token: str
    group: str
    company_id: str | None
    #: The exercise's row, with its case's zone.
    exercise: Mapping[str, Any]
    when: When

    @property
    def statements(self) -> Sequence[Mapping[str, Any]]:
        """What this group is asked, in order."""
        found: Sequence[Mapping[str, Any]] = self.exercise["statements"].get(self.group, [])
        return found

    @property
    def ends_at(self) -> datetime:
        """When the last day is over."""
        return end_of(self.exercise["last_day"], ZoneInfo(self.exercise["zone"]))

    def expires_at(self, begun_at: datetime) -> datetime:
        """Until when a questionnaire that was begun then can be submitted."""
        return min(begun_at + LASTS, self.ends_at)


def open_link(connection: Connection, token: str, now: datetime) -> Opened:
    """What a link leads to, whether it answers now or not.

    Raises:
        NotFound: there is no such link.
    """
    row = None
    if len(token) <= _TOKEN and token.isalnum():
        row = connection.execute(_OF_LINK, {"token": token}).mappings().first()
    if row is None:
        raise NotFound(
            N_("There is no questionnaire at this address. Look whether the link is complete.")
        )
    exercise = dict(row)
    return Opened(
        token=token, group=row["link_group"], company_id=row["link_company"], exercise=exercise,
        when=when_open(exercise, now),
    )  # fmt: skip


def begin(database: sqlalchemy.Engine, token: str, now: datetime) -> str:
    """Begin a questionnaire; gives the key that the participant's page keeps.

    Raises:
        NotFound: there is no such link.
        NotPossible: the exercise has not begun, or is over.
    """
    with reading(database) as connection:
        opened = open_link(connection, token, now)
    _see_open(opened)
    key = secrets.token_urlsafe(18)
    with writing(database) as connection:
        connection.execute(
            _progress.insert(),
            {
                "key_hash": _hash(key), "token": token,
                "expires_at": opened.expires_at(now),
            },
        )  # fmt: skip
    return key


def expires_at(connection: Connection, token: str, key: str, now: datetime) -> datetime:
    """Until when a questionnaire can be submitted.

    Raises:
        TimeOver: it cannot any more.
    """
    mine = {"key_hash": _hash(key), "token": token}
    ends: datetime | None = connection.execute(_ENDS, mine).scalar()
    if ends is None or ends <= now:
        raise _over()
    return ends


def submit(
    database: sqlalchemy.Engine, token: str, key: str, answers: Sequence[int], now: datetime
) -> Opened:
    """Hand in a questionnaire: its answers become a sheet that refers to nothing of the person.

    Raises:
        NotFound: there is no such link.
        NotPossible: the exercise is over.
        TimeOver: the two hours are over, or it was submitted already; nothing is kept.
        BadInput: the answers do not fit what is asked.
    """
    with reading(database) as connection:
        opened = open_link(connection, token, now)
    _see_open(opened)
    if len(answers) != len(opened.statements) or not ANSWERS.issuperset(answers):
        raise BadInput(N_("The answers do not fit this questionnaire. Open the link again."))
    sheet = {
        # Not one of base.ids: those tell when they were made.
        "id": str(uuid4()), "exercise_id": opened.exercise["id"], "group": opened.group,
        "company_id": opened.company_id, "answers": bytes(answers),
    }  # fmt: skip
    mine = delete(_progress).where(
        _progress.c.key_hash == _hash(key), _progress.c.token == token,
        _progress.c.expires_at > now,
    )  # fmt: skip
    with writing(database) as connection:
        if connection.execute(mine).rowcount != 1:
            raise _over()
        connection.execute(_sheet.insert(), sheet)
    return opened


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
            N_("This questionnaire opens on {day}."), day=opened.exercise["first_day"]
        )
    if opened.when == "after":
        raise NotPossible(
            N_("This questionnaire closed on {day}: answers can no longer be given."),
            day=opened.exercise["last_day"],
        )


def _over() -> TimeOver:
    return TimeOver(
        N_("The time for this questionnaire is over, or it has been submitted already. Answers "
           "that were not submitted within two hours are gone. You can open the link again and "
           "begin anew.")
    )  # fmt: skip


def _hash(key: str) -> str:
    return sha256(key.encode()).hexdigest()
