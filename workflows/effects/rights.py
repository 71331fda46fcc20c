"""Rights of people at a school: given, extended, ended. A right is a row of ``grant``."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, or_, select, update
from sqlalchemy.sql.dml import UpdateBase

from base.days import local_day, months_after
from base.errors import BadInput, NotAllowed, NotPossible, Problem
from base.i18n import N_
from base.ids import new_id
from models.registry import Grant, Membership
from registry.rights import Right, rights
from workflows.effects.effect import Occasion, Outcome, effect
from workflows.kept_values import kept_values

_grant = Grant.__table__  # type: ignore[attr-defined]
_member = Membership.__table__  # type: ignore[attr-defined]

#: What is said where days cannot be used.
UNUSABLE = N_("The right cannot hold on these days.")


@effect
def grant_right(occasion: Occasion) -> Outcome:
    """Give the person the right that was sent along, at the case's school.

    It ends with her work there at the latest. Its longest length is a setting of the right; where
    the area has not set it, the right cannot be given.
    """
    name = str(occasion.payload["right"])
    right = rights()[name]
    if occasion.acted_as not in right.granted_by:
        raise NotAllowed(N_("“{right}” can only be given by others."), right=right.title)
    first_day, asked = _sent(occasion, "first_day"), _sent(occasion, "last_day")
    last_day = _last_day(occasion, right, first_day, asked)
    there = select(_grant.c.id).where(*_same(occasion, name, first_day))
    before = occasion.connection.execute(there).scalar()
    keeps = {
        "right_title": dict(right.title), "last_day": last_day,
        "remind_on": _remind_on(occasion, right, last_day),
    }  # fmt: skip
    told = {"made": {"right": dict(right.title), "description": dict(right.description)}}
    if before:
        again = update(_grant).where(_grant.c.id == before)
        changed = again.values(last_day=last_day, reason=occasion.payload["reason"])
        return Outcome(changes=[changed], keeps=keeps, context=told)
    row = {
        "id": new_id(), "person_id": occasion.case["person_id"], "right": name,
        "scope": occasion.case["organisation_id"], "first_day": first_day, "last_day": last_day,
        "reason": occasion.payload["reason"],
    }  # fmt: skip
    return Outcome(rows=[(_grant, row)], keeps=keeps, context=told)


@effect
def extend_right(occasion: Occasion) -> Outcome:
    """Give the right of the case the new last day that was sent along.

    Whether somebody may do so with her own right is a setting of the right.
    """
    name, right, first_day = _of_case(occasion)
    if occasion.actor_id == occasion.case["person_id"]:
        own = occasion.values.get(right.settings.extend_own)
        if own is None:
            raise _not_set(right, right.settings.extend_own)
        if not own:
            raise NotAllowed(
                N_("Nobody extends her own right “{right}”: ask a colleague."), right=right.title
            )
    last_day = _last_day(occasion, right, first_day, _sent(occasion, "last_day"))
    keeps = {"last_day": last_day, "remind_on": _remind_on(occasion, right, last_day)}
    changed = update(_grant).where(*_same(occasion, name, first_day)).values(last_day=last_day)
    return Outcome(changes=[changed], keeps=keeps)


@effect
def end_right(occasion: Occasion) -> Outcome:
    """End the right of the case at once: yesterday was its last day.

    One that began today, or has not begun, was never there.
    """
    name, _right, first_day = _of_case(occasion)
    today, same = _today(occasion), _same(occasion, name, first_day)
    change: UpdateBase = delete(_grant).where(*same)
    if first_day < today:
        still = or_(_grant.c.last_day.is_(None), _grant.c.last_day >= today)
        change = update(_grant).where(*same, still).values(last_day=today - timedelta(days=1))
    return Outcome(changes=[change])


def _of_case(occasion: Occasion) -> tuple[str, Right, date]:
    kept = kept_values(occasion.case)
    return kept["right"], rights()[kept["right"]], kept["first_day"]


def _same(occasion: Occasion, name: str, first_day: date) -> list[Any]:
    """The condition on the one row of ``grant`` that the case is about."""
    return [
        _grant.c.person_id == occasion.case["person_id"], _grant.c.right == name,
        _grant.c.scope == occasion.case["organisation_id"], _grant.c.first_day == first_day,
    ]  # fmt: skip


def _last_day(occasion: Occasion, right: Right, first_day: date, asked: date) -> date:
    """The last day a right can have: the one asked for, or that of the work at the school.

    Raises:
        BadInput: it lies before the first day, in the past, or too far away.
        NotPossible: the area has not set how long the right may hold.
    """
    problems = []
    if asked < first_day:
        problems.append(
            _wrong(N_("The last day lies before the first ({first}). Take a later one."),
                   first=first_day)
        )  # fmt: skip
    elif asked < _today(occasion):
        problems.append(_wrong(N_("The last day is over already. Take a later one.")))
    months = occasion.values.get(right.settings.most_months)
    if months is None:
        raise _not_set(right, right.settings.most_months)
    latest = months_after(first_day, months)
    if asked > latest:
        problems.append(
            _wrong(N_("“{right}” holds for {months} months at most: from {first} until {latest}."),
                   right=right.title, months=months, first=first_day, latest=latest)
        )  # fmt: skip
    leaves = _leaves_on(occasion)
    if leaves is not None and leaves < first_day:
        problems.append(
            Problem(
                where="first_day", values={"day": leaves},
                message=N_("{day} is the person’s last day at the school. Take an earlier day."),
            )
        )  # fmt: skip
    if problems:
        raise BadInput(UNUSABLE, problems)
    return asked if leaves is None else min(asked, leaves)


def _wrong(message: str, **values: Any) -> Problem:
    return Problem(where="last_day", message=message, values=values)


def _not_set(right: Right, setting: str) -> NotPossible:
    return NotPossible(
        N_("The rules of “{right}” are not set for this country yet: “{setting}” is not known. "
           "An administrator adds it to the round file."),
        right=right.title, setting=setting,
    )  # fmt: skip


def _leaves_on(occasion: Occasion) -> date | None:
    """The last day of the person's work at the case's school; None where it has no end."""
    query = select(_member.c.last_day).where(
        _member.c.person_id == occasion.case["person_id"],
        _member.c.organisation_id == occasion.case["organisation_id"],
        or_(_member.c.last_day.is_(None), _member.c.last_day >= _today(occasion)),
    )
    days = list(occasion.connection.execute(query).scalars())
    return None if None in days or not days else max(days)


def _remind_on(occasion: Occasion, right: Right, last_day: date) -> date | None:
    """The day on which its holder is reminded; None where the area has not set it."""
    days = occasion.values.get(right.settings.remind_days)
    return None if days is None else last_day - timedelta(days=days)


def _sent(occasion: Occasion, name: str) -> date:
    return date.fromisoformat(str(occasion.payload[name]))


def _today(occasion: Occasion) -> date:
    return local_day(occasion.now, ZoneInfo(occasion.case["zone"]))
