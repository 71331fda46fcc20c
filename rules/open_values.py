"""What a country has not set yet: values of its rounds that stand in no source."""

from __future__ import annotations

from base.errors import BadInput, Remark
from base.i18n import FALLBACK, Text, say
from registry.values import BadValue, area
from rules.book import RuleBook
from rules.round_file import Round


def area_of(text: str) -> str:
    """A country or region as somebody wrote it.

    Raises:
        BadInput: it is none.
    """
    try:
        return area(text)
    except BadValue as error:
        raise BadInput(error.message, **error.values) from None


def open_values(book: RuleBook, country: str) -> list[Remark]:
    """Every value that is unknown in an area, in the newest round of each calendar.

    Arguments:
        country: a country or region.
    """
    remarks = []
    for call in newest(book):
        located = book.located(call.name)
        about = explained(book, call.calendar)
        for name, value in call.values(country).items():
            if value is not None:
                continue
            part = "parameters" if name in call.parameters else "dates"
            words = f": {say(about[name], FALLBACK)}" if about.get(name) else ""
            message = f'"{name}" of {call.name} is not set for {country}{words}'
            remarks.append(located.remark((part, *name.split(".")), message, "note"))
    return remarks


def newest(book: RuleBook) -> list[Round]:
    """Of each calendar the round that holds last."""
    found: dict[str, Round] = {}
    for call in book.rounds():
        known = found.get(call.calendar)
        if known is None or _order(call) >= _order(known):
            found[call.calendar] = call
    return [found[name] for name in sorted(found)]


def _order(call: Round) -> tuple[str, str]:
    return (call.first_day.isoformat() if call.first_day else "", call.round)


def explained(book: RuleBook, calendar: str) -> dict[str, Text | str]:
    """What each value is: by its rounds, and by the rule sets that need it."""
    rounds = [call for call in book.rounds() if call.calendar == calendar]
    by_rounds: dict[str, Text | str] = {
        name: words for call in sorted(rounds, key=_order) for name, words in call.about.items()
    }
    by_rules: dict[str, Text | str] = {
        name: parameter.about
        for rules in book.rule_sets()
        if rules.name.startswith(f"{calendar}/")
        for name, parameter in rules.parameters.items()
    }
    return by_rounds | by_rules
