"""Local days: deadlines in a zone, and working days of a country.

A deadline is a local date: "31/01/2023" lasts until 24:00 that day where the applicant is. The
instant that follows from it is what is stored. Working days come from the ``holidays`` package, per
country and subdivision, plus days an organisation closes by itself.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from base.clock import in_utc

#: The zone of a country or region where it has one, or where its NSO works by one.
#: Countries with several zones take that of their capital; an organisation can name its own.
ZONES = {
    "AL": "Europe/Tirane", "AM": "Asia/Yerevan", "AT": "Europe/Vienna", "AZ": "Asia/Baku",
    "BA": "Europe/Sarajevo", "BE": "Europe/Brussels", "BG": "Europe/Sofia", "CY": "Asia/Nicosia",
    "CZ": "Europe/Prague", "DE": "Europe/Berlin", "DK": "Europe/Copenhagen",
    "DZ": "Africa/Algiers", "EE": "Europe/Tallinn", "EG": "Africa/Cairo", "ES": "Europe/Madrid",
    "ES-CN": "Atlantic/Canary", "FI": "Europe/Helsinki", "FR": "Europe/Paris",
    "GE": "Asia/Tbilisi", "GR": "Europe/Athens", "HR": "Europe/Zagreb", "HU": "Europe/Budapest",
    "IE": "Europe/Dublin", "IL": "Asia/Jerusalem", "IS": "Atlantic/Reykjavik",
    "IT": "Europe/Rome", "JO": "Asia/Amman", "LB": "Asia/Beirut", "LI": "Europe/Vaduz",
    "LT": "Europe/Vilnius", "LU": "Europe/Luxembourg", "LV": "Europe/Riga",
    "MD": "Europe/Chisinau", "ME": "Europe/Podgorica", "MK": "Europe/Skopje",
    "MT": "Europe/Malta", "NL": "Europe/Amsterdam", "NO": "Europe/Oslo", "PL": "Europe/Warsaw",
    "PS": "Asia/Hebron", "PT": "Europe/Lisbon", "PT-20": "Atlantic/Azores",
    "RO": "Europe/Bucharest",
    "RS": "Europe/Belgrade", "SE": "Europe/Stockholm", "SI": "Europe/Ljubljana",
    "SK": "Europe/Bratislava", "TN": "Africa/Tunis", "TR": "Europe/Istanbul", "UA": "Europe/Kyiv",
    "XK": "Europe/Belgrade",
}  # fmt: skip

#: Held on to: by itself Python keeps the last eight zones only, and reads the others from their
#: files again and again.
_HELD = [ZoneInfo(name) for name in sorted(set(ZONES.values()))]

#: Feast days of a region that the ``holidays`` package does not have (month, day).
FEAST_DAYS: dict[str, tuple[tuple[int, int], ...]] = {
    "BE-VLG": ((7, 11),),
    "BE-WAL": ((9, 27),),
}


def zone_of(area: str) -> ZoneInfo:
    """The time zone of ``area``, a country (``BE``) or region (``BE-VLG``); UTC if unknown."""
    name = ZONES.get(area) or ZONES.get(area.split("-", maxsplit=1)[0]) or "UTC"
    return ZoneInfo(name)


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """The calendar day it is in ``zone`` at ``instant`` (aware)."""
    return in_utc(instant).astimezone(zone).date()


def start_of(day: date, zone: ZoneInfo, at: time = time(0)) -> datetime:
    """The instant ``day`` begins in ``zone`` (or the local time ``at`` on it), in UTC."""
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """The instant ``day`` is over in ``zone`` (24:00): the first that is too late, in UTC."""
    return start_of(day + timedelta(days=1), zone)


@lru_cache(maxsize=256)
def _feasts(country: str, region: str, year: int) -> frozenset[date]:
    import holidays  # noqa: PLC0415 - large, and few commands count working days

    own = [date(year, month, day) for month, day in FEAST_DAYS.get(region, ())]
    try:
        listed = list(holidays.country_holidays(country, years=year))
    except NotImplementedError:
        listed = []
    return frozenset([*listed, *own])


def is_working_day(day: date, area: str, closed_on: Collection[date] = ()) -> bool:
    """Whether people work in ``area`` (``BE`` or ``BE-VLG``) on ``day``.

    Arguments:
        closed_on: days an organisation closes by itself.
    """
    if day.weekday() >= 5 or day in closed_on:  # Saturday, Sunday
        return False
    return day not in _feasts(area.split("-", maxsplit=1)[0], area, day.year)


def add_working_days(day: date, count: int, area: str, closed_on: Collection[date] = ()) -> date:
    """The ``count``-th working day after ``day`` in ``area``; for 0, ``day`` itself."""
    while count > 0:
        day += timedelta(days=1)
        count -= is_working_day(day, area, closed_on)
    return day


def months_after(day: date, count: int) -> date:
    """The day of the same number ``count`` months after ``day``; the month's last where none is."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    last = monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def working_days_between(
    first: date, last: date, area: str, closed_on: Collection[date] = ()
) -> int:
    """How many working days lie after ``first`` up to and with ``last``; negative if before."""
    if last < first:
        return -working_days_between(last, first, area, closed_on)
    country = area.split("-", maxsplit=1)[0]
    off = set(closed_on).union(
        *(_feasts(country, area, year) for year in range(first.year, last.year + 1))
    )
    free = sum(first < day <= last and day.weekday() < 5 for day in off)
    return _weekdays_up_to(last) - _weekdays_up_to(first) - free


def _weekdays_up_to(day: date) -> int:
    """How many Mondays to Fridays there were up to and with ``day``: day 1 of all was a Monday."""
    weeks, rest = divmod(day.toordinal(), 7)
    return weeks * 5 + min(rest, 5)
