"""The checker of rule files, tried on a file that is broken in one way at a time."""

from __future__ import annotations

import pytest

from rules.book import RuleBook
from rules.checking import check_book, check_files, check_rule_set
from rules.fitting import MAX_CRITERIA
from rules.rule_file import read_rule_set
from tests.rules.files import ROUND, RULES, changed, of_rules, remarks

pytestmark = pytest.mark.unit


def test_nothing_is_said_of_a_good_file() -> None:
    assert remarks({"f": RULES}) == []
    assert remarks({"f": ROUND}) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        # names
        (
            "fact: school_validated",
            "fact: school_valdated",
            ['f:20:5: error: there is no fact "school_valdated" (did you mean "school_validated"?)'],
        ),
        (
            "provider: active_teachers",
            "provider: active_teacher",
            [
                'f:10:5: error: there is no provider "active_teacher" '
                '(did you mean "active_teachers"?)'
            ],
        ),
        (
            "with: {since: ${since}}",
            "with: {sinc: ${since}}",
            [
                'f:9:3: error: active_teachers must be told "since"',
                'f:11:12: error: there is no argument of active_teachers "sinc" '
                '(did you mean "since"?)',
            ],
        ),
        (
            "at_least: ${enough}",
            "at_least: ${enouh}",
            [
                'f:5:3: warning: the parameter "enough" is not used',
                'f:15:5: error: there is no parameter "enouh" (did you mean "enough"?)',
            ],
        ),
        (
            "at_least: ${enough}",
            "at_least: $enough",
            [
                'f:5:3: warning: the parameter "enough" is not used',
                'f:15:5: error: "$enough" is no name of a parameter: write ${name}',
                'f:15:5: error: "$enough" is not a whole number',
            ],
        ),
        (
            "only_if: ${strict}",
            "only_if: strict",
            [
                'f:7:3: warning: the parameter "strict" is not used',
                "f:19:5: error: write the name of a boolean parameter: only_if: ${name}",
                'f:19:5: error: "strict" is not true or false',
            ],
        ),
        (
            "only_if: ${strict}",
            "only_if: ${enough}",
            [
                'f:7:3: warning: the parameter "strict" is not used',
                'f:19:5: error: "enough" is of type integer, not true or false',
            ],
        ),
        ("- id: checked", "- id: teachers", ['f:18:5: error: there is a criterion "teachers" already']),
        (
            "facts:\n  teachers:\n",
            "facts:\n  validated: {provider: school_validated}\n  teachers:\n",
            ['f:9:3: warning: the fact "validated" is not used'],
        ),
        (
            "    fact: teachers\n",
            "    fact: teachers\n    with: {since: 2020-01-01}\n",
            ['f:15:5: error: "teachers" has its arguments under facts: write them there'],
        ),
        # types
        (
            "at_least: ${enough}",
            "at_least: '3'",
            [
                'f:5:3: warning: the parameter "enough" is not used',
                'f:15:5: error: "3" is not a whole number (leave out the quotes)',
            ],
        ),
        (
            "at_least: ${enough}",
            "on_or_before: ${enough}",
            [
                'f:15:5: error: "teachers" is a whole number: compare it by at_least, at_most, '
                "between, equals, less_than, more_than, not_equals, one_of, present"
            ],
        ),
        (
            "at_least: ${enough}",
            "at_least: ${since}",
            [
                'f:5:3: warning: the parameter "enough" is not used',
                'f:15:5: error: "since" is of type date, not a whole number',
            ],
        ),
        (
            "with: {since: ${since}}",
            "with: {since: '2020-01-01'}",
            [
                'f:6:3: warning: the parameter "since" is not used',
                'f:11:12: error: "2020-01-01" is not a date (leave out the quotes)',
            ],
        ),
        (
            "enough: {type: integer,",
            "enough: {type: integer, one_of: [a],",
            [
                'f:5:3: error: "enough" of round 2030 is none of a',
                'f:5:3: error: "enough" of round 2030 in BE is none of a',
                "f:5:27: error: only a text can be one of several texts",
                'f:36:18: error: "enough" is none of a',
            ],
        ),
        (
            "enough: {type: integer",
            "enough: {type: date",
            [
                'f:5:3: error: "enough" of round 2030 is not a date',
                'f:5:3: error: "enough" of round 2030 in BE is not a date',
                'f:15:5: error: "enough" is of type date, not a whole number',
                'f:36:18: error: "enough" is not a date',
            ],
        ),
        # texts
        (
            "{en: Checked, nl: Nagekeken}",
            "{en: Checked}",
            ['f:22:5: error: there is no text in "nl" here'],
        ),
        (
            "{en: Checked, nl: Nagekeken}",
            "{en: Checked, nl: Nagekeken, sv: Kollat}",
            ['f:22:40: warning: "sv" is not among the languages'],
        ),
        (
            "languages: [en, nl]",
            "languages: [en, nl, xx]",
            None,
        ),
        (
            '"{missing} to go"',
            '"{mising} to go"',
            ['f:17:14: error: nothing fills "{mising}" in this text (did you mean "missing"?)'],
        ),
        (
            '"{missing} to go"',
            '"{missing to go"',
            ["f:17:14: error: braces hold the name of a value: {required}, {actual} …"],
        ),
        (
            "    remedy: {en: Ask, nl: Vraag}\n",
            "",
            ['f:18:5: warning: "checked" has no remedy: say what helps where it is not met'],
        ),
        # examples
        (
            "    expect: met",
            "    expect: unmet",
            ['f:29:5: error: "all well" should be unmet, and is met: teachers met, checked met'],
        ),
        (
            "teachers: unmet, checked",
            "teachers: met, checked",
            [
                "f:25:1: warning: no example fails",
                'f:38:14: error: "too few": teachers should be met, and is unmet',
            ],
        ),
        (
            "unmet, checked: does_not_apply",
            "unmet, checked: met",
            ['f:38:31: error: "too few": checked should be met, and is does_not_apply'],
        ),
        (
            "unmet, checked: does_not_apply",
            "unmet, cheked: met",
            ['f:38:31: error: there is no criterion "cheked" (did you mean "checked"?)'],
        ),
        (
            "facts: {teachers: 2}",
            "facts: {teacher: 2}",
            ['f:37:13: error: there is no fact "teacher" (did you mean "teachers"?)'],
        ),
        (
            "facts: {teachers: 2}",
            "facts: {teachers: yes}",
            ["f:37:13: error: teachers: This must be a whole number with fewer than 16 digits."],
        ),
        (
            'all well\n    round: "2030"',
            'all well\n    round: "2031"',
            ['f:27:5: error: there is no round "2031" (did you mean "2030"?)'],
        ),
        (
            "{enough: 3, since",
            "{enuf: 3, since",
            [
                'f:35:5: error: the example gives no "enough": add it to parameters, or name a round',
                'f:36:18: error: there is no parameter "enuf" (did you mean "enough"?)',
            ],
        ),
        (
            "strict: false}",
            "strict: 0}",
            ['f:36:48: error: "strict" is not true or false'],
        ),
        ("name: too few", "name: all well", ['f:35:5: error: there is an example "all well" already']),
        (
            "    parameters: {enough",
            "    area: BE\n    parameters: {enough",
            ["f:36:5: error: an area is for an example with a round"],
        ),
    ],
)  # fmt: skip
def test_each_fault_is_named_with_its_place(old: str, new: str, said: list[str] | None) -> None:
    found = of_rules(old, new)
    if said is None:  # every text lacks the language; and it is none
        assert found[1] == 'f:3:21: error: "xx" is no language here: there are en, nl, fr, de'
        assert len(found) == 7
    else:
        assert found == said


# What nothing can meet ---------------------------------------------------------------------------


def with_criteria(*lines: str) -> list[str]:
    """What is said of the satisfying of criteria over teachers and a text, whatever else is said."""
    text = "\n".join(
        [
            "rule_set: loan/fit",
            "title: {en: Fit}",
            "languages: [en]",
            "criteria:",
            *(
                f"  - {{id: c{number}, {line}, text: {{en: a}}, remedy: {{en: b}}}}"
                for number, line in enumerate(lines)
            ),
            "examples: [{name: none, facts: {}, expect: undetermined}]",
        ]
    )
    rules, located = read_rule_set(text, "f")
    said = [remark.message for remark in check_rule_set(rules, located, [])]
    return [line for line in said if "example" not in line and "none" not in line]


COUNT = "fact: missing_in_section, with: {section: a}"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([f"{COUNT}, at_least: 3"], []),
        ([f"{COUNT}, less_than: 0"], ['no value can meet "c0"']),
        ([f"{COUNT}, less_than: 1"], []),
        ([f"{COUNT}, at_least: 0"], ['every value meets "c0"']),
        ([f"{COUNT}, between: [5, 3]"], ['no value can meet "c0"']),
        ([f"{COUNT}, between: [3, 3]"], []),
        (["fact: today, between: [2030-02-01, 2030-01-31]"], ['no value can meet "c0"']),
        (
            [f"{COUNT}, at_least: 3", f"{COUNT}, at_most: 2"],
            ['"c1" contradicts "c0": no value meets both'],
        ),
        ([f"{COUNT}, at_least: 3", f"{COUNT}, at_most: 3"], []),
        (
            [f"{COUNT}, at_least: 3", f"{COUNT}, at_most: 4", f"{COUNT}, not_equals: 3"],
            [],
        ),
        (
            [
                f"{COUNT}, at_least: 3",
                f"{COUNT}, at_most: 4",
                f"{COUNT}, not_equals: 3",
                f"{COUNT}, not_equals: 4",
            ],
            ['no values meet all of "c0", "c1", "c2", "c3"'],
        ),
        (
            ["fact: today, before: 2030-01-01", "fact: today, after: 2030-01-01"],
            ['"c1" contradicts "c0": no value meets both'],
        ),
        (
            ["fact: today, before: 2030-01-01", "fact: registered_on, after: 2030-01-01"],
            [],
        ),
        (
            ["fact: school_validated, is_true: true", "fact: school_validated, is_false: true"],
            ['"c1" contradicts "c0": no value meets both'],
        ),
        (
            [
                "all_of: [{fact: school_validated, is_true: true}, "
                "{fact: school_validated, is_false: true}]"
            ],
            ['no value can meet "c0"'],
        ),
        (
            [
                "any_of: [{fact: school_validated, is_true: true}, "
                "{fact: school_validated, is_false: true}]"
            ],
            ['every value meets "c0"'],
        ),
        (["fact: school_validated, present: true"], []),
        (["none_of: [{fact: school_validated, present: true}]"], []),
        (["fact: today, on_or_after: 9999-12-31"], []),
    ],
)
def test_criteria_nothing_can_meet(lines: list[str], said: list[str]) -> None:
    assert with_criteria(*lines) == said


def test_a_round_can_make_a_criterion_impossible() -> None:
    assert of_rules("at_least: ${enough}", "between: [${enough}, 2]") == [
        'f:13:5: error: no value can meet "teachers" (with round 2030)'
    ]


def test_a_round_must_give_what_a_rule_set_takes() -> None:
    found = remarks({"f": RULES, "r": changed(ROUND, "  enough: 3\n", "  enuogh: 3\n")})
    assert [str(one) for one in found] == [
        'f:5:3: error: round 2030 gives no "enough" (did you mean "enuogh"?)',
        'f:26:5: error: the example gives no "enough": add it to parameters, or name a round',
        'r:17:7: error: the round itself gives no "enough" (did you mean "enuogh"?)',
    ]


def test_a_value_of_the_wrong_type_in_a_country_is_found() -> None:
    found = remarks({"f": RULES, "r": changed(ROUND, "enough: 2", "enough: two")})
    assert [str(one) for one in found] == [
        'f:5:3: error: "enough" of round 2030 in BE is not a whole number',
    ]


def test_a_fact_with_two_meanings_must_have_two_names() -> None:
    text = changed(RULES, "fact: school_validated\n    is_true: true", """any_of:
      - {fact: missing_in_section, with: {section: a}, equals: 0}
      - {fact: missing_in_section, with: {section: b}, equals: 0}""")  # fmt: skip
    text = changed(text, "school_validated: true", "missing_in_section: 0")
    assert [str(one) for one in remarks({"f": text})] == [
        'f:22:36: error: "missing_in_section" is asked for twice with different arguments: '
        "give each a name under facts"
    ]


def test_choices_are_checked_in_arguments_parameters_and_rounds() -> None:
    base = changed(
        RULES,
        "    provider: active_teachers\n    with: {since: ${since}}",
        "    provider: projects_with_label\n"
        "    with: {kind: NQL, since: ${since}, counts: ${whose}}",
    )
    base = changed(base, "parameters:\n  enough", "parameters:\n  whose: {type: text}\n  enough")
    round_ = changed(ROUND, "  enough: 3\n", "  enough: 3\n  whose: own_techer\n")
    found = [str(one) for one in remarks({"f": base, "r": round_})]
    assert found[0] == (
        'f:5:3: warning: "whose" must be one of school_involved, own_teacher: say so with one_of'
    )
    base = changed(base, "{type: text}", "{type: text, one_of: [school_involved, own_teacher]}")
    found = [str(one) for one in remarks({"f": base, "r": round_})]
    assert found[0] == (
        'f:5:3: error: "whose" of round 2030 is none of school_involved, own_teacher '
        '(did you mean "own_teacher"?)'
    )
    worse = changed(base, "[school_involved, own_teacher]", "[school_involved, anybody]")
    found = [str(one) for one in remarks({"f": worse, "r": round_})]
    assert (
        'f:12:40: error: "whose" can be something else than school_involved, own_teacher' in found
    )
    worse = changed(base, "kind: NQL", "kind: NLQ")
    found = [str(one) for one in remarks({"f": worse, "r": round_})]
    assert 'f:12:12: error: "NLQ" is none of NQL, EQL (did you mean "NQL"?)' in found


def test_days_cannot_be_negative() -> None:
    rules = changed(RULES, "enough: {type: integer", "enough: {type: days")
    found = remarks({"f": rules, "r": changed(ROUND, "enough: 3", "enough: -3")})
    assert str(found[0]) == 'f:5:3: error: "enough" of round 2030 is less than 0 days'


def test_slow_patterns_are_refused() -> None:
    text = """\
rule_set: loan/name
title: {en: Name}
languages: [en]
parameters: {pattern: {type: text}}
facts: {name: {provider: some_text}}
criteria:
  - {id: a, fact: name, matches: "(a+)+", text: {en: a}, remedy: {en: a}}
examples: [{name: a, facts: {name: a}, expect: met}]
"""
    found = [str(one) for one in check_files({"f": text})]
    assert 'f:5:16: error: there is no provider "some_text"' in found


def test_a_file_of_too_many_criteria_is_none() -> None:
    criteria = "".join(
        f"  - {{id: c{number}, fact: today, present: true, text: {{en: a}}}}\n"
        for number in range(MAX_CRITERIA + 1)
    )
    text = f"rule_set: a/b\ntitle: {{en: a}}\nlanguages: [en]\ncriteria:\n{criteria}examples: []\n"
    found = [str(one) for one in check_files({"f": text})]
    assert found[0] == "f:4:1: error: List should have at most 60 items after validation, not 61"


def test_two_files_of_one_name() -> None:
    found = check_files({"a": RULES, "b": RULES, "r": ROUND})
    assert [str(one) for one in found] == [
        "b:1:1: error: loan/fit is there twice: give one of them another name"
    ]


def test_a_book_is_checked_file_by_file() -> None:
    book = RuleBook.from_texts(
        {"a": changed(RULES, "    expect: met", "    expect: unmet"), "r": ROUND}
    )
    assert [remark.file for remark in check_book(book)] == ["a"]
