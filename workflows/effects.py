"""Effects: what a step computes besides moving the case, by name.

An effect is pure. It gives rows that are written in the step's own transaction, and values that the
step's mails may use. Process files call effects by the names registered here; there is no other way
to reach code from a file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Table

from base.days import local_day
from base.errors import NotPossible
from base.i18n import N_
from base.ids import new_id
from models.registry import Label


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """What an effect knows."""

    case: Mapping[str, Any]
    #: The arguments of the process file; ``round.NAME`` is replaced by the round's value.
    arguments: Mapping[str, Any]
    now: datetime
    public_url: str


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What an effect gives."""

    rows: list[tuple[Table, dict[str, Any]]] = field(default_factory=list)
    #: Values for mails and notices.
    context: dict[str, Any] = field(default_factory=dict)


Effect = Callable[[Occasion], Outcome]
EFFECTS: dict[str, Effect] = {}


def effect(function: Effect) -> Effect:
    """Register ``function`` under its own name."""
    EFFECTS[function.__name__] = function
    return function


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
