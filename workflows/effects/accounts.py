"""Accounts of people: linked to a school, validated, deleted."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, or_, select, update
from sqlalchemy.sql.dml import UpdateBase

from base.days import local_day
from base.ids import new_id
from models.access import Identity, MailLink, Passkey, Session
from models.messages import Mail, Notice
from models.registry import Contact, Grant, Membership, Person
from workflows.effects.effect import Occasion, Outcome, effect

_person = Person.__table__  # type: ignore[attr-defined]
_member = Membership.__table__  # type: ignore[attr-defined]
_contact = Contact.__table__  # type: ignore[attr-defined]
_grant = Grant.__table__  # type: ignore[attr-defined]
_mail = Mail.__table__  # type: ignore[attr-defined]
_notice = Notice.__table__  # type: ignore[attr-defined]
#: What somebody signs in with, and where she is signed in.
_SIGNS_IN = [
    model.__table__  # type: ignore[attr-defined]
    for model in (Session, Identity, MailLink, Passkey)
]

#: Stands where a name was: the log of a case may still refer to the account.
NOBODY = "–"


@effect
def join_school(occasion: Occasion) -> Outcome:
    """Link the person to the case's school from today on, in the role that was sent along."""
    return Outcome(rows=_joining(occasion, occasion.payload.get("role", "teacher")))


@effect
def leave_school(occasion: Occasion) -> Outcome:
    """End the person's link to the case's school: yesterday was its last day."""
    school = _member.c.organisation_id == occasion.case["organisation_id"]
    return Outcome(changes=_leaving(occasion, school))


@effect
def move_school(occasion: Occasion) -> Outcome:
    """Link the person to the case's school, which is the new one, and to no other any more."""
    others = _member.c.organisation_id != occasion.case["organisation_id"]
    return Outcome(rows=_joining(occasion, "teacher"), changes=_leaving(occasion, others))


@effect
def set_account(occasion: Occasion) -> Outcome:
    """Set whether the person's account is validated.

    Arguments of the process file: ``validated``, true or false.
    """
    changed = (
        update(_person)
        .where(_person.c.id == occasion.case["person_id"])
        .values(validated=occasion.arguments["validated"])
    )
    return Outcome(changes=[changed])


@effect
def delete_account(occasion: Occasion) -> Outcome:
    """Erase the person the case is about; see :func:`erasing`."""
    return Outcome(changes=erasing(str(occasion.case["person_id"]), _today(occasion)))


def erasing(person_id: str, today: date) -> list[UpdateBase]:
    """What erases a person: name, mail address, links, contacts and rights, and what she was sent.

    What she signs in with goes, too, and she is signed out.

    The row stays without them, since the log of cases names it by its id.
    """
    in_force = or_(_member.c.last_day.is_(None), _member.c.last_day > today)
    rights = or_(_grant.c.last_day.is_(None), _grant.c.last_day > today)
    return [
        update(_person)
        .where(_person.c.id == person_id)
        .values(
            name=NOBODY, email=f"{person_id}@deleted.invalid", language=None, validated=False,
            available=False,
        ),
        update(_member)
        .where(_member.c.person_id == person_id, _member.c.first_day <= today, in_force)
        .values(last_day=today),
        update(_grant)
        .where(_grant.c.person_id == person_id, _grant.c.first_day <= today, rights)
        .values(last_day=today),
        delete(_contact).where(
            or_(_contact.c.person_id == person_id, _contact.c.contact_id == person_id)
        ),
        delete(_notice).where(_notice.c.person_id == person_id),
        *(delete(one).where(one.c.person_id == person_id) for one in _SIGNS_IN),
        update(_mail)
        .where(_mail.c.person_id == person_id, _mail.c.status != "waiting")
        .values(to_name="", to_address="", context={}, subject="", body=""),
    ]  # fmt: skip


def _joining(occasion: Occasion, role: str) -> list[tuple[Any, dict[str, Any]]]:
    person, school = occasion.case["person_id"], occasion.case["organisation_id"]
    today = _today(occasion)
    there = select(_member.c.id).where(
        _member.c.person_id == person,
        _member.c.organisation_id == school,
        or_(_member.c.last_day.is_(None), _member.c.last_day >= today),
    )
    if occasion.connection.execute(there).first():
        return []
    row = {
        "id": new_id(), "person_id": person, "organisation_id": school, "role": role,
        "first_day": today, "last_day": None,
    }  # fmt: skip
    return [(_member, row)]


def _leaving(occasion: Occasion, which: Any) -> list[UpdateBase]:
    today = _today(occasion)
    mine = _member.c.person_id == occasion.case["person_id"]
    open_ = or_(_member.c.last_day.is_(None), _member.c.last_day >= today)
    earlier = update(_member).where(mine, which, open_, _member.c.first_day < today)
    only = delete(_member).where(mine, which, open_, _member.c.first_day >= today)
    return [earlier.values(last_day=today - timedelta(days=1)), only]


def _today(occasion: Occasion) -> date:
    return local_day(occasion.now, ZoneInfo(occasion.case["zone"]))
