"""Facts of the registry, for many schools at once, on both databases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import Connection, event

from base.errors import BadDefinition
from models.database import reading, writing
from models.registry import Activity, Label, Organisation, Project, ProjectFounder, ProjectSchool
from rules import facts as facts_module
from rules.criteria import BoundRuleSet, FactRequest, FactType, Value
from rules.facts import PROVIDERS, Subject, declare, gather, provider
from tests.builders import add, add_member, add_person

pytestmark = pytest.mark.integration

#: Noon in Brussels on the day the sources' round opens.
NOW = datetime(2022, 11, 23, 11, 0, tzinfo=UTC)
TODAY = date(2022, 11, 23)
SINCE = date(2020, 9, 1)


@pytest.fixture
def connection(engine: sqlalchemy.Engine) -> Iterator[Connection]:
    with writing(engine) as found:
        yield found


@pytest.fixture
def providers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The registry of providers, put back as it was after the test."""
    known = dict(PROVIDERS)
    monkeypatch.setattr(facts_module, "PROVIDERS", known)
    return known


def add_school(connection: Connection, name: str, **values: Any) -> str:
    row = {"name": name, "country": "BE", "area": "BE-VLG", **values}
    return add(connection, Organisation(**row))


def subject(school: str | None, **values: Any) -> Subject:
    row = {"key": f"of {school}", "area": "BE-VLG", "zone": "Europe/Brussels", **values}
    return Subject(organisation_id=school, **row)


def wanting(name: str, **arguments: Value | None) -> BoundRuleSet:
    """A rule set without criteria that asks for one fact."""
    request = FactRequest(key="fact", provider=name, type=PROVIDERS[name].type, arguments=arguments)
    return BoundRuleSet(name="test/facts", sha256="", facts=(request,), criteria={})


def fact_of(
    connection: Connection, school: str | None, name: str, **arguments: Value | None
) -> Value | None:
    (facts,) = gather(connection, wanting(name, **arguments), [subject(school)], NOW)
    return facts["fact"]


# The school itself -------------------------------------------------------------------------------


def test_the_day_of_registration(connection: Connection) -> None:
    known = add_school(connection, "A", registered_on=date(2020, 9, 1))
    unknown = add_school(connection, "B")
    assert fact_of(connection, known, "registered_on") == date(2020, 9, 1)
    assert fact_of(connection, unknown, "registered_on") is None
    assert fact_of(connection, None, "registered_on") is None
    assert fact_of(connection, "nobody", "registered_on") is None


def test_whether_it_is_validated(connection: Connection) -> None:
    yes, no = add_school(connection, "A", validated=True), add_school(connection, "B")
    assert fact_of(connection, yes, "school_validated") is True
    assert fact_of(connection, no, "school_validated") is False


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Europe/Brussels", date(2023, 2, 1)),
        ("Europe/London", date(2023, 1, 31)),
        ("Atlantic/Azores", date(2023, 1, 31)),
        ("Asia/Yerevan", date(2023, 2, 1)),
    ],
)
def test_today_is_the_day_where_the_school_is(connection: Connection, zone: str, day: date) -> None:
    """Half an hour after midnight in Brussels it is still the last day in the Azores."""
    now = datetime(2023, 1, 31, 23, 30, tzinfo=UTC)
    facts = gather(connection, wanting("today"), [subject("any", zone=zone)], now)
    assert facts == [{"fact": day}]


def test_a_number_of_the_round(connection: Connection) -> None:
    assert fact_of(connection, "any", "round_value", value=14) == 14
    assert fact_of(connection, "any", "round_value", value=None) is None


# Active teachers ---------------------------------------------------------------------------------


def active(connection: Connection, school: str) -> Value | None:
    return fact_of(connection, school, "active_teachers", since=SINCE)


@pytest.mark.parametrize(
    ("person", "membership", "days", "counts"),
    [
        ({}, {}, [date(2020, 9, 1)], 1),
        ({}, {}, [date(2020, 8, 31)], 0),
        ({}, {}, [TODAY], 1),
        ({}, {}, [date(2022, 11, 24)], 0),
        ({}, {}, [], 0),
        ({}, {}, [date(2021, 1, 1), date(2022, 1, 1), date(2020, 9, 1)], 1),
        ({"validated": False}, {}, [TODAY], 0),
        ({}, {"last_day": date(2022, 11, 22)}, [TODAY], 0),
        ({}, {"last_day": TODAY}, [TODAY], 1),
        ({}, {"first_day": TODAY}, [date(2021, 1, 1)], 1),
        ({}, {"first_day": date(2022, 11, 24)}, [TODAY], 0),
        ({}, {"role": "coordinator"}, [TODAY], 1),
        ({}, {"role": "principal"}, [TODAY], 0),
    ],
)
def test_who_is_an_active_teacher(
    connection: Connection, person: Mapping[str, Any], membership: Mapping[str, Any],
    days: list[date], counts: int,
) -> None:  # fmt: skip
    school = add_school(connection, "A")
    teacher = add_person(connection, "An", **person)
    add_member(connection, school, teacher, **membership)
    for day in days:
        add(connection, Activity(person_id=teacher, kind="webinar", on_day=day))
    assert active(connection, school) == counts


def test_any_kind_of_activity_counts_and_each_teacher_once(connection: Connection) -> None:
    school, other = add_school(connection, "A"), add_school(connection, "B")
    for number, kind in enumerate(("project", "workshop", "group")):
        teacher = add_person(connection, f"T {number}")
        add_member(connection, school, teacher)
        add_member(connection, school, teacher, first_day=date(2021, 9, 1), role="coordinator")
        add(connection, Activity(person_id=teacher, kind=kind, on_day=TODAY))
        if number == 0:  # works at two schools, and counts at both
            add_member(connection, other, teacher)
    assert active(connection, school) == 3
    assert active(connection, other) == 1


def test_a_day_nobody_knows_leaves_the_number_unknown(connection: Connection) -> None:
    school = add_school(connection, "A")
    assert fact_of(connection, school, "active_teachers", since=None) is None


# Projects with a label ---------------------------------------------------------------------------


def labelled(
    connection: Connection, *, founders: tuple[str, ...] = ("BE", "IT"), kind: str = "NQL",
    granted_on: date | None = date(2020, 7, 1), involved: str | None = None,
    school_at_grant: str | None = None,
) -> str:  # fmt: skip
    """A project with a label, a school that takes part, and the school of who got the label."""
    project = add(connection, Project(title="P"))
    for country in founders:
        add(connection, ProjectFounder(project_id=project, country=country))
    if involved:
        add(connection, ProjectSchool(project_id=project, organisation_id=involved))
    add(
        connection,
        Label(
            kind=kind, granted_on=granted_on, project_id=project,
            school_at_grant_id=school_at_grant,
        ),
    )  # fmt: skip
    return project


def projects(connection: Connection, school: str, **changes: Value | None) -> Value | None:
    arguments: dict[str, Value | None] = {
        "kind": "NQL", "since": date(2020, 7, 1), "until": None, "counts": "school_involved",
        **changes,
    }  # fmt: skip
    return fact_of(connection, school, "projects_with_label", **arguments)


@pytest.mark.parametrize(
    ("project", "until", "counts"),
    [
        ({}, None, 1),
        ({"granted_on": date(2020, 6, 30)}, None, 0),
        ({"granted_on": TODAY}, None, 1),
        ({"granted_on": date(2022, 11, 24)}, None, 0),
        ({"granted_on": None}, None, 0),
        ({"granted_on": date(2022, 1, 16)}, date(2022, 1, 16), 1),
        ({"granted_on": date(2022, 1, 17)}, date(2022, 1, 16), 0),
        ({"founders": ("BE", "BE")}, None, 0),
        ({"founders": ("BE",)}, None, 0),
        ({"founders": ()}, None, 0),
        ({"founders": ("BE", "BE", "IT")}, None, 1),
        ({"kind": "EQL"}, None, 0),
    ],
)
def test_which_project_counts(
    connection: Connection, project: Mapping[str, Any], until: date | None, counts: int
) -> None:
    school = add_school(connection, "A")
    labelled(connection, **{"involved": school, **project})
    assert projects(connection, school, until=until) == counts


def test_whose_label_counts_is_for_the_round_to_say(connection: Connection) -> None:
    """The European wording and the Italian one (docs/decisions/0105)."""
    taking_part, own = add_school(connection, "A"), add_school(connection, "B")
    labelled(connection, involved=taking_part, school_at_grant=own)
    assert projects(connection, taking_part) == 1
    assert projects(connection, taking_part, counts="own_teacher") == 0
    assert projects(connection, own) == 1
    assert projects(connection, own, counts="own_teacher") == 1
    assert projects(connection, own, counts=None) is None


def test_a_project_with_many_labels_counts_once(connection: Connection) -> None:
    school = add_school(connection, "A")
    project = labelled(connection, involved=school, school_at_grant=school)
    for _ in range(3):
        label = Label(kind="NQL", granted_on=TODAY, project_id=project, school_at_grant_id=school)
        add(connection, label)
    labelled(connection, involved=school)
    assert projects(connection, school) == 2
    assert projects(connection, school, counts="own_teacher") == 1


# Labels a school holds ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "holds"),
    [
        ({"valid_from": date(2021, 3, 1), "valid_until": date(2022, 12, 31)}, False),
        ({"valid_from": date(2021, 3, 1), "valid_until": date(2023, 1, 1)}, True),
        ({"valid_from": date(2023, 1, 1), "valid_until": date(2023, 1, 1)}, True),
        ({"valid_from": date(2023, 1, 2), "valid_until": date(2024, 12, 31)}, False),
        ({"valid_until": date(2024, 12, 31)}, True),
        ({"valid_from": date(2021, 3, 1)}, True),
        ({"valid_until": date(2024, 12, 31), "kind": "other"}, False),
    ],
)
def test_a_label_covers_a_day(
    connection: Connection, label: Mapping[str, Any], holds: bool
) -> None:
    school, other = add_school(connection, "A"), add_school(connection, "B")
    add(connection, Label(**{"kind": "school_label", "organisation_id": school, **label}))
    arguments: dict[str, Value | None] = {"kind": "school_label", "day": date(2023, 1, 1)}
    assert fact_of(connection, school, "holds_label_on", **arguments) is holds
    assert fact_of(connection, other, "holds_label_on", **arguments) is False
    assert fact_of(connection, None, "holds_label_on", **arguments) is None


# Many at once ------------------------------------------------------------------------------------


def test_facts_come_in_the_order_of_the_subjects_and_twice_if_asked_twice(
    connection: Connection,
) -> None:
    schools = [
        add_school(connection, f"S{n}", registered_on=date(2020, 1, n + 1)) for n in range(5)
    ]
    asked = [schools[3], schools[0], schools[3]]
    subjects = [subject(school, key=str(n)) for n, school in enumerate(asked)]
    days = [facts["fact"] for facts in gather(connection, wanting("registered_on"), subjects, NOW)]
    assert days == [date(2020, 1, 4), date(2020, 1, 1), date(2020, 1, 4)]


def test_a_provider_is_asked_once_however_many_there_are(engine: sqlalchemy.Engine) -> None:
    """More ids than any database takes as single parameters."""
    statements = 0
    with writing(engine) as connection:
        school = add_school(connection, "A", registered_on=date(2020, 1, 1))
    subjects = [subject(f"{school}{number or ''}", key=str(number)) for number in range(40_000)]

    @event.listens_for(engine, "before_cursor_execute")
    def _count(*_: Any) -> None:
        nonlocal statements
        statements += 1

    with reading(engine) as connection:
        for bound in (
            wanting("registered_on"),
            wanting("active_teachers", since=SINCE),
            wanting("holds_label_on", kind="school_label", day=TODAY),
            wanting(
                "projects_with_label", kind="NQL", since=SINCE, until=None, counts="own_teacher"
            ),
        ):
            statements = 0
            found = gather(connection, bound, subjects, NOW)
            assert len(found) == 40_000
            assert statements <= 2  # SQLite may say BEGIN, too


def test_subjects_go_in_chunks(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, providers: dict[str, Any]
) -> None:
    monkeypatch.setattr(facts_module, "CHUNK", 3)
    sizes = []

    @provider("position", FactType.INTEGER)
    def _position(
        _connection: Connection, subjects: Any, _arguments: Any, _now: datetime
    ) -> Mapping[str, Value | None]:
        """Its number."""
        sizes.append(len(subjects))
        return {one.key: int(one.key) for one in subjects}

    request = FactRequest(key="n", provider="position", type=FactType.INTEGER)
    bound = BoundRuleSet(name="t", sha256="", facts=(request,), criteria={})
    subjects = [subject(None, key=str(number)) for number in range(8)]
    assert gather(connection, bound, subjects, NOW) == [{"n": number} for number in range(8)]
    assert sizes == [3, 3, 2]
    assert providers["position"].about == "Its number."


# The registry of providers -----------------------------------------------------------------------


def nothing(
    _connection: Connection, _subjects: Any, _arguments: Any, _now: datetime
) -> Mapping[str, Value | None]:
    """Nothing at all."""
    return {}


def test_a_fact_that_is_only_declared_cannot_be_told(
    connection: Connection, providers: dict[str, Any]
) -> None:
    declare("somewhere_else", FactType.INTEGER, about="What another layer knows.")
    request = FactRequest(key="a", provider="somewhere_else", type=FactType.INTEGER)
    bound = BoundRuleSet(name="t", sha256="", facts=(request,), criteria={})
    with pytest.raises(BadDefinition, match="Nothing here can tell the fact somewhere_else"):
        gather(connection, bound, [subject(None)], NOW)
    provider("somewhere_else", FactType.INTEGER)(nothing)
    assert gather(connection, bound, [subject(None)], NOW) == [{"a": None}]
    assert providers["somewhere_else"].about == "What another layer knows."


def test_a_name_is_one_fact(providers: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="another provider called today"):
        provider("today", FactType.DATE)(nothing)
    declare("elsewhere", FactType.INTEGER, {"a": FactType.DATE}, about="A.")
    declare("elsewhere", FactType.INTEGER, {"a": FactType.DATE}, about="A.")
    with pytest.raises(ValueError, match="another provider called elsewhere"):
        declare("elsewhere", FactType.INTEGER, about="A.")
    with pytest.raises(ValueError, match="another provider called elsewhere"):
        provider("elsewhere", FactType.INTEGER)(nothing)


def test_every_provider_says_what_it_tells() -> None:
    for one in PROVIDERS.values():
        assert one.about.endswith("."), one.name
        assert one.optional <= set(one.arguments), one.name
        assert set(one.choices) <= set(one.arguments), one.name
