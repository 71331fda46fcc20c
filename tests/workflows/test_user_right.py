"""A right at a school: who gives it, on which days, and how it ends; at once, and by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy

from base.clock import VirtualClock
from base.errors import BadInput, Conflict, NotAllowed, NotFound, NotPossible
from models.cases import CaseEvent
from models.database import reading, writing
from models.registry import Grant
from registry.rights import rights, schools_with
from rules.book import RuleBook
from rules.judge import Judge
from tests.builders import Desk, add_member, add_person, add_school
from tests.workflows.school_rights import DAYS, RIGHT, RULES, give, leaves, open_school
from workflows.bulk import start_each
from workflows.rights_file import as_csv, day_of, neutral, upload
from workflows.rights_of_school import Search, not_needed, people, school_led, search
from workflows.verifying import verify

Opens = Callable[..., Desk]


@pytest.fixture
def opens(sqlite_engine: sqlalchemy.Engine, clock: VirtualClock, judge: Judge) -> Opens:
    return lambda rules=None: open_school(sqlite_engine, clock, judge, rules)


@pytest.fixture
def both(engine: sqlalchemy.Engine, clock: VirtualClock, judge: Judge) -> Desk:
    return open_school(engine, clock, judge)


def has_it(desk: Desk, person: str, day: date) -> bool:
    with reading(desk.database) as connection:
        return desk.school in schools_with(connection, person, RIGHT, day)


def granted(desk: Desk, person: str) -> list[tuple[date, date | None]]:
    return [(row["first_day"], row["last_day"])
            for row in desk.rows(Grant, person_id=person, right=RIGHT)]  # fmt: skip


def test_a_right_from_its_grant_to_its_end(both: Desk) -> None:
    desk, ict = both, both.extra["ict"]
    case_id = give(desk, ict)
    assert desk.case(case_id)["state"] == "pending"
    assert has_it(desk, ict, date(2022, 11, 22)), "at once, before the clock comes by"
    (mail,) = desk.mails(template="user_right/granted")
    assert mail["person_id"] == ict
    desk.until(2022, 11, 22, 12)
    assert desk.case(case_id)["state"] == "active"
    desk.until(2023, 10, 23, 8, 30)  # 30 days before, at 09:00 in Brussels
    assert len(desk.mails(template="user_right/ending")) == 1
    desk.fire(case_id, "extend", desk.extra["principal"], last_day="2026-11-22")
    assert granted(desk, ict) == [(date(2022, 11, 22), date(2026, 11, 22))]
    # Nobody looks for three years, and then once: what was missed is made up for in one go.
    desk.clock.move_to(datetime(2026, 11, 20, 12, 0, tzinfo=UTC))
    desk.until(2026, 11, 22, 22, 30)  # half past eleven on the last day
    assert desk.case(case_id)["state"] == "active"
    assert has_it(desk, ict, date(2026, 11, 22))
    desk.until(2026, 11, 22, 23)
    assert desk.case(case_id)["state"] == "expired"
    assert not has_it(desk, ict, date(2026, 11, 23))
    assert len(desk.mails(template="user_right/expired")) == 1
    # Now it can be given again.
    give(desk, ict, first_day="2026-11-23", last_day="2027-11-23")
    assert verify(desk.database).faults == []


def test_who_leaves_loses_it_on_her_last_day(both: Desk) -> None:
    desk, ict = both, both.extra["ict"]
    case_id = give(desk, ict)
    leaves(desk, ict, date(2022, 12, 31))
    desk.until(2022, 12, 31, 22, 59)
    assert desk.case(case_id)["state"] == "active"
    assert has_it(desk, ict, date(2022, 12, 31))
    assert not has_it(desk, ict, date(2023, 1, 1)), "whether or not a sweep has come by"
    desk.until(2022, 12, 31, 23, 1)
    assert desk.case(case_id)["state"] == "left"
    assert granted(desk, ict) == [(date(2022, 11, 22), date(2022, 12, 31))]
    # Every day was looked, and only the last look is in the log.
    assert [row["trigger"] for row in desk.events(case_id)] == ["grant", "begin", "leave"]


def test_a_leaving_day_that_is_known_is_the_last_day(opens: Opens) -> None:
    desk = opens()
    leaves(desk, desk.extra["ict"], date(2023, 6, 30))
    case_id = give(desk, desk.extra["ict"])
    assert desk.case(case_id)["kept"]["last_day"] == "2023-06-30"
    leaves(desk, desk.extra["principal"], date(2022, 12, 31))
    with pytest.raises(BadInput) as refused:
        give(desk, desk.extra["principal"], first_day="2023-01-01")
    assert [one.where for one in refused.value.problems] == ["first_day"]


def test_a_revoked_right_ends_at_once_and_can_be_given_again(opens: Opens) -> None:
    desk = opens()
    ict, principal = desk.extra["ict"], desk.extra["principal"]
    case_id = give(desk, ict)
    desk.fire(case_id, "revoke", principal)  # on its first day
    assert granted(desk, ict) == []
    case_id = give(desk, ict)
    desk.until(2022, 11, 24, 12)
    desk.fire(case_id, "revoke", principal, reason="Andere taken")
    assert granted(desk, ict) == [(date(2022, 11, 22), date(2022, 11, 23))]
    assert not has_it(desk, ict, date(2022, 11, 24))
    assert len(desk.mails(template="user_right/revoked")) == 2
    again = give(desk, ict)  # from the same first day: the same row
    assert granted(desk, ict) == [(date(2022, 11, 22), date(2023, 11, 22))]
    assert desk.case(again)["state"] == "pending"


#: Table of bad input: what is sent, and what is named in the refusal.
UNUSABLE: list[tuple[dict[str, Any], set[str]]] = [
    ({"first_day": None}, {"first_day"}),
    ({"last_day": None}, {"last_day"}),
    ({"reason": "  "}, {"reason"}),
    ({"first_day": None, "last_day": "", "reason": None}, {"first_day", "last_day", "reason"}),
    ({"first_day": "22/11/2022"}, {"first_day"}),
    ({"last_day": "2023-02-30"}, {"last_day"}),
    ({"first_day": "2022-12-02", "last_day": "2022-12-01"}, {"last_day"}),
    ({"first_day": "2022-11-01", "last_day": "2022-11-21"}, {"last_day"}),
    ({"first_day": "2022-11-22", "last_day": "2026-11-23"}, {"last_day"}),
    ({"right": "edison"}, {"right"}),
    ({"right": None}, {"right"}),
]


def test_what_cannot_be_used_is_named_and_gives_nothing(opens: Opens) -> None:
    desk = opens()
    for sent, where in UNUSABLE:
        with pytest.raises(BadInput) as refused:
            give(desk, desk.extra["ict"], **sent)
        assert {one.where for one in refused.value.problems} == where, sent
    assert granted(desk, desk.extra["ict"]) == []
    assert desk.rows_of_cases() == []


def test_four_years_to_the_day_are_four_years(opens: Opens) -> None:
    """The seed's own example: 26/07/2022 to 26/07/2026."""
    desk = opens()
    give(desk, desk.extra["ict"], first_day="2022-11-22", last_day="2026-11-22")


@pytest.mark.parametrize("missing", sorted(RULES))
def test_what_the_area_has_not_set_is_never_guessed(opens: Opens, missing: str) -> None:
    desk = opens({**RULES, missing: "unknown"})
    ict, principal = desk.extra["ict"], desk.extra["principal"]
    if missing.endswith("most_months"):
        with pytest.raises(NotPossible, match=missing):
            give(desk, ict)
        return
    case_id = give(desk, principal)
    desk.until(2022, 11, 22, 12)
    if missing.endswith("remind_days"):
        assert {row["name"] for row in desk.timers(case_id)} == {"expire", "look"}
        return
    with pytest.raises(NotPossible, match=missing):
        desk.fire(case_id, "extend", principal, last_day="2024-01-01")


def test_granting_it_to_oneself_is_possible_extending_it_as_the_area_says(opens: Opens) -> None:
    desk = opens()
    case_id = give(desk, desk.extra["principal"])
    desk.until(2022, 11, 22, 12)
    with pytest.raises(NotAllowed, match="own right"):
        desk.fire(case_id, "extend", desk.extra["principal"], last_day="2024-01-01")


def test_only_the_principal_of_that_school_gives_it(opens: Opens) -> None:
    desk = opens()
    with writing(desk.database) as connection:
        other, teachers = add_school(connection, "Elders")
        stranger = add_person(connection, "Piet Elders")
        add_member(connection, other, stranger, role="principal")
    for by in (desk.extra["ict"], desk.teachers[0], stranger, desk.reviewer, None):
        with pytest.raises(NotAllowed):
            desk.engine.start(
                "user_right", "grant", actor_id=by, person_id=desk.extra["ict"],
                organisation_id=desk.school, payload={"right": RIGHT, "reason": "x", **DAYS},
            )  # fmt: skip
    with pytest.raises(NotFound):
        give(desk, teachers[0])
    # Who works at two schools gets it at the one that is named.
    with writing(desk.database) as connection:
        add_member(connection, other, desk.extra["ict"], first_day=date(2022, 9, 1))
    assert desk.case(give(desk, desk.extra["ict"]))["organisation_id"] == desk.school


def test_several_at_once_each_with_an_answer(opens: Opens) -> None:
    desk = opens()
    principal, ict = desk.extra["principal"], desk.extra["ict"]
    give(desk, ict)
    payload = {"right": RIGHT, "reason": "Digisnap", **DAYS}

    def all_of(ids: list[str], **other: Any) -> Any:
        return start_each(
            desk.engine, "user_right", "grant", ids, actor_id=principal,
            organisation_id=desk.school, payload={**payload, **other},
        )  # fmt: skip

    found = all_of([desk.teachers[0], ict, desk.reviewer, principal])
    assert [type(one.error) for one in found] == [type(None), Conflict, NotFound, type(None)]
    assert [one.taken is not None for one in found] == [True, False, False, True]
    before = len(desk.rows_of_cases())
    with writing(desk.database) as connection:
        more = [add_person(connection, f"Leraar {number}") for number in range(26)]
        for person in more:
            add_member(connection, desk.school, person)
    for ids, other in ((more, {}), ([], {}), ([more[0], more[0]], {}), (more[:2], {"reason": ""})):
        with pytest.raises(BadInput):
            all_of(ids, **other)
    assert len(desk.rows_of_cases()) == before, "the 26th is refused before anything is done"
    assert all(one.taken for one in all_of(more[:25]))
    with pytest.raises(NotFound):
        start_each(desk.engine, "user_right", "gift", ["x"], actor_id=principal)


def test_every_right_has_its_settings_and_its_words() -> None:
    values = RuleBook.from_folder().round("user_right/standing").values("BE-VLG")
    for right in rights().values():
        assert set(right.settings.model_dump().values()) <= set(values)
        for texts in (right.title, right.description, right.confirm):
            assert set(texts) == {"en", "nl", "fr", "de"}


def test_people_are_looked_for_by_what_is_filled_in(opens: Opens) -> None:
    desk = opens()
    with reading(desk.database) as connection:
        now = desk.clock.now()
        school = school_led(connection, desk.extra["principal"], now, None)
        with pytest.raises(BadInput, match="at least one field"):
            search(connection, school, now, Search())
        for by, names in (
            (Search(first_name="kat"), ["Katrien Bernaerts"]),
            (Search(name="BERN"), ["Katrien Bernaerts"]),
            (Search(role="coordinator"), ["Ivo Claes"]),
            (Search(name="Claes", role="teacher"), []),
            (Search(first_day=date(2015, 9, 2)), []),
        ):
            assert [one.name for one in search(connection, school, now, by)] == names
        teachers = [one for one in people(connection, school, now) if one.role == "teacher"]
        assert not_needed(RIGHT, people(connection, school, now)) == teachers
        with pytest.raises(NotFound):
            school_led(connection, desk.extra["ict"], now, desk.school)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("26/07/2022", date(2022, 7, 26)), ("6/7/2022", None), ("2022-07-26", None),
        ("31/02/2023", None), ("", None), ("26/07/22", None), ("26.07.2022", None),
    ],
)  # fmt: skip
def test_a_day_is_written_dd_mm_yyyy(text: str, day: date | None) -> None:
    assert day_of(text) == day


def test_the_list_as_a_file_and_back(both: Desk) -> None:
    desk, principal = both, both.extra["principal"]
    give(desk, desk.extra["ict"])
    desk.until(2022, 11, 22, 12)
    with reading(desk.database) as connection:
        school = school_led(connection, principal, desk.clock.now(), desk.school)
        text = as_csv(connection, school)
    head, line = text.removeprefix("\ufeff").splitlines()
    assert head == "name;email;right;first_day;last_day;reason"
    assert line == f"Ivo Claes;ivo.claes@example.org;{RIGHT};22/11/2022;22/11/2023;"
    # Unchanged, it changes nothing.
    assert upload(desk.engine, school, principal, text.encode()) == (0, 0)
    more = f"{head}\n{line.replace('22/11/2023', '22/11/2024')}\n"
    more += f"Katrien;Katrien.Bernaerts@example.org;{RIGHT};22/11/2022;22/11/2023;Digisnap\n"
    assert upload(desk.engine, school, principal, more.encode()) == (1, 1)
    assert granted(desk, desk.extra["ict"]) == [(date(2022, 11, 22), date(2024, 11, 22))]
    before = len(desk.rows(CaseEvent))
    wrong = (
        f"{head}\n"
        f"Sint-Jan 1;sint-jan.1@example.org;{RIGHT};22/11/2022;22/11/2023;Digisnap\n"
        f"Sint-Jan 1;sint-jan.1@example.org;{RIGHT};22/11/2022;22/11/2023;Digisnap\n"
        f"Piet;piet@elders.example.org;edison;2022-11-22;22/11/2023;Digisnap\n"
        f"Sint-Jan 2;sint-jan.2@example.org;{RIGHT};22/11/2022;22/11/2033;Digisnap\n"
        f"Sint-Jan 3;sint-jan.3@example.org;{RIGHT};22/11/2022;22/11/2023;\n"
    )
    with pytest.raises(BadInput) as refused:
        upload(desk.engine, school, principal, wrong.encode())
    assert [one.where for one in refused.value.problems] == [
        "row 3", "row 4", "row 4", "row 4", "row 5", "row 6",
    ]  # fmt: skip
    assert len(desk.rows(CaseEvent)) == before, "nothing is half done"
    for text in ("", "a;b\n", f"{head}\n", f"{head}\nx;y\n", f'{head}\n"x;\n'):
        with pytest.raises(BadInput):
            upload(desk.engine, school, principal, text.encode())
    with pytest.raises(BadInput, match="UTF-8"):
        upload(desk.engine, school, principal, b"\xff\xfe\xfa")


def test_no_cell_is_a_formula() -> None:
    cells = ["=1+1", "+32", "-1", "@cmd", "\tx", "Jan"]
    assert [neutral(cell) for cell in cells] == ["'=1+1", "'+32", "'-1", "'@cmd", "'\tx", "Jan"]


def test_a_right_that_begins_later_waits_for_its_day(opens: Opens) -> None:
    desk = opens()
    ict = desk.extra["ict"]
    case_id = give(desk, ict, first_day="2022-12-01")
    desk.until(2022, 11, 30, 22, 59)
    assert (desk.case(case_id)["state"], has_it(desk, ict, date(2022, 11, 30))) == (
        "pending", False,
    )  # fmt: skip
    desk.until(2022, 11, 30, 23)
    assert desk.case(case_id)["state"] == "active"
    assert desk.clock.now() == datetime(2022, 11, 30, 23, tzinfo=UTC)
    desk.fire(case_id, "revoke", desk.extra["principal"])
