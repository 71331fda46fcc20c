"""The checks of a round file: its days make sense, and what is no fact is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import combinations
from statistics import median_low
from typing import Any

from base.days import ZONES
from base.i18n import FALLBACK, LANGUAGES, say
from base.located import nearest
from rules.checks.check import Place, Remarks
from rules.criteria import Value
from rules.facts import PROVIDERS
from rules.round_file import (
    Round,
    Window,
    backwards,
    flat,
    in_year,
)
from rules.rule_file import RuleSet
from rules.values import reference

#: First and last day of a window; None is not known.
Days = tuple[date | None, date | None]

#: A day so far from the others of its round may be in the wrong year.
FAR = 200
#: And it is, if a year more or less brings it so near to them.
NEAR = 31


def check_round(
    check: Remarks, call: Round, rule_sets: Sequence[RuleSet], others: Sequence[Round]
) -> None:
    """Everything there is to say of a round file.

    Arguments:
        rule_sets: those that take their parameters from the round's calendar.
        others: the other rounds of the calendar.
    """
    for language in LANGUAGES:
        if not call.title.get(language, "").strip():
            check.error(("title",), f'there is no text in "{language}" here')
    own = flat(call.dates, call.parameters)
    for name in call.parameters:
        if name in call.dates:
            check.error(("parameters", name), f'"{name}" is among the dates already')
    _inferred(check, (), call.inferred, own)
    for name in call.about:
        check.named("date or parameter", name, own, ("about", name))
    _windows(check, (), call, "")
    _years(check, call)
    _unknown(check, call, rule_sets)
    for area in call.countries:
        _country(check, call, area, own)
    _order(check, call, others)


def _country(check: Remarks, call: Round, area: str, own: Mapping[str, Value | None]) -> None:
    place: Place = ("countries", area)
    country, part = area.partition("-")[0], call.countries[area]
    if country not in ZONES:
        message = f'"{country}" is no country with an eTwinning NSO{nearest(country, ZONES)}'
        check.warning(place, message)
    values = flat(part.dates, part.parameters)
    for name, value in values.items():
        there = (*place, *_place(part.dates, name))
        if name not in own:
            message = f'the round itself gives no "{name}"{nearest(name, own)}'
            check.error(there, message)
        elif value is not None and value == call.values(country if area != country else "")[name]:
            check.warning(there, f'"{name}" is the same without this')
    _inferred(check, place, part.inferred, values)
    _windows(check, place, call, area)


def _inferred(
    check: Remarks, place: Place, inferred: Mapping[str, str], values: Mapping[str, Value | None]
) -> None:
    for name, why in inferred.items():
        there = (*place, "inferred", name)
        if not check.named("date or parameter", name, values, there):
            continue
        if values[name] is None:
            check.error(there, f'"{name}" is unknown: it cannot be inferred, too')
        elif not why.strip():
            check.error(there, f'say why "{name}" is as it is')
        else:
            check.note(there, f'"{name}" stands in no source: {why.strip()}')


def _windows(check: Remarks, place: Place, call: Round, area: str) -> None:
    """Days of windows in an area: in order, and which day is in two of them."""
    values = call.values(area)
    dates = call.countries[area].dates if area else call.dates
    windows: dict[str, Days] = {
        name: (_day(values[f"{name}.opens"]), _day(values[f"{name}.closes"]))
        for name, day in call.dates.items()
        if isinstance(day, Window)
    }
    for name, days in windows.items():
        message = backwards(*days)
        if message and area and name in dates:
            check.error((*place, "dates", name), message)
    for one, other in combinations(windows, 2):
        # In a country only what differs there: the rest is said of the round itself.
        changed = next((name for name in (other, one) if name in dates), None)
        message = _overlap(one, windows[one], other, windows[other])
        if message and changed:
            check.note((*place, "dates", changed), message)


def _overlap(one: str, one_days: Days, other: str, other_days: Days) -> str | None:
    """What to say where one window ends while another begins; None where none does.

    One that lies within another is meant so: judging begins with the first submission.
    """
    # An end nobody knows may lie anywhere: what is known may overlap all the same.
    first, begin = one_days[0] or date.min, other_days[0] or date.min
    last, end = one_days[1] or date.max, other_days[1] or date.max
    since, until = max(first, begin), min(last, end)
    within = (first <= begin and end <= last) or (begin <= first and last <= end)
    if since > until or within:
        return None
    days = f"{since} is" if since == until else f"{since} to {until} are"
    return f"{days} both in {one} and in {other}"


def _day(value: Value | None) -> date | None:
    return value if isinstance(value, date) else None


def _years(check: Remarks, call: Round) -> None:
    """Days that lie a year off the other days of the round."""
    days = {name: day for name, day in flat(call.dates, {}).items() if isinstance(day, date)}
    for name, day in days.items():
        others = sorted(other for key, other in days.items() if key != name)
        if len(others) < 2 or abs((day - median_low(others)).days) <= FAR:
            continue
        for year in (day.year - 1, day.year + 1):
            meant = in_year(day, year)
            from_first, to_last = (meant - others[0]).days, (meant - others[-1]).days
            if from_first >= -NEAR and to_last <= NEAR and _nearer(meant, day, others):
                place = _place(call.dates, name)
                check.warning(place, f'"{name}" is far from the other days: is {meant} meant?')
                break


def _nearer(meant: date, day: date, others: Sequence[date]) -> bool:
    middle = median_low(others)
    return abs((meant - middle).days) < min(FAR, abs((day - middle).days))


def _order(check: Remarks, call: Round, others: Sequence[Round]) -> None:
    """A later round does not go back in time: a day that does may be in the wrong year."""
    before = max((one for one in others if one.round < call.round), default=None, key=_by_name)
    if before is None:
        return
    values, earlier = call.values(""), before.values("")
    for name, day in values.items():
        old = earlier.get(name)
        if isinstance(day, date) and isinstance(old, date) and day < old:
            message = f'"{name}" is {day}, and was {old} in the round before, {before.round}'
            check.warning(_place(call.dates, name), message)


def _by_name(call: Round) -> str:
    return call.round


def _unknown(check: Remarks, call: Round, rule_sets: Sequence[RuleSet]) -> None:
    needs = {one.name: _needed(one) for one in rule_sets}
    for name, value in flat(call.dates, call.parameters).items():
        if value is None:
            needed = [rule_set for rule_set, names in needs.items() if name in names]
            what = f"{', '.join(needed)} cannot be met" if needed else "no rule set needs it"
            if not needed and name in call.about:
                what = say(call.about[name], FALLBACK).strip()
            check.note(_place(call.dates, name), f'"{name}" is not known: {what}')


def _needed(rule_set: RuleSet) -> set[str]:
    """The parameters without which something is undetermined."""
    found = {reference(criterion.only_if) for criterion in rule_set.criteria}
    for criterion in rule_set.criteria:
        for leaf in criterion.leaves():
            for _comparison, operands in leaf.comparisons():
                found |= {reference(operand) for operand in operands}
    for use in rule_set.uses().values():
        provider = PROVIDERS.get(use.provider)
        optional = provider.optional if provider else frozenset()
        found |= {reference(v) for k, v in use.arguments.items() if k not in optional}
    return {name for name in found if name}


def _place(dates: Mapping[str, Any], name: str) -> Place:
    """Where a flat name stands in a round or a part of one."""
    window, _, end = name.partition(".")
    if window in dates:
        return ("dates", window, end) if end else ("dates", window)
    return ("parameters", name)
