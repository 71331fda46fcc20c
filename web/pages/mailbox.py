"""The mailbox: waiting, sent and failed mails of one's area, each as its reader sees it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import func, or_, select

from base.errors import KeurmerkError, NotFound
from base.i18n import N_, say, translate
from models.cases import Case
from models.database import reading
from models.messages import Mail
from models.reads import rows_of
from web.api.lines import behind, cursor
from web.context import Context, Here
from web.language import Language
from web.mailbox import MailReader, mail_reader, send_again, visible_mail
from web.pages.rendering import page
from web.problems import NO_PAGE
from web.received import pieces, received
from web.signing_in import Reader
from workflows import mailbox
from workflows.subjects import name_of, named_cases

router = APIRouter()

_mail = Mail.__table__  # type: ignore[attr-defined]
_case = Case.__table__  # type: ignore[attr-defined]

#: Mails a page.
SHOWN = 50
STATUS = {
    "waiting": N_("waiting"),
    "sent": N_("sent"),
    "failed": N_("failed"),
    "withdrawn": N_("withdrawn"),
}
SIGN = {"waiting": "…", "sent": "✓", "failed": "✗", "withdrawn": "–"}
#: A mail in its frame may show itself and nothing else.
FRAMED = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'"

_FAULT = re.compile(r"fault of ours, (\S+) in the log")
_CODE = re.compile(r"\b([245])\d\d\b")


@router.get("/mailbox")
def overview(
    request: Request, context: Here, reader: Reader, language: Language,
    status: Annotated[str, Query(max_length=10)] = "",
    process: Annotated[str, Query(max_length=60)] = "",
    case: Annotated[str, Query(max_length=36)] = "", q: Annotated[str, Query(max_length=100)] = "",
    after: Annotated[str, Query(max_length=60)] = "",
) -> Response:  # fmt: skip
    """Mails, the newest first, a page at a time; filters stand in the address.

    Arguments:
        case: only of this case.
        q: part of a name, an address or a subject.
    """
    filters = {"status": status, "process": process, "case": case, "q": q}
    query = select(_mail).order_by(_mail.c.id.desc()).limit(SHOWN + 1)
    with reading(context.database) as connection:
        whose = mail_reader(connection, context, reader.id)
        query = query.where(whose.seen())
        if status:
            query = query.where(_mail.c.status == status)
        if process:
            query = query.where(_mail.c.process == process)
        if case:
            query = query.where(_mail.c.case_id == case)
        if q:
            parts = (_mail.c.to_name, _mail.c.to_address, _mail.c.subject)
            query = query.where(or_(*(part.icontains(q, autoescape=True) for part in parts)))
        if last := behind(after):
            query = query.where(_mail.c.id < last)
        rows = rows_of(connection.execute(query))
        names = _names(connection, rows)
        day = context.tools.clock.now().date()
        titles = {
            one.process.process: say(one.process.title, language)
            for one in context.tools.library.all_in_force(connection, day)
        }
    more = len(rows) > SHOWN
    rows = rows[:SHOWN]
    following = {name: value for name, value in filters.items() if value}
    if more:
        following["after"] = cursor(rows[-1]["id"])
    return page(
        request, "mailbox.html", mails=rows, filters=filters, names=names, titles=titles,
        status_words=STATUS, signs=SIGN, staff=whose.is_staff,
        next=f"?{urlencode(following)}" if more else None,
    )  # fmt: skip


@router.get("/mailbox/{mail_id}")
def mail(
    request: Request, context: Here, reader: Reader, language: Language, mail_id: str,
    shown: Annotated[str, Query(max_length=2)] = "",
) -> Response:  # fmt: skip
    """One mail: its state, its tries, and how it reads in each language.

    Arguments:
        shown: the language it is shown in; its own if left out.
    """
    return _mail_page(request, context, reader.id, language, mail_id, shown)


@router.post("/mailbox/{mail_id}")
def again(
    request: Request, context: Here, reader: Reader, language: Language, mail_id: str
) -> Response:
    """Send it again."""
    try:
        made = send_again(context, reader.id, mail_id)
    except KeurmerkError as error:
        if error.status == 404:
            raise
        return _mail_page(
            request, context, reader.id, language, mail_id, "", problem=error.say(language),
            status=error.status,
        )  # fmt: skip
    return RedirectResponse(f"/mailbox/{made}", status_code=303)


@router.get("/mailbox/{mail_id}/html")
def as_html(
    context: Here, reader: Reader, mail_id: str,
    shown: Annotated[str, Query(max_length=2)] = "",
) -> Response:  # fmt: skip
    """The mail's HTML for the frame on its page: no scripts, nothing from elsewhere."""
    _whose, row, has_words = _read(context, reader.id, mail_id)
    if not has_words:
        raise NotFound(NO_PAGE)
    chosen = _chosen(context, row, shown)
    html = mailbox.preview(context.templates, row, chosen).html
    return HTMLResponse(html, headers={"Content-Security-Policy": FRAMED})


@router.get("/demo/mails")
def demo_mails(
    request: Request, context: Here, address: Annotated[str, Query(max_length=254)] = ""
) -> Response:
    """In the demo: what each of its people received."""
    if not context.demo:
        raise NotFound(NO_PAGE)
    count = func.count()
    with reading(context.database) as connection:
        people = connection.execute(
            select(_mail.c.person_id, _mail.c.to_name, _mail.c.to_address, count.label("count"))
            .where(_mail.c.status != "withdrawn")
            .group_by(_mail.c.person_id, _mail.c.to_name, _mail.c.to_address)
            .order_by(_mail.c.to_name, _mail.c.to_address)
        ).all()
        query = select(_mail).where(_mail.c.status != "withdrawn", _mail.c.to_address == address)
        rows = connection.execute(query.order_by(_mail.c.id.desc()).limit(SHOWN)).mappings().all()
    mails = []
    for row in rows:
        words = mailbox.preview(context.templates, dict(row), row["language"])
        text = received(context, row["id"]) or words.text
        mails.append((row, words.subject, list(pieces(context, text))))
    return page(
        request, "demo_mails.html", people=people, address=address, mails=mails,
        status_words=STATUS, signs=SIGN,
    )  # fmt: skip


def _read(
    context: Context, person_id: str, mail_id: str
) -> tuple[MailReader, dict[str, Any], bool]:
    with reading(context.database) as connection:
        whose = mail_reader(connection, context, person_id)
        row = visible_mail(connection, whose, mail_id)
        hers = row["person_id"] == person_id or mailbox.has_words(connection, row)
    return whose, row, hers


def _chosen(context: Context, row: Mapping[str, Any], shown: str) -> str:
    offered = mailbox.languages_of(context.templates, row)
    return shown if shown in offered else str(row["language"])


def _mail_page(
    request: Request, context: Context, person_id: str, language: str, mail_id: str, shown: str,
    *, problem: str = "", status: int = 200,
) -> Response:  # fmt: skip
    whose, row, has_words = _read(context, person_id, mail_id)
    chosen = _chosen(context, row, shown)
    words = mailbox.preview(context.templates, row, chosen) if has_words else None
    with reading(context.database) as connection:
        names = _names(connection, [row])
    return page(
        request, "mail.html", status=status, mail=row, words=words, chosen=chosen,
        offered=mailbox.languages_of(context.templates, row) if has_words else [],
        case_name=names.get(row["case_id"], ""), trouble=in_words(row["trouble"], language),
        status_words=STATUS, signs=SIGN, problem=problem,
        may_resend=whose.is_staff and has_words and row["status"] in {"sent", "failed"},
    )  # fmt: skip


def _names(connection: Any, rows: list[dict[str, Any]]) -> dict[str, str]:
    ids = {row["case_id"] for row in rows if row["case_id"]}
    if not ids:
        return {}
    query = named_cases().where(_case.c.id.in_(ids))
    return {row["id"]: name_of(row) for row in connection.execute(query).mappings()}


def in_words(trouble: str, language: str) -> str:
    """What a mail server or we ourselves said, in a sentence; empty where there was nothing."""
    if not trouble:
        return ""
    if found := _FAULT.search(trouble):
        return translate(
            N_("A fault of ours; the log has it under {reference}. It is tried again."), language,
            reference=found[1],
        )  # fmt: skip
    sentence = N_("It could not be sent: {trouble}")
    code = _CODE.search(trouble)
    if code and code[1] == "5":
        sentence = N_("The mail server refused it for good: {trouble}")
    elif code and code[1] == "4":
        sentence = N_("The mail server put it off; it is tried again: {trouble}")
    return translate(sentence, language, trouble=trouble)
