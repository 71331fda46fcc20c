"""Which language a person is written to in."""

from __future__ import annotations

from collections.abc import Sequence

from babel import Locale, UnknownLocaleError

from base.i18n import FALLBACK

#: The language of an area whose people have not said theirs; elsewhere English.
SPOKEN = {
    "AT": "de", "BE": "nl", "BE-DE": "de", "BE-VLG": "nl", "BE-WAL": "fr", "CH": "de",
    "DE": "de", "FR": "fr", "LI": "de", "LU": "fr", "NL": "nl",
}  # fmt: skip

#: What the languages of the mails call themselves.
NAMES = {"en": "English", "nl": "Nederlands", "fr": "français", "de": "Deutsch"}


def name_of(language: str) -> str:
    """What a language calls itself: polski. Its tag where nobody knows it."""
    try:
        return Locale.parse(language.split("-", maxsplit=1)[0]).get_language_name() or language
    except (UnknownLocaleError, ValueError):
        return language


def choose(asked: str | None, area: str, offered: Sequence[str]) -> tuple[str, bool]:
    """The language to write in, and whether it is another than the person asked for.

    Arguments:
        asked: the person's language (``nl``, ``nl-BE``); None if never said.
        area: the case's area, whose language is the first fallback; English is the second.
        offered: the languages the process's mails exist in.
    """
    wanted = (asked or "").lower().split("-")[0]
    if wanted in offered:
        return wanted, False
    spoken = SPOKEN.get(area) or SPOKEN.get(area.split("-", maxsplit=1)[0]) or FALLBACK
    chosen = next((one for one in (spoken, FALLBACK) if one in offered), offered[0])
    return chosen, bool(wanted)
