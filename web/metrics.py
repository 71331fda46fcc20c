"""Figures for monitoring, in the form Prometheus reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from sqlalchemy import func, select

from models.cases import Case, Timer
from models.database import reading
from models.messages import Mail
from web.context import Context

_case = Case.__table__  # type: ignore[attr-defined]
_timer = Timer.__table__  # type: ignore[attr-defined]
_mail = Mail.__table__  # type: ignore[attr-defined]

#: Of this process; what stands in the database is counted when it is asked for.
_process = CollectorRegistry()
_fires = Histogram("keurmerk_fire_seconds", "Time a trigger took.", ["trigger"], registry=_process)
_refusals = Counter("keurmerk_refusals", "Triggers that were refused.", ["code"], registry=_process)


@contextmanager
def timed_fire(trigger: str) -> Iterator[None]:
    """Measure how long a trigger takes."""
    began = perf_counter()
    try:
        yield
    finally:
        _fires.labels(trigger).observe(perf_counter() - began)


def count_refusal(code: str) -> None:
    """Count a refusal."""
    _refusals.labels(code).inc()


def figures(context: Context) -> bytes:
    """All figures as text."""
    registry = CollectorRegistry()
    cases = Gauge("keurmerk_cases", "Cases.", ["process", "state"], registry=registry)
    mails = Gauge("keurmerk_mails", "Mails of the outbox.", ["status"], registry=registry)
    timers = Gauge("keurmerk_timers_failed", "Timers that were set back.", registry=registry)
    late = Gauge(
        "keurmerk_timer_lag_seconds", "Age of the oldest timer that is due.", registry=registry
    )
    waits = Gauge(
        "keurmerk_mail_lag_seconds", "Age of the oldest mail that is due.", registry=registry
    )
    now = context.tools.clock.now()
    with reading(context.database) as connection:
        for process, state, count in connection.execute(
            select(_case.c.process, _case.c.state, func.count()).group_by(
                _case.c.process, _case.c.state
            )
        ):
            cases.labels(process, state).set(count)
        for status, count in connection.execute(
            select(_mail.c.status, func.count()).group_by(_mail.c.status)
        ):
            mails.labels(status).set(count)
        timers.set(
            connection.execute(
                select(func.count()).select_from(_timer).where(_timer.c.failures > 0)
            ).scalar_one()
        )
        for gauge, oldest in (
            (late, select(_timer.c.due_at).where(_timer.c.done_at.is_(None))
                   .order_by(_timer.c.due_at).limit(1)),
            (waits, select(_mail.c.not_before).where(_mail.c.status == "waiting")
                    .order_by(_mail.c.not_before).limit(1)),
        ):  # fmt: skip
            due = connection.execute(oldest).scalar()
            gauge.set(max(0.0, (now - due).total_seconds()) if due else 0.0)
    return generate_latest(registry) + generate_latest(_process)
