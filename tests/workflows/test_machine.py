from __future__ import annotations

from pathlib import Path

import pytest

from workflows.machine import machine_of, next_state, triggers_from
from workflows.process_file import read_process

PROCESS = read_process(
    Path("workflows/school_label.yaml").read_text(encoding="utf-8"), "school_label.yaml"
)[0]
MACHINE = machine_of(PROCESS)


@pytest.mark.parametrize("state", list(PROCESS.states))
@pytest.mark.parametrize("trigger", list(PROCESS.transitions))
def test_the_machine_moves_exactly_as_the_file_says(state: str, trigger: str) -> None:
    transition = PROCESS.transitions[trigger]
    expected = transition.to if state in transition.source else None
    assert next_state(MACHINE, state, trigger) == expected


def test_there_is_no_door_past_the_guards() -> None:
    assert [name for name in MACHINE.events if name.startswith("to_")] == []
    assert next_state(MACHINE, "draft", "to_awarded") is None


def test_final_states_lead_nowhere() -> None:
    finals = [name for name, state in PROCESS.states.items() if state.final]
    assert [triggers_from(PROCESS, name) for name in finals] == [[] for _ in finals]


def test_the_same_shape_shares_one_machine() -> None:
    assert machine_of(PROCESS) is MACHINE
