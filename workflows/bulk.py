"""One case for each of several subjects, in one request and with an answer for each.

Every subject is a transaction of its own: what is refused for one undoes nothing for the others.
What is wrong with the request itself (too many, one twice, something missing) is told before
anything is done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from base.errors import BadInput, KeurmerkError, NotFound
from base.i18n import N_
from models.database import reading
from workflows.asks import check_payload
from workflows.engine import Engine
from workflows.step import Taken

#: From here on an error is our own failure, not a refusal.
_FAULT = 500


@dataclass(frozen=True, kw_only=True)
class Started:
    """What came of one subject: either a case, or why there is none."""

    subject_id: str
    taken: Taken | None = None
    error: KeurmerkError | None = None


def check_many(
    engine: Engine, process: str, way: str, subjects: Sequence[str],
    payload: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """See that a start can be tried for all of ``subjects`` with what is sent along.

    Raises:
        NotFound: no such process or way.
        BadInput: nobody is named, somebody twice, more than the start takes at once, or the payload
            cannot be used.
    """
    with reading(engine.database) as connection:
        day = engine.tools.clock.now().date()
        published = engine.tools.library.in_force(connection, process, day)
    start = published.process.starts.get(way)
    if start is None:
        raise NotFound(
            N_("{process} cannot be started by “{way}”."),
            process=published.process.title, way=way,
        )  # fmt: skip
    if not subjects:
        raise BadInput(N_("Choose at least one."))
    if len(subjects) > start.together:
        raise BadInput(
            N_("{count} are chosen; at most {most} are possible at once. Nothing was done."),
            count=len(subjects), most=start.together,
        )  # fmt: skip
    if len(set(subjects)) < len(subjects):
        raise BadInput(N_("Somebody is chosen twice. Nothing was done."))
    check_payload(published.process, start, payload or {})


def start_each(
    engine: Engine, process: str, way: str, subjects: Sequence[str], *, actor_id: str | None,
    organisation_id: str | None = None, round_name: str | None = None,
    payload: Mapping[str, Any] | None = None,
) -> list[Started]:  # fmt: skip
    """Open a case for each of ``subjects``, as :meth:`Engine.start` does; in their order.

    Arguments:
        subjects: ids of what the process is about.
        organisation_id: for people, at which of their schools.

    Raises:
        NotFound, BadInput: as :func:`check_many`; nothing was done.
    """
    check_many(engine, process, way, subjects, payload)
    with reading(engine.database) as connection:
        day = engine.tools.clock.now().date()
        kind = engine.tools.library.in_force(connection, process, day).process.subject
    found = []
    for subject_id in subjects:
        about = {"organisation_id": organisation_id, f"{kind}_id": subject_id}
        try:
            taken = engine.start(
                process, way, actor_id=actor_id, round_name=round_name, payload=payload, **about
            )
        except KeurmerkError as error:
            if error.status >= _FAULT:
                raise
            found.append(Started(subject_id=subject_id, error=error))
        else:
            found.append(Started(subject_id=subject_id, taken=taken))
    return found
