"""How long a case can still wait, in words and as a shape."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from base.days import local_day, working_days_between
from base.i18n import N_, translate
from workflows.waiting import NEVER

#: From so many working days on, there is time.
SOON = 2

Kind = Literal["late", "soon", "later", "none"]
#: What stands beside the words: told apart by its form, not by its colour.
SHAPES: dict[Kind, str] = {"late": "▲", "soon": "◆", "later": "○", "none": "–"}


@dataclass(frozen=True, kw_only=True)
class Due:
    """By when a case is to be looked at."""

    kind: Kind
    #: Working days left; negative: so many late. None: nothing is due.
    days: int | None
    #: The last day it is in time, where the school is.
    day: date | None

    @property
    def shape(self) -> str:
        """A sign for the kind."""
        return SHAPES[self.kind]

    def say(self, language: str) -> str:
        """It in words."""
        if self.days is None:
            return translate(N_("no deadline"), language)
        count = abs(self.days)
        if self.kind == "late":
            sentence = _LATE.get(count, N_("{count} working days late"))
        else:
            sentence = _LEFT.get(count, N_("{count} working days left"))
        return translate(sentence, language, count=count)


_LATE = {0: N_("late since the last working day"), 1: N_("1 working day late")}
_LEFT = {0: N_("today is the last day"), 1: N_("1 working day left")}


def due(due_at: datetime, case: Any, now: datetime) -> Due:
    """By when a case is to be looked at, seen from ``now``.

    Arguments:
        due_at: the first instant that is too late.
        case: its row: ``area`` gives the working days, ``zone`` the day.
    """
    if due_at >= NEVER:
        return Due(kind="none", days=None, day=None)
    zone = ZoneInfo(case["zone"])
    last = local_day(due_at - timedelta(seconds=1), zone)
    left = working_days_between(local_day(now, zone), last, case["area"])
    if due_at <= now:
        return Due(kind="late", days=min(left, 0), day=last)
    return Due(kind="soon" if left < SOON else "later", days=max(left, 0), day=last)
