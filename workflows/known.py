"""What process files may name, gathered from the parts of the program that know it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from documents.evidence import KINDS
from rules.book import RuleBook
from workflows.case_days import CASE_DAYS
from workflows.checks.check import Known
from workflows.effects import EFFECTS

#: What a grant can give, and so what an actor can be asked for.
RIGHTS = ("nso_reviewer", "nso_coordinator", "css", "administrator", "survey_authority")
#: What a section of a form can offer for download.
DOCUMENTS = ("declaration",)


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
        case_days=CASE_DAYS,
        documents=DOCUMENTS,
        file_kinds=KINDS,
    )
