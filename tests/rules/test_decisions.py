"""Decisions on schools of the registry, by durable_rules and the reference, on both databases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import orjson
import pytest
import sqlalchemy

from base.canonical import canonical
from base.errors import BadDefinition
from models.database import reading, writing
from models.registry import Label, Organisation
from rules.binding import bind
from rules.book import RuleBook
from rules.criteria import Outcome
from rules.decisions import (
    Judgement,
    ReferenceDecider,
    judge_again,
    judge_facts,
    judge_subjects,
    restored,
)
from rules.facts import Subject
from rules.judge import Judge
from tests.builders import add, add_school

pytestmark = pytest.mark.integration

#: The rule set most of these tests ask.
ELIGIBILITY = "school_label/eligibility"
BOOK = RuleBook.from_folder()
ROUND = BOOK.round("school_label/2023-2024")
#: The morning of the round's screening, in Brussels.
SCREENING = datetime(2022, 11, 23, 5, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Asked:
    """What a rule set says of some schools."""

    engine: sqlalchemy.Engine
    judge: Judge

    def about(
        self, schools: list[str], rule_set: str = ELIGIBILITY, now: datetime = SCREENING,
        area: str = "BE-VLG", **changes: Any,
    ) -> list[Judgement]:  # fmt: skip
        subjects = [
            Subject(key=one, organisation_id=one, area=area, zone="Europe/Brussels")
            for one in schools
        ]
        values = {**ROUND.values(area), **changes}
        with reading(self.engine) as connection:
            return judge_subjects(
                connection, self.judge, BOOK.rule_set(rule_set), values, subjects, now
            )


@pytest.fixture
def ask(engine: sqlalchemy.Engine, judge: Judge) -> Asked:
    return Asked(engine, judge)


ALL_MET = {
    "registered_in_time": Outcome.MET,
    "enough_active_teachers": Outcome.MET,
    "project_with_nql": Outcome.MET,
}


@pytest.mark.parametrize(
    ("school", "differs"),
    [
        ({}, {}),
        ({"registered_on": date(2020, 9, 2)}, {"registered_in_time": Outcome.UNMET}),
        ({"registered_on": None}, {"registered_in_time": Outcome.UNDETERMINED}),
        ({"active": 2}, {"enough_active_teachers": Outcome.UNMET}),
        ({"nql_on": date(2020, 6, 30)}, {"project_with_nql": Outcome.UNMET}),
        ({"nql_on": None}, {"project_with_nql": Outcome.UNMET}),
        ({"countries": ("BE", "BE")}, {"project_with_nql": Outcome.UNMET}),
    ],
)
def test_who_is_eligible_in_the_round_of_the_sources(
    engine: sqlalchemy.Engine, ask: Asked, school: dict[str, Any], differs: dict[str, Outcome]
) -> None:
    with writing(engine) as connection:
        found, _ = add_school(connection, "A", **school)
    (judgement,) = ask.about([found])
    assert judgement.findings == ALL_MET | differs
    outcome = next(iter(differs.values()), Outcome.MET)
    assert judgement.outcome is outcome
    assert judgement.rule_set == "school_label/eligibility"


def test_a_holder_is_left_out_where_the_round_says_so(
    engine: sqlalchemy.Engine, ask: Asked
) -> None:
    with writing(engine) as connection:
        holder, _ = add_school(connection, "A")
        lapsed, _ = add_school(connection, "B")
        for school, until in ((holder, date(2023, 12, 31)), (lapsed, date(2022, 12, 31))):
            add(
                connection,
                Label(
                    kind="school_label", organisation_id=school, valid_from=date(2021, 3, 1),
                    valid_until=until,
                ),
            )  # fmt: skip
    assert [one.outcome for one in ask.about([holder, lapsed])] == [Outcome.MET, Outcome.MET]
    excluded = ask.about([holder, lapsed], holders_excluded=True)
    assert [one.outcome for one in excluded] == [Outcome.UNMET, Outcome.MET]
    assert excluded[0].findings == ALL_MET | {"no_label_yet": Outcome.UNMET}
    unknown = ask.about([holder, lapsed], holders_excluded=None)
    assert [one.outcome for one in unknown] == [Outcome.UNDETERMINED, Outcome.UNDETERMINED]


def test_italy_counts_the_labels_of_own_teachers_only(
    engine: sqlalchemy.Engine, ask: Asked
) -> None:
    with writing(engine) as connection:
        school, _ = add_school(connection, "A")
        label = Label.__table__  # type: ignore[attr-defined]
        connection.execute(label.update().values(school_at_grant_id=None))
    assert ask.about([school])[0].outcome is Outcome.MET
    assert ask.about([school], area="IT")[0].outcome is Outcome.UNMET


@pytest.mark.parametrize(
    ("rule_set", "now", "outcome"),
    [
        ("first_window", datetime(2022, 11, 22, 22, 59, tzinfo=UTC), Outcome.UNMET),
        ("first_window", datetime(2022, 11, 22, 23, 0, tzinfo=UTC), Outcome.MET),
        ("first_window", datetime(2023, 1, 31, 22, 59, 59, tzinfo=UTC), Outcome.MET),
        ("first_window", datetime(2023, 1, 31, 23, 0, tzinfo=UTC), Outcome.UNMET),
        ("amend_window", datetime(2023, 2, 28, 22, 59, 59, tzinfo=UTC), Outcome.MET),
        ("amend_window", datetime(2023, 2, 28, 23, 0, tzinfo=UTC), Outcome.UNMET),
        # summer time has begun: midnight in Brussels is two hours ahead
        ("evaluation", datetime(2023, 3, 28, 21, 59, 59, tzinfo=UTC), Outcome.MET),
        ("evaluation", datetime(2023, 3, 28, 22, 0, tzinfo=UTC), Outcome.UNMET),
        ("late_amendment", datetime(2023, 3, 1, 12, 0, tzinfo=UTC), Outcome.UNMET),
    ],
)
def test_the_last_second_of_every_window(
    ask: Asked, rule_set: str, now: datetime, outcome: Outcome
) -> None:
    (judgement,) = ask.about(["any"], rule_set, now)
    assert judgement.outcome is outcome


def test_days_given_after_the_deadline(ask: Asked) -> None:
    now = datetime(2023, 3, 1, 12, 0, tzinfo=UTC)
    (judgement,) = ask.about(["any"], "late_amendment", now, late_amend_days=14)
    assert judgement.outcome is Outcome.MET


def test_a_window_without_a_known_end_is_no_pass(ask: Asked) -> None:
    values: dict[str, Any] = {"first_window.closes": None}
    now = datetime(2022, 12, 1, tzinfo=UTC)
    (judgement,) = ask.about(["any"], "first_window", now, **values)
    assert judgement.outcome is Outcome.UNDETERMINED


def test_many_schools_are_decided_in_their_order(engine: sqlalchemy.Engine, ask: Asked) -> None:
    with writing(engine) as connection:
        schools = [
            add_school(connection, f"S{number}", teachers=3, active=number % 4)[0]
            for number in range(12)
        ]
    said = [judgement.facts["active_teachers"] for judgement in ask.about(schools)]
    assert said == [number % 4 for number in range(12)]
    outcomes = [judgement.outcome for judgement in ask.about(schools)]
    assert [outcome is Outcome.MET for outcome in outcomes] == [
        number % 4 == 3 for number in range(12)
    ]


def test_nobody_asked_is_nobody_judged(ask: Asked) -> None:
    assert ask.about([]) == []
    assert judge_facts(ask.judge, BOOK.rule_set(ELIGIBILITY), {}, []) == []


def test_a_school_the_registry_does_not_have_is_no_pass(ask: Asked) -> None:
    (judgement,) = ask.about(["nobody"])
    assert judgement.outcome is not Outcome.MET


def test_a_decision_can_be_made_again_from_what_is_kept(
    engine: sqlalchemy.Engine, ask: Asked
) -> None:
    with writing(engine) as connection:
        school, _ = add_school(connection, "A", active=2)
        unknown = add(connection, Organisation(name="B", country="BE", area="BE-VLG"))
    judged = ask.about([school, unknown])
    # As the database gives them back.
    stored = [orjson.loads(canonical(dict(one.facts))) for one in judged]
    assert stored[0]["registered_on"] == "2020-09-01"
    again = judge_again(
        ReferenceDecider(), BOOK.rule_set(ELIGIBILITY), ROUND.values("BE-VLG"), stored
    )
    assert again == judged


@pytest.mark.parametrize(
    "stored",
    [
        {"registered_on": "1 September"},
        {"registered_on": "2020-09-01", "nobody": 1},
        {"holds_label": True},
    ],
)
def test_facts_that_do_not_fit_are_refused(stored: dict[str, Any]) -> None:
    bound = bind(BOOK.rule_set(ELIGIBILITY), ROUND.values("BE-VLG"))
    with pytest.raises(BadDefinition, match="does not fit the rule set school_label/eligibility"):
        restored(bound, stored)
