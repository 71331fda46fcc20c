"""The JSON API under ``/api/v1``: one file per kind of thing."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from web.api import (
    cases,
    decisions,
    definitions,
    evidence,
    forms,
    health,
    messages,
    papers,
    steps,
    surveys,
)
from web.api.sent import check_address

router = APIRouter(prefix="/api/v1", dependencies=[Depends(check_address)])
for part in (
    cases, forms, evidence, steps, decisions, messages, definitions, papers, surveys,
):  # fmt: skip
    router.include_router(part.router)

health_router = health.router
