"""What the rule sets of a step say: asked of many cases at once, told as an error, kept as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection

from base.errors import NotMet, Problem
from base.i18n import N_
from base.ids import new_id
from rules.decisions import Decider, Judgement, judge_subjects
from rules.facts import Subject
from workflows import facts, sent_facts  # noqa: F401 - bring the facts about cases
from workflows.definition import Branch
from workflows.guards import Reasons, Unmet, deadline_of, missing_of
from workflows.parties import party_ids
from workflows.publishing import Published

Row = Mapping[str, Any]
#: Rule sets with what each said of one case.
Said = list[tuple[str, Judgement]]


def judge_guard(
    connection: Connection, judge: Decider, published: Published, guard: Sequence[str],
    cases: Sequence[Row], now: datetime, sent: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, Said]:  # fmt: skip
    """What the rule sets of a guard say of each case, by case id.

    Arguments:
        judge: durable_rules inside its fence, with the reference beside it.
        sent: what was sent along with the step.
    """
    said: dict[str, Said] = {case["id"]: [] for case in cases}
    if not guard:
        return said
    # Most areas have the round's own values, as one object: they are asked about together.
    groups: dict[int, tuple[Mapping[str, Any], list[Row]]] = {}
    for case in cases:
        values = published.values(case["round"], case["area"])
        groups.setdefault(id(values) if values else 0, (values, []))[1].append(case)
    for values, there in groups.values():
        subjects = [
            Subject(
                key=case["id"], organisation_id=case["organisation_id"],
                person_id=case["person_id"], project_id=case["project_id"], case_id=case["id"],
                process=case["process"], round=case["round"],
                parties=party_ids(published.process, case), sent=sent, area=case["area"],
                zone=case["zone"],
            )
            for case in there
        ]  # fmt: skip
        for name in guard:
            rule_set = published.book.rule_set(name)
            judged = judge_subjects(connection, judge, rule_set, values, subjects, now)
            for case, judgement in zip(there, judged, strict=True):
                said[case["id"]].append((name, judgement))
    return said


def refusal(connection: Connection, published: Published, case: Row, said: Said) -> NotMet | None:
    """The error for a case whose guard does not pass; None if it passes."""
    values = published.values(case["round"], case["area"])
    unmet = [
        Unmet(rule_set=published.book.rule_set(name), judgement=judgement, values=values)
        for name, judgement in said
        if judgement.outcome != "met"
    ]
    if not unmet:
        return None
    problems: list[Problem] = missing_of(connection, published, case, unmet)
    return NotMet(
        N_("This is not possible: {reasons}"),
        findings=unmet,
        problems=problems,
        deadline=deadline_of(unmet, case["zone"]),
        reasons=Reasons(unmet),
    )


def decision_rows(
    published: Published, case: Row, purpose: str, said: Said,
    now: datetime, case_id: str | None,
) -> list[dict[str, Any]]:  # fmt: skip
    """The rows that keep what the guards said, with the facts they saw."""
    round_key = f"{published.process.round}/{case['round']}" if case["round"] else None
    return [
        {
            "id": new_id(), "case_id": case_id, "organisation_id": case["organisation_id"],
            "purpose": purpose, "rule_set": name,
            "rule_set_sha256": published.parts["rule_sets"][name], "round": case["round"],
            "round_sha256": published.parts["rounds"][round_key] if round_key else None,
            "area": case["area"], "at": now, "outcome": str(judgement.outcome),
            "facts": judgement.facts, "findings": judgement.findings,
        }
        for name, judgement in said
    ]  # fmt: skip


def chosen_branch(
    branches: Sequence[Branch], said: Mapping[str, Judgement]
) -> tuple[str | None, Said]:
    """Where a step leads to: the first branch whose rule sets are met.

    A branch that cannot be told (a fact or a setting is not known) is not passed over: the step
    would lead somewhere by a guess.

    Arguments:
        said: what the rule sets of the branches say of the case.

    Returns:
        The state, and what was asked on the way; None where it cannot be told, or none is met.
    """
    asked: Said = []
    for branch in branches:
        here = [(name, said[name]) for name in branch.when]
        asked += here
        outcomes = {judgement.outcome for _name, judgement in here}
        if outcomes <= {"met"}:
            return branch.to, asked
        if "unmet" not in outcomes:
            return None, here
    return None, asked
