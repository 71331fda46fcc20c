from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from structlog.testing import capture_logs

from rules.criteria import Comparison
from rules.durable import Program, compile_rules
from rules.fence import Fence, FenceBroken, batch_size
from rules.fenced import MAX_FRAME
from tests.rules.making import INTEGER, bound, test

pytestmark = pytest.mark.chaos

ROOT = Path(__file__).parents[2]
ADULT = compile_rules(bound({"adult": test("age", Comparison.AT_LEAST, 18)}, {"age": INTEGER}))
#: The answers: only the rule that always fires, and the criterion too.
NO, YES = 0b01, 0b11


def lines(program: Program, *ages: int) -> list[bytes]:
    return [program.encode({"age": age}) for age in ages]


def hostile(
    *conditions: dict[str, Any], fact: dict[str, Any] | None = None
) -> tuple[Program, bytes]:
    """A program such as the compiler never makes, and a message for it."""
    rules: dict[str, Any] = {"seen": {"all": [{"m": {"kind": 1}}]}}
    rules |= {f"r{n}": {"all": [{"m": condition}]} for n, condition in enumerate(conditions)}
    text = json.dumps(rules)
    program = replace(
        ADULT, key=text, rules=(text,), bits={name: n for n, name in enumerate(rules)}
    )
    return program, json.dumps({"sid": "s", "id": "f", "kind": 1, **(fact or {})}).encode()


@pytest.fixture
def fence() -> Iterator[Fence]:
    with Fence() as fence:
        yield fence


def works(fence: Fence) -> None:
    assert fence.masks(ADULT, lines(ADULT, 17, 18, 19)) == [NO, YES, YES]


def ended(pid: int) -> bool:
    """Whether the process ends within five seconds, be it buried by its parent or not."""
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.01)
    return False


def test_one_process_answers_batch_after_batch(fence: Fence) -> None:
    assert fence.pid is None
    works(fence)
    pid = fence.pid
    ages = [n % 40 for n in range(batch_size(ADULT))]
    expected = [YES if age >= 18 else NO for age in ages]
    assert fence.masks(ADULT, lines(ADULT, *ages)) == expected
    assert fence.masks(ADULT, []) == []
    assert fence.pid == pid
    assert fence.failures == 0


def divided_by_zero() -> tuple[Program, bytes]:
    quotient = {"$div": {"$l": 1, "$r": {"$m": "b"}}}
    condition = {"$and": [{"kind": 1}, {"$lt": {"a": quotient}}]}
    return hostile(condition, fact={"a": 1, "b": 0})


def endless() -> tuple[Program, bytes]:
    fields = [{"$and": [{"kind": 1}, {f"g{n}": 1}]} for n in range(512)]
    return hostile(*fields, fact={"z": 1})


def firing_for_ever() -> tuple[Program, bytes]:
    return hostile({"$nex": {"email": 1}})


def not_json() -> tuple[Program, bytes]:
    return replace(ADULT, key="bad", rules=('{"seen": ',)), b"{}"


def silent() -> tuple[Program, bytes]:
    program = replace(ADULT, key="silent", rules=(ADULT.rules[0].replace("seen", "r1_0x"),))
    return program, lines(ADULT, 20)[0]


def of_another_kind() -> tuple[Program, bytes]:
    return ADULT, b'{"sid":"s","id":"f","kind":2,"f0":20}'


def of_no_shape() -> tuple[Program, bytes]:
    return ADULT, b"{"


def unknown_bits() -> tuple[Program, bytes]:
    return replace(ADULT, key="bits", bits={"seen": 0, "r1_0": 7}), lines(ADULT, 20)[0]


def two_lines_in_one() -> tuple[Program, bytes]:
    return ADULT, b"\n".join(lines(ADULT, 20, 20))


def too_many_properties() -> tuple[Program, bytes]:
    return hostile({"kind": 1}, fact={f"g{n}": 1 for n in range(300)})


def too_many_matches() -> tuple[Program, bytes]:
    return hostile(
        *({"$and": [{"kind": 1}, {"$gte": {"a": n}}]} for n in range(80)), fact={"a": 99}
    )


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (divided_by_zero, "it ended by SIGFPE"),
        (endless, "no answer in time"),
        (firing_for_ever, "error inside: UnexpectedError"),
        (not_json, "error inside: error error code: 201"),
        (silent, "error inside: KeyError"),
        (of_another_kind, "error inside: UnexpectedError"),
        (of_no_shape, "error inside: error error code: 204"),
        (unknown_bits, "an answer without its shape"),
        (two_lines_in_one, "not one answer for each fact"),
        (too_many_properties, "error inside: error error code: 302"),
        (too_many_matches, "error inside: error error code: 303"),
    ],
)
def test_a_crash_a_hang_and_nonsense_are_an_error_and_the_next_batch_is_right(
    make: Callable[[], tuple[Program, bytes]], why: str
) -> None:
    program, message = make()
    with Fence(deadline=0.3) as fence:
        works(fence)
        first = fence.pid
        with capture_logs() as logs, pytest.raises(FenceBroken) as caught:
            fence.masks(program, [message])
        assert [line["event"] for line in logs] == [
            "fence_replaced",
            "fence_replaced",
            "rules_unavailable",
        ]
        assert [line.get("why") for line in logs] == [why, why, None]
        assert logs[2]["reference"] == caught.value.values["reference"]
        assert fence.failures == 2
        assert first is not None
        assert not psutil.pid_exists(first)
        works(fence)


def test_a_hang_is_cut_at_the_deadline() -> None:
    program, message = endless()
    with Fence() as fence:
        started = time.monotonic()
        with pytest.raises(FenceBroken):
            fence.masks(program, [message])
        # A second for each of the two processes, and what it takes to start them.
        assert 2 <= time.monotonic() - started < 4


def test_a_frame_that_is_too_long_is_not_read(fence: Fence) -> None:
    with pytest.raises(FenceBroken):
        fence.masks(ADULT, [b"x" * MAX_FRAME])
    works(fence)


@pytest.mark.parametrize("with_signal", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_a_process_killed_while_idle_is_replaced_unnoticed(fence: Fence, with_signal: int) -> None:
    works(fence)
    first = fence.pid
    assert first is not None
    os.kill(first, with_signal)
    psutil.Process(first).status()  # a zombie until the fence buries it
    works(fence)
    assert fence.failures == 1
    assert fence.pid != first
    assert not psutil.pid_exists(first)


@pytest.mark.parametrize("with_signal", [signal.SIGKILL, signal.SIGSTOP])
def test_a_process_killed_or_stopped_at_work_is_replaced_unnoticed(
    fence: Fence, with_signal: int
) -> None:
    works(fence)
    first = fence.pid
    assert first is not None
    # Stopped before it is asked, so that it cannot have answered.
    os.kill(first, signal.SIGSTOP)
    started = time.monotonic()
    found = fence.masks(ADULT, lines(ADULT, 17, 18), lambda: os.kill(first, with_signal))
    assert found == [NO, YES]
    assert time.monotonic() - started < 2
    assert fence.failures == 1
    assert not psutil.pid_exists(first)


def test_an_interrupted_question_leaves_no_answer_for_the_next_one(fence: Fence) -> None:
    works(fence)

    def interrupt() -> None:
        raise KeyboardInterrupt

    for _ in range(5):
        with pytest.raises(KeyboardInterrupt):
            fence.masks(ADULT, lines(ADULT, 1, 1, 1), interrupt)
        works(fence)
    assert fence.failures == 0


def test_many_threads_take_turns() -> None:
    fence = Fence(deadline=20)
    wrong: list[object] = []

    def ask(threshold: int) -> None:
        rule_set = bound({"c": test("age", Comparison.AT_LEAST, threshold)}, {"age": INTEGER})
        program = compile_rules(rule_set)
        for _ in range(100):
            found = fence.masks(program, lines(program, *range(10)))
            if found != [YES if age >= threshold else NO for age in range(10)]:
                wrong.append((threshold, found))

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert fence.failures == 0
    fence.close()


def test_a_process_is_replaced_after_so_many_rule_sets() -> None:
    programs = [
        compile_rules(bound({"c": test("age", Comparison.AT_LEAST, n)}, {"age": INTEGER}))
        for n in range(7)
    ]
    pids = []
    with Fence(max_programs=3) as fence:
        for number, program in enumerate(programs):
            for _ in range(3):
                assert fence.masks(program, lines(program, number - 1, number)) == [NO, YES]
            pids.append(fence.pid)
        assert [pids.index(pid) for pid in pids] == [0, 0, 0, 3, 3, 3, 6]
        assert fence.failures == 0


def test_nothing_is_left_when_it_is_closed_or_forgotten() -> None:
    fence = Fence()
    works(fence)
    first = fence.pid
    fence.close()
    works(fence)
    second = fence.pid
    assert first is not None
    assert second is not None
    assert not psutil.pid_exists(first)
    del fence
    gc.collect()
    assert not psutil.pid_exists(second)


def test_secrets_stay_outside(fence: Fence, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEURMERK_SECRET_KEY", "x" * 32)
    works(fence)
    inside = psutil.Process(fence.pid)
    assert set(inside.environ()) <= {"PATH", "LD_LIBRARY_PATH", "LC_CTYPE"}
    assert inside.cwd() == "/"


PARENT = """
import os, sys, time
from tests.rules.test_fence import ADULT, lines, works
from rules.fence import Fence
fence = Fence()
works(fence)
{then}
"""


def parent(then: str) -> subprocess.Popen[str]:
    """Another process with a fence of its own, which then does something."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", PARENT.format(then=then)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_it_ends_when_its_parent_is_killed() -> None:
    with parent("print(fence.pid, flush=True); time.sleep(60)") as process:
        inside = int(first_line(process))
        process.kill()
    assert ended(inside)


def test_it_ends_when_its_parent_is_killed_and_a_copy_of_it_lives_on() -> None:
    """The copy has inherited our end of the line, so the line does not break."""
    then = """
copy = os.fork()
if copy:
    print(fence.pid, copy, flush=True)
time.sleep(60)
"""
    with parent(then) as process:
        inside, copy = map(int, first_line(process).split())
        process.kill()
    try:
        assert ended(inside)
        assert psutil.pid_exists(copy)
    finally:
        os.kill(copy, signal.SIGKILL)


def test_it_ends_with_its_parent() -> None:
    with parent("print(fence.pid, flush=True)") as process:
        inside = int(first_line(process))
    assert process.returncode == 0
    assert ended(inside)


def test_a_forked_copy_has_a_process_of_its_own() -> None:
    then = """
mine = fence.pid
copy = os.fork()
for _ in range(200):
    works(fence)
if not copy:
    os._exit(0 if fence.pid != mine else 1)
_, status = os.waitpid(copy, 0)
works(fence)
print(status, fence.pid == mine, fence.failures, flush=True)
"""
    with parent(then) as process:
        assert first_line(process) == "0 True 0\n"
    assert process.returncode == 0


def test_control_c_is_not_for_the_process_inside(fence: Fence) -> None:
    works(fence)
    pid = fence.pid
    assert pid is not None
    assert os.getpgid(pid) != os.getpgid(0)
    os.kill(pid, signal.SIGINT)
    works(fence)
    assert fence.pid == pid
