"""Everything is compared with something of its own type."""

from __future__ import annotations

from datetime import date
from typing import Any

from base.errors import BadDefinition
from base.located import nearest
from rules.checks.check import Check, Place
from rules.criteria import Comparison, FactType, Value
from rules.facts import PROVIDERS
from rules.fitting import COMPARISONS, fits
from rules.patterns import pattern_fault
from rules.rule_file import ConditionText, Parameter
from rules.values import reference

#: How messages name a type.
A = {
    FactType.INTEGER: "a whole number",
    FactType.BOOLEAN: "true or false",
    FactType.DATE: "a date",
    FactType.TEXT: "a text",
}


def check_types(check: Check) -> None:
    """Operands fit their facts, arguments their providers, values of rounds their parameters."""
    _arguments(check)
    for place, leaf in check.leaves():
        _leaf(check, place, leaf)
    for index, criterion in enumerate(check.rule_set.criteria):
        if criterion.only_if is not None:
            there = ("criteria", index, "only_if")
            _operand(check, there, criterion.only_if, FactType.BOOLEAN)
    for name, parameter in check.rule_set.parameters.items():
        if parameter.one_of and parameter.type != "text":
            check.error(("parameters", name, "one_of"), "only a text can be one of several texts")
        for said, call, area, values in check.calls():
            # What an area has from its country, or from the round itself, is said there.
            above = call.values(area.rpartition("-")[0])
            if not area or values.get(name) != above.get(name):
                _given(check, name, parameter, said, values)


def _arguments(check: Check) -> None:
    for place, use in check.uses():
        provider = PROVIDERS.get(use.provider)
        if provider is None:
            continue
        for name, value in use.arguments.items():
            kind = provider.arguments.get(name)
            if kind is not None:
                choices = provider.choices.get(name, ())
                _operand(check, (*place, "with", name), value, kind, choices)


def parameter_fault(parameter: Parameter, value: Value) -> str | None:
    """What is wrong with a round's value for a parameter; None where nothing is."""
    kind = parameter.fact_type
    if not fits(value, kind):
        return f"is not {A[kind]}"
    if parameter.type == "days" and isinstance(value, int) and value < 0:
        return "is less than 0 days"
    if parameter.one_of and value not in parameter.one_of:
        return f"is none of {', '.join(parameter.one_of)}{nearest(str(value), parameter.one_of)}"
    return None


def _given(
    check: Check, name: str, parameter: Parameter, said: str, values: dict[str, Any]
) -> None:
    place = ("parameters", name)
    if name not in values:
        check.error(place, f'{said} gives no "{name}"{nearest(name, values)}')
    elif values[name] is not None:
        fault = parameter_fault(parameter, values[name])
        if fault:
            check.error(place, f'"{name}" of {said} {fault}')


def _leaf(check: Check, place: Place, leaf: ConditionText) -> None:
    kind = _type_of(check, leaf)
    if kind is None:
        return
    comparison, operands = leaf.comparisons()[0]
    there = (*place, comparison.value)
    if comparison not in COMPARISONS[kind]:
        good = ", ".join(sorted(one.value for one in COMPARISONS[kind]))
        check.error(there, f'"{leaf.fact}" is {A[kind]}: compare it by {good}')
        return
    several = isinstance(getattr(leaf, comparison.value), list)
    for index, operand in enumerate(operands):
        _operand(check, (*there, index) if several else there, operand, kind)
    if comparison is Comparison.MATCHES and reference(operands[0]) is None:
        fault = pattern_fault(operands[0])
        if fault:
            check.error(there, fault)
    elif comparison is Comparison.MATCHES:
        check.error(there, "a pattern stands in the rule file itself, not in a round")


def _type_of(check: Check, leaf: ConditionText) -> FactType | None:
    use = check.rule_set.facts.get(leaf.fact or "")
    provider = PROVIDERS.get(use.provider if use else leaf.fact or "")
    return provider.type if provider else None


def _operand(
    check: Check, place: Place, value: Any, kind: FactType, choices: tuple[str, ...] = ()
) -> None:
    name = reference(value)
    if name is not None:
        parameter = check.rule_set.parameters.get(name)
        if parameter is not None and parameter.fact_type is not kind:
            check.error(place, f'"{name}" is of type {parameter.type}, not {A[kind]}')
        elif parameter is not None and choices and not set(parameter.one_of) <= set(choices):
            check.error(place, f'"{name}" can be something else than {", ".join(choices)}')
        elif parameter is not None and choices and not parameter.one_of:
            message = f'"{name}" must be one of {", ".join(choices)}: say so with one_of'
            check.warning(("parameters", name), message)
        return
    if not fits(value, kind):
        check.error(place, f"{_shown(value)} is not {A[kind]}{_hint(value, kind)}")
    elif choices and value not in choices:
        near = nearest(str(value), choices)
        check.error(place, f'"{value}" is none of {", ".join(choices)}{near}')


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


def _hint(value: Any, kind: FactType) -> str:
    """What may be meant by a text where something else should be."""
    if not isinstance(value, str):
        return ""
    if kind is FactType.DATE:
        try:
            date.fromisoformat(value)
        except ValueError:
            return " (write 2023-01-31)"
        return " (leave out the quotes)"
    if kind is FactType.INTEGER and value.lstrip("-").isdigit():
        return " (leave out the quotes)"
    if kind is FactType.BOOLEAN and value.lower() in {"yes", "no", "on", "off"}:
        return " (write true or false)"
    return ""


def usable(check: Check, error: BadDefinition) -> None:
    """Say what binding found that no check has said."""
    if not check.failed:
        check.error((), str(error))
