"""What a guard's refusal tells: reasons, the deadline that was missed, and every missing thing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from base.days import end_of
from base.errors import Problem
from rules.binding import TODAY, bind
from rules.criteria import Comparison, Test
from rules.decisions import Judgement
from rules.explain import explain
from rules.rule_file import RuleSet
from workflows.answers_store import answers_of, evidence_counts
from workflows.form import missing
from workflows.publishing import Published

#: Comparisons that say "not later than".
_UPPER = {Comparison.ON_OR_BEFORE, Comparison.AT_MOST, Comparison.BETWEEN}


@dataclass(frozen=True, kw_only=True)
class Unmet:
    """A rule set that is not met, and how to say so."""

    rule_set: RuleSet
    judgement: Judgement
    values: Mapping[str, Any]

    def findings(self, language: str) -> list[dict[str, Any]]:
        """The findings that are not met, in words of ``language``."""
        explained = explain(self.rule_set, self.judgement, self.values, language)
        return [finding for finding in explained["findings"] if finding["outcome"] != "met"]

    def reason(self, language: str) -> str:
        """All reasons in one line."""
        return "; ".join(finding["reason"] for finding in self.findings(language))


class Reasons:
    """Reasons that are said in the reader's language when the error is."""

    def __init__(self, unmet: Sequence[Unmet]) -> None:
        self._unmet = tuple(unmet)

    def say(self, language: str) -> str:
        """The reasons of all rule sets."""
        return "; ".join(unmet.reason(language) for unmet in self._unmet)

    def __str__(self) -> str:
        return self.say("en")


def missing_of(
    connection: Connection, published: Published, case: Mapping[str, Any], unmet: Sequence[Unmet]
) -> list[Problem]:
    """Every missing thing of the form, if the guard looked at the form at all."""
    form = published.process.form
    asked = {request.provider for one in unmet for request in _bound(one).facts}
    if form is None or "missing_in_section" not in asked:
        return []
    return missing(
        published.process,
        answers_of(connection, case["id"]),
        evidence_counts(connection, case["id"]),
    )


def deadline_of(unmet: Sequence[Unmet], zone: str) -> str | None:
    """The instant (ISO 8601, UTC) by which it had to be done, if a last day was missed."""
    for one in unmet:
        bound = _bound(one)
        todays = {request.key for request in bound.facts if request.provider == TODAY}
        for name, condition in bound.criteria.items():
            if one.judgement.findings.get(name) == "met" or not isinstance(condition, Test):
                continue
            last = condition.operands[-1] if condition.operands else None
            if (
                condition.fact in todays
                and condition.comparison in _UPPER
                and isinstance(last, date)
            ):
                return end_of(last, ZoneInfo(zone)).isoformat()
    return None


def _bound(unmet: Unmet) -> Any:
    return bind(unmet.rule_set, unmet.values)
