"""The web application, put together."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from web.api import health_router
from web.api import router as api
from web.context import Context
from web.pages import answering
from web.pages import router as pages
from web.pages.participant_rendering import error_page_of
from web.problems import handle_errors
from web.security import secure

TITLE, VERSION = "Keurmerk", "1"


def create_app(context: Context) -> FastAPI:
    """The application of an installation."""
    app = FastAPI(
        title=TITLE, version=VERSION, openapi_url="/api/v1/openapi.json",
        docs_url=None, redoc_url=None,
    )  # fmt: skip
    app.state.context = context
    app.state.error_page = error_page_of
    handle_errors(app)
    secure(app, context)
    app.router.routes.extend(_routes())
    app.openapi = _described  # type: ignore[method-assign]
    return app


@lru_cache(maxsize=1)
def _routes() -> list[BaseRoute]:
    """Every route, put together once: what FastAPI works out for each is theirs, and takes long."""
    router = APIRouter()
    # Participants come first: a whole school answers at one time, and each route before costs.
    router.routes.extend(answering.ROUTES)
    for one in (api, health_router, pages):
        router.include_router(one)
    return router.routes


@lru_cache(maxsize=1)
def _described() -> dict[str, Any]:
    """What the routes of the API take and give, as OpenAPI."""
    return get_openapi(title=TITLE, version=VERSION, routes=_routes())
