"""Digisnap: the lists of a school, made from the codes that are sent to it."""

from __future__ import annotations

from base.errors import BadInput, Problem
from base.i18n import N_
from digisnap.lists import new_lists
from models.digisnap import Digisnap
from workflows.effects.effect import Occasion, Outcome, effect

_digisnap = Digisnap.__table__  # type: ignore[attr-defined]


@effect
def make_digisnaps(occasion: Occasion) -> Outcome:
    """Make the lists whose codes and names were sent along, one a line, at the case's school."""
    lists, faults = new_lists(occasion.connection, occasion.payload["codes"])
    if faults:
        problems = [Problem(where="codes", message=text, values=more) for text, more in faults]
        raise BadInput(N_("These codes cannot be sent. Nothing was sent."), problems)
    made = {"organisation_id": occasion.case["organisation_id"], "made_at": occasion.now}
    told = [{"code": one["code"], "name": one["name"]} for one in lists]
    return Outcome(
        rows=[(_digisnap, {**one, **made}) for one in lists], context={"made": {"codes": told}}
    )
