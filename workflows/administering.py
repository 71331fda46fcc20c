"""Who may change files: holders of the right ``administrator``, for every area or for some."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, or_, select

from models.registry import Grant
from workflows.actors import EVERYWHERE

ADMINISTRATOR = "administrator"

_grant = Grant.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class Administrator:
    """Somebody with the right, and where it holds."""

    person_id: str
    scopes: frozenset[str]

    @property
    def everywhere(self) -> bool:
        """Whether whole files are hers to change, not only what her country sets."""
        return EVERYWHERE in self.scopes

    def covers(self, area: str) -> bool:
        """Whether she may change what concerns ``area``; empty is the whole file."""
        if self.everywhere:
            return True
        return bool(area) and any(
            area == scope or area.startswith(f"{scope}-") for scope in self.scopes
        )


def administrator(connection: Connection, person_id: str, day: date) -> Administrator | None:
    """The person as an administrator on ``day``; None if she is none."""
    scopes = connection.execute(
        select(_grant.c.scope).where(
            _grant.c.person_id == person_id, _grant.c.right == ADMINISTRATOR,
            _grant.c.first_day <= day, or_(_grant.c.last_day.is_(None), _grant.c.last_day >= day),
        )
    ).scalars()  # fmt: skip
    found = frozenset(scopes)
    return Administrator(person_id=person_id, scopes=found) if found else None
