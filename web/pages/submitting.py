"""The whole form before it is sent in, sending it in, and the receipt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from base.errors import BadInput, NotFound, NotMet, Refused
from base.i18n import N_, say
from models.database import reading
from web.api.cases import events
from web.context import Context, Here
from web.language import Language
from web.pages.form_shown import Fill, filled
from web.pages.rendering import page
from web.pages.sending import Form
from web.scope import scope_of, visible_case
from web.signing_in import Reader, Someone
from web.standing import standing_of, submitting
from workflows.definition import Process
from workflows.form import sections

router = APIRouter()


@router.get("/cases/{case_id}/form/preview")
def preview(
    request: Request, context: Here, reader: Reader, language: Language, case_id: str
) -> HTMLResponse:
    """Every answer, and everything that is missing, each with a link to its field."""
    return _page(request, filled(context, reader, case_id, language))


@router.post("/cases/{case_id}/form/preview")
def submit(
    request: Request, context: Here, reader: Reader, language: Language, case_id: str, sent: Form
) -> Response:
    """Send the form in by one of the steps that do."""
    form = filled(context, reader, case_id, language)
    trigger = sent.get("trigger")
    if trigger not in submitting(form.process):
        raise NotFound(N_("There is nothing at this address."))
    try:
        taken = context.engine.fire(case_id, trigger, reader.id, {}, sent.number("version"))
    except (Refused, BadInput) as refused:
        if not _still_filling(context, reader, case_id, language):
            raise
        return _page(request, filled(context, reader, case_id, language), refused)
    there = f"/cases/{case_id}/receipts/{taken.event['sequence']}"
    return RedirectResponse(there, status_code=303)


@router.get("/cases/{case_id}/receipts/{sequence}")
def receipt(
    request: Request, context: Here, reader: Reader, language: Language, case_id: str,
    sequence: int,
) -> HTMLResponse:  # fmt: skip
    """What was sent in, when, and what happens next."""
    with reading(context.database) as connection:
        scope = scope_of(connection, reader.id, context.tools.clock)
        case = visible_case(connection, scope, case_id)
        history = events(connection, context, scope, case, language)
        event = next((one for one in history if one.sequence == sequence), None)
        if event is None or "form" not in event.payload:
            raise NotFound(N_("There is nothing at this address."))
        standing = standing_of(connection, context, reader, case_id, language)
        process = context.tools.library.release(connection, case["release_id"]).process
    form = event.payload["form"]
    return page(
        request, "receipt.html", standing=standing, event=event,
        answered=len(form["answers"]), count=len(form["evidence"]),
        files=_by_section(process, form["evidence"], language),
    )  # fmt: skip


def _by_section(
    process: Process, evidence: Sequence[Mapping[str, Any]], language: str
) -> list[tuple[str, list[str]]]:
    """The links and files that were sent with each section of the form, by its title."""
    names: dict[str, list[str]] = {}
    for one in evidence:
        names.setdefault(one["field"].partition(".")[0], []).append(one["file_name"] or one["url"])
    known = [(one.section, say(one.title, language)) for one in sections(process)]
    # A section that the process has lost since is called by its name.
    lost = [(name, name) for name in names if name not in dict(known)]
    return [(title, names[name]) for name, title in [*known, *lost] if name in names]


def _still_filling(context: Context, reader: Someone, case_id: str, language: str) -> bool:
    try:
        filled(context, reader, case_id, language)
    except Refused:
        return False
    return True


def _page(request: Request, form: Fill, refused: Refused | BadInput | None = None) -> HTMLResponse:
    language = form.language
    return page(
        request, "form_preview.html", status=refused.status if refused else 200, form=form,
        refusal=refused.say(language) if refused else "",
        told=[one for unmet in refused.findings for one in unmet.findings(language)]
        if isinstance(refused, NotMet) and not form.preview.missing
        else [],
        evidence_keys={
            one.key
            for part in form.sections
            for one in part.fields
            if one.field.type == "evidence"
        },
        asking={name for name, step in form.process.transitions.items() if step.asks},
    )  # fmt: skip
