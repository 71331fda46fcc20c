"""Which step is shown as the one to take."""

from __future__ import annotations

import pytest

from web.standing import main_step
from workflows.process_file import load_processes


@pytest.mark.parametrize(
    ("process", "state", "possible", "main"),
    [
        ("school_label", "submitted", ["approve", "refuse"], "approve"),
        # The other founder's NSO comes second in the file, and has its own part to do.
        ("project_registration", "waiting_nsos", ["approve_co_founder_side", "refuse_partner"],
         "approve_co_founder_side"),
        # It waits for somebody to open a mail; withdrawing is a way out, and not what is meant.
        ("selfie_account", "requested", ["withdraw"], ""),
        ("school_label", "submitted", ["withdraw"], ""),
        ("school_label", "lapsed", [], ""),
    ],
)  # fmt: skip
def test_a_way_out_is_not_what_is_meant(
    process: str, state: str, possible: list[str], main: str
) -> None:
    assert main_step(load_processes()[process][0], state, possible) == main
