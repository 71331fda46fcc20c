"""Rule sets and rounds by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from base.errors import BadDefinition, NotFound
from rules.book import RuleBook
from tests.rules.files import ROUND, RULES, changed, unreadable

pytestmark = pytest.mark.unit

OTHER = changed(RULES, "loan/fit", "gift/fit")
ONLY = changed(RULES, "loan/fit", "gift/only")
LATER = changed(ROUND, 'round: "2030"', 'round: "2031"')


def book() -> RuleBook:
    return RuleBook.from_texts({"1": RULES, "2": OTHER, "3": ONLY, "4": LATER, "5": ROUND})


def test_what_there_is() -> None:
    assert [one.name for one in book().rule_sets()] == ["gift/fit", "gift/only", "loan/fit"]
    assert [one.name for one in book().rounds()] == ["loan/2030", "loan/2031"]
    assert [one.round for one in book().rounds("loan")] == ["2030", "2031"]
    assert book().rounds("gift") == []


def test_lookup_by_whole_name_and_by_the_last_part() -> None:
    assert book().rule_set("loan/fit").name == "loan/fit"
    assert book().rule_set("only").name == "gift/only"
    assert book().round("loan/2030").name == "loan/2030"


@pytest.mark.parametrize(
    ("name", "hint", "known"),
    [
        ("fit", "", "gift/fit, gift/only, loan/fit"),
        ("loan/fti", ' (did you mean "loan/fit"?)', "loan/fit"),
    ],
)
def test_a_rule_set_that_is_not_there(name: str, hint: str, known: str) -> None:
    with pytest.raises(NotFound) as caught:
        book().rule_set(name)
    assert str(caught.value) == f"There is no rule set {name}{hint}. There are: {known}."


def test_a_round_that_is_not_there() -> None:
    with pytest.raises(NotFound) as caught:
        book().round("loan/2032")
    assert "loan/2030, loan/2031" in str(caught.value)


def test_the_texts_are_kept_as_they_were() -> None:
    assert book().text_of("loan/fit") == RULES
    assert book().text_of("loan/2031") == LATER
    assert book().located("loan/2031").file == "4"


def test_a_name_is_there_once() -> None:
    with pytest.raises(BadDefinition) as caught:
        RuleBook.from_texts({"a": RULES, "b": RULES})
    assert unreadable(caught.value) == [
        "b:1:1: error: loan/fit is there twice: give one of them another name"
    ]
    with pytest.raises(BadDefinition):
        RuleBook.from_texts({"a": ROUND, "b": ROUND})


def test_a_folder_names_all_its_faults(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.yaml").write_text("rule_set: a/b\n", "utf-8")
    (tmp_path / "b.yaml").write_text(RULES, "utf-8")
    (tmp_path / "deep" / "c.yaml").write_text("round: [\n", "utf-8")
    with pytest.raises(BadDefinition) as caught:
        RuleBook.from_folder(tmp_path)
    assert {remark.file for remark in caught.value.remarks} == {
        str(tmp_path / "a.yaml"),
        str(tmp_path / "deep" / "c.yaml"),
    }
    lenient = RuleBook.from_folder(tmp_path, lenient=True)
    assert [one.name for one in lenient.rule_sets()] == ["loan/fit"]


def test_what_is_missing_is_taken_from_another_book() -> None:
    changed_rules = changed(RULES, "title: {en: Fit", "title: {en: Fitter")
    mine = RuleBook.from_texts({"mine": changed_rules})
    mine.add_missing(book())
    assert [one.name for one in mine.rule_sets()] == ["gift/fit", "gift/only", "loan/fit"]
    assert mine.rule_set("loan/fit").title["en"] == "Fitter"
    assert len(mine.rounds()) == 2
