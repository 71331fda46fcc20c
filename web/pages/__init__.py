"""The pages, rendered on the server: they need no JavaScript and load nothing from elsewhere."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import fontpkg_source_sans_3
from fastapi import APIRouter
from fastapi.staticfiles import StaticFiles

from web.pages import (
    accesses,
    account,
    api_reference,
    applications,
    apply,
    badges,
    calendar,
    cases,
    clock,
    digisnap,
    drafts,
    form,
    labels,
    links,
    mailbox,
    notices,
    overview,
    preferences,
    processes,
    queue,
    rights,
    rights_steps,
    rules,
    several,
    sign_in,
    sign_in_mail,
    sign_in_passkey,
    sign_in_provider,
    start,
    steps,
    submitting,
    survey_reports,
    survey_setup,
    survey_statistics,
    surveys,
    versions,
    well_known,
)

_STATIC = Path(__file__).resolve().parent.parent / "static"


def _routes() -> APIRouter:
    router = APIRouter()
    bootstrap = str(files("bootstrap") / "css")
    fonts = str(Path(fontpkg_source_sans_3.ROOT) / "files")
    router.mount("/static/bootstrap", StaticFiles(directory=bootstrap), name="bootstrap")
    router.mount("/static/fonts", StaticFiles(directory=fonts), name="fonts")
    router.mount("/static", StaticFiles(directory=_STATIC), name="static")
    for module in (
        start, sign_in, sign_in_mail, sign_in_passkey, sign_in_provider, account, accesses,
        processes, applications, apply, several, queue, overview, cases, steps, submitting, form,
        labels, badges, calendar, notices, preferences, rights_steps, rights, digisnap, rules,
        versions, drafts, mailbox, clock, api_reference, links, survey_statistics, survey_reports,
        surveys, survey_setup, well_known,
    ):  # fmt: skip
        router.include_router(module.router, include_in_schema=False)
    return router


#: Every page, and the theme.
router = _routes()
