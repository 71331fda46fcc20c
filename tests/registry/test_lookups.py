from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
import sqlalchemy
from sqlalchemy import Connection

from models.database import metadata, writing
from registry.lookups import (
    Someone,
    areas_of,
    covers,
    holders_of,
    members_of,
    organisations_of,
    people,
    person,
    person_by_mail,
    scopes_over,
)

DAY = date(2023, 1, 31)


@pytest.fixture
def connection(engine: sqlalchemy.Engine) -> Iterator[Connection]:
    organisation, human, member, grant = (
        metadata.tables[name] for name in ("organisation", "person", "membership", "grant")
    )
    with writing(engine) as found:
        found.execute(
            organisation.insert(),
            [
                {"id": id_, "kind": "school", "name": id_, "place": "", "country": "BE",
                 "area": "BE-VLG", "registered_on": None, "validated": True, "zone": None}
                for id_ in ("linde", "beuk")
            ],
        )  # fmt: skip
        found.execute(
            human.insert(),
            [
                {"id": id_, "name": id_.title(), "email": f"{id_}@example.org", "language": "nl",
                 "validated": id_ != "dirk"}
                for id_ in ("an", "bram", "chris", "dirk")
            ],
        )  # fmt: skip
        found.execute(
            member.insert(),
            [
                {"id": str(n), "organisation_id": school, "person_id": who, "role": role,
                 "first_day": first, "last_day": last}
                for n, (school, who, role, first, last) in enumerate(
                    [
                        ("linde", "an", "teacher", date(2020, 9, 1), None),
                        ("linde", "an", "coordinator", date(2021, 9, 1), None),
                        ("linde", "bram", "principal", date(2020, 9, 1), DAY),
                        ("linde", "chris", "teacher", date(2023, 2, 1), None),
                        ("linde", "dirk", "teacher", DAY, None),
                        ("beuk", "an", "teacher", date(2020, 9, 1), date(2023, 1, 30)),
                    ]
                )
            ],
        )  # fmt: skip
        found.execute(
            grant.insert(),
            [
                {"id": str(n), "person_id": who, "right": right, "scope": scope,
                 "first_day": first, "last_day": last, "reason": ""}
                for n, (who, right, scope, first, last) in enumerate(
                    [
                        ("an", "nso_reviewer", "BE-VLG", date(2022, 1, 1), None),
                        ("bram", "nso_reviewer", "BE", date(2022, 1, 1), DAY),
                        ("chris", "nso_reviewer", "*", DAY, None),
                        ("dirk", "nso_reviewer", "BE-WAL", date(2022, 1, 1), None),
                        ("dirk", "nso_coordinator", "BE-VLG", date(2022, 1, 1), None),
                    ]
                )
            ],
        )  # fmt: skip
        yield found


def ids(found: list[tuple[str, Someone]]) -> list[tuple[str, str]]:
    return [(organisation, someone.id) for organisation, someone in found]


def test_members_are_those_of_the_day_each_once(connection: Connection) -> None:
    assert ids(members_of(connection, ["linde", "beuk"], DAY)) == [
        ("linde", "an"), ("linde", "bram"), ("linde", "dirk"),
    ]  # fmt: skip
    assert ids(members_of(connection, ["linde"], date(2023, 2, 1))) == [
        ("linde", "an"), ("linde", "chris"), ("linde", "dirk"),
    ]  # fmt: skip
    assert ids(members_of(connection, ["beuk"], date(2023, 1, 30))) == [("beuk", "an")]
    assert members_of(connection, [], DAY) == []


def test_members_are_found_by_role_and_validation(connection: Connection) -> None:
    assert ids(members_of(connection, ["linde"], DAY, ["principal"])) == [("linde", "bram")]
    assert ids(members_of(connection, ["linde"], DAY, ["teacher"], validated=True)) == [
        ("linde", "an")
    ]
    assert ids(members_of(connection, ["linde"], DAY, validated=False)) == [("linde", "dirk")]


def test_organisations_are_those_of_the_day(connection: Connection) -> None:
    assert organisations_of(connection, "an", date(2023, 1, 30)) == ["beuk", "linde"]
    assert organisations_of(connection, "an", DAY) == ["linde"]


def test_holders_are_those_whose_scope_covers_the_area(connection: Connection) -> None:
    def held(area: str, day: date = DAY) -> list[str]:
        return [someone.id for someone in holders_of(connection, "nso_reviewer", area, day)]

    assert held("BE-VLG") == ["an", "bram", "chris"]
    assert held("BE-WAL") == ["bram", "chris", "dirk"]
    assert held("NL") == ["chris"]
    assert held("BE-VLG", date(2023, 2, 1)) == ["an", "chris"]
    assert held("BE-VLG", date(2023, 1, 30)) == ["an", "bram"]


def test_areas_of_a_person(connection: Connection) -> None:
    assert areas_of(connection, "dirk", DAY) == [
        ("nso_coordinator", "BE-VLG"), ("nso_reviewer", "BE-WAL"),
    ]  # fmt: skip
    assert areas_of(connection, "dirk", DAY, "nso_reviewer") == [("nso_reviewer", "BE-WAL")]
    assert areas_of(connection, "dirk", date(2021, 12, 31)) == []


def test_people_are_found_by_id_and_by_address(connection: Connection) -> None:
    an = person(connection, "an")
    assert an is not None
    assert (an.email, an.language, an.validated) == ("an@example.org", "nl", True)
    assert person_by_mail(connection, " AN@example.org ") == an
    assert person(connection, "nobody") is None
    assert person_by_mail(connection, "nobody@example.org") is None
    assert sorted(people(connection, ["an", "dirk", "nobody"])) == ["an", "dirk"]


@pytest.mark.parametrize(
    ("scope", "area", "right"),
    [("BE", "BE-VLG", True), ("BE-VLG", "BE", False), ("*", "NL", True), ("B", "BE", False),
     ("BE", "BE", True), ("NL", "BE", False)],
)  # fmt: skip
def test_a_scope_covers_what_lies_in_it(scope: str, area: str, right: bool) -> None:
    assert covers(scope, area) is right
    assert (scope in scopes_over(area)) is right
