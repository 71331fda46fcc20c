"""A draft: its text or its values, what there is to say of it, and each step to being published."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from base.canonical import sha256
from base.errors import (
    BadDefinition,
    BadInput,
    Conflict,
    KeurmerkError,
    NotAllowed,
    NotPossible,
    Problem,
)
from base.i18n import LANGUAGES, N_
from models.database import reading
from notifications.languages import NAMES, SPOKEN
from rules.book import RuleBook
from rules.country_values import CountryValue, country_values
from rules.editing import Path, Value, changed, read, values_of
from rules.round_file import Round
from web import drafting
from web.context import Context, Here
from web.language import Language
from web.pages.rendering import page
from web.pages.rules import KIND, STATUS
from web.pages.sending import Form
from web.pages.versions import shown_moves
from web.signing_in import Reader
from workflows import drafts
from workflows.differences import difference
from workflows.draft_checks import Checked, check_draft
from workflows.files_in_force import read_file
from workflows.process_file import read_process

router = APIRouter()

STEPS = ("propose", "take_back", "send_back", "withdraw", "publish")
#: What stands before the path of a value in the name of its box.
BOX = "v:"


@dataclass(kw_only=True)
class Typed:
    """What stands in the form: as kept, or as somebody has just written it."""

    version: int
    text: str
    why: str
    first_day: str
    remark: str = ""
    gaps_known: bool = False
    #: Values by path or name, where the form shows values.
    values: dict[str, str] = field(default_factory=dict)


@router.get("/rules/drafts/{draft_id}")
def draft(
    request: Request, context: Here, reader: Reader, draft_id: str, view: str = "text"
) -> Response:
    """A draft, with everything there is to say of it.

    Arguments:
        view: ``text``, or ``form`` for its values one by one.
    """
    return _shown(request, context, reader.id, draft_id, view=view)


@router.post("/rules/drafts/{draft_id}")
def change(
    request: Request, context: Here, reader: Reader, language: Language, sent: Form,
    draft_id: str, view: str = "text",
) -> Response:  # fmt: skip
    """Check, save, or take a step; what was typed is kept where something is wrong."""
    typed = Typed(
        version=sent.number("version") or 0,
        text=sent.get("text", "").replace("\r\n", "\n"), why=sent.get("why", "").strip(),
        first_day=sent.get("first_day", "").strip(), remark=sent.get("remark", "").strip(),
        gaps_known="gaps_known" in sent.fields,
        values={
            path: value.replace("\r\n", "\n") for path, value in sent.under(BOX).items()
        },
    )  # fmt: skip
    do = sent.get("do", "check")
    problems: dict[str, str] = {}
    status = 200
    try:
        _carry_out(context, reader.id, draft_id, do, typed, has_text="text" in sent.fields)
    except KeurmerkError as error:
        if error.status == 404 or (isinstance(error, NotAllowed) and not _hers(error)):
            raise
        problems, status = _problems(error, do, language), error.status
    if do == "check" or problems:
        return _shown(
            request, context, reader.id, draft_id, view=view, typed=typed,
            problems=problems, status=status,
        )  # fmt: skip
    target = f"/rules/drafts/{draft_id}" + ("?view=form" if view == "form" else "")
    return RedirectResponse(target, status_code=303)


@router.get("/rules/drafts/{draft_id}/impact")
def impact(
    request: Request, context: Here, reader: Reader, language: Language, draft_id: str,
    against: str = "",
) -> Response:  # fmt: skip
    """What the draft would do to the cases there are."""
    with reading(context.database) as connection:
        who = drafting.administrator_of(connection, context, reader.id)
        row = drafts.read_draft(connection, who, draft_id)
    if row["kind"] == "process":
        moved = drafting.process_impact_of(context, reader.id, draft_id, against or None, language)
        return page(
            request, "process_impact.html", row=row, gone=moved.gone, against=against,
            most=drafting.MOVES_COUNTED, gone_kinds=GONE, **shown_moves(moved.moves, language),
        )  # fmt: skip
    found = drafting.impact_of(context, reader.id, draft_id, against or None)
    return page(request, "impact.html", row=row, impact=found, against=against, outcomes=OUTCOMES)


OUTCOMES = {
    "met": N_("met"),
    "unmet": N_("not met"),
    "undetermined": N_("cannot be told"),
    "does_not_apply": N_("does not apply"),
    "": N_("does not apply"),
}


#: What is gone of a process file.
GONE = {"state": N_("state"), "step": N_("step"), "timer": N_("what happens by itself")}


def _hers(error: NotAllowed) -> bool:
    """Whether a refusal is about this step alone, and can be told beside the form."""
    return error.message != drafting.NOT_AN_ADMINISTRATOR


def _carry_out(
    context: Context, person_id: str, draft_id: str, do: str, typed: Typed, *, has_text: bool
) -> None:
    with reading(context.database) as connection:
        who = drafting.administrator_of(connection, context, person_id)
        row = drafts.read_draft(connection, who, draft_id)
    if row["status"] == drafts.OPEN and not row["area"]:
        typed.text = _with_boxes(row, typed) if not has_text else typed.text
    if do in {"save", "propose", "update"} and row["status"] == drafts.OPEN:
        same = typed.text == row["text"] and typed.why == row["why"] and not typed.values
        if not same or do == "update":
            drafting.save(
                context, person_id, draft_id, typed.version, why=typed.why,
                text=None if row["area"] else typed.text, values=typed.values,
                up_to_date=do == "update",
            )  # fmt: skip
            typed.version += 1
    if do in STEPS:
        drafting.step(
            context, person_id, draft_id, typed.version, do, first_day=_day(typed.first_day),
            gaps_known=typed.gaps_known, remark=typed.remark,
        )  # fmt: skip


def _with_boxes(row: drafts.Row, typed: Typed) -> str:
    """The text of a draft with what was written in the boxes of its form.

    Raises:
        BadInput: a value is none of its kind; all such are named.
    """
    known = {one.path: one for one in _values(row)}
    changes: dict[Path, Any] = {}
    problems: list[Problem] = []
    for path, words in typed.values.items():
        one = known.get(path)
        if one is None or words == one.value:
            continue
        try:
            parts = tuple(int(part) if part.isdigit() else part for part in path.split("/"))
            changes[parts] = read(words, one.kind, path)
        except BadInput as error:
            problems.extend(error.problems)
    if problems:
        raise BadInput(N_("Some values cannot be used."), problems)
    return changed(row["text"], changes) if changes else str(row["text"])


def _values(row: drafts.Row) -> list[Value]:
    file = row["kind"], row["name"]

    try:
        if file[0] == "process":
            return values_of(read_process(row["text"], f"{file[1]}.yaml")[1])
        book = RuleBook()
        return values_of(book.located(book.add(row["text"], f"{file[1]}.yaml").name))
    except BadDefinition:
        return []


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(N_("Write the first day as 2023-01-31.")) from None


def _problems(error: KeurmerkError, do: str, language: str) -> dict[str, str]:
    """What is wrong, by the id of the box it is about."""
    if isinstance(error, BadInput) and error.problems:
        return {
            ("remark" if one.where == "remark" else BOX + one.where): one.say(language)
            for one in error.problems
        }
    if isinstance(error, BadDefinition):
        return {"remarks": error.say(language)}
    if isinstance(error, Conflict | NotPossible | NotAllowed):
        return {"steps": error.say(language)}
    words = error.say(language)
    if do != "propose":
        return {"steps": words}
    place = {
        N_("Say what you change, and why: those who read the history want to know."): "why",
        N_("Texts are missing in some languages. Add them, or say that you know."): "gaps_known",
        N_("Nothing is changed: this is the text in force."): "steps",
    }
    return {place.get(error.message, "first_day"): words}


def _shown(
    request: Request, context: Context, person_id: str, draft_id: str, *,
    view: str, typed: Typed | None = None, problems: dict[str, str] | None = None,
    status: int = 200,
) -> Response:  # fmt: skip
    today = context.tools.clock.now().date()
    with reading(context.database) as connection:
        who = drafting.administrator_of(connection, context, person_id)
        row = drafts.read_draft(connection, who, draft_id)
        force = drafting.in_force(connection, context, max(row["first_day"] or today, today))
    file = row["kind"], row["name"]
    first_day = row["first_day"] or today
    typed = typed or Typed(
        version=row["version"], text=row["text"], why=row["why"], first_day=first_day.isoformat()
    )
    text = row["text"] if row["area"] or not typed.text else typed.text
    current = force.texts.get(file, "")
    checked = check_draft(file, text, force.book, context.templates)
    moved = row["status"] in {drafts.OPEN, drafts.PROPOSED} and row["base_sha256"] != (
        sha256(current) if current else ""
    )
    mine = person_id in {row["proposed_by"], *row["written_by"]}
    shown: dict[str, Any] = {"countries": [], "boxes": []}
    if row["area"]:
        shown["countries"] = _country_boxes(force.book, read_file(file, row["text"]), row["area"])
    elif view == "form" and row["status"] == drafts.OPEN:
        shown["boxes"] = _boxes(row, checked)
    return page(
        request, "draft.html", status=status, row=row, typed=typed, text=text, checked=checked,
        problems=problems or {}, kinds=KIND, status_words=STATUS, mine=mine, moved=moved,
        view=view, difference=difference(current, text), outcomes=OUTCOMES, today=today,
        lines=text.splitlines(), users=force.users(file), box=BOX, spoken=sorted(SPOKEN), **shown,
    )  # fmt: skip


def _country_boxes(book: RuleBook, call: object, area: str) -> list[CountryValue]:
    values = country_values(book, call, area) if isinstance(call, Round) else []
    # First what nobody has set: that is what the country is asked for.
    return sorted(values, key=lambda one: not one.is_open)


def _boxes(row: drafts.Row, checked: Checked) -> list[tuple[str, list[tuple[str, Value]]]]:
    """The values of a file, by its parts: title of the part, and label and value of each box.

    Keys stand as in the file, so that form and text are one; languages are named.
    """
    parts: dict[str, list[tuple[str, Value]]] = {}
    data = checked.located.data if checked.located else {}
    for one in _values(row):
        names, node = [], data
        for step in one.path.split("/"):
            node = node[int(step)] if isinstance(node, list) else node[step]
            called = _called(node)
            names.append(str(called or step) if step.isdigit() else step)
        if names[-1] in LANGUAGES and len(names) > 1:
            names[-1] = NAMES[names[-1]].capitalize()
        head = names[0] if len(names) < 3 else " · ".join(names[:2])
        label = " · ".join(names[1:] if len(names) < 3 else names[2:]) or names[0]
        parts.setdefault(head, []).append((label, one))
    return list(parts.items())


def _called(node: Any) -> str | None:
    """What an item of a list is called, where it says so."""
    if not isinstance(node, dict):
        return None
    return next((node[key] for key in ("id", "name", "section") if key in node), None)
