"""docs/rule-files.md says what is true: its blocks are two files, its keys are all the keys."""

from __future__ import annotations

import re

import pytest
from pydantic import BaseModel

from base.errors import Remark
from rules import round_file, rule_file
from rules.book import FOLDER, RuleBook
from rules.checking import check_files
from rules.criteria import Combination, Comparison
from rules.facts import PROVIDERS
from rules.fitting import COMPARISONS, MAX_CRITERIA
from rules.wording import PLACES

pytestmark = pytest.mark.unit

DOC = (FOLDER.parent / "docs" / "rule-files.md").read_text("utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", DOC, re.MULTILINE | re.DOTALL)


RULES, ROUND = "\n".join(blocks("yaml")), "\n".join(blocks("yaml round"))


def said(rules: str = RULES) -> list[Remark]:
    return check_files({"borrower.yaml": rules, "2023.yaml": ROUND})


def lines(remarks: list[Remark]) -> str:
    return "".join(f"{remark}\n" for remark in remarks)


def test_its_blocks_are_a_rule_file_and_a_round() -> None:
    book = RuleBook.from_texts({"rules": RULES, "round": ROUND})
    assert [one.name for one in book.rule_sets()] == ["lending/borrower"]
    assert [one.name for one in book.rounds()] == ["lending/2023"]


def test_the_check_says_what_it_shows() -> None:
    wrong = RULES.replace("at_least: ${teachers_needed}", "at_least: ${teachers_neded}")
    of_rules = [remark for remark in said(wrong) if remark.file == "borrower.yaml"]
    assert blocks("text") == [lines(said()), lines(of_rules)]


def cells(heading: str) -> list[str]:
    """Every code in the first column of each table under ``heading``."""
    found: list[str] = []
    for start in re.finditer(rf"^\| {heading} \|", DOC, re.MULTILINE):
        table = DOC[start.start() :].split("\n\n", maxsplit=1)[0]
        for line in table.splitlines()[2:]:
            found += re.findall(r"`([^`]+)`", line.split("|")[1])
    return found


def test_it_explains_every_key_and_no_other() -> None:
    kinds = [
        kind
        for module in (rule_file, round_file)
        for kind in vars(module).values()
        if isinstance(kind, type)
        and issubclass(kind, BaseModel)
        and kind.__module__ == module.__name__
        and kind not in (round_file.Window, round_file.PartOfWindow)
    ]
    keys = {field.alias or name for kind in kinds for name, field in kind.model_fields.items()}
    sections = {"parameters", "facts", "criteria", "examples"}  # have a heading of their own
    comparisons = {comparison.value for comparison in Comparison}
    assert set(cells("key")) | sections == keys - comparisons | {"one_of"}
    assert all(f"## {name.capitalize()}" in DOC for name in sections)


def test_it_explains_every_comparison_for_its_types() -> None:
    shown: dict[str, set[str]] = {}
    start = DOC.index("| comparison |")
    for line in DOC[start:].split("\n\n", maxsplit=1)[0].splitlines()[2:]:
        names, kinds = line.split("|")[1:3]
        for name in re.findall(r"`([^`]+)`", names):
            shown[name] = {kind.strip() for kind in kinds.split(",")}
    for comparison in Comparison:
        good = {kind.value for kind, known in COMPARISONS.items() if comparison in known}
        expected = {"any"} if len(good) == len(COMPARISONS) else good
        assert shown.pop(comparison.value) == expected
    assert shown == {}
    assert all(f"`{combination}`" in DOC for combination in Combination)


def test_it_lists_every_provider() -> None:
    rows = {}
    for line in DOC[DOC.index("| provider |") :].split("\n\n", maxsplit=1)[0].splitlines()[2:]:
        name, kind, told, about = (cell.strip() for cell in line.strip("|").split("|"))
        rows[name.strip("`")] = (kind, told, about)
    assert rows == {
        name: (
            str(one.type),
            ", ".join(
                f"`{argument}`" + (" (optional)" if argument in one.optional else "")
                for argument in one.arguments
            ),
            one.about,
        )
        for name, one in PROVIDERS.items()
    }


def test_its_numbers_and_places_are_right() -> None:
    assert f"at most {MAX_CRITERIA} criteria" in DOC
    assert all(f"`{{{place}}}`" in DOC for place in PLACES)
