"""What every check gets: the process, where its parts stand, and what the file may name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from base.errors import Remark
from base.i18n import LANGUAGES
from base.located import Located, nearest
from workflows.definition import Process, Step

Place = tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True)
class Known:
    """What a process file may name besides its own parts."""

    #: Rule sets by full name: school_label/eligibility.
    rule_sets: Collection[str]
    #: Calendar of rounds -> round -> its values by name; None is a value nobody knows yet.
    calendars: Mapping[str, Mapping[str, Mapping[str, Any]]]
    #: Template (school_label/invited) -> language -> whether it has a notice beside the mail.
    templates: Mapping[str, Mapping[str, bool]]
    #: Rights that grants give.
    rights: Collection[str]
    #: Effects that steps may call.
    effects: Collection[str]
    #: Days that cases themselves have, and timers may hang on.
    case_days: Collection[str]
    #: Documents that can be downloaded from a section of a form.
    documents: Collection[str]
    #: Kinds of file that evidence may be.
    file_kinds: Collection[str]


@dataclass(frozen=True, kw_only=True)
class Check:
    """One run over one file; remarks are collected in ``remarks``."""

    process: Process
    located: Located
    known: Known
    remarks: list[Remark] = field(default_factory=list)

    def error(self, place: Place, message: str) -> None:
        """The file cannot be published."""
        self.remarks.append(self.located.remark(place, message))

    def warning(self, place: Place, message: str) -> None:
        """It works, and is probably not what is wanted."""
        self.remarks.append(self.located.remark(place, message, "warning"))

    def note(self, place: Place, message: str) -> None:
        """Good to know."""
        self.remarks.append(self.located.remark(place, message, "note"))

    def named(self, what: str, word: str, known: Collection[str], place: Place) -> bool:
        """Whether ``word`` is one of ``known``; an error with the nearest one if it is not.

        Arguments:
            what: what it names, for the message: ``state``, ``actor``.
        """
        if word in known:
            return True
        self.error(place, f'there is no {what} "{word}"{nearest(word, known)}')
        return False

    def steps(self) -> Iterator[tuple[Place, str, Step]]:
        """Every start and transition with its place and name."""
        for name, start in self.process.starts.items():
            yield ("starts", name), name, start
        for name, transition in self.process.transitions.items():
            yield ("transitions", name), name, transition

    def languages(self) -> list[str]:
        """The languages the process declares, as far as they exist."""
        return [language for language in self.process.languages if language in LANGUAGES]

    def is_platform(self, actor: str) -> bool:
        """Whether an actor (known or not) is the platform."""
        found = self.process.actors.get(actor)
        return found is not None and found.platform

    def person_triggers(self, names: Collection[str]) -> set[str]:
        """Those of ``names`` that only people fire, never the platform."""
        return {
            name
            for _place, name, step in self.steps()
            if name in names and not any(self.is_platform(actor) for actor in step.by)
        }


#: One concern.
Checker = Callable[[Check], None]
