"""States that a version of a process has no more: which of its states each becomes.

Only a state that is new there can be what another one becomes: nobody is given a label by a move.
Nothing is guessed from names. Whoever moves cases says it, and it stands in the log of each case,
so that the days a case has spent in a state count on under the new name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from base.errors import BadInput
from base.i18n import N_, Text
from workflows.definition import Process
from workflows.publishing import Library, Published
from workflows.version_moves import elsewhere


def open_states(process: Process) -> list[str]:
    """The states in which a case can be while it is open."""
    return [name for name, state in process.states.items() if not state.final]


def check_states(process: Process, states: Mapping[str, str]) -> None:
    """See that ``states`` can be used to move cases to ``process``.

    Arguments:
        states: the state of the version for each old one.

    Raises:
        BadInput: the version has an old one itself, or has not the new one, or only as an end.
    """
    there = open_states(process)
    for old, new in states.items():
        if old in there:
            raise BadInput(
                N_("This version has the state {state} itself: a case stays in it."), state=old
            )
        if new not in there:
            raise BadInput(
                N_("A case cannot become {state} in this version. It can become: {names}."),
                state=new, names=there,
            )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Renaming:
    """What is to be said before cases can be moved."""

    #: The states of open cases which the version lacks: what each is called, by its name.
    lacking: Mapping[str, Text]
    #: What they can become: the states of the version that those cases' versions have not.
    new: Sequence[str]


def renaming(
    connection: Connection, library: Library, target: Published, scopes: frozenset[str],
    round_name: str | None = None,
) -> Renaming:  # fmt: skip
    """What states of open cases ``target`` lacks, and what they could become.

    Arguments:
        scopes: the areas whose cases are meant; ``*`` is all.
        round_name: only the cases of this round.
    """
    there = elsewhere(target, scopes, round_name).subquery()
    query = select(there.c.state, there.c.release_id).distinct()
    becoming = open_states(target.process)
    lacking: dict[str, Text] = {}
    known: set[str] = set()
    for state, release in connection.execute(query.order_by(there.c.state)).all():
        if state not in becoming:
            states = library.release(connection, release).process.states
            lacking[state] = states[state].title
            known.update(states)
    return Renaming(lacking=lacking, new=[one for one in becoming if one not in known])
