"""Answers, texts, what a form lacks, and what a step asks for."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.errors import BadInput, Problem
from workflows.asks import check_payload
from workflows.definition import Process
from workflows.form import (
    check_answers,
    compose,
    fields,
    find_field,
    length_of,
    missing,
    missing_per_section,
    normalise,
)
from workflows.preview import preview
from workflows.process_file import load_processes, read_process

pytestmark = pytest.mark.unit

LENDING = (Path(__file__).resolve().parent / "processes" / "lending.yaml").read_text("utf-8")


@pytest.fixture(scope="module")
def label() -> Process:
    """The School Label, for its sections and steps from the sources."""
    return load_processes()["school_label"][0]


def _read(text: str) -> Process:
    return read_process(text, "lending.yaml")[0]


def said(problems: list[Problem], language: str = "en") -> list[tuple[str, int | None, str]]:
    return [(problem.where, problem.step, problem.say(language)) for problem in problems]


# --- answers -----------------------------------------------------------------------------------


def test_good_answers_have_no_problem(lending: Process) -> None:
    answers = {"use.purpose": "Lessons\nabout maps", "use.careful": "no"}
    assert check_answers(lending, answers) == []


def test_a_draft_may_be_incomplete(lending: Process) -> None:
    assert check_answers(lending, {}) == []
    assert check_answers(lending, {"use.purpose": None, "use.careful": None}) == []
    assert check_answers(lending, {"use.purpose": "", "use.careful": ""}) == []


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("use.careful", "maybe", (1, "“We are careful.”: answer yes or no.")),
        ("use.careful", True, (1, "“We are careful.”: answer yes or no.")),
        ("use.careful", 1, (1, "“We are careful.”: answer yes or no.")),
        ("use.careful", ["yes"], (1, "“We are careful.”: answer yes or no.")),
        ("use.purpose", 12, (1, "“What for?”: this has to be text.")),
        ("use.purpose", {"en": "x"}, (1, "“What for?”: this has to be text.")),
        (
            "use.purpose",
            "x" * 201,
            (1, "“What for?”: 201 characters; 200 is the most. Leave out 1."),
        ),
        (
            "use.purpose",
            "a\x00b",
            (1, "“What for?”: take out character 2 (U+0000); it cannot be printed."),
        ),
        (
            "use.purpose",
            "ab\x1b",
            (1, "“What for?”: take out character 3 (U+001B); it cannot be printed."),
        ),
        (
            "use.purpose",
            "\ud800",
            (1, "“What for?”: take out character 1 (U+D800); it cannot be printed."),
        ),
        (
            "contract.signed",
            "a.pdf",
            (2, "“Signed contract”: a link or a document is added on its own, not as an answer."),
        ),
        (
            "contract.signed",
            None,
            (2, "“Signed contract”: a link or a document is added on its own, not as an answer."),
        ),
        ("use.purpos", "x", (None, "The form has no field use.purpos. Is use.purpose meant?")),
        ("zzz", "x", (None, "The form has no field zzz.")),
        ("", "x", (None, "The form has no field .")),
    ],
)
def test_a_bad_answer_is_told(
    lending: Process, key: str, value: Any, problem: tuple[int | None, str]
) -> None:
    assert said(check_answers(lending, {key: value})) == [(key, *problem)]


def test_every_bad_answer_is_told_and_the_good_one_is_no_problem(lending: Process) -> None:
    problems = check_answers(
        lending, {"use.careful": "?", "use.purpose": "Lessons", "contract.signed": "x", "a.b": 1}
    )
    assert [problem.where for problem in problems] == ["use.careful", "contract.signed", "a.b"]


def test_a_process_without_a_form_has_no_fields(lending: Process) -> None:
    bare = lending.model_copy(update={"form": None})
    assert [problem.where for problem in check_answers(bare, {"use.purpose": "x"})] == [
        "use.purpose"
    ]
    assert missing(bare, {}, {}) == []
    assert missing_per_section(bare, {}, {}) == {}


def test_problems_are_said_in_the_language_of_the_reader_as_far_as_the_file_goes(
    lending: Process,
) -> None:
    (problem,) = check_answers(lending, {"use.careful": "?"})
    assert "We zijn voorzichtig." in problem.say("nl")


# --- the length of a text ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("abc", 3),
        ("a\nb", 3),
        ("a\r\nb", 3),  # what a browser sends for a line end
        ("a\rb", 3),
        ("e\u0301", 1),  # typed as letter and accent
        ("\u00e9", 1),
        ("\U0001f600", 1),  # one code point outside the first plane
        ("\u1f00\u0300\u0345", 1),
        ("  ", 2),
    ],
)
def test_a_text_is_counted_as_it_is_seen(text: str, length: int) -> None:
    assert length_of(text) == length


def test_2500_characters_fit_and_2501_do_not(label: Process) -> None:
    for fitting in ("x" * 2500, "\r\n" * 2500, "e\u0301" * 2500, "\U0001f600" * 2500):
        assert check_answers(label, {"students.plan": fitting}) == []
    for long in ("x" * 2501, "\r\n" * 2501, "e\u0301" * 2501, "\U0001f600" * 2501):
        (problem,) = check_answers(label, {"students.plan": long})
        assert (problem.where, problem.step) == ("students.plan", 5)
        assert problem.say("en").endswith("2501 characters; 2500 is the most. Leave out 1.")


def test_a_field_may_have_a_limit_of_its_own(lending_text: str) -> None:
    from_file = lending_text.replace(
        "type: text, required", "type: text, max_characters: 5, required"
    )
    process = _read(from_file)
    assert check_answers(process, {"use.purpose": "12345"}) == []
    assert len(check_answers(process, {"use.purpose": "123456"})) == 1


def test_a_text_that_is_costly_to_compose_is_refused_before(label: Process) -> None:
    # Marks that have to be sorted: composing half a million of them would take minutes.
    costly = "a" + "\u0316\u0301" * 250_000
    start = time.perf_counter()
    assert len(check_answers(label, {"students.plan": costly})) == 1
    assert time.perf_counter() - start < 1


@given(st.text(max_size=300))
def test_composing_again_changes_nothing(text: str) -> None:
    once = compose(text)
    assert compose(once) == once
    assert "\r" not in once
    assert length_of(text) == len(once)


def test_no_character_is_composed_of_more_than_four() -> None:
    longest = max(len(unicodedata.normalize("NFD", chr(code))) for code in range(0x110000))
    assert longest == 4


# --- what is kept ------------------------------------------------------------------------------


def test_answers_are_kept_composed_and_blank_ones_are_none(lending: Process) -> None:
    kept = normalise(
        lending,
        {"use.purpose": " Cafe\u0301\r\nmaps ", "use.careful": "yes"},
    )
    assert kept == {"use.purpose": " Caf\u00e9\nmaps ", "use.careful": "yes"}
    assert normalise(lending, {"use.purpose": " \r\n\t", "use.careful": ""}) == {
        "use.purpose": None,
        "use.careful": None,
    }


def test_what_cannot_be_used_is_not_kept(lending: Process) -> None:
    with pytest.raises(BadInput) as caught:
        normalise(lending, {"use.purpose": 12, "use.careful": "yes"})
    assert [problem.where for problem in caught.value.problems] == ["use.purpose"]


@given(
    st.dictionaries(
        st.sampled_from(["use.purpose", "use.careful", "contract.signed", "x"]),
        st.one_of(
            st.none(), st.booleans(), st.integers(), st.text(max_size=300), st.lists(st.none())
        ),
    )
)
def test_anything_is_either_a_problem_or_kept(answers: dict[str, Any]) -> None:
    process = _read(LENDING)
    problems = check_answers(process, answers)
    good = {key: value for key, value in answers.items() if key not in {p.where for p in problems}}
    kept = normalise(process, good)
    assert set(kept) == set(good)
    assert all(value is None or isinstance(value, str) for value in kept.values())
    assert all(problem.say("en") and problem.say("de") for problem in problems)


# --- what is missing ---------------------------------------------------------------------------


def test_everything_missing_is_told_at_once_with_its_step(lending: Process) -> None:
    assert said(missing(lending, {}, {})) == [
        ("use.purpose", 1, "Step 1, Use: fill in “What for?”"),
        ("use.careful", 1, "Step 1, Use: answer “We are careful.”"),
        ("contract.signed", 2, "Step 2, Contract: upload a document under “Signed contract”"),
    ]


def test_a_complete_form_lacks_nothing(lending: Process) -> None:
    answers = {"use.purpose": "Maps", "use.careful": "yes"}
    assert missing(lending, answers, {"contract.signed": 1}) == []
    assert missing_per_section(lending, answers, {"contract.signed": 1}) == {
        "use": 0,
        "contract": 0,
    }


def test_an_answer_may_have_to_be_yes(lending: Process) -> None:
    problems = missing(lending, {"use.purpose": "x", "use.careful": "no"}, {"contract.signed": 2})
    assert said(problems) == [
        ("use.careful", 1, "Step 1, Use: the answer has to be yes to “We are careful.”")
    ]


@pytest.mark.parametrize("blank", [None, "", "  ", "\n\t", 0, []])
def test_a_blank_text_is_missing(lending: Process, blank: Any) -> None:
    answers = {"use.purpose": blank, "use.careful": "yes"}
    assert missing_per_section(lending, answers, {"contract.signed": 1}) == {
        "use": 1,
        "contract": 0,
    }


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("kinds: [url], required: true", "Step 2, Contract: add a link under “Signed contract”"),
        (
            "kinds: [url, file], accept: [pdf], required: true",
            "Step 2, Contract: add a link or a document under “Signed contract”",
        ),
    ],
)
def test_missing_evidence_is_asked_for_in_the_kinds_that_are_taken(
    lending_text: str, change: str, sentence: str
) -> None:
    process = _read(lending_text.replace("required: true, kinds: [file], accept: [pdf]", change))
    answers = {"use.purpose": "x", "use.careful": "yes"}
    assert [problem.say() for problem in missing(process, answers, {})] == [sentence]


def test_a_question_may_need_any_answer_or_a_no(lending_text: str) -> None:
    any_answer = _read(lending_text.replace("must_be: yes", "required: true"))
    rest = {"use.purpose": "x"}
    assert missing_per_section(any_answer, rest, {})["use"] == 1
    assert missing_per_section(any_answer, {**rest, "use.careful": "no"}, {})["use"] == 0
    a_no = _read(lending_text.replace("must_be: yes", "must_be: no"))
    assert [
        p.say() for p in missing(a_no, {**rest, "use.careful": "yes"}, {"contract.signed": 1})
    ] == ["Step 1, Use: the answer has to be no to “We are careful.”"]
    optional = _read(lending_text.replace("must_be: yes, ", ""))
    assert missing_per_section(optional, rest, {})["use"] == 0


def test_the_school_label_asks_what_the_sources_ask(label: Process) -> None:
    """Steps 2 to 8 (002_7da36b1a3396e4d1.txt): policy, five sections of three, the declaration."""
    counts = missing_per_section(label, {}, {})
    assert counts == {
        "esafety": 2,
        "shared_leadership": 3,
        "collaboration": 3,
        "students": 3,
        "models": 3,
        "inclusive": 3,
        "declaration": 1,
    }
    steps = [problem.step for problem in missing(label, {}, {})]
    assert steps == [2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6, 7, 7, 7, 8]
    for language in ("en", "nl", "fr", "de"):
        assert all(problem.say(language) for problem in missing(label, {}, {}))


def test_fields_are_found_by_section_and_name(lending: Process) -> None:
    field = find_field(lending, "contract.signed")
    assert field is not None
    assert (field.name, field.kinds, field.accept) == ("signed", ["file"], ["pdf"])
    assert find_field(lending, "contract.purpose") is None
    assert [key for key, _section, _field in fields(lending)] == [
        "use.purpose",
        "use.careful",
        "contract.signed",
        "contract.photo",
    ]


# --- what a step asks for ----------------------------------------------------------------------


def payload(process: Process, given: Mapping[str, Any]) -> dict[str, Any]:
    return check_payload(process, process.transitions["refuse"], given)


def test_what_a_step_asks_for_is_kept_composed(lending: Process) -> None:
    assert payload(
        lending, {"reason": "Too\r\nlate", "remarks": {"use": "Cafe\u0301", "contract": " "}}
    ) == {
        "reason": "Too\nlate",
        "remarks": {"use": "Caf\u00e9"},
    }
    assert payload(lending, {"reason": "x"}) == {"reason": "x"}
    assert payload(lending, {"reason": "x", "remarks": None}) == {"reason": "x"}
    assert payload(lending, {"reason": "x", "remarks": {"use": None}}) == {"reason": "x"}


@pytest.mark.parametrize(
    ("given", "problems"),
    [
        ({}, [("reason", None, "“Reason”: this has to be filled in.")]),
        ({"reason": " \n"}, [("reason", None, "“Reason”: this has to be filled in.")]),
        ({"reason": None}, [("reason", None, "“Reason”: this has to be filled in.")]),
        ({"reason": []}, [("reason", None, "“Reason”: this has to be text.")]),
        (
            {"reason": "x" * 2501},
            [("reason", None, "“Reason”: 2501 characters; 2500 is the most. Leave out 1.")],
        ),
        (
            {"reason": "x", "reasom": "y"},
            [("reasom", None, "This step does not ask for reasom. Is reason meant?")],
        ),
        (
            {"reason": "x", "remarks": "all"},
            [
                (
                    "remarks",
                    None,
                    "“Remarks”: give a text per section, under the section’s name.",
                )
            ],
        ),
        (
            {"reason": "x", "remarks": {"usage": "y", "use": 3, "contract": "a\x07"}},
            [
                ("remarks.usage", None, "The form has no section usage. Is use meant?"),
                ("remarks.use", 1, "“Use”: this has to be text."),
                (
                    "remarks.contract",
                    2,
                    "“Contract”: take out character 2 (U+0007); it cannot be printed.",
                ),
            ],
        ),
    ],
)
def test_what_cannot_be_sent_along_is_told(
    lending: Process, given: dict[str, Any], problems: list[tuple[str, int | None, str]]
) -> None:
    with pytest.raises(BadInput) as caught:
        payload(lending, given)
    assert said(list(caught.value.problems)) == problems


def test_feedback_needs_a_text_for_at_least_one_section(label: Process) -> None:
    step = label.transitions["request_changes"]
    nothing: list[dict[str, Any]] = [{}, {"feedback": {}}, {"feedback": {"students": " "}}]
    for empty in nothing:
        with pytest.raises(BadInput) as caught:
            check_payload(label, step, empty)
        assert said(list(caught.value.problems), "nl")[0][0] == "feedback"
    given = {"feedback": {"students": "Meer bewijs, graag."}}
    assert check_payload(label, step, given) == given


def test_a_step_that_asks_nothing_takes_nothing(lending: Process) -> None:
    lend = lending.transitions["lend"]
    assert check_payload(lending, lend, {}) == {}
    with pytest.raises(BadInput) as caught:
        check_payload(lending, lend, {"form": {}})
    assert said(list(caught.value.problems)) == [("form", None, "This step does not ask for form.")]


# --- the preview -------------------------------------------------------------------------------


def test_the_preview_shows_answers_in_words_and_what_is_missing(lending: Process) -> None:
    shown = preview(lending, {"use.careful": "yes"}, {"contract.photo": ["a link"]}, "nl")
    assert [(section.step, section.title, section.missing) for section in shown.sections] == [
        (1, "Gebruik", 1),
        (2, "Contract", 1),
    ]
    rows = {field.key: field for section in shown.sections for field in section.fields}
    assert rows["use.purpose"].answer == ""
    assert "Waarvoor?" in rows["use.purpose"].missing
    assert rows["use.careful"].missing == ""
    assert rows["contract.photo"].evidence == ("a link",)
    assert [problem.where for problem in shown.missing] == ["use.purpose", "contract.signed"]
    assert not shown.is_complete


def test_the_preview_of_a_complete_form_lacks_nothing(lending: Process) -> None:
    answers = {"use.purpose": "Maps", "use.careful": "yes"}
    shown = preview(lending, answers, {"contract.signed": [{"file_name": "c.pdf"}]}, "en")
    assert shown.is_complete
    assert [field.answer for section in shown.sections for field in section.fields] == [
        "Maps",
        "Yes",
        "",
        "",
    ]
