"""Decisions a second: durable_rules inside its fence with the reference beside it, and others."""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import partial
from importlib.util import find_spec
from typing import Any

from benchmarks.databases import Databases
from benchmarks.measure import Turn, rates, timed
from benchmarks.table import Report, per_second, times
from rules.binding import bind
from rules.book import RuleBook
from rules.criteria import Facts, Outcome
from rules.judge import Judge
from rules.reference import decide_reference

RULE_SET, ROUND = "school_label/eligibility", "school_label/2023-2024"
OURS = "Keurmerk: durable_rules, each checked"
#: So that all four criteria apply, as in the rounds of some NSOs.
VALUES = {"holders_excluded": True}

EXPRESSIONS = "zen-engine’s expressions, without the engine"

#: Decides facts one after the other; gives, for each, whether each criterion is met.
Decide = Callable[[Sequence[Facts]], list[list[bool]]]


def options(_parser: argparse.ArgumentParser) -> None:
    """This benchmark has no options of its own."""


def measure(_databases: Databases, given: argparse.Namespace) -> Report:
    """Decide the eligibility of the same made-up schools by each engine."""
    count = 500 if given.quick else 20_000
    book = RuleBook.from_folder()
    values = {**book.round(ROUND).values("BE-VLG"), **VALUES}
    bound = bind(book.rule_set(RULE_SET), values)
    facts = made_up(count, values)
    expected = [_met(found) for found in decide_reference(bound, facts)]
    report = Report(
        title=f"Eligibility of {count:,} schools by {len(bound.criteria)} criteria",
        columns=["decisions a second", "of ours"],
    )
    report.notes.append(
        f"Medians of {given.rounds} rounds, in turns. Every engine gave the same answers."
    )
    report.notes.append(
        "Keurmerk tells met, unmet and undetermined apart, checks the type of every fact, and "
        "every decision by a second evaluator in another process; the others do not. The bare "
        "expressions of zen-engine are four comparisons in Rust, without a decision around "
        "them: they stand here to show what all that costs."
    )
    with Judge() as judge:
        contenders: dict[str, Decide] = {
            OURS: lambda part: [_met(found) for found in judge.decide(bound, part)],
            "Keurmerk: the same, school by school": lambda part: [
                _met(judge.decide(bound, [one])[0]) for one in part
            ],
            "Keurmerk: the reference alone": lambda part: [
                _met(found) for found in decide_reference(bound, part)
            ],
        }
        for name, (module, make) in OTHERS.items():
            if find_spec(module):
                contenders[name] = make(values)
            else:
                report.notes.append(f"Not installed here: {name}. scripts/bench has it.")
        wrong = [name for name, decide in contenders.items() if decide(facts) != expected]
        if wrong:
            raise AssertionError(wrong)
        turns: dict[str, Turn] = {
            name: partial(timed, partial(decide, facts)) for name, decide in contenders.items()
        }
        found = rates(turns, count, given.rounds)
    for name, rate in found.items():
        other = name in OTHERS and name != EXPRESSIONS
        report.add(
            name, per_second(rate), times(rate / found[OURS]),
            aim="behind Keurmerk" if other else "", reached=rate < found[OURS] if other else None,
        )  # fmt: skip
    return report


def made_up(count: int, values: dict[str, Any]) -> list[Facts]:
    """Facts of schools on both sides of every threshold; the same each time."""
    chance = random.Random(20221123)
    day = values["registered_by"]
    return [
        {
            "registered_on": day + timedelta(days=chance.randint(-400, 200)),
            "active_teachers": chance.randint(0, 8),
            "projects_with_nql": chance.randint(0, 3),
            "holds_label": chance.random() < 0.2,
        }
        for _ in range(count)
    ]


def _met(found: dict[str, Outcome]) -> list[bool]:
    return [outcome is Outcome.MET for outcome in found.values()]


def _zen_graph(values: dict[str, Any]) -> Decide:
    """A decision of one node with an expression a criterion."""
    import zen  # noqa: PLC0415 - not always installed

    expressions = [
        {"id": key, "key": key, "value": text} for key, text in _expressions(values).items()
    ]
    nodes = [
        {"id": "in", "type": "inputNode", "name": "in", "position": {"x": 0, "y": 0}},
        {
            "id": "criteria", "type": "expressionNode", "name": "criteria",
            "position": {"x": 0, "y": 0}, "content": {"expressions": expressions},
        },
        {"id": "out", "type": "outputNode", "name": "out", "position": {"x": 0, "y": 0}},
    ]  # fmt: skip
    edges = [
        {"id": "a", "type": "edge", "sourceId": "in", "targetId": "criteria"},
        {"id": "b", "type": "edge", "sourceId": "criteria", "targetId": "out"},
    ]
    content = zen.ZenDecisionContent(json.dumps({"nodes": nodes, "edges": edges}))
    decision = zen.ZenEngine().create_decision(content)
    names = list(_expressions(values))

    def decide(part: Sequence[Facts]) -> list[list[bool]]:
        found = []
        for facts in part:
            result = decision.evaluate(_with_day_numbers(facts))["result"]
            found.append([result[name] for name in names])
        return found

    return decide


def _zen_compiled(values: dict[str, Any]) -> Decide:
    """A compiled expression a criterion."""
    import zen  # noqa: PLC0415 - not always installed

    compiled = [zen.compile_expression(text) for text in _expressions(values).values()]

    def decide(part: Sequence[Facts]) -> list[list[bool]]:
        found = []
        for facts in part:
            numbered = _with_day_numbers(facts)
            found.append([expression.evaluate(numbered) for expression in compiled])
        return found

    return decide


def _expressions(values: dict[str, Any]) -> dict[str, str]:
    return {
        "registered_in_time": f"registered_on <= {values['registered_by'].toordinal()}",
        "enough_active_teachers": f"active_teachers >= {values['min_active_teachers']}",
        "project_with_nql": f"projects_with_nql >= {values['min_projects_with_nql']}",
        "no_label_yet": "holds_label == false",
    }


def _with_day_numbers(facts: Facts) -> dict[str, Any]:
    """It reads dates from text, which is slower than numbers: it is given numbers."""
    day = facts["registered_on"]
    return {**facts, "registered_on": day.toordinal() if isinstance(day, date) else day}


def _rule_engine(values: dict[str, Any]) -> Decide:
    """A compiled rule a criterion; it knows dates."""
    import rule_engine  # noqa: PLC0415 - not always installed

    kinds = rule_engine.DataType
    context = rule_engine.Context(
        type_resolver=rule_engine.type_resolver_from_dict(
            {
                "registered_on": kinds.DATETIME, "active_teachers": kinds.FLOAT,
                "projects_with_nql": kinds.FLOAT, "holds_label": kinds.BOOLEAN,
            }
        )
    )  # fmt: skip
    texts = _expressions(values) | {
        "registered_in_time": f'registered_on <= d"{values["registered_by"].isoformat()}"'
    }
    compiled = [rule_engine.Rule(text, context=context) for text in texts.values()]

    def decide(part: Sequence[Facts]) -> list[list[bool]]:
        return [[rule.matches(facts) for rule in compiled] for facts in part]

    return decide


#: The module that must be installed, and what makes it ready.
OTHERS: dict[str, tuple[str, Callable[[dict[str, Any]], Decide]]] = {
    "zen-engine, a decision graph": ("zen", _zen_graph),
    EXPRESSIONS: ("zen", _zen_compiled),
    "rule-engine": ("rule_engine", _rule_engine),
}
