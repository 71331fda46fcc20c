"""A school's report: from counted answers to what may be shown, and nothing else.

The form of what is kept (``SurveyReport.content``)::

    settings      those it was made with, see :class:`ReportSettings`
    groups        [{group, invited, submitted, shown}] in the questionnaire's order
    incomplete    groups that did not take part at all: the report bears a watermark
    areas         [{area, cells: {group: cell}, statements: [{id, own, texts: {group: {lang: text}},
                    cells: {group: cell}}]}]
    sectors       [{name, submitted, shown, cells: {area: cell}, statements: {id: cell}}]
    companies     the same with id and sector

A cell is one of ``{"n", "sum", "na", "left"}`` (answers on the scale, their sum, how often "not
applicable", how often left out), ``{"none": true, "na", "left"}`` (asked, and nobody answered on
the scale) and ``{"few": true}`` (too few to be shown). Where a group was not asked, there is no
cell. There is no figure over several groups: it would give a small group away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from surveys.counting import Count, Tally, added
from surveys.suppression import hide, too_few

#: Counted sheets by group and company (None where there are no companies).
Tallies = Mapping[tuple[str, str | None], Tally]
Cell = dict[str, Any]
FEW: Cell = {"few": True}


@dataclass(frozen=True, kw_only=True)
class ReportSettings:
    """What a country has set. The sources leave all of it open (selfie_digisnap.md, section 5)."""

    #: The fewest people whose answers are shown together.
    threshold: int
    #: ``group``: the people of a group are counted; ``item``: also those who answered a statement.
    scope: Literal["group", "item"]
    #: Means times 100: lower ones are called low, these and higher ones high; None is not set.
    low_below: int | None = None
    high_from: int | None = None
    #: A difference between two groups from which on it is named; means times 100.
    gap_from: int | None = None
    #: To how many decimals means are rounded; None is not set, and one.
    mean_decimals: int | None = None


@dataclass(frozen=True, kw_only=True)
class CompanyShown:
    """A company that was invited."""

    id: str
    name: str
    sector: str


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What of an exercise the report is made of."""

    #: Group -> frozen statements in the order of the sheets.
    statements: Mapping[str, Sequence[Mapping[str, Any]]]
    invited: Mapping[str, Any]
    companies: Sequence[CompanyShown] = ()
    #: The group that is split by company: trainers.
    company_group: str | None = None
    #: The order of groups and areas; others follow as they are found.
    groups: Sequence[str] = ()
    areas: Sequence[str] = ()


def make_report(asked: Asked, tallies: Tallies, settings: ReportSettings) -> dict[str, Any]:
    """What may be shown of the answers.

    Arguments:
        tallies: every group and company whose link was used; others had no answers.
    """
    groups = _ordered(asked.groups, asked.statements)
    split = _split(asked, tallies)
    counts = {group: _together(asked, tallies, group) for group in groups}
    sheets = {
        group: sum(tally.sheets for (name, _), tally in tallies.items() if name == group)
        for group in groups
    }
    shown = {group: not too_few(sheets[group], settings.threshold) for group in groups}
    return {
        "settings": asdict(settings),
        "groups": [
            {
                "group": group, "invited": asked.invited.get(group), "submitted": sheets[group],
                "shown": shown[group],
            }
            for group in groups
        ],
        "incomplete": [group for group in groups if not sheets[group]],
        "areas": [
            _area(area, asked, groups, counts, shown, settings)
            for area in _ordered(asked.areas, _areas(asked, groups))
        ],
        **_by_company(asked, split, settings),
    }  # fmt: skip


def _ordered(wanted: Sequence[str], there: Mapping[str, Any] | Sequence[str]) -> list[str]:
    known = [name for name in wanted if name in there]
    return [*known, *(name for name in there if name not in known)]


def _areas(asked: Asked, groups: Sequence[str]) -> list[str]:
    found = [one["area"] for group in groups for one in asked.statements[group]]
    return list(dict.fromkeys(found))


def _together(asked: Asked, tallies: Tallies, group: str) -> dict[str, Count]:
    """Statement -> the answers of a group, of all its companies."""
    ids = [one["id"] for one in asked.statements[group]]
    parts = [tally.counts() for (name, _), tally in tallies.items() if name == group]
    return {id_: added(part[at] for part in parts) for at, id_ in enumerate(ids)}


def _area(
    area: str, asked: Asked, groups: Sequence[str], counts: Mapping[str, Mapping[str, Count]],
    shown: Mapping[str, bool], settings: ReportSettings,
) -> dict[str, Any]:  # fmt: skip
    statements: dict[str, dict[str, Any]] = {}
    cells: dict[str, Cell] = {}
    for group in groups:
        of_area = [one for one in asked.statements[group] if one["area"] == area]
        seen = []
        for one in of_area:
            count = counts[group][one["id"]]
            hidden = not shown[group] or _few_answers(count, settings)
            line = statements.setdefault(
                one["id"], {"id": one["id"], "own": one["own"], "texts": {}, "cells": {}}
            )
            line["texts"][group] = dict(one["texts"])
            line["cells"][group] = FEW if hidden else _cell(count)
            if not hidden:
                seen.append(count)
        if of_area:
            cells[group] = _of_area(seen, shown=shown[group])
    return {"area": area, "cells": cells, "statements": list(statements.values())}


def _few_answers(count: Count, settings: ReportSettings) -> bool:
    return settings.scope == "item" and too_few(count.answers, settings.threshold)


def _of_area(seen: Sequence[Count], *, shown: bool) -> Cell:
    """An area is the mean of the answers to those of its statements that are shown.

    So what is hidden cannot be worked out from it.
    """
    return _cell(added(seen)) if seen and shown else FEW


def _cell(count: Count) -> Cell:
    rest = {"na": count.not_applicable, "left": count.left_out}
    if not count.answers:
        return {"none": True, **rest}
    return {"n": count.answers, "sum": count.total, **rest}


def _split(asked: Asked, tallies: Tallies) -> dict[str, Tally]:
    """Company -> its sheets; one that sent none has none."""
    group = asked.company_group
    if group is None or group not in asked.statements:
        return {}
    empty = Tally(len(asked.statements[group]))
    return {one.id: tallies.get((group, one.id), empty) for one in asked.companies}


def _by_company(
    asked: Asked, split: Mapping[str, Tally], settings: ReportSettings
) -> dict[str, Any]:
    if not split:
        return {"sectors": [], "companies": []}
    statements = asked.statements[str(asked.company_group)]
    sector_of = {one.id: one.sector for one in asked.companies}
    counts = {id_: tally.counts() for id_, tally in split.items()}

    def tree(people: Mapping[str, int]) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for id_, many in people.items():
            found.setdefault(sector_of[id_], {})[id_] = many
        return found

    sheets = {id_: tally.sheets for id_, tally in split.items()}
    base = hide(tree(sheets), settings.threshold)
    sectors: dict[str, dict[str, Any]] = {
        name: {
            "name": name, "submitted": sum(there.values()), "shown": name not in base.parts,
            "statements": {}, "cells": {},
        }
        for name, there in sorted(tree(sheets).items())
    }  # fmt: skip
    companies: dict[str, dict[str, Any]] = {
        one.id: {
            "id": one.id, "name": one.name, "sector": one.sector, "submitted": sheets[one.id],
            "shown": one.id not in base.leaves, "statements": {}, "cells": {},
        }
        for one in sorted(asked.companies, key=lambda one: (one.sector, one.name, one.id))
    }  # fmt: skip
    seen: dict[tuple[str, str], dict[str, list[Count]]] = {}
    for at, one in enumerate(statements):
        each = {id_: found[at] for id_, found in counts.items()}
        hidden_leaves, hidden_parts = base.leaves, base.parts
        if settings.scope == "item":
            answers = tree({id_: count.answers for id_, count in each.items()})
            found = hide(answers, settings.threshold, base.leaves)
            hidden_leaves, hidden_parts = found.leaves, found.parts | base.parts
        for name, there in tree(sheets).items():
            count = added(each[id_] for id_ in there)
            _put(sectors[name], one, count, name in hidden_parts, seen.setdefault(("s", name), {}))
        for id_, count in each.items():
            place = seen.setdefault(("c", id_), {})
            _put(companies[id_], one, count, id_ in hidden_leaves, place)
    for (kind, key), areas in seen.items():
        line = sectors[key] if kind == "s" else companies[key]
        line["cells"] = {
            area: _of_area(counts_, shown=line["shown"]) for area, counts_ in areas.items()
        }
    return {"sectors": list(sectors.values()), "companies": list(companies.values())}


def _put(
    line: dict[str, Any], statement: Mapping[str, Any], count: Count, hidden: bool,
    areas: dict[str, list[Count]],
) -> None:  # fmt: skip
    line["statements"][statement["id"]] = FEW if hidden else _cell(count)
    there = areas.setdefault(statement["area"], [])
    if not hidden:
        there.append(count)
