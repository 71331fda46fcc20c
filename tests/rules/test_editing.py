from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from base.errors import BadInput
from rules.book import FOLDER, RuleBook
from rules.country_values import country_values, own_values, with_country_values
from rules.editing import changed, read, values_of
from rules.open_values import open_values
from workflows.process_file import FOLDER as WORKFLOWS

FILES = [*sorted(FOLDER.rglob("*.yaml")), *sorted(WORKFLOWS.glob("*.yaml"))]


def test_every_installed_file_comes_back_letter_by_letter() -> None:
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        assert changed(text, {}) == text, path


def test_one_value_is_changed_and_its_comment_stays() -> None:
    path = Path("rules/rounds/school_label/2023-2024.yaml")
    text = path.read_text(encoding="utf-8")
    made = changed(
        text,
        {("parameters", "min_active_teachers"): 4, ("dates", "publication"): date(2023, 3, 30),
         ("countries", "NO", "parameters", "judge_within_days"): 5},
    )  # fmt: skip
    old, new = text.splitlines(), made.splitlines()
    assert [one for one in new if one not in old] == [
        "  publication: 2023-03-30",
        "  min_active_teachers: 4             # SEED-002",
        "  NO:", "      judge_within_days: 5",
    ]  # fmt: skip
    back = changed(made, {("countries", "NO", "parameters", "judge_within_days"): None})
    assert "NO:" not in back
    with pytest.raises(BadInput):
        changed(text, {("dates", "publication", "closes"): 1})


def test_a_file_that_cannot_be_kept_as_it_is_is_changed_as_text() -> None:
    with pytest.raises(BadInput, match="Change its text"):
        changed("title: a\tb\nround: c\n", {("round",): "d"})


@pytest.mark.parametrize(
    ("words", "kind", "value"),
    [
        ("2023-01-31", "day", date(2023, 1, 31)), (" unknown ", "day", "unknown"),
        ("-3", "number", -3), ("true", "yes_no", True), ("a: b", "sentence", "a: b"),
        ("unknown", "sentence", "unknown"), ("2023-02-29", "day", None), ("3.5", "number", None),
        ("\uff19", "number", None), ("ja", "yes_no", None), ("31/01/2023", "day", None),
    ],
)  # fmt: skip
def test_what_is_written_in_a_box(words: str, kind: str, value: object) -> None:
    if value is None:
        with pytest.raises(BadInput):
            read(words, kind, "x")  # type: ignore[arg-type]
    else:
        assert read(words, kind, "x") == value  # type: ignore[arg-type]


def test_a_form_shows_values_and_texts_but_no_names() -> None:
    book = RuleBook.from_folder()
    shown = {one.path: one for one in values_of(book.located("school_label/eligibility"))}
    assert shown["title/fr"].kind == "sentence"
    assert not any(one.endswith(("/id", "/fact", "rule_set")) for one in shown)
    shown = {one.path: one for one in values_of(book.located("school_label/2023-2024"))}
    assert shown["dates/first_window/closes"].kind == "day"
    assert shown["parameters/nql_until"].value == "unknown"
    assert shown["parameters/holders_excluded"].kind == "yes_no"


def test_what_a_country_is_asked_for_is_what_the_check_says_is_open() -> None:
    book = RuleBook.from_folder()
    newest = book.round("national_quality_label/2026-2027")
    asked = [one.name for one in country_values(book, newest, "NL") if one.is_open]
    said = [
        remark.message for remark in open_values(book, "NL")
        if newest.name in remark.message
    ]  # fmt: skip
    assert len(asked) == len(said) > 5
    text = book.text_of(newest.name)
    made = with_country_values(
        book, newest, "NL", {"any_time": "true", "summer.opens": "2027-07-01", "nothing": "1"}, text
    )
    again = RuleBook.from_texts({"x.yaml": made}).round(newest.name)
    assert own_values(again, "NL") == {"summer.opens": "2027-07-01", "any_time": "true"}
    with pytest.raises(BadInput) as caught:
        with_country_values(book, newest, "NL", {"any_time": "x", "summer.opens": "y"}, text)
    assert {one.where for one in caught.value.problems} == {"any_time", "summer.opens"}
