"""The demo service's database: made once, with the first weeks of the round played."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import make_url

from base.clock import VirtualClock
from base.settings import Settings
from cli.context import Wiring
from cli.demo_acts import Story
from cli.demo_data import DIGISNAP, EVE, begin, demo_book
from cli.demo_story import first_weeks
from cli.story_file import story_at
from cli.story_player import Player
from models.database import open_database
from models.schema import migrate


def make_demo(given: Wiring, settings: Settings) -> None:
    """Make the demo's database and play its first weeks, unless that was done before.

    It is made beside its place, and put there when it is whole: whoever interrupts it finds no half
    of a demo the next time.
    """
    place = Path(str(make_url(settings.database).database))
    if place.exists():
        _migrate(settings)
        return
    being_made = place.with_name(f"{place.name}.being-made")
    for name in ("", "-wal", "-shm"):
        being_made.with_name(f"{being_made.name}{name}").unlink(missing_ok=True)
    beside = settings.model_copy(update={"database": f"sqlite:///{being_made}"})
    _migrate(beside)
    clock = VirtualClock(EVE)
    with given.open(beside, clock) as parts:
        begin(parts, book=demo_book())
        first_weeks(Story(parts, clock))
        Player(parts, clock, story_at(DIGISNAP), lambda _line: None).play()
    being_made.replace(place)


def _migrate(settings: Settings) -> None:
    database = open_database(settings.database)
    try:
        migrate(database)
    finally:
        database.dispose()
