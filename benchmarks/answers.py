"""A school answers all at once: browsers over the network, one service, and a report beside."""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from time import perf_counter, sleep
from typing import Any
from urllib.parse import urlencode

import psutil
import sqlalchemy
from sqlalchemy import func, select, update

from base.clock import SystemClock
from base.ids import new_id
from benchmarks.databases import Databases
from benchmarks.reports import GROUPS, add, add_sheets
from benchmarks.sinks import free_port
from benchmarks.table import Report, seconds
from cli.story_settings import book_with
from models.cases import Case, Release
from models.database import reading, writing
from models.drafts import Draft
from models.registry import Organisation
from models.survey_results import SurveyReport
from models.surveys import SurveyExercise, SurveyLink, SurveyProgress, SurveySheet
from rules.book import RuleBook
from surveys.links import new_token
from surveys.questionnaire import questionnaire

PROCESS, AREA, LEVEL = "selfie_exercise", "BE-VLG", "lower_secondary"
#: Participants, and the seconds within which all of them answer.
WHOLE, QUICK, MINUTE = 2_000, 20, 60.0
#: Answers in the report that the same service makes meanwhile.
REPORTED, REPORTED_QUICK = 1_000_000, 10_000
#: Participants who come before.
WARM = 10
#: Within this part of the time all have come.
COME = 0.95
#: Browsers at work at one time.
BROWSERS = 32
SETTINGS = {"results_threshold": 3, "results_scope": "group"}

_release = Release.__table__  # type: ignore[attr-defined]
_exercise = SurveyExercise.__table__  # type: ignore[attr-defined]
_report = SurveyReport.__table__  # type: ignore[attr-defined]
_sheet = SurveySheet.__table__  # type: ignore[attr-defined]
_progress = SurveyProgress.__table__  # type: ignore[attr-defined]
_HIDDEN = re.compile(rb'<input type="hidden" name="(\w+)" value="([^"]*)"')


def options(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument(
        "--participants", type=int, help=f"who answer within a minute; {WHOLE:,} if left out"
    )


def measure(databases: Databases, given: argparse.Namespace) -> Report:
    """Serve, let everybody answer while the report is made, and count what was kept."""
    people = given.participants or (QUICK if given.quick else WHOLE)
    answers = REPORTED_QUICK if given.quick else REPORTED
    report = Report(
        title=f"{people:,} questionnaires answered over the network within a minute, and a report "
        f"of {answers:,} answers made by the same service",
        columns=["taken", "median", "slowest of 100", "processor, a page", "a core would hold"],
    )
    for kind in databases.kinds:
        database = databases.fresh(kind)
        _set(database)
        with _serving(database, databases.folder) as (port, server):
            token, over = _filled(database, answers)
            # What is loaded at the first request of a process is not what is measured.
            _Load(port, token, WARM, 0.0).run()
            load = _Load(port, token, people, people * MINUTE / WHOLE)
            due = _make_due(database, over)
            before = _worked(server)
            taken = load.run()
            worked = _worked(server) - before
            made = (_made(database, over) - due).total_seconds()
        kept, begun = _kept(database, token)
        if (kept, begun) != (people + WARM, 0):
            message = f"{kept} kept of {people}, {begun} left of those begun"
            raise AssertionError(message)
        # With fewer, the time the last one takes for herself would count for too much.
        held = taken <= load.within if people >= WHOLE else None
        delays = sorted(load.delays)
        report.add(
            f"{kind}, {len(delays) // people} pages each", seconds(taken),
            _milliseconds(statistics.median(delays)),
            _milliseconds(delays[len(delays) * 99 // 100]),
            f"{worked / len(delays) * 1000:,.2f} ms", f"{people * MINUTE / worked:,.0f} a minute",
            aim=f"{WHOLE:,} a minute held", reached=held,
        )  # fmt: skip
        report.add(f"{kind}, the report, made meanwhile", seconds(made))
        database.dispose()
    report.notes.append(
        "Processor time is that of the service with all it did meanwhile, the report, too; what a "
        "core would hold is reckoned from it."
    )
    return report


def _worked(server: psutil.Process) -> float:
    """Processor time a process has used so far, in seconds."""
    used = server.cpu_times()
    return float(used.user + used.system)


def _milliseconds(duration: float) -> str:
    return f"{duration * 1000:,.0f} ms"


def _round() -> str:
    today = SystemClock().now().date()
    rounds = [one for one in RuleBook.from_folder().rounds() if one.calendar == PROCESS]
    begun = [
        (one.first_day, one.name) for one in rounds if one.first_day and one.first_day <= today
    ]
    return max(begun)[1]


def _set(database: sqlalchemy.Engine) -> None:
    """What the country has set, published at the desk: without it no report is made."""
    name, now = _round(), SystemClock().now()
    text = book_with({name: {AREA: SETTINGS}}, "the benchmark").text_of(name)
    with writing(database) as connection:
        draft = Draft(
            kind="round", name=name, text=text, first_day=date(2020, 1, 1), status="published",
            written_by=[], begun_at=now, changed_at=now, proposed_by=new_id(), proposed_at=now,
            decided_by=new_id(), decided_at=now, releases={},
        )  # fmt: skip
        add(connection, draft)


@contextmanager
def _serving(database: sqlalchemy.Engine, folder: Path) -> Iterator[tuple[int, psutil.Process]]:
    """``keurmerk serve`` in a process of its own; gives its port, and the process."""
    url = database.url.render_as_string(hide_password=False)
    with open(folder / "serve.log", "w+", encoding="utf-8") as log:  # noqa: PTH123 - for Popen
        process = subprocess.Popen(
            [sys.executable, "-m", "service", "serve", "--port", str(port := free_port())],
            cwd=folder, stderr=log, stdout=log,
            env={
                **{name: value for name, value in os.environ.items() if "KEURMERK_" not in name},
                "PYTHONPATH": str(Path(__file__).resolve().parents[1]), "KEURMERK_DATABASE": url,
                "KEURMERK_PUBLIC_URL": f"http://127.0.0.1:{port}",
                "KEURMERK_SQLITE_SYNCHRONOUS": "NORMAL",
            },
        )  # fmt: skip
        try:
            while process.poll() is None and not _answers(port):
                sleep(0.1)
            if process.poll() is not None:
                log.seek(0)
                raise AssertionError(log.read())
            yield port, psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait()


def _answers(port: int) -> bool:
    try:
        with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
            connection.request("GET", "/sign-in")
            return connection.getresponse().status == 200
    except OSError:
        return False


def _filled(database: sqlalchemy.Engine, answers: int) -> tuple[str, str]:
    """A running exercise, and one whose questionnaires are in; gives a link of the first."""
    asked = questionnaire("selfie")
    statements = {group: asked.asked(group, LEVEL, []) for group in GROUPS}
    now = SystemClock().now()
    with writing(database) as connection:
        query = select(_release.c.id).where(_release.c.process == PROCESS)
        release = connection.execute(query.order_by(_release.c.number.desc()).limit(1)).scalar_one()
        school = Organisation(name="School", country="BE", area=AREA)
        add(connection, school)
        ids = []
        for _ in range(2):
            case = Case(
                process=PROCESS, release_id=release, state="closed", since=now, area=AREA,
                organisation_id=school.id, zone="Europe/Brussels", opened_at=now,
                round=_round().partition("/")[2],
            )  # fmt: skip
            exercise = SurveyExercise(
                case_id=case.id, organisation_id=school.id, level=LEVEL, school_year="now",
                first_day=now.date() - timedelta(days=7), last_day=now.date() + timedelta(days=7),
                language="nl", locked_at=now, statements=statements,
                invited=dict.fromkeys(GROUPS, WHOLE),
            )  # fmt: skip
            add(connection, case, exercise)
            ids.append(exercise.id)
        token = new_token()
        link = SurveyLink(token=token, exercise_id=ids[0], group="students")
        connection.execute(SurveyLink.__table__.insert(), link.model_dump())  # type: ignore[attr-defined]
    # Half of the way they look like the others: each group has its own number of statements.
    width = {group: len(those) for group, those in statements.items()}
    add_sheets(database, ids[1], answers * len(GROUPS) // sum(width.values()), width)
    return token, ids[1]


def _make_due(database: sqlalchemy.Engine, exercise: str) -> datetime:
    now = SystemClock().now()
    yesterday = now.date() - timedelta(days=2)
    with writing(database) as connection:
        connection.execute(
            update(_exercise).where(_exercise.c.id == exercise).values(last_day=yesterday)
        )
        due = update(_report).where(_report.c.exercise_id == exercise)
        connection.execute(due.values(due_at=now))
    return now


def _made(database: sqlalchemy.Engine, exercise: str) -> datetime:
    """When the report was made; waits for it."""
    query = select(_report.c.made_at).where(_report.c.exercise_id == exercise)
    while True:
        with reading(database) as connection:
            made: datetime | None = connection.execute(query).scalar()
        if made:
            return made
        sleep(0.2)


def _kept(database: sqlalchemy.Engine, token: str) -> tuple[int, int]:
    """Questionnaires that were submitted over a link, and those begun that are left."""
    link = SurveyLink.__table__  # type: ignore[attr-defined]
    with reading(database) as connection:
        exercise = connection.execute(select(link.c.exercise_id).where(link.c.token == token))
        sheets = select(func.count()).where(_sheet.c.exercise_id == exercise.scalar_one())
        begun = select(func.count()).select_from(_progress)
        return connection.execute(sheets).scalar_one(), connection.execute(begun).scalar_one()


class _Load:
    """Participants who come one after the other, each as soon as it is her turn."""

    def __init__(self, port: int, token: str, people: int, within: float) -> None:
        self.port, self.token, self.people, self.within = port, token, people, within
        self.delays: list[float] = []
        self._next, self._lock, self._failed = 0, threading.Lock(), ""

    def run(self) -> float:
        """Seconds from the first who comes to the last who has read the thanks."""
        began = perf_counter()
        threads = [threading.Thread(target=self._browser, args=(began,)) for _ in range(BROWSERS)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        if self._failed:
            raise AssertionError(self._failed)
        return perf_counter() - began

    def _browser(self, began: float) -> None:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            self._take_turns(connection, began)

    def _take_turns(self, connection: HTTPConnection, began: float) -> None:
        while not self._failed:
            with self._lock:
                turn, self._next = self._next, self._next + 1
            if turn >= self.people:
                return
            # Those who come last want to be done in time, too.
            sleep(max(0.0, began + turn * self.within * COME / self.people - perf_counter()))
            try:
                self._answer(connection)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is told at the end
                self._failed = repr(error)

    def _answer(self, connection: HTTPConnection) -> None:
        at = f"/s/{self.token}"
        self._asked(connection, "GET", at)
        page = self._asked(connection, "POST", at, {"language": "nl"})
        while fields := dict(_HIDDEN.findall(page)):
            sent = {name.decode(): value.decode() for name, value in fields.items()}
            numbers = re.findall(rb'name="(q\d+)" value="4"', page)
            sent |= {number.decode(): "4" for number in numbers} | {"language": "nl"}
            sent["to"] = "next" if numbers else "submit"
            page = self._asked(connection, "POST", f"{at}/answers", sent)
            if not numbers:
                return

    def _asked(
        self, connection: HTTPConnection, method: str, path: str, form: dict[str, Any] | None = None
    ) -> bytes:
        began = perf_counter()
        body = urlencode(form) if form else None
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        content, location = answer.read(), answer.headers.get("Location")
        self.delays.append(perf_counter() - began)
        if answer.status == 303 and location:
            return self._asked(connection, "GET", location)
        if answer.status != 200:
            message = f"{method} {path}: {answer.status}"
            raise AssertionError(message)
        return content
