"""Facts about accounts that seem to be of one person: nobody is merged, and nobody is sure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from models.registry import Membership, Person
from registry.same_school import bare
from rules.criteria import FactType, Value
from rules.facts import Subject, provider
from rules.person_facts import people_of

_person = Person.__table__  # type: ignore[attr-defined]
_member = Membership.__table__  # type: ignore[attr-defined]

#: Providers of mail that pass over dots in the first part of an address.
_PASSES_OVER_DOTS = {"gmail.com", "googlemail.com"}


def mailbox(email: str) -> str:
    """The mailbox behind an address: without what follows a plus, or dots that do not count."""
    local, _, domain = email.lower().partition("@")
    local = local.partition("+")[0]
    if domain in _PASSES_OVER_DOTS:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


def older_accounts_of(connection: Connection, people: Iterable[str]) -> dict[str, list[str]]:
    """For each of ``people`` the older accounts that seem to be hers, the oldest first.

    The same name, however it is written, at the same school, or the same mailbox. Erased accounts
    are nobody’s.
    """
    # An account without a date was there before dates were kept.
    query = select(_person.c.id, _person.c.name, _person.c.email).order_by(
        _person.c.created_at.nulls_first(), _person.c.id
    )
    schools: dict[str, set[str]] = {}
    for row in connection.execute(select(_member.c.person_id, _member.c.organisation_id)):
        schools.setdefault(row.person_id, set()).add(row.organisation_id)
    wanted = set(people)
    by_sign: dict[Any, list[str]] = {}
    found: dict[str, list[str]] = {}
    for row in connection.execute(query):
        if row.email.endswith("@deleted.invalid"):
            continue
        signs: list[Any] = [mailbox(row.email)]
        signs += [(bare(row.name), school) for school in schools.get(row.id, ())]
        if row.id in wanted:
            older = [one for sign in signs for one in by_sign.get(sign, [])]
            found[row.id] = list(dict.fromkeys(older))
        for sign in signs:
            by_sign.setdefault(sign, []).append(row.id)
    return found


@provider("older_accounts", FactType.INTEGER, least=0)
def older_accounts(
    connection: Connection, subjects: Sequence[Subject], _arguments: Mapping[str, Any],
    _now: datetime,
) -> Mapping[str, Value | None]:  # fmt: skip
    """How many older accounts seem to be the person's: same name and school, or same mailbox."""
    people = people_of(subjects, None)
    older = older_accounts_of(connection, people.values())
    return {key: len(older.get(person, [])) for key, person in people.items()}


@provider("alike", FactType.BOOLEAN, {"other": FactType.TEXT})
def alike(
    connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    _now: datetime,
) -> Mapping[str, Value | None]:  # fmt: skip
    """Whether the person and a party are two accounts of one name, or of one mailbox."""
    first, second = people_of(subjects, None), people_of(subjects, arguments["other"])
    ids = {*first.values(), *second.values()}
    query = select(_person.c.id, _person.c.name, _person.c.email).where(_person.c.id.in_(ids))
    known = {row.id: row for row in connection.execute(query)}
    found: dict[str, Value | None] = {}
    for key in first:
        if key in second and first[key] != second[key]:
            one, other = known[first[key]], known[second[key]]
            same_name = bare(one.name) == bare(other.name)
            found[key] = same_name or mailbox(one.email) == mailbox(other.email)
        elif key in second:
            found[key] = False
    return found
