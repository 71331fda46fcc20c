"""A rule file: the criteria of one rule set, as typed values.

``docs/rule-files.md`` explains every key with examples. Nothing in a rule file is ever evaluated as
code: it is read into the conditions of ``rules/criteria.py``.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr, model_validator

from base.located import Located, read_yaml, validated
from rules.criteria import Combination, Comparison, FactType

NAME = r"^[a-z][a-z0-9_]*$"
RULE_SET = r"^[a-z][a-z0-9_]*(/[a-z][a-z0-9_]*)?$"
#: ``${min_active_teachers}``: the value of a round parameter.
REFERENCE = re.compile(r"^\$\{([a-z][a-z0-9_.]*)\}$")
#: ``{required}`` in a text.
PLACE = re.compile(r"\{([a-z][a-z0-9_.]*)\}")

Texts = Annotated[dict[str, str], Field(min_length=1)]
Scalar = StrictBool | StrictInt | date | StrictStr
Arguments = dict[str, Scalar]

#: Words that stand for no operand.
_BARE = {Comparison.IS_TRUE, Comparison.IS_FALSE, Comparison.PRESENT}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Parameter(_Part):
    """A value the round gives."""

    type: Literal["integer", "date", "boolean", "text"]
    #: What it is, in a line.
    about: str = ""
    #: May be UNKNOWN without leaving anything undetermined (an upper bound that is not there).
    optional: bool = False


class FactUse(_Part):
    """A fact under a name of the file's own."""

    provider: str = Field(pattern=NAME)
    arguments: Arguments = Field(default_factory=dict, alias="with")


class ConditionText(_Part):
    """A condition as a file writes it: a comparison of one fact, or conditions joined."""

    fact: str | None = Field(default=None, pattern=NAME)
    arguments: Arguments = Field(default_factory=dict, alias="with")
    equals: Scalar | None = None
    not_equals: Scalar | None = None
    at_least: Scalar | None = None
    at_most: Scalar | None = None
    more_than: Scalar | None = None
    less_than: Scalar | None = None
    on_or_before: Scalar | None = None
    on_or_after: Scalar | None = None
    before: Scalar | None = None
    after: Scalar | None = None
    between: Annotated[list[Scalar], Field(min_length=2, max_length=2)] | None = None
    one_of: Annotated[list[Scalar], Field(min_length=1, max_length=100)] | None = None
    is_true: Literal[True] | None = None
    is_false: Literal[True] | None = None
    matches: StrictStr | None = None
    present: Literal[True] | None = None
    all_of: Annotated[list[ConditionText], Field(min_length=1)] | None = None
    any_of: Annotated[list[ConditionText], Field(min_length=1)] | None = None
    none_of: Annotated[list[ConditionText], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _one_form(self) -> ConditionText:
        if self.joins():
            if len(self.joins()) > 1 or self.fact or self.comparisons():
                message = "write either one comparison of a fact, or one of all_of, any_of, none_of"
                raise ValueError(message)
        elif not self.fact:
            message = "a criterion names a fact, or joins conditions by all_of, any_of or none_of"
            raise ValueError(message)
        elif len(self.comparisons()) != 1:
            names = ", ".join(comparison.value for comparison in Comparison)
            message = f"a fact needs exactly one comparison out of: {names}"
            raise ValueError(message)
        return self

    def joins(self) -> list[tuple[Combination, list[ConditionText]]]:
        """The combinations that are written here."""
        found = ((kind, getattr(self, kind.value)) for kind in Combination)
        return [(kind, parts) for kind, parts in found if parts is not None]

    def comparisons(self) -> list[tuple[Comparison, tuple[Any, ...]]]:
        """The comparisons that are written here, with their operands as written."""
        found = []
        for comparison in Comparison:
            if comparison.value not in self.model_fields_set:
                continue
            value = getattr(self, comparison.value)
            if comparison in _BARE:
                found.append((comparison, ()))
            else:
                found.append((comparison, tuple(value) if isinstance(value, list) else (value,)))
        return found

    def leaves(self) -> list[ConditionText]:
        """Every comparison in it, depth first."""
        joined = [leaf for _, parts in self.joins() for part in parts for leaf in part.leaves()]
        return joined or [self]


class CriterionText(ConditionText):
    """One criterion: a condition with its name, its sentence and its remedy."""

    id: str = Field(pattern=NAME, max_length=60)
    #: The criterion applies only where this boolean parameter of the round is true.
    only_if: str | None = None
    #: What is required; may use {required}, {actual}, {missing} and the names of parameters.
    text: Texts
    #: What to do when it is not met.
    remedy: Texts | None = None


class Example(_Part):
    """Facts and what must come out: run whenever the file is read."""

    name: str
    #: Values of the parameters the example needs; those of ``round`` are taken first.
    parameters: dict[str, Scalar | None] = {}
    facts: dict[str, Scalar | None] = {}
    #: met, unmet or undetermined for the whole rule set, or by criterion.
    expect: (
        Literal["met", "unmet", "undetermined"] | dict[str, Literal["met", "unmet", "undetermined"]]
    )


class RuleSet(_Part):
    """A rule file."""

    rule_set: str = Field(pattern=RULE_SET, max_length=100)
    title: Texts
    languages: list[str] = ["en", "nl", "fr", "de"]
    parameters: dict[str, Parameter] = {}
    facts: dict[str, FactUse] = {}
    criteria: list[CriterionText] = Field(min_length=1, max_length=60)
    examples: list[Example] = Field(min_length=1)

    @property
    def name(self) -> str:
        """Its name: school_label/eligibility."""
        return self.rule_set

    def criterion(self, criterion_id: str) -> CriterionText:
        """The criterion of that id."""
        return next(one for one in self.criteria if one.id == criterion_id)

    def uses(self) -> dict[str, FactUse]:
        """Every fact its criteria name, with provider and arguments, by the name they use."""
        found: dict[str, FactUse] = {}
        for criterion in self.criteria:
            for leaf in criterion.leaves():
                if leaf.fact is None:
                    continue
                alias = self.facts.get(leaf.fact)
                found.setdefault(
                    leaf.fact, alias or FactUse(provider=leaf.fact, arguments=leaf.arguments)
                )
        return found


def reference(value: Any) -> str | None:
    """The parameter ``value`` stands for, if it is written as ``${name}``."""
    found = REFERENCE.match(value) if isinstance(value, str) else None
    return found[1] if found else None


def fact_type(parameter: Parameter) -> FactType:
    """The type a parameter's values have."""
    return FactType(parameter.type)


def read_rule_set(text: str, file: str) -> tuple[RuleSet, Located]:
    """Read a rule file's form; ``rules/checking.py`` says whether it makes sense.

    Raises:
        BadDefinition: it does not have the form of a rule file; with file, line and column.
    """
    located = read_yaml(text, file)
    return validated(RuleSet, located), located
