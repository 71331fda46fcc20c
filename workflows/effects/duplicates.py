"""Two accounts of one person: what would be lost with either, and the end of one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select

from base.days import local_day
from base.i18n import N_
from models.registry import (
    Activity,
    Label,
    Membership,
    Organisation,
    Person,
    Project,
    ProjectFounder,
)
from rules.duplicate_facts import older_accounts_of
from workflows.effects.accounts import erasing
from workflows.effects.effect import Consequence, Occasion, Outcome, effect, foresees

_person = Person.__table__  # type: ignore[attr-defined]
_member = Membership.__table__  # type: ignore[attr-defined]
_organisation = Organisation.__table__  # type: ignore[attr-defined]
_label = Label.__table__  # type: ignore[attr-defined]
_project = Project.__table__  # type: ignore[attr-defined]
_founder = ProjectFounder.__table__  # type: ignore[attr-defined]
_activity = Activity.__table__  # type: ignore[attr-defined]

#: What a school's conditions look back on, roughly; the round of the day says exactly.
LOOKED_BACK = timedelta(days=2 * 365)


@effect
def name_older_account(occasion: Occasion) -> Outcome:
    """Make the oldest account that seems to be the same person's the party ``old``."""
    person = str(occasion.case["person_id"])
    older = older_accounts_of(occasion.connection, [person]).get(person, [])
    if not older:
        return Outcome()
    name = occasion.connection.execute(
        select(_person.c.name).where(_person.c.id == older[0])
    ).scalar_one()
    party = {
        "person_id": older[0], "organisation_id": occasion.case["organisation_id"],
        "project_id": None, "area": occasion.case["area"], "name": name,
    }  # fmt: skip
    return Outcome(about={"parties": {**occasion.parties, "old": party}})


@effect
def choose_account(_occasion: Occasion) -> Outcome:
    """Nothing yet: what will be lost is only said. Arguments: ``loses``, ``new`` or ``old``."""
    return Outcome()


@effect
def erase_duplicate(occasion: Occasion) -> Outcome:
    """Erase one of the two accounts. Arguments of the process file: ``loses``, new or old."""
    today = local_day(occasion.now, ZoneInfo(occasion.case["zone"]))
    return Outcome(changes=erasing(_losing(occasion), today))


def _losing(occasion: Occasion) -> str:
    if occasion.arguments["loses"] == "old":
        return str(occasion.parties["old"]["person_id"])
    return str(occasion.case["person_id"])


@foresees(choose_account)
def lost(occasion: Occasion) -> list[Consequence]:
    """What goes with the account (SEED-004:360-397): projects, labels, and what the school has."""
    person = _losing(occasion)
    found = [*_projects(occasion, person), *_labels(occasion, person)]
    found += _schools(occasion, person)
    if found:
        return found
    return [
        Consequence(text=N_("No project, label or condition of a school hangs on this account."))
    ]


foresees(erase_duplicate)(lost)


def _projects(occasion: Occasion, person: str) -> list[Consequence]:
    query = (
        select(_project.c.title)
        .join(_founder, _founder.c.project_id == _project.c.id)
        .where(_founder.c.person_id == person)
        .order_by(_project.c.id)
    )
    text = N_("The project “{title}”, founded with this account: its members lose access to it.")
    return [
        Consequence(text=text, values={"title": title})
        for title in occasion.connection.execute(query).scalars()
    ]


def _labels(occasion: Occasion, person: str) -> list[Consequence]:
    query = (
        select(_label.c.kind, _label.c.granted_on, _project.c.title)
        .outerjoin(_project, _project.c.id == _label.c.project_id)
        .where(_label.c.person_id == person)
        .order_by(_label.c.id)
    )
    text = N_("The label {kind} for “{title}”: there is no access to it any more.")
    return [
        Consequence(text=text, values={"kind": row.kind, "title": row.title or "–"})
        for row in occasion.connection.execute(query)
    ]


def _schools(occasion: Occasion, person: str) -> list[Consequence]:
    today = local_day(occasion.now, ZoneInfo(occasion.case["zone"]))
    query = (
        select(_organisation.c.id, _organisation.c.name)
        .join(_member, _member.c.organisation_id == _organisation.c.id)
        .where(_member.c.person_id == person, _in_force(today))
        .distinct()
        .order_by(_organisation.c.id)
    )
    found = []
    for school in occasion.connection.execute(query).all():
        everybody = _active(occasion, school.id, today, None)
        others = _active(occasion, school.id, today, person)
        if everybody != others:
            text = N_(
                "{school}: {now} teachers have been active in the last two years, {then} without "
                "this account. The conditions of the School Label look at that number."
            )
            values = {"school": school.name, "now": everybody, "then": others}
            found.append(Consequence(text=text, values=values))
    return found


def _active(occasion: Occasion, school: str, today: Any, without: str | None) -> int:
    """How many validated people of a school were active of late."""
    query = (
        select(func.count(func.distinct(_member.c.person_id)))
        .select_from(_member)
        .join(_person, _person.c.id == _member.c.person_id)
        .join(_activity, _activity.c.person_id == _member.c.person_id)
        .where(
            _member.c.organisation_id == school, _in_force(today), _person.c.validated.is_(True),
            _activity.c.on_day >= today - LOOKED_BACK,
        )
    )  # fmt: skip
    if without:
        query = query.where(_member.c.person_id != without)
    return int(occasion.connection.execute(query).scalar_one())


def _in_force(day: Any) -> Any:
    return (_member.c.first_day <= day) & or_(
        _member.c.last_day.is_(None), _member.c.last_day >= day
    )
