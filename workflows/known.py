"""What process files may name, gathered from the parts of the program that know it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Protocol

from documents.evidence import KINDS
from registry.rights import rights
from rules.book import RuleBook
from workflows.checks.check import Known
from workflows.effects import EFFECTS
from workflows.process_file import load_processes

#: What a grant can give, and so what an actor can be asked for.
RIGHTS = (
    "nso_reviewer", "nso_coordinator", "css", "administrator", "survey_authority", "digisnap_team",
    *rights(),
)  # fmt: skip
#: What a section of a form can offer for download.
DOCUMENTS = ("declaration",)


@lru_cache(maxsize=1)
def seen_by_right() -> Mapping[str, frozenset[str]]:
    """For each right, the installed processes in which its holders act for an area."""
    found: dict[str, set[str]] = {}
    for process, _located in load_processes().values():
        for actor in process.actors.values():
            if actor.grant and actor.scope != "organisation":
                found.setdefault(actor.grant, set()).add(process.process)
    return {right: frozenset(names) for right, names in found.items()}


@lru_cache(maxsize=1)
def seen_by_role() -> Mapping[str, frozenset[str]]:
    """For each role at a school, the installed processes about a person in which it acts."""
    found: dict[str, set[str]] = {}
    for process, _located in load_processes().values():
        steps = [*process.starts.values(), *process.transitions.values()]
        acting = {name for step in steps for name in step.by}
        for name in acting if process.subject == "person" else ():
            for role in process.actors[name].roles:
                found.setdefault(role, set()).add(process.process)
    return {role: frozenset(names) for role, names in found.items()}


class Mails(Protocol):
    """The mail templates there are, as ``notifications.templates.Templates`` tells."""

    def names(self) -> list[str]:
        """All templates: ``school_label/invited``."""
        ...

    def languages(self, name: str) -> list[str]:
        """The languages a template exists in."""
        ...

    def has_notice(self, name: str) -> bool:
        """Whether every language of a template has a notice beside the mail."""
        ...


def known_to(book: RuleBook, mails: Mails) -> Known:
    """What a process file may name besides its own parts: these rule sets, rounds and mails."""
    calendars: dict[str, dict[str, Mapping[str, Any]]] = {}
    for one in book.rounds():
        rounds = calendars.setdefault(one.calendar, {})
        rounds[one.round] = one.values("")
        for area in one.countries:
            rounds[f"{one.round} in {area}"] = one.values(area)
    return Known(
        rule_sets={rule_set.name for rule_set in book.rule_sets()},
        calendars=calendars,
        templates={
            name: dict.fromkeys(mails.languages(name), mails.has_notice(name))
            for name in mails.names()
        },
        rights=RIGHTS,
        effects=EFFECTS,
        documents=DOCUMENTS,
        file_kinds=KINDS,
    )
