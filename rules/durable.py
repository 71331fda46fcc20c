"""The compiler to durable_rules.

It uses the narrow part of durable_rules that was measured to be right, and gives it whole numbers
only. Every criterion becomes *positive* rules: a rule that fires means met, silence means not met.
A lost field can therefore never turn into a pass.

A condition is first brought into the form "this and this, or that and that": each such *clause* is
one flat rule. Nested ``$and`` and ``$or`` would walk one path for each combination of true branches,
which is exponential in time and fills the fixed stack of 64 entries. With flat clauses each rule
fires at most once, and no more entries wait on that stack than there are clauses.

What a fact becomes:

======== ==========================================================================================
integer  itself
boolean  1 or 0
date     its day number (``date.toordinal``)
text     the place of the text among the texts it is compared with, -1 if it is none of them; and
         for each pattern 1 or 0. No text crosses: durable_rules compares them cut at 64 KiB.
======== ==========================================================================================

Fields have short generated names, because durable_rules knows names by a 32-bit hash only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from base.canonical import hash_of
from rules.compiled import BySha
from rules.criteria import (
    BoundRuleSet,
    Combination,
    Comparison,
    Condition,
    FactType,
    Group,
    Test,
)
from rules.fitting import Known, check_rule_set, unusable

#: The rules of one durable_rules rule set, with the one that always fires: below the 64 it can have.
MAX_RULES = 61
#: The fields of one rule set: a message of durable_rules may have 251.
MAX_FIELDS = 240
#: The distinct comparisons of one durable_rules rule set: it loops for ever from 512 on.
MAX_COMPARISONS = 400
#: The clauses of one rule set.
MAX_CLAUSES = 240
#: The clauses one condition may pass through while it is put together.
MAX_CANDIDATES = 10_000
#: The ``one_of`` a clause may have: durable_rules keeps at most 31 notes on one rule, two for each.
MAX_CHOICES = 12
#: The constants of one ``one_of``.
MAX_CHOICE = 100

#: The bit and the name of the rule that always fires. Criterion n (from 1) has bit n.
SEEN_BIT = 0
SEEN = "seen"
#: The names durable_rules uses itself in a message, or for its own purposes.
RESERVED = ("id", "sid", "kind", "$s", "$i", "$forward")

#: Operator, field and constants. Operators are those of durable_rules, and ``in``.
Literal = tuple[str, str, tuple[int, ...]]
Clause = frozenset[Literal]
#: Makes the number of a fact of one type.
Encoder = Callable[[Any], int]

_OPERATORS = {
    Comparison.EQUALS: "$eq",
    Comparison.NOT_EQUALS: "$neq",
    Comparison.AT_LEAST: "$gte",
    Comparison.ON_OR_AFTER: "$gte",
    Comparison.AT_MOST: "$lte",
    Comparison.ON_OR_BEFORE: "$lte",
    Comparison.MORE_THAN: "$gt",
    Comparison.AFTER: "$gt",
    Comparison.LESS_THAN: "$lt",
    Comparison.BEFORE: "$lt",
}
_OPPOSITE = {
    "$eq": "$neq", "$neq": "$eq", "$gte": "$lt", "$lt": "$gte", "$lte": "$gt", "$gt": "$lte",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class Program:
    """A bound rule set as durable_rules takes it."""

    #: The name of the rule set, for the log.
    name: str
    #: Hash of the rules: programs with equal keys are the same to durable_rules.
    key: str
    #: One JSON text for each durable_rules rule set that the criteria are spread over.
    rules: tuple[str, ...]
    #: The bit of each rule.
    bits: Mapping[str, int]
    #: The criteria by their bits.
    criteria: Mapping[str, int]
    #: All bits that may be set.
    mask: int
    types: Mapping[str, FactType]
    #: For each fact, its fields: the text before the number, and what makes the number.
    fields: Mapping[str, tuple[tuple[str, Encoder], ...]]
    #: For facts of which it matters that they are not known: the text of a field that says so.
    absent: Mapping[str, str] = field(default_factory=dict)

    def encode(self, known: Known) -> bytes:
        """The message for one subject: one line of JSON that holds generated names and numbers."""
        parts = ['{"sid":"s","id":"f","kind":1']
        fields = self.fields
        for key, value in known.items():
            for name, number in fields.get(key, ()):
                parts.append(f"{name}{number(value)}")
        for key, text in self.absent.items():
            if key not in known:
                parts.append(text)
        parts.append("}")
        return "".join(parts).encode("ascii")


def compile_rules(bound: BoundRuleSet) -> Program:
    """``bound`` as a program.

    Criteria that cannot be met because a round parameter is UNKNOWN have no rule.

    Raises:
        BadDefinition: the rule set cannot be used (see :func:`rules.fitting.check_rule_set`), or
            its conditions are so entangled that they would make too many rules.
    """
    return _Compiler(bound).program()


#: The compiled program of a bound rule set.
program = BySha(compile_rules)


def fnv1a(name: str) -> int:
    """The 32-bit FNV-1a hash of ``name``: all that durable_rules keeps of a field's name."""
    found = 0x811C9DC5
    for byte in name.encode():
        found = ((found ^ byte) * 16777619) & 0xFFFFFFFF
    return found


class _Compiler:
    """Turns the criteria of one rule set into clauses, and those into rules."""

    def __init__(self, bound: BoundRuleSet) -> None:
        self._bound = bound
        self._types = check_rule_set(bound)
        self._criterion = ""
        self._fields: dict[str, list[tuple[str, Encoder]]] = {}
        self._names: dict[tuple[str, str], str] = {}
        self._hashes = {fnv1a(name) for name in RESERVED}
        self._absent: dict[str, str] = {}
        self._texts = {
            request.key: _texts(request.key, bound.criteria.values())
            for request in bound.facts
            if request.type is FactType.TEXT
        }

    def program(self) -> Program:
        criteria = {}
        rules: list[tuple[str, int, list[Literal]]] = []
        for bit, (criterion, condition) in enumerate(self._bound.criteria.items(), start=1):
            self._criterion = criterion
            criteria[criterion] = bit
            clauses = self._clauses(condition, wanted=True)
            rules += [(f"r{bit}_{n}", bit, it) for n, it in enumerate(_sorted(clauses))]
            self._check_size(rules)
        texts = tuple(_json(shard) for shard in _shards(rules))
        bits = {name: bit for name, bit, _ in rules} | {SEEN: SEEN_BIT}
        return Program(
            name=self._bound.name,
            key=hash_of([texts, bits]),
            rules=texts,
            bits=bits,
            criteria=criteria,
            mask=sum({1 << bit for bit in bits.values()}),
            types=self._types,
            fields={key: tuple(fields) for key, fields in self._fields.items()},
            absent=self._absent,
        )

    def _check_size(self, rules: Sequence[tuple[str, int, list[Literal]]]) -> None:
        if len(rules) > MAX_CLAUSES:
            raise self._entangled()
        for _, _, clause in rules:
            choices = sum(operator == "in" for operator, _, _ in clause)
            if choices > MAX_CHOICES or len(_comparisons(clause)) > MAX_COMPARISONS:
                raise self._entangled()

    def _clauses(self, condition: Condition, *, wanted: bool) -> frozenset[Clause]:
        """What makes ``condition`` met (``wanted``) or unmet; nothing if it cannot be."""
        if isinstance(condition, Test):
            return self._test(condition, wanted=wanted)
        if condition.combination is Combination.NONE_OF:
            return self._clauses(Group(Combination.ANY_OF, condition.of), wanted=not wanted)
        parts = [self._clauses(part, wanted=wanted) for part in condition.of]
        if (condition.combination is Combination.ALL_OF) is wanted:
            return self._product(parts)
        return self._limited(frozenset().union(*parts))

    def _product(self, parts: Sequence[frozenset[Clause]]) -> frozenset[Clause]:
        found: frozenset[Clause] = frozenset({frozenset()})
        for part in sorted(parts, key=len):
            found = self._limited(frozenset(a | b for a in found for b in part))
        return found

    def _limited(self, clauses: frozenset[Clause]) -> frozenset[Clause]:
        """``clauses`` without those that another one makes superfluous."""
        if len(clauses) > MAX_CANDIDATES:
            raise self._entangled()
        needed: list[Clause] = []
        for clause in sorted(clauses, key=len):
            if not any(kept <= clause for kept in needed):
                needed.append(clause)
            if len(needed) > MAX_CLAUSES:
                raise self._entangled()
        return frozenset(needed)

    def _test(self, test: Test, *, wanted: bool) -> frozenset[Clause]:
        if test.comparison is Comparison.PRESENT:
            return self._present(test.fact, wanted=wanted)
        if None in test.operands:
            return frozenset()
        kind = self._types[test.fact]
        if test.comparison is Comparison.MATCHES:
            pattern = str(test.operands[0])
            return _one(("$eq", self._pattern_field(test.fact, pattern), (int(wanted),)))
        name = self._value_field(test.fact, kind)
        numbers = [self._number(test.fact, kind)(it) for it in test.operands if it is not None]
        if test.comparison is Comparison.BETWEEN:
            low, high = numbers
            if wanted:
                return frozenset({frozenset({("$gte", name, (low,)), ("$lte", name, (high,))})})
            return _one(("$lt", name, (low,))) | _one(("$gt", name, (high,)))
        if test.comparison is Comparison.ONE_OF:
            return self._one_of(name, sorted(set(numbers)), wanted=wanted)
        if test.comparison in {Comparison.IS_TRUE, Comparison.IS_FALSE}:
            numbers = [int(test.comparison is Comparison.IS_TRUE)]
        operator = _OPERATORS.get(test.comparison, "$eq")
        return _one((operator if wanted else _OPPOSITE[operator], name, tuple(numbers)))

    def _one_of(self, name: str, numbers: list[int], *, wanted: bool) -> frozenset[Clause]:
        if len(numbers) > MAX_CHOICE:
            why = f"criterion {self._criterion}: one_of has more than {MAX_CHOICE} values"
            raise unusable(self._bound.name, why)
        if wanted:
            return _one(("in" if len(numbers) > 1 else "$eq", name, tuple(numbers)))
        return frozenset({frozenset(("$neq", name, (number,)) for number in numbers)})

    def _present(self, fact: str, *, wanted: bool) -> frozenset[Clause]:
        if wanted:
            return _one(("$ex", self._value_field(fact, self._types[fact]), ()))
        # A field that says "not known", not $nex: a field that got lost must not make a rule fire.
        name = self._name(fact, "absent")
        self._absent[fact] = f',"{name}":1'
        return _one(("$eq", name, (1,)))

    def _number(self, fact: str, kind: FactType) -> Encoder:
        if kind is FactType.TEXT:
            places = self._texts[fact]
            return lambda text: places.get(text, -1)
        return date.toordinal if kind is FactType.DATE else int

    def _value_field(self, fact: str, kind: FactType) -> str:
        known = (fact, "") in self._names
        name = self._name(fact, "")
        if not known:
            self._add(fact, name, self._number(fact, kind))
        return name

    def _pattern_field(self, fact: str, pattern: str) -> str:
        known = (fact, f"matches {pattern}") in self._names
        name = self._name(fact, f"matches {pattern}")
        if not known:
            fullmatch = re.compile(pattern).fullmatch
            self._add(fact, name, lambda text: int(fullmatch(text) is not None))
        return name

    def _add(self, fact: str, name: str, number: Encoder) -> None:
        self._fields.setdefault(fact, []).append((f',"{name}":', number))

    def _name(self, fact: str, role: str) -> str:
        """A short field name for a fact in a role, of a hash that no other name has."""
        if (fact, role) in self._names:
            return self._names[fact, role]
        if len(self._names) == MAX_FIELDS:
            why = f"it compares more than {MAX_FIELDS} facts and patterns"
            raise unusable(self._bound.name, why)
        number = len(self._hashes)
        while fnv1a(f"f{number}") in self._hashes:
            number += 1
        name = f"f{number}"
        self._hashes.add(fnv1a(name))
        self._names[fact, role] = name
        return name

    def _entangled(self) -> Exception:
        why = (
            f"from criterion {self._criterion} on its conditions are too entangled for the rule "
            "engine; write some of them as criteria of their own"
        )
        return unusable(self._bound.name, why)


def _one(literal: Literal) -> frozenset[Clause]:
    return frozenset({frozenset({literal})})


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


def _sorted(clauses: Iterable[Clause]) -> list[list[Literal]]:
    # By field, so that rules share the first steps of their paths.
    return sorted(sorted(clause, key=lambda it: (it[1], it[0], it[2])) for clause in clauses)


def _shards(rules: Sequence[tuple[str, int, list[Literal]]]) -> list[dict[str, list[Literal]]]:
    """The rules spread over as few durable_rules rule sets as its limits allow."""
    shards: list[dict[str, list[Literal]]] = [{}]
    comparisons: set[Literal] = set()
    for name, _, clause in rules:
        wanted = comparisons | _comparisons(clause)
        if len(shards[-1]) + 1 == MAX_RULES or len(wanted) > MAX_COMPARISONS:
            shards.append({})
            wanted = _comparisons(clause)
        comparisons = wanted
        shards[-1][name] = clause
    return shards


def _comparisons(clause: Iterable[Literal]) -> set[Literal]:
    """The comparisons durable_rules makes for ``clause``: at most this many hang on one place."""
    guards = {("$ex", name, ()) for _, name, _ in clause}
    return guards | {
        (operator, name, (number,)) for operator, name, numbers in clause for number in numbers
    }


def _json(shard: Mapping[str, Iterable[Literal]]) -> str:
    kind = {"kind": 1}
    rules: dict[str, object] = {SEEN: {"all": [{"m": kind}]}}
    for rule, clause in shard.items():
        steps: list[object] = [kind]
        guarded = ""
        for operator, name, numbers in clause:
            if name != guarded:
                steps.append({"$ex": {name: 1}})
                guarded = name
            if operator == "in":
                steps.append({"$or": [{name: number} for number in numbers]})
            elif operator == "$eq":
                steps.append({name: numbers[0]})
            elif operator != "$ex":
                steps.append({operator: {name: numbers[0]}})
        rules[rule] = {"all": [{"m": {"$and": steps}}]}
    return json.dumps(rules)
