"""The pages, rendered on the server: they need no JavaScript and load nothing from elsewhere."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import fontpkg_source_sans_3
from fastapi import FastAPI
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
from web.pages.participant_rendering import error_page_of

_STATIC = Path(__file__).resolve().parent.parent / "static"


def set_up_pages(app: FastAPI) -> None:
    """Add every page, the theme, and the page that errors are shown on."""
    bootstrap = str(files("bootstrap") / "css")
    fonts = str(Path(fontpkg_source_sans_3.ROOT) / "files")
    app.mount("/static/bootstrap", StaticFiles(directory=bootstrap), name="bootstrap")
    app.mount("/static/fonts", StaticFiles(directory=fonts), name="fonts")
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    app.state.error_page = error_page_of
    for module in (
        start, sign_in, sign_in_mail, sign_in_passkey, sign_in_provider, account, accesses,
        processes, applications, apply, several, queue, overview, cases, steps, submitting, form,
        labels, badges, calendar, notices, preferences, rights_steps, rights, digisnap, rules,
        versions, drafts, mailbox, clock, api_reference, links, survey_statistics, survey_reports,
        surveys, survey_setup, well_known,
    ):  # fmt: skip
        app.include_router(module.router, include_in_schema=False)
