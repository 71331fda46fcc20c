"""Moving the demo's clock: what is due on the way is carried out at its own moment, in order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from base.clock import Clock, ShiftedClock
from notifications.delivery import Post, deliver
from workflows.engine import Engine
from workflows.sweep import next_due, prepare, sweep


def mover(engine: Engine, post: Post, clock: Clock) -> Callable[[datetime], tuple[int, int]] | None:
    """What moves ``clock``; None for one that cannot be moved.

    What it gives back moves the clock forward to an instant, stops at every moment at which
    something is due, carries it out and delivers, and gives how many timers were carried out and
    how many mails went out. The jobs of the ticker wait meanwhile, and it waits for them.
    """
    if not isinstance(clock, ShiftedClock):
        return None

    def move(goal: datetime) -> tuple[int, int]:
        done = sent = 0
        with clock.still():
            while (due := next_due(engine.database)) is not None and due <= goal:
                clock.move_to(max(due, clock.now()))
                prepare(engine)
                done += sweep(engine)
                sent += deliver(post)
            clock.move_to(max(goal, clock.now()))
            # What a step has just written is held for the time in which it can be taken back.
            clock.move_to(clock.now() + engine.tools.grace)
            sent += deliver(post)
        return done, sent

    return move
