"""What a person turned off is not sent, and what can be turned off says how."""

from __future__ import annotations

from email import message_from_bytes
from typing import Any

import sqlalchemy

from models.database import reading, writing
from models.registry import Person
from notifications.carriers import Carrier
from notifications.choices import (
    CALENDAR,
    UNSUBSCRIBE,
    address_of,
    choose,
    refused_by,
    revoke_address,
    whose_address,
)
from notifications.delivery import deliver
from notifications.templates import Templates
from tests.builders import add
from tests.notifications.conftest import NOW, make_post, outbox, put

REMINDER = "school_label/invited"


class Kept(Carrier):
    """Keeps what it carries."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def carry(self, mail_id: str, sender: str, to: str, content: bytes) -> None:
        self.sent.append(content)

    def close(self) -> None:
        pass


def people(engine: sqlalchemy.Engine, count: int) -> None:
    with writing(engine) as connection:
        for number in range(count):
            add(
                connection,
                Person(id=f"p{number}", name=f"P {number}", email=f"p{number}@example.org"),
            )


def test_a_reminder_says_how_to_stop_it_and_stops(
    engine: sqlalchemy.Engine, templates: Templates
) -> None:
    people(engine, 2)
    put(engine, 2, optional=True)
    put(engine, 1, name="x")
    with writing(engine) as connection:
        choose(connection, "p1", [REMINDER], [], NOW)
    carrier = Kept()
    post: Any = make_post(engine, templates, lambda: carrier)
    vars(post)["public_url"] = "https://keurmerk.example"
    assert deliver(post) == 2
    assert sorted((row["person_id"], row["status"]) for row in outbox(engine)) == [
        ("p0", "sent"), ("p0", "sent"), ("p1", "withdrawn"),
    ]  # fmt: skip
    with reading(engine) as connection:
        token = address_of(connection, "p0", UNSUBSCRIBE)
        assert address_of(connection, "p1", UNSUBSCRIBE) is None
    found = [message_from_bytes(content) for content in carrier.sent]
    there = f"https://keurmerk.example/unsubscribe/{token}/{REMINDER}"
    assert [one["List-Unsubscribe"] for one in found] == [f"<{there}>", None]
    assert [one["List-Unsubscribe-Post"] for one in found] == ["List-Unsubscribe=One-Click", None]
    text: Any = found[0].get_payload()[0]  # type: ignore[index]
    assert there in text.get_payload(decode=True).decode()


def test_addresses_are_kept_renewed_and_revoked(engine: sqlalchemy.Engine) -> None:
    people(engine, 1)
    with writing(engine) as connection:
        first = address_of(connection, "p0", CALENDAR, NOW)
        assert first == address_of(connection, "p0", CALENDAR, NOW)
        assert whose_address(connection, CALENDAR, str(first)) == "p0"
        assert whose_address(connection, UNSUBSCRIBE, str(first)) is None
        revoke_address(connection, "p0", CALENDAR)
        assert whose_address(connection, CALENDAR, str(first)) is None
        assert address_of(connection, "p0", CALENDAR) is None
        choose(connection, "p0", ["a/x", "a/y"], ["a/x"], NOW)
        assert refused_by(connection, "p0") == {"a/y"}
        choose(connection, "p0", ["a/x", "a/y"], ["a/x", "a/y"], NOW)
        assert refused_by(connection, "p0") == set()
