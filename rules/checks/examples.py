"""The examples of a rule file, tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from base.errors import BadDefinition, BadInput
from base.located import Located
from rules.binding import bind
from rules.checks.check import Check, Place
from rules.checks.types import parameter_fault, usable
from rules.criteria import Outcome, Value, overall
from rules.reference import decide_reference
from rules.round_file import UNKNOWN, Round
from rules.rule_file import Example, RuleSet

#: What an example expects of a criterion that its round leaves out.
DOES_NOT_APPLY = "does_not_apply"


def check_examples(check: Check) -> None:
    """Each example comes out as it says."""
    names: set[str] = set()
    for index, example in enumerate(check.rule_set.examples):
        place: Place = ("examples", index)
        if example.name in names:
            check.error((*place, "name"), f'there is an example "{example.name}" already')
        names.add(example.name)
        known = _names_known(check, example, place)
        values = _values(check, example, place)
        if known and values is not None and not check.failed:
            _try(check, example, values, place)
    _covered(check)


@dataclass(frozen=True, kw_only=True)
class Tried:
    """An example, and how it came out."""

    name: str
    rule_set: str
    #: What the file says: an outcome for the whole, or one by criterion.
    expected: str | Mapping[str, str]
    #: What came out: the whole, and by criterion.
    outcome: str
    findings: Mapping[str, str]
    #: Why it could not be tried; empty where it could.
    trouble: str = ""

    @property
    def as_expected(self) -> bool:
        """Whether it came out as the file says."""
        if self.trouble:
            return False
        if isinstance(self.expected, str):
            return self.expected == self.outcome
        return all(
            self.findings.get(name, DOES_NOT_APPLY) == value
            for name, value in self.expected.items()
        )


def try_examples(rule_set: RuleSet, located: Located, rounds: Sequence[Round]) -> list[Tried]:
    """Every example of a rule file with what comes out.

    Arguments:
        rounds: the rounds of the rule set's calendar.
    """
    found = []
    for index, example in enumerate(rule_set.examples):
        check = Check(located=located, rule_set=rule_set, rounds=rounds)
        values = _values(check, example, ("examples", index))
        outcomes = None
        if _names_known(check, example, ("examples", index)) and values is not None:
            outcomes = _outcomes(check, example, values, ("examples", index))
        found.append(
            Tried(
                name=example.name, rule_set=rule_set.name, expected=example.expect,
                outcome=str(overall(outcomes)) if outcomes is not None else "",
                findings={name: str(value) for name, value in (outcomes or {}).items()},
                trouble="" if outcomes is not None else "; ".join(r.message for r in check.remarks),
            )
        )  # fmt: skip
    return found


def _names_known(check: Check, example: Example, place: Place) -> bool:
    facts = check.rule_set.uses()
    criteria = [criterion.id for criterion in check.rule_set.criteria]
    known = [check.named("fact", name, facts, (*place, "facts", name)) for name in example.facts]
    if isinstance(example.expect, dict):
        known += [
            check.named("criterion", name, criteria, (*place, "expect", name))
            for name in example.expect
        ]
    return all(known)


def _values(check: Check, example: Example, place: Place) -> dict[str, Value | None] | None:
    """The parameters of an example; None if they cannot be used."""
    values: dict[str, Value | None] = {}
    if example.round is not None:
        rounds = {call.round: call for call in check.rounds}
        if not check.named("round", example.round, rounds, (*place, "round")):
            return None
        values |= rounds[example.round].values(example.area)
    elif example.area:
        check.error((*place, "area"), "an area is for an example with a round")
    good = True
    parameters = check.rule_set.parameters
    for name, value in example.parameters.items():
        there = (*place, "parameters", name)
        if not check.named("parameter", name, parameters, there):
            good = False
        elif value is None or value == UNKNOWN:
            values[name] = None
        elif fault := parameter_fault(parameters[name], value):
            check.error(there, f'"{name}" {fault}')
            good = False
        else:
            values[name] = value
    for name in parameters:
        if name not in values and name not in example.parameters:
            message = f'the example gives no "{name}": add it to parameters, or name a round'
            check.error(place, message)
            good = False
    return values if good else None


def _outcomes(
    check: Check, example: Example, values: dict[str, Value | None], place: Place
) -> dict[str, Outcome] | None:
    """What comes out, by criterion; None, with remarks, where it cannot be tried."""
    try:
        bound = bind(check.rule_set, values)
        asked = {request.key for request in bound.facts}
        facts = {name: value for name, value in example.facts.items() if name in asked}
        return decide_reference(bound, [facts])[0]
    except BadInput as error:
        for problem in error.problems:
            check.error((*place, "facts", problem.where), f"{problem.where}: {problem.say()}")
    except BadDefinition as error:
        usable(check, error)
    return None


def _try(check: Check, example: Example, values: dict[str, Value | None], place: Place) -> None:
    outcomes = _outcomes(check, example, values, place)
    if outcomes is None:
        return
    if isinstance(example.expect, str):
        found = overall(outcomes)
        if found != example.expect:
            parts = ", ".join(f"{name} {outcome}" for name, outcome in outcomes.items())
            message = f'"{example.name}" should be {example.expect}, and is {found}: {parts}'
            check.error((*place, "expect"), message)
        return
    for name, expected in example.expect.items():
        outcome: Outcome | str = outcomes.get(name, DOES_NOT_APPLY)
        if outcome != expected:
            message = f'"{example.name}": {name} should be {expected}, and is {outcome}'
            check.error((*place, "expect", name), message)


def _covered(check: Check) -> None:
    """Whether the examples show the rule set both ways."""
    expected = [
        outcome
        for example in check.rule_set.examples
        for outcome in (
            [example.expect] if isinstance(example.expect, str) else example.expect.values()
        )
    ]
    if "met" not in expected:
        check.warning(("examples",), "no example is met")
    if not {"unmet", "undetermined"} & set(expected):
        check.warning(("examples",), "no example fails")
