"""Single values of an import: each is read strictly, or refused with what would be right."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from babel import Locale

from base.i18n import N_

#: Days outside these years are slips of the pen.
FIRST_YEAR, LAST_YEAR = 1900, 2199

_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_AREA = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
_LANGUAGE = re.compile(r"[a-z]{2}")
_MAIL = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]"
)
_HIDDEN = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
#: Codes that Babel names although they are no country.
_NO_COUNTRY = {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}
#: What European institutions write, and what ISO 3166-1 says.
_OFTEN_MEANT = {"UK": "GB", "EL": "GR"}


class BadValue(ValueError):
    """A value cannot be used: a sentence marked with ``N_`` and what fills it."""

    def __init__(self, message: str, **values: Any) -> None:
        super().__init__(message)
        self.message = message
        self.values = values


def day(value: Any) -> date:
    """A day written as ``2023-01-31``, or a cell that is a day.

    Raises:
        BadValue: it is none, does not exist, or lies outside the years that make sense.
    """
    if isinstance(value, datetime) and value.time() == time(0):
        found = value.date()
    elif isinstance(value, date) and not isinstance(value, datetime):
        found = value
    elif isinstance(value, str) and _ISO_DAY.fullmatch(value.strip()):
        try:
            found = date.fromisoformat(value.strip())
        except ValueError:
            raise BadValue(
                N_("There is no such day as {value} in the calendar."), value=value.strip()
            ) from None
    else:
        raise BadValue(
            N_("{value} is no date. Write it as year-month-day, such as 2023-01-31."),
            value=shown(value),
        )
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise BadValue(
            N_("{value} is too far away. Write a year from {first} to {last}."),
            value=found.isoformat(), first=FIRST_YEAR, last=LAST_YEAR,
        )  # fmt: skip
    return found


def text_up_to(limit: int, *, may_be_empty: bool = False) -> Callable[[Any], str]:
    """Reads one line of text of at most ``limit`` characters, spaces around it taken off."""

    def read(value: Any) -> str:
        # A spreadsheet makes a number of a name or postcode of digits.
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value) if abs(value) < 10**18 else None
        if not isinstance(value, str):
            raise BadValue(N_("{value} is no text."), value=shown(value))
        text = value.strip()
        if not text and not may_be_empty:
            raise BadValue(N_("This is empty. Fill it in."))
        if not (text.isascii() and text.isprintable()):
            text = unicodedata.normalize("NFC", text)
            if any(c in _HIDDEN or unicodedata.category(c) in {"Cc", "Cs"} for c in text):
                raise BadValue(
                    N_("This holds line breaks or characters that cannot be seen. Type it anew.")
                )
        if len(text) > limit:
            raise BadValue(
                N_("This has {length} characters; at most {limit} are possible."),
                length=len(text), limit=limit,
            )  # fmt: skip
        return text

    return read


def country(value: Any) -> str:
    """An ISO 3166-1 code: ``BE``.

    Raises:
        BadValue: it is none; names the code where an institution's own was written.
    """
    if isinstance(value, str) and (code := value.strip()) in _countries():
        return code
    if isinstance(value, str) and value.strip().upper() in _OFTEN_MEANT:
        raise BadValue(
            N_("{value} is not the country's code here. Write {right}."),
            value=shown(value), right=_OFTEN_MEANT[value.strip().upper()],
        )  # fmt: skip
    raise BadValue(
        N_("{value} is no country. Write its two capital letters, such as BE or NL."),
        value=shown(value),
    )


def area(value: Any) -> str:
    """A country or a region of one: ``BE`` or ``BE-VLG``."""
    if isinstance(value, str):
        code = value.strip()
        if _AREA.fullmatch(code) and code[:2] in _countries():
            return code
        if not code:
            raise BadValue(N_("Write a country or one of its regions, such as BE or BE-VLG."))
    raise BadValue(
        N_("{value} is no area. Write a country or one of its regions, such as BE or BE-VLG."),
        value=shown(value),
    )


def province(value: Any) -> str:
    """A province, county or canton: ISO 3166-2 without regions of an NSO: ``BE-VAN``."""
    if isinstance(value, str):
        code = value.strip()
        if len(code) > 2 and _AREA.fullmatch(code) and code[:2] in _countries():
            return code
    raise BadValue(
        N_("{value} is no province. Write its code of ISO 3166-2, such as BE-VAN."),
        value=shown(value),
    )


def mail_address(value: Any) -> str:
    """A mail address, in lower case."""
    if isinstance(value, str):
        address = value.strip().lower()
        local = address.rpartition("@")[0]
        if len(address) <= 254 and len(local) <= 64 and _MAIL.fullmatch(address):
            return address
    raise BadValue(
        N_("{value} is no mail address. It looks like name@example.org."), value=shown(value)
    )


def language(value: Any) -> str:
    """An ISO 639-1 code: ``nl``."""
    if isinstance(value, str) and _LANGUAGE.fullmatch(code := value.strip()):
        return code
    raise BadValue(
        N_("{value} is no language. Write its two small letters, such as nl or fr."),
        value=shown(value),
    )


def zone(value: Any) -> str:
    """The name of a time zone: ``Europe/Brussels``."""
    if isinstance(value, str) and (name := value.strip()) in _zones() and len(name) <= 40:
        return name
    raise BadValue(
        N_("{value} is no time zone. Write its name, such as Europe/Brussels."),
        value=shown(value),
    )


def yes_no(value: Any) -> bool:
    """A yes or no: ``true``, ``false``, ``yes``, ``no``."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        word = value.strip().lower()
        if word in {"true", "yes"}:
            return True
        if word in {"false", "no"}:
            return False
    raise BadValue(N_("{value} is neither yes nor no. Write yes or no."), value=shown(value))


def true_false(value: Any) -> bool:
    """JSON's own ``true`` or ``false``."""
    if isinstance(value, bool):
        return value
    raise BadValue(N_("{value} is neither true nor false."), value=shown(value))


def one_of(words: Sequence[str]) -> Callable[[Any], str]:
    """Reads one of some fixed ``words``."""

    def read(value: Any) -> str:
        if isinstance(value, str) and value.strip() in words:
            return value.strip()
        raise BadValue(
            N_("{value} is not possible here. Write one of: {words}."),
            value=shown(value), words=list(words),
        )  # fmt: skip

    return read


def shown(value: Any) -> str:
    """A value as a sentence quotes it: short, and without characters that cannot be seen."""
    if value is None:
        return "null"
    if isinstance(value, dict | list | tuple | set):
        return "{…}" if isinstance(value, dict) else "[…]"
    try:
        text = str(value)
    except ValueError:  # an integer of thousands of digits
        return "…"
    clean = "".join(char if char.isprintable() else "·" for char in text[:60])
    return f"“{clean}{'…' if len(text) > 60 else ''}”"


def folded(text: str) -> str:
    """``text`` as names are compared: without capitals and doubled spaces."""
    return " ".join(text.casefold().split())


@lru_cache(maxsize=1)
def _countries() -> frozenset[str]:
    codes = map(str, Locale("en").territories)
    return frozenset(c for c in codes if _COUNTRY.fullmatch(c) and c not in _NO_COUNTRY)


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
