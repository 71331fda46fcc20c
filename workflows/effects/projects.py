"""Projects: registered, founded, opened, closed."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from base.days import local_day, zone_of
from base.ids import new_id
from models.registry import Organisation, Project, ProjectFounder, ProjectMember, ProjectSchool
from workflows.effects.effect import Occasion, Outcome, effect

_project = Project.__table__  # type: ignore[attr-defined]
_founder = ProjectFounder.__table__  # type: ignore[attr-defined]
_taking_part = ProjectMember.__table__  # type: ignore[attr-defined]
_school = ProjectSchool.__table__  # type: ignore[attr-defined]
_organisation = Organisation.__table__  # type: ignore[attr-defined]

FOUNDERS = ("founder", "co_founder")


@effect
def register_project(occasion: Occasion) -> Outcome:
    """Make the project the case is about, under the title that was sent along; it is pending.

    Its school, and so its area, is that of the party ``founder``.
    """
    founder = occasion.parties["founder"]
    area = founder["area"]
    zone = zone_of(area).key if area else occasion.case["zone"]
    project_id, title = new_id(), occasion.payload["title"]
    row = {
        "id": project_id, "title": title, "registered_on": local_day(occasion.now, ZoneInfo(zone)),
        "national": None, "state": "pending", "twinspace": "none",
    }  # fmt: skip
    about = {
        "project_id": project_id, "project_title": title, "area": area, "zone": zone,
        "organisation_id": founder["organisation_id"],
    }  # fmt: skip
    return Outcome(rows=[(_project, row)], about=about)


@effect
def found_project(occasion: Occasion) -> Outcome:
    """Write down both founders and their schools: from here on they cannot be changed.

    Arguments of the process file: ``stays_national``, whether a project that was founded within one
    country stays national whoever joins (SEED-004:831; before 2022-23 it did not).
    """
    parties = [occasion.parties[name] for name in FOUNDERS]
    countries = _countries(occasion, [party["organisation_id"] for party in parties])
    project_id = occasion.case["project_id"]
    rows: list[tuple[Any, dict[str, Any]]] = []
    for party in parties:
        school = party["organisation_id"]
        base = {"project_id": project_id, "person_id": party["person_id"]}
        country = countries.get(school, party["area"].partition("-")[0])
        rows.append((_founder, {**base, "id": new_id(), "country": country}))
        rows.append(
            (
                _taking_part,
                {
                    **base, "id": new_id(), "organisation_id": school,
                    "joined_on": local_day(occasion.now, ZoneInfo(occasion.case["zone"])),
                },
            )
        )  # fmt: skip
    rows += [
        (_school, {"id": new_id(), "organisation_id": school, "project_id": project_id})
        for school in sorted(countries)
    ]
    national: bool | None = len(set(countries.values())) == 1
    if national and occasion.arguments.get("stays_national") is False:
        national = None  # until a partner from abroad joins: rules.project_facts
    changed = update(_project).where(_project.c.id == project_id).values(national=national)
    return Outcome(rows=rows, changes=[changed])


def _countries(occasion: Occasion, schools: list[str | None]) -> dict[str, str]:
    query = select(_organisation.c.id, _organisation.c.country).where(
        _organisation.c.id.in_([school for school in schools if school])
    )
    return {row.id: row.country for row in occasion.connection.execute(query)}


@effect
def set_project(occasion: Occasion) -> Outcome:
    """Set where the project and its TwinSpace stand.

    Its title is from then on what the founder has written in the form.

    Arguments of the process file: ``state`` (pending, active, closed, deleted) and ``twinspace``
    (none, open, closed). The TwinSpace opens with the approval (C8: the likelier of two readings).
    """
    values = {name: occasion.arguments[name] for name in ("state", "twinspace")}
    if title := occasion.case.get("form_title"):
        values["title"] = title
    changed = update(_project).where(_project.c.id == occasion.case["project_id"]).values(**values)
    return Outcome(changes=[changed])
