"""Whether the service lives and can work, and its figures."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from base.errors import WrongDatabase
from models.cases import Timer
from models.database import reading
from models.schema import check_version
from web.context import Context, Here
from web.metrics import figures

router = APIRouter(tags=["health"])

_timer = Timer.__table__  # type: ignore[attr-defined]

#: A sweep that catches up after an outage takes its time.
LATE_AFTER = timedelta(minutes=5)


@router.get("/health/live", summary="The process answers")
def live() -> dict[str, str]:
    """Always yes, if anything answers at all."""
    return {"status": "ok"}


class Readiness(BaseModel):
    """Whether requests can be answered."""

    status: str = Field(description="ok, no database or wrong database.")
    clock: str | None = Field(default=None, description="ticking, or late.")
    detail: str | None = Field(default=None, description="What is wrong with the database.")


@router.get(
    "/health/ready", summary="The database can be reached and has the right version",
    response_model=Readiness,
    responses={503: {"model": Readiness, "description": "Requests cannot be answered now."}},
)  # fmt: skip
def ready(context: Here) -> JSONResponse:
    """200 if requests can be answered, else 503 with the reason.

    ``clock`` is ``late`` when something that was due minutes ago has not happened: requests are
    still answered then, so it is told and does not count as not ready.
    """
    try:
        check_version(context.database)
    except WrongDatabase as error:
        return JSONResponse({"status": "wrong database", "detail": str(error)}, 503)
    except SQLAlchemyError:
        return JSONResponse({"status": "no database"}, 503)
    return JSONResponse({"status": "ok", "clock": "late" if is_late(context) else "ticking"})


def is_late(context: Context) -> bool:
    """Whether a timer that never failed has been due for longer than a few sweeps take."""
    patience = max(LATE_AFTER, timedelta(seconds=3 * context.settings.sweep_seconds))
    query = (
        select(_timer.c.id)
        .where(
            _timer.c.done_at.is_(None), _timer.c.failures == 0,
            _timer.c.due_at < context.tools.clock.now() - patience,
        )
        .limit(1)
    )  # fmt: skip
    with reading(context.database) as connection:
        return connection.execute(query).first() is not None


@router.get(
    "/metrics", summary="Figures for Prometheus", response_class=Response,
    responses={200: {"content": {"text/plain": {}}}},
)  # fmt: skip
def metrics(context: Here) -> Response:
    """Cases, mails, timers, refusals and times; no personal data."""
    return Response(figures(context), media_type=CONTENT_TYPE_LATEST)
