"""The form of a case, to be filled in: one section a page, saved step by step.

One request saves all of a section: texts, answers, links and files, and takes evidence away; so
nothing that was typed is lost by adding a file. Without JavaScript the page comes back; a script
saves the same way by itself and reads the answer as JSON (web/static/form.js).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from base.errors import BadInput, KeurmerkError, NotFound, NotPossible, Problem
from base.i18n import N_, say, translate
from web.context import Context, Here
from web.language import Language
from web.pages.form_shown import Fill, filled
from web.pages.rendering import page
from web.pages.sending import Form, Sent
from web.problems import as_dict
from web.signing_in import Perhaps, Reader, Someone
from workflows.answers import add_file, add_link, remove_evidence, save_answers
from workflows.form import fields as fields_of_form
from workflows.overtaken import UNANSWERED, Overtaken, Saved

router = APIRouter()

#: Fields of the page: the answer to a field of the form, its version, a link, a file, a choice.
ANSWER, SEEN, LINK, FILE, KEEP = "answer.", "seen.", "link.", "file.", "keep."
#: The fields of which two texts are shown, to choose one.
CHOOSING = "choosing"
#: The parts of the page that were answered: boxes without a tick are not sent.
ASKED = "asked"

CHOOSE_ONE = N_("“{title}”: choose which of the two texts stays.")


@router.get("/cases/{case_id}/form")
def begin(context: Here, reader: Reader, language: Language, case_id: str) -> Response:
    """Go to the first section that lacks something."""
    form = filled(context, reader, case_id, language)
    section = next((one for one in form.sections if one.missing), form.sections[0])
    there = section.section if not form.is_complete else "preview"
    return RedirectResponse(f"/cases/{case_id}/form/{there}", status_code=303)


@router.get("/cases/{case_id}/form/{section}")
def show(
    request: Request, context: Here, reader: Reader, language: Language, case_id: str, section: str
) -> HTMLResponse:
    """One section, with what was answered so far."""
    return _page(request, filled(context, reader, case_id, language), section)


@router.post("/cases/{case_id}/form/{section}")
def save(
    request: Request, context: Here, person: Perhaps, language: Language, case_id: str,
    section: str, sent: Form,
) -> Response:  # fmt: skip
    """Save a section; what cannot be saved comes back with the reason, and everything typed."""
    by_script = "application/json" in request.headers.get("accept", "")
    if person is None:
        return _signed_out(request, sent, language, by_script=by_script)
    try:
        return _saved(request, context, person, language, case_id, section, sent, by_script)
    except KeurmerkError as error:
        if isinstance(error, NotPossible) and not by_script:
            return _closed(request, sent, error, case_id, language)
        if not by_script or error.status >= 500:
            raise
        return JSONResponse({"error": as_dict(error, language)}, status_code=error.status)


def _saved(
    request: Request, context: Context, person: Someone, language: str, case_id: str,
    section: str, sent: Sent, by_script: bool,
) -> Response:  # fmt: skip
    form = filled(context, person, case_id, language)
    if section not in {one.section for one in form.sections}:
        raise NotFound(N_("There is nothing at this address."))
    done = _Saving(context, person, case_id, section, form, sent)
    done.carry_out()
    if by_script:
        return JSONResponse(done.as_json(filled(context, person, case_id, language), language))
    if done.problems or done.overtaken:
        again = filled(context, person, case_id, language)
        return _page(request, again, section, done=done, status=422 if done.problems else 409)
    return RedirectResponse(_next(case_id, section, form, sent), status_code=303)


class _Saving:
    """One saving of a section, and what became of it."""

    def __init__(
        self, context: Context, person: Someone, case_id: str, section: str, form: Fill, sent: Sent
    ) -> None:
        self._context, self._person, self._case_id = context, person, case_id
        self.sent = sent
        self.asked = [key for key in sent.all(ASKED) if key.startswith(f"{section}.")]
        self._titles = {key: field.title for key, _section, field in fields_of_form(form.process)}
        #: What is wrong, by field.
        self.problems: dict[str, Problem | KeurmerkError] = {}
        self.overtaken: dict[str, Overtaken] = {}
        self.saved: Saved | None = None

    def carry_out(self) -> None:
        """Save the answers, then take away and add what was asked."""
        self._answers()
        for evidence_id in self.sent.all("remove"):
            self._try("remove", lambda id_=evidence_id: self._evidence(remove_evidence, id_))
        for key, url in self.sent.under(LINK).items():
            if url.strip():
                self._try(key, lambda key=key, url=url: self._evidence(add_link, key, url))
        for file in self.sent.files:
            key = file.field.removeprefix(FILE)
            self._try(key, lambda key=key, file=file: self._file(key, file.name, file.content))

    def _answers(self) -> None:
        answers = {key: self.sent.get(ANSWER + key) or None for key in self.asked}
        seen = self.sent.under(SEEN)
        for key in self.sent.all(CHOOSING):
            keep = self.sent.get(KEEP + key)
            if keep == "theirs":
                answers.pop(key, None)
            elif keep != "mine" and key in answers:
                self.problems[key] = Problem(
                    where=key, message=CHOOSE_ONE, values={"title": self._titles.get(key, key)}
                )
                seen[key] = UNANSWERED  # not chosen yet: both are shown again
        while answers and self.saved is None:
            try:
                self.saved = save_answers(
                    self._context.database, self._context.tools, self._case_id, answers,
                    self._person.id, seen, partly=True,
                )  # fmt: skip
            except BadInput as wrong:
                # The others are saved all the same: a text that is too long costs no other one.
                found = {one.where: one for one in wrong.problems}
                if not found.keys() & answers.keys():
                    raise
                self.problems |= found
                answers = {key: value for key, value in answers.items() if key not in found}
        if self.saved:
            self.overtaken = {one.field: one for one in self.saved.overtaken}

    def _try(self, key: str, act: Any) -> None:
        try:
            act()
        except (BadInput, NotFound) as wrong:
            self.problems[key] = wrong

    def _evidence(self, act: Any, *given: str) -> None:
        act(self._context.database, self._context.tools, self._case_id, *given, self._person.id)

    def _file(self, key: str, name: str, content: bytes) -> None:
        context = self._context
        add_file(
            context.database, context.tools, context.files, self._case_id, key, name, content,
            self._person.id,
        )  # fmt: skip

    def typed(self) -> Mapping[str, str]:
        """What was typed, by field: shown again where it was not saved."""
        return {
            key: self.sent.get(ANSWER + key)
            for key in self.asked
            if key in self.problems or key in self.overtaken
        }

    def as_json(self, form: Fill, language: str) -> dict[str, Any]:
        """What became of it, for the script."""
        at = self.saved.at.astimezone(ZoneInfo(form.zone)) if self.saved else None
        return {
            "saved_at": f"{at:%H:%M}" if at else None,
            "versions": dict(self.saved.versions) if self.saved else {},
            "problems": {key: one.say(language) for key, one in self.problems.items()},
            "overtaken": {
                key: translate(
                    N_("{who} has changed “{title}” meanwhile. Your text is not saved; press "
                       "“Save” to see both and choose."),
                    language, who=one.who, title=say(self._titles[key], language),
                )
                for key, one in self.overtaken.items()
            },
            "missing": {one.section: one.missing for one in form.sections},
        }  # fmt: skip


def _next(case_id: str, section: str, form: Fill, sent: Sent) -> str:
    """Where saving leads: the next section, or where it was asked to stay."""
    names = [one.section for one in form.sections]
    stay = not sent.get("go")
    following = names[names.index(section) + 1 :]
    there = section if stay else (following[0] if following else "preview")
    return f"/cases/{case_id}/form/{there}{'?saved=yes' if stay else ''}"


def _page(
    request: Request, form: Fill, section: str, *, done: _Saving | None = None, status: int = 200
) -> HTMLResponse:
    shown = next((one for one in form.sections if one.section == section), None)
    if shown is None:
        raise NotFound(N_("There is nothing at this address."))
    language = form.language
    errors = {key: one.say(language) for key, one in done.problems.items()} if done else {}
    overtaken = done.overtaken if done else {}
    asked = done.asked if done else []
    summary = {(ANSWER if key in asked else "") + key: errors[key] for key in errors}
    summary |= {
        key: translate(
            N_("{who} has changed this meanwhile. Choose which of the two texts stays."),
            language, who=one.who,
        )
        for key, one in overtaken.items()
    }  # fmt: skip
    return page(
        request, "form.html", status=status, form=form, section=shown, errors=errors,
        typed=done.typed() if done else {}, overtaken=overtaken, summary=summary,
        links=done.sent.under(LINK) if done and errors else {},
        saved=request.query_params.get("saved") == "yes",
        place=form.sections.index(shown),
    )  # fmt: skip


def _signed_out(request: Request, sent: Sent, language: str, *, by_script: bool) -> Response:
    """Whoever is no longer signed in gets what she typed back: nothing of the case is shown."""
    message = translate(
        N_("You are no longer signed in, so this was not saved. What you typed is below."), language
    )
    if by_script:
        told = {"error": {"code": "not_signed_in", "message": message}}
        return JSONResponse(told, status_code=401)
    return page(
        request, "typed.html", status=401, message=message, typed=_typed(sent), case_id=None,
        then=request.url.path,
    )  # fmt: skip


def _closed(
    request: Request, sent: Sent, error: NotPossible, case_id: str, language: str
) -> Response:
    """Whoever was still writing when the form was sent in gets what she typed back, too."""
    return page(
        request, "typed.html", status=error.status, message=error.say(language),
        typed=_typed(sent), case_id=case_id, then="",
    )  # fmt: skip


def _typed(sent: Sent) -> list[str]:
    return [text for text in sent.under(ANSWER).values() if text and text not in ("yes", "no")]
