"""How people behave in a simulation: when they come, how long they take, what they choose.

What is assumed is here, in one place; why, docs/decisions/1406-made-up-people.md says.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from random import Random
from typing import TypeVar
from zoneinfo import ZoneInfo

from base.days import add_working_days, is_working_day, local_day, start_of
from workflows.definition import Process
from workflows.simulation.season import Season

#: Working days in which those who hold a right answer, on average.
ANSWER_DAYS = 4
#: Days that applicants take for a step, on average, where no deadline is far away …
APPLICANT_DAYS = 8
#: … and from how many days on a deadline sets the pace instead.
FAR_AWAY = timedelta(days=16)
#: How often nobody who applies acts by herself; how often staff lets something lie, and how many
#: working days.
APPLICANT_FORGETS, STAFF_LETS_LIE, LIES_DAYS = 0.1, 0.03, 25
#: How long a case rests where nothing presses, in days on average, and how often it ever leaves.
REST_DAYS, LEAVES_REST = 90, 0.3
#: How often somebody acts whose turn it is not: withdraws, closes, asks for an end.
OUT_OF_TURN = 0.05
#: How often somebody comes after the round has closed.
LATECOMERS = 0.05
#: What is first in a process file is what usually happens: how often it is taken before the next,
#: by applicants, who seldom withdraw, and by staff, who does not always approve.
USUAL, USUAL_OF_STAFF = 0.95, 0.75
#: How often an applicant whose step is refused takes another one at once, rather than later again.
TRIES_ELSE = 0.1

T = TypeVar("T")


def chance(seed: int, whose: str) -> Random:
    """Chance of its own for somebody or something: the same whatever happens to the others."""
    return Random(f"{seed} {whose}")  # noqa: S311 - nothing is kept secret by it


def comes(random: Random, season: Season) -> datetime:
    """When somebody begins: more come early where a window closes, and some when it has."""
    share, late = random.random(), random.random() < LATECOMERS
    if season.has_window:
        share = 1 + share * 0.1 if late else share**1.5
    span = season.closes - season.begins
    return _in_the_day(random, season.begins + span * share, season.zone, first=8, last=21)


def applicant_acts(random: Random, now: datetime, due: datetime | None, zone: ZoneInfo) -> datetime:
    """When an applicant acts who does not forget it.

    Arguments:
        due: by when she has to, if there is a time; she takes longer where that is far away.
    """
    if due and due - now > FAR_AWAY:
        return _in_the_day(random, now + (due - now) * random.betavariate(2, 1.6), zone, 8, 22)
    days = float(APPLICANT_DAYS)
    if due and due > now:
        # Who has little time hurries.
        days = min(days, (due - now) / timedelta(days=2))
    later = timedelta(minutes=round(random.expovariate(1 / days) * 24 * 60))
    if later < timedelta(days=1):
        return now + later
    return _in_the_day(random, now + later, zone, first=8, last=22)


def staff_answers(
    random: Random, now: datetime, area: str, zone: ZoneInfo, days: float
) -> datetime:
    """When one of the staff answers: in office hours, on a working day."""
    takes = LIES_DAYS if random.random() < STAFF_LETS_LIE else round(random.expovariate(1 / days))
    day = add_working_days(local_day(now, zone), takes, area)
    while not is_working_day(day, area):
        day = add_working_days(day, 1, area)
    at = start_of(day, zone, time(9)) + timedelta(minutes=random.randint(0, 8 * 60))
    return at if at > now else staff_answers(random, now + timedelta(days=1), area, zone, days)


def rested(random: Random, now: datetime, zone: ZoneInfo) -> datetime:
    """When a case moves on from where nothing presses."""
    later = timedelta(days=random.expovariate(1 / REST_DAYS))
    return _in_the_day(random, now + later, zone, first=8, last=22)


def in_turn(random: Random, choices: Sequence[T], usual: float = USUAL) -> list[T]:
    """Some of several things one after the other: most often the first comes first, and so on."""
    left, found = list(choices), []
    while left:
        place = next(
            (place for place in range(len(left) - 1) if random.random() < usual), len(left) - 1
        )
        found.append(left.pop(place))
    return found


def rests(process: Process, state: str) -> bool:
    """Whether nothing presses in a state: no timer is about it, and nobody has just begun there."""
    timed = any(state in rule.states for rule in process.timers.values() if not rule.every)
    begun = any(state in start.targets for start in process.starts.values())
    waits_for = process.states[state].waits_for
    staff = waits_for is not None and bool(process.actors[waits_for].grant)
    return not (timed or begun or staff)


def _in_the_day(
    random: Random, instant: datetime, zone: ZoneInfo, first: int, last: int
) -> datetime:
    at = start_of(local_day(instant, zone), zone, time(first))
    at += timedelta(minutes=random.randint(0, (last - first) * 60))
    return at if at > instant else instant + timedelta(minutes=random.randint(1, 90))
