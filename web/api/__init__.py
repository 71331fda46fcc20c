"""The JSON API under ``/api/v1``: one file per kind of thing."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from web.api import cases, decisions, definitions, evidence, forms, health, messages, papers, steps
from web.api.sent import check_address
from web.api.shapes import ErrorAnswer

router = APIRouter(
    prefix="/api/v1",
    dependencies=[Depends(check_address)],
    responses={
        "4XX": {"model": ErrorAnswer, "description": "Why not, in the reader's language."},
        "5XX": {"model": ErrorAnswer, "description": "Our failure, with a reference."},
    },
)
for part in (cases, forms, evidence, steps, decisions, messages, definitions, papers):
    router.include_router(part.router)

health_router = health.router
