"""The effects of a step, applied to a case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.sql.dml import UpdateBase

from workflows.effects.effect import EFFECTS, FORESIGHTS, Consequence, Occasion
from workflows.publishing import Published
from workflows.tools import Cause

Row = Mapping[str, Any]
_ROUND = "round."


def apply_effects(
    connection: Connection, public_url: str, published: Published, cause: Cause, case: Row,
    rows: dict[Any, list[dict[str, Any]]], changes: list[UpdateBase],
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:  # fmt: skip
    """Ask every effect of the step, in the file's order, what it writes.

    Arguments:
        rows, changes: what is to be written is added to them, when no effect has refused.

    Returns:
        The columns of the case the effects settle, the values for its mails, and what it keeps.

    Raises:
        Refused: an effect cannot be carried out; nothing was added.
    """
    about: dict[str, Any] = {}
    context: dict[str, Any] = {}
    keeps: dict[str, Any] = {}
    made, changed = [], []
    for name, occasion in _occasions(connection, public_url, published, cause, case):
        outcome = EFFECTS[name](occasion)
        made += outcome.rows
        changed += outcome.changes
        about |= outcome.about
        context |= outcome.context
        keeps |= outcome.keeps
    for table, row in made:
        rows.setdefault(table, []).append(row)
    changes += changed
    return about, context, keeps


def foreseen(
    connection: Connection, public_url: str, published: Published, cause: Cause, case: Row
) -> list[Consequence]:
    """What the effects of a step would do to the case, as far as they can say."""
    return [
        consequence
        for name, occasion in _occasions(connection, public_url, published, cause, case)
        if name in FORESIGHTS
        for consequence in FORESIGHTS[name](occasion)
    ]


def _occasions(
    connection: Connection, public_url: str, published: Published, cause: Cause, case: Row
) -> Iterator[tuple[str, Occasion]]:
    if not cause.step.effect:
        return
    values = published.values(case["round"], case["area"])
    for name, given in cause.step.effect.items():
        arguments = {
            key: values.get(value.removeprefix(_ROUND))
            if isinstance(value, str) and value.startswith(_ROUND)
            else value
            for key, value in given.items()
        }
        yield name, Occasion(
            connection=connection, case=case, parties=case.get("parties", {}),
            payload=cause.payload, actor_id=cause.actor_id, acted_as=cause.acted_as, values=values,
            arguments=arguments, now=cause.now, public_url=public_url,
        )  # fmt: skip
