"""Answers are not kept for ever: so long after the report as the country has set, then they go.

What stays is the report, which shows nothing it may not, and how many took part: of a sheet its
exercise, group and company. So badges and figures for authorities stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy
import structlog
from sqlalchemy import Connection, func, select, update

from models.database import reading, writing
from models.survey_results import SurveyReport
from models.surveys import SurveySheet
from surveys.reporting import exercises_of_reports

#: What is left of a sheet's answers.
GONE = b""

log = structlog.get_logger("keurmerk.reports")

_report = SurveyReport.__table__  # type: ignore[attr-defined]
_sheet = SurveySheet.__table__  # type: ignore[attr-defined]

#: How many days after its report the answers of an exercise are kept; None where it is not set.
KeptOf = Callable[[Connection, Mapping[str, Any]], int | None]


def forget_answers(database: sqlalchemy.Engine, now: datetime, kept_of: KeptOf) -> int:
    """Empty the sheets whose time is over; gives of how many exercises."""
    there = func.length(_sheet.c.answers) > 0
    any_left = select(_sheet.c.id).where(_sheet.c.exercise_id == _report.c.exercise_id, there)
    query = exercises_of_reports().where(_report.c.made_at.is_not(None), any_left.exists())
    with reading(database) as connection:
        over = [
            row["id"]
            for row in map(dict, connection.execute(query).mappings())
            if (days := kept_of(connection, row)) is not None
            and row["made_at"] + timedelta(days=days) <= now
        ]
    for exercise in over:
        mine = update(_sheet).where(_sheet.c.exercise_id == exercise, there)
        with writing(database) as connection:
            emptied = connection.execute(mine.values(answers=GONE)).rowcount
        log.info("answers forgotten", exercise=exercise, questionnaires=emptied)
    return len(over)
