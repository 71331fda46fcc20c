"""Simulating a round: people are made up, and act; what came of it is counted."""

from __future__ import annotations

from collections.abc import Callable

from base.clock import VirtualClock
from documents.store import FileStore
from models.database import reading, writing
from workflows.engine import Engine
from workflows.publishing import Published
from workflows.simulation.manners import ANSWER_DAYS, chance
from workflows.simulation.outcome import Outcome, outcome_of
from workflows.simulation.player import Player
from workflows.simulation.season import Season
from workflows.simulation.town import make_town


def simulate(
    engine: Engine, clock: VirtualClock, files: FileStore, published: Published, season: Season,
    *, applicants: int, seed: int, language: str, answer_days: float = ANSWER_DAYS,
    progress: Callable[[int, int], None] | None = None,
) -> Outcome:  # fmt: skip
    """Play a round of a process in an empty database, and say what came of it.

    Arguments:
        clock: that of the engine, at the beginning of the season.
        published: the process, in force there.
        applicants: how many people apply, or would.
        seed: another one makes other people, who act on other days.
        language: of titles in the outcome.
        answer_days: working days in which staff answers, on average.
        progress: is told how many of how many days have passed.
    """
    with writing(engine.database) as connection:
        town = make_town(connection, published.process, season, applicants, chance(seed, "town"))
    player = Player(
        engine, clock, files, published, season, town, seed=seed, answer_days=answer_days
    )
    notes = player.play(progress)
    with reading(engine.database) as connection:
        return outcome_of(connection, published, notes, applicants, clock.now(), language)
