"""Whether the service lives and can work, and its figures."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError

from base.errors import WrongDatabase
from models.schema import check_version
from web.context import Here
from web.metrics import figures

router = APIRouter(tags=["health"])


@router.get("/health/live", summary="The process answers")
def live() -> dict[str, str]:
    """Always yes, if anything answers at all."""
    return {"status": "ok"}


@router.get("/health/ready", summary="The database can be reached and has the right version")
def ready(context: Here) -> JSONResponse:
    """200 if it can work, else 503 with the reason."""
    try:
        check_version(context.database)
    except WrongDatabase as error:
        return JSONResponse({"status": "wrong database", "detail": str(error)}, 503)
    except SQLAlchemyError:
        return JSONResponse({"status": "no database"}, 503)
    return JSONResponse({"status": "ok"})


@router.get("/metrics", summary="Figures for Prometheus", response_class=Response)
def metrics(context: Here) -> Response:
    """Cases, mails, timers, refusals and times; no personal data."""
    return Response(figures(context), media_type=CONTENT_TYPE_LATEST)
