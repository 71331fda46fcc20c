"""How many took part in an area: for an authority, which never sees a school's name or results.

A minister was asked for schools and participants by province, and had no such split
(001_1d914ecd67bc3d85.txt). Here they are counted by education level and by province, for each
school year and for all together. A figure of fewer schools than the threshold is not told, and
neither is what it could be worked out from: see :func:`surveys.suppression.hide_cells`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import ColumnElement, Connection, func, or_, select

from models.registry import Organisation
from models.surveys import SurveyExercise, SurveySheet
from surveys.suppression import hide_cells, too_few

_exercise = SurveyExercise.__table__  # type: ignore[attr-defined]
_organisation = Organisation.__table__  # type: ignore[attr-defined]
_sheet = SurveySheet.__table__  # type: ignore[attr-defined]

#: Stands for all school years together.
ALL = ""


@dataclass(frozen=True, kw_only=True)
class Done:
    """A completed exercise: its days are over, and somebody took part."""

    school: str
    province: str
    level: str
    year: str
    #: Group -> how many took part.
    people: Mapping[str, int]


@dataclass(kw_only=True)
class Tally:
    """Schools and people in one cell."""

    schools: set[str] = field(default_factory=set)
    exercises: int = 0
    people: dict[str, int] = field(default_factory=dict)

    def add(self, one: Done) -> None:
        """Count a completed exercise."""
        self.schools.add(one.school)
        self.exercises += 1
        for group, many in one.people.items():
            self.people[group] = self.people.get(group, 0) + many


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What is told of one cell; all None where it is of too few schools, or would tell of such."""

    schools: int | None
    exercises: int | None
    people: Mapping[str, int] | None

    @property
    def together(self) -> int | None:
        """Participants of all groups."""
        return None if self.people is None else sum(self.people.values())


HIDDEN = Figures(schools=None, exercises=None, people=None)


@dataclass(frozen=True, kw_only=True)
class Statistics:
    """The figures of an area."""

    area: str
    threshold: int
    #: School years with a completed exercise, oldest first.
    years: Sequence[str]
    #: School year (:data:`ALL` for all) -> everything together.
    totals: Mapping[str, Figures]
    #: School year -> level -> figures; the same by province, where an empty one is not known.
    levels: Mapping[str, Mapping[str, Figures]]
    provinces: Mapping[str, Mapping[str, Figures]]


def completed(connection: Connection, area: str, today: date) -> list[Done]:
    """The completed exercises of an area and its regions.

    Arguments:
        today: an exercise whose last day lies before it is over.
    """
    counts = (
        select(_sheet.c.exercise_id, _sheet.c.group, func.count().label("many"))
        .join(_exercise, _exercise.c.id == _sheet.c.exercise_id)
        .join(_organisation, _organisation.c.id == _exercise.c.organisation_id)
        .where(_over(today), _within(area))
        .group_by(_sheet.c.exercise_id, _sheet.c.group)
    )
    people: dict[str, dict[str, int]] = {}
    for row in connection.execute(counts):
        people.setdefault(row.exercise_id, {})[row.group] = row.many
    query = (
        select(
            _exercise.c.id, _exercise.c.organisation_id, _exercise.c.level,
            _exercise.c.school_year, _organisation.c.province,
        )
        .join(_organisation, _organisation.c.id == _exercise.c.organisation_id)
        .where(_over(today), _within(area))
    )  # fmt: skip
    return [
        Done(
            school=row.organisation_id, province=row.province, level=row.level,
            year=row.school_year, people=people[row.id],
        )
        for row in connection.execute(query)
        if row.id in people
    ]  # fmt: skip


def _over(today: date) -> ColumnElement[bool]:
    over: ColumnElement[bool] = _exercise.c.locked_at.is_not(None) & (_exercise.c.last_day < today)
    return over


def _within(area: str) -> ColumnElement[bool]:
    if area == "*":
        return _organisation.c.id.is_not(None)  # type: ignore[no-any-return]
    within = _organisation.c.area.startswith(f"{area}-", autoescape=True)
    return or_(_organisation.c.area == area, within)


def statistics(area: str, done: Sequence[Done], threshold: int) -> Statistics:
    """The figures that may be told of completed exercises.

    Arguments:
        threshold: the fewest schools in a figure that is told.
    """
    years = sorted({one.year for one in done})
    by_level, by_province = (
        _table(done, years, threshold, of)
        for of in (lambda one: one.level, lambda one: one.province)
    )
    return Statistics(
        area=area, threshold=threshold, years=years, totals=by_level[1], levels=by_level[0],
        provinces=by_province[0],
    )  # fmt: skip


def _table(
    done: Sequence[Done], years: Sequence[str], threshold: int, of: Callable[[Done], str]
) -> tuple[dict[str, dict[str, Figures]], dict[str, Figures]]:
    """Cells of categories by year, and the totals of years; each with what may be told."""
    names = sorted({of(one) for one in done})
    cells = {
        (name, year): _counted(
            one for one in done if of(one) == name and year in (ALL, one.year)
        )
        for name in names for year in (ALL, *years)
    }  # fmt: skip
    whole = {
        year: _counted(one for one in done if year in (ALL, one.year)) for year in (ALL, *years)
    }
    # Years among all years, and names among all names, give each other away as cells do.
    lost_years = _in_a_row([len(whole[year].schools) for year in years], threshold)
    lost_names = _in_a_row([len(cells[name, ALL].schools) for name in names], threshold)
    forced = {
        (row, column)
        for row in range(len(names)) for column in range(len(years))
        if row in lost_names or column in lost_years
    }  # fmt: skip
    counts = [[len(cells[name, year].schools) for year in years] for name in names]
    hidden = hide_cells(counts, threshold, forced)
    nothing = too_few(len(whole[ALL].schools), threshold)
    found: dict[str, dict[str, Figures]] = {
        ALL: {
            name: _told(cells[name, ALL], hide=row in lost_names or nothing)
            for row, name in enumerate(names)
        }
    }
    for column, year in enumerate(years):
        found[year] = {
            name: _told(cells[name, year], hide=(row, column) in hidden or nothing)
            for row, name in enumerate(names)
        }
    totals = {ALL: _told(whole[ALL], hide=nothing)}
    for column, year in enumerate(years):
        totals[year] = _told(whole[year], hide=column in lost_years or nothing)
    return found, totals


def _in_a_row(counts: Sequence[int], threshold: int) -> set[int]:
    """Which parts of one whole are hidden."""
    return {column for _row, column in hide_cells([counts], threshold)} if counts else set()


def _counted(done: Iterable[Done]) -> Tally:
    found = Tally()
    for one in done:
        found.add(one)
    return found


def _told(one: Tally, *, hide: bool) -> Figures:
    if hide:
        return HIDDEN
    return Figures(schools=len(one.schools), exercises=one.exercises, people=dict(one.people))
