"""A rule file: the criteria of one rule set, as typed values.

``docs/rule-files.md`` explains every key with examples. Nothing in a rule file is ever evaluated as
code: it is read into the conditions of ``rules/criteria.py``.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictStr, model_validator

from base.errors import BadDefinition
from base.i18n import LANGUAGES, N_
from base.located import Located, read_yaml, validated
from rules.criteria import Combination, Comparison, FactType
from rules.fitting import MAX_CRITERIA, MAX_DEPTH
from rules.values import Name, ParameterName, Scalar, ScalarOrNone, Texts, Word

RuleSetName = Annotated[
    str,
    Word(
        r"^[a-z][a-z0-9_]*(/[a-z][a-z0-9_]*)?$",
        100,
        "write a name of small letters, digits and _, or two with a slash: loan/fit",
    ),
]
Outcomes = Literal["met", "unmet", "undetermined"]

#: Comparisons without an operand: the file writes ``true`` after them.
_BARE = {Comparison.IS_TRUE, Comparison.IS_FALSE, Comparison.PRESENT}
_COMPARISONS = [(comparison.value, comparison) for comparison in Comparison]
_JOINS = [(kind.value, kind) for kind in Combination]


class _Part(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, use_attribute_docstrings=False
    )


class Parameter(_Part):
    """A value the round gives."""

    #: What it may be. days is a whole number of days.
    type: Literal["integer", "days", "date", "boolean", "text"]
    #: What it is, in one line per language, for whoever writes a round; one text is English.
    about: Texts | str = ""
    #: The only texts it may be, where there are few.
    one_of: list[StrictStr] = []

    @property
    def fact_type(self) -> FactType:
        """The type of the facts it can be compared with."""
        return FactType.INTEGER if self.type == "days" else FactType(self.type)


class FactUse(_Part):
    """A fact under a name of the file's own."""

    #: Which provider makes it; docs/rule-files.md lists them.
    provider: Name
    #: What the provider is told: constants or ${parameters}.
    arguments: dict[str, Scalar] = Field(default_factory=dict, alias="with")


class ConditionText(_Part):
    """A condition as a file writes it: a comparison of one fact, or conditions joined."""

    #: The fact: a name under facts, or a provider.
    fact: Name | None = None
    #: What the provider is told: constants or ${parameters}.
    arguments: dict[str, Scalar] = Field(default_factory=dict, alias="with")
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
    #: The first and the last that will do.
    between: Annotated[list[Scalar], Field(min_length=2, max_length=2)] | None = None
    one_of: Annotated[list[Scalar], Field(min_length=1, max_length=100)] | None = None
    is_true: Literal[True] | None = None
    is_false: Literal[True] | None = None
    #: A regular expression for the whole text.
    matches: StrictStr | None = None
    #: The fact is known at all.
    present: Literal[True] | None = None
    all_of: Annotated[list[ConditionText], Field(min_length=1)] | None = None
    any_of: Annotated[list[ConditionText], Field(min_length=1)] | None = None
    none_of: Annotated[list[ConditionText], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _one_form(self) -> ConditionText:
        joins, comparisons = self.joins(), self.comparisons()
        if joins:
            if len(joins) > 1 or self.fact or comparisons or self.arguments:
                message = "write either one comparison of a fact, or one of all_of, any_of, none_of"
                raise ValueError(message)
        elif not self.fact:
            message = "a criterion names a fact, or joins conditions by all_of, any_of or none_of"
            raise ValueError(message)
        elif len(comparisons) != 1:
            names = ", ".join(comparison.value for comparison in Comparison)
            message = f"a fact needs exactly one comparison out of: {names}"
            raise ValueError(message)
        return self

    def joins(self) -> list[tuple[Combination, list[ConditionText]]]:
        """The combinations that are written here."""
        found = (
            (kind, getattr(self, name)) for name, kind in _JOINS if name in self.model_fields_set
        )
        return [(kind, parts) for kind, parts in found if parts is not None]

    def comparisons(self) -> list[tuple[Comparison, tuple[Any, ...]]]:
        """The comparisons that are written here, with their operands as written."""
        found: list[tuple[Comparison, tuple[Any, ...]]] = []
        for name, comparison in _COMPARISONS:
            value = getattr(self, name) if name in self.model_fields_set else None
            if value is None:
                continue
            if comparison in _BARE:
                found.append((comparison, ()))
            else:
                found.append((comparison, tuple(value) if isinstance(value, list) else (value,)))
        return found

    def leaves(self) -> list[ConditionText]:
        """Every comparison in it, depth first."""
        joined = [leaf for _, parts in self.joins() for part in parts for leaf in part.leaves()]
        return joined or [self]

    def depth(self) -> int:
        """How deep conditions are nested in it; 1 for a single comparison."""
        return 1 + max((part.depth() for _, parts in self.joins() for part in parts), default=0)


class CriterionText(ConditionText):
    """One criterion: a condition with its name, its sentence and its remedy."""

    #: What findings and logs call it.
    id: Name
    #: ${parameter}: the criterion applies only where this boolean of the round is true.
    only_if: str | None = None
    #: What is required, without a full stop; may use {required} and the names of parameters.
    text: Texts
    #: What was found, to stand in brackets behind it; may use {actual}.
    found: Texts | None = None
    #: What helps where it is not met; may use {missing} too.
    remedy: Texts | None = None


class Example(_Part):
    """Facts and what must come out: tried whenever the file is checked."""

    name: str
    #: The round whose values are taken: 2023-2024.
    round: str | None = None
    #: The area whose values of the round are taken: BE-VLG.
    area: str = ""
    #: Values of parameters; they win over the round's. null or unknown is UNKNOWN.
    parameters: dict[ParameterName, ScalarOrNone] = {}
    #: The facts there are; one that is left out is not known.
    facts: dict[Name, ScalarOrNone] = {}
    #: met, unmet or undetermined for the whole rule set, or by criterion.
    expect: Outcomes | dict[Name, Outcomes | Literal["does_not_apply"]]


class RuleSet(_Part):
    """A rule file."""

    #: The rule set's name: calendar of its rounds, slash, name.
    rule_set: RuleSetName
    title: Texts
    #: The languages every text of the file must have.
    languages: Annotated[list[str], Field(min_length=1)] = list(LANGUAGES)
    #: The values it takes from the round.
    parameters: dict[ParameterName, Parameter] = {}
    #: Facts under names of the file's own.
    facts: dict[Name, FactUse] = {}
    criteria: list[CriterionText] = Field(min_length=1, max_length=MAX_CRITERIA)
    #: Facts and what must come out; a file whose examples fail cannot be published.
    examples: list[Example] = Field(min_length=1)

    @model_validator(mode="after")
    def _within_limits(self) -> RuleSet:
        for criterion in self.criteria:
            if criterion.depth() > MAX_DEPTH:
                message = f"{criterion.id} is nested more than {MAX_DEPTH} deep"
                raise ValueError(message)
        return self

    @property
    def name(self) -> str:
        """Its name: school_label/eligibility."""
        return self.rule_set

    @property
    def calendar(self) -> str:
        """The calendar whose rounds give its parameters: what stands before the slash."""
        return self.rule_set.partition("/")[0]

    def criterion(self, criterion_id: str) -> CriterionText:
        """The criterion of that id; StopIteration if there is none."""
        return next(one for one in self.criteria if one.id == criterion_id)

    def uses(self) -> dict[str, FactUse]:
        """Every fact its criteria name, with provider and arguments, by the name they use."""
        found: dict[str, FactUse] = {}
        for criterion in self.criteria:
            for leaf in criterion.leaves():
                if leaf.fact is None or leaf.fact in found:
                    continue
                named = self.facts.get(leaf.fact)
                found[leaf.fact] = named or FactUse(provider=leaf.fact, arguments=leaf.arguments)
        return found


@lru_cache(maxsize=256)
# YAML with positions is slow to read, and what is read never changes.
@lru_cache(maxsize=256)
def read_rule_set(text: str, file: str) -> tuple[RuleSet, Located]:
    """Read a rule file's form; ``rules/checking.py`` says whether it makes sense.

    Raises:
        BadDefinition: it does not have the form of a rule file; with file, line and column.
    """
    located = read_yaml(shielded(text), file)
    located = replace(located, text=text, data=unshielded(located.data))
    if not isinstance(located.data, dict):
        remark = located.remark(
            (), "a rule file is a list of keys and values: rule_set, criteria …"
        )
        raise BadDefinition(N_("The file has errors."), [remark])
    return validated(RuleSet, located), located


# YAML would take the braces of ``{since: ${activity_since}}`` for a mapping of its own. They are
# replaced, one character by one, so that every place stays where it is.
_BRACES = re.compile(r"\$\{([a-z0-9_.]*)\}")
_SHIELDS = re.compile(r"\$⟨([a-z0-9_.]*)⟩")


def shielded(text: str) -> str:
    """A file's text with ``${name}`` in a form that YAML leaves alone."""
    return _BRACES.sub(r"$⟨\1⟩", text)


def unshielded(data: Any) -> Any:
    """Data, or a text, with ``${name}`` as the file writes it."""
    if isinstance(data, str):
        return _SHIELDS.sub(r"${\1}", data)
    if isinstance(data, list):
        return [unshielded(item) for item in data]
    if isinstance(data, dict):
        return {unshielded(key): unshielded(item) for key, item in data.items()}
    return data
