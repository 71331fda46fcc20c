"""Facts: typed values about many subjects at once, made by named providers.

A provider looks at all subjects of a batch in one or a few statements, never one by one. The
registry of providers is open: what knows of cases fills in those that ``rules.case_facts``
declares, so that rule files can be checked without it. There is no other way to reach code from a
rule file.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from base.errors import BadDefinition
from base.i18n import N_
from rules.criteria import BoundRuleSet, FactRequest, FactType, Value

#: So many subjects are asked about at once: bounds the memory, changes no answer.
CHUNK = 50_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """Who or what is judged."""

    #: Tells it apart within a batch.
    key: str
    organisation_id: str | None = None
    person_id: str | None = None
    project_id: str | None = None
    case_id: str | None = None
    #: The process, and the round of the case.
    process: str = ""
    round: str | None = None
    #: Who or what else a case is about: name of the party -> id.
    parties: Mapping[str, str] = field(default_factory=dict)
    #: What was sent along with the step that is asked for.
    sent: Mapping[str, Any] = field(default_factory=dict)
    #: Country or region: BE-VLG.
    area: str
    #: IANA zone: decides which day it is.
    zone: str


#: Gets the connection, the subjects, the bound arguments and the present instant; gives a value by
#: subject key. A subject it leaves out, or None, is not known.
Function = Callable[
    [Connection, Sequence[Subject], Mapping[str, Any], datetime], Mapping[str, Value | None]
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Provider:
    """What makes one kind of fact."""

    name: str
    type: FactType
    #: What it says, for people who write rules.
    about: str
    #: Arguments it needs, by name.
    arguments: Mapping[str, FactType] = field(default_factory=dict)
    #: Those of them that may be UNKNOWN or left out: no bound, instead of an unknown fact.
    optional: frozenset[str] = frozenset()
    #: The only texts an argument may be, by its name.
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: The least a number can be: a count is never negative.
    least: int | None = None
    #: Whether it tells of what is sent along with a step, and so is known only once it is taken.
    sent: bool = False
    #: None: declared, and filled in by an upper layer.
    function: Function | None = None


#: Every provider by name; filled as the modules that hold them are imported.
PROVIDERS: dict[str, Provider] = {}


def declare(
    name: str, of_type: FactType, arguments: Mapping[str, FactType] | None = None, *, about: str,
    optional: Sequence[str] = (), choices: Mapping[str, tuple[str, ...]] | None = None,
    least: int | None = None, sent: bool = False,
) -> Provider:  # fmt: skip
    """Make a provider known that an upper layer fills in.

    Raises:
        ValueError: there is another one of that name.
    """
    made = Provider(
        name=name, type=of_type, about=about, arguments=dict(arguments or {}),
        optional=frozenset(optional), choices=dict(choices or {}), least=least, sent=sent,
    )  # fmt: skip
    if PROVIDERS.setdefault(name, made) != made:
        message = f"there is another provider called {name}"
        raise ValueError(message)
    return made


def provider(
    name: str, of_type: FactType, arguments: Mapping[str, FactType] | None = None,
    optional: Sequence[str] = (), *, choices: Mapping[str, tuple[str, ...]] | None = None,
    least: int | None = None, sent: bool = False,
) -> Callable[[Function], Function]:  # fmt: skip
    """Register a function as the provider ``name``; its docstring says what the fact is.

    Where the provider is declared already, the function fills it in.

    Raises:
        ValueError: the name is taken, or declared with another type or other arguments.
    """

    def register(function: Function) -> Function:
        declared = PROVIDERS.get(name)
        if declared is None:
            about = (inspect.getdoc(function) or "").split("\n", maxsplit=1)[0]
            declared = declare(
                name, of_type, arguments, about=about, optional=optional, choices=choices,
                least=least, sent=sent,
            )  # fmt: skip
        elif declared.function or (declared.type, declared.arguments) != (
            of_type,
            dict(arguments or {}),
        ):
            message = f"there is another provider called {name}"
            raise ValueError(message)
        PROVIDERS[name] = replace(declared, function=function)
        return function

    return register


def gather(
    connection: Connection, bound: BoundRuleSet, subjects: Sequence[Subject], now: datetime
) -> list[dict[str, Value | None]]:
    """The facts ``bound`` wants, for each subject, in their order. None is not known.

    Each provider is asked once per :data:`CHUNK` subjects.

    Raises:
        BadDefinition: a provider is not registered, or only declared; nothing was gathered.
    """
    found: list[dict[str, Value | None]] = []
    for start in range(0, len(subjects), CHUNK):
        part = subjects[start : start + CHUNK]
        made = [(one.key, _make(connection, one, part, now)) for one in bound.facts]
        found += [{key: answers.get(subject.key) for key, answers in made} for subject in part]
    return found


def _make(
    connection: Connection, request: FactRequest, subjects: Sequence[Subject], now: datetime
) -> Mapping[str, Value | None]:
    maker = PROVIDERS.get(request.provider)
    if maker is None or maker.function is None:
        raise BadDefinition(N_("Nothing here can tell the fact {name}."), name=request.provider)
    needed = set(maker.arguments) - maker.optional
    if any(request.arguments.get(name) is None for name in needed):
        return {}
    return maker.function(connection, subjects, request.arguments, now)
