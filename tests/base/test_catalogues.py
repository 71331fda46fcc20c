from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from base.i18n import LANGUAGES, LOCALE, best_language, said, translate

ROOT = Path(__file__).resolve().parents[2]
OTHERS = [language for language in LANGUAGES if language != "en"]
PLACE = re.compile(r"\{[a-z_]*\}")


def catalogue(path: Path, language: str | None = None) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=language)


def sentences(found: Catalog) -> dict[str, str]:
    return {str(one.id): str(one.string) for one in found if one.id}


TEMPLATE = sentences(catalogue(LOCALE / "keurmerk.pot"))


def po(language: str) -> Catalog:
    return catalogue(LOCALE / language / "LC_MESSAGES" / "keurmerk.po", language)


def test_the_catalogue_has_every_sentence_of_the_code(tmp_path: Path) -> None:
    for language in OTHERS:
        (tmp_path / language / "LC_MESSAGES").mkdir(parents=True)
    subprocess.run(
        ["bash", str(ROOT / "scripts/extract"), str(tmp_path), sys.executable], check=True
    )
    fresh = sentences(catalogue(tmp_path / "keurmerk.pot"))
    assert sorted(fresh) == sorted(TEMPLATE), "run scripts/extract"
    assert len(TEMPLATE) > 250


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_is_translated_with_its_places(language: str) -> None:
    found = po(language)
    translated = sentences(found)
    assert sorted(translated) == sorted(TEMPLATE)
    assert [one for one, text in translated.items() if not text] == []
    assert [one.id for one in found if one.id and one.fuzzy] == []
    assert list(found.obsolete) == []
    for sentence, text in translated.items():
        assert sorted(PLACE.findall(text)) == sorted(PLACE.findall(sentence)), sentence


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_can_be_said(language: str) -> None:
    for sentence in TEMPLATE:
        values = {place[1:-1]: "x" for place in PLACE.findall(sentence)}
        assert translate(sentence, language, **values)


def test_a_sentence_is_said_in_the_readers_language() -> None:
    words = {language: translate("not known", language) for language in LANGUAGES}
    assert words == {
        "en": "not known", "nl": "niet bekend", "fr": "inconnu", "de": "nicht bekannt",
    }  # fmt: skip


def test_values_are_said_in_the_readers_language_too() -> None:
    assert said([{"en": "a teacher", "nl": "een leerkracht"}, "x"], "nl") == "een leerkracht, x"


@pytest.mark.parametrize(
    ("asked", "chosen"),
    [("nl", "nl"), ("nl-BE,nl;q=0.9,en", "nl"), ("pl,fr;q=0.5", "fr"), ("pl", "en"), (None, "en")],
)
def test_the_best_language_is_the_first_that_is_there(asked: str | None, chosen: str) -> None:
    assert best_language(asked) == chosen
