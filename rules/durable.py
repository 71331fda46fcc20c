"""The compiler to durable_rules.

It uses the narrow part of durable_rules that was measured to be right. Every criterion becomes
*positive* rules: a rule that fires means met, silence means not met, so that a lost field can never
turn into a pass. Every rule asks for the kind of message first (one that could match the session's
own state would fire for ever), and one rule always fires, so that silence is told from failure.

Each clause of a criterion (see ``rules.clauses``) is one flat rule. Nested ``$and`` and ``$or``
would walk one path for each combination of true branches: exponential in time, and more than the 64
entries durable_rules can keep waiting. With flat clauses a rule fires at most once, and no more
entries wait than there are clauses.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from base.canonical import hash_of
from rules.clauses import MAX_CLAUSES, Clause, Literal, TooEntangledError, clauses
from rules.compiled import BySha
from rules.criteria import BoundRuleSet, FactType
from rules.durable_fields import Encoder, Fields, TooManyFieldsError
from rules.fitting import Known, check_rule_set, unusable

#: The rules of one durable_rules rule set, the one that always fires included; it fails from 65 on.
MAX_RULES = 61
#: The distinct comparisons of one durable_rules rule set: it loops for ever from 512 on.
MAX_COMPARISONS = 400
#: The ``one_of`` a clause may have: durable_rules keeps 31 notes on one rule, two of them for each.
MAX_CHOICES = 12

#: The bit and the name of the rule that always fires. Criterion n (from 1) has bit n.
SEEN_BIT = 0
SEEN = "seen"


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
    #: The bit of each criterion.
    criteria: Mapping[str, int]
    #: All bits that may be set.
    mask: int
    types: Mapping[str, FactType]
    #: See :class:`Fields`.
    encoders: Mapping[str, Sequence[tuple[str, Encoder]]]
    #: See :class:`Fields`.
    absent: Mapping[str, str]

    def encode(self, known: Known) -> bytes:
        """The message for one subject: a line of JSON with generated names and whole numbers."""
        parts = ['{"sid":"s","id":"f","kind":1']
        encoders = self.encoders
        for key, value in known.items():
            for text, number in encoders.get(key, ()):
                parts.append(f"{text}{number(value)}")
        parts += [text for key, text in self.absent.items() if key not in known]
        parts.append("}")
        return "".join(parts).encode("ascii")


def compile_rules(bound: BoundRuleSet) -> Program:
    """``bound`` as a program.

    Criteria that cannot be met because a round parameter is UNKNOWN have no rule.

    Raises:
        BadDefinition: the rule set cannot be used (see :func:`rules.fitting.check_rule_set`), or
            its conditions are so entangled that they would make too many rules.
    """
    types = check_rule_set(bound)
    fields = Fields(bound, types)
    bits = {SEEN: SEEN_BIT}
    rules: dict[str, list[Literal]] = {}
    criteria = {criterion: bit for bit, criterion in enumerate(bound.criteria, start=1)}
    for criterion, bit in criteria.items():
        try:
            found = _sorted(clauses(bound.criteria[criterion], fields))
        except (TooEntangledError, TooManyFieldsError):
            raise _too_much(bound, criterion) from None
        for number, clause in enumerate(found):
            rules[f"r{bit}_{number}"] = clause
            bits[f"r{bit}_{number}"] = bit
        if len(rules) > MAX_CLAUSES or not all(_small(clause) for clause in found):
            raise _too_much(bound, criterion)
    texts = tuple(_json(shard) for shard in _shards(rules))
    return Program(
        name=bound.name,
        key=hash_of([texts, bits]),
        rules=texts,
        bits=bits,
        criteria=criteria,
        mask=sum({1 << bit for bit in bits.values()}),
        types=types,
        encoders=fields.encoders,
        absent=fields.absent,
    )


#: The compiled program of a bound rule set.
program = BySha(compile_rules)


def _too_much(bound: BoundRuleSet, criterion: str) -> Exception:
    why = (
        f"from criterion {criterion} on its conditions are too entangled for the rule engine; "
        "write some of them as criteria of their own"
    )
    return unusable(bound.name, why)


def _sorted(found: Iterable[Clause]) -> list[list[Literal]]:
    # By field, so that rules share the first steps of their paths.
    return sorted(sorted(clause, key=lambda it: (it[1], it[0], it[2])) for clause in found)


def _small(clause: Iterable[Literal]) -> bool:
    choices = sum(operator == "in" for operator, _, _ in clause)
    return choices <= MAX_CHOICES and len(_comparisons(clause)) <= MAX_COMPARISONS


def _comparisons(clause: Iterable[Literal]) -> set[Literal]:
    """The comparisons durable_rules makes for ``clause``: at most so many hang on one place."""
    guards = {("$ex", field, ()) for _, field, _ in clause}
    return guards | {
        (operator, field, (number,)) for operator, field, numbers in clause for number in numbers
    }


def _shards(rules: Mapping[str, list[Literal]]) -> list[dict[str, list[Literal]]]:
    """The rules spread over as few durable_rules rule sets as its limits allow."""
    shards: list[dict[str, list[Literal]]] = [{}]
    comparisons: set[Literal] = set()
    for name, clause in rules.items():
        comparisons = comparisons | _comparisons(clause)
        if len(shards[-1]) + 1 == MAX_RULES or len(comparisons) > MAX_COMPARISONS:
            shards.append({})
            comparisons = _comparisons(clause)
        shards[-1][name] = clause
    return shards


def _json(shard: Mapping[str, Iterable[Literal]]) -> str:
    kind = {"kind": 1}
    rules: dict[str, object] = {SEEN: {"all": [{"m": kind}]}}
    for rule, clause in shard.items():
        steps: list[object] = [kind]
        guarded = ""
        for operator, field, numbers in clause:
            if field != guarded:
                steps.append({"$ex": {field: 1}})
                guarded = field
            if operator == "in":
                steps.append({"$or": [{field: number} for number in numbers]})
            elif operator == "$eq":
                steps.append({field: numbers[0]})
            elif operator != "$ex":
                steps.append({operator: {field: numbers[0]}})
        rules[rule] = {"all": [{"m": {"$and": steps}}]}
    return json.dumps(rules)
