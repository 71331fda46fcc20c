from __future__ import annotations

import json

import pytest

from rules.book import RuleBook
from rules.open_values import open_values
from tests.cli.conftest import Command


def test_it_says_what_a_country_has_not_set(command: Command) -> None:
    done = command("check", "--area", "NL", "--json")
    assert done.code == 0
    said = [remark["message"] for remark in json.loads(done.out)]
    assert any(line.startswith('"proof_within_days" of account_validation') for line in said)
    # The Dutch NSO answers within two working days: that is known.
    assert not any(line.startswith('"answer_within_days" of account_validation') for line in said)


#: Calendars whose every open value is explained to whoever sets it.
EXPLAINED = (
    "account_validation", "digisnap_request", "duplicate_account", "european_quality_label",
    "group_creation", "national_quality_label", "project_registration", "school_label",
    "school_registration", "user_right",
)  # fmt: skip


@pytest.mark.parametrize("area", ["NL", "BE-VLG", "BE-WAL", "DE", "FR", "PL", "ES"])
def test_what_is_open_is_said_with_what_it_is(area: str) -> None:
    remarks = open_values(RuleBook.from_folder(), area)
    said = [str(one.message) for one in remarks if f"{area}: " not in one.message]
    assert [line for line in said if line.split(" of ")[1].startswith(EXPLAINED)] == []
    assert {one.message.split(" of ")[1].split("/")[0] for one in remarks} >= set(EXPLAINED)


def test_each_calendar_is_looked_at_in_its_newest_round(command: Command) -> None:
    done = command("check", "--area", "BE-VLG", "--json")
    rounds = {remark["file"].rpartition("rounds/")[2] for remark in json.loads(done.out)}
    calendars = {name.partition("/")[0] for name in rounds}
    assert len(rounds) == len(calendars)
    assert calendars <= {call.calendar for call in RuleBook.from_folder().rounds()}


def test_an_area_that_is_none_is_told(command: Command) -> None:
    done = command("check", "--area", "Flanders")
    assert done.code == 2
    assert "is no area" in done.err
