"""Every name a rule file uses is the name of something."""

from __future__ import annotations

from collections.abc import Iterator

from base.located import nearest
from rules.checks.check import Check, Place
from rules.facts import PROVIDERS
from rules.rule_file import ConditionText, FactUse
from rules.values import reference


def check_names(check: Check) -> None:
    """Names of criteria, facts, providers, their arguments, and parameters."""
    _criteria(check)
    _facts(check)
    for place, use in check.uses():
        _use(check, place, use)
    _parameters(check)


def _criteria(check: Check) -> None:
    seen: set[str] = set()
    for index, criterion in enumerate(check.rule_set.criteria):
        if criterion.id in seen:
            check.error(("criteria", index, "id"), f'there is a criterion "{criterion.id}" already')
        seen.add(criterion.id)


def _facts(check: Check) -> None:
    named = check.rule_set.facts
    first: dict[str, ConditionText] = {}
    for place, leaf in check.leaves():
        if leaf.fact is None:
            continue
        if leaf.fact in named:
            if leaf.arguments:
                message = f'"{leaf.fact}" has its arguments under facts: write them there'
                check.error((*place, "with"), message)
        elif check.named("fact", leaf.fact, [*named, *PROVIDERS], (*place, "fact")):
            before = first.setdefault(leaf.fact, leaf)
            if before.arguments != leaf.arguments:
                message = (
                    f'"{leaf.fact}" is asked for twice with different arguments: '
                    "give each a name under facts"
                )
                check.error((*place, "with"), message)
    used = {leaf.fact for _place, leaf in check.leaves()}
    for name in named:
        if name not in used:
            check.warning(("facts", name), f'the fact "{name}" is not used')


def _use(check: Check, place: Place, use: FactUse) -> None:
    """A provider and what it is told; that there is one is said for criteria already."""
    if place[0] == "facts" and not check.named(
        "provider", use.provider, PROVIDERS, (*place, "provider")
    ):
        return
    provider = PROVIDERS.get(use.provider)
    if provider is None:
        return
    for name in use.arguments:
        check.named(f"argument of {use.provider}", name, provider.arguments, (*place, "with", name))
    for name in provider.arguments:
        if name not in use.arguments and name not in provider.optional:
            check.error(place, f'{use.provider} must be told "{name}"')


def _parameters(check: Check) -> None:
    used: set[str | None] = set()
    for place, value in _values(check):
        used.add(reference(value))
        _reference(check, value, place)
    for index, criterion in enumerate(check.rule_set.criteria):
        if criterion.only_if is not None and reference(criterion.only_if) is None:
            message = "write the name of a boolean parameter: only_if: ${name}"
            check.error(("criteria", index, "only_if"), message)
    for name in check.rule_set.parameters:
        if name not in used:
            check.warning(("parameters", name), f'the parameter "{name}" is not used')


def _values(check: Check) -> Iterator[tuple[Place, object]]:
    """Everything that may be the name of a parameter, with its place."""
    for place, use in check.uses():
        for name, value in use.arguments.items():
            yield (*place, "with", name), value
    for place, leaf in check.leaves():
        for comparison, operands in leaf.comparisons():
            several = isinstance(getattr(leaf, comparison.value), list)
            for index, operand in enumerate(operands):
                yield (*place, comparison.value, *((index,) if several else ())), operand
    for index, criterion in enumerate(check.rule_set.criteria):
        if criterion.only_if is not None:
            yield ("criteria", index, "only_if"), criterion.only_if


def _reference(check: Check, value: object, place: Place) -> None:
    name = reference(value)
    if name is not None:
        if name not in check.rule_set.parameters:
            hint = nearest(name, check.rule_set.parameters)
            hint = hint or ": say under parameters what it is"
            check.error(place, f'there is no parameter "{name}"{hint}')
    elif isinstance(value, str) and value.startswith("$"):
        check.error(place, f'"{value}" is no name of a parameter: write ${{name}}')
