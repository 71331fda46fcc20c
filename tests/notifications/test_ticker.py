from __future__ import annotations

import threading
import time

from base.clock import SystemClock
from notifications.ticker import Ticker


def test_jobs_run_at_once_and_again_and_one_that_fails_holds_up_no_other() -> None:
    ran = threading.Semaphore(0)

    def fails() -> None:
        raise RuntimeError

    ticker = Ticker(SystemClock())
    ticker.every(3600, "fails", fails)
    ticker.every(0.05, "runs", ran.release)
    ticker.start()
    try:
        assert all(ran.acquire(timeout=5) for _ in range(3))
        deadline = time.monotonic() + 5
        while "runs" not in ticker.last and time.monotonic() < deadline:
            time.sleep(0.01)
    finally:
        ticker.stop()
    assert sorted(ticker.last) == ["runs"]


def test_a_job_is_woken_and_never_runs_beside_itself() -> None:
    running, most, count = [0], [0], threading.Semaphore(0)

    def job() -> None:
        running[0] += 1
        most[0] = max(most[0], running[0])
        time.sleep(0.05)
        running[0] -= 1
        count.release()

    ticker = Ticker(SystemClock())
    ticker.every(3600, "job", job)
    ticker.start()
    try:
        assert count.acquire(timeout=5)
        for _ in range(3):
            ticker.wake("job")
        assert count.acquire(timeout=5)
    finally:
        ticker.stop()
    assert most == [1]
    ticker.wake("job")  # after the end: nothing happens
