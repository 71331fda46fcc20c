"""Days that a case itself has, which timers may hang on: ``end of case.last_day``.

A provider looks at many cases at once. It is registered under the name that process files use;
there is no other way to reach code from a file. A case a provider leaves out has no such day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection

from workflows.definition import CASE, Process

Row = Mapping[str, Any]
#: Gets the connection, case rows, and what gives the round's values of a case; gives days by case
#: id.
Function = Callable[[Connection, Sequence[Row], Callable[[Row], Row]], Mapping[str, date]]

#: Every provider by name.
CASE_DAYS: dict[str, Function] = {}


def case_day(function: Function) -> Function:
    """Register ``function`` under its own name."""
    CASE_DAYS[function.__name__] = function
    return function


def case_days(
    connection: Connection, process: Process, cases: Sequence[Row], values: Callable[[Row], Row]
) -> dict[str, dict[str, date]]:
    """The days of each case that the process's timers name, under ``case.NAME``, by case id.

    Arguments:
        values: gives the round's values of a case.
    """
    found: dict[str, dict[str, date]] = {case["id"]: {} for case in cases}
    for name in _named(process):
        for case_id, day in CASE_DAYS[name](connection, cases, values).items():
            found[case_id][f"{CASE}{name}"] = day
    return found


def _named(process: Process) -> list[str]:
    return sorted(
        {rule.at.date for rule in process.timers.values() if rule.at and rule.at.of == "case"}
    )
