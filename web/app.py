"""The web application, put together."""

from __future__ import annotations

from fastapi import FastAPI

from web.api import health_router
from web.api import router as api
from web.context import Context
from web.pages import answering, set_up_pages
from web.problems import handle_errors
from web.security import secure

VERSION = "1"


def create_app(context: Context) -> FastAPI:
    """The application of an installation."""
    app = FastAPI(
        title="Keurmerk", version=VERSION, openapi_url="/api/v1/openapi.json",
        docs_url=None, redoc_url=None,
    )  # fmt: skip
    app.state.context = context
    handle_errors(app)
    secure(app, context)
    # Participants come first: a whole school answers at one time, and each route before costs.
    app.router.routes.extend(answering.ROUTES)
    app.include_router(api)
    app.include_router(health_router)
    set_up_pages(app)
    return app
