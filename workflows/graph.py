"""The graph of a process: how its states hang together. Pure functions of the process file."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from workflows.definition import Process


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One way from one state to another, or into the process."""

    trigger: str
    #: None: a start.
    source: str | None
    target: str


def edges(process: Process) -> list[Edge]:
    """Every edge: the starts, then the transitions, in the file's order."""
    starts = [
        Edge(trigger=name, source=None, target=target)
        for name, start in process.starts.items()
        for target in start.targets
    ]
    moves = [
        Edge(trigger=name, source=source, target=target)
        for name, step in process.transitions.items()
        for source in step.source
        for target in step.targets
    ]
    return starts + moves


def paths(process: Process, without: Collection[str] = ()) -> dict[str, tuple[str, ...]]:
    """A shortest path of triggers to every state that can be reached.

    Arguments:
        without: triggers that are taken away, to ask what can be reached past them.
    """
    ways = [edge for edge in edges(process) if edge.trigger not in without]
    found: dict[str, tuple[str, ...]] = {}
    front: list[tuple[str | None, tuple[str, ...]]] = [(None, ())]
    while front:
        ahead: list[tuple[str | None, tuple[str, ...]]] = []
        for state, path in front:
            for edge in ways:
                if edge.source == state and edge.target not in found:
                    found[edge.target] = (*path, edge.trigger)
                    ahead.append((edge.target, found[edge.target]))
        front = ahead
    return found


def can_reach(process: Process, targets: Collection[str]) -> set[str]:
    """The states from which one of ``targets`` can be reached, and ``targets`` themselves."""
    found = set(targets)
    while True:
        more = {e.source for e in edges(process) if e.source and e.target in found} - found
        if not more:
            return found
        found |= more


def happy_path(process: Process) -> list[tuple[str | None, str, str]]:
    """The main line of a process, for drawing: (source, trigger, target) from the first start on.

    From each state the first transition of the file that leads on to a new state is taken (of a
    step's branches the last one, which is what usually happens); so a process file names what
    usually happens before what is an exception.
    """
    line: list[tuple[str | None, str, str]] = []
    for name, start in list(process.starts.items())[:1]:
        line.append((None, name, start.targets[-1]))
    return line + onward(process, line[-1][2]) if line else line


def onward(process: Process, state: str) -> list[tuple[str | None, str, str]]:
    """What usually comes after ``state``: :func:`happy_path` from there on."""
    line: list[tuple[str | None, str, str]] = []
    seen = {state}
    while True:
        for name, step in process.transitions.items():
            ahead = [target for target in reversed(step.targets) if target not in seen]
            if state in step.source and ahead:
                line.append((state, name, ahead[0]))
                state = ahead[0]
                seen.add(state)
                break
        else:
            return line
