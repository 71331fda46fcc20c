"""What the pages and the API of Digisnap do: its process on one side, its lists on the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy
from sqlalchemy import Connection, and_, select

from base.days import local_day, zone_of
from base.errors import NotAllowed, NotFound
from base.i18n import N_
from digisnap.forgetting import forget_reports
from digisnap.lists import PROCESS, ListShown, list_of, managed
from digisnap.reports import ask_for
from digisnap.scans import Scan, take_in
from documents.store import FileStore
from models.cases import Case, CaseEvent
from models.digisnap import Digisnap
from models.reads import rows_of
from models.registry import Grant, Organisation
from workflows.actors import scopes_of
from workflows.settings_in_force import setting
from workflows.subjects import named_cases
from workflows.tools import Tools

#: The right of those who send codes and completed scans.
TEAM = "digisnap_team"

_case = Case.__table__  # type: ignore[attr-defined]
_event = CaseEvent.__table__  # type: ignore[attr-defined]
_grant = Grant.__table__  # type: ignore[attr-defined]
_digisnap = Digisnap.__table__  # type: ignore[attr-defined]
_organisation = Organisation.__table__  # type: ignore[attr-defined]


def my_lists(connection: Connection, tools: Tools, person_id: str) -> list[ListShown]:
    """The lists a person manages today."""
    return managed(connection, person_id, local_day(tools.clock.now(), zone_of("BE")))


def new_report(
    connection: Connection, tools: Tools, person_id: str, *, lists: Sequence[str], title: str,
    with_training: bool, language: str,
) -> str:  # fmt: skip
    """Ask for a report, by the settings of the area of its lists; gives its id.

    Raises:
        BadInput, NotFound, NotPossible: as :func:`digisnap.reports.ask_for`.
    """
    now = tools.clock.now()
    areas = {one.area for one in my_lists(connection, tools, person_id) if one.id in lists}
    values = [
        setting(connection, tools.library, PROCESS, "report_min_completed", area, now)
        for area in areas
    ]
    least = None if None in values or not values else max(values)
    return ask_for(
        connection, person_id, lists=lists, title=title, with_training=with_training,
        language=language, now=now, least=least,
    )  # fmt: skip


def keeping(connection: Connection, tools: Tools) -> Callable[[Mapping[str, Any]], int | None]:
    """Tells of a report how many days it is kept after it was made; None while that is not set.

    Of lists in several areas the shortest counts, once each area has set it.
    """
    now = tools.clock.now()
    areas: dict[str, str] = {}
    set_to: dict[str, int | None] = {}

    def days_in(area: str) -> int | None:
        try:
            days = setting(connection, tools.library, PROCESS, "report_kept_days", area, now)
        except NotFound:
            return None  # the process is not in force any more: nobody says how long
        return days if isinstance(days, int) else None

    def kept(report: Mapping[str, Any]) -> int | None:
        ids = {one["id"] for one in report["lists"]}
        if not ids <= areas.keys():
            query = select(_digisnap.c.id, _organisation.c.area).join(
                _organisation, _organisation.c.id == _digisnap.c.organisation_id
            )
            found = connection.execute(query.where(_digisnap.c.id.in_(ids - areas.keys())))
            areas.update((row.id, row.area) for row in found)
        there = {areas[one] for one in ids}
        set_to.update({area: days_in(area) for area in there - set_to.keys()})
        days = [one for area in there if (one := set_to[area]) is not None]
        return min(days) if days and len(days) == len(there) else None

    return kept


def forget_old_reports(database: sqlalchemy.Engine, tools: Tools, files: FileStore) -> int:
    """Forget reports that were kept as long as their country says; gives how many.

    Where a country has not said, nothing is forgotten.
    """
    return forget_reports(
        database, files, tools.clock.now(), lambda connection: keeping(connection, tools)
    )


def scans_arrive(
    connection: Connection, tools: Tools, person_id: str, code: str, scans: Sequence[Scan]
) -> int:
    """Keep completed scans of the list of a code; gives how many.

    Raises:
        NotAllowed: the person is not of the Digisnap team of the list's area.
        NotFound: there is no such list.
        BadInput: some scans cannot be used; nothing was kept.
    """
    now = tools.clock.now()
    scopes = team_scopes(connection, person_id, now)
    if not scopes:
        raise NotAllowed(N_("Only the Digisnap team sends completed scans."))
    there = list_of(connection, code)
    if not set(scopes_of(there["area"])) & scopes:
        raise NotFound(N_("There is no Digisnap with this code."))
    day = local_day(now, zone_of(there["area"]))
    return take_in(connection, there["id"], scans, day)


def team_scopes(connection: Connection, person_id: str, now: datetime) -> set[str]:
    """The areas for which a person is of the Digisnap team."""
    day = local_day(now, zone_of("BE"))
    query = select(_grant.c.scope, _grant.c.last_day).where(
        _grant.c.person_id == person_id, _grant.c.right == TEAM, _grant.c.first_day <= day
    )
    rows = connection.execute(query).all()
    return {row.scope for row in rows if row.last_day is None or row.last_day >= day}


def requests_for(connection: Connection, person_id: str, now: datetime) -> list[dict[str, Any]]:
    """The requests that wait for somebody of the team, the oldest first, with the words of each."""
    scopes = team_scopes(connection, person_id, now)
    query = (
        named_cases()
        .add_columns(_event.c.payload)
        .join(_event, and_(_event.c.case_id == _case.c.id, _event.c.sequence == 1))
        .where(_case.c.process == PROCESS, _case.c.is_open.is_(True))
        .order_by(_case.c.opened_at, _case.c.id)
    )
    rows = rows_of(connection.execute(query)) if scopes else []
    return [
        {**row, "asked": row["payload"].get("lists") or ""}
        for row in rows
        if set(scopes_of(row["area"])) & scopes
    ]


def requests_of(connection: Connection, school_id: str) -> list[dict[str, Any]]:
    """The requests of a school, the newest first."""
    query = (
        named_cases()
        .where(_case.c.process == PROCESS, _case.c.organisation_id == school_id)
        .order_by(_case.c.opened_at.desc(), _case.c.id.desc())
    )
    return rows_of(connection.execute(query))
