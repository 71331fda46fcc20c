"""A made-up registry of any size, the same each time: for demonstrations and measurements.

All names are invented and all mail addresses lie at example.org. The size that eTwinning had is the
default: 218,000 schools, of which 5,198 were eligible, with 39,346 teachers (the 2021-22 call).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection

from registry.bulk import insert_many
from registry.resolving import TABLES

Row = dict[str, Any]
Rows = dict[str, list[Row]]

#: Schools whose rows are in memory at once.
CHUNK = 4_000

#: Areas with their share, and the language people there are written to.
_AREAS = (
    ("TR", 22, "en"), ("IT", 14, "en"), ("ES", 12, "en"), ("FR", 11, "fr"), ("PL", 9, "en"),
    ("RO", 6, "en"), ("DE", 6, "de"), ("PT", 4, "en"), ("GR", 4, "en"), ("BE-VLG", 3, "nl"),
    ("NL", 3, "nl"), ("BE-WAL", 2, "fr"), ("AT", 2, "de"), ("CZ", 1, "en"), ("LU", 1, "fr"),
)  # fmt: skip
_SPREAD = [(area, language) for area, share, language in _AREAS for _ in range(share)]

_KINDS = ("Primary School", "School", "College", "Lyceum", "Gymnasium", "Institute")
_THINGS = (
    "Linden", "Heron", "Willow", "Otter", "Juniper", "Swallow", "Hazel", "Kestrel", "Rowan",
    "Lantern", "Meadow", "Compass", "Harbour", "Maple", "Windmill", "Beacon", "Chestnut",
)  # fmt: skip
_TOWNS = ("Ashby", "Brookham", "Calder", "Dunmere", "Elmstead", "Fernley", "Greywater", "Holt")
_FIRST = ("An", "Bram", "Chiara", "Dunja", "Elif", "Femke", "Goran", "Hanna", "Iris", "Jonas")
_LAST = ("Adler", "Bakker", "Costa", "Dubois", "Erdem", "Ferri", "Green", "Horvat", "Ilves")
_ACTIVITIES = ("project", "webinar", "workshop", "group", "course")


def language_of(area: str) -> str:
    """The language made-up people of an area are written to; of its country, or else English."""
    known = {**{code[:2]: language for code, _share, language in _AREAS}, **dict(_SPREAD)}
    return known.get(area) or known.get(area[:2]) or "en"


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much is made up, and which round it fits."""

    schools: int = 218_000
    #: Schools that meet every criterion of the round.
    eligible: int = 5_198
    #: Teachers of the eligible schools together; the others have some more.
    teachers: int = 39_346
    #: The round: 2023-2024 of the sources (002_7da36b1a3396e4d1.txt).
    registered_by: date = date(2020, 9, 1)
    activity_since: date = date(2020, 9, 1)
    nql_since: date = date(2020, 7, 1)
    #: Everything that is made up happened before this day.
    today: date = date(2022, 11, 23)
    #: Areas, each as often as its share, and the language people there are written to.
    areas: tuple[tuple[str, str], ...] = tuple(_SPREAD)

    def __post_init__(self) -> None:
        """Raises ValueError where the numbers cannot be met."""
        if not 0 <= self.eligible <= self.schools:
            message = "there are no more eligible schools than schools"
            raise ValueError(message)
        if not 3 * self.eligible <= self.teachers <= 999 * self.eligible:
            message = "an eligible school has at least three teachers, and fewer than a thousand"
            raise ValueError(message)


def generate(
    connection: Connection,
    size: Size | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, int]:
    """Fill an empty registry, in the caller's transaction; gives the number of rows by table.

    Arguments:
        progress: is told how many of how many schools are made.
    """
    size = size or Size()
    counts = dict.fromkeys(TABLES, 0)
    for done, rows in _batches(size):
        for table, part in rows.items():
            insert_many(connection, TABLES[table], part)
            counts[table] += len(part)
        if progress:
            progress(done, size.schools)
    return counts


def _batches(size: Size) -> Iterator[tuple[int, Rows]]:
    for start in range(0, size.schools, CHUNK):
        rows: Rows = {table: [] for table in TABLES}
        stop = min(start + CHUNK, size.schools)
        for number in range(start, stop):
            _Making(size, rows, number).school()
        yield stop, rows


class _Making:
    """Makes one school and all that belongs to it."""

    def __init__(self, size: Size, rows: Rows, number: int) -> None:
        self._size = size
        self._rows = rows
        self._number = number
        #: Differs from school to school without any order.
        self._mixed = (number * 2_654_435_761 + 12_345) % 2**32
        self._area, self._language = size.areas[self._mixed % len(size.areas)]

    def school(self) -> None:
        """Eligible schools lie evenly among the others."""
        size, number = self._size, self._number
        before = number * size.eligible // size.schools
        eligible = (number + 1) * size.eligible // size.schools > before
        #: Why the school is not eligible, for those that come near.
        lacks = "" if eligible else ("age", "teachers", "european", "recent", "all")[number % 5]
        self._add(
            "schools", "organisation", number, kind="school", name=self._name(),
            place=_TOWNS[self._mixed % len(_TOWNS)], country=self._area[:2], area=self._area,
            registered_on=self._registered(late=lacks == "age"), validated=True, zone=None,
        )  # fmt: skip
        if eligible:
            first = before * size.teachers // size.eligible
            last = (before + 1) * size.teachers // size.eligible
            self._people(last - first, active=last - first)
            self._project(lacks)
        elif self._mixed % 10 == 0:  # one in ten of the others is active, and lacks one thing
            self._people(2 if lacks in {"teachers", "all"} else 4, active=2 + 2 * (lacks == "age"))
            if lacks != "all":
                self._project(lacks)

    def _name(self) -> str:
        thing = _THINGS[self._mixed // 7 % len(_THINGS)]
        return f"{thing} {_KINDS[self._mixed // 11 % len(_KINDS)]} {self._number + 1}"

    def _registered(self, *, late: bool) -> date:
        days = self._mixed // 13
        if late:
            after = (self._size.today - self._size.registered_by).days - 1
            return self._size.registered_by + timedelta(days=1 + days % max(after, 1))
        return self._size.registered_by - timedelta(days=days % 4_000)

    def _people(self, count: int, active: int) -> None:
        for place in range(count):
            number = self._number * 1_000 + place
            first, last = _FIRST[number * 7 % len(_FIRST)], _LAST[number * 5 % len(_LAST)]
            person = self._add(
                "people", "person", number, name=f"{first} {last}",
                email=f"{first}.{last}.{number}@example.org".lower(), language=self._language,
                validated=True,
            )  # fmt: skip
            self._add(
                "memberships", "membership", number,
                organisation_id=_id("organisation", self._number), person_id=person,
                role="teacher", first_day=self._size.registered_by - timedelta(days=place),
                last_day=None,
            )  # fmt: skip
            since = self._size.activity_since
            span = (self._size.today - since).days
            days = (self._mixed + place * 97) % span
            on_day = since + timedelta(days=days if place < active else -1 - days)
            self._add(
                "activities", "activity", number, person_id=person,
                kind=_ACTIVITIES[number % len(_ACTIVITIES)], on_day=on_day,
            )  # fmt: skip

    def _project(self, lacks: str) -> None:
        number, own = self._number, self._area[:2]
        project = self._add("projects", "project", number, title=f"Project {number + 1}")
        partner = own if lacks == "european" else ("FR" if own != "FR" else "IT")
        for place, country in enumerate((own, partner)):
            self._add(
                "founders", "founder", number * 2 + place, project_id=project, country=country,
                person_id=None,
            )  # fmt: skip
        self._add(
            "involvements", "involvement", number,
            organisation_id=_id("organisation", number), project_id=project,
        )  # fmt: skip
        span = (self._size.today - self._size.nql_since).days
        days = -1 - self._mixed % 600 if lacks == "recent" else self._mixed % span
        self._add(
            "labels", "label", number, kind="NQL",
            granted_on=self._size.nql_since + timedelta(days=days), valid_from=None,
            valid_until=None, organisation_id=None, person_id=_id("person", number * 1_000),
            project_id=project, school_at_grant_id=_id("organisation", number), case_id=None,
            round=None,
        )  # fmt: skip

    def _add(self, table: str, of: str, number: int, **values: Any) -> str:
        id_ = _id(of, number)
        self._rows[table].append({"id": id_, **values})
        return id_


_ID_KINDS = (
    "organisation", "person", "membership", "activity", "project", "founder", "involvement",
    "label",
)  # fmt: skip
#: 1 January 2022 in milliseconds: the ids have the form of those made in real use.
_STAMP = 1_640_995_200_000


def _id(kind: str, number: int) -> str:
    """The id of a made-up row: a UUIDv7 that is the same each time."""
    stamp = _STAMP + number
    which = 0x8000 + _ID_KINDS.index(kind)
    return f"{stamp >> 16:08x}-{stamp & 0xFFFF:04x}-7000-{which:04x}-{number:012x}"
