"""Which accounts seem to be of one person: the same mailbox in another form, or name and school."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy

from models.database import writing
from models.registry import Person
from rules.duplicate_facts import mailbox, older_accounts_of
from tests.builders import add, add_member, add_school

#: The older account, in whose mailbox or school others may be.
OLD = "An.Peeters+etwinning@linde.example.org"


@pytest.mark.parametrize(
    ("email", "box"),
    [
        ("an.peeters@linde.example.org", "an.peeters@linde.example.org"),
        ("An.Peeters+new@LINDE.example.org", "an.peeters@linde.example.org"),
        # Dots count, but for the providers that pass over them.
        ("anpeeters@linde.example.org", "anpeeters@linde.example.org"),
        ("a.n.peeters+x@gmail.com", "anpeeters@gmail.com"),
        ("AnPeeters@googlemail.com", "anpeeters@gmail.com"),
        ("an.peeters@gmail.com.example", "an.peeters@gmail.com.example"),
    ],
)
def test_a_mailbox_is_one_in_whatever_form(email: str, box: str) -> None:
    assert mailbox(email) == box


@pytest.mark.parametrize(
    ("name", "email", "here", "alike"),
    [
        ("Somebody Else", "an.peeters@linde.example.org", False, True),
        ("AN  PEETERS", "an@elsewhere.example", True, True),
        ("Án-Peeters", "an@elsewhere.example", True, True),
        ("An Peeters", "an@elsewhere.example", False, False),
        ("An Peeters-Maes", "an@elsewhere.example", True, False),
    ],
)
def test_an_older_account_is_found(
    sqlite_engine: sqlalchemy.Engine, name: str, email: str, *, here: bool, alike: bool
) -> None:
    with writing(sqlite_engine) as connection:
        school, _ = add_school(connection, "De Linde", nql_on=None)
        old = add(connection, Person(name="An Peeters", email=OLD))
        add_member(connection, school, old)
        later = datetime(2022, 10, 1, tzinfo=UTC)
        new = add(connection, Person(name=name, email=email, created_at=later))
        if here:
            add_member(connection, school, new)
        gone = Person(name="–", email=f"{new}@deleted.invalid", created_at=later)
        add_member(connection, school, add(connection, gone))
        found = older_accounts_of(connection, [old, new])
    assert found == {old: [], new: [old] if alike else []}
