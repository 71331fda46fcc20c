from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pypdf.generic import DictionaryObject

from base.i18n import LANGUAGES
from documents.pdf import (
    AnswerLine,
    SectionLines,
    render_application,
    render_certificate,
    render_declaration,
)
from documents.words import TEXTS, texts
from tests.documents.papers import APPLICATION, CERTIFICATE, DECLARATION, URL, opened, text_of

MAKERS: dict[str, Callable[[str], bytes]] = {
    "certificate": lambda language: render_certificate(CERTIFICATE, language),
    "declaration": lambda language: render_declaration(DECLARATION, language),
    "application": lambda language: render_application(APPLICATION, language),
}
every_document = pytest.mark.parametrize("document", sorted(MAKERS))
every_language = pytest.mark.parametrize("language", LANGUAGES)


@every_document
@every_language
def test_a_document_is_tagged_titled_and_says_its_language(document: str, language: str) -> None:
    pdf = opened(MAKERS[document](language))
    root: Any = pdf.root_object
    assert root["/Lang"] == language
    assert root["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in root
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert pdf.metadata is not None
    assert "Atheneum De Linde" in str(pdf.metadata.title) or document == "declaration"
    metadata = root["/Metadata"].get_data().decode()
    assert re.search(r"pdfuaid:part(>|=\")1", metadata)


def _fonts(page: Any) -> list[DictionaryObject]:
    found = page["/Resources"].get_object().get("/Font", DictionaryObject()).get_object()
    return [font.get_object()["/DescendantFonts"][0].get_object() for font in found.values()]


@every_document
def test_every_typeface_is_embedded(document: str) -> None:
    pdf = opened(MAKERS[document]("fr"))
    fonts = [font for page in pdf.pages for font in _fonts(page)]
    assert fonts
    for font in fonts:
        described: Any = font["/FontDescriptor"].get_object()
        assert {"/FontFile2", "/FontFile3"} & set(described)


@every_document
@every_language
def test_the_same_data_gives_the_same_bytes(document: str, language: str) -> None:
    assert MAKERS[document](language) == MAKERS[document](language)


@every_document
def test_a_language_that_does_not_exist_becomes_english(document: str) -> None:
    assert MAKERS[document]("tr") == MAKERS[document]("en")


def test_a_certificate_says_who_what_and_when() -> None:
    text = text_of(render_certificate(CERTIFICATE, "nl"))
    for part in (
        "CERTIFICAAT", "eTwinning School Label 2023-2024", "toegekend aan", "Atheneum De Linde",
        "Lindedorp, Vlaanderen, België", "Geldig vanaf", "29 maart 2023", "Geldig tot en met",
        "31 december 2024", "National Support Organisation, Vlaanderen", CERTIFICATE.number,
        URL.removeprefix("https://"),
    ):  # fmt: skip
        assert part in text


def test_a_certificate_is_one_page_with_a_link_and_a_described_code() -> None:
    made = render_certificate(CERTIFICATE, "en")
    pdf = opened(made)
    assert len(pdf.pages) == 1
    notes: Any = pdf.pages[0]["/Annots"]
    links = [note.get_object()["/A"]["/URI"] for note in notes]
    assert links == [URL]
    assert f"QR code with the address of the page that confirms this certificate: {URL}" in (
        _alternatives(pdf.root_object["/StructTreeRoot"])
    )


def _alternatives(node: Any) -> list[str]:
    """The alternative texts in a tree of tags."""
    node = node.get_object()
    if isinstance(node, list):
        return [text for one in node for text in _alternatives(one)]
    if not isinstance(node, dict):
        return []
    own = [str(node["/Alt"])] if "/Alt" in node else []
    return own + (_alternatives(node["/K"]) if "/K" in node else [])


def test_a_certificate_of_a_country_names_it_once() -> None:
    made = render_certificate(replace(CERTIFICATE, area="NL", place=""), "en")
    assert "Atheneum De Linde Netherlands" in text_of(made)


def test_a_personal_certificate_names_person_project_and_school() -> None:
    made = replace(
        CERTIFICATE, person="An Peeters", project="Rivers 2022", valid_from=None, valid_until=None
    )
    text = text_of(render_certificate(made, "de"))
    for part in (
        "verliehen an An Peeters", "Atheneum De Linde, Lindedorp, Flandern, Belgien",
        "für das Projekt „Rivers 2022“", "Verliehen am 29. März 2023",
    ):  # fmt: skip
        assert part in text
    assert "Gültig" not in text


def test_a_certificate_of_a_project_is_of_the_central_support_service() -> None:
    made = replace(
        CERTIFICATE, project="Rivers 2022", school="", place="", area="", valid_from=None,
        valid_until=None,
    )  # fmt: skip
    text = text_of(render_certificate(made, "en"))
    assert "awarded to Rivers 2022" in text
    assert "Assessed by Central Support Service" in text


def test_an_application_names_the_person_and_the_project() -> None:
    made = replace(APPLICATION, person="An Peeters", project="Rivers 2022")
    pdf = render_application(made, "en")
    assert "Project Rivers 2022 Person An Peeters School Atheneum De Linde" in text_of(pdf)
    assert opened(pdf).metadata.title.endswith("– Rivers 2022")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "name",
    ["W" * 200, "Sint-Jan-Berchmanscollege voor secundair onderwijs en " * 3 + "meer", "学校 😀"],
)
def test_a_certificate_stays_one_page_whatever_the_school_is_called(name: str) -> None:
    for other in ({"school": name}, {"person": name, "project": name, "school": name}):
        made = render_certificate(replace(CERTIFICATE, **other), "de")  # type: ignore[arg-type]
        assert len(opened(made).pages) == 1


def test_a_declaration_is_one_page_to_sign_with_the_statements_of_the_file() -> None:
    made = render_declaration(DECLARATION, "en")
    text = text_of(made)
    assert len(opened(made).pages) == 1
    for statement in texts("declaration")["statements"]:
        assert statement["en"] in text
    for part in ("Declaration of honour", "Name of the principal", "Place and date", "Signature"):
        assert part in text


def test_the_statements_of_a_declaration_are_replaced_by_others() -> None:
    other = replace(DECLARATION, statements=["We promise.", {"en": "All of it.", "nl": "Alles."}])
    text = text_of(render_declaration(other, "nl"))
    assert "1. We promise. 2. Alles." in text
    assert "juist en volledig" not in text


def test_an_application_says_everything_that_was_answered() -> None:
    text = text_of(render_application(APPLICATION, "en"))
    for part in (
        "Step 2 eSafety policy", "Safe.", "We have one. Yes", "We have two. No",
        "https://www.example.org/policy", "policy.pdf", "ab" * 16, "1.2 MB",
        "Describe it. First line. Second line.", "Plans? Not answered", "More? No evidence added",
        "20 January 2023, 10:30", "As it stood on 21 January 2023, 10:30", "Page 1 of 1",
        "The SHA-256 value shows that a document is the one that was added.",
    ):  # fmt: skip
        assert part in text


def test_an_application_that_is_not_submitted_says_so() -> None:
    made = render_application(replace(APPLICATION, submitted_at=None), "fr")
    assert "Pas encore envoyée" in text_of(made)


def _with_text(value: str) -> bytes:
    section = SectionLines(title="T", answers=[AnswerLine(title="Q", value=value)])
    return render_application(replace(APPLICATION, sections=[section]), "en")


@pytest.mark.parametrize(
    "value",
    ["#panic() *not bold* _x_ $y$ @ref <label> \\ // /* */ `code`", '"; #read("common.typ")',
     "<b>&amp;</b>", "{{ 7*7 }} {school}"],
)  # fmt: skip
def test_what_people_write_is_never_read_as_markup(value: str) -> None:
    assert value in text_of(_with_text(value))


def test_characters_that_no_typeface_has_are_marked_and_explained() -> None:
    text = text_of(_with_text("We 😀 日本 and e\u0301\u0301."))
    assert "We □ □□ and é" in text
    assert "□ stands for a character that cannot be printed here." in text


@pytest.mark.parametrize(
    "value",
    ["ქართული", "Հայերեն", "Ελληνικά", "Українська", "Łódź", "Çeşme", "ħobż", "ąžuolas"],
)
def test_the_alphabets_of_the_countries_are_printed(value: str) -> None:
    text = text_of(_with_text(value))
    assert value in text
    assert "□" not in text


@pytest.mark.parametrize("value", ["عربي", "עברית"])
def test_alphabets_from_right_to_left_are_printed(value: str) -> None:
    assert "□" not in text_of(_with_text(value))


def test_a_text_of_2500_characters_without_a_space_stays_on_the_page() -> None:
    made = opened(_with_text("a" * 2_500))
    for page in made.pages:
        ends: list[float] = []
        page.extract_text(visitor_text=lambda text, _cm, tm, _f, _s: ends.append(tm[4]))  # noqa: B023
        assert max(ends) < page.mediabox.width


@pytest.mark.parametrize("file", sorted(TEXTS.glob("*.yaml")), ids=lambda file: file.stem)
def test_every_text_exists_in_every_language_with_the_same_names(file: Path) -> None:
    found = texts(file.stem)
    listed = [
        one for text in found.values() for one in (text if isinstance(text, list) else [text])
    ]
    for text in listed:
        assert tuple(text) == LANGUAGES
        names = {language: set(re.findall(r"{(\w+)}", said)) for language, said in text.items()}
        assert len({frozenset(one) for one in names.values()}) == 1


def test_the_day_of_making_is_the_day_of_the_data() -> None:
    metadata = opened(render_certificate(CERTIFICATE, "en")).metadata
    assert metadata is not None
    assert metadata.creation_date is not None
    assert metadata.creation_date.date() == date(2023, 3, 29)
