"""Findings in words: what was required, what was found, why, and what helps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from babel.dates import format_date
from babel.numbers import format_decimal

from base.i18n import N_, say, translate
from rules.binding import Values, bind
from rules.criteria import BoundRuleSet, Condition, Outcome, Test
from rules.decisions import Judgement
from rules.rule_file import PLACE, RuleSet

_SENTENCES = {
    Outcome.MET: N_("Met: {criterion}."),
    Outcome.UNMET: N_("Not met: {criterion}. Found: {actual}."),
    Outcome.UNDETERMINED: N_("Not known: {criterion}."),
}


def explain(
    rule_set: RuleSet, judgement: Judgement, values: Values, language: str
) -> dict[str, Any]:
    """``{"outcome", "findings": [{"criterion", "outcome", "actual", "required", "reason", "remedy"}]}``.

    ``actual`` and ``required`` are data (dates as ISO 8601, None where not known); ``reason`` and
    ``remedy`` are sentences in ``language``.
    """
    bound = bind(rule_set, values)
    return {
        "outcome": str(judgement.outcome),
        "findings": [
            _finding(rule_set, bound, judgement, values, name, language) for name in bound.criteria
        ],
    }


def _finding(
    rule_set: RuleSet, bound: BoundRuleSet, judgement: Judgement, values: Values, name: str,
    language: str,
) -> dict[str, Any]:  # fmt: skip
    condition = bound.criteria[name]
    outcome = judgement.findings[name]
    actual, required = _actual(condition, judgement.facts), _required(condition)
    places: dict[str, Any] = {
        **values, "actual": actual, "required": required, "missing": _missing(actual, required),
    }  # fmt: skip
    written = rule_set.criterion(name)
    sentence = _fill(say(written.text, language), places, language).rstrip(".")
    remedy = ""
    if written.remedy and outcome is not Outcome.MET:
        remedy = _fill(say(written.remedy, language), places, language)
    return {
        "criterion": name,
        "outcome": str(outcome),
        "actual": _data(actual),
        "required": _data(required),
        "reason": translate(
            _SENTENCES[outcome], language, criterion=sentence, actual=_word(actual, language)
        ),
        "remedy": remedy,
    }


def _actual(condition: Condition, facts: Mapping[str, Any]) -> Any:
    if isinstance(condition, Test):
        return facts.get(condition.fact)
    return {name: facts.get(name) for name in dict.fromkeys(_names(condition))}


def _names(condition: Condition) -> list[str]:
    if isinstance(condition, Test):
        return [condition.fact]
    return [name for part in condition.of for name in _names(part)]


def _required(condition: Condition) -> Any:
    if not isinstance(condition, Test):
        return {str(condition.combination): [_required(part) for part in condition.of]}
    if not condition.operands:
        return {"is_true": True, "is_false": False}.get(str(condition.comparison))
    if len(condition.operands) == 1:
        return condition.operands[0]
    return list(condition.operands)


def _missing(actual: Any, required: Any) -> int | None:
    whole = [type(value) is int for value in (actual, required)]
    return max(0, required - actual) if all(whole) else None


def _data(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return [_data(item) for item in value]
    if isinstance(value, dict):
        return {key: _data(item) for key, item in value.items()}
    return value


def _fill(text: str, places: Mapping[str, Any], language: str) -> str:
    return PLACE.sub(lambda found: _word(places.get(found[1]), language), text)


def _word(value: Any, language: str) -> str:
    if value is None:
        return translate(N_("unknown"), language)
    if isinstance(value, bool):
        return translate(N_("yes") if value else N_("no"), language)
    if isinstance(value, date):
        return format_date(value, format="long", locale=language)
    if isinstance(value, int):
        return format_decimal(value, locale=language)
    if isinstance(value, list):
        return " – ".join(_word(item, language) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_word(item, language)}" for key, item in value.items())
    return str(value)
