"""Decisions of the rule engine, explained."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy import Connection, select

from base.errors import NotFound
from base.i18n import N_
from models.cases import Decision
from models.database import reading
from models.reads import rows_of
from web.api.outcomes import READING
from web.api.shapes import DecisionWhole
from web.context import Here
from web.language import Language
from web.scope import scope_of, visible_case, visible_school
from web.signing_in import Reader
from workflows.kept import explained

router = APIRouter(tags=["decisions"])

_decision = Decision.__table__  # type: ignore[attr-defined]

#: So many are shown at most.
MOST = 200


@router.get(
    "/cases/{case_id}/decisions", summary="Why the case could move, or could not", responses=READING
)
def of_case(context: Here, reader: Reader, language: Language, case_id: str) -> list[DecisionWhole]:
    """The decisions of one case, oldest first; the last 200."""
    with reading(context.database) as connection:
        scope = scope_of(connection, reader.id, context.tools.clock)
        visible_case(connection, scope, case_id)
        query = select(_decision).where(_decision.c.case_id == case_id)
        return explained_rows(connection, query, language)


@router.get("/decisions", summary="What was decided of a school", responses=READING)
def of_school(
    context: Here, reader: Reader, language: Language,
    organisation_id: Annotated[str, Query(max_length=36)],
) -> list[DecisionWhole]:  # fmt: skip
    """Every decision about one school, such as why it was not invited; the last 200."""
    with reading(context.database) as connection:
        scope = scope_of(connection, reader.id, context.tools.clock)
        visible_school(connection, scope, organisation_id)
        query = select(_decision).where(_decision.c.organisation_id == organisation_id)
        return explained_rows(connection, query, language)


@router.get("/decisions/{decision_id}", summary="One decision", responses=READING)
def one(context: Here, reader: Reader, language: Language, decision_id: str) -> DecisionWhole:
    """One decision with every finding."""
    with reading(context.database) as connection:
        scope = scope_of(connection, reader.id, context.tools.clock)
        query = select(_decision).where(_decision.c.id == decision_id)
        row = connection.execute(query).mappings().first()
        if row is None:
            raise NotFound(N_("There is no such decision."))
        visible_school(connection, scope, row["organisation_id"])
        return explained_rows(connection, query, language)[0]


def explained_rows(connection: Connection, query: Any, language: str) -> list[DecisionWhole]:
    """Decisions in words, oldest first; the last 200."""
    newest_first = query.order_by(_decision.c.id.desc()).limit(MOST)
    kept = ("id", "purpose", "rule_set", "rule_set_sha256", "round", "at", "outcome", "facts")
    rows = rows_of(connection.execute(newest_first))
    return [
        DecisionWhole(
            **{name: row[name] for name in kept},
            findings=explained(connection, row, language)["findings"],
        )
        for row in reversed(rows)
    ]
