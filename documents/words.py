"""The words of documents in a language, and days, sizes and areas as its readers write them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_time
from babel.numbers import format_decimal

from base.days import ZONES
from base.i18n import FALLBACK, LANGUAGES, in_words, say
from base.located import read_yaml

TEXTS = Path(__file__).resolve().parent / "texts"


@lru_cache(maxsize=8)
def texts(name: str) -> Mapping[str, Any]:
    """The texts of ``documents/texts/<name>.yaml``, each in every language."""
    file = TEXTS / f"{name}.yaml"
    found: Mapping[str, Any] = read_yaml(file.read_text(encoding="utf-8"), file.name).data
    return found


def words(name: str, language: str, **values: str) -> dict[str, str]:
    """The texts of a file in ``language``, by name, with ``values`` filled in.

    A list of texts is left out; see :func:`texts`. A text whose values are not given stays as it
    is, for the template to fill.
    """
    return {
        key: filled(say(text, language), **values)
        for key, text in texts(name).items()
        if isinstance(text, Mapping)
    }


def filled(text: str, **values: str) -> str:
    """``text`` with its ``{names}`` replaced; what values hold is never read as a name."""
    parts = text.split("{")
    done = [parts[0]]
    for part in parts[1:]:
        name, closed, rest = part.partition("}")
        done.append(f"{values[name]}{rest}" if closed and name in values else f"{{{part}")
    return "".join(done)


def known_language(language: str) -> str:
    """``language`` if documents exist in it, else English."""
    return language if language in LANGUAGES else FALLBACK


def area_name(area: str, language: str) -> str:
    """The name of a country or region: ``BE-VLG`` is Flanders, ``BE`` Belgium."""
    regions = texts("areas")
    if area in regions:
        return say(regions[area], language)
    country = area.split("-", maxsplit=1)[0]
    return str(Locale(language).territories.get(country, area))


def areas() -> list[str]:
    """The countries and regions a case can be of, and what has a zone of its own.

    Where the regions of a country have NSOs of their own, they stand for it: what was of the whole
    country would wait for nobody.
    """
    regions = [area for area in texts("areas") if area not in ZONES]
    divided = {area.split("-", maxsplit=1)[0] for area in regions}
    return [*(area for area in ZONES if area not in divided), *regions]


def day_in_words(day: date, language: str) -> str:
    """31 January 2023, as ``language`` writes it."""
    return in_words(day, language)


def instant_in_words(instant: datetime, zone: ZoneInfo, language: str) -> str:
    """A day and a time to the minute in ``zone``, as ``language`` writes them."""
    local = instant.astimezone(zone).replace(tzinfo=None)
    time = format_time(local, "HH:mm", locale=_locale(language))
    return f"{day_in_words(local.date(), language)}, {time}"


def size_in_words(size: int, language: str) -> str:
    """A number of bytes in kB or MB (of 1,024 and 1,024 x 1,024 bytes), rounded up."""
    kilo, mega = ("ko", "Mo") if language == "fr" else ("kB", "MB")
    if size < 2**20:
        return f"{format_decimal(-(-size // 1024), locale=_locale(language))} {kilo}"
    tenths = -(-size * 10 // 2**20)
    whole = format_decimal(tenths // 10, locale=_locale(language))
    mark = "." if language == "en" else ","
    return f"{whole}{mark}{tenths % 10} {mega}" if tenths % 10 else f"{whole} {mega}"


def _locale(language: str) -> str:
    # British English: 31 January 2023.
    return "en_GB" if language == "en" else language
