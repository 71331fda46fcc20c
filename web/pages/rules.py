"""The desk of the rule administrator: every file in force, and the drafts on their way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select

from base.errors import BadInput, KeurmerkError, NotFound
from base.i18n import N_, say
from documents.words import area_name
from models.cases import Definition, Release
from models.database import reading
from registry.values import BadValue, area
from rules.country_values import country_values
from rules.round_file import Round
from web import drafting
from web.context import Context, Here
from web.language import Language
from web.pages.rendering import page
from web.signing_in import Reader
from workflows import drafts
from workflows.differences import difference
from workflows.files_in_force import InForce, read_file
from workflows.installed import conflicts, installed_files
from workflows.publishing import File

router = APIRouter()

_definition = Definition.__table__  # type: ignore[attr-defined]
_release = Release.__table__  # type: ignore[attr-defined]

#: What the kinds of file are called.
KINDS = {"process": N_("Processes"), "rule_set": N_("Rules"), "round": N_("Rounds")}
KIND = {"process": N_("process"), "rule_set": N_("rules"), "round": N_("round")}
STATUS = {
    drafts.OPEN: N_("being written"),
    drafts.PROPOSED: N_("proposed"),
    drafts.PUBLISHED: N_("published"),
    drafts.WITHDRAWN: N_("withdrawn"),
}


@dataclass(frozen=True, kw_only=True)
class FileShown:
    """A file in a list."""

    kind: str
    name: str
    title: str
    at_desk: bool
    in_conflict: bool


@router.get("/rules")
def overview(request: Request, context: Here, reader: Reader, language: Language) -> Response:
    """What waits to be published, drafts, and every file in force."""
    with reading(context.database) as connection:
        who = drafting.administrator_of(connection, context, reader.id)
        force = drafting.in_force(connection, context)
        rows = drafts.drafts(connection, who, statuses=(drafts.OPEN, drafts.PROPOSED))
        troubled = {one.file for one in conflicts(connection)}
    files: dict[str, list[FileShown]] = {kind: [] for kind in KINDS}
    installed = installed_files()
    for (kind, name), text in sorted(force.texts.items()):
        title = say(read_file((kind, name), text).title, language)
        files[kind].append(
            FileShown(
                kind=kind, name=name, title=title, at_desk=installed.get((kind, name)) != text,
                in_conflict=(kind, name) in troubled,
            )
        )  # fmt: skip
    return page(
        request, "rules.html", who=who, files=files, kinds=KINDS, kind=KIND,
        proposed=[row for row in rows if row["status"] == drafts.PROPOSED],
        written=[row for row in rows if row["status"] == drafts.OPEN],
    )  # fmt: skip


@router.get("/rules/files/{kind}/{name:path}")
def file(
    request: Request, context: Here, reader: Reader, language: Language, kind: str, name: str,
) -> Response:  # fmt: skip
    """A file in force: its text, its history, and what the installation has brought since."""
    return _file_page(request, context, reader.id, language, drafting.file_of(kind, name))


@router.post("/rules/files/{kind}/{name:path}")
def begin(
    request: Request, context: Here, reader: Reader, language: Language, kind: str, name: str,
    do: Annotated[str, Form(max_length=20)] = "begin",
    of_area: Annotated[str, Form(max_length=20)] = "",
    new_name: Annotated[str, Form(max_length=60)] = "",
) -> Response:  # fmt: skip
    """Begin a draft: of the file, a country's values, a new round, or what was installed."""
    named = drafting.file_of(kind, name)
    try:
        if do == "round":
            made = drafting.begin_round(context, reader.id, named, new_name.strip())
        else:
            where = _area(of_area.strip().upper()) if do == "area" else ""
            made = drafting.begin(
                context, reader.id, named, area=where, installed=do == "installed"
            )
    except (KeurmerkError, BadValue) as error:
        if isinstance(error, BadValue):
            error = BadInput(error.message, **error.values)
        if error.status in {403, 404}:
            raise
        problem = {"new_name" if do == "round" else "of_area": error.say(language)}
        return _file_page(
            request, context, reader.id, language, named, status=422, problems=problem,
            typed={"of_area": of_area, "new_name": new_name},
        )  # fmt: skip
    return RedirectResponse(f"/rules/drafts/{made}", status_code=303)


def _area(text: str) -> str:
    found: str = area(text)
    return found


def _file_page(
    request: Request, context: Context, person_id: str, language: str, named: File,
    *, status: int = 200, problems: dict[str, str] | None = None,
    typed: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    with reading(context.database) as connection:
        who = drafting.administrator_of(connection, context, person_id)
        force = drafting.in_force(connection, context)
        rows = drafts.drafts(connection, who, file=named)
        text = force.texts.get(named)
        if text is None and not rows:
            raise NotFound(N_("There is no such file."))
        troubled = [one for one in conflicts(connection) if one.file == named]
        published = connection.execute(
            select(_definition.c.published_at, _definition.c.author, _definition.c.approver)
            .where(_definition.c.kind == named[0], _definition.c.name == named[1])
            .order_by(_definition.c.published_at.desc())
        ).all()
        coming = connection.execute(
            select(_release.c.process, _release.c.number, _release.c.in_force_from)
            .where(_release.c.in_force_from > force.day, _release.c.process.in_(force.users(named)))
            .order_by(_release.c.in_force_from, _release.c.number)
        ).all()
    content = read_file(named, text) if text else None
    return page(
        request, "rule_file.html", status=status, who=who, file=named, text=text,
        title=say(content.title, language) if content else named[1], kinds=KIND,
        status_words=STATUS, rows=rows, published=published, coming=coming,
        users=[(name, force.releases[name]) for name in force.users(named)],
        conflict=difference(text or "", troubled[0].installed) if troubled else None,
        areas=_areas(force, content, who, language) if isinstance(content, Round) else [],
        problems=problems or {}, typed=typed or {"of_area": "", "new_name": ""},
    )  # fmt: skip


def _areas(force: InForce, call: Round, who: Any, language: str) -> list[tuple[str, str, int, int]]:
    """Areas that have values of their own, or are hers: code, name, own values, open ones."""
    hers = [scope for scope in who.scopes if scope != "*"]
    found = []
    for code in sorted({*call.countries, *hers}):
        if not who.covers(code):
            continue
        values = country_values(force.book, call, code)
        own, unset = sum(bool(one.own) for one in values), sum(one.is_open for one in values)
        found.append((code, area_name(code, language), own, unset))
    return found
