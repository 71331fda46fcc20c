"""Languages: texts kept in data files, and sentences of the code, translated.

Data files give a text per language (``{en: …, nl: …}``). Sentences of the code stand in it in
English, marked with :func:`N_`; ``locale/<language>/LC_MESSAGES/keurmerk.po`` translates them.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel.dates import format_date, format_skeleton
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

#: The languages every visible sentence exists in.
LANGUAGES = ("en", "nl", "fr", "de")
#: What is used where the reader's language is not there. Mails say so; see notifications.
FALLBACK = "en"
LOCALE = Path(__file__).resolve().parent.parent / "locale"

#: A text per language.
Text = Mapping[str, str]


def N_(sentence: str) -> str:  # noqa: N802 - the name gettext tools look for
    """Mark ``sentence`` for translation and give it back unchanged."""
    return sentence


@lru_cache(maxsize=16)
def translations(language: str) -> NullTranslations:
    """The catalogue of ``language``; an empty one for English and for languages without a file.

    The ``.po`` file is read directly: there is no compiled copy that could lag behind it.
    """
    path = LOCALE / language / "LC_MESSAGES" / "keurmerk.po"
    if language == FALLBACK or not path.is_file():
        return NullTranslations()
    compiled = io.BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return Translations(compiled, domain="keurmerk")


def translate(sentence: str, language: str, /, **values: Any) -> str:
    """``sentence`` (English, marked with :func:`N_`) in ``language``, its ``{values}`` filled."""
    found = str(translations(language).gettext(sentence)) if sentence else ""
    if not values:
        return found
    return found.format(**{name: said(value, language) for name, value in values.items()})


def say(text: Text | str, language: str) -> str:
    """The text of a data file in ``language``, else in English, else in the first there is."""
    if isinstance(text, str):
        return text
    for candidate in (language, FALLBACK):
        if candidate in text:
            return text[candidate]
    return next(iter(text.values()), "")


def colon(language: str) -> str:
    """What stands between a word and what is said of it: French has a space before, too."""
    return "\u00a0: " if language == "fr" else ": "


@lru_cache(maxsize=1024)
def in_words(day: date, language: str) -> str:
    """A day in words of ``language``: 31 januari 2023, 1er février 2023."""
    return _counted(format_date(day, format="long", locale=locale_of(language)), day, language)


def day_and_month(day: date, language: str) -> str:
    """A day of every year in words of ``language``: 31 januari, 1er février."""
    return _counted(format_skeleton("MMMMd", day, locale=locale_of(language)), day, language)


def _counted(words: str, day: date, language: str) -> str:
    # French counts the first of a month, and only it; the locale data do not.
    return f"1er{words[1:]}" if language == "fr" and day.day == 1 else words


def said(value: Any, language: str) -> Any:
    """A value of a sentence as the reader of ``language`` sees it.

    A text per language becomes that language's; a date is written out; several values are listed;
    what can say itself does; anything else stays as it is.
    """
    if isinstance(value, Mapping):
        return say(value, language)
    if isinstance(value, list | tuple):
        return ", ".join(str(said(item, language)) for item in value)
    if isinstance(value, date):
        return in_words(value, language)
    speak = getattr(value, "say", None)
    return speak(language) if callable(speak) else value


def locale_of(language: str) -> str:
    """The locale that writes dates and numbers of ``language``: British for English."""
    return {"en": "en_GB"}.get(language, language)


def best_language(wanted: str | None, offered: tuple[str, ...] = LANGUAGES) -> str:
    """The first of ``wanted`` (an Accept-Language value or a code such as ``nl-BE``) on offer."""
    for part in (wanted or "").split(","):
        code = part.split(";")[0].strip().lower().split("-")[0]
        if code in offered:
            return code
    return FALLBACK if FALLBACK in offered else offered[0]
