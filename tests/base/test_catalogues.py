"""The catalogues in ``locale/``: complete, whole, and what the pages and errors find."""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import date
from functools import cache
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from base.errors import NotPossible
from base.i18n import (
    FALLBACK,
    LANGUAGES,
    LOCALE,
    N_,
    best_language,
    said,
    translate,
    translations,
)

ROOT = LOCALE.parent
TRANSLATED = tuple(language for language in LANGUAGES if language != FALLBACK)
#: What may be the same in another language as in English, because it is there.
SAME = {
    "1 mail", "{number} mails", "mail", "“{step}”",
    "API", "Browser", "Central Support Service", "Demo", "Demo.", "Mail", "Mails", "Menu", "Pages",
    "Participation", "Passkeys", "Percentage", "Province", "School", "Sector", "Set-up", "Text",
    "Version {number}", "Was", "note", "province", "sector", "version {number}",
    "{required} ({found})",
}  # fmt: skip


def files() -> list[str]:
    return ["keurmerk.pot", *(f"{code}/LC_MESSAGES/keurmerk.po" for code in TRANSLATED)]


@cache
def catalogue(language: str) -> Catalog:
    path = LOCALE / language / "LC_MESSAGES" / "keurmerk.po"
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


@cache
def sentences() -> tuple[str, ...]:
    with (LOCALE / "keurmerk.pot").open("rb") as file:
        return tuple(str(message.id) for message in read_po(file) if message.id)


def places(sentence: str) -> list[tuple[str, str | None, str | None]]:
    """The places of a sentence, in order of name; raises ValueError if a brace is left open."""
    return sorted((name, spec, how) for _, name, spec, how in Formatter().parse(sentence) if name)


def test_the_catalogues_are_what_the_code_says_today(tmp_path: Path) -> None:
    folder = tmp_path / "locale"
    shutil.copytree(LOCALE, folder)
    subprocess.run(
        [ROOT / "scripts" / "extract", folder, sys.executable], check=True, capture_output=True
    )
    assert {name: (folder / name).read_text("utf-8") for name in files()} == {
        name: (LOCALE / name).read_text("utf-8") for name in files()
    }


def test_no_catalogue_names_places_of_a_machine_or_the_time_it_was_made() -> None:
    for name in files():
        text = (LOCALE / name).read_text("utf-8")
        assert [word for word in ("/home", "/tmp", "EMAIL", "-Date:", "#: ") if word in text] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_sentence_is_translated(language: str) -> None:
    found = {str(message.id): message.string for message in catalogue(language) if message.id}
    assert sorted(found) == sorted(sentences())
    assert [sentence for sentence, words in found.items() if not words] == []
    assert [message.id for message in catalogue(language) if message.fuzzy] == []
    assert not catalogue(language).obsolete


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_has_the_places_of_its_sentence(language: str) -> None:
    other = {
        str(message.id): places(str(message.string))
        for message in catalogue(language)
        if places(str(message.id)) != places(str(message.string))
    }
    assert other == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_can_be_said(language: str) -> None:
    for sentence in sentences():
        values = {name: f"⟨{name}⟩" for name, _, _ in places(sentence)}
        said = translate(sentence, language, **values)
        assert [value for value in values.values() if value not in said] == []
        assert "{" not in said


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_begins_and_ends_as_its_sentence(language: str) -> None:
    ends = ".:!?"
    other = [
        sentence
        for sentence in sentences()
        if (sentence[-1] in ends) != (translate(sentence, language)[-1] in ends)
        or translate(sentence, language) != translate(sentence, language).strip()
    ]
    assert other == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_is_no_copy_of_the_english(language: str) -> None:
    alike = {sentence for sentence in sentences() if translate(sentence, language) == sentence}
    assert alike <= SAME


def test_french_marks_stand_after_a_space_that_does_not_break() -> None:
    loose = [
        sentence
        for sentence in sentences()
        for mark in (" :", " ;", " ?", " !", "« ", " »")
        if mark in translate(sentence, "fr")
    ]
    assert loose == []


def test_nobody_is_called_by_a_wrong_form_of_you() -> None:
    words = {
        language: {
            word.strip(".,:;?“”„«»()")
            for sentence in sentences()
            for word in translate(sentence, language).split()
        }
        for language in TRANSLATED
    }
    assert words["nl"] & {"u", "U", "uw", "Uw"} == set()
    assert words["fr"] & {"tu", "Tu", "ton", "ta", "tes", "toi"} == set()
    assert words["de"] & {"du", "Du", "dein", "deine", "ihr könnt", "euer", "eure"} == set()


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "unknown"), ("nl", "onbekend"), ("fr", "inconnu"), ("de", "unbekannt")],
)
def test_code_finds_its_catalogue(language: str, words: str) -> None:
    assert translate(N_("unknown"), language) == words
    assert translations(language).gettext("unknown") == words


def test_a_language_without_a_catalogue_is_answered_in_english() -> None:
    assert translate(N_("unknown"), "pl") == "unknown"


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Checked on 4 March 2024."),
        ("nl", "Nagekeken op 4 maart 2024."),
        ("fr", "Vérifié le 4 mars 2024."),
        ("de", "Geprüft am 4. März 2024."),
    ],
)
def test_a_day_is_written_in_the_language_of_its_sentence(language: str, words: str) -> None:
    assert translate(N_("Checked on {day}."), language, day=date(2024, 3, 4)) == words


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "“Submit” can only be done by a teacher."),
        ("nl", "“Indienen” kan alleen gedaan worden door een leerkracht."),
        ("fr", "« Envoyer » ne peut être fait que par : un enseignant."),
        ("de", "„Einreichen“: Das kann nur eine Lehrkraft."),
    ],
)
def test_an_error_says_texts_of_data_files_in_the_language_of_its_sentence(
    language: str, words: str
) -> None:
    step = {"en": "Submit", "nl": "Indienen", "fr": "Envoyer", "de": "Einreichen"}
    who = {
        "en": "a teacher", "nl": "een leerkracht", "fr": "un enseignant", "de": "eine Lehrkraft",
    }  # fmt: skip
    error = NotPossible(N_("“{trigger}” can only be done by {who}."), trigger=step, who=who)
    assert error.say(language).replace("\u00a0", " ") == words


def test_values_are_said_in_the_readers_language_too() -> None:
    assert said([{"en": "a teacher", "nl": "een leerkracht"}, "x"], "nl") == "een leerkracht, x"


@pytest.mark.parametrize(
    ("asked", "chosen"),
    [("nl", "nl"), ("nl-BE,nl;q=0.9,en", "nl"), ("pl,fr;q=0.5", "fr"), ("pl", "en"), (None, "en")],
)
def test_the_best_language_is_the_first_that_is_there(asked: str | None, chosen: str) -> None:
    assert best_language(asked) == chosen
