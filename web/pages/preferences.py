"""What the reader chooses for herself: her language, and the reminders she does without.

The address at the foot of a reminder turns it off without signing in. A mail program may do so by
itself with one request (RFC 8058); a person who opens the address is asked first, since programs
that look into mails open addresses, too.
"""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection, update

from base.errors import NotFound
from base.i18n import LANGUAGES, N_, colon, say, translate
from models.database import reading, writing
from models.registry import Person
from notifications.choices import UNSUBSCRIBE, choose, refuse, refused_by, whose_address
from notifications.languages import NAMES
from web.context import Context, Here
from web.language import COOKIE, Language
from web.pages.navigation import visitor_of
from web.pages.rendering import page
from web.pages.sending import Form
from web.signing_in import Reader
from workflows.definition import Process

router = APIRouter()

_person = Person.__table__  # type: ignore[attr-defined]

DIGEST = N_("the list of what waits, on working days")
REMINDER = N_("reminder while it is “{states}”")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of mail that can be turned off."""

    template: str
    process: str
    #: In words: when it comes, and to whom.
    title: str
    wanted: bool


@router.get("/preferences")
def preferences(
    request: Request, context: Here, reader: Reader, language: Language
) -> HTMLResponse:
    """The reader's language, and the reminders and digests that she may turn off."""
    with reading(context.database) as connection:
        kinds = _kinds(connection, context, reader.id, language)
    names = {code: NAMES[code].capitalize() for code in LANGUAGES}
    return page(
        request, "preferences.html", kinds=kinds, hers=reader.language or "", names=names,
        saved=request.query_params.get("saved") == "yes",
    )  # fmt: skip


@router.post("/preferences")
def save(context: Here, reader: Reader, language: Language, sent: Form) -> Response:
    """Keep what was chosen."""
    chosen = sent.get("language")
    with writing(context.database) as connection:
        there = [one.template for one in _kinds(connection, context, reader.id, language)]
        wanted = [one for one in sent.all("mail") if one in there]
        choose(connection, reader.id, there, wanted, context.tools.clock.now())
        if chosen in LANGUAGES or not chosen:
            connection.execute(
                update(_person).where(_person.c.id == reader.id).values(language=chosen or None)
            )
    answer = RedirectResponse("/preferences?saved=yes", status_code=303)
    if chosen in LANGUAGES:
        answer.set_cookie(COOKIE, chosen, max_age=31_536_000, samesite="lax", httponly=True)
    return answer


@router.get("/unsubscribe/{token}/{process}/{mail}")
def ask(
    request: Request, context: Here, language: Language, token: str, process: str, mail: str
) -> HTMLResponse:
    """Ask whether such mails are to stop; nothing is changed by looking."""
    with reading(context.database) as connection:
        _known, title = _meant(connection, context, token, process, mail, language)
    return page(request, "unsubscribe.html", title=title, done=False)


@router.post("/unsubscribe/{token}/{process}/{mail}")
def stop(
    request: Request, context: Here, language: Language, token: str, process: str, mail: str
) -> HTMLResponse:
    """Stop such mails: for a mail program's one click, and for whoever was asked."""
    with writing(context.database) as connection:
        person_id, title = _meant(connection, context, token, process, mail, language)
        refuse(connection, person_id, f"{process}/{mail}", context.tools.clock.now())
    return page(request, "unsubscribe.html", title=title, done=True)


def _meant(
    connection: Connection, context: Context, token: str, process: str, mail: str, language: str
) -> tuple[str, str]:
    """Whose address it is, and the mail in words.

    Raises:
        NotFound: it is nobody's, or such mails cannot be turned off.
    """
    person_id = whose_address(connection, UNSUBSCRIBE, token[:64])
    day = context.tools.clock.now().date()
    found = context.tools.library.in_force(connection, process, day).process if person_id else None
    if person_id is None or found is None or mail not in found.optional_mails:
        raise NotFound(N_("There is nothing at this address."))
    return person_id, colon(language).join(
        [say(found.title, language), _in_words(found, mail, language)]
    )


def _kinds(connection: Connection, context: Context, person_id: str, language: str) -> list[Kind]:
    """The mails of the processes in force that such a reader can get and do without."""
    day = context.tools.clock.now().date()
    refused = refused_by(connection, person_id)
    rights = visitor_of(connection, context, person_id).rights
    found = []
    for published in context.tools.library.all_in_force(connection, day):
        process = published.process
        found += [
            Kind(
                template=f"{process.process}/{mail}", process=say(process.title, language),
                title=_in_words(process, mail, language),
                wanted=f"{process.process}/{mail}" not in refused,
            )
            for mail in process.optional_mails
            if _can_get(process, mail, rights)
        ]  # fmt: skip
    return found


def _can_get(process: Process, mail: str, rights: frozenset[str]) -> bool:
    """Whether it goes to one of her rights, or to people who need none."""
    digests = [one.to for one in process.digests.values() if one.mail == mail]
    timers = [one.mail[mail] for one in process.timers.values() if mail in one.mail]
    needed = [process.actors[name].grant for name in (*digests, *timers)]
    return any(right is None or right in rights for right in needed)


def _in_words(process: Process, mail: str, language: str) -> str:
    """In which states it reminds, or that it is the list of what waits."""
    states = [state for one in process.timers.values() if mail in one.mail for state in one.states]
    staff = [one for one in process.digests.values() if one.mail == mail]
    names = [say(process.states[state].title, language) for state in dict.fromkeys(states)]
    if staff and not names:
        return translate(DIGEST, language)
    return translate(REMINDER, language, states=", ".join(names))
