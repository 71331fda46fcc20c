"""The clock that ticks: APScheduler runs a few jobs at an interval and remembers nothing.

What is due stands in the database. A tick that was missed is made up for by the next one.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.exc import DBAPIError

from base.clock import Clock
from base.ids import new_id
from models.database import is_away

log = structlog.get_logger("keurmerk.ticker")


def attempt(name: str, job: Callable[[], Any]) -> bool:
    """Carry out ``job``; gives whether it ended well. A fault is logged, and goes no further."""
    try:
        job()
    except Exception as error:
        if isinstance(error, DBAPIError) and is_away(error):
            log.warning("database away", job=name, trouble=str(error.orig))
        else:
            log.exception("job failed", job=name, reference=new_id(), error=type(error).__name__)
        return False
    return True


class Ticker:
    """Runs jobs again and again, each by itself: one that fails or lags holds up no other."""

    def __init__(self, clock: Clock) -> None:
        """Prepare; nothing ticks before :meth:`start`.

        Arguments:
            clock: tells when a job last ended, for :attr:`last`.
        """
        self._clock = clock
        # That a job still runs at its next tick is no news.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(8)},
            # Late runs are run, many missed ones become one, and none runs beside itself.
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        #: When each job last ended well.
        self.last: dict[str, datetime] = {}
        #: Set when the ticker ends: a long job looks at it between its batches.
        self.ending = threading.Event()

    def every(self, seconds: float, name: str, job: Callable[[], Any]) -> None:
        """Run ``job`` every ``seconds``, and once at the start."""

        def run() -> None:
            if attempt(name, job):
                self.last[name] = self._clock.now()

        self._scheduler.add_job(run, "interval", seconds=seconds, id=name)

    def start(self) -> None:
        """Begin; every job runs at once for the first time."""
        self._scheduler.start()
        for job in self._scheduler.get_jobs():
            self.wake(job.id)

    def wake(self, name: str) -> None:
        """Run a job now rather than at its next tick."""
        job = self._scheduler.get_job(name)
        if job is not None and self._scheduler.running:
            job.modify(next_run_time=datetime.now(UTC))  # noqa: TID251 - APScheduler's own

    def stop(self) -> None:
        """End; a job that is running is waited for until it is at the end of a batch."""
        self.ending.set()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)
