"""An installation that lasts as long as a command: nothing of it is left behind."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from base.clock import Clock
from base.settings import Settings
from cli.context import Parts, Wiring
from cli.demo_data import demo_settings
from models.database import open_database
from models.schema import migrate


@contextmanager
def temporary(given: Wiring, clock: Clock) -> Iterator[Parts]:
    """The parts of an empty installation in a folder of its own, which is deleted at the end.

    No setting of this process reaches it: it mails no server and wakes no worker.
    """
    with tempfile.TemporaryDirectory(prefix="keurmerk-") as folder:
        # Nothing is left behind that would have to survive a power cut.
        quick = Settings.model_construct(sqlite_synchronous="NORMAL")
        settings = demo_settings(quick, Path(folder))
        database = open_database(settings.database)
        migrate(database)
        database.dispose()
        with given.open(settings, clock) as parts:
            yield parts
