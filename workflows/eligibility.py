"""Whether a case could be started, before anybody does: the guard of a start, tried out.

Nothing is written, and the reference evaluator answers: what counts is decided anew, by both, when
the case is started. What a guard asks about the day (a window) is told apart from the rest, so that
a school knows in November what it still lacks for January.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from base.days import end_of, local_day, start_of
from rules.binding import TODAY, bind, facts_in, providers_of
from rules.criteria import BoundRuleSet, Comparison, Condition, FactType, Test
from rules.decisions import ReferenceDecider
from rules.explain import explain
from rules.facts import PROVIDERS
from workflows.definition import Start
from workflows.judging import judge_guard
from workflows.new_cases import new_case, taken_keys
from workflows.parties import resolve, unique_key
from workflows.publishing import Published
from workflows.subjects import KINDS
from workflows.timing import instant

Row = Mapping[str, Any]

_FROM = {Comparison.ON_OR_AFTER, Comparison.AT_LEAST}
_UNTIL = {Comparison.ON_OR_BEFORE, Comparison.AT_MOST}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the guard of a start says of a subject, in one round, today."""

    #: None: the process has no rounds.
    round: str | None
    #: What the subject has to meet, explained: met or not, with reason and remedy.
    findings: list[dict[str, Any]]
    #: First and last moment at which the start is possible; None where the round does not say.
    opens: datetime | None
    closes: datetime | None
    #: When the platform looks by itself, of a start that happens by itself.
    looks_at: datetime | None
    #: Whether there is such a case already, which is not finished.
    there_already: bool
    #: Whether all that can be told before is met, the day aside.
    ready: bool
    #: Whether something is not known because it is not said yet whom or what it is about.
    pending: bool
    #: Whether a condition is not met that no answer of the form can meet.
    ruled_out: bool
    #: Whether today is a day for it.
    in_time: bool

    @property
    def possible(self) -> bool:
        """Whether it could be started today, as far as can be told before the form is filled in."""
        open_to_her = not self.there_already and not self.ruled_out
        return open_to_her and self.in_time and (self.ready or self.pending)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A start that is tried out."""

    published: Published
    #: One of the process's starts.
    way: str
    #: The subject, as :func:`workflows.subjects.subject` gives it.
    about: Row
    #: Who would start it.
    actor_id: str | None
    #: People, schools and projects that were named already, as they would be sent.
    named: Mapping[str, Any] = field(default_factory=dict)

    @property
    def start(self) -> Start:
        """The start."""
        return self.published.process.starts[self.way]


def verdicts(connection: Connection, trial: Trial, now: datetime, language: str) -> list[Verdict]:
    """What a start's guard says of a subject in every round that is or will be open.

    Arguments:
        language: of the reasons and remedies.

    Raises:
        BadInput: somebody or something was named that is not here.
    """
    published = trial.published
    day = local_day(now, ZoneInfo(published.process.zone))
    current = published.round_on(day)
    rounds: list[str | None] = [None]
    if published.process.round:
        rounds = [*published.rounds[_place(published, current) :]]
    found = [_verdict(connection, trial, one, now, language) for one in rounds]
    return [
        one
        for one in found
        if (one.closes is None or one.closes > now)
        and (one.round == current or one.opens or one.looks_at)
    ]


def _place(published: Published, round_name: str | None) -> int:
    return published.rounds.index(round_name) if round_name else 0


def _verdict(
    connection: Connection, trial: Trial, round_name: str | None, now: datetime, language: str
) -> Verdict:
    published, start = trial.published, trial.start
    case = new_case(published, trial.about, round_name, now)
    named = dict(trial.named)
    resolve(connection, published.process, start, case, named, trial.actor_id, now)
    case["unique_key"] = unique_key(published.process, case)
    values = published.values(round_name, case["area"])
    zone = ZoneInfo(case["zone"])
    pending = any(
        ask.type in KINDS and ask.required and ask.name not in named for ask in start.asks
    )
    decider = ReferenceDecider()
    said = judge_guard(connection, decider, published, start.guard, [case], now)[case["id"]]
    findings: list[dict[str, Any]] = []
    opens: list[date] = []
    closes: list[date] = []
    in_time, ruled_out = True, False
    for name, judgement in said:
        rule_set = published.book.rule_set(name)
        bound = bind(rule_set, values)
        for finding in explain(rule_set, judgement, values, language)["findings"]:
            condition = bound.criteria[finding["criterion"]]
            kinds = providers_of(bound, condition)
            if kinds == {TODAY}:
                in_time &= finding["outcome"] == "met"
                for first, last in _days(condition):
                    opens += [first] if isinstance(first, date) else []
                    closes += [last] if isinstance(last, date) else []
            elif not any(PROVIDERS[kind].sent for kind in kinds):
                findings.append(finding)
                # Who is named can make a count larger; whatever else is not met stays so.
                ruled_out |= finding["outcome"] == "unmet" and not (
                    pending and _counts(bound, condition)
                )
    looks_at, until = _by_itself(start, values, zone)
    last = min([end_of(day, zone) for day in closes] + ([until] if until else []), default=None)
    return Verdict(
        round=round_name, findings=findings,
        opens=max((start_of(day, zone) for day in opens), default=None), closes=last,
        looks_at=looks_at,
        there_already=bool(
            case["unique_key"]
            and taken_keys(connection, published.process.process, [case["unique_key"]])
        ),
        ready=all(finding["outcome"] == "met" for finding in findings),
        pending=pending and any(finding["outcome"] == "undetermined" for finding in findings),
        ruled_out=ruled_out,
        in_time=in_time and _holds(published, round_name, local_day(now, zone)),
    )  # fmt: skip


def _holds(published: Published, round_name: str | None, day: date) -> bool:
    """Whether the round has begun, where it says when."""
    if round_name is None:
        return True
    first = published.book.round(f"{published.process.round}/{round_name}").first_day
    return first is None or first <= day


def _by_itself(
    start: Start, values: Mapping[str, Any], zone: ZoneInfo
) -> tuple[datetime | None, datetime | None]:
    """When a start happens by itself, and until when it is made up for."""
    if start.at is None:
        return None, None
    looks_at = instant(start.at, values, zone)
    return looks_at, instant(start.until, values, zone) if start.until else looks_at


def _counts(bound: BoundRuleSet, condition: Condition) -> bool:
    """Whether a condition asks how many there are of something."""
    types = {request.key: request.type for request in bound.facts}
    return any(types[fact] is FactType.INTEGER for fact in facts_in(condition))


def _days(condition: Condition) -> Iterator[tuple[Any, Any]]:
    """First and last day that a condition about today allows; None where it sets no bound."""
    if not isinstance(condition, Test):
        for part in condition.of:
            yield from _days(part)
    elif condition.comparison is Comparison.BETWEEN:
        yield condition.operands[0], condition.operands[1]
    elif condition.comparison in _FROM:
        yield condition.operands[0], None
    elif condition.comparison in _UNTIL:
        yield None, condition.operands[0]
