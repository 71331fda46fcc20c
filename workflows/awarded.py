"""Labels that were awarded here: who holds one, and by which case."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select

from base.errors import NotFound
from base.i18n import N_
from models.cases import Case
from models.registry import Label, Organisation, Person, Project

_label = Label.__table__  # type: ignore[attr-defined]
_case = Case.__table__  # type: ignore[attr-defined]
_organisation = Organisation.__table__  # type: ignore[attr-defined]
_person = Person.__table__  # type: ignore[attr-defined]
_project = Project.__table__  # type: ignore[attr-defined]


def awarded_label(connection: Connection, label_id: str) -> dict[str, Any]:
    """The row of a label, with the names of whom and what it is of.

    Beside its columns: ``school`` with ``place``, ``area`` and ``country``, ``person``, ``project``
    (None where there is none), and the ``release_id`` of its case. The school is the one that holds
    it, or where the person who does worked when it was granted.

    Raises:
        NotFound: no such label was awarded here.
    """
    school = func.coalesce(_label.c.organisation_id, _label.c.school_at_grant_id)
    query = (
        select(
            _label, _case.c.release_id,
            _organisation.c.name.label("school"), _organisation.c.place, _organisation.c.area,
            _organisation.c.country, _person.c.name.label("person"),
            _project.c.title.label("project"),
        )
        .join(_case, _case.c.id == _label.c.case_id)
        .outerjoin(_organisation, _organisation.c.id == school)
        .outerjoin(_person, _person.c.id == _label.c.person_id)
        .outerjoin(_project, _project.c.id == _label.c.project_id)
        .where(_label.c.id == label_id)
    )  # fmt: skip
    row = connection.execute(query).mappings().first()
    if row is None:
        raise NotFound(N_("There is no such label."))
    return dict(row)
