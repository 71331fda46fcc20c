"""Putting a round's values into a rule set."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from datetime import date
from typing import Any

from base.canonical import hash_of
from base.errors import BadDefinition
from base.i18n import N_
from rules import (  # noqa: F401 - they register providers
    case_facts,
    duplicate_facts,
    person_facts,
    project_facts,
    quality_label_facts,
    registry_facts,
    school_facts,
    sent_exercise_facts,
    survey_facts,
)
from rules.criteria import BoundRuleSet, Comparison, Condition, FactRequest, Group, Test, Value
from rules.facts import PROVIDERS, Provider
from rules.fitting import check_rule_set
from rules.rule_file import ConditionText, CriterionText, RuleSet
from rules.values import reference

#: A round's values by name; None is UNKNOWN.
Values = Mapping[str, Value | None]

#: The provider of the present day.
TODAY = "today"

#: Rule sets times rounds times areas in use; beyond it the oldest are bound again when needed.
_KEPT = 512
_bound: OrderedDict[tuple[Any, ...], tuple[RuleSet, BoundRuleSet]] = OrderedDict()
_lock = threading.Lock()


def bind(rule_set: RuleSet, values: Values) -> BoundRuleSet:
    """``rule_set`` with the values of a round in an area. The same values give the same result.

    A criterion whose ``only_if`` is false does not apply and is left out; one whose ``only_if`` is
    UNKNOWN stays and is undetermined. A value the round does not give is UNKNOWN, too.

    Raises:
        BadDefinition: a value does not fit the fact it is compared with, or there is no such fact.
    """
    used = {name: values.get(name) for name in rule_set.parameters}
    # With their types, since True equals 1.
    key = (id(rule_set), *((value.__class__, value) for value in used.values()))
    with _lock:
        kept = _bound.get(key)
        if kept is not None and kept[0] is rule_set:
            _bound.move_to_end(key)
            return kept[1]
    bound = _bind(rule_set, used)
    with _lock:
        # The rule set is kept, too: as long as it lives, no other one can have its id.
        _bound[key] = (rule_set, bound)
        while len(_bound) > _KEPT:
            _bound.popitem(last=False)
    return bound


def facts_in(condition: Condition) -> list[str]:
    """The keys of the facts a condition looks at, in its order."""
    if isinstance(condition, Test):
        return [condition.fact]
    return [fact for part in condition.of for fact in facts_in(part)]


def providers_of(bound: BoundRuleSet, condition: Condition) -> set[str]:
    """The kinds of fact a condition asks for; of ``TODAY`` alone, it says when, not whether."""
    known = {request.key: request.provider for request in bound.facts}
    return {known[fact] for fact in facts_in(condition)}


def _bind(rule_set: RuleSet, values: Values) -> BoundRuleSet:
    criteria = {
        criterion.id: condition
        for criterion in rule_set.criteria
        if (condition := _criterion(criterion, values)) is not None
    }
    wanted = {fact for condition in criteria.values() for fact in facts_in(condition)}
    facts = tuple(
        FactRequest(
            key=key,
            provider=use.provider,
            type=_provider(use.provider).type,
            arguments={name: _value(value, values) for name, value in use.arguments.items()},
        )
        for key, use in rule_set.uses().items()
        if key in wanted
    )
    whole = [
        rule_set.name,
        [
            [fact.key, fact.provider, fact.type, {k: _typed(v) for k, v in fact.arguments.items()}]
            for fact in facts
        ],
        [[name, _plain(condition)] for name, condition in criteria.items()],
    ]
    bound = BoundRuleSet(name=rule_set.name, sha256=hash_of(whole), facts=facts, criteria=criteria)
    check_rule_set(bound)
    return bound


def _criterion(criterion: CriterionText, values: Values) -> Condition | None:
    if criterion.only_if is not None:
        applies = values.get(reference(criterion.only_if) or "")
        if applies is False:
            return None
        if applies is not True:
            # Whether it applies is not known, so whether it is met is not, whatever the facts.
            fact = criterion.leaves()[0].fact or ""
            return Test(fact, Comparison.EQUALS, (None,))
    return _condition(criterion, values)


def _condition(written: ConditionText, values: Values) -> Condition:
    for combination, parts in written.joins():
        return Group(combination, tuple(_condition(part, values) for part in parts))
    comparison, operands = written.comparisons()[0]
    return Test(
        written.fact or "", comparison, tuple(_value(operand, values) for operand in operands)
    )


def _value(written: Any, values: Values) -> Any:
    name = reference(written)
    return written if name is None else values.get(name)


def _provider(name: str) -> Provider:
    if name not in PROVIDERS:
        raise BadDefinition(N_("There is no fact called {name}."), name=name)
    return PROVIDERS[name]


def _plain(condition: Condition) -> list[Any]:
    if isinstance(condition, Test):
        operands = [_typed(operand) for operand in condition.operands]
        return [condition.fact, condition.comparison, operands]
    return [condition.combination, [_plain(part) for part in condition.of]]


def _typed(value: Value | None) -> list[Any]:
    """So that a date and the text that looks like it have different hashes."""
    return ["date" if isinstance(value, date) else "", value]
