"""What a country has set for reports of surveys, and making those that are due.

The values stand in the round of the exercise. Those of the process as it is in force on the day are
taken, not those the exercise began with: how few people may be shown together is no promise to a
school but a protection of those who answered, and a country that sets it late still gets reports.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import sqlalchemy
from sqlalchemy import Connection, select

from base.errors import NotFound
from models.cases import Case
from models.surveys import SurveyExercise
from surveys.forgetting import forget_answers
from surveys.report import ReportSettings
from surveys.reporting import THE_DAY_AFTER, Due, make_reports
from workflows.timing import hour_of
from workflows.tools import Tools

_case = Case.__table__  # type: ignore[attr-defined]
_exercise = SurveyExercise.__table__  # type: ignore[attr-defined]

#: The names of the values in the round, as docs/survey-reports.md explains them.
THRESHOLD, SCOPE = "results_threshold", "results_scope"
AFTER_DAYS, HOUR, KEPT_DAYS = "report_after_days", "report_hour", "answers_kept_days"
STATISTICS = "statistics_threshold"
MARKS = ("low_below", "high_from", "gap_from", "mean_decimals")


def report_settings(
    connection: Connection, tools: Tools, exercise: Mapping[str, Any]
) -> ReportSettings | None:
    """What has been set for an exercise; None where threshold or scope is not.

    Arguments:
        exercise: its row with ``process``, ``release_id``, ``round`` and ``area`` of its case.
    """
    values = round_values(connection, tools, exercise)
    threshold, scope = values.get(THRESHOLD), values.get(SCOPE)
    if not isinstance(threshold, int) or scope not in ("group", "item"):
        return None
    marks = {name: values.get(name) for name in MARKS}
    return ReportSettings(threshold=threshold, scope=scope, **marks)


def _due(connection: Connection, tools: Tools, exercise: Mapping[str, Any]) -> Due:
    values = round_values(connection, tools, exercise)
    days = values.get(AFTER_DAYS)
    return Due(
        days=days if isinstance(days, int) else THE_DAY_AFTER.days,
        hour=hour_of(values.get(HOUR)) or THE_DAY_AFTER.hour,
    )


def round_values(
    connection: Connection, tools: Tools, exercise: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The values of the exercise's round in its area, as they are in force today."""
    pinned = tools.library.release(connection, exercise["release_id"])
    try:
        today = tools.library.in_force(connection, exercise["process"], tools.clock.now().date())
        return today.values(exercise["round"], exercise["area"])
    except NotFound:
        # No newer one knows the round any more.
        return pinned.values(exercise["round"], exercise["area"])


def make_due_reports(
    database: sqlalchemy.Engine, tools: Tools, ending: threading.Event | None = None
) -> int:
    """Make the reports that are due; gives how many were made."""
    return make_reports(
        database, tools.clock,
        lambda connection, exercise: report_settings(connection, tools, exercise), ending,
        lambda connection, exercise: _due(connection, tools, exercise),
    )  # fmt: skip


def forget_old_answers(database: sqlalchemy.Engine, tools: Tools) -> int:
    """Forget answers that were kept as long as their country says; gives of how many exercises.

    Where a country has not said, nothing is forgotten.
    """

    def kept(connection: Connection, exercise: Mapping[str, Any]) -> int | None:
        days = round_values(connection, tools, exercise).get(KEPT_DAYS)
        return days if isinstance(days, int) else None

    return forget_answers(database, tools.clock.now(), kept)


def statistics_threshold(connection: Connection, tools: Tools, area: str) -> int | None:
    """The fewest schools in a figure for an authority of ``area``; None where it is not set.

    Of several processes that exercises belong to, the strictest counts.
    """
    today = tools.clock.now().date()
    processes = connection.execute(
        select(_case.c.process)
        .join(_exercise, _exercise.c.case_id == _case.c.id)
        .distinct()
    ).scalars()  # fmt: skip
    found = []
    for name in processes.all():
        try:
            published = tools.library.in_force(connection, name, today)
        except NotFound:
            continue
        held = published.round_on(today) or next(iter(reversed(published.rounds)), None)
        set_to = published.values(held, area).get(STATISTICS)
        if not isinstance(set_to, int):
            return None
        found.append(set_to)
    return max(found, default=None)
