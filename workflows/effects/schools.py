"""Schools: registered, validated."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from base.days import local_day, zone_of
from base.ids import new_id
from models.registry import Organisation
from registry.same_school import schools_called
from workflows.effects.effect import Occasion, Outcome, effect

_organisation = Organisation.__table__  # type: ignore[attr-defined]


@effect
def register_school(occasion: Occasion) -> Outcome:
    """Make the school the case is about, from what was sent along; it is not validated.

    It is known by its public name. One that was asked for before and turned down is taken up again:
    the guard has seen to it that no other of that name is there. The principal's name and mail
    address are kept with the school, and nowhere else.
    """
    sent = occasion.payload
    area = occasion.case["area"]
    country = area.partition("-")[0]
    values = {
        "name": sent["public_name"], "place": sent["place"], "country": country, "area": area,
        "legal_name": sent["legal_name"], "principal_name": sent["principal_name"],
        "principal_email": sent["principal_email"],
    }  # fmt: skip
    before = schools_called(occasion.connection, country, values["name"], values["place"])
    school_id = before[0].id if before else new_id()
    about = {
        "organisation_id": school_id, "organisation_name": values["name"], "area": area,
        "zone": zone_of(area).key,
    }  # fmt: skip
    if before:
        again = update(_organisation).where(_organisation.c.id == school_id).values(values)
        return Outcome(changes=[again], about=about)
    row = {
        **values, "id": school_id, "kind": "school", "registered_on": None, "validated": False,
        "zone": None,
    }  # fmt: skip
    return Outcome(rows=[(_organisation, row)], about=about)


@effect
def validate_school(occasion: Occasion) -> Outcome:
    """Validate the case's school; it counts as registered from that day, if it was not before.

    The day is the one it is in the case's zone.
    """
    today = local_day(occasion.now, ZoneInfo(occasion.case["zone"]))
    school = _organisation.c.id == occasion.case["organisation_id"]
    changed = update(_organisation).where(school).values(validated=True)
    first = (
        update(_organisation)
        .where(school, _organisation.c.registered_on.is_(None))
        .values(registered_on=today)
    )
    return Outcome(changes=[changed, first])


@effect
def name_school(occasion: Occasion) -> Outcome:
    """Tell the mails the name of the school that was sent along: ``made.school``."""
    query = select(_organisation.c.name).where(_organisation.c.id == occasion.payload["school"])
    name = occasion.connection.execute(query).scalar_one()
    return Outcome(context={"made": {"school": name}})


@effect
def forget_principal(occasion: Occasion) -> Outcome:
    """Keep nothing of the principal of a school that is not taken up: she never asked for it."""
    forgotten = (
        update(_organisation)
        .where(_organisation.c.id == occasion.case["organisation_id"])
        .values(principal_name="", principal_email="")
    )
    return Outcome(changes=[forgotten])
