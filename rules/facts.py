"""Facts: typed values about many subjects at once, made by named providers.

A provider looks at all subjects of a batch in one or a few statements, never one by one. The registry
of providers is open: what knows of cases registers its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from rules.criteria import BoundRuleSet, FactRequest, FactType, Value


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """Who or what is judged."""

    #: Tells it apart within a batch.
    key: str
    organisation_id: str | None = None
    person_id: str | None = None
    case_id: str | None = None
    #: Country or region: BE-VLG.
    area: str
    #: IANA zone: decides which day it is.
    zone: str


Function = Callable[
    [Connection, Sequence[Subject], Mapping[str, Any], datetime], Mapping[str, Value | None]
]


@dataclass(frozen=True, kw_only=True)
class Provider:
    """What makes one kind of fact."""

    name: str
    type: FactType
    #: What it says, for people who write rules.
    about: str
    #: Arguments it needs, by name.
    arguments: Mapping[str, FactType] = field(default_factory=dict)
    #: Those of them that may be UNKNOWN: no bound, instead of an unknown fact.
    optional: frozenset[str] = frozenset()
    function: Function | None = None


PROVIDERS: dict[str, Provider] = {}


def provider(
    name: str, of_type: FactType, arguments: Mapping[str, FactType] | None = None,
    optional: Sequence[str] = (),
) -> Callable[[Function], Function]:  # fmt: skip
    """Register a function as the provider ``name``; its docstring says what the fact is.

    The function gives a value by subject key; a subject it leaves out, or None, is not known.
    """

    def register(function: Function) -> Function:
        about = (function.__doc__ or "").strip().splitlines()[0]
        PROVIDERS[name] = Provider(
            name=name, type=of_type, about=about, arguments=dict(arguments or {}),
            optional=frozenset(optional), function=function,
        )  # fmt: skip
        return function

    return register


def gather(
    connection: Connection, bound: BoundRuleSet, subjects: Sequence[Subject], now: datetime
) -> list[dict[str, Value | None]]:
    """The facts ``bound`` wants, for each subject, in their order.

    Raises:
        KeyError: a provider is not registered; the checker says so before.
    """
    found: list[dict[str, Value | None]] = [{} for _ in subjects]
    for request in bound.facts:
        made = _make(connection, request, subjects, now)
        for subject, facts in zip(subjects, found, strict=True):
            facts[request.key] = made.get(subject.key)
    return found


def _make(
    connection: Connection, request: FactRequest, subjects: Sequence[Subject], now: datetime
) -> Mapping[str, Value | None]:
    maker = PROVIDERS[request.provider]
    needed = set(maker.arguments) - maker.optional
    if maker.function is None or any(request.arguments.get(name) is None for name in needed):
        return {}
    return maker.function(connection, subjects, request.arguments, now)
