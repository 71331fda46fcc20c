"""Round files: their values in an area, and the checker on files broken in one way at a time."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from base.errors import BadDefinition
from base.located import read_yaml
from rules.checking import check_files, check_round
from rules.round_file import backwards, in_year, read_round
from tests.rules.files import ROUND, call, changed, of_round, rule_set

pytestmark = pytest.mark.unit

BROKEN: list[dict[str, Any]] = read_yaml(
    (Path(__file__).parent / "broken_rounds.yaml").read_text("utf-8"), "broken_rounds.yaml"
).data

OWN = {
    "opening": date(2030, 1, 10),
    "window.opens": date(2030, 1, 10),
    "window.closes": date(2030, 2, 10),
    "change.opens": date(2030, 2, 11),
    "change.closes": date(2030, 3, 10),
    "enough": 3,
    "since": date(2029, 1, 1),
    "strict": True,
}


@pytest.mark.parametrize(
    ("area", "differs"),
    [
        ("", {}),
        ("NL", {}),
        ("NL-NH", {}),
        ("BE", {"window.closes": date(2030, 2, 5), "enough": 2}),
        ("BE-WAL", {"window.closes": date(2030, 2, 5), "enough": 2}),
        ("BE-VLG", {"window.closes": date(2030, 2, 5), "enough": 2, "strict": False}),
    ],
)
def test_values_come_from_the_region_then_the_country_then_the_round(
    area: str, differs: dict[str, Any]
) -> None:
    assert dict(call().values(area)) == OWN | differs


def test_values_cannot_be_changed_and_are_made_once() -> None:
    one = call()
    values: Any = one.values("BE-WAL")
    with pytest.raises(TypeError):
        values["enough"] = 1
    assert one.values("BE") is values


def test_a_value_nobody_knows_is_none() -> None:
    one = call(changed(ROUND, "closes: 2030-03-10", "closes: unknown"))
    assert one.values("")["change.closes"] is None
    assert one.values("BE-VLG")["change.closes"] is None


def test_a_country_can_know_what_the_round_does_not() -> None:
    text = changed(ROUND, "closes: 2030-02-10", "closes: unknown")
    assert call(text).values("NL")["window.closes"] is None
    assert call(text).values("BE")["window.closes"] == date(2030, 2, 5)


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case["new"][:50])
def test_each_fault_is_named_with_its_place(case: dict[str, Any]) -> None:
    assert of_round(case["old"], case["new"]) == case["says"]


def test_the_slip_of_the_source_would_have_been_caught() -> None:
    """002_7da36b1a3396e4d1.txt says 28/02/2022 on one page, and 28/02/2023 on another."""
    path = Path("rules/rounds/school_label/2023-2024.yaml")
    text = path.read_text("utf-8")
    slip = changed(text, "closes: 2023-02-28}", "closes: 2022-02-28}")
    (found,) = check_files({"slip": slip})
    assert str(found) == (
        "slip:11:3: error: the window closes on 2022-02-28, before it opens on 2023-01-31 "
        "(did you mean 2023-02-28?)"
    )


def test_a_round_that_goes_back_in_time_is_told() -> None:
    later = changed(ROUND, 'round: "2030"', 'round: "2031"')
    later = changed(later, "since: 2029-01-01", "since: 2028-01-01")
    one, located = read_round(later, "later")
    assert [str(remark) for remark in check_round(one, located, [], [call()])] == [
        'later:10:3: warning: "since" is 2028-01-01, and was 2029-01-01 in the round before, 2030'
    ]


def test_what_an_unknown_value_means_is_told() -> None:
    text = changed(ROUND, "since: 2029-01-01", "since: unknown")
    one, located = read_round(text, "r")
    assert [str(remark) for remark in check_round(one, located, [rule_set()])] == [
        'r:10:3: note: "since" is not known: loan/fit cannot be met'
    ]


def test_a_bound_nobody_knows_is_no_bound() -> None:
    rules = Path("rules/school_label/eligibility.yaml").read_text("utf-8")
    rounds = Path("rules/rounds/school_label/2023-2024.yaml").read_text("utf-8")
    found = [str(one) for one in check_files({"rules": rules, "round": rounds})]
    assert 'round:21:3: note: "nql_until" is not known: no rule set needs it' in found


@pytest.mark.parametrize(
    ("opens", "closes", "says"),
    [
        (date(2023, 1, 31), date(2023, 1, 31), None),
        (date(2023, 1, 31), date(2023, 1, 30), ""),
        (date(2022, 11, 23), date(2022, 1, 31), " (did you mean 2023-01-31?)"),
        (date(2023, 1, 31), date(2022, 2, 28), " (did you mean 2023-02-28?)"),
        (date(2023, 1, 31), date(2020, 2, 29), " (did you mean 2023-02-28?)"),
        (None, date(2020, 2, 29), None),
    ],
)
def test_windows_that_close_before_they_open(
    opens: date | None, closes: date, says: str | None
) -> None:
    found = backwards(opens, closes)
    if says is None:
        assert found is None
    else:
        message = f"the window closes on {closes}, before it opens on {opens}"
        assert found == message + says


def test_a_leap_day_in_another_year() -> None:
    assert in_year(date(2024, 2, 29), 2025) == date(2025, 2, 28)
    assert in_year(date(2024, 2, 29), 2028) == date(2028, 2, 29)


@pytest.mark.parametrize("text", ["", "- a\n", "just words\n", "round: [\n"])
def test_what_is_no_round_file_is_told(text: str) -> None:
    with pytest.raises(BadDefinition):
        read_round(text, "r")
