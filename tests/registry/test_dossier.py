from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from base.errors import BadInput
from registry.dossier import read_dossier, read_dossiers
from tests.conftest import examples
from tests.registry.dossiers import good, told


def problems(data: Any) -> dict[str, str]:
    """What is said of a dossier, by place."""
    with pytest.raises(BadInput) as caught:
        read_dossiers(data if isinstance(data, str | bytes) else json.dumps(data))
    return {problem.where: problem.say() for problem in caught.value.problems}


def said(data: bytes | str) -> str:
    """The one sentence about a file that is none."""
    with pytest.raises(BadInput) as caught:
        read_dossiers(data)
    assert caught.value.problems == ()
    return caught.value.say()


def test_a_dossier_is_read() -> None:
    dossier = read_dossier(json.dumps(good()))
    assert dossier.school.registered_on == date(2020, 9, 1)
    assert [teacher.email for teacher in dossier.teachers] == ["an@example.org", "bram@example.org"]
    assert dossier.teachers[0].validated
    assert dossier.projects[0].labels[0].kind == "NQL"


def test_only_the_school_is_needed() -> None:
    dossier = read_dossier('{"school": {"name": "X", "country": "NL"}}')
    assert (dossier.teachers, dossier.projects, dossier.labels) == ((), (), ())


def test_a_file_may_hold_a_list_and_a_byte_order_mark() -> None:
    text = json.dumps([good(), good(name="Other")])
    found = read_dossiers(b"\xef\xbb\xbf" + text.encode())
    assert [prefix for prefix, _ in found] == ["[0].", "[1]."]


def test_all_errors_are_told_at_once_each_with_its_place() -> None:
    made = good(registred_on="2020-09-01", country="UK")
    made["teachers"][0]["activities"][0]["on"] = "2021-02-30"
    made["teachers"][1]["email"] = "bram"
    made["projects"][0]["labels"][0]["kind"] = "MQL"
    made["projects"][0]["labels"][0]["valid_from"] = "2021-01-01"
    made["labels"][0]["valid_until"] = "2018-02-28"
    made["extra"] = 1
    assert problems(made) == {
        "school.country": "“UK” is not the country's code here. Write GB.",
        "school.registred_on": 'There is no such field here (did you mean "registered_on"?).',
        "teachers[0].activities[0].on": "There is no such day as 2021-02-30 in the calendar.",
        "teachers[1].email": "“bram” is no mail address. It looks like name@example.org.",
        "projects[0].labels[0].kind": "“MQL” is not possible here. Write one of: NQL, EQL.",
        "projects[0].labels[0].valid_from": "There is no such field here.",
        "labels[0]": "The last day, 2018-02-28, lies before the first, 2018-03-01.",
        "extra": "There is no such field here.",
    }


def test_what_is_missing_is_named() -> None:
    assert problems({"school": {}, "teachers": [{}], "projects": [{"title": "x"}]}) == {
        "school.name": "This is missing.",
        "school.country": "This is missing.",
        "teachers[0].email": "This is missing.",
        "teachers[0].name": "This is missing.",
        "projects[0].founders": "This is missing.",
    }


def test_values_of_another_shape_are_named() -> None:
    assert problems({"school": "x", "teachers": {"a": 1}, "projects": [3]}) == {
        "school": "“x” stands where fields in braces are needed.",
        "teachers": "{…} stands where a list in brackets is needed.",
        "projects[0]": "“3” stands where fields in braces are needed.",
    }
    assert problems("3") == {"dossier": "“3” stands where fields in braces are needed."}


def test_an_area_lies_in_its_country() -> None:
    assert problems(good(area="NL")) == {"school": "The area NL does not lie in the country BE."}


@pytest.mark.parametrize(
    "value", [1.5, 1, True, "2020-09-01T00:00:00Z", "1 September 2020", [], {}]
)
def test_only_a_date_is_a_date(value: object) -> None:
    assert list(problems(good(registered_on=value))) == ["school.registered_on"]


@pytest.mark.parametrize("value", ["yes", "true", 1, 0, "", None])
def test_only_true_and_false_are_yes_and_no_in_json(value: object) -> None:
    assert list(problems(good(validated=value))) == ["school.validated"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "The file is no JSON: line 1, column 1."),
        ('{"a": 1,\n "a": 2}', "The field “a” stands twice in one place."),
        ("[NaN]", "NaN is no value of JSON."),
        ('{"school": {"name": -Infinity}}', "-Infinity is no value of JSON."),
        ("[" * 200_000, "The file is nested too deeply to be a dossier."),
        ("1" * 5_000, "The file holds a number that is too long to be one."),
        (b"\xff\xfe{", "The file is not in UTF-8. Save it as JSON in UTF-8."),
        ('{"school": 1} x', "The file is no JSON: line 1, column 15."),
    ],
)
def test_what_is_no_json_is_refused_with_a_sentence(content: bytes | str, sentence: str) -> None:
    assert said(content) == sentence


def test_one_dossier_is_one_dossier() -> None:
    with pytest.raises(BadInput, match="holds 0 dossiers"):
        read_dossier("[]")
    with pytest.raises(BadInput, match="holds 2 dossiers"):
        read_dossier(json.dumps([good(), good(name="Other")]))


def test_five_hundred_problems_are_told_and_the_others_counted() -> None:
    made = good() | {"teachers": [{"email": "x", "name": "y"}] * 600}
    with pytest.raises(BadInput, match="600 values cannot be used") as caught:
        read_dossiers(json.dumps(made))
    assert len(caught.value.problems) == 500


_WORDS = st.sampled_from(
    ["school", "teachers", "projects", "labels", "name", "country", "email", "activities", "kind",
     "on", "founders", "granted_on", "valid_from", "BE", "NQL", "2020-01-01", "x"]
)  # fmt: skip
_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), _WORDS
)
_TREES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_WORDS, inner, max_size=6),
    max_leaves=30,
)


@settings(max_examples=examples(100))
@given(tree=_TREES)
def test_any_json_is_read_or_refused(tree: Any) -> None:
    assert told(lambda: read_dossiers(json.dumps(tree))).encode()


@settings(max_examples=examples(100))
@given(content=st.binary(max_size=200) | st.text(max_size=200).map(lambda t: t.encode("utf-16")))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    assert told(lambda: read_dossiers(content))


@settings(max_examples=examples(80))
@given(data=st.data())
def test_a_good_dossier_with_one_value_replaced_is_read_or_refused(
    data: st.DataObject,
) -> None:
    made = good()
    node: Any = made
    while isinstance(node, dict | list) and node:
        key: Any = data.draw(
            st.sampled_from(sorted(node))
            if isinstance(node, dict)
            else st.integers(0, len(node) - 1)
        )
        if not isinstance(node[key], dict | list) or data.draw(st.booleans()):
            node[key] = data.draw(_TREES)
            break
        node = node[key]
    assert told(lambda: read_dossiers(json.dumps(made)))
