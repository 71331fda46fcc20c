"""Putting a round's values into a rule set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from base.canonical import hash_of
from base.errors import BadDefinition
from base.i18n import N_
from rules.criteria import BoundRuleSet, Comparison, Condition, FactRequest, Group, Test, Value
from rules.facts import PROVIDERS
from rules.fitting import check_rule_set
from rules.rule_file import ConditionText, RuleSet, reference

Values = Mapping[str, Value | None]

_bound: dict[tuple[int, str], tuple[RuleSet, BoundRuleSet]] = {}
#: Rule sets times rounds times areas in use; beyond it the oldest are bound again when needed.
_KEPT = 512


def bind(rule_set: RuleSet, values: Values) -> BoundRuleSet:
    """``rule_set`` with the values of a round in an area.

    A criterion whose ``only_if`` is false is left out; one whose ``only_if`` is UNKNOWN stays and is
    undetermined.

    Raises:
        BadDefinition: a value does not fit the fact it is compared with, or a provider is unknown.
    """
    used = {name: values.get(name) for name in rule_set.parameters}
    key = (id(rule_set), hash_of(used))
    kept = _bound.get(key)
    if kept is not None and kept[0] is rule_set:
        return kept[1]
    bound = _bind(rule_set, used)
    while len(_bound) >= _KEPT:
        _bound.pop(next(iter(_bound)))
    _bound[key] = (rule_set, bound)
    return bound


def _bind(rule_set: RuleSet, values: Values) -> BoundRuleSet:
    criteria: dict[str, Condition] = {}
    for criterion in rule_set.criteria:
        condition = _condition(criterion, values)
        if criterion.only_if is not None:
            applies = values.get(reference(criterion.only_if) or criterion.only_if)
            if applies is False:
                continue
            if applies is not True:
                condition = Test(
                    next(leaf.fact or "" for leaf in criterion.leaves()), Comparison.EQUALS, (None,)
                )
        criteria[criterion.id] = condition
    wanted = {name for condition in criteria.values() for name in facts_in(condition)}
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
    whole = [rule_set.rule_set, [repr(fact) for fact in facts], repr(criteria)]
    bound = BoundRuleSet(
        name=rule_set.rule_set, sha256=hash_of(whole), facts=facts, criteria=criteria
    )
    check_rule_set(bound)
    return bound


def facts_in(condition: Condition) -> list[str]:
    """The keys of the facts a condition looks at."""
    if isinstance(condition, Test):
        return [condition.fact]
    return [fact for part in condition.of for fact in facts_in(part)]


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


def _provider(name: str) -> Any:
    if name not in PROVIDERS:
        raise BadDefinition(N_("There is no fact called {name}."), name=name)
    return PROVIDERS[name]
