"""The one way in: every change of a case goes through here, one transaction each.

:meth:`Engine.fire` moves a case, :meth:`Engine.start` opens one, :meth:`Engine.undo` takes a fresh
step back. A refusal is a typed error that changes nothing; that it was tried is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy
from sqlalchemy import Connection, delete, select, update
from sqlalchemy.exc import IntegrityError

from base.days import local_day
from base.errors import Conflict, NotAllowed, NotFound, NotPossible, Refused
from base.i18n import FALLBACK, N_
from base.ids import new_id
from models.cases import Attempt, Case, CaseEvent, Timer
from models.database import reading, writing
from models.messages import Mail, Notice
from models.registry import Person
from models.sql import among
from workflows.actors import Row, acts_as
from workflows.answers_store import snapshot
from workflows.applying import foreseen
from workflows.asks import check_payload
from workflows.definition import Process, Start, Transition
from workflows.edits import checked_edits
from workflows.effects.effect import Consequence
from workflows.judging import judge_guard, refusal
from workflows.kept_values import kept_now
from workflows.links import OPENED, read_link
from workflows.log_words import MOVE, UNDO, actor_title, step_title
from workflows.machine import next_state, triggers_from
from workflows.parties import resolve, unique_key, with_parties
from workflows.publishing import Published
from workflows.step import Taken, lock, take
from workflows.subjects import NOTHING, at_school, subject
from workflows.tools import Cause, Tools

_case = Case.__table__  # type: ignore[attr-defined]
_event = CaseEvent.__table__  # type: ignore[attr-defined]
_attempt = Attempt.__table__  # type: ignore[attr-defined]
_timer = Timer.__table__  # type: ignore[attr-defined]
_person = Person.__table__  # type: ignore[attr-defined]
_mail = Mail.__table__  # type: ignore[attr-defined]
_notice = Notice.__table__  # type: ignore[attr-defined]


class Engine:
    """Runs the cases of one database."""

    def __init__(self, database: sqlalchemy.Engine, tools: Tools) -> None:
        self.database = database
        self.tools = tools

    def fire(
        self, case_id: str, trigger: str, actor_id: str | None,
        payload: Mapping[str, Any] | None = None, version: int | None = None,
        mails: Sequence[Mapping[str, str]] = (), link: str | None = None,
    ) -> Taken:  # fmt: skip
        """Fire ``trigger`` in a case.

        Arguments:
            actor_id: the person who does it; None is the platform.
            payload: what the trigger asks for (feedback, a reason).
            version: the case's version the person saw; another one now is a conflict.
            mails: of staff, ``subject`` and ``text`` to send instead of those of a ``template`` of
                the step in a ``language``; kept in the event.
            link: the end of the address of a mailed link that the person opened.

        Raises:
            NotFound: there is no such case.
            BadInput: the payload cannot be used; every problem is named.
            NotAllowed: the person may not do it; says who may.
            NotPossible: the trigger does not lead out of the case's state.
            NotMet: a guard is not met; carries findings, missing things and the deadline.
            Conflict: somebody else moved the case first; says who and how.
        """
        try:
            with writing(self.database) as connection:
                return self.fire_in(
                    connection, case_id, trigger, actor_id, payload, version, mails, link
                )
        except Refused as refused:
            self.note_refusal(case_id, trigger, actor_id, refused)
            raise

    def fire_in(
        self, connection: Connection, case_id: str, trigger: str, actor_id: str | None,
        payload: Mapping[str, Any] | None = None, version: int | None = None,
        mails: Sequence[Mapping[str, str]] = (), link: str | None = None,
    ) -> Taken:  # fmt: skip
        """:meth:`fire` inside a transaction of the caller's."""
        case = locked(connection, case_id)
        published = self.tools.library.release(connection, case["release_id"])
        transition = published.process.transitions.get(trigger)
        if transition is None:
            raise NotPossible(
                N_("{process} has no step “{trigger}”. From here there are: {possible}."),
                process=published.process.title, trigger=trigger,
                possible=_titles(published, triggers_from(published.process, case["state"])),
            )  # fmt: skip
        now = self.tools.clock.now()
        with_parties(connection, published.process, [case])
        if version is not None and version != case["version"]:
            raise self._conflict(connection, published, case, actor_id)
        if link is not None:
            case[OPENED] = self._opened(connection, published, case, trigger, link)
        acted_as = acts_as(connection, published.process, transition.by, case, actor_id, now)
        if acted_as is None:
            raise not_allowed(connection, published, transition, case, actor_id, now)
        state = next_state(published.machine, case["state"], trigger)
        if state is None:
            raise self._no_way(connection, published, case, trigger, actor_id)
        clean: dict[str, Any] = check_payload(published.process, transition, payload or {})
        resolve(connection, published.process, transition, case, clean, actor_id, now)
        if transition.records == "form":
            clean["form"] = snapshot(connection, case_id)
        cause = Cause(
            trigger=trigger, step=transition, actor_id=actor_id, acted_as=acted_as,
            payload=clean, edits=checked_edits(published.process, transition, acted_as, mails),
            now=now,
        )  # fmt: skip
        taken, refused = take(
            connection, self.tools, published, cause, [case],
            lambda case, chosen: next_state(published.machine, case["state"], trigger, chosen),
        )  # fmt: skip
        if refused:
            raise refused[case_id]
        return taken[0]

    def _opened(
        self, connection: Connection, published: Published, case: Row, trigger: str, token: str
    ) -> bool:
        """See that a mailed link holds: for this step, until the case moves or its time is over.

        Raises:
            NotFound: it is none of ours, or for something else.
            NotPossible: it has been used, or its time is over.
        """
        opened = read_link(self.tools.secret, token)
        if (opened.case_id, opened.trigger) != (case["id"], trigger):
            raise NotFound(N_("This link is for something else."))
        ending = [name for name, rule in published.process.timers.items() if rule.fire]
        over = select(_timer.c.id).where(
            _timer.c.case_id == case["id"], _timer.c.name.in_(ending),
            _timer.c.due_at <= self.tools.clock.now(),
        )  # fmt: skip
        late = connection.execute(over).first() is not None
        # What a case is moved to another version for does not use a link up.
        steps = select(_event.c.id).where(
            _event.c.case_id == case["id"], _event.c.sequence > opened.version,
            _event.c.trigger != MOVE,
        )  # fmt: skip
        if late or connection.execute(steps).first() is not None:
            raise NotPossible(
                N_("This link no longer holds: its time is over, or it has been used. If what it "
                   "was for has not been done, start again and you get a new one.")
            )  # fmt: skip
        return True

    def start(
        self, process: str, way: str, *, actor_id: str | None, organisation_id: str | None = None,
        person_id: str | None = None, project_id: str | None = None,
        round_name: str | None = None, payload: Mapping[str, Any] | None = None,
    ) -> Taken:  # fmt: skip
        """Open a case by one of the process's ``starts``.

        Arguments:
            actor_id: the person who does it; None is the platform.
            organisation_id, person_id, project_id: what the case is about, where the start is about
                what is given; only the one that is the process's subject. Of a person, the
                organisation says at which of her schools; of several the newest if left out.
            round_name: the round; without one the newest that holds today.
            payload: what the start asks for.

        Raises:
            NotFound: no such process, way, round or subject.
            BadInput: the subject is not named, or the payload cannot be used.
            NotAllowed, NotMet: as in :meth:`fire`.
            Conflict: there is such a case already (one application per school and round).
        """
        about = {"organisation": organisation_id, "person": person_id, "project": project_id}
        try:
            with writing(self.database) as connection:
                return self.start_in(
                    connection, process, way, about, actor_id=actor_id, round_name=round_name,
                    payload=payload,
                )  # fmt: skip
        except Refused as refused:
            self.note_refusal(None, way, actor_id, refused)
            raise
        except IntegrityError:
            with reading(self.database) as connection:
                day = self.tools.clock.now().date()
                published = self.tools.library.in_force(connection, process, day)
            taken_place = _there_already(published.process)
            self.note_refusal(None, way, actor_id, taken_place)
            raise taken_place from None

    def start_in(
        self, connection: Connection, process: str, way: str, about: Mapping[str, str | None], *,
        actor_id: str | None, round_name: str | None = None,
        payload: Mapping[str, Any] | None = None,
    ) -> Taken:  # fmt: skip
        """:meth:`start` inside a transaction of the caller's."""
        now = self.tools.clock.now()
        published = self.tools.library.in_force(connection, process, now.date())
        start = published.process.starts.get(way)
        if start is None:
            raise NotFound(
                N_("{process} cannot be started by “{way}”."),
                process=published.process.title, way=way,
            )  # fmt: skip
        case = new_case(
            published, self._about(connection, published.process, start, about, actor_id, now),
            round_name or published.round_on(local_day(now, ZoneInfo(published.process.zone))), now,
        )  # fmt: skip
        acted_as = acts_as(connection, published.process, start.by, case, actor_id, now)
        if acted_as is None:
            raise not_allowed(connection, published, start, case, actor_id, now)
        clean: dict[str, Any] = check_payload(published.process, start, payload or {})
        resolve(connection, published.process, start, case, clean, actor_id, now)
        case["kept"] = kept_now(published.process, case, clean)
        case["unique_key"] = unique_key(published.process, case)
        if case["unique_key"] and taken_keys(connection, process, [case["unique_key"]]):
            raise _there_already(published.process)
        cause = Cause(
            trigger=way, step=start, actor_id=actor_id, acted_as=acted_as, payload=clean, now=now
        )
        taken, refused = take(
            connection, self.tools, published, cause, [case], lambda _case, chosen: chosen
        )
        if refused:
            raise refused[case["id"]]
        return taken[0]

    @staticmethod
    def _about(
        connection: Connection, process: Process, start: Start, given: Mapping[str, str | None],
        actor_id: str | None, now: datetime,
    ) -> dict[str, Any]:  # fmt: skip
        """What the new case is about, as :func:`workflows.subjects.subject` gives it."""
        if start.about == "made":
            return dict(NOTHING)
        kind = process.subject
        id_ = actor_id if start.about == "actor" else given.get(kind)
        if id_ is None:
            raise NotFound(_NOT_NAMED[kind])
        found = subject(connection, kind, id_, now)
        if found is None:
            raise NotFound(_NOT_THERE[kind])
        if kind == "person" and start.about == "given" and given.get("organisation"):
            return at_school(connection, found, str(given["organisation"]), now)
        return found

    def undo(self, case_id: str, actor_id: str | None) -> Taken:
        """Take back the case's last step, by the person who took it, within the grace time.

        Its unsent mails are withdrawn, its notices taken away, and the timers of the state before
        are set again. The log keeps both steps.

        Raises:
            NotFound: there is no such case.
            NotAllowed: somebody else took the step.
            NotPossible: the step cannot be taken back, or no longer.
        """
        try:
            with writing(self.database) as connection:
                return self._undo(connection, case_id, actor_id)
        except Refused as refused:
            self.note_refusal(case_id, UNDO, actor_id, refused)
            raise

    def _undo(self, connection: Connection, case_id: str, actor_id: str | None) -> Taken:
        case = locked(connection, case_id)
        published = self.tools.library.release(connection, case["release_id"])
        last = last_event(connection, case)
        transition = published.process.transitions.get(last["trigger"])
        if transition is None or not transition.undo:
            raise NotPossible(N_("The last step cannot be taken back."))
        if actor_id is None or last["actor_id"] != actor_id:
            raise NotAllowed(N_("Only the person who took the step can take it back."))
        now = self.tools.clock.now()
        if now > last["at"] + self.tools.grace:
            raise NotPossible(
                N_("A step can be taken back for {seconds} seconds; that time is over."),
                seconds=int(self.tools.grace.total_seconds()),
            )
        connection.execute(
            update(_mail)
            .where(_mail.c.event_id == last["id"], _mail.c.status == "waiting")
            .values(status="withdrawn")
        )
        connection.execute(delete(_notice).where(_notice.c.event_id == last["id"]))
        back = Transition(
            title={FALLBACK: UNDO}, to=last["from_state"], by=[last["acted_as"]],
            source=[case["state"]],
        )  # fmt: skip
        cause = Cause(
            trigger=UNDO, step=back, actor_id=actor_id, acted_as=last["acted_as"],
            payload={"undoes": last["id"]}, now=now,
        )  # fmt: skip
        taken, _refused = take(
            connection,
            self.tools,
            published,
            cause,
            [case],
            lambda _case, _chosen: str(last["from_state"]),
        )
        return taken[0]

    def possible(self, connection: Connection, case: Row, actor_id: str | None) -> list[str]:
        """The triggers this person may fire in the case as it is, guards aside."""
        published = self.tools.library.release(connection, case["release_id"])
        now = self.tools.clock.now()
        return [
            name
            for name in triggers_from(published.process, case["state"])
            if acts_as(
                connection, published.process, published.process.transitions[name].by, case,
                actor_id, now,
            )
        ]  # fmt: skip

    def blocked(
        self, connection: Connection, case: dict[str, Any], actor_id: str
    ) -> NotAllowed | None:
        """The conflict of interest that alone keeps a person from a step that is possible now."""
        published = self.tools.library.release(connection, case["release_id"])
        now = self.tools.clock.now()
        with_parties(connection, published.process, [case])
        for name in triggers_from(published.process, case["state"]):
            step = published.process.transitions[name]
            if acts_as(connection, published.process, step.by, case, actor_id, now):
                continue
            found = conflict_of_interest(connection, published, step, case, actor_id, now)
            if found:
                return found
        return None

    def consequences(
        self, connection: Connection, case: dict[str, Any], trigger: str, actor_id: str | None
    ) -> list[Consequence]:
        """What the effects of a step would do to the case, as far as they can say; guards aside.

        Raises:
            NotAllowed: the person may not take the step.
            NotPossible: it does not lead out of the case's state.
        """
        published = self.tools.library.release(connection, case["release_id"])
        transition = published.process.transitions.get(trigger)
        if transition is None or case["state"] not in transition.source:
            raise NotPossible(
                N_("Possible now: {possible}."),
                possible=_titles(published, triggers_from(published.process, case["state"])),
            )
        now = self.tools.clock.now()
        with_parties(connection, published.process, [case])
        acted_as = acts_as(connection, published.process, transition.by, case, actor_id, now)
        if acted_as is None:
            raise not_allowed(connection, published, transition, case, actor_id, now)
        cause = Cause(
            trigger=trigger, step=transition, actor_id=actor_id, acted_as=acted_as, now=now
        )
        return foreseen(connection, self.tools.public_url, published, cause, case)

    def _no_way(
        self, connection: Connection, published: Published, case: Row, trigger: str,
        actor_id: str | None,
    ) -> Refused:  # fmt: skip
        # What was possible one step ago was decided by somebody else in the meantime.
        if case["version"] > 0:
            last = last_event(connection, case)
            earlier = last["from_state"]
            if earlier and next_state(published.machine, earlier, trigger) is not None:
                missed = self._missed(connection, published, case, trigger, last)
                return missed or self._conflict(connection, published, case, actor_id)
        return NotPossible(
            N_("“{trigger}” is not possible: the case is “{state}”. Possible now: {possible}."),
            trigger=published.process.transitions[trigger].title,
            state=published.process.states[case["state"]].title,
            possible=_titles(published, triggers_from(published.process, case["state"])),
        )

    def _missed(
        self, connection: Connection, published: Published, case: Row, trigger: str, last: Row
    ) -> Refused | None:
        """Where the platform closed the case because time was up: the deadline, not the closing."""
        if last["actor_id"] is not None:
            return None
        guard = published.process.transitions[trigger].guard
        now = self.tools.clock.now()
        said = judge_guard(connection, self.tools.judge, published, guard, [case], now)
        error = refusal(connection, published, case, said[case["id"]])
        return error if error and error.deadline else None

    def _conflict(
        self, connection: Connection, published: Published, case: Row, actor_id: str | None
    ) -> Conflict:
        last = last_event(connection, case)
        name: Any = actor_title(published.process, last["acted_as"])
        if last["actor_id"]:
            person = connection.execute(
                select(_person.c.name).where(_person.c.id == last["actor_id"])
            ).scalar()
            # A school is not told which reviewer it was; colleagues tell one another.
            same = published.process.actors.get(last["acted_as"])
            may_know = (same is not None and not same.grant) or (
                actor_id is not None
                and acts_as(
                    connection, published.process,
                    [n for n, a in published.process.actors.items() if a.grant],
                    case, actor_id, self.tools.clock.now(),
                )
                is not None
            )  # fmt: skip
            name = person if person and may_know else name
        return Conflict(
            N_("{who} was first, on {day}: “{trigger}”. The case is now “{state}”."),
            who=name,
            trigger=step_title(published.process, last["trigger"], last["payload"]),
            state=published.process.states[case["state"]].title,
            day=local_day(last["at"], ZoneInfo(case["zone"])),
        )

    def note_refusal(
        self, case_id: str | None, trigger: str, actor_id: str | None, refused: Refused
    ) -> None:
        """Keep that a step was tried and refused; in a transaction of its own."""
        with writing(self.database) as connection:
            connection.execute(
                _attempt.insert(),
                {
                    "id": new_id(), "case_id": case_id, "at": self.tools.clock.now(),
                    "trigger": trigger[:60], "actor_id": actor_id, "code": refused.code,
                    "reason": str(refused),
                },
            )  # fmt: skip


def locked(connection: Connection, case_id: str) -> dict[str, Any]:
    """The case row, locked.

    Raises:
        NotFound: there is none.
    """
    found = lock(connection, [case_id]).get(case_id)
    if found is None:
        raise NotFound(N_("There is no such case."))
    return found


def last_event(connection: Connection, case: Row) -> dict[str, Any]:
    """The last event of a case."""
    row = connection.execute(
        select(_event).where(_event.c.case_id == case["id"], _event.c.sequence == case["version"])
    )
    return dict(row.mappings().one())


def not_allowed(
    connection: Connection, published: Published, step: Transition | Start, case: Row,
    actor_id: str | None, now: datetime,
) -> NotAllowed:  # fmt: skip
    """The refusal that says who may, or that it is a conflict of interest."""
    who = [published.process.actors[name].title for name in step.by]
    apart = conflict_of_interest(connection, published, step, case, actor_id, now)
    return apart or NotAllowed(
        N_("“{trigger}” can only be done by {who}."), step.by, trigger=step.title, who=who
    )


def conflict_of_interest(
    connection: Connection, published: Published, step: Transition | Start, case: Row,
    actor_id: str | None, now: datetime,
) -> NotAllowed | None:  # fmt: skip
    """The refusal of somebody who could take a step if she were not linked to the case."""
    process = published.process
    who = [process.actors[name].title for name in step.by]
    for name in step.by if actor_id else []:
        actor = process.actors[name]
        free = actor.model_copy(update={"unless": None})
        alone = process.model_copy(update={"actors": {**process.actors, name: free}})
        if actor.unless and acts_as(connection, alone, [name], case, actor_id, now):
            return NotAllowed(
                N_("You are linked to this school, so somebody else decides on it: {who}."),
                step.by, who=who,
            )  # fmt: skip
    return None


def new_case(
    published: Published, about: Row, round_name: str | None, now: datetime
) -> dict[str, Any]:
    """The row of a case that is about to be opened; nothing is written.

    Arguments:
        about: what it is about (see :mod:`workflows.subjects`).

    Raises:
        NotFound: the process goes by rounds, and has none of that name.
    """
    process = published.process
    if process.round is not None:
        published.values(round_name or "–", about["area"])
    case = {
        **about, "id": new_id(), "process": process.process, "release_id": published.id,
        "round": round_name if process.round else None, "state": "", "since": now, "is_open": True,
        "zone": about["zone"] or process.zone, "version": 0, "head": "", "opened_at": now,
        "parties": {}, "kept": {},
    }  # fmt: skip
    return {**case, "unique_key": unique_key(process, case)}


def taken_keys(connection: Connection, process: str, keys: list[str]) -> set[str]:
    """Those of ``keys`` under which a case exists that has not freed its place."""
    query = select(_case.c.unique_key).where(
        _case.c.process == process, among(connection, _case.c.unique_key, keys)
    )
    return set(connection.execute(query).scalars())


def today_in(case: Row, now: Any) -> Any:
    """The local day of a case at ``now``."""
    return local_day(now, ZoneInfo(case["zone"]))


#: Kind of subject -> what is said where a start needs one and none was named, or there is none.
_NOT_NAMED = {
    "organisation": N_("Say which school it is about."),
    "person": N_("Say which person it is about."),
    "project": N_("Say which project it is about."),
}
_NOT_THERE = {
    "organisation": N_("There is no such organisation."),
    "person": N_("There is no such person."),
    "project": N_("There is no such project."),
}


def _there_already(process: Process) -> Conflict:
    if process.unique == ["organisation", "round"]:
        return Conflict(N_("There is already an open application of this school in this round."))
    return Conflict(
        N_("There is already one that is not finished: {process}."), process=process.title
    )


def _titles(published: Published, triggers: list[str]) -> list[Any]:
    return [published.process.transitions[name].title for name in triggers]
