"""Made-up people who begin cases and take steps in them."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from sqlalchemy import select

from base.errors import KeurmerkError
from documents.store import FileStore
from models.cases import Case
from models.database import reading, writing
from workflows.case_rows import locked
from workflows.definition import Transition
from workflows.engine import Engine
from workflows.publishing import Published
from workflows.sent_form import written_in
from workflows.simulation import manners
from workflows.simulation.notes import Notes
from workflows.simulation.season import Season
from workflows.simulation.sent import Sender
from workflows.simulation.town import Town
from workflows.simulation.ways import Way, beginnings, link_to, ways_on

_case = Case.__table__  # type: ignore[attr-defined]


class People:
    """The people of one round, whose refusals are noted."""

    def __init__(
        self, engine: Engine, files: FileStore, published: Published, season: Season, town: Town,
        notes: Notes,
    ) -> None:  # fmt: skip
        self._engine, self._published = engine, published
        self._season, self._town, self._notes = season, town, notes
        self._sender = Sender(engine, files, season, town)

    def begin(self, number: int, random: Random) -> None:
        """Let one applicant begin, unless the platform has begun for her already.

        Arguments:
            number: which applicant of the town; from 0.
        """
        process, engine = self._published.process, self._engine
        with reading(engine.database) as connection:
            ways = beginnings(
                connection, self._published, self._season, self._town, number,
                engine.tools.clock.now(),
            )  # fmt: skip
            if not ways or self._is_begun(connection, number):
                return
            way = random.choice(ways)
            start = process.starts[way.way]
            payload = self._sender.payload(connection, process, start, way.actor, random)
        try:
            engine.start(
                process.process, way.way, actor_id=way.actor, round_name=self._season.round,
                payload=payload, **way.about,
            )  # fmt: skip
        except KeurmerkError as error:
            self._notes.refusal(next(iter(way.about.values()), way.actor), way.way, error)

    def _is_begun(self, connection: Any, number: int) -> bool:
        """Whether a start that happens by itself has come to this applicant."""
        process = self._published.process
        subjects = self._town.subjects[process.subject]
        if number >= len(subjects) or not any(start.every for start in process.starts.values()):
            return False
        own = _case.c[f"{process.subject}_id"] == subjects[number]
        return connection.execute(select(_case.c.id).where(own)).first() is not None

    def act(self, case_id: str, version: int, random: Random, *, first: bool) -> bool:
        """Let somebody take a step in a case; another one where it is refused, perhaps.

        Arguments:
            version: of the case when it was decided that she would.
            first: whether nobody has tried in vain since the case came into its state.

        Returns:
            Whether nothing is left to try: a step was taken, now or meanwhile, or nobody can.
        """
        with writing(self._engine.database) as connection:
            case = locked(connection, case_id)
            ways = ways_on(connection, self._published, case, self._engine.tools.clock.now())
        if case["version"] != version or not ways:
            return True
        return any(
            self._take(case, way, random, first=first)
            for way in self._tried(case["state"], ways, random)
        )

    def _tried(self, state: str, ways: Sequence[Way], random: Random) -> list[Way]:
        """The ways somebody tries in one sitting, in order: staff tries what is possible."""
        actors = self._published.process.actors
        waits_for = self._published.process.states[state].waits_for
        # Whoever opens a mailed link is one of those it waits for.
        own = [way for way in ways if way.actor == waits_for or actors[way.actor].link_of]
        others = [way for way in ways if way not in own]
        if not own or (others and random.random() < manners.OUT_OF_TURN):
            own = others
        if waits_for and actors[waits_for].grant:
            # Whoever else holds a right there stands in for those who cannot.
            standing_in = [way for way in others if actors[way.actor].grant and own is not others]
            usual = manners.USUAL_OF_STAFF
            return [
                *manners.in_turn(random, own, usual),
                *manners.in_turn(random, standing_in, usual),
            ]
        often = 2 if random.random() < manners.TRIES_ELSE else 1
        return manners.in_turn(random, own)[:often]

    def _take(self, case: dict[str, Any], way: Way, random: Random, *, first: bool) -> bool:
        process = self._published.process
        step, person = process.transitions[way.trigger], random.choice(way.people)
        try:
            if self._writes(step, case["state"], way.actor):
                self._sender.fill_in(process, case["id"], person, random, first=first)
            with reading(self._engine.database) as connection:
                payload = self._sender.payload(connection, process, step, person, random)
                link = link_to(connection, case["id"], way.trigger)
            self._engine.fire(case["id"], way.trigger, person, payload, link=link)
        except KeurmerkError as error:
            whose = case[f"{process.subject}_id"] or case["id"]
            self._notes.refusal(whose, way.trigger, error)
            return False
        return True

    def _writes(self, step: Transition, state: str, actor: str) -> bool:
        """Whether somebody fills in the form before she takes a step."""
        process = self._published.process
        form = process.form
        if form is None or state not in form.edited_in or actor not in form.edited_by:
            return False
        return step.records == "form" or state not in written_in(process)
