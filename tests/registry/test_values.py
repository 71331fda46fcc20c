from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import values
from registry.values import BadValue


@pytest.mark.parametrize(
    ("value", "right"),
    [
        ("2023-01-31", date(2023, 1, 31)),
        (" 2024-02-29 ", date(2024, 2, 29)),
        (date(2023, 1, 31), date(2023, 1, 31)),
        (datetime(2023, 1, 31), date(2023, 1, 31)),  # noqa: DTZ001 - a cell of a workbook
    ],
)
def test_a_day_is_read(value: object, right: date) -> None:
    assert values.day(value) == right


@pytest.mark.parametrize(
    "value",
    [
        "31/01/2023", "2023-02-30", "2023-1-31", "20230131", "2023-01-31T00:00:00", "", "x", None,
        20230131, 1.5, True, "0001-01-01", "9999-12-31", "\uff12\uff10\uff12\uff13-01-31",
        datetime(2023, 1, 31, 10),  # noqa: DTZ001
    ],
)  # fmt: skip
def test_what_is_no_day_is_refused(value: object) -> None:
    with pytest.raises(BadValue):
        values.day(value)


@pytest.mark.parametrize("value", ["BE", "XK", "TR", " NL "])
def test_a_country_is_read(value: str) -> None:
    assert values.country(value) == value.strip()


@pytest.mark.parametrize("value", ["be", "XX", "ZZ", "EU", "BEL", "", None, 7])
def test_what_is_no_country_is_refused(value: object) -> None:
    with pytest.raises(BadValue):
        values.country(value)


@pytest.mark.parametrize(("value", "right"), [("UK", "GB"), ("el", "GR")])
def test_the_code_that_was_meant_is_named(value: str, right: str) -> None:
    with pytest.raises(BadValue) as caught:
        values.country(value)
    assert caught.value.values["right"] == right


@pytest.mark.parametrize(
    "value",
    [
        "a@b", "a b@example.org", "a@example.org\nBcc: b@example.org", "<a@example.org>", "@b.org",
        "a@-b.org", "a@b..org", "a@b.o", f"{'a' * 65}@example.org", f"a@{'b.' * 130}org", None, 1,
        "a@example.org,b@example.org", "é@example.org", ".a@example.org",
    ],
)  # fmt: skip
def test_what_is_no_mail_address_is_refused(value: object) -> None:
    with pytest.raises(BadValue):
        values.mail_address(value)


def test_a_mail_address_is_kept_in_lower_case() -> None:
    assert values.mail_address(" An.Adler+x@Example.ORG ") == "an.adler+x@example.org"


def test_a_text_is_composed_and_its_ends_are_trimmed() -> None:
    assert values.text_up_to(10)(" e\u0301cole ") == "école"


@pytest.mark.parametrize(
    "value", ["", "  ", "a\nb", "a\x00b", "a\ud800", "a\u202eb", "x" * 11, 1.5]
)
def test_a_text_that_cannot_be_kept_is_refused(value: object) -> None:
    with pytest.raises(BadValue):
        values.text_up_to(10)(value)


def test_a_postcode_that_a_spreadsheet_made_a_number_is_a_text() -> None:
    assert values.text_up_to(10)(9000) == "9000"


@pytest.mark.parametrize(("value", "right"), [(True, True), ("Yes", True), ("no", False)])
def test_yes_and_no_are_read(value: object, right: bool) -> None:
    assert values.yes_no(value) is right


_ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.dates(),
    st.datetimes(), st.lists(st.integers(), max_size=2), st.dictionaries(st.text(), st.none()),
)  # fmt: skip


@given(value=_ANYTHING)
def test_whatever_comes_is_read_or_refused_with_a_sentence(value: object) -> None:
    readers = (
        values.day, values.country, values.area, values.mail_address, values.language, values.zone,
        values.yes_no, values.true_false, values.text_up_to(5), values.one_of(["a"]),
    )  # fmt: skip
    for read in readers:
        assert _told(read, value)


def _told(read: Callable[[object], object], value: object) -> str:
    try:
        read(value)
    except BadValue as error:
        return error.message.format(**error.values)
    return "read"
