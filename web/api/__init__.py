"""The JSON API under ``/api/v1``: one file per kind of thing."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from web.api import (
    cases,
    decisions,
    definitions,
    digisnap,
    evidence,
    forms,
    health,
    messages,
    papers,
    rights,
    steps,
)
from web.api.sent import check_address

router = APIRouter(prefix="/api/v1", dependencies=[Depends(check_address)])
for part in (
    rights,
    cases,
    forms,
    evidence,
    steps,
    decisions,
    messages,
    definitions,
    papers,
    digisnap,
):
    router.include_router(part.router)

health_router = health.router
