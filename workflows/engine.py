"""The one way in: every change of a case goes through here, one transaction each.

:meth:`Engine.fire` moves a case, :meth:`Engine.start` opens one, :meth:`Engine.undo` takes a fresh
step back. A refusal is a typed error that changes nothing; that it was tried is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy
from sqlalchemy import Connection, delete, update
from sqlalchemy.exc import IntegrityError

from base.days import local_day
from base.errors import NotAllowed, NotFound, NotPossible, Refused
from base.i18n import FALLBACK, N_
from base.ids import new_id
from models.cases import Attempt, Case
from models.database import reading, writing
from models.messages import Mail, Notice
from workflows.actors import acts_as
from workflows.answers_store import snapshot
from workflows.asks import check_payload
from workflows.case_rows import last_event, locked
from workflows.definition import Transition
from workflows.edits import checked_edits
from workflows.kept_values import kept_now
from workflows.links import OPENED, link_holds
from workflows.log_words import UNDO
from workflows.machine import next_state
from workflows.new_cases import about_what, new_case, taken_keys, there_already
from workflows.parties import resolve, unique_key, with_parties
from workflows.refusals import conflict, no_step, no_way, not_allowed
from workflows.stays import stays_of
from workflows.step import Taken, take
from workflows.tools import Cause, Tools

_case = Case.__table__  # type: ignore[attr-defined]
_attempt = Attempt.__table__  # type: ignore[attr-defined]
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
                    connection, case_id, trigger, actor_id, payload, version, mails, link,
                    last=True,
                )  # fmt: skip
        except Refused as refused:
            self.note_refusal(case_id, trigger, actor_id, refused)
            raise

    def fire_in(
        self, connection: Connection, case_id: str, trigger: str, actor_id: str | None,
        payload: Mapping[str, Any] | None = None, version: int | None = None,
        mails: Sequence[Mapping[str, str]] = (), link: str | None = None, *, last: bool = False,
    ) -> Taken:  # fmt: skip
        """:meth:`fire` inside a transaction of the caller's.

        Arguments:
            last: the step ends the transaction, in the same round trip.
        """
        case = locked(connection, case_id)
        published = self.tools.library.release(connection, case["release_id"])
        transition = published.process.transitions.get(trigger)
        if transition is None:
            raise no_step(published, case, trigger)
        now = self.tools.clock.now()
        with_parties(connection, published.process, [case])
        if version is not None and version != case["version"]:
            raise conflict(connection, self.tools, published, case, actor_id)
        if link is not None:
            case[OPENED] = link_holds(
                connection, self.tools, published.process, case, trigger, link
            )
        acted_as = acts_as(connection, published.process, transition.by, case, actor_id, now)
        if acted_as is None:
            raise not_allowed(connection, published, transition, case, actor_id, now)
        state = next_state(published.machine, case["state"], trigger)
        if state is None:
            raise no_way(connection, self.tools, published, case, trigger, actor_id)
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
            last=last,
        )  # fmt: skip
        if refused:
            raise refused[case_id]
        return taken[0]

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
            taken_place = there_already(published.process)
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
            published, about_what(connection, published.process, start, about, actor_id, now),
            round_name or published.round_on(local_day(now, ZoneInfo(published.process.zone))), now,
        )  # fmt: skip
        acted_as = acts_as(connection, published.process, start.by, case, actor_id, now)
        if acted_as is None:
            raise not_allowed(connection, published, start, case, actor_id, now)
        clean: dict[str, Any] = check_payload(
            published.process, start, payload or {},
            lambda area: published.values(case["round"], area or case["area"]),
        )  # fmt: skip
        resolve(connection, published.process, start, case, clean, actor_id, now)
        case["kept"] = kept_now(published.process, case, clean)
        case["unique_key"] = unique_key(published.process, case)
        if case["unique_key"] and taken_keys(connection, process, [case["unique_key"]]):
            raise there_already(published.process)
        cause = Cause(
            trigger=way, step=start, actor_id=actor_id, acted_as=acted_as, payload=clean, now=now
        )
        taken, refused = take(
            connection, self.tools, published, cause, [case], lambda _case, chosen: chosen
        )
        if refused:
            raise refused[case["id"]]
        return taken[0]

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
            # It was there all along: what is to be done in time is to be done in the same time.
            since=stays_of(connection, [case_id])[case_id][-2].at,
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
