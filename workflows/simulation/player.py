"""Plays a round: moves the clock from one thing that happens to the next."""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Any

from sqlalchemy import delete, func, select

from base.clock import VirtualClock
from documents.store import FileStore
from models.cases import Case, CaseEvent, Timer
from models.database import reading, writing
from models.desk import Waiting
from models.reads import rows_of
from models.types import Instant
from workflows.actors import scopes_of
from workflows.engine import Engine
from workflows.publishing import Published
from workflows.simulation import manners
from workflows.simulation.acting import People
from workflows.simulation.notes import Notes
from workflows.simulation.season import Season
from workflows.simulation.town import Town
from workflows.sweep import prepare, sweep
from workflows.waiting import NEVER

#: How often somebody sits down to one thing before she leaves it.
SITTINGS = 3

_case = Case.__table__  # type: ignore[attr-defined]
_event = CaseEvent.__table__  # type: ignore[attr-defined]
_timer = Timer.__table__  # type: ignore[attr-defined]
_waiting = Waiting.__table__  # type: ignore[attr-defined]


class Player:
    """The made-up people of one round, and the clock."""

    def __init__(
        self, engine: Engine, clock: VirtualClock, files: FileStore, published: Published,
        season: Season, town: Town, *, seed: int, answer_days: float,
    ) -> None:  # fmt: skip
        self._engine, self._clock, self._published = engine, clock, published
        self._season, self._town, self._seed = season, town, seed
        self._answer_days = answer_days
        self.notes = Notes(process=published.process, season=season)
        self._people = People(engine, files, published, season, town, self.notes)
        #: What people will do: when, in which order, and what.
        self._agenda: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._numbers: dict[str, Random] = {}
        #: Ids that are the same each time, and how many cases there were about each.
        self._known = {*town.newcomers, *itertools.chain(*town.subjects.values())}
        self._opened: Counter[str] = Counter()
        self._seen = ""

    def play(self, progress: Callable[[int, int], None] | None = None) -> Notes:
        """Play the round to its end, or until nothing more will happen.

        Arguments:
            progress: is told how many of how many days have passed.
        """
        self._prepare()
        applicants = len(self._town.teachers)
        for number in range(applicants):
            random = manners.chance(self._seed, f"applicant {number}")
            at = manners.comes(random, self._season)
            self._put(at, lambda number=number, random=random: self._people.begin(number, random))  # type: ignore[misc]
        while (moment := self._next()) is not None and moment < self._season.ends:
            self._clock.move_to(max(moment, self._clock.now()))
            self._sweep()
            while self._agenda and self._agenda[0][0] <= self._clock.now():
                heapq.heappop(self._agenda)[2]()
                self._look()
            if progress:
                progress((moment - self._season.begins).days,
                         (self._season.ends - self._season.begins).days)  # fmt: skip
        return self.notes

    def _prepare(self) -> None:
        """Set the timers of the process, without those of other rounds, which nobody plays."""
        prepare(self._engine)
        with writing(self._engine.database) as connection:
            rows = connection.execute(select(_timer.c.id, _timer.c.data)).all()
            others = [
                row.id for row in rows if row.data.get("round", self._season.round)
                != self._season.round
            ]  # fmt: skip
            connection.execute(delete(_timer).where(_timer.c.id.in_(others)))

    def _put(self, at: datetime, act: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (at, next(self._order), act))

    def _next(self) -> datetime | None:
        """When something happens next: a person acts, or a timer is due that has something to do.

        A digest that has no case to tell of is left out: when it is due matters to nobody.
        """
        digests = self._published.process.digests
        told = {state for digest in digests.values() for state in digest.waiting}
        waits = select(_case.c.id).where(_case.c.state.in_(told)).limit(1)
        due = func.coalesce(_timer.c.leased_until, _timer.c.due_at, type_=Instant())
        query = select(due).where(_timer.c.done_at.is_(None)).order_by(due).limit(1)
        with reading(self._engine.database) as connection:
            if not told or connection.execute(waits).first() is None:
                of_cases = _timer.c.case_id.is_not(None)
                query = query.where(of_cases | _timer.c.name.not_in(digests))
            moments = list(connection.execute(query).scalars())
        moments += [self._agenda[0][0]] if self._agenda else []
        return min(moments, default=None)

    def _sweep(self) -> None:
        """Let happen what is due, and note which timers it were."""
        now, process = self._clock.now(), self._published.process
        query = select(_timer.c.name, _timer.c.case_id, _timer.c.data).where(
            # One that was refused comes again and again; it is counted once.
            _timer.c.done_at.is_(None), _timer.c.due_at <= now, _timer.c.failures == 0
        )  # fmt: skip
        with reading(self._engine.database) as connection:
            for row in connection.execute(query):
                looks = row.case_id is not None and process.timers[row.name].every
                if not looks and "digest" not in row.data:
                    self.notes.timer(row.name, now)
        if sweep(self._engine):
            self._look()

    def _look(self) -> None:
        """Note every step that was taken since, and let those act whose turn it is then."""
        with reading(self._engine.database) as connection:
            query = select(_event).where(_event.c.id > self._seen).order_by(_event.c.id)
            events = rows_of(connection.execute(query))
            if not events:
                return
            self._seen = events[-1]["id"]
            ids = list(dict.fromkeys(event["case_id"] for event in events))
            rows = connection.execute(select(_case).where(_case.c.id.in_(ids))).mappings()
            cases = {row["id"]: dict(row) for row in rows}
            waiting = select(_waiting).where(_waiting.c.case_id.in_(ids))
            due = {row.case_id: row.due_at for row in connection.execute(waiting)}
        for event in events:
            if self._is_here(cases[event["case_id"]]):
                self.notes.step(event, cases[event["case_id"]], due.get(event["case_id"]))
        for id_ in ids:
            if self._is_here(cases[id_]):
                self._expect(cases[id_], due.get(id_))

    def _is_here(self, case: dict[str, Any]) -> bool:
        """Whether a case is one of the area that is played; partners abroad have none counted."""
        return not case["area"] or self._season.area in scopes_of(case["area"])

    def _random(self, case: dict[str, Any]) -> Random:
        """Chance for one case: the same whatever becomes of the others."""
        if case["id"] not in self._numbers:
            about = case[f"{self._published.process.subject}_id"]
            # What a step has made has another id each time: it goes by its place among such.
            whose = about if about in self._known else "made"
            self._opened[whose] += 1
            self._numbers[case["id"]] = manners.chance(
                self._seed, f"case {whose} {self._opened[whose]}"
            )
        return self._numbers[case["id"]]

    def _expect(self, case: dict[str, Any], due: datetime | None, sitting: int = 0) -> None:
        """Put into the agenda when somebody acts in a case next, if anybody does."""
        process, random = self._published.process, self._random(case)
        state = process.states[case["state"]]
        if state.final or sitting >= SITTINGS:
            return
        now, zone = self._clock.now(), self._season.zone
        waits_for = process.actors[state.waits_for] if state.waits_for else None
        if manners.rests(process, case["state"]) or waits_for is None or waits_for.platform:
            by_itself = waits_for is not None and waits_for.platform
            if random.random() >= (manners.OUT_OF_TURN if by_itself else manners.LEAVES_REST):
                return
            at = manners.rested(random, now, zone)
        elif waits_for.grant:
            at = manners.staff_answers(random, now, case["area"], zone, self._answer_days)
        else:
            if random.random() < manners.APPLICANT_FORGETS:
                return
            known = due if due and due != NEVER else None
            at = manners.applicant_acts(random, now, known, zone)
        version = case["version"]
        self._put(at, lambda: self._sit_down(case, version, due, sitting))

    def _sit_down(
        self, case: dict[str, Any], version: int, due: datetime | None, sitting: int
    ) -> None:
        """Let somebody act in a case; she comes back to it another day if it was in vain."""
        done = self._people.act(case["id"], version, self._random(case), first=sitting == 0)
        if not done:
            self._expect(case, due, sitting + 1)
