"""Timing: rounds in which every contender has its turn, so that a busy machine harms all alike."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from time import perf_counter

import psutil

#: Does a turn of work and gives how many seconds of it count.
Turn = Callable[[], float]


def timed(work: Callable[[], object]) -> float:
    """How many seconds ``work`` takes."""
    start = perf_counter()
    work()
    return perf_counter() - start


def rates(turns: Mapping[str, Turn], units: int, rounds: int) -> dict[str, float]:
    """Units a second of each contender: the median of ``rounds`` interleaved rounds.

    Arguments:
        turns: what each contender does in one round, by name.
        units: how many of what is counted one turn does.
        rounds: how often each has its turn; one more, before, is not counted.
    """
    found: dict[str, list[float]] = {name: [] for name in turns}
    for number in range(rounds + 1):
        for name, turn in turns.items():
            taken = turn()
            if number:
                found[name].append(units / taken)
    return {name: statistics.median(values) for name, values in found.items()}


def peak_megabytes() -> float:
    """The most memory this process had so far, in megabytes (10^6 bytes); 0 where unknown."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        line = next(line for line in status if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        return psutil.Process().memory_info().rss / 1e6
    return int(line.split()[1]) * 1024 / 1e6


def forget_peak() -> None:
    """Begin anew to watch memory, where the system lets us."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
