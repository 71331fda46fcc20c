"""The demo service's database: made once, with the first weeks of the round played."""

from __future__ import annotations

from sqlalchemy import func, select

from base.clock import VirtualClock
from base.settings import Settings
from cli.context import Wiring
from cli.demo_data import EVE, begin
from cli.demo_story import Story, first_weeks
from models.database import open_database, reading
from models.registry import Person
from models.schema import migrate

_person = Person.__table__  # type: ignore[attr-defined]


def make_demo(given: Wiring, settings: Settings) -> None:
    """Make the demo's database and play its first weeks, unless that was done before."""
    database = open_database(settings.database)
    migrate(database)
    with reading(database) as connection:
        filled = connection.execute(select(func.count()).select_from(_person)).scalar_one()
    database.dispose()
    if filled:
        return
    clock = VirtualClock(EVE)
    with given.open(settings, clock) as parts:
        begin(parts)
        first_weeks(Story(parts, clock))
