"""Why the calendar rules a step out today, before anybody asks for it.

Whether a step can be taken is decided when it is (``workflows/step.py``). What its guard asks of
the day alone follows from the dates of the round: a button that could only be refused is not
offered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from base.days import local_day
from rules.binding import TODAY, bind, providers_of
from rules.decisions import ReferenceDecider, judge_facts
from workflows.definition import Step
from workflows.guards import Unmet
from workflows.publishing import Published


@dataclass(frozen=True, kw_only=True)
class Closed:
    """A rule set that is not met today, whatever else is true."""

    unmet: Unmet
    #: Its criteria about the day that are not met.
    criteria: frozenset[str]

    def say(self, language: str) -> str:
        """What is required and what helps, in sentences of ``language``."""
        findings = self.unmet.findings(language)
        here = [finding for finding in findings if finding["criterion"] in self.criteria]
        return " ".join(f"{one['reason']}. {one['remedy']}".strip() for one in here)


def closed_today(
    published: Published, case: Mapping[str, Any], step: Step, now: datetime
) -> Closed | None:
    """What rules a step of a case out on this day of its zone; None if the day does not.

    Nothing is read from the database, and nothing is asked of durable_rules.
    """
    values = published.values(case["round"], case["area"])
    day = local_day(now, ZoneInfo(case["zone"]))
    for name in step.guard:
        rule_set = published.book.rule_set(name)
        bound = bind(rule_set, values)
        facts = {fact.key: day if fact.provider == TODAY else None for fact in bound.facts}
        (judgement,) = judge_facts(ReferenceDecider(), rule_set, values, [facts])
        criteria = frozenset(
            criterion
            for criterion, condition in bound.criteria.items()
            if judgement.findings[criterion] == "unmet"
            and providers_of(bound, condition) == {TODAY}
        )
        if criteria:
            unmet = Unmet(rule_set=rule_set, judgement=judgement, values=values)
            return Closed(unmet=unmet, criteria=criteria)
    return None
