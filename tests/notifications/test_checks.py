"""What reading a mail's file shows, and in which line and column."""

from __future__ import annotations

import pytest
from jinja2.sandbox import SandboxedEnvironment

from notifications.checks import check
from notifications.templates import Templates
from notifications.values import FILTERS, VALUES
from tests.notifications.conftest import CONTEXT

pytestmark = pytest.mark.unit


def environment() -> SandboxedEnvironment:
    found = SandboxedEnvironment()
    found.filters.update(dict.fromkeys(FILTERS, str))
    return found


@pytest.mark.parametrize(
    ("body", "line", "column", "said"),
    [
        ("{{ organization.name }}", 3, 4,
         "there is no value called “organization”; did you mean “organisation”?"),
        ("Dear {{ person.nam }}", 3, 16,
         "there is no field of “person” called “nam”; did you mean “name”?"),
        ("{{ case['link'] }}", 3, 10, "there is no field of “case” called “link”"),
        ("{{ label[0] }}", 3, 1, "there is no field of “label” called “0”"),
        ("a\n\nb {{ since|days }}", 5, 12,
         "there is no filter called “days”; did you mean “day”?"),
        ("{{ 'x' if count is not od }}", 3, 24,
         "there is no test called “od”; did you mean “odd”?"),
        ("{% for one in late %}\n{{ one.link }}\n{% endfor %}", 4, 8,
         "there is no field of “one” called “link”"),
        ("{{ person.name", 3, 1, "unexpected end of template"),
        ("x {% if count %}", 3, 3, "The innermost block that needs to be closed is 'if'."),
        ("See https://example.org", 3, 5,
         "nothing from outside may be loaded or linked in a mail"),
    ],
)  # fmt: skip
def test_a_slip_is_named_with_its_place(body: str, line: int, column: int, said: str) -> None:
    (remark,) = check("m.md", f"Subject: x\n\n{body}", environment())
    assert (remark.file, remark.line, remark.column) == ("m.md", line, column)
    assert said in remark.message


@pytest.mark.parametrize(
    "body",
    [
        "{% for part in payload.feedback %}{{ part.section|say }}{% endfor %}",
        "{{ dates['first_window.closes']|day }} {{ label.valid_until }}",
        "{% set who = person.name %}{{ who|upper }}",
        "{% for person in waiting %}{{ person.organisation }}{{ loop.index }}{% endfor %}",
    ],
)
def test_what_is_right_passes(body: str) -> None:
    assert check("m.md", f"Subject: x\n\n{body}", environment()) == []


def test_every_slip_is_named_at_once() -> None:
    text = "Subject: {{ schol.name }}\n\n{{ a }} {{ b|c }}\n"
    places = [(one.line, one.column) for one in check("m.md", text, environment())]
    assert places == [(1, 13), (3, 4), (3, 12), (3, 14)]


def test_the_values_of_the_tests_are_those_explained() -> None:
    assert {*CONTEXT, "person"} == {*VALUES}
    assert "school_label/approved" in Templates().names()
