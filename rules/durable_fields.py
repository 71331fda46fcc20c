"""The fields that facts become for durable_rules: short names and whole numbers.

======== ==========================================================================================
integer  itself
boolean  1 or 0
date     its day number (``date.toordinal``)
text     its place among the texts it is compared with, -1 if it is none of them; and for each
         pattern 1 or 0. No text crosses: durable_rules compares them by their first 64 KiB.
======== ==========================================================================================

durable_rules knows a name by its 32-bit hash only, so names are made here, one hash each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from rules.criteria import BoundRuleSet, Comparison, Condition, FactType, Group, Test

#: The fields of one rule set: a message of durable_rules may have 251.
MAX_FIELDS = 240
#: The names durable_rules uses itself.
RESERVED = ("id", "sid", "kind", "$s", "$i", "$forward")

#: Makes the number of a fact of one type.
Encoder = Callable[[Any], int]


class TooManyFieldsError(Exception):
    """A rule set compares more facts and patterns than durable_rules has fields."""


def fnv1a(name: str) -> int:
    """The 32-bit FNV-1a hash of ``name``: all that durable_rules keeps of it."""
    found = 0x811C9DC5
    for byte in name.encode():
        found = ((found ^ byte) * 16777619) & 0xFFFFFFFF
    return found


class Fields:
    """The fields of one rule set, made as they are asked for."""

    def __init__(self, bound: BoundRuleSet, types: Mapping[str, FactType]) -> None:
        """Begin without fields.

        Arguments:
            types: of the facts of ``bound``.
        """
        self._names: dict[tuple[str, str], str] = {}
        self._hashes = {fnv1a(name) for name in RESERVED}
        self._numbers = {
            key: _number(kind, _texts(key, bound.criteria.values())) for key, kind in types.items()
        }
        #: For each fact its fields: the JSON before the number, and what makes the number.
        self.encoders: dict[str, list[tuple[str, Encoder]]] = {}
        #: For facts whose absence counts, the JSON that says so.
        self.absent: dict[str, str] = {}

    def numbers(self, test: Test) -> list[int] | None:
        """The operands of ``test``; None if one is UNKNOWN."""
        number = self._numbers[test.fact]
        known = [number(operand) for operand in test.operands if operand is not None]
        return known if len(known) == len(test.operands) else None

    def value(self, fact: str) -> str:
        """The field of the fact itself; it is there whenever the fact is known."""
        return self._encoded(fact, "", self._numbers[fact])

    def pattern(self, fact: str, pattern: str) -> str:
        """The field that is 1 if the whole text matches ``pattern``, and else 0."""
        fullmatch = re.compile(pattern).fullmatch
        return self._encoded(fact, f"matches {pattern}", lambda text: int(bool(fullmatch(text))))

    def absence(self, fact: str) -> str:
        """The field that is 1 if the fact is not known, and else not there."""
        name = self._name(fact, "absent")
        self.absent[fact] = f',"{name}":1'
        return name

    def _encoded(self, fact: str, role: str, number: Encoder) -> str:
        if (fact, role) not in self._names:
            text = f',"{self._name(fact, role)}":'
            self.encoders.setdefault(fact, []).append((text, number))
        return self._names[fact, role]

    def _name(self, fact: str, role: str) -> str:
        if (fact, role) not in self._names:
            if len(self._names) == MAX_FIELDS:
                raise TooManyFieldsError
            number = len(self._names)
            while fnv1a(f"f{number}") in self._hashes:
                number += 1
            self._names[fact, role] = f"f{number}"
            self._hashes.add(fnv1a(f"f{number}"))
        return self._names[fact, role]


def _number(kind: FactType, places: Mapping[str, int]) -> Encoder:
    if kind is FactType.TEXT:
        return lambda text: places.get(text, -1)
    return date.toordinal if kind is FactType.DATE else int


def _texts(fact: str, conditions: Iterable[Condition]) -> dict[str, int]:
    """A number for each text that ``fact`` is compared with."""
    found: dict[str, int] = {}
    waiting = list(conditions)
    while waiting:
        condition = waiting.pop()
        if isinstance(condition, Group):
            waiting.extend(condition.of)
        elif condition.fact == fact and condition.comparison is not Comparison.MATCHES:
            for operand in condition.operands:
                if operand is not None:
                    found.setdefault(str(operand), len(found))
    return found
