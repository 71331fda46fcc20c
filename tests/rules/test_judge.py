from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

import rules.judge
from base.errors import BadDefinition
from rules.criteria import Comparison, Outcome, overall
from rules.durable import compile_rules
from rules.fence import Fence, FenceBroken
from rules.fitting import BadFact
from rules.judge import EngineDisagreement, Judge
from rules.reference import decide_reference
from tests.rules.making import INTEGER, PASSING, TYPICAL, bound, test

pytestmark = pytest.mark.integration


@pytest.fixture
def judge() -> Iterator[Judge]:
    with Judge() as judge:
        yield judge


def test_it_decides_as_the_reference_in_the_order_of_the_subjects(judge: Judge) -> None:
    facts = [
        {**PASSING, "teachers": n % 4, "country": ("BE", "NL", "FR")[n % 3]} for n in range(1_234)
    ]
    found = judge.decide(TYPICAL, facts)
    assert found == decide_reference(TYPICAL, facts)
    assert [list(it) for it in found[:1]] == [list(TYPICAL.criteria)]
    passes = [overall(it) is Outcome.MET for it in found]
    assert passes == [n % 4 >= 2 and n % 3 != 2 for n in range(1_234)]


def test_nobody_to_decide_about_needs_no_process() -> None:
    fence = Fence()
    with Judge(fence) as judge:
        assert judge.decide(TYPICAL, []) == []
        assert fence.pid is None


def test_a_rule_set_without_criteria_is_never_a_pass(judge: Judge) -> None:
    (found,) = judge.decide(bound({}, {}), [{}])
    assert found == {}
    assert overall(found) is Outcome.UNDETERMINED


def test_a_bad_fact_among_many_means_that_nothing_is_decided() -> None:
    fence = Fence()
    facts: list[Any] = [PASSING] * 700 + [{**PASSING, "teachers": "2"}]
    with Judge(fence) as judge, pytest.raises(BadFact, match="701, teachers"):
        judge.decide(TYPICAL, facts)
    assert fence.pid is None


def test_a_rule_set_that_cannot_be_used_is_refused(judge: Judge) -> None:
    with pytest.raises(BadDefinition):
        judge.decide(bound({"c": test("n", Comparison.EQUALS, "1")}, {"n": INTEGER}), [{"n": 1}])


@pytest.mark.parametrize(("in_durable", "fact"), [(1, 41), (100, 43)])
def test_two_different_answers_are_an_error_and_never_a_pass(
    judge: Judge, monkeypatch: pytest.MonkeyPatch, in_durable: int, fact: int
) -> None:
    """Durable_rules gets another threshold than the reference: too easy, then too strict."""
    fine = test("m", Comparison.EQUALS, 7)
    asked = bound(
        {"age": test("n", Comparison.AT_LEAST, 42), "fine": fine}, {"n": INTEGER, "m": INTEGER}
    )
    wrong = bound(
        {"age": test("n", Comparison.AT_LEAST, in_durable), "fine": fine},
        {"n": INTEGER, "m": INTEGER},
    )
    with monkeypatch.context() as patch:
        patch.setattr(rules.judge, "program", lambda _: compile_rules(wrong))
        with capture_logs() as logs, pytest.raises(EngineDisagreement) as caught:
            judge.decide(asked, [{"n": fact, "m": 7}])
    (line,) = logs
    assert line == {
        "event": "rules_disagree",
        "log_level": "error",
        "rule_set": "tests/some",
        "key": compile_rules(wrong).key,
        "criteria": ["age"],
        "reference": caught.value.values["reference"],
    }
    assert caught.value.values["reference"] in str(caught.value)
    assert caught.value.status == 500
    # The judge itself is as good as before.
    assert judge.decide(asked, [{"n": 42}])[0]["age"] is Outcome.MET


def test_no_answer_is_an_error_and_never_a_pass(
    judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = replace(compile_rules(TYPICAL), key="broken", rules=('{"seen": ',))
    with monkeypatch.context() as patch:
        patch.setattr(rules.judge, "program", lambda _: broken)
        with pytest.raises(FenceBroken):
            judge.decide(TYPICAL, [PASSING])
    assert overall(judge.decide(TYPICAL, [PASSING])[0]) is Outcome.MET


@pytest.mark.parametrize("with_signal", [signal.SIGKILL, signal.SIGSTOP])
def test_a_process_that_is_lost_between_two_decisions_is_not_noticed(with_signal: int) -> None:
    fence = Fence()
    with Judge(fence) as judge:
        judge.decide(TYPICAL, [PASSING])
        assert fence.pid is not None
        os.kill(fence.pid, with_signal)
        facts = [PASSING] * 1_100
        assert judge.decide(TYPICAL, facts) == decide_reference(TYPICAL, facts)
        assert fence.failures == 1


def test_a_closed_judge_starts_again_when_asked() -> None:
    fence = Fence()
    judge = Judge(fence)
    judge.decide(TYPICAL, [PASSING])
    first = fence.pid
    judge.close()
    judge.close()
    assert fence.pid is None
    judge.decide(TYPICAL, [PASSING])
    assert fence.pid != first
    judge.close()
