"""``keurmerk`` on a clock that goes on from a given moment, as in a house of its own.

It screens in small bites, so that there is a middle to be killed in.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import service
import workflows.screening
from base.clock import ShiftedClock
from cli.app import run
from cli.context import Wiring
from notifications import delivery
from workflows import sweep

#: Where it runs, this file is there when it is later.
LATER = Path("later")


class Clock(ShiftedClock):
    """The clock of every process in a house."""

    def now(self) -> datetime:
        """The moment, and 18 hours more when it is later."""
        return super().now() + timedelta(hours=LATER.exists() * 18)


def main() -> None:
    """Be ``keurmerk`` with the arguments behind these: the time it began, its moment, a lease."""
    workflows.screening.CHUNK = 20
    since = timedelta(seconds=time.time() - float(sys.argv.pop(1)))
    clock = Clock(datetime.fromisoformat(sys.argv.pop(1)) + since)
    if seconds := float(sys.argv.pop(1)):
        lease = timedelta(seconds=seconds)
        delivery.LEASES = replace(delivery.LEASES, length=lease)
        sweep.LEASES = replace(sweep.LEASES, length=lease)
    run(
        Wiring(
            settings=service.settings_with_logs, app=service.application,
            open=lambda settings, _clock: service.open_parts(settings, clock),
        )
    )  # fmt: skip
