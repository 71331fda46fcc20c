"""Schools: registered, validated."""

from __future__ import annotations

from sqlalchemy import select, update

from base.days import zone_of
from base.ids import new_id
from models.registry import Organisation
from workflows.effects.effect import Occasion, Outcome, effect

_organisation = Organisation.__table__  # type: ignore[attr-defined]


@effect
def register_school(occasion: Occasion) -> Outcome:
    """Make the school the case is about, from what was sent along; it is not validated.

    It is known by its public name. The principal's name and mail address are kept with the school,
    and nowhere else.
    """
    sent = occasion.payload
    area, school_id = occasion.case["area"], new_id()
    row = {
        "id": school_id, "kind": "school", "name": sent["public_name"], "place": sent["place"],
        "country": area.partition("-")[0], "area": area, "registered_on": None, "validated": False,
        "zone": None, "legal_name": sent["legal_name"],
        "principal_name": sent["principal_name"], "principal_email": sent["principal_email"],
    }  # fmt: skip
    about = {
        "organisation_id": school_id, "organisation_name": row["name"], "area": area,
        "zone": zone_of(area).key,
    }  # fmt: skip
    return Outcome(rows=[(_organisation, row)], about=about)


@effect
def validate_school(occasion: Occasion) -> Outcome:
    """Validate the case's school; it counts as registered from that day, if it was not before."""
    today = occasion.now.date()
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
