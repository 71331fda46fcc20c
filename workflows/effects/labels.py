"""Labels that a step issues."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from base.days import local_day
from base.errors import NotPossible
from base.i18n import N_
from base.ids import new_id
from models.registry import Label
from workflows.effects.effect import Occasion, Outcome, effect


@effect
def issue_label(occasion: Occasion) -> Outcome:
    """Grant the case's organisation a label from today to ``valid_until`` inclusive.

    Arguments of the process file: ``kind``, ``valid_until`` (31 December of the second named year:
    mobilnost.hr for 2018-2019) and, where an NSO has another custom, ``valid_from``; whether
    validity starts on the day of the award is UNKNOWN in the sources.
    """
    today = local_day(occasion.now, ZoneInfo(occasion.case["zone"]))
    valid_until = occasion.arguments.get("valid_until")
    if not isinstance(valid_until, date):
        raise NotPossible(
            N_("The round file does not say until when the label is valid. Add the date to it.")
        )
    valid_from = occasion.arguments.get("valid_from") or today
    label_id = new_id()
    row = {
        "id": label_id,
        "kind": occasion.arguments["kind"],
        "granted_on": today,
        "valid_from": valid_from,
        "valid_until": valid_until,
        "organisation_id": occasion.case["organisation_id"],
        "person_id": None,
        "project_id": None,
        "school_at_grant_id": None,
        "case_id": occasion.case["id"],
        "round": occasion.case["round"],
    }
    base = f"{occasion.public_url}/labels/{label_id}"
    return Outcome(
        rows=[(Label.__table__, row)],  # type: ignore[attr-defined]
        context={
            "label": {
                "valid_from": valid_from.isoformat(),
                "valid_until": valid_until.isoformat(),
                "certificate_url": f"{base}/certificate.pdf",
                "verify_url": base,
            }
        },
    )
