"""A whole round, simulated: people are made up, and whatever they do is done by the engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy import func, select

from base.clock import VirtualClock
from base.days import is_working_day
from cli.files import definitions
from documents.store import FolderStore
from models.cases import Attempt, Case, CaseEvent
from models.database import reading, writing
from models.messages import Mail
from rules.book import RuleBook
from rules.judge import Judge
from tests.builders import installed_mails
from tests.conftest import new_sqlite
from workflows.engine import Engine
from workflows.process_file import load_processes
from workflows.publishing import Library, publish
from workflows.simulation import manners
from workflows.simulation.outcome import Outcome
from workflows.simulation.season import Season, round_of, season_of
from workflows.simulation.simulate import simulate
from workflows.tools import Tools
from workflows.verifying import verify

BOOK = RuleBook.from_folder()
_case = Case.__table__  # type: ignore[attr-defined]
_event = CaseEvent.__table__  # type: ignore[attr-defined]
_mail = Mail.__table__  # type: ignore[attr-defined]
_attempt = Attempt.__table__  # type: ignore[attr-defined]

Play = Callable[..., tuple[Outcome, sqlalchemy.Engine]]


@pytest.fixture(scope="module")
def play(
    sqlite_template: Path, judge: Judge, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Play]:
    """Plays a round in Flanders, in a database of its own."""
    with ExitStack() as databases:

        def played(
            process: str, round_name: str, applicants: int = 8, seed: int = 1
        ) -> tuple[Outcome, sqlalchemy.Engine]:
            folder = tmp_path_factory.mktemp("round")
            database = databases.enter_context(new_sqlite(sqlite_template, folder))
            defined = definitions(process, [])
            calls = defined.book.rounds(defined.process.round)
            season = season_of(round_of(defined.process, calls, round_name), "BE-VLG")
            clock = VirtualClock(season.begins)
            tools = Tools(
                clock=clock, library=Library(), judge=judge, grace=timedelta(seconds=20),
                public_url="https://keurmerk.example",
            )  # fmt: skip
            with writing(database) as connection:
                published = publish(
                    connection, defined.text, defined.book, mails=installed_mails(),
                    author="test", now=clock.now(), untried=defined.unchanged,
                )  # fmt: skip
            found = simulate(
                Engine(database, tools), clock, FolderStore(folder), published, season,
                applicants=applicants, seed=seed, language="nl",
            )  # fmt: skip
            return found, database

        yield played


@pytest.fixture(scope="module")
def school_label(play: Play) -> tuple[Outcome, sqlalchemy.Engine]:
    """A round of the School Label."""
    return play("school_label", "2023-2024")


def counts(database: sqlalchemy.Engine, column: sqlalchemy.Column[str]) -> Counter[str]:
    with reading(database) as connection:
        rows = connection.execute(select(column, func.count()).group_by(column))
        return Counter(dict(rows.all()))


def test_what_is_counted_is_what_happened(
    school_label: tuple[Outcome, sqlalchemy.Engine],
) -> None:
    found, database = school_label
    assert verify(database).faults == []
    assert {one.state: one.cases for one in found.states} == counts(database, _case.c.state)
    assert all(one.final for one in found.states), "the clock stopped before the round was over"
    events = counts(database, _event.c.trigger)
    assert events["award"] == events["lapse"] > 0
    mails = counts(database, _mail.c.template)
    assert sum(one.count for one in found.happened if one.kind == "mail") == mails.total()
    told = {(one.name, one.month): one.count for one in found.happened if one.kind == "timer"}
    assert 0 < told["award", "2023-03"] <= events["award"], "one may be awarded by hand before"
    assert told["lapse", "2025-01"] == events["lapse"]
    assert not set(found.steps_not_taken) & set(events)
    assert found.not_set == ["nql_until"]


def test_the_weeks_of_the_staff_add_up(school_label: tuple[Outcome, sqlalchemy.Engine]) -> None:
    found, database = school_label
    events = counts(database, _event.c.to_state)
    (judged,) = [one for one in found.waited if one.state == "submitted"]
    assert judged.stays == events["submitted"] == sum(week.came for week in found.weeks) > 0
    assert judged.timed == judged.stays
    waiting = 0
    for week in found.weeks:
        assert week.begins.weekday() == 0
        assert 0 <= week.late <= week.waiting <= waiting + week.came
        waiting = week.waiting
    assert waiting == 0


def test_the_same_seed_is_the_same_round(
    play: Play, school_label: tuple[Outcome, sqlalchemy.Engine]
) -> None:
    first = school_label[0].as_data()
    assert play("school_label", "2023-2024")[0].as_data() == first
    small = [play("digisnap_request", "standing", 3, seed)[0].as_data() for seed in (1, 2)]
    assert small[0] != small[1]


def test_two_countries_take_part_where_the_process_has_parties(play: Play) -> None:
    found, database = play("project_registration", "since_2022")
    assert verify(database).faults == []
    assert not {"accept", "approve_last", "approve"} <= set(found.steps_not_taken)
    assert {one.waits_for for one in found.waited} > {"de oprichter", "de medeoprichter"}
    assert {"approve_within_days", "reopening_needs_approval"} <= set(found.not_set)


def test_what_stands_in_the_way_of_all_is_said(play: Play) -> None:
    found, database = play("selfie_badge", "standing", applicants=3)
    assert found.cases == counts(database, _case.c.state).total() == 0
    assert found.steps_not_taken == ["ask", "revoke"]
    assert found.unmet[0].count == counts(database, _attempt.c.trigger)["ask"] > 0


@pytest.mark.parametrize("process", sorted(load_processes()))
def test_every_round_has_its_time_everywhere(process: str) -> None:
    calendar = load_processes()[process][0].round
    for call in BOOK.rounds(calendar):
        for area in ("", "NL", *call.countries):
            season = season_of(call, area)
            assert season.begins < season.closes < season.ends


def test_a_round_of_no_days_begins_when_it_is_said() -> None:
    call = BOOK.round("group_creation/standing")
    season = season_of(call, "NL", date(2027, 3, 1))
    assert season.begins.isoformat() == "2027-02-28T23:00:00+00:00"


def test_staff_answers_in_office_hours_on_working_days() -> None:
    season = season_of(BOOK.round("school_label/2023-2024"), "BE-VLG")
    random = manners.chance(1, "staff")
    now = season.begins
    for _ in range(200):
        at = manners.staff_answers(random, now, season.area, season.zone, days=2)
        local = at.astimezone(season.zone)
        assert at > now
        assert is_working_day(local.date(), season.area)
        assert (9, 0) <= (local.hour, local.minute) <= (17, 0)
        now = at


def test_applicants_act_before_a_deadline_that_is_far_away() -> None:
    season: Season = season_of(BOOK.round("school_label/2023-2024"), "BE-VLG")
    random = manners.chance(1, "applicants")
    for _ in range(200):
        at = manners.applicant_acts(random, season.begins, season.closes, season.zone)
        assert season.begins < at < season.closes + timedelta(days=1)


def test_what_usually_happens_comes_first_most_often() -> None:
    random = manners.chance(1, "turns")
    turns = [tuple(manners.in_turn(random, "abc", usual=0.75)) for _ in range(400)]
    assert {len(set(turn)) for turn in turns} == {3}
    first = Counter(turn[0] for turn in turns)
    assert first["a"] > first["b"] > first["c"] > 0
