"""What process files may name, gathered from the parts of the program that know it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from documents.evidence import KINDS
from rules.book import RuleBook
from workflows.checks.check import Known
from workflows.effects import EFFECTS

#: What a grant can give, and so what an actor can be asked for.
RIGHTS = ("nso_reviewer", "nso_coordinator", "css", "administrator")
#: What a section of a form can offer for download.
DOCUMENTS = ("declaration",)


def known_to(book: RuleBook, templates: Mapping[str, Mapping[str, bool]]) -> Known:
    """What a process file may name besides its own parts.

    Arguments:
        book: the rule sets and rounds there are.
        templates: template (``school_label/invited``) -> language -> whether it has a notice.
    """
    calendars: dict[str, dict[str, Mapping[str, Any]]] = {}
    for one in book.rounds():
        rounds = calendars.setdefault(one.calendar, {})
        rounds[one.round] = one.values("")
        for area in one.countries:
            rounds[f"{one.round} in {area}"] = one.values(area)
    return Known(
        rule_sets={rule_set.name for rule_set in book.rule_sets()},
        calendars=calendars,
        templates=templates,
        rights=RIGHTS,
        effects=EFFECTS,
        documents=DOCUMENTS,
        file_kinds=KINDS,
    )
