"""The judge: durable_rules decides, the reference checks, every time."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from base.errors import Fault
from base.i18n import N_
from base.ids import new_id
from rules.criteria import BoundRuleSet, Facts, Outcome
from rules.durable import SEEN_BIT, Program, program
from rules.fence import Fence, batch_size
from rules.fitting import Known, known_facts
from rules.reference import Reference, reference

log = structlog.get_logger("keurmerk.rules")


class EngineDisagreement(Fault):
    """The two evaluators came to different outcomes. Nothing was decided."""

    code = "rules_disagree"


class Judge:
    """Decides rule sets. One serves a whole process; safe to use from many threads.

    The process of durable_rules is started by the first decision. Close the judge, or use it as a
    context manager.
    """

    def __init__(self, fence: Fence | None = None) -> None:
        """Prepare.

        Arguments:
            fence: where durable_rules runs; a new one if left out.
        """
        self._fence = fence or Fence()

    def decide(self, bound: BoundRuleSet, facts: Sequence[Facts]) -> list[dict[str, Outcome]]:
        """The outcome of each criterion of ``bound``, for each subject's ``facts``, in their order.

        Thousands of subjects in one call are decided fastest.

        Raises:
            BadFact: a fact is not declared, or not of its declared type; nothing was decided.
            BadDefinition: the rule set cannot be used.
            EngineDisagreement: the evaluators differ; the log has the reference.
            FenceBroken: durable_rules gave no answer.
        """
        checker, rules = reference(bound), program(bound)
        known = known_facts(checker.types, checker.name, facts)
        size = batch_size(rules)
        found: list[dict[str, Outcome]] = []
        for start in range(0, len(known), size):
            found += self._batch(checker, rules, known[start : start + size])
        return found

    def close(self) -> None:
        """End the process of durable_rules; a later decision starts another."""
        self._fence.close()

    def __enter__(self) -> Judge:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _batch(
        self, checker: Reference, rules: Program, known: Sequence[Known]
    ) -> list[dict[str, Outcome]]:
        found: list[dict[str, Outcome]] = []
        lines = [rules.encode(facts) for facts in known]
        masks = self._fence.masks(rules, lines, lambda: found.extend(checker.decide(known)))
        bits = [(criterion, 1 << bit) for criterion, bit in rules.criteria.items()]
        for mask, outcomes in zip(masks, found, strict=True):
            met = 1 << SEEN_BIT
            for criterion, bit in bits:
                if outcomes[criterion] is Outcome.MET:
                    met |= bit
            if met != mask:
                raise _disagreement(rules, [name for name, bit in bits if (met ^ mask) & bit])
        return found


def _disagreement(rules: Program, criteria: list[str]) -> EngineDisagreement:
    """The error, and a line in the log: names of criteria, never values of facts."""
    number = new_id()
    log.error(
        "rules_disagree", rule_set=rules.name, key=rules.key, criteria=criteria, reference=number
    )
    return EngineDisagreement(
        N_("The rules gave two different answers. Nothing was decided. Reference: {reference}."),
        reference=number,
    )
