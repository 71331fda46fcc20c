"""Decisions in words: what was required, what was found, and what helps."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from base.i18n import N_, say, translate
from rules.binding import Values, bind, facts_in
from rules.criteria import Comparison, Condition, FactRequest, Outcome, Test
from rules.decisions import Judgement
from rules.facts import PROVIDERS
from rules.rule_file import CriterionText, RuleSet
from rules.values import reference
from rules.wording import as_data, fill

#: What is required, and in brackets what was found.
_REASON = N_("{required} ({found})")
_FOUND = N_("found: {actual}")
_FACT_UNKNOWN = N_("not known")
_ROUND_UNKNOWN = N_("the round does not say")
_COMPLETE_DATA = N_("What this depends on is not in our data yet. Have it completed.")
_COMPLETE_ROUND = N_("The round does not say this yet. Wait until it is published.")


def explain(
    rule_set: RuleSet, judgement: Judgement, values: Values, language: str
) -> dict[str, Any]:
    """A decision as data, with its reasons and remedies in ``language``.

    Arguments:
        values: the round's values that were used.

    Returns:
        ``{"outcome", "findings": [{"criterion", "outcome", "actual", "required", "reason",
        "remedy"}]}``. ``actual`` and ``required`` are data (dates as ISO 8601, null where not
        known; by fact where a criterion joins several); ``remedy`` is empty for what is met.
    """
    bound = bind(rule_set, values)
    unsaid = {request.key for request in bound.facts if _unsaid(request)}
    return {
        "outcome": str(judgement.outcome),
        "findings": [
            _finding(
                rule_set.criterion(name), condition, judgement.findings[name], judgement.facts,
                unsaid, values, language,
            )
            for name, condition in bound.criteria.items()
        ],
    }  # fmt: skip


def requirement(rule_set: RuleSet, criterion: str, values: Values, language: str) -> str:
    """What a criterion requires, in words of ``language``; nothing is said of what was found.

    Arguments:
        values: the round's values.
    """
    required = _required(bind(rule_set, values).criteria[criterion])
    places = {**values, "actual": None, "required": required, "missing": None}
    return fill(say(rule_set.criterion(criterion).text, language), places, language)


def _finding(
    written: CriterionText, condition: Condition, outcome: Outcome, facts: Mapping[str, Any],
    unsaid: Collection[str], values: Values, language: str,
) -> dict[str, Any]:  # fmt: skip
    """One finding. ``unsaid``: the facts that are not known because the round does not say."""
    actual, required = _actual(condition, facts), _required(condition)
    places = {
        **values, "actual": actual, "required": required, "missing": missing(condition, facts),
    }  # fmt: skip
    applies = written.only_if is None or values.get(reference(written.only_if) or "") is not None
    round_unknown = not applies or any(
        None in test.operands or test.fact in unsaid for test in _tests(condition)
    )
    text = fill(say(written.text, language), places, language)
    found = ""
    if outcome is Outcome.UNDETERMINED:
        found = translate(_ROUND_UNKNOWN if round_unknown else _FACT_UNKNOWN, language)
    elif written.found:
        found = fill(say(written.found, language), places, language)
    elif isinstance(condition, Test):
        found = fill(translate(_FOUND, language), places, language)
    remedy = ""
    if outcome is Outcome.UNDETERMINED:
        remedy = translate(_COMPLETE_ROUND if round_unknown else _COMPLETE_DATA, language)
    elif outcome is Outcome.UNMET and written.remedy:
        remedy = fill(say(written.remedy, language), places, language)
    return {
        "criterion": written.id,
        "outcome": str(outcome),
        "actual": as_data(actual),
        "required": as_data(required),
        "reason": translate(_REASON, language, required=text, found=found) if found else text,
        "remedy": remedy,
    }


def _unsaid(request: FactRequest) -> bool:
    """Whether a fact is not known since the round does not give what its provider has to know."""
    optional = PROVIDERS[request.provider].optional
    return any(value is None for name, value in request.arguments.items() if name not in optional)


def missing(condition: Condition, facts: Mapping[str, Any]) -> int | None:
    """How much a number falls short of what one comparison asks, or exceeds it; never negative.

    None where it is no comparison of a number with one number, or something is not known.
    """
    if not isinstance(condition, Test) or len(condition.operands) != 1:
        return None
    required, actual = condition.operands[0], facts.get(condition.fact)
    if type(required) is not int or type(actual) is not int:
        return None
    short = required - actual
    by = {
        Comparison.AT_LEAST: short,
        Comparison.MORE_THAN: short + 1,
        Comparison.AT_MOST: -short,
        Comparison.LESS_THAN: -short + 1,
        Comparison.EQUALS: abs(short),
    }
    return max(0, by.get(condition.comparison, 0))


def _actual(condition: Condition, facts: Mapping[str, Any]) -> Any:
    if isinstance(condition, Test):
        return facts.get(condition.fact)
    return {name: facts.get(name) for name in dict.fromkeys(facts_in(condition))}


def _required(condition: Condition) -> Any:
    """What is compared with; for joined conditions by fact and comparison."""
    if not isinstance(condition, Test):
        parts = [
            {part.fact: {str(part.comparison): _required(part)}}
            if isinstance(part, Test)
            else _required(part)
            for part in condition.of
        ]
        return {str(condition.combination): parts}
    if not condition.operands:
        return condition.comparison is not Comparison.IS_FALSE
    if len(condition.operands) == 1 and condition.comparison is not Comparison.ONE_OF:
        return condition.operands[0]
    return list(condition.operands)


def _tests(condition: Condition) -> Iterator[Test]:
    if isinstance(condition, Test):
        yield condition
        return
    for part in condition.of:
        yield from _tests(part)
