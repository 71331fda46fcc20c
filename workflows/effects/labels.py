"""Labels that a step issues."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from base.days import local_day
from base.errors import NotPossible
from base.i18n import N_
from base.ids import new_id
from models.registry import Label, ProjectMember
from workflows.effects.effect import Occasion, Outcome, effect

_label = Label.__table__  # type: ignore[attr-defined]
_part = ProjectMember.__table__  # type: ignore[attr-defined]

#: Labels keep points times 100.
POINTS = 100


@effect
def issue_label(occasion: Occasion) -> Outcome:
    """Grant the case's organisation a label from today to ``valid_until`` inclusive.

    Arguments of the process file: ``kind``, ``valid_until`` (31 December of the second named year:
    mobilnost.hr for 2018-2019) and, where an NSO has another custom, ``valid_from``; whether
    validity starts on the day of the award is UNKNOWN in the sources.
    """
    today = _today(occasion)
    valid_until = occasion.arguments.get("valid_until")
    if not isinstance(valid_until, date):
        raise NotPossible(
            N_("The round file does not say until when the label is valid. Add the date to it.")
        )
    valid_from = occasion.arguments.get("valid_from") or today
    row = {
        **_row(occasion), "valid_from": valid_from, "valid_until": valid_until,
        "organisation_id": occasion.case["organisation_id"], "project_id": None,
    }  # fmt: skip
    told = _told(occasion, row["id"])
    told |= {"valid_from": valid_from.isoformat(), "valid_until": valid_until.isoformat()}
    return Outcome(rows=[(_label, row)], context={"label": told})


@effect
def issue_quality_label(occasion: Occasion) -> Outcome:
    """Grant the person the case is about a label for its project; it is hers, and has no end.

    Arguments of the process file: ``kind``, and ``points``: the numbers sent along under names that
    start so are its points.
    """
    starting = occasion.arguments.get("points", "")
    points = [
        value
        for name, value in occasion.payload.items()
        if starting and name.startswith(starting) and isinstance(value, int)
    ]
    row = {
        **_row(occasion), "person_id": occasion.case["person_id"],
        "school_at_grant_id": occasion.case["organisation_id"],
        "score": sum(points) * POINTS if points else None,
    }  # fmt: skip
    return Outcome(rows=[(_label, row)], context={"label": _told(occasion, row["id"])})


@effect
def issue_project_label(occasion: Occasion) -> Outcome:
    """Grant a label to the case's project, and to the people who share it.

    Arguments of the process file: ``kind``; ``holding``, another label: whoever holds that for the
    project shares this one; and ``all_share``: whether everybody who takes part does. For the
    European Quality Label that is UNKNOWN in the sources, so until the round says it nothing is
    granted. The certificate is that of the project.
    """
    all_share = occasion.arguments["all_share"]
    if all_share is None:
        raise NotPossible(
            N_("The round does not say yet whether partners without a label of their own share "
               "this one. Have an administrator add that to it.")
        )  # fmt: skip
    # A case gives one label of a kind: the project's.
    project = _row(occasion)
    sharing = {**(_taking_part(occasion) if all_share else {}), **_holders(occasion)}
    shares = [
        {**_row(occasion), "case_id": None, "person_id": person, "school_at_grant_id": school}
        for person, school in sharing.items()
    ]
    told = {"holders": len(shares), "all_share": bool(all_share)}
    return Outcome(
        rows=[(_label, row) for row in (project, *shares)],
        context={"label": _told(occasion, project["id"]), "made": told},
    )


def _holders(occasion: Occasion) -> dict[str, str | None]:
    """Who holds the other label for the project, and her school then; who has two: the last."""
    query = (
        select(_label.c.person_id, _label.c.school_at_grant_id)
        .where(
            _label.c.project_id == occasion.case["project_id"],
            _label.c.kind == occasion.arguments["holding"],
            _label.c.person_id.is_not(None),
        )
        .order_by(_label.c.granted_on, _label.c.id)
    )
    return {row.person_id: row.school_at_grant_id for row in occasion.connection.execute(query)}


def _taking_part(occasion: Occasion) -> dict[str, str | None]:
    """Everybody in the project, and the school she takes part for."""
    query = (
        select(_part.c.person_id, _part.c.organisation_id)
        .where(_part.c.project_id == occasion.case["project_id"], _part.c.person_id.is_not(None))
        .order_by(_part.c.id)
    )
    return {row.person_id: row.organisation_id for row in occasion.connection.execute(query)}


def _row(occasion: Occasion) -> dict[str, Any]:
    return {
        "id": new_id(), "kind": occasion.arguments["kind"], "granted_on": _today(occasion),
        "valid_from": None, "valid_until": None, "organisation_id": None, "person_id": None,
        "project_id": occasion.case["project_id"], "school_at_grant_id": None,
        "case_id": occasion.case["id"], "round": occasion.case["round"], "score": None,
    }  # fmt: skip


def _told(occasion: Occasion, label_id: str) -> dict[str, Any]:
    base = f"{occasion.public_url}/labels/{label_id}"
    return {"certificate_url": f"{base}/certificate.pdf", "verify_url": base}


def _today(occasion: Occasion) -> date:
    return local_day(occasion.now, ZoneInfo(occasion.case["zone"]))
