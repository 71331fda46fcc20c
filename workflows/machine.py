"""The state machine of a process, run by ``transitions``.

One machine per published process, never a model registered on it: registering is slow and keeps
memory, and automatic ``to_<state>()`` triggers would be a door past every guard, so they are off.
Callbacks are not used: what follows a step is written by the engine in the same transaction.
"""

from __future__ import annotations

from functools import lru_cache

from transitions import Machine, MachineError

from workflows.definition import Process


class Position:
    """Where a case stands: the model a machine moves."""

    __slots__ = ("state",)

    def __init__(self, state: str) -> None:
        self.state = state


@lru_cache(maxsize=64)
def _machine(states: tuple[str, ...], moves: tuple[tuple[str, str, str], ...]) -> Machine:
    return Machine(
        model=None,
        states=list(states),
        initial=states[0],
        auto_transitions=False,
        send_event=True,
        transitions=[{"trigger": t, "source": a, "dest": b} for t, a, b in moves],
    )


def machine_of(process: Process) -> Machine:
    """The machine of ``process``; processes of equal shape share one."""
    moves = tuple(
        (name, source, transition.to)
        for name, transition in process.transitions.items()
        for source in transition.source
    )
    return _machine(tuple(process.states), moves)


def next_state(machine: Machine, state: str, trigger: str) -> str | None:
    """The state ``trigger`` leads to from ``state``; None if it leads nowhere."""
    event = machine.events.get(trigger)
    if event is None:
        return None
    position = Position(state)
    try:
        moved = event.trigger(position)
    except MachineError:
        return None
    return position.state if moved else None


def triggers_from(process: Process, state: str) -> list[str]:
    """The triggers that lead out of ``state``, in the file's order."""
    return [name for name, step in process.transitions.items() if state in step.source]
