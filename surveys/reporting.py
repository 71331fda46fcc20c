"""Making reports in the background, each once, on the day after the last day of its exercise.

Rows say what is to be made. A worker claims one with a lease, counts the sheets as they stream by
(memory does not grow with their number), tells how far it is, which renews the lease, and writes
the report in one commit. From one that dies nothing is left but its lease; another begins anew,
for the sheets of an exercise that is over do not change.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy
import structlog
from sqlalchemy import Connection, Select, func, select, update

from base.clock import Clock
from base.days import start_of
from base.errors import KeurmerkError
from base.ids import new_id
from models.cases import Case
from models.database import reading, writing
from models.leases import Leases
from models.survey_results import SurveyReport
from models.surveys import SurveyCompany, SurveyExercise, SurveyInvitedCompany, SurveySheet
from models.writes import insert_new
from surveys.counting import BUFFER, Tally
from surveys.questionnaire import questionnaire
from surveys.report import Asked, CompanyShown, ReportSettings, make_report

#: How long a claim holds; every step of progress renews it.
LEASE = timedelta(minutes=2)
#: Sheets between two steps of progress.
STEP = 20_000
#: Sheets fetched at a time.
FETCHED = 2_000
#: So many bytes wait to be counted, over all groups and companies; then all are counted.
HELD = 8 * BUFFER
#: A report that cannot be made is tried again after a minute, then two, four … at most a day. One
#: whose country has not set what it needs is looked at again after this time, too.
FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(days=1)
UNSET_RETRY = timedelta(minutes=10)

log = structlog.get_logger("keurmerk.reports")

_report = SurveyReport.__table__  # type: ignore[attr-defined]
_exercise = SurveyExercise.__table__  # type: ignore[attr-defined]
_sheet = SurveySheet.__table__  # type: ignore[attr-defined]
_company = SurveyCompany.__table__  # type: ignore[attr-defined]
_invited = SurveyInvitedCompany.__table__  # type: ignore[attr-defined]
_case = Case.__table__  # type: ignore[attr-defined]

LEASES = Leases(
    table=_report, due=_report.c.due_at, waiting=_report.c.made_at.is_(None), length=LEASE
)

#: What has been set for an exercise; None where something the report needs is not.
SettingsOf = Callable[[Connection, Mapping[str, Any]], ReportSettings | None]


@dataclass(frozen=True, kw_only=True)
class Due:
    """When the report of an exercise is made."""

    #: Days after its last day.
    days: int
    #: Hour of that day where the school is, from 0 to 23.
    hour: int = 0


#: The day after, at its beginning: 000_efad9542390f5e35.txt, part 2, step 3.
THE_DAY_AFTER = Due(days=1)
DueOf = Callable[[Connection, Mapping[str, Any]], Due]


def the_day_after(_connection: Connection, _exercise: Mapping[str, Any]) -> Due:
    """What holds where no country has said anything else."""
    return THE_DAY_AFTER


def plan_reports(database: sqlalchemy.Engine, due_of: DueOf = the_day_after) -> int:
    """Write down a report for every exercise whose links are made; gives how many were new."""
    query = _exercises().outerjoin(_report, _report.c.exercise_id == _exercise.c.id)
    query = query.where(
        _exercise.c.locked_at.is_not(None),
        _exercise.c.last_day.is_not(None),
        _report.c.id.is_(None),
    )
    with reading(database) as connection:
        rows = [
            {
                "id": new_id(), "exercise_id": found["id"],
                "due_at": start_of(
                    found["last_day"] + timedelta(days=due.days), ZoneInfo(found["zone"]),
                    time(due.hour),
                ),
            }
            for found in map(dict, connection.execute(query).mappings())
            for due in [due_of(connection, found)]
        ]  # fmt: skip
    if rows:
        with writing(database) as connection:
            insert_new(connection, _report, rows)
    return len(rows)


def make_reports(
    database: sqlalchemy.Engine, clock: Clock, settings_of: SettingsOf,
    ending: threading.Event | None = None, due_of: DueOf = the_day_after,
) -> int:  # fmt: skip
    """Make every report that is due; gives how many were made.

    Arguments:
        settings_of: tells what has been set for an exercise.
        ending: once it is set, what is being counted is given back.
    """
    plan_reports(database, due_of)
    made, ending = 0, ending or threading.Event()
    while not ending.is_set():
        claimed = LEASES.claim(database, clock.now(), 1)
        if not claimed:
            break
        try:
            made += _make(database, clock, claimed[0], settings_of, ending)
        except KeurmerkError as error:
            # One that cannot be made holds up no other.
            log.error("report failed", exercise=claimed[0]["exercise_id"], trouble=str(error))
            _set_back(database, clock, claimed[0], failed=True)
    return made


def _make(
    database: sqlalchemy.Engine, clock: Clock, row: dict[str, Any], settings_of: SettingsOf,
    ending: threading.Event,
) -> bool:  # fmt: skip
    with reading(database) as connection:
        exercise = _exercise_of(connection, row["exercise_id"])
        settings = settings_of(connection, exercise)
        asked = _asked(connection, exercise)
        total = connection.execute(
            select(func.count()).where(_sheet.c.exercise_id == exercise["id"])
        ).scalar_one()
    if settings is None:
        log.info("report waits for settings", exercise=row["exercise_id"])
        _set_back(database, clock, row, failed=False)
        return False
    mine = _Claim(database, clock, row, total)
    if not mine.renew(0):
        return False
    tallies = _count(_sheets(database, exercise["id"]), asked, mine, ending)
    if tallies is None:
        return False
    counted = sum(tally.sheets for tally in tallies.values())
    return mine.done(make_report(asked, tallies, settings), counted)


def _count(
    sheets: Iterator[tuple[str, str | None, bytes]], asked: Asked, mine: _Claim,
    ending: threading.Event,
) -> dict[tuple[str, str | None], Tally] | None:  # fmt: skip
    """Count as the sheets stream by; None where it is not ours to end."""
    tallies: dict[tuple[str, str | None], Tally] = {}
    held = 0
    for counted, (group, company, answers) in enumerate(sheets, start=1):
        if (group, company) not in tallies:
            tallies[group, company] = Tally(len(asked.statements.get(group, ())))
        tallies[group, company].add(answers)
        held += len(answers)
        if held >= HELD:
            held = 0
            for tally in tallies.values():
                tally.counts()
        if counted % STEP == 0:
            if ending.is_set():
                mine.give_back()
                return None
            if not mine.renew(counted):
                return None
    return tallies


class _Claim:
    """A report as it was claimed; whatever is written is written only while it is still ours."""

    def __init__(
        self, database: sqlalchemy.Engine, clock: Clock, row: dict[str, Any], total: int
    ) -> None:
        self._database, self._clock, self.row, self._total = database, clock, row, total

    def renew(self, counted: int) -> bool:
        """Say how far it is; gives whether it is still ours."""
        until = self._clock.now() + LEASE
        ours = self._write(leased_until=until, counted=counted, total=self._total)
        self.row["leased_until"] = until
        return ours

    def give_back(self) -> None:
        """Leave it to whoever comes next, at once."""
        LEASES.give_back(self._database, [self.row])

    def done(self, content: dict[str, Any], counted: int) -> bool:
        """Write the report; gives whether it was still ours to write."""
        return self._write(
            content=content, counted=counted, total=counted, made_at=self._clock.now(),
            leased_until=None, failures=0,
        )  # fmt: skip

    def _write(self, **values: Any) -> bool:
        changed = (
            update(_report)
            .where(
                _report.c.id == self.row["id"], _report.c.made_at.is_(None),
                _report.c.leased_until == self.row["leased_until"],
            )
            .values(**values)
        )  # fmt: skip
        with writing(self._database) as connection:
            return bool(connection.execute(changed).rowcount)


def _set_back(
    database: sqlalchemy.Engine, clock: Clock, row: dict[str, Any], *, failed: bool
) -> None:
    """Leave it for later; the pause is a lease that nobody works on."""
    failures = min(row["failures"] + 1, 30) if failed else row["failures"]
    pause = min(FIRST_RETRY * 2 ** (failures - 1), LONGEST_RETRY) if failed else UNSET_RETRY
    changed = (
        update(_report)
        .where(_report.c.id == row["id"], _report.c.made_at.is_(None))
        .values(failures=failures, leased_until=clock.now() + pause)
    )
    with writing(database) as connection:
        connection.execute(changed)


def _exercises() -> Select[Any]:
    """Exercises with ``area``, ``zone``, ``round``, ``process`` and ``release_id`` of their case.

    What is asked is read only where it is needed: it is long.
    """
    columns = [one for one in _exercise.c if one.name != "statements"]
    of_case = (_case.c.area, _case.c.zone, _case.c.round, _case.c.process, _case.c.release_id)
    return select(*columns, *of_case).join(_case, _case.c.id == _exercise.c.case_id)


def exercises_of_reports() -> Select[Any]:
    """Exercises that have a report, with the same and ``made_at`` of it."""
    report = _report.c.exercise_id == _exercise.c.id
    return _exercises().add_columns(_report.c.made_at).join(_report, report)


def _exercise_of(connection: Connection, exercise_id: str) -> dict[str, Any]:
    query = _exercises().add_columns(_exercise.c.statements).where(_exercise.c.id == exercise_id)
    return dict(connection.execute(query).mappings().one())


def _asked(connection: Connection, exercise: Mapping[str, Any]) -> Asked:
    query = (
        select(_company.c.id, _company.c.name, _company.c.sector)
        .join(_invited, _invited.c.company_id == _company.c.id)
        .where(_invited.c.exercise_id == exercise["id"])
    )
    companies = [
        CompanyShown(id=row.id, name=row.name, sector=row.sector)
        for row in connection.execute(query)
    ]
    whole = questionnaire(exercise["questionnaire"])
    return Asked(
        statements=exercise["statements"], invited=exercise["invited"], companies=companies,
        company_group=next((one.group for one in whole.groups if one.companies), None),
        groups=[one.group for one in whole.groups], areas=[one.area for one in whole.areas],
    )  # fmt: skip


def _sheets(
    database: sqlalchemy.Engine, exercise_id: str
) -> Iterator[tuple[str, str | None, bytes]]:
    """The sheets of an exercise, streamed: never all at once in memory."""
    query = select(_sheet.c.group, _sheet.c.company_id, _sheet.c.answers).where(
        _sheet.c.exercise_id == exercise_id
    )
    with reading(database) as connection:
        found = connection.execution_options(yield_per=FETCHED).execute(query)
        for part in found.partitions():
            yield from ((row[0], row[1], row[2]) for row in part)
