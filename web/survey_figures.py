"""Figures of participation for whoever has the right ``survey_authority`` for an area."""

from __future__ import annotations

from sqlalchemy import Connection, or_, select

from base.errors import NotAllowed
from base.i18n import N_
from models.registry import Grant
from surveys.statistics import Statistics, completed, statistics
from web.context import Context
from workflows.survey_reports import statistics_threshold

RIGHT = "survey_authority"

_grant = Grant.__table__  # type: ignore[attr-defined]


def areas_of(connection: Connection, context: Context, person_id: str) -> list[str]:
    """The areas a person sees figures of today (by the day in UTC)."""
    today = context.tools.clock.now().date()
    query = (
        select(_grant.c.scope)
        .where(
            _grant.c.person_id == person_id, _grant.c.right == RIGHT,
            _grant.c.first_day <= today,
            or_(_grant.c.last_day.is_(None), _grant.c.last_day >= today),
        )
        .distinct()
        .order_by(_grant.c.scope)
    )  # fmt: skip
    return list(connection.execute(query).scalars())


def figures_for(
    connection: Connection, context: Context, person_id: str, area: str
) -> tuple[str, list[str], Statistics | None]:
    """The area that is shown, those she may choose from, and its figures.

    Arguments:
        area: one of hers; the first of them if empty.

    Returns:
        None instead of figures where no threshold has been set for the area.

    Raises:
        NotAllowed: the right is not hers, or not for this area.
    """
    areas = areas_of(connection, context, person_id)
    chosen = area or next(iter(areas), "")
    if not areas or chosen not in areas:
        raise NotAllowed(N_("Figures are for an authority, in the area it has the right for."))
    threshold = statistics_threshold(connection, context.tools, chosen)
    if threshold is None:
        return chosen, areas, None
    today = context.tools.clock.now().date()
    done = completed(connection, chosen, today)
    return chosen, areas, statistics(chosen, done, threshold)
