"""The rule sets and rounds there are: without a fault, the School Label's with the right days."""

from __future__ import annotations

from datetime import date

import pytest

from base.errors import Remark
from base.i18n import LANGUAGES
from rules.binding import bind
from rules.book import RuleBook
from rules.checking import check_book
from rules.criteria import Outcome, Value, overall
from rules.decisions import Judgement, judge_facts
from rules.explain import explain
from rules.judge import Judge
from rules.rule_file import Example, RuleSet

pytestmark = pytest.mark.unit

BOOK = RuleBook.from_folder()
REMARKS = check_book(BOOK)
ROUNDS = ("2023-2024", "2024-2025", "2025-2026")


def test_what_there_is() -> None:
    names = [one.name for one in BOOK.rule_sets()]
    assert [name for name in names if name.startswith("school_label/")] == [
        "school_label/amend_window",
        "school_label/complete",
        "school_label/eligibility",
        "school_label/evaluation",
        "school_label/first_window",
        "school_label/late_amendment",
    ]
    assert [call.round for call in BOOK.rounds("school_label")] == list(ROUNDS)


def test_the_files_are_without_errors_and_warnings() -> None:
    assert [str(remark) for remark in REMARKS if remark.severity != "note"] == []


def notes(call: str) -> list[Remark]:
    return [one for one in REMARKS if one.file.endswith(f"school_label/{call}.yaml")]


def test_the_day_that_lies_in_two_windows_is_noted() -> None:
    """002_7da36b1a3396e4d1.txt: 31/01/2023 ends the one and begins the other."""
    about = [note.message for note in notes("2023-2024") if "both" in note.message]
    assert about == ["2023-01-31 is both in first_window and in amend_window"]
    assert [note for call in ROUNDS[1:] for note in notes(call) if "both" in note.message] == []


@pytest.mark.parametrize("name", ROUNDS)
def test_what_is_inferred_or_unknown_is_noted(name: str) -> None:
    call = BOOK.round(f"school_label/{name}")
    unknown = {key for key, value in call.values("").items() if value is None}
    said = [note.message for note in notes(name)]
    for key in call.inferred:
        assert any(line.startswith(f'"{key}" stands in no source') for line in said)
    for key in unknown:
        assert any(line.startswith(f'"{key}" is not known') for line in said)


@pytest.mark.parametrize(
    ("name", "area", "values"),
    [
        (
            "2023-2024",
            "BE-VLG",
            {
                "first_window.opens": date(2022, 11, 23),
                "first_window.closes": date(2023, 1, 31),
                "amend_window.opens": date(2023, 1, 31),
                "amend_window.closes": date(2023, 2, 28),
                "evaluation.opens": date(2022, 11, 23),
                "evaluation.closes": date(2023, 3, 28),
                "registered_by": date(2020, 9, 1),
                "activity_since": date(2020, 9, 1),
                "min_active_teachers": 3,
                "nql_since": date(2020, 7, 1),
                "nql_until": None,
                "nql_counts": "school_involved",
                "label_valid_until": date(2024, 12, 31),
            },
        ),
        (
            "2024-2025",
            "BE-VLG",
            {
                "first_window.opens": date(2024, 2, 6),
                "first_window.closes": None,
                "registered_by": date(2022, 1, 1),
                "activity_since": date(2022, 1, 1),
                "nql_since": date(2021, 11, 1),
                "label_valid_until": date(2025, 12, 31),
            },
        ),
        ("2024-2025", "PL", {"first_window.closes": date(2024, 2, 28)}),
        (
            "2024-2025",
            "IT",
            {"first_window.closes": date(2024, 3, 15), "nql_counts": "own_teacher"},
        ),
        (
            "2025-2026",
            "BE-VLG",
            {
                "first_window.opens": date(2025, 1, 20),
                "registered_by": date(2023, 1, 9),
                "activity_since": date(2023, 1, 9),
                "nql_since": date(2022, 11, 9),
                "nql_until": date(2025, 1, 16),
                "label_valid_until": date(2026, 12, 31),
            },
        ),
    ],
)
def test_the_days_of_the_sources(name: str, area: str, values: dict[str, Value | None]) -> None:
    found = BOOK.round(f"school_label/{name}").values(area)
    assert {key: found[key] for key in values} == values


EXAMPLES = [(rules, example) for rules in BOOK.rule_sets() for example in rules.examples]


def calendar_of(rules: RuleSet) -> str:
    return rules.name.partition("/")[0]


def judged(judge: Judge, rules: RuleSet, example: Example) -> tuple[Judgement, dict[str, object]]:
    values: dict[str, Value | None] = {}
    if example.round:
        values |= BOOK.round(f"{calendar_of(rules)}/{example.round}").values(example.area)
    values |= {k: None if v == "unknown" else v for k, v in example.parameters.items()}
    asked = {request.key for request in bind(rules, values).facts}
    facts = {key: value for key, value in example.facts.items() if key in asked}
    (judgement,) = judge_facts(judge, rules, values, [facts])
    return judgement, explain(rules, judgement, values, "en")


@pytest.mark.integration
@pytest.mark.parametrize(
    ("rules", "example"), EXAMPLES, ids=[f"{r.name}: {e.name}" for r, e in EXAMPLES]
)
def test_the_examples_come_out_by_durable_rules_too(
    judge: Judge, rules: RuleSet, example: Example
) -> None:
    judgement, explained = judged(judge, rules, example)
    assert judgement.outcome is overall(judgement.findings)
    assert explained["outcome"] == judgement.outcome
    if isinstance(example.expect, str):
        assert judgement.outcome == example.expect
    else:
        got = {name: judgement.findings.get(name, "does_not_apply") for name in example.expect}
        assert got == example.expect


@pytest.mark.parametrize("rules", BOOK.rule_sets(), ids=lambda rules: rules.name)
def test_no_threshold_is_shown_from_one_side_only(rules: RuleSet) -> None:
    """Each criterion is met in one example and fails in another."""
    shown: dict[str, set[str]] = {criterion.id: set() for criterion in rules.criteria}
    for example in rules.examples:
        if isinstance(example.expect, dict):
            for name, outcome in example.expect.items():
                shown[name].add("fails" if outcome in {"unmet", "undetermined"} else "met")
        elif example.expect == Outcome.MET.value:
            for outcomes in shown.values():
                outcomes.add("met")
        elif len(shown) == 1:
            shown[rules.criteria[0].id].add("fails")
    lacking = {name: outcomes for name, outcomes in shown.items() if outcomes != {"met", "fails"}}
    assert rules.name == "school_label/complete" or lacking == {}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("rules", BOOK.rule_sets(), ids=lambda rules: rules.name)
def test_findings_read_well_in_every_language(judge: Judge, rules: RuleSet, language: str) -> None:
    """No place is left open, and no full stop stands before a bracket."""
    values = BOOK.rounds(calendar_of(rules))[0].values("BE-VLG")
    for facts in ({}, _facts(rules, values)):
        (judgement,) = judge_facts(judge, rules, values, [facts])
        for finding in explain(rules, judgement, values, language)["findings"]:
            for said in (finding["reason"], finding["remedy"]):
                assert "{" not in said
                assert "  " not in said
            assert ". (" not in finding["reason"]
            assert finding["reason"][0].isupper() or finding["reason"].startswith("eTwinning ")


def _facts(rules: RuleSet, values: object) -> dict[str, Value | None]:
    some: dict[str, Value] = {
        "integer": 7, "date": date(2019, 1, 1), "boolean": True, "text": "x",
    }  # fmt: skip
    bound = bind(rules, values)  # type: ignore[arg-type]
    return {request.key: some[str(request.type)] for request in bound.facts}
