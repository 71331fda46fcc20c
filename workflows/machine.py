"""The state machine of a process, run by ``transitions``.

One machine per published process, never a model registered on it: registering is slow and keeps
memory, and automatic ``to_<state>()`` triggers would be a door past every guard, so they are off.
Callbacks are not used: what follows a step is written by the engine in the same transaction.
"""

from __future__ import annotations

from functools import lru_cache

from transitions import EventData, Machine, MachineError

from workflows.definition import Process


class Position:
    """Where a case stands: the model a machine moves."""

    __slots__ = ("chosen", "state")

    def __init__(self, state: str, chosen: str | None = None) -> None:
        self.state = state
        #: Of several branches the one that the rules chose.
        self.chosen = chosen

    def is_chosen(self, event: EventData) -> bool:
        """Whether a branch is the one that the rules chose."""
        return event.transition is not None and self.chosen in (None, event.transition.dest)


#: Trigger, state it leads out of, state it leads to, and whether that is one of several.
Move = tuple[str, str, str, bool]


@lru_cache(maxsize=64)
def _machine(states: tuple[str, ...], moves: tuple[Move, ...]) -> Machine:
    return Machine(
        model=None,
        states=list(states),
        initial=states[0],
        auto_transitions=False,
        send_event=True,
        transitions=[
            {
                "trigger": trigger,
                "source": source,
                "dest": target,
                "conditions": ["is_chosen"] if branched else [],
            }
            for trigger, source, target, branched in moves
        ],
    )


def machine_of(process: Process) -> Machine:
    """The machine of ``process``; processes of equal shape share one."""
    moves = tuple(
        (name, source, target, len(transition.targets) > 1)
        for name, transition in process.transitions.items()
        for source in transition.source
        for target in transition.targets
    )
    return _machine(tuple(process.states), moves)


@lru_cache(maxsize=1024)
def next_state(machine: Machine, state: str, trigger: str, chosen: str | None = None) -> str | None:
    """The state ``trigger`` leads to from ``state``; None if it leads nowhere.

    Arguments:
        chosen: of several branches the state that the rules chose; None is the first.
    """
    event = machine.events.get(trigger)
    if event is None:
        return None
    position = Position(state, chosen)
    try:
        moved = event.trigger(position)
    except MachineError:
        return None
    return position.state if moved else None


def triggers_from(process: Process, state: str) -> list[str]:
    """The triggers that lead out of ``state``, in the file's order."""
    return [name for name, step in process.transitions.items() if state in step.source]
