"""A process to be read: its picture, and in words all that its file says."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from base.i18n import say
from models.database import reading
from web.context import Here
from web.language import Language
from web.pages.rendering import page
from workflows import readable
from workflows.diagram import diagram
from workflows.transition_table import transition_table

router = APIRouter()


@router.get("/processes/{name}")
def process(
    request: Request, context: Here, language: Language, name: str,
    call: Annotated[str, Query(alias="round", max_length=40)] = "",
    area: Annotated[str, Query(max_length=10)] = "",
) -> HTMLResponse:  # fmt: skip
    """The process in force: states, steps, what happens by itself, mails, rules, promises.

    Arguments:
        call: the round whose values times and rules are told with; the newest if left out.
        area: the country or region whose values they are.
    """
    with reading(context.database) as connection:
        published = context.tools.library.in_force(
            connection, name, context.tools.clock.now().date()
        )
    rounds = published.rounds if published.process.round else []
    chosen = call if call in rounds else (rounds[-1] if rounds else None)
    where = area.strip().upper()
    times = readable.time_in_words(published, chosen, where, language)
    return page(
        request, "process.html", published=published, area=where, chosen=chosen,
        rounds={one: say(published.round_title(one), language) for one in rounds},
        states=readable.states(published.process, language),
        timers=readable.timers(published.process, times),
        mails=[
            (context.templates.pattern(f"{name}/{mail}", language), cause, reader)
            for mail, cause, reader in readable.mails(published.process, times)
        ],
        rule_sets=readable.rule_sets(published, chosen, where, language),
        unset=readable.open_settings(published, chosen, where),
        picture=Markup(diagram(published.process, language)),  # noqa: S704 - escaped in it
        rows=transition_table(published.process, language),
    )  # fmt: skip
