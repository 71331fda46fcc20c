"""Badges for exercises of surveys: awarded and revoked. They are signed when they are asked for."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update

from base.errors import NotPossible
from base.i18n import N_
from base.ids import new_id
from models.registry import Organisation
from models.survey_results import SurveyBadge
from models.surveys import SurveyExercise
from surveys.questionnaire import questionnaire
from workflows.effects.effect import Occasion, Outcome, effect

_badge = SurveyBadge.__table__  # type: ignore[attr-defined]
_exercise = SurveyExercise.__table__  # type: ignore[attr-defined]
_organisation = Organisation.__table__  # type: ignore[attr-defined]


@effect
def issue_badge(occasion: Occasion) -> Outcome:
    """Award the badge for the exercise whose case was sent along under ``exercise``.

    The criteria are a rule set's. Two people who ask at one instant get one badge: the exercise is
    locked, and looked at again.
    """
    exercise = (
        occasion.connection.execute(
            select(_exercise)
            .where(
                _exercise.c.case_id == occasion.payload.get("exercise"),
                _exercise.c.organisation_id == occasion.case["organisation_id"],
            )
            .with_for_update()
        )
        .mappings()
        .first()
    )
    if exercise is None or _awarded(occasion, exercise["id"]):
        raise NotPossible(N_("There is no badge to award for this exercise."))
    school = occasion.connection.execute(
        select(_organisation.c.name).where(_organisation.c.id == exercise["organisation_id"])
    ).scalar_one()
    row = {
        "id": new_id(), "case_id": occasion.case["id"], "exercise_id": exercise["id"],
        "organisation_id": exercise["organisation_id"], "school": school,
        "level": exercise["level"], "school_year": exercise["school_year"],
        "completed_on": exercise["last_day"], "awarded_at": occasion.now, "revoked_at": None,
        "reason": "",
    }  # fmt: skip
    level = questionnaire(exercise["questionnaire"]).level(exercise["level"])
    told = {
        "badge_url": f"{occasion.public_url}/badges/{row['id']}", "level": level.title,
        "school_year": exercise["school_year"],
    }  # fmt: skip
    return Outcome(rows=[(_badge, row)], context={"made": told})


@effect
def revoke_badge(occasion: Occasion) -> Outcome:
    """Revoke the case's badge, for the reason that was sent along under ``reason``."""
    changed: Any = (
        update(_badge)
        .where(_badge.c.case_id == occasion.case["id"], _badge.c.revoked_at.is_(None))
        .values(revoked_at=occasion.now, reason=str(occasion.payload.get("reason", "")))
    )
    return Outcome(changes=[changed])


def _awarded(occasion: Occasion, exercise_id: str) -> bool:
    query = select(_badge.c.id).where(_badge.c.exercise_id == exercise_id)
    return occasion.connection.execute(query).first() is not None
