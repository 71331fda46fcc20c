"""What every check of a rule file gets: the rule set, where its parts stand, and its rounds."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from base.errors import Remark
from base.located import Located, nearest
from rules.criteria import Value
from rules.round_file import Round
from rules.rule_file import ConditionText, FactUse, RuleSet

Place = tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True)
class Remarks:
    """Remarks on one file."""

    located: Located
    remarks: list[Remark] = field(default_factory=list)

    def error(self, place: Place, message: str) -> None:
        """The file cannot be published."""
        self.remarks.append(self.located.remark(place, message))

    def warning(self, place: Place, message: str) -> None:
        """It works, and is probably not what is wanted."""
        self.remarks.append(self.located.remark(place, message, "warning"))

    def note(self, place: Place, message: str) -> None:
        """Good to know."""
        self.remarks.append(self.located.remark(place, message, "note"))

    def named(self, what: str, word: str, known: Collection[str], place: Place) -> bool:
        """Whether ``word`` is one of ``known``; an error with the nearest one if it is not."""
        if word in known:
            return True
        self.error(place, f'there is no {what} "{word}"{nearest(word, known)}')
        return False

    @property
    def failed(self) -> bool:
        """Whether there is an error among the remarks."""
        return any(remark.severity == "error" for remark in self.remarks)

    def sorted(self) -> list[Remark]:
        """The remarks in the order of the file's lines, each once."""
        once = dict.fromkeys(self.remarks)
        return sorted(once, key=lambda remark: (remark.line, remark.column))


@dataclass(frozen=True, kw_only=True)
class Check(Remarks):
    """One run over one rule file."""

    rule_set: RuleSet
    #: The rounds of its calendar.
    rounds: Sequence[Round]

    def leaves(self) -> Iterator[tuple[Place, ConditionText]]:
        """Every comparison of the file with its place."""
        for index, criterion in enumerate(self.rule_set.criteria):
            yield from _leaves(("criteria", index), criterion)

    def uses(self) -> Iterator[tuple[Place, FactUse]]:
        """Every fact the file asks for, with the place where its arguments stand."""
        for name, use in self.rule_set.facts.items():
            yield ("facts", name), use
        for place, leaf in self.leaves():
            if leaf.fact and leaf.fact not in self.rule_set.facts:
                yield place, FactUse(provider=leaf.fact, arguments=leaf.arguments)

    def calls(self) -> Iterator[tuple[str, Round, str, dict[str, Value | None]]]:
        """Every round in every area where it differs: how to say it, round, area and values."""
        for call in self.rounds:
            for area in ("", *call.countries):
                values = dict(call.values(area))
                yield f"round {call.round}" + (f" in {area}" if area else ""), call, area, values


def _leaves(place: Place, condition: ConditionText) -> Iterator[tuple[Place, ConditionText]]:
    joins = condition.joins()
    if not joins:
        yield place, condition
    for combination, parts in joins:
        for index, part in enumerate(parts):
            yield from _leaves((*place, combination.value, index), part)
