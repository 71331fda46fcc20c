"""Badges, public as they are: the page that confirms one, and all that is needed to verify it."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup
from sqlalchemy import func, select

from base.days import local_day, zone_of
from base.errors import NotFound
from base.i18n import N_, say, translate
from documents.badge_picture import badge_picture
from documents.qr import qr_code
from models.database import reading
from models.survey_results import SurveyBadge
from surveys.badges import (
    LIST_SIZE,
    NAME,
    achievement,
    baked,
    did_document,
    issuer_profile,
    signed,
    status_list,
)
from surveys.questionnaire import questionnaire
from web.badges import badge_row, issuer_of, token_of
from web.context import Here
from web.language import Language
from web.pages.rendering import page
from web.programs import JsonLd

router = APIRouter()

_badge = SurveyBadge.__table__  # type: ignore[attr-defined]

VC_JWT = "application/vc+jwt"


@router.get("/.well-known/did.json")
@router.get("/did.json")
def did(context: Here) -> JsonLd:
    """The document behind the issuer's identifier: its public keys."""
    return JsonLd(did_document(issuer_of(context)), media_type="application/did+json")


@router.get("/badges/issuer")
def issuer(context: Here) -> JsonLd:
    """Who issues the badges."""
    return JsonLd(issuer_profile(issuer_of(context)))


@router.get("/badges/selfie")
def selfie(context: Here, language: Language) -> JsonLd:
    """What a school with the badge has done."""
    return JsonLd(achievement(issuer_of(context), language))


@router.get("/badges/selfie.svg")
def picture(language: Language) -> Response:
    """The badge of no school in particular."""
    return _svg(badge_picture(translate(NAME, language), "", ""))


@router.get("/badges/status/{number}")
def status(context: Here, number: int) -> Response:
    """Which badges of a list are revoked: a signed credential.

    Raises:
        NotFound: no badge is in that list.
    """
    of_list = _badge.c.number // LIST_SIZE == number
    with reading(context.database) as connection:
        first = connection.execute(select(func.min(_badge.c.awarded_at)).where(of_list)).scalar()
        rows = connection.execute(
            select(_badge.c.number, _badge.c.revoked_at).where(
                of_list, _badge.c.revoked_at.is_not(None)
            )
        ).all()
    if first is None:
        raise NotFound(N_("There is no such list of badges."))
    issuer = issuer_of(context)
    changed = max([first, *(row.revoked_at for row in rows)])
    listed = status_list(number, {row.number for row in rows}, issuer, changed)
    return Response(signed(listed, issuer), media_type=VC_JWT)


@router.get("/badges/{badge_id}")
def verify(request: Request, context: Here, language: Language, badge_id: str) -> HTMLResponse:
    """Whose badge it is, for what, and whether it stands."""
    with reading(context.database) as connection:
        badge = badge_row(connection, badge_id)
    url = f"{issuer_of(context).url}/badges/{badge_id}"
    zone = zone_of(badge["area"])
    level = say(questionnaire(badge["questionnaire"]).level(badge["level"]).title, language)
    name = translate(NAME, language)
    return page(
        request, "badge.html", badge=badge, level=level, issuer=issuer_of(context), url=url,
        awarded=local_day(badge["awarded_at"], zone),
        revoked=badge["revoked_at"] and local_day(badge["revoked_at"], zone),
        today=local_day(context.tools.clock.now(), zone),
        # Both are drawn here, with what they say escaped.
        picture=Markup(badge_picture(name, level, badge["school_year"])),  # noqa: S704
        qr=Markup(qr_code(url)),  # noqa: S704
    )  # fmt: skip


@router.get("/badges/{badge_id}/credential.jwt")
def token(context: Here, badge_id: str) -> Response:
    """The badge itself, as VC-JWT."""
    with reading(context.database) as connection:
        badge = badge_row(connection, badge_id)
    return _kept(Response(token_of(context, badge), media_type=VC_JWT), "selfie-badge.jwt")


@router.get("/badges/{badge_id}/badge.svg")
def baked_picture(context: Here, language: Language, badge_id: str) -> Response:
    """The badge as a picture that carries its credential."""
    with reading(context.database) as connection:
        badge = badge_row(connection, badge_id)
    level = say(questionnaire(badge["questionnaire"]).level(badge["level"]).title, language)
    drawn = badge_picture(translate(NAME, language), level, badge["school_year"])
    return _kept(_svg(baked(drawn, token_of(context, badge))), "selfie-badge.svg")


def _svg(drawn: str) -> Response:
    return Response(drawn, media_type="image/svg+xml")


def _kept(answer: Response, name: str) -> Response:
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
