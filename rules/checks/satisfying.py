"""Criteria that no value can meet, that every value meets, and that contradict each other.

A comparison changes its answer only at its operands, so it is enough to try the operands, their
neighbours, and "not known", for every fact: if none of them meets a criterion, nothing does. What
is tried is decided by the reference evaluator, the same that checks real decisions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from datetime import date, timedelta
from functools import lru_cache
from itertools import combinations, product
from math import prod

from base.errors import BadDefinition
from rules.binding import bind, facts_in
from rules.checks.check import Check
from rules.checks.types import usable
from rules.criteria import (
    BoundRuleSet,
    Comparison,
    Condition,
    FactRequest,
    FactType,
    Outcome,
    Test,
    Value,
    overall,
)
from rules.facts import PROVIDERS
from rules.fitting import fits
from rules.reference import Reference

#: More combinations of values than this are not tried; the criteria are then taken to be possible.
MAX_TRIED = 20_000

_SOME_DAY = date(2020, 1, 1)


def check_satisfying(check: Check) -> None:
    """For the file alone where it has no parameters, else with each round in each area."""
    told: set[str] = set()
    calls = [(said, values) for said, _call, _area, values in check.calls()]
    if not check.rule_set.parameters:
        calls = [("", {})]
    for said, values in calls:
        try:
            bound = bind(check.rule_set, values)
        except BadDefinition as error:
            usable(check, error)
            return
        there = f" (with {said})" if said else ""
        for criterion, message, is_error in _findings(bound):
            if message in told:
                continue
            told.add(message)
            index = [one.id for one in check.rule_set.criteria].index(criterion)
            say = check.error if is_error else check.warning
            say(("criteria", index, "id"), message + there)


def _findings(bound: BoundRuleSet) -> Iterator[tuple[str, str, bool]]:
    """Criterion, message and whether it is an error."""
    tried = {
        name: condition for name, condition in bound.criteria.items() if _can_be_tried(condition)
    }
    possible = []
    for name in tried:
        outcomes = _outcomes(bound, [name], {Outcome.MET, Outcome.UNMET})
        if outcomes is None:
            continue
        if Outcome.MET not in outcomes:
            yield name, f'no value can meet "{name}"', True
            continue
        possible.append(name)
        if outcomes <= {Outcome.MET, Outcome.UNDETERMINED}:
            yield name, f'every value meets "{name}"', False
    contradicted: set[str] = set()
    for one, other in combinations(possible, 2):
        if _related(tried, one, other) and _impossible(bound, [one, other]):
            contradicted |= {one, other}
            yield other, f'"{other}" contradicts "{one}": no value meets both', True
    for names in _components(tried, [name for name in possible if name not in contradicted]):
        if len(names) > 2 and _impossible(bound, names):
            listed = ", ".join(f'"{name}"' for name in names)
            yield names[-1], f"no values meet all of {listed}", True


def _can_be_tried(condition: Condition) -> bool:
    """Whether trying values tells anything: not where a value is UNKNOWN, nor for patterns."""
    if isinstance(condition, Test):
        return None not in condition.operands and condition.comparison is not Comparison.MATCHES
    return all(_can_be_tried(part) for part in condition.of)


def _impossible(bound: BoundRuleSet, names: Sequence[str]) -> bool:
    outcomes = _outcomes(bound, names, {Outcome.MET})
    return outcomes is not None and Outcome.MET not in outcomes


def _outcomes(
    bound: BoundRuleSet, names: Sequence[str], wanted: Set[Outcome]
) -> Set[Outcome] | None:
    """What can become of all of ``names`` together; None where too much had to be tried.

    Arguments:
        wanted: the outcomes to look for: when all of them were found, no more is tried.
    """
    conditions = tuple(bound.criteria[name] for name in names)
    keys = {fact for condition in conditions for fact in facts_in(condition)}
    requests = [request for request in bound.facts if request.key in keys]
    values = tuple(_values(request, bound.criteria.values()) for request in requests)
    if prod(len(some) for some in values) > MAX_TRIED:
        return None
    facts = tuple((one.key, one.provider, one.type) for one in requests)
    return _tried(conditions, facts, values, frozenset(wanted))


# Most rounds and areas give a criterion the same values.
@lru_cache(maxsize=4096)
def _tried(
    conditions: tuple[Condition, ...], facts: tuple[tuple[str, str, FactType], ...],
    values: tuple[tuple[Value | None, ...], ...], wanted: frozenset[Outcome],
) -> Set[Outcome]:  # fmt: skip
    keys = [key for key, _provider, _type in facts]
    reference = Reference(
        BoundRuleSet(
            name="tried", sha256="",
            facts=tuple(FactRequest(key=key, provider=by, type=of) for key, by, of in facts),
            criteria={str(index): condition for index, condition in enumerate(conditions)},
        )
    )  # fmt: skip
    found: set[Outcome] = set()
    for some in product(*values):
        known = {key: value for key, value in zip(keys, some, strict=True) if value is not None}
        (outcomes,) = reference.decide([known])
        found.add(overall(outcomes))
        if wanted <= found:
            break
    return found


def _values(
    request: FactRequest, conditions: Collection[Condition]
) -> tuple[Value | None, ...]:
    """The values of a fact at which a comparison can change its answer, and "not known"."""
    operands = [
        operand
        for condition in conditions
        for test in _tests(condition)
        if test.fact == request.key
        for operand in test.operands
        if operand is not None
    ]
    provider = PROVIDERS[request.provider]
    found: set[Value] = set()
    if request.type is FactType.BOOLEAN:
        found = {True, False}
    elif request.type is FactType.INTEGER:
        numbers = [one for one in operands if isinstance(one, int)] or [0]
        found = {number + step for number in numbers for step in (-1, 0, 1)}
        if provider.least is not None:
            found = {number for number in found if number >= provider.least}  # type: ignore[operator]
            found.add(provider.least)
    elif request.type is FactType.DATE:
        days = [one for one in operands if isinstance(one, date)] or [_SOME_DAY]
        found = {_moved(day, step) for day in days for step in (-1, 0, 1)}
    else:
        texts = {one for one in operands if isinstance(one, str)}
        other = "other"
        while other in texts:
            other += "r"
        found = {*texts, other}
    return (*sorted((one for one in found if fits(one, request.type)), key=str), None)


def _moved(day: date, step: int) -> date:
    try:
        return day + timedelta(days=step)
    except OverflowError:
        return day


def _tests(condition: Condition) -> Iterator[Test]:
    if isinstance(condition, Test):
        yield condition
        return
    for part in condition.of:
        yield from _tests(part)


def _related(criteria: Mapping[str, Condition], one: str, other: str) -> bool:
    return not set(facts_in(criteria[one])).isdisjoint(facts_in(criteria[other]))


def _components(criteria: Mapping[str, Condition], names: Sequence[str]) -> list[list[str]]:
    """Criteria that have facts in common, directly or through others, in the file's order."""
    groups: list[list[str]] = []
    for name in names:
        touching = [
            group for group in groups if any(_related(criteria, name, one) for one in group)
        ]
        joined = [one for group in touching for one in group]
        groups = [group for group in groups if group not in touching] + [[*joined, name]]
    return [sorted(group, key=list(criteria).index) for group in groups]
