"""The compiled form of a rule set: what both evaluators read.

A rule file is read into criteria whose operands are constants or names of round parameters;
:func:`bind` puts a round's values in their place. A bound rule set has constants only, and its hash
is its name for durable_rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

#: What a fact or operand may be. Never a float: amounts are scaled to whole numbers.
Value = bool | int | str | date
#: Facts of one subject by fact key; a missing or None fact is not known.
Facts = Mapping[str, Value | None]


class FactType(StrEnum):
    """The type of a fact."""

    INTEGER = "integer"
    BOOLEAN = "boolean"
    DATE = "date"
    TEXT = "text"


class Outcome(StrEnum):
    """What became of a criterion or of a whole rule set. Only ``met`` is a pass."""

    MET = "met"
    UNMET = "unmet"
    UNDETERMINED = "undetermined"


class Comparison(StrEnum):
    """How a fact is compared with its operand."""

    EQUALS = "equals"
    NOT_EQUALS = "not_equals"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    MORE_THAN = "more_than"
    LESS_THAN = "less_than"
    ON_OR_BEFORE = "on_or_before"
    ON_OR_AFTER = "on_or_after"
    BEFORE = "before"
    AFTER = "after"
    #: Two operands, both inclusive.
    BETWEEN = "between"
    ONE_OF = "one_of"
    IS_TRUE = "is_true"
    IS_FALSE = "is_false"
    #: A regular expression over the whole text.
    MATCHES = "matches"
    #: The fact is known. The one comparison that is unmet, not undetermined, without its fact.
    PRESENT = "present"


class Combination(StrEnum):
    """How conditions are joined."""

    ALL_OF = "all_of"
    ANY_OF = "any_of"
    NONE_OF = "none_of"


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison of one fact with constants.

    ``operands``: none for is_true, is_false and present; two for between; one or more for one_of;
    one for the others. None as an operand is a round parameter that is UNKNOWN: undetermined.
    """

    fact: str
    comparison: Comparison
    operands: tuple[Value | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions joined; never empty."""

    combination: Combination
    of: tuple[Condition, ...]


Condition = Test | Group


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRequest:
    """A fact a rule set wants: which provider makes it, and with which (bound) arguments."""

    #: The fact's key in ``Facts``: the provider's name, or the name the rule file gives it.
    key: str
    provider: str
    type: FactType
    #: Arguments of the provider; None is an UNKNOWN parameter (the fact is then not known).
    arguments: Mapping[str, Value | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundRuleSet:
    """A rule set with a round's values filled in."""

    #: school_label/eligibility.
    name: str
    #: Hash of name, criteria and facts: equal hashes decide alike.
    sha256: str
    facts: tuple[FactRequest, ...]
    #: The condition of every criterion by its id, in the file's order. At most 60.
    criteria: Mapping[str, Condition]


def overall(outcomes: Mapping[str, Outcome]) -> Outcome:
    """The outcome of a rule set: unmet if anything is unmet, else undetermined if anything is.

    A rule set without any applicable criterion is undetermined: silence is never a pass.
    """
    found = set(outcomes.values())
    if Outcome.UNMET in found:
        return Outcome.UNMET
    if Outcome.UNDETERMINED in found or not found:
        return Outcome.UNDETERMINED
    return Outcome.MET
