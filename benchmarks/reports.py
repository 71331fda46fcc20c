"""A report of many answers is made in the background while questionnaires are submitted."""

from __future__ import annotations

import argparse
import random
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from time import perf_counter, sleep
from typing import Any

import sqlalchemy
from sqlalchemy import select, text

from base.clock import VirtualClock
from base.ids import new_id
from benchmarks.databases import Databases
from benchmarks.measure import forget_peak, peak_megabytes, rates, timed
from benchmarks.table import Report, per_second, seconds
from models.cases import Case, Release
from models.database import reading, writing
from models.registry import Organisation
from models.survey_results import SurveyReport
from models.surveys import SurveyExercise, SurveySheet
from surveys.counting import SCALE, Tally
from surveys.report import ReportSettings
from surveys.reporting import make_reports

#: Statements of a questionnaire, and answers of the whole report: those of the issue.
STATEMENTS = 50
WHOLE, QUICK = 7_000_000, 100_000
#: Submissions a minute that have to be held meanwhile.
PACE = 2_000
GROUPS = ("school_leaders", "teachers", "students")
AFTER = datetime(2022, 11, 22, 12, 0, tzinfo=UTC)
SETTINGS = ReportSettings(threshold=5, scope="item")
#: Sheets in which the ways to count are compared.
COMPARED = 10_000

_sheet = SurveySheet.__table__  # type: ignore[attr-defined]
_report = SurveyReport.__table__  # type: ignore[attr-defined]


def options(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--answers", type=int, help=f"in the report; {WHOLE:,} if left out")


def measure(databases: Databases, given: argparse.Namespace) -> Report:
    """Make the report beside submissions, then count the same sheets in three ways."""
    answers = given.answers or (QUICK if given.quick else WHOLE)
    sheets = answers // STATEMENTS
    report = Report(
        title=f"The report of {sheets * STATEMENTS:,} answers, {PACE:,} questionnaires a minute "
        "submitted meanwhile",
        columns=["taken", "a million answers", "slowest submission"],
    )
    for kind in databases.kinds:
        database = databases.fresh(kind)
        exercise, running, compared = _filled(database, sheets, min(COMPARED, sheets))
        forget_peak()
        before = peak_megabytes()
        taken, slowest, submitted = _beside(database, running)
        grown = peak_megabytes() - before
        _check(database, exercise, sheets)
        # The last one may be under way when the report is there.
        held = submitted >= 0.95 * PACE / 60 * taken
        report.add(
            f"{kind}, {submitted:,} submitted meanwhile", seconds(taken),
            seconds(taken * 1_000_000 / (sheets * STATEMENTS)), f"{slowest * 1000:,.0f} ms",
            aim=f"{PACE:,} a minute held", reached=held,
        )  # fmt: skip
        report.add(
            f"{kind}, memory that it took", f"{grown:,.0f} MB", "", "", aim="under 100 MB",
            reached=grown < 100,
        )  # fmt: skip
        _ways(database, compared, min(COMPARED, sheets), given.rounds, report, kind)
        database.dispose()
    return report


def _filled(database: sqlalchemy.Engine, sheets: int, few: int) -> tuple[str, str, str]:
    """An exercise that is over with its sheets, one that is running, and one with a few sheets."""
    asked = [
        {"id": f"s{at}", "area": "leadership", "texts": {"en": f"s{at}"}, "own": False}
        for at in range(STATEMENTS)
    ]
    early = datetime(2022, 9, 1, tzinfo=UTC)
    ids = []
    with writing(database) as connection:
        school = Organisation(name="School", country="BE", area="BE-VLG")
        release = Release(
            process="survey", number=1, sha256="0" * 64, parts={}, author="bench",
            in_force_from=date(2022, 9, 1), published_at=early,
        )  # fmt: skip
        add(connection, school, release)
        for last in (date(2022, 11, 21), date(2022, 12, 5), date(2022, 12, 5)):
            case = Case(
                process="survey", release_id=release.id, state="closed", since=early,
                organisation_id=school.id, area="BE-VLG", zone="Europe/Brussels", opened_at=early,
            )  # fmt: skip
            exercise = SurveyExercise(
                case_id=case.id, organisation_id=school.id, level="primary",
                school_year="2022-2023", first_day=date(2022, 11, 8), last_day=last,
                locked_at=early, statements=dict.fromkeys(GROUPS, asked),
            )  # fmt: skip
            add(connection, case, exercise)
            ids.append(exercise.id)
    for answered, many in ((ids[0], sheets), (ids[2], few)):
        add_sheets(database, answered, many, dict.fromkeys(GROUPS, STATEMENTS))
    return ids[0], ids[1], ids[2]


def add_sheets(
    database: sqlalchemy.Engine, exercise: str, many: int, width: Mapping[str, int]
) -> None:
    """Submit questionnaires, group after group.

    Arguments:
        width: group -> its statements.
    """
    chance, groups = random.Random(20230131), list(width)
    pool = {
        group: [bytes(chance.choices((*SCALE, 0, 255), k=width[group])) for _ in range(997)]
        for group in groups
    }
    for start in range(0, many, 10_000):
        with writing(database) as connection:
            connection.execute(
                _sheet.insert(),
                [
                    _row(exercise, at, pool[groups[at % len(groups)]][at % 997])
                    for at in range(start, min(start + 10_000, many))
                ],
            )


def add(connection: sqlalchemy.Connection, *rows: Any) -> None:
    """Write rows of models."""
    for row in rows:
        row.id = row.id or new_id()
        values = {one.name: getattr(row, one.name) for one in row.__table__.columns}
        connection.execute(row.__table__.insert(), values)


def _row(exercise: str, at: int, answers: bytes) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()), "exercise_id": exercise, "group": GROUPS[at % 3],
        "company_id": None, "answers": answers,
    }  # fmt: skip


def _beside(database: sqlalchemy.Engine, running: str) -> tuple[float, float, int]:
    """Seconds the report took, the slowest submission, and how many there were."""
    done, delays, sheet = threading.Event(), [0.0], bytes([3]) * STATEMENTS

    def submit() -> None:
        start = perf_counter()
        while not done.is_set():
            began = perf_counter()
            with writing(database) as connection:
                connection.execute(_sheet.insert(), _row(running, len(delays), sheet))
            delays.append(perf_counter() - began)
            # At the pace wanted: whoever is late catches up.
            sleep(max(0.0, start + len(delays) * 60 / PACE - perf_counter()))

    thread = threading.Thread(target=submit)
    thread.start()
    try:
        taken = timed(lambda: make_reports(database, VirtualClock(AFTER), lambda *_: SETTINGS))
    finally:
        done.set()
        thread.join()
    return taken, max(delays), len(delays) - 1


def _check(database: sqlalchemy.Engine, exercise: str, sheets: int) -> None:
    with reading(database) as connection:
        query = select(_report.c.counted, _report.c.content).where(
            _report.c.exercise_id == exercise
        )
        counted, content = connection.execute(query).one()
    told = sum(one["submitted"] for one in content["groups"])
    if (counted, told) != (sheets, sheets):
        message = f"{counted} counted and {told} told are not {sheets}"
        raise AssertionError(message)


def _ways(
    database: sqlalchemy.Engine, exercise: str, sheets: int, rounds: int, report: Report, kind: str
) -> None:  # fmt: skip
    """The same sheets counted as we do, by a loop over every answer, and by the database."""
    found: dict[str, list[int]] = {}
    ways: dict[str, Callable[[], list[int]]] = {
        "columns of bytes": lambda: _columns(database, exercise),
        "a Python loop over answers": lambda: _loop(database, exercise),
        "SQL over JSON arrays": lambda: _json(database),
    }
    _as_json(database, exercise)

    def turn(name: str) -> float:
        def work() -> None:
            found[name] = ways[name]()

        return timed(work)

    measured = rates(
        {name: lambda name=name: turn(name) for name in ways},  # type: ignore[misc]
        sheets * STATEMENTS, rounds,
    )  # fmt: skip
    if len({tuple(one) for one in found.values()}) != 1:
        message = "the ways to count do not come to the same"
        raise AssertionError(message)
    ours = measured["columns of bytes"]
    for name, rate in measured.items():
        report.add(
            f"{kind}, {name}", per_second(rate), "", f"{ours / rate:,.1f} times slower"
            if name != "columns of bytes" else "",
            aim="ahead of both" if name == "columns of bytes" else "",
            reached=ours >= max(measured.values()),
        )  # fmt: skip


def _read(database: sqlalchemy.Engine, exercise: str) -> Iterator[bytes]:
    query = select(_sheet.c.answers).where(_sheet.c.exercise_id == exercise)
    with reading(database) as connection:
        for part in connection.execution_options(yield_per=2_000).execute(query).partitions():
            for (answers,) in part:
                yield answers


def _columns(database: sqlalchemy.Engine, exercise: str) -> list[int]:
    tally = Tally(STATEMENTS)
    for answers in _read(database, exercise):
        tally.add(answers)
    return [one.total for one in tally.counts()]


def _loop(database: sqlalchemy.Engine, exercise: str) -> list[int]:
    totals = [0] * STATEMENTS
    counts = [[0, 0, 0] for _ in range(STATEMENTS)]
    for answers in _read(database, exercise):
        for at, value in enumerate(answers):
            if 1 <= value <= 5:
                totals[at] += value
                counts[at][0] += 1
            else:
                counts[at][1 if value == 0 else 2] += 1
    return totals


def _as_json(database: sqlalchemy.Engine, exercise: str) -> None:
    """The same sheets in a table of their own, as JSON; making it is not counted."""
    rows = [
        {"answers": f"[{','.join(str(one) for one in answers)}]"}
        for answers in _read(database, exercise)
    ]
    kind = "jsonb" if database.dialect.name == "postgresql" else "text"
    given = "CAST(:answers AS jsonb)" if kind == "jsonb" else ":answers"
    with writing(database) as connection:
        connection.execute(text("DROP TABLE IF EXISTS bench_json"))
        connection.execute(text(f"CREATE TABLE bench_json (answers {kind})"))
        connection.execute(text(f"INSERT INTO bench_json VALUES ({given})"), rows)  # noqa: S608


def _json(database: sqlalchemy.Engine) -> list[int]:
    if database.dialect.name == "postgresql":
        source = (
            "SELECT at, value::int AS value FROM bench_json, "
            "jsonb_array_elements_text(answers) WITH ORDINALITY AS one(value, at)"
        )
    else:
        source = "SELECT key AS at, value FROM bench_json, json_each(answers)"
    query = text(
        "SELECT sum(CASE WHEN value BETWEEN 1 AND 5 THEN value ELSE 0 END), "  # noqa: S608
        f"sum(CASE WHEN value = 0 THEN 1 ELSE 0 END) FROM ({source}) AS answers "
        "GROUP BY at ORDER BY at"
    )
    with reading(database) as connection:
        return [int(row[0]) for row in connection.execute(query)]
