"""Decisions that were kept: the rule set and round they were made by, and the facts they saw."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from base.errors import NotFound
from base.i18n import N_
from models.cases import Definition
from rules.binding import bind
from rules.book import RuleBook
from rules.criteria import BoundRuleSet, FactType, Outcome
from rules.decisions import Judgement
from rules.explain import explain

_definition = Definition.__table__  # type: ignore[attr-defined]
#: By hash, which is the content's own name: right for every database.
_books: dict[tuple[str, str | None], RuleBook] = {}


def pinned_book(connection: Connection, rule_set: str, round_: str | None) -> RuleBook:
    """The book of just the rule set and the round (if any) with these hashes.

    Raises:
        NotFound: a text is not kept here.
    """
    if (rule_set, round_) not in _books:
        wanted = [one for one in (rule_set, round_) if one]
        rows = connection.execute(
            select(_definition.c.sha256, _definition.c.text).where(_definition.c.sha256.in_(wanted))
        )
        texts = {row.sha256: row.text for row in rows}
        if len(texts) < len(wanted):
            raise NotFound(N_("The rules this was decided by are not kept here."))
        _books[rule_set, round_] = RuleBook.from_texts(texts)
    return _books[rule_set, round_]


def explained(connection: Connection, decision: Mapping[str, Any], language: str) -> dict[str, Any]:
    """A kept decision in words, as :func:`rules.explain.explain` gives it.

    Arguments:
        decision: a row of the decision table.

    Raises:
        NotFound: the texts it was made by are not kept here.
    """
    book = pinned_book(connection, decision["rule_set_sha256"], decision["round_sha256"])
    rule_set = book.rule_sets()[0]
    values = book.rounds()[0].values(decision["area"]) if decision["round_sha256"] else {}
    bound = bind(rule_set, values)
    judgement = Judgement(
        rule_set=decision["rule_set"], bound_sha256=bound.sha256,
        outcome=Outcome(decision["outcome"]),
        findings={name: Outcome(value) for name, value in decision["findings"].items()},
        facts=typed_facts(bound, decision["facts"]),
    )  # fmt: skip
    return explain(rule_set, judgement, values, language)


def typed_facts(bound: BoundRuleSet, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts as they were when they were seen: dates are dates again."""
    types = {request.key: request.type for request in bound.facts}
    return {
        key: date.fromisoformat(value)
        if types.get(key) is FactType.DATE and isinstance(value, str)
        else value
        for key, value in facts.items()
    }
