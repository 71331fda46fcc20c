"""The rights of a school as a CSV file, to be changed in a spreadsheet and sent back.

Both ways have the same columns. A row whose person has the right already changes its last day;
another one gives it. All rows are carried out, or none.
"""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from base.days import local_day
from base.errors import BadInput, KeurmerkError, Problem
from base.i18n import N_
from models.database import writing
from registry.rights import rights, rights_file
from registry.values import shown
from workflows.engine import Engine
from workflows.rights_of_school import (
    Employee,
    RightShown,
    School,
    people,
    rights_at,
)

COLUMNS = ("name", "email", "right", "first_day", "last_day", "reason")
#: Rows a file may have.
MOST_ROWS = 500
#: A cell that begins so is a formula for a spreadsheet; an apostrophe before it makes it text.
FORMULAS = ("=", "+", "-", "@", "\t", "\r")
DAY_FORM = "%d/%m/%Y"


def as_csv(connection: Connection, school: School) -> str:
    """The rights that are open at a school, with a byte order mark, as Excel reads UTF-8."""
    out = io.StringIO()
    lines = csv.writer(out, delimiter=";", lineterminator="\r\n")
    lines.writerow(COLUMNS)
    for one in rights_at(connection, school):
        if one.is_open:
            row = (one.name, one.email, one.right, written(one.first_day), written(one.last_day))
            lines.writerow([neutral(cell) for cell in (*row, "")])
    return f"\ufeff{out.getvalue()}"


def written(day: date) -> str:
    """A day as the file and the pages write it: dd/mm/yyyy."""
    return day.strftime(DAY_FORM)


def day_of(text: str) -> date | None:
    """A day written as dd/mm/yyyy, with both digits of day and month; None if it is none."""
    try:
        found = datetime.strptime(text.strip(), DAY_FORM).date()  # noqa: DTZ007 - a day alone
    except ValueError:
        return None
    return found if written(found) == text.strip() and found.year >= 1900 else None


def neutral(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(FORMULAS) else cell


def _plain(cell: str) -> str:
    """A cell without the apostrophe that :func:`neutral` put before it."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULAS) else cell


def upload(engine: Engine, school: School, actor_id: str, content: bytes) -> tuple[int, int]:
    """Carry out a file; gives how many rights were given, and how many last days changed.

    Raises:
        BadInput: the file or some of its rows cannot be used; each is named, and nothing was done.
    """
    rows = _rows(content)
    given = changed = 0
    problems: list[Problem] = []
    with writing(engine.database) as connection:
        now = engine.tools.clock.now()
        staff = {one.email: one for one in people(connection, school, now)}
        there = {
            (one.email, one.right): one for one in rights_at(connection, school) if one.is_open
        }
        seen: set[tuple[str, str]] = set()
        for number, row in rows:
            key = (row["email"].strip().lower(), row["right"].strip())
            faults = _faults(row, key, staff, seen)
            seen.add(key)
            if not faults:
                try:
                    # What one row did is undone if it is refused; the rest is still looked at.
                    with connection.begin_nested():
                        new = _carry_out(
                            connection, engine, school, actor_id, staff[key[0]], there.get(key), row
                        )
                    given, changed = given + (new is True), changed + (new is False)
                except KeurmerkError as error:
                    faults = list(getattr(error, "problems", ())) or [
                        Problem(where="", message=error.message, values=error.values)
                    ]
            problems += [
                Problem(
                    where=f"row {number}", message=_ROW,
                    values={"number": number, "problem": fault},
                )
                for fault in faults
            ]  # fmt: skip
        if problems:
            raise BadInput(N_("Some rows cannot be used; nothing was done."), problems)
    return given, changed


_ROW = N_("Row {number}: {problem}")


def _carry_out(
    connection: Connection, engine: Engine, school: School, actor_id: str, person: Employee,
    there: RightShown | None, row: dict[str, str],
) -> bool | None:  # fmt: skip
    """Give the right of a row (True), change its last day (False), or leave it as it is (None)."""
    first_day, last_day = day_of(row["first_day"]), day_of(row["last_day"])
    if first_day is None or last_day is None:
        raise AssertionError  # looked at before
    payload: dict[str, Any] = {"last_day": last_day.isoformat(), "reason": row["reason"]}
    if there:
        if first_day != there.first_day:
            raise BadInput(
                N_("this right began on {day}; its first day cannot change."), day=there.first_day
            )
        if last_day == there.last_day:
            return None
        engine.fire_in(connection, there.case_id, "extend", actor_id, payload)
        return False
    payload |= {"right": row["right"].strip(), "first_day": first_day.isoformat()}
    about = {"person": person.id, "organisation": school.id}
    given = rights_file()
    engine.start_in(
        connection, given.process, given.start, about, actor_id=actor_id, payload=payload
    )
    return True


def _faults(
    row: dict[str, str], key: tuple[str, str], staff: dict[str, Employee],
    seen: set[tuple[str, str]],
) -> list[Problem]:  # fmt: skip
    email, right = key
    faults: list[tuple[str, dict[str, Any]]] = []
    if email not in staff:
        faults.append(
            (N_("nobody at this school has the mail address {email}."), {"email": shown(email)})
        )
    if right not in rights():
        faults.append(
            (N_("there is no right {right}. There are: {known}."),
             {"right": shown(right), "known": list(rights())})
        )  # fmt: skip
    if key in seen:
        faults.append((N_("this person and right stand in the file twice."), {}))
    no_day = N_("{value} in {column} is no date. Write it as dd/mm/yyyy, such as 26/07/2026.")
    faults += [
        (no_day, {"value": shown(row[column]), "column": column})
        for column in ("first_day", "last_day")
        if day_of(row[column]) is None
    ]
    return [Problem(where="", message=text, values=values) for text, values in faults]


def _rows(content: bytes) -> list[tuple[int, dict[str, str]]]:
    """The rows of a file by their numbers, without the empty ones."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(N_("The file is not in UTF-8. Save it as “CSV UTF-8”.")) from None
    first = text.lstrip("\r\n").partition("\n")[0]
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    try:
        table = [
            (number, line) for number, line in enumerate(lines, 1) if any(map(str.strip, line))
        ]
    except csv.Error:
        raise BadInput(N_("The file is no CSV file.")) from None
    if not table or tuple(cell.strip() for cell in table[0][1]) != COLUMNS:
        raise BadInput(
            N_("The first row has to name these columns: {columns}."), columns="; ".join(COLUMNS)
        )
    if len(table) - 1 > MOST_ROWS:
        raise BadInput(N_("The file has more than {most} rows. Divide it."), most=MOST_ROWS)
    if len(table) == 1:
        raise BadInput(N_("The file has no rows."))
    short = [number for number, line in table if len(line) != len(COLUMNS)]
    if short:
        raise BadInput(
            N_("Row {number} has not as many cells as there are columns."), number=short[0]
        )
    return [
        (number, dict(zip(COLUMNS, map(_plain, line), strict=True))) for number, line in table[1:]
    ]


def today(engine: Engine, school: School) -> date:
    """The day it is at a school."""
    return local_day(engine.tools.clock.now(), school.zone)
