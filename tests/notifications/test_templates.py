from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from base.errors import BadDefinition, Fault
from notifications.languages import choose
from notifications.outbox import Addressee, mail_row
from notifications.templates import Templates
from tests.notifications.conftest import CONTEXT, NOW

LANGUAGES = ("en", "nl", "fr", "de")
NAMES = Templates().names()


WITH_PERSON = {**CONTEXT, "person": {"name": "An Peeters"}}


def rendered(templates: Templates, name: str, language: str, **changed: Any) -> Any:
    return templates.render(name, language, {**WITH_PERSON, **changed})


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_every_mail_exists_in_every_language_and_reads_well(
    templates: Templates, name: str, language: str
) -> None:
    mail = rendered(templates, name, language)
    greeting = {"en": "Dear", "nl": "Beste", "fr": "Bonjour", "de": "Guten Tag"}[language]
    assert mail.text.startswith(f"{greeting}")
    assert 10 < len(mail.subject) < 120
    text, _, foot = mail.text.partition("\n\n-- \n")
    assert [line for line in (text + foot).splitlines() if line != line.strip()] == []
    left_over = r"\n{3}|[*#>`]{2}|^[>#] |`\w|\]\(|\{\{|\{%|</?[a-z]+>|KEURMERK"
    assert re.findall(left_over, text, re.MULTILINE) == []
    if language == "fr":  # no line breaks before a colon, nor within guillemets
        told = f"{mail.subject}\n{templates.notice(name, language, WITH_PERSON)}\n{text}"
        assert re.findall(r".{9} [:;?!»]|« .{9}", told) == []
    assert foot.count("\n") == 1
    assert re.findall(r"<p>\s*</p>|</ul>\s*<ul>", mail.html) == []
    assert "KEURMERKVALUE" not in mail.html
    assert "KEURMERKBLOCK" not in mail.html
    assert f'lang="{language}"' in mail.html
    # Nothing is fetched from outside; links go to this installation only.
    assert re.findall(r"<(?:img|link|script)\b", mail.html) == []
    links = set(re.findall(r'href="(https?://[^"]+)"', mail.html))
    assert {link for link in links if not link.startswith("https://keurmerk.example/")} == set()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_a_mail_is_told_by_its_subject_before_it_is_filled(
    templates: Templates, name: str, language: str
) -> None:
    pattern = templates.pattern(name, language)
    assert not re.search(r"[{}%]", pattern)
    assert re.search(r"\w{3}", pattern)


def test_a_subject_before_it_is_filled_is_the_one_for_several(templates: Templates) -> None:
    assert templates.pattern("school_label/draft_reminder", "nl") == (
        "Nog … dagen om de aanvraag van … in te dienen"
    )


def test_no_two_languages_have_the_same_words(templates: Templates) -> None:
    for name in NAMES:
        subjects = {rendered(templates, name, language).subject for language in LANGUAGES}
        assert len(subjects) == len(LANGUAGES), name


def test_values_bring_neither_markdown_nor_html_nor_headers(templates: Templates) -> None:
    hostile = "<b>x</b> [klik](https://evil.example) **vet**\r\nBcc: a@b.c"
    mail = rendered(templates, "school_label/invited", "nl", organisation={"name": hostile})
    assert "<b>x</b>" not in mail.html
    assert "https://evil.example" not in re.findall(r'href="([^"]+)"', mail.html)
    assert "<strong>vet" not in mail.html
    assert "\n" not in mail.subject
    assert hostile.splitlines()[0] in mail.text


def test_what_a_person_wrote_keeps_its_lines(templates: Templates) -> None:
    mail = rendered(templates, "school_label/changes_requested", "nl")
    assert "Eén.\nTwee." in mail.text
    assert "Eén.<br>Twee." in mail.html


@pytest.mark.parametrize(("count", "word"), [(1, "één dag"), (7, "7 dagen")])
def test_one_is_not_many(templates: Templates, count: int, word: str) -> None:
    mail = rendered(templates, "school_label/draft_reminder", "nl", days_left=count)
    assert word in mail.subject


def test_dates_are_written_out_in_the_language(templates: Templates) -> None:
    found = [rendered(templates, "school_label/invited", one).text for one in LANGUAGES]
    days = ["31 January 2023", "31 januari 2023", "31 janvier 2023", "31. Januar 2023"]
    assert [day in text for day, text in zip(days, found, strict=True)] == [True] * 4


def test_a_mail_in_another_language_than_was_asked_for_says_so(templates: Templates) -> None:
    row = mail_row(
        template="school_label/invited", key="k", process="school_label", case_id=None,
        event_id=None, area="PL", context=CONTEXT, now=NOW, not_before=NOW,
        to=Addressee(id="p", name="Ola", email="o@example.org", language="pl"),
        languages=LANGUAGES,
    )  # fmt: skip
    assert (row["language"], row["fallback"]) == ("en", True)
    mail = templates.render(
        row["template"], row["language"], {**row["context"], "person": {"name": "Ola"}},
        asked=row["context"]["asked"],
    )  # fmt: skip
    assert "You asked for mails in polski. This one is not available in it." in mail.text


@pytest.mark.parametrize(
    ("asked", "area", "chosen"),
    [
        ("nl", "NL", ("nl", False)),
        ("nl-BE", "BE-VLG", ("nl", False)),
        (None, "BE-VLG", ("nl", False)),
        (None, "BE-WAL", ("fr", False)),
        (None, "AT", ("de", False)),
        (None, "PL", ("en", False)),
        ("pl", "PL", ("en", True)),
        ("pl", "DE", ("de", True)),
    ],
)
def test_the_language_is_the_persons_then_the_areas_then_english(
    asked: str | None, area: str, chosen: tuple[str, bool]
) -> None:
    assert choose(asked, area, LANGUAGES) == chosen


def write(folder: Path, name: str, text: str) -> Path:
    (folder / "p").mkdir(exist_ok=True)
    (folder / "p" / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("name", "text", "line", "words"),
    [
        ("a.en.md", "Subject: {% if count %}x\n\n{% endif %}y", 1, "Unexpected end"),
        ("a.en.md", "Hello", 1, "begin with"),
        ("a.en.md", "Subject: x\nno empty line", 1, "begin with"),
        ("a.en.md", "Subject: x\n\nDear,\n\n{% if %}\n", 5, "Expected"),
        ("a.en.md", "Subject: x\n\n![logo](https://evil.example/x.png)", 3, "outside"),
        ("a.md", "Subject: x\n\nx", 1, "NAME.LANGUAGE.md"),
    ],
)
def test_a_template_with_an_error_is_named_with_its_line(
    tmp_path: Path, name: str, text: str, line: int, words: str
) -> None:
    with pytest.raises(BadDefinition) as refused:
        Templates(write(tmp_path, name, text))
    assert refused.value.remarks[0].line == line
    assert any(words in str(remark) for remark in refused.value.remarks)


def test_a_value_that_is_not_given_is_an_error_and_code_cannot_be_reached(tmp_path: Path) -> None:
    write(tmp_path, "a.en.md", "Subject: {{ payload.nothing }}\n\nx")
    write(tmp_path, "b.en.md", "Subject: x\n\n{{ ''.__class__.__mro__ }}")
    found = Templates(tmp_path)
    for name, words in (("p/a", "nothing"), ("p/b", "unsafe"), ("p/c", "no mail called")):
        with pytest.raises(Fault, match=words):
            found.render(name, "en", {"person": {"name": "x"}, "payload": {}})
