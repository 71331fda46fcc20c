"""Decisions: what a rule set says of subjects, with the facts it saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from rules import registry_facts  # noqa: F401 - registers its providers
from rules.binding import Values, bind
from rules.criteria import BoundRuleSet, Facts, Outcome, Value, overall
from rules.facts import Subject, gather
from rules.rule_file import RuleSet


class Decider(Protocol):
    """Finds the outcome of every criterion: ``rules.judge.Judge``."""

    def decide(self, bound: BoundRuleSet, facts: Sequence[Facts]) -> list[dict[str, Outcome]]:
        """The outcomes by criterion, for each subject's facts."""
        ...


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
    """What ``rule_set``, with a round's ``values``, says of each subject's facts."""
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
    """What ``rule_set`` says of each subject now, in their order; facts are gathered for all at once."""
    if not subjects:
        return []
    facts = gather(connection, bind(rule_set, values), subjects, now)
    return judge_facts(judge, rule_set, values, facts)
