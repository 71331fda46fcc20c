"""What is noted while a round is played: what the database does not keep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from base.errors import KeurmerkError, NotMet
from workflows.definition import Process
from workflows.simulation.season import Season
from workflows.waiting import NEVER


@dataclass(frozen=True, kw_only=True)
class Wait:
    """A stay of a case in a state in which it waited for people."""

    state: str
    since: datetime
    #: When it was over; None: it was not.
    until: datetime | None
    #: By when somebody had to act; None: no time is set.
    due: datetime | None
    #: Whether a person ended it, not a timer.
    answered: bool


@dataclass(kw_only=True)
class Notes:
    """What happened in one round."""

    process: Process
    season: Season
    #: Timer, and the local month it came in -> how many.
    timers: Counter[tuple[str, str]] = field(default_factory=Counter)
    #: Rule set and criterion -> the cases and applicants in which it stood in the way.
    unmet: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    #: Step, and why it was refused for another reason than its rules -> how many.
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    #: Steps that were taken.
    taken: Counter[str] = field(default_factory=Counter)
    waits: list[Wait] = field(default_factory=list)
    #: The cases that are counted: those of the area.
    cases: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _open: dict[str, tuple[str, datetime, datetime | None]] = field(default_factory=dict)

    def month(self, at: datetime) -> str:
        """The month where the round is played: 2023-01."""
        return f"{at.astimezone(self.season.zone):%Y-%m}"

    def timer(self, name: str, at: datetime) -> None:
        """A timer was due."""
        self.timers[name, self.month(at)] += 1

    def refusal(self, whose: str, trigger: str, error: KeurmerkError) -> None:
        """A step was tried and refused.

        Arguments:
            whose: the case, or the applicant who has none yet.
        """
        if not isinstance(error, NotMet):
            self.refused[trigger, error.say()] += 1
            return
        for unmet in error.findings:
            for criterion, outcome in unmet.judgement.findings.items():
                if outcome != "met":
                    self.unmet.setdefault((unmet.rule_set.name, criterion), set()).add(whose)

    def step(self, event: Mapping[str, Any], case: Mapping[str, Any], due: datetime | None) -> None:
        """A step was taken in a case.

        Arguments:
            due: by when somebody has to act where the case is now.
        """
        self.taken[event["trigger"]] += 1
        self.cases[case["id"]] = case
        before = self._open.pop(case["id"], None)
        if before:
            state, since, until = before
            self.waits.append(
                Wait(state=state, since=since, until=event["at"], due=until,
                     answered=event["actor_id"] is not None)
            )  # fmt: skip
        waits_for = self.process.states[event["to_state"]].waits_for
        if waits_for and not self.process.actors[waits_for].platform:
            known = due if due and due != NEVER else None
            self._open[case["id"]] = (event["to_state"], event["at"], known)

    def end(self) -> None:
        """The clock has stopped: what waits now has not been answered."""
        for state, since, due in self._open.values():
            self.waits.append(Wait(state=state, since=since, until=None, due=due, answered=False))
        self._open = {}
