"""What a country or region sets of a round: its own values, and those that it takes over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from base.errors import BadInput, Problem
from base.i18n import N_, Text
from rules.book import RuleBook
from rules.criteria import FactType, Value
from rules.editing import Kind, Path, changed, kind_of, read, shown
from rules.open_values import explained
from rules.round_file import UNKNOWN, Round, flat

_KINDS: Mapping[FactType, Kind] = {
    FactType.INTEGER: "number",
    FactType.DATE: "day",
    FactType.BOOLEAN: "yes_no",
    FactType.TEXT: "word",
}


@dataclass(frozen=True, kw_only=True)
class CountryValue:
    """One value of a round, as it is in an area."""

    #: first_window.closes
    name: str
    kind: Kind
    #: As it holds in the area; unknown where nobody has set it.
    value: str
    #: As the area has it of its own; empty where it takes over another's.
    own: str
    #: The only words it may be, where there are few.
    choices: tuple[str, ...]
    #: What it is, in the words of the rules that need it.
    about: Text | str

    @property
    def is_open(self) -> bool:
        """Whether nobody has set it: neither this area, nor its country, nor the round."""
        return self.value == UNKNOWN


def country_values(book: RuleBook, call: Round, area: str) -> list[CountryValue]:
    """Every value of a round in an area, in the file's order."""
    about = explained(book, call.calendar)
    declared = {
        name: parameter
        for rules in book.rule_sets()
        if rules.calendar == call.calendar
        for name, parameter in rules.parameters.items()
    }
    own = own_values(call, area)
    dates = flat(call.dates, {})
    found = []
    for name, value in call.values(area).items():
        parameter = declared.get(name)
        if parameter:
            kind = _KINDS[parameter.fact_type]
        elif name in dates:
            kind = "day"
        else:
            kind = "word" if value is None else kind_of(value, ("parameters", name))
        found.append(
            CountryValue(
                name=name, kind=kind, value=_text(value),
                own=own.get(name, ""),
                choices=tuple(parameter.one_of) if parameter else (), about=about.get(name, ""),
            )
        )  # fmt: skip
    return found


def own_values(call: Round, area: str) -> dict[str, str]:
    """What an area has of its own, as a form shows it."""
    if area not in call.countries:
        return {}
    part = call.countries[area]
    return {name: _text(value) for name, value in flat(part.dates, part.parameters).items()}


def with_country_values(
    book: RuleBook, call: Round, area: str, written: Mapping[str, str], text: str
) -> str:
    """A round file with the values of one area as somebody wrote them.

    Arguments:
        written: what stands in the boxes, by name; an empty one takes over the country's or the
            round's value. Names that are left out stay as they are.
        text: the file.

    Raises:
        BadInput: a value is none of its kind; all such are named.
    """
    known = {one.name: one for one in country_values(book, call, area)}
    changes: dict[Path, Any] = {}
    problems: list[Problem] = []
    for name, words in written.items():
        one = known.get(name)
        if one is None or words.strip() == one.own:
            continue
        try:
            value = read(words, one.kind, name) if words.strip() else None
        except BadInput as error:
            problems.extend(error.problems)
            continue
        changes["countries", area, *_place(call, name)] = value
    if problems:
        raise BadInput(N_("Some values cannot be used."), problems)
    return changed(text, changes)


def _place(call: Round, name: str) -> tuple[str, ...]:
    if name in flat(call.dates, {}):
        return ("dates", *name.split("."))
    return ("parameters", name)


def _text(value: Value | None) -> str:
    return UNKNOWN if value is None else shown(value)
