"""What came of a simulated round, counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import Connection, or_, select

from base.days import is_working_day, local_day, working_days_between
from base.i18n import say
from models.cases import Decision
from models.messages import Mail
from rules.explain import requirement
from workflows.publishing import Published
from workflows.simulation.notes import Notes, Wait

_mail = Mail.__table__  # type: ignore[attr-defined]
_decision = Decision.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class Stopped:
    """Where cases were when the clock stopped."""

    state: str
    title: str
    final: bool
    cases: int


@dataclass(frozen=True, kw_only=True)
class Happened:
    """How often a timer came, or a mail was written, in one month."""

    #: timer or mail.
    kind: str
    name: str
    #: 2023-01.
    month: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Unmet:
    """A criterion that stood in the way."""

    rule_set: str
    criterion: str
    requirement: str
    #: Of how many applicants and cases.
    count: int


@dataclass(frozen=True, kw_only=True)
class RefusedStep:
    """A step that was refused for another reason than its rules."""

    step: str
    why: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Waited:
    """How long cases waited in one state."""

    state: str
    title: str
    #: Who had to act.
    waits_for: str
    stays: int
    #: Working days until a person acted; None where nobody ever did.
    median_days: float | None
    longest_days: int | None
    #: How often a person acted too late, or nobody did by the time.
    late: int
    #: How often a time is set at all.
    timed: int


@dataclass(frozen=True, kw_only=True)
class Week:
    """What the staff had to do in one week."""

    #: Its Monday.
    begins: date
    working_days: int
    #: Cases that came to wait for staff, that staff answered, and that waited when it was over.
    came: int
    answered: int
    waiting: int
    late: int


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a round."""

    process: str
    round: str | None
    area: str
    begins: date
    #: The day on which nothing more was to happen, or the clock stopped.
    ends: date
    applicants: int
    cases: int
    states: list[Stopped]
    happened: list[Happened]
    unmet: list[Unmet]
    waited: list[Waited]
    weeks: list[Week]
    refused: list[RefusedStep]
    #: What the made-up people never came to.
    states_not_reached: list[str]
    steps_not_taken: list[str]
    #: Values of the round that are not set in the area.
    not_set: list[str]

    def as_data(self) -> dict[str, Any]:
        """For programs: days as ISO 8601."""
        return asdict(self)


def outcome_of(
    connection: Connection, published: Published, notes: Notes, applicants: int, now: datetime,
    language: str,
) -> Outcome:  # fmt: skip
    """Count what came of a round.

    Arguments:
        now: when the clock stopped.
        language: of titles.
    """
    process, season = published.process, notes.season
    notes.end()
    states = Counter(case["state"] for case in notes.cases.values())
    been = {wait.state for wait in notes.waits} | set(states)
    been |= _passed(published, notes)
    return Outcome(
        process=process.process, round=season.round, area=season.area,
        begins=local_day(season.begins, season.zone), ends=local_day(now, season.zone),
        applicants=applicants, cases=len(notes.cases),
        states=[
            Stopped(state=name, title=say(state.title, language), final=state.final,
                    cases=states[name])
            for name, state in process.states.items() if states[name]
        ],
        happened=[*_timers(notes), *_mails(connection, notes)],
        unmet=_unmet(connection, published, notes, language),
        waited=_waited(published, notes, language),
        weeks=_weeks(published, notes, now),
        refused=[
            RefusedStep(step=step, why=why, count=count)
            for (step, why), count in notes.refused.most_common()
        ],
        states_not_reached=[name for name in process.states if name not in been],
        steps_not_taken=[
            name for name in (*process.starts, *process.transitions) if not notes.taken[name]
        ],
        not_set=[name for name, value in season.values.items() if value is None],
    )  # fmt: skip


def _passed(published: Published, notes: Notes) -> set[str]:
    """The states that cases passed through without waiting for people there."""
    steps = {**published.process.starts, **published.process.transitions}
    found: set[str] = set()
    for name in notes.taken:
        if name in steps and len(steps[name].targets) == 1:
            found.update(steps[name].targets)
    return found


def _timers(notes: Notes) -> list[Happened]:
    return [
        Happened(kind="timer", name=name, month=month, count=count)
        for (name, month), count in sorted(notes.timers.items())
    ]


def _mails(connection: Connection, notes: Notes) -> list[Happened]:
    query = select(_mail.c.template, _mail.c.created_at).where(
        or_(_mail.c.case_id.is_(None), _mail.c.case_id.in_(list(notes.cases)))
    )
    found: Counter[tuple[str, str]] = Counter()
    for template, at in connection.execute(query):
        found[template.rpartition("/")[2], notes.month(at)] += 1
    return [
        Happened(kind="mail", name=name, month=month, count=count)
        for (name, month), count in sorted(found.items())
    ]


def _unmet(
    connection: Connection, published: Published, notes: Notes, language: str
) -> list[Unmet]:
    """The criteria that stood in the way, the most frequent first: at a screening, and of steps."""
    found = {key: set(whose) for key, whose in notes.unmet.items()}
    query = select(
        _decision.c.organisation_id, _decision.c.id, _decision.c.rule_set, _decision.c.findings
    ).where(_decision.c.outcome != "met", _decision.c.area == notes.season.area)
    for school, id_, rule_set, findings in connection.execute(query):
        for criterion, outcome in findings.items():
            if outcome != "met":
                found.setdefault((rule_set, criterion), set()).add(school or id_)
    return [
        Unmet(
            rule_set=rule_set, criterion=criterion, count=len(whose),
            requirement=requirement(
                published.book.rule_set(rule_set), criterion, notes.season.values, language
            ),
        )
        for (rule_set, criterion), whose in sorted(
            found.items(), key=lambda one: (-len(one[1]), one[0])
        )
    ]  # fmt: skip


def _days(notes: Notes, wait: Wait) -> int:
    """Working days from the day a case came to the one on which somebody acted."""
    zone = notes.season.zone
    until = local_day(wait.until or wait.since, zone)
    days = working_days_between(local_day(wait.since, zone), until, notes.season.area)
    return max(0, days)


def _is_late(wait: Wait, now: datetime) -> bool:
    return wait.due is not None and (wait.until or now) >= wait.due


def _waited(published: Published, notes: Notes, language: str) -> list[Waited]:
    process = published.process
    now = max((wait.until or wait.since for wait in notes.waits), default=notes.season.begins)
    found = []
    for name, state in process.states.items():
        there = [wait for wait in notes.waits if wait.state == name]
        days = [_days(notes, wait) for wait in there if wait.answered]
        if not there or state.waits_for is None:
            continue
        found.append(
            Waited(
                state=name, title=say(state.title, language),
                waits_for=say(process.actors[state.waits_for].title, language), stays=len(there),
                median_days=float(median(days)) if days else None,
                longest_days=max(days, default=None),
                late=sum(_is_late(wait, now) for wait in there),
                timed=sum(wait.due is not None for wait in there),
            )
        )  # fmt: skip
    return found


def _weeks(published: Published, notes: Notes, now: datetime) -> list[Week]:
    """The weeks in which staff had something to do; staff are those who hold a right."""
    process, zone, area = published.process, notes.season.zone, notes.season.area
    staff = {
        name for name, state in process.states.items()
        if state.waits_for and process.actors[state.waits_for].grant
    }  # fmt: skip
    waits = [wait for wait in notes.waits if wait.state in staff]
    if not waits:
        return []
    first = local_day(min(wait.since for wait in waits), zone)
    monday = first - timedelta(days=first.weekday())
    found = []
    last = local_day(min(max(wait.until or now for wait in waits), now), zone)
    while monday <= last:
        days = [monday + timedelta(days=number) for number in range(7)]
        here = set(days)
        end = days[-1]
        left = [
            wait for wait in waits
            if local_day(wait.since, zone) <= end
            and (wait.until is None or local_day(wait.until, zone) > end)
        ]  # fmt: skip
        came = sum(local_day(wait.since, zone) in here for wait in waits)
        answered = sum(
            wait.answered and wait.until is not None and local_day(wait.until, zone) in here
            for wait in waits
        )
        if came or answered or left:
            found.append(
                Week(
                    begins=monday, working_days=sum(is_working_day(day, area) for day in days),
                    came=came, answered=answered, waiting=len(left),
                    late=sum(wait.due is not None and local_day(wait.due, zone) <= end
                             for wait in left),
                )
            )  # fmt: skip
        monday += timedelta(days=7)
    return found
