"""Roles that people have at the case's school."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from sqlalchemy import or_, select, update

from base.days import local_day
from base.ids import new_id
from models.registry import Membership
from workflows.effects.effect import Occasion, Outcome, effect

_member = Membership.__table__  # type: ignore[attr-defined]


@effect
def give_role(occasion: Occasion) -> Outcome:
    """Give a party of the case a role at the case's school, from today on.

    Somebody may have several roles at one school. Who began there today in another role has this
    one instead: a membership is known by its first day.

    Arguments of the process file: ``party`` and ``role``.
    """
    person = occasion.parties[occasion.arguments["party"]]["person_id"]
    school, role = occasion.case["organisation_id"], occasion.arguments["role"]
    today = local_day(occasion.now, ZoneInfo(occasion.case["zone"]))
    mine = (
        _member.c.person_id == person, _member.c.organisation_id == school,
        or_(_member.c.last_day.is_(None), _member.c.last_day >= today),
    )  # fmt: skip
    query = select(_member.c.id, _member.c.role, _member.c.first_day).where(*mine)
    there = occasion.connection.execute(query).all()
    if any(row.role == role for row in there):
        return Outcome()
    begun = [row.id for row in there if row.first_day == today]
    if begun:
        changed = update(_member).where(_member.c.id == begun[0]).values(role=role)
        return Outcome(changes=[changed])
    row = {
        "id": new_id(), "person_id": person, "organisation_id": school, "role": role,
        "first_day": today, "last_day": None,
    }  # fmt: skip
    return Outcome(rows=[(_member, row)])


@effect
def end_roles(occasion: Occasion) -> Outcome:
    """Nobody has a role at the case's school any more; whoever works there works on.

    Arguments of the process file: ``role``, and the ``instead`` it becomes.
    """
    today = local_day(occasion.now, ZoneInfo(occasion.case["zone"]))
    changed = (
        update(_member)
        .where(
            _member.c.organisation_id == occasion.case["organisation_id"],
            _member.c.role == occasion.arguments["role"],
            or_(_member.c.last_day.is_(None), _member.c.last_day >= today),
        )
        .values(role=occasion.arguments["instead"])
    )
    return Outcome(changes=[changed])
