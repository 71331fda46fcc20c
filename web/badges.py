"""What pages and documents of badges share: the issuer, and a badge's row."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from base.errors import NotFound
from base.i18n import LANGUAGES, N_
from models.registry import Organisation
from models.survey_results import SurveyBadge
from models.surveys import SurveyExercise
from notifications.languages import choose
from surveys.badge_keys import BadgeKey, read_keys
from surveys.badges import Issuer, credential, signed
from surveys.questionnaire import questionnaire
from web.context import Context

_badge = SurveyBadge.__table__  # type: ignore[attr-defined]
_exercise = SurveyExercise.__table__  # type: ignore[attr-defined]
_organisation = Organisation.__table__  # type: ignore[attr-defined]


@lru_cache(maxsize=8)
def _keys(file: Path, _changed: int) -> list[BadgeKey]:
    return read_keys(file)


def issuer_of(context: Context) -> Issuer:
    """Who issues badges here; the keys are read again when their file changes."""
    file = context.settings.badge_key
    changed = file.stat().st_mtime_ns if file.exists() else 0
    return Issuer(
        url=context.settings.public_url.rstrip("/"), name=context.settings.badge_issuer,
        keys=_keys(file, changed),
    )  # fmt: skip


def badge_row(connection: Connection, badge_id: str) -> dict[str, Any]:
    """A badge with its school's ``place``, ``country`` and ``area``, and the ``questionnaire``.

    Raises:
        NotFound: there is none of that id.
    """
    query = (
        select(
            _badge, _organisation.c.place, _organisation.c.country, _organisation.c.area,
            _exercise.c.questionnaire,
        )
        .join(_organisation, _organisation.c.id == _badge.c.organisation_id)
        .join(_exercise, _exercise.c.id == _badge.c.exercise_id)
        .where(_badge.c.id == badge_id)
    )  # fmt: skip
    row = connection.execute(query).mappings().first()
    if row is None:
        raise NotFound(N_("There is no such badge."))
    return dict(row)


def credential_of(context: Context, badge: dict[str, Any]) -> dict[str, Any]:
    """The unsigned credential of a badge; its texts are in the language of the school's area."""
    level = questionnaire(badge["questionnaire"]).level(badge["level"])
    language, _other = choose(None, badge["area"], LANGUAGES)
    return credential(badge, issuer_of(context), language, level.title)


def token_of(context: Context, badge: dict[str, Any]) -> str:
    """The signed credential of a badge."""
    return signed(credential_of(context, badge), issuer_of(context))
