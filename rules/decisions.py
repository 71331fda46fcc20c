"""Decisions: what a rule set says of subjects, with the facts it saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy import Connection

from base.errors import BadDefinition
from base.i18n import N_
from rules.binding import Values, bind
from rules.criteria import BoundRuleSet, Facts, FactType, Outcome, Value, overall
from rules.facts import Subject, gather
from rules.reference import decide_reference
from rules.rule_file import RuleSet


class Decider(Protocol):
    """Finds the outcome of every criterion: ``rules.judge.Judge``."""

    def decide(self, bound: BoundRuleSet, facts: Sequence[Facts]) -> list[dict[str, Outcome]]:
        """The outcomes by criterion, for each subject's facts."""
        ...


class ReferenceDecider:
    """Decides by the reference evaluator alone: to try examples, and to verify what was decided."""

    def decide(self, bound: BoundRuleSet, facts: Sequence[Facts]) -> list[dict[str, Outcome]]:
        """The outcomes by criterion, for each subject's facts."""
        return decide_reference(bound, facts)


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """What a rule set says of one subject."""

    rule_set: str
    #: Hash of the rule set with the round's values in it.
    bound_sha256: str
    outcome: Outcome
    #: By criterion, in the file's order. One that does not apply in the round is not there.
    findings: Mapping[str, Outcome]
    #: The facts it saw, by the name the rule file uses.
    facts: Mapping[str, Value | None]


def judge_facts(
    judge: Decider, rule_set: RuleSet, values: Values, facts: Sequence[Facts]
) -> list[Judgement]:
    """What ``rule_set``, with a round's ``values``, says of each subject's facts.

    Raises:
        BadFact: a fact is not one the rule set asks for, or not of its type.
        BadDefinition: the rule set cannot be used with these values.
    """
    if not facts:
        return []
    bound = bind(rule_set, values)
    return [
        Judgement(
            rule_set=rule_set.name,
            bound_sha256=bound.sha256,
            outcome=overall(findings),
            findings=findings,
            facts=known,
        )
        for findings, known in zip(judge.decide(bound, facts), facts, strict=True)
    ]


def judge_subjects(
    connection: Connection, judge: Decider, rule_set: RuleSet, values: Values,
    subjects: Sequence[Subject], now: datetime,
) -> list[Judgement]:  # fmt: skip
    """What ``rule_set`` says of each subject now, in their order.

    The facts of all subjects are gathered at once: a few statements, however many they are.

    Arguments:
        values: the round's values in the subjects' area.
        now: the present instant.

    Raises:
        BadDefinition: the rule set cannot be used with these values.
    """
    if not subjects:
        return []
    facts = gather(connection, bind(rule_set, values), subjects, now)
    return judge_facts(judge, rule_set, values, facts)


def judge_again(
    judge: Decider, rule_set: RuleSet, values: Values, stored: Sequence[Mapping[str, Any]]
) -> list[Judgement]:
    """What ``rule_set`` says of facts as a decision keeps them (dates as ISO 8601 texts).

    Raises:
        BadDefinition: the stored facts are not those the rule set asks for.
        BadFact: a stored fact is not of its type.
    """
    bound = bind(rule_set, values)
    return judge_facts(judge, rule_set, values, [restored(bound, facts) for facts in stored])


def restored(bound: BoundRuleSet, stored: Mapping[str, Any]) -> dict[str, Value | None]:
    """Facts as a decision keeps them, with their own types again.

    Raises:
        BadDefinition: a fact is stored that the rule set does not ask for, or is no date where it
            should be one.
    """
    types = {request.key: request.type for request in bound.facts}
    found: dict[str, Value | None] = {}
    for key, value in stored.items():
        is_day = types.get(key) is FactType.DATE and isinstance(value, str)
        try:
            found[key] = date.fromisoformat(value) if is_day else value
        except ValueError:
            is_day = False
        if key not in types or key not in found:
            raise BadDefinition(
                N_("The stored fact {fact} does not fit the rule set {name}."),
                fact=key, name=bound.name,
            )  # fmt: skip
    return found
