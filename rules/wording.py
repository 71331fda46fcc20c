"""Values in the words of a reader, and texts of rule files filled with them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from babel.numbers import format_decimal

from base.i18n import N_, in_words, locale_of, translate
from rules.values import PLACE

#: The other names a text may use beside those of parameters.
PLACES = ("required", "actual", "missing")
#: Those of them that tell what was found.
FOUND = ("actual", "missing")


def word(value: Any, language: str) -> str:
    """A value as a person writes it in ``language``: 31 janvier 2023, 1.000, ja."""
    if isinstance(value, list | tuple):
        return " – ".join(word(item, language) for item in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {word(item, language)}" for key, item in value.items())
    if isinstance(value, bool):
        return translate(N_("yes"), language) if value else translate(N_("no"), language)
    if isinstance(value, date):
        return in_words(value, language)
    if isinstance(value, int):
        return str(format_decimal(value, locale=locale_of(language)))
    # What a text can be is a word of ours (down, active), or stands in no catalogue.
    return translate(N_("unknown") if value is None else str(value), language)


def fill(text: str, places: Mapping[str, Any], language: str) -> str:
    """``text`` with each ``{name}`` replaced by the word for its value.

    What was found may be unknown; what a round says may not be set yet.
    """
    return PLACE.sub(lambda found: _filled(found[1], places.get(found[1]), language), text)


def _filled(name: str, value: Any, language: str) -> str:
    if value is None and name not in FOUND:
        return translate(N_("(not set yet)"), language)
    return word(value, language)


def as_data(value: Any) -> Any:
    """A value as JSON has it: dates as ISO 8601."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [as_data(item) for item in value]
    if isinstance(value, Mapping):
        return {key: as_data(item) for key, item in value.items()}
    return value
