"""What a process does that is killed on its way."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta

from base.clock import VirtualClock
from models.database import open_database
from notifications.carriers import SmtpCarrier
from notifications.delivery import deliver
from notifications.templates import Templates
from rules.judge import Judge
from tests.notifications.conftest import make_post
from workflows.engine import Engine
from workflows.publishing import Library
from workflows.sweep import sweep
from workflows.tools import Tools


def deliver_mails() -> None:
    """Deliver what waits in the database of the first argument to the port of the second."""
    database, port = sys.argv[1], int(sys.argv[2])
    deliver(
        make_post(
            open_database(database), Templates(),
            lambda: SmtpCarrier("127.0.0.1", port, security="none"), 2,
        )
    )  # fmt: skip


def sweep_timers() -> None:
    """Carry out what is due in the database of the first argument at the moment of the second."""
    database, clock = sys.argv[1], VirtualClock(datetime.fromisoformat(sys.argv[2]))
    with Judge() as judge:
        tools = Tools(
            clock=clock, library=Library(), judge=judge, grace=timedelta(seconds=20),
            public_url="https://keurmerk.example",
        )  # fmt: skip
        sweep(Engine(open_database(database), tools), batch=20)
