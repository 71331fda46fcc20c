"""Signing in by a link sent by mail."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Form, Request
from fastapi.responses import RedirectResponse, Response

from base.errors import NotFound
from base.i18n import N_, translate
from models.database import reading, writing
from web import mail_links
from web.context import Context, Here
from web.identities import address
from web.language import Language
from web.pages.rendering import page
from web.pages.sign_in import signed_in_as, ways
from web.sessions import MAIL, Login
from web.signing_in import inside

router = APIRouter(prefix="/sign-in/mail")

#: The page that was wanted.
Then = Annotated[str, Form(max_length=500)]

NO_ADDRESS = N_("Write your mail address, such as name@school.example.org.")


@router.post("")
def ask(
    request: Request, context: Here, language: Language, tasks: BackgroundTasks,
    email: Annotated[str, Form(max_length=254)] = "", then: Then = "/",
) -> Response:  # fmt: skip
    """Ask for a link. The answer is the same, and as quick, whether the address is known or not."""
    _see_that_it_may(context)
    known = address(email)
    if not known:
        values = ways(context, language, then) | {
            "email": email, "problems": {"email": translate(NO_ADDRESS, language)},
        }  # fmt: skip
        return page(request, "sign_in.html", status=422, **values)
    # After the answer: how long it takes would tell whether somebody has this address.
    tasks.add_task(_send, context, known, language, inside(then))
    return RedirectResponse("/sign-in/mail", status_code=303, background=tasks)


def _send(context: Context, email: str, language: str, then: str) -> None:
    if context.limits.may_mail(email):
        with writing(context.database) as connection:
            mail_links.send(connection, context, email, language, then)


@router.get("")
def sent(request: Request, context: Here) -> Response:
    """What happens now."""
    _see_that_it_may(context)
    return page(request, "sign_in_mail.html", minutes=context.settings.mail_link_minutes)


@router.get("/{key}")
def land(request: Request, context: Here, key: str, then: str = "/") -> Response:
    """Where the link leads: a button. Programs that look at the links of mails use nothing up."""
    _see_that_it_may(context)
    with reading(context.database) as connection:
        found = mail_links.is_open(connection, context, key)
    return _landing(request, key if found else None, then)


@router.post("/{key}")
def use(request: Request, context: Here, key: str, then: Then = "/") -> Response:
    """Sign in by a link."""
    _see_that_it_may(context)
    with writing(context.database) as connection:
        person_id = mail_links.use(connection, context, key)
    if person_id is None:
        return _landing(request, None)
    return signed_in_as(request, context, person_id, Login(how=MAIL), then)


def _landing(request: Request, key: str | None, then: str = "/") -> Response:
    answer = page(
        request, "sign_in_link.html", status=200 if key else 410, key=key, then=inside(then)
    )
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def _see_that_it_may(context: Context) -> None:
    if not context.settings.sign_in_mail:
        raise NotFound(N_("There is nothing at this address."))
