"""The demo's clock: moved in the page, to the next deadline or by a day or a week. Demo only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select

from base.errors import BadInput, NotFound
from base.i18n import N_, colon, say, translate
from documents.words import area_name
from models.cases import Case, Timer
from models.database import reading
from web.context import Context, Here
from web.language import Language
from web.pages.rendering import page
from web.problems import NO_PAGE
from workflows.actors import EVERYWHERE
from workflows.subjects import name_of, named_cases
from workflows.sweep import next_due

router = APIRouter()

_timer = Timer.__table__  # type: ignore[attr-defined]
_case = Case.__table__  # type: ignore[attr-defined]

#: How far the clock is moved by a button.
BY = {"day": timedelta(days=1), "week": timedelta(weeks=1)}
#: What is to come, as the page names it.
NAMED = 12


def _demo(context: Context) -> Callable[[datetime], tuple[int, int]]:
    """What moves the clock.

    Raises:
        NotFound: this is no demo.
    """
    if not context.demo or context.move is None:
        raise NotFound(NO_PAGE)
    return context.move


@router.get("/demo/clock")
def clock(
    request: Request, context: Here, language: Language, done: int | None = None,
    sent: int | None = None,
) -> Response:  # fmt: skip
    """What time it is in the demo, what is due next, and buttons that move there."""
    _demo(context)
    return page(
        request, "clock.html", coming=_coming(context, language), done=done, sent=sent,
        due=next_due(context.database),
    )  # fmt: skip


@router.post("/demo/clock")
def move(context: Here, to: Annotated[str, Form(max_length=10)]) -> Response:
    """Move the clock forward: to what is ``next``, or by a ``day`` or a ``week``.

    Raises:
        BadInput: it is none of these, or nothing is due.
    """
    carry_on = _demo(context)
    now = context.tools.clock.now()
    goal: datetime | None = next_due(context.database) if to == "next" else None
    if to in BY:
        goal = now + BY[to]
    if goal is None:
        raise BadInput(N_("Nothing is due: the clock can be moved by a day or a week."))
    done, sent = carry_on(max(goal, now))
    return RedirectResponse(f"/demo/clock?done={done}&sent={sent}", status_code=303)


def _coming(context: Context, language: str) -> list[tuple[datetime, str, str, str | None]]:
    """When, what, of whom, and the case's id, for the next timers there are."""
    query = select(_timer).where(_timer.c.done_at.is_(None)).order_by(_timer.c.due_at, _timer.c.id)
    found = []
    with reading(context.database) as connection:
        rows = connection.execute(query.limit(NAMED)).mappings().all()
        ids = [row["case_id"] for row in rows if row["case_id"]]
        cases = {
            row["id"]: dict(row)
            for row in connection.execute(named_cases().where(_case.c.id.in_(ids))).mappings()
        }
        day = context.tools.clock.now().date()
        for row in rows:
            case = cases.get(row["case_id"])
            library = context.tools.library
            published = (
                library.release(connection, case["release_id"]) if case
                else library.in_force(connection, row["process"], day)
            )  # fmt: skip
            process = published.process
            what = say(process.title, language)
            if case is None and row["name"] in process.starts:
                what = f"{what}{colon(language)}{say(process.starts[row['name']].title, language)}"
            elif case and (fires := process.timers[row["name"]].fire):
                what = f"{what}{colon(language)}{say(process.transitions[fires].title, language)}"
            elif case is None and "digest" in row["data"]:
                what = colon(language).join([what, _digest(row["data"]["scope"], language)])
            found.append((row["due_at"], what, name_of(case) if case else "", row["case_id"]))
    return found


def _digest(scope: str, language: str) -> str:
    """The daily mail about what waits, and where it is for."""
    words = translate(N_("the daily mail about what waits"), language)
    return words if scope == EVERYWHERE else f"{words} ({area_name(scope, language)})"
