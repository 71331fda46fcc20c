"""The JSON API under ``/api/v1``: one file per kind of thing."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from web.api import (
    access,
    cases,
    comments,
    decisions,
    definitions,
    digisnap,
    drafts,
    evidence,
    forms,
    health,
    messages,
    overview,
    papers,
    queue,
    rights,
    steps,
    survey_results,
    surveys,
)
from web.api.sent import check_address

router = APIRouter(prefix="/api/v1", dependencies=[Depends(check_address)])
for part in (
    rights, cases, forms, evidence, steps, queue, overview, comments, decisions, messages,
    definitions, drafts, papers, access, digisnap, surveys, survey_results,
):  # fmt: skip
    router.include_router(part.router)

health_router = health.router
