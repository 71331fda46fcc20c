"""The reference of the API, made from its OpenAPI description."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from web.pages.rendering import page

router = APIRouter()


@router.get("/api")
def reference(request: Request) -> HTMLResponse:
    """Every request there is, by kind of thing."""
    described = request.app.openapi()
    kinds: dict[str, list[dict[str, Any]]] = {}
    for path, methods in described["paths"].items():
        for method, what in methods.items():
            kinds.setdefault(what.get("tags", ["health"])[0], []).append(
                {"method": method.upper(), "path": path, **what}
            )
    return page(request, "api.html", kinds=kinds)
