"""Everything that can go wrong on purpose.

The tree (each leaf says what the reader can do; the web answers with the status in brackets)::

    KeurmerkError
    ├── BadInput [422]              what was sent cannot be used; ``problems`` lists all of it
    │   └── BadFile [422]           an uploaded file is refused
    ├── Refused                     a trigger was not carried out; nothing changed
    │   ├── NotPossible [409]       no such transition from the case's state
    │   ├── NotAllowed [403]        this person may not do it; ``who_may`` says who
    │   ├── NotMet [422]            a guard is unmet or undetermined; ``findings`` say why
    │   └── Conflict [409]          somebody else changed the case first; names who
    ├── NotFound [404]
    ├── BadDefinition               a process, rule, round or mail file has errors; ``remarks``
    ├── BadSetting                  a setting is unknown or unusable
    ├── WrongDatabase               the database has another version than this program
    └── Fault [500]                 our own failure, with a reference the log has

A message is an English sentence marked with ``N_`` plus its values, so that it can be said in the
reader's language: :meth:`KeurmerkError.say`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from base.i18n import FALLBACK, translate


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong with an input."""

    #: Where: a field (``esafety.policy``), a row and column (``row 3, registered_on``), a step.
    where: str
    #: English sentence, marked with ``N_``, that says what is wrong and what would be right.
    message: str
    #: Values for the sentence's ``{names}``.
    values: dict[str, Any] = field(default_factory=dict)
    #: The form's step it belongs to, where there is one.
    step: int | None = None

    def say(self, language: str = FALLBACK) -> str:
        """The sentence in ``language``."""
        return translate(self.message, language, **self.values)


class KeurmerkError(Exception):
    """The root. ``message`` is an English sentence marked with ``N_``; ``values`` fill it."""

    #: A stable word for programs that read the API.
    code = "error"
    status = 400

    def __init__(self, message: str, **values: Any) -> None:
        super().__init__(message, values)
        self.message = message
        self.values = values

    def say(self, language: str = FALLBACK) -> str:
        """The sentence in ``language``."""
        return translate(self.message, language, **self.values)

    def __str__(self) -> str:
        return self.say()


class BadInput(KeurmerkError):
    """What was sent cannot be used. Every problem is named at once; nothing was kept."""

    code = "bad_input"
    status = 422

    def __init__(self, message: str, problems: Sequence[Problem] = (), **values: Any) -> None:
        super().__init__(message, **values)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n".join([self.say(), *(f"{p.where}: {p.say()}" for p in self.problems)])


class BadFile(BadInput):
    """An uploaded file is refused."""

    code = "bad_file"


class Refused(KeurmerkError):
    """A trigger was not carried out. Nothing changed; the attempt is logged."""

    code = "refused"
    status = 409


class NotPossible(Refused):
    """The case's state has no such transition."""

    code = "not_possible"


class NotAllowed(Refused):
    """This person may not do it."""

    code = "not_allowed"
    status = 403

    def __init__(self, message: str, who_may: Sequence[str] = (), **values: Any) -> None:
        super().__init__(message, **values)
        #: The actors of the process file who may.
        self.who_may = tuple(who_may)


class NotMet(Refused):
    """A guard is unmet or undetermined.

    Attributes:
        findings: those that are not met, as explained dictionaries (see ``rules.explain``).
        problems: each single missing thing, where the guard looks at a form.
        deadline: the instant (ISO 8601) that was missed, where the guard is about time.
    """

    code = "not_met"
    status = 422

    def __init__(
        self,
        message: str,
        findings: Sequence[Any] = (),
        problems: Sequence[Problem] = (),
        deadline: str | None = None,
        **values: Any,
    ) -> None:
        super().__init__(message, **values)
        self.findings = tuple(findings)
        self.problems = tuple(problems)
        self.deadline = deadline


class Conflict(Refused):
    """Somebody else changed the case first, or some answers of its form (``problems``)."""

    code = "conflict"

    def __init__(self, message: str, problems: Sequence[Problem] = (), **values: Any) -> None:
        super().__init__(message, **values)
        self.problems = tuple(problems)


class NotFound(KeurmerkError):
    """There is no such thing, or it is not this person's to see."""

    code = "not_found"
    status = 404


@dataclass(frozen=True, kw_only=True)
class Remark:
    """What a checker says of one place in a file. Lines and columns count from 1."""

    file: str
    line: int
    column: int
    #: What is wrong and what would be right, in English: administrators read it in an editor.
    message: str
    #: ``error`` (cannot be published), ``warning`` or ``note``.
    severity: str = "error"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.severity}: {self.message}"


class BadDefinition(KeurmerkError):
    """A process, rule, round or mail file has errors."""

    code = "bad_definition"
    status = 422

    def __init__(self, message: str, remarks: Sequence[Remark] = (), **values: Any) -> None:
        super().__init__(message, **values)
        self.remarks = tuple(remarks)

    def __str__(self) -> str:
        return "\n".join([self.say(), *(str(remark) for remark in self.remarks)])


class BadSetting(KeurmerkError):
    """A setting is unknown or unusable; the sentence names it."""

    code = "bad_setting"


class WrongDatabase(KeurmerkError):
    """The database has another version than this program; the sentence names what helps."""

    code = "wrong_database"


class Fault(KeurmerkError):
    """Our own failure. Its reference is in the log; nothing else is shown."""

    code = "fault"
    status = 500
