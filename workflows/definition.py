"""A process file as typed values: what a process can say.

``workflows/checking.py`` says whether what it says makes sense; ``docs/process-files.md`` explains
every key with examples.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

NAME = r"^[a-z][a-z0-9_]*$"
Name = Annotated[str, Field(pattern=NAME, max_length=60)]
Texts = Annotated[dict[str, str], Field(min_length=1)]


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


#: No span is longer: ten years. A larger number is a slip of the pen.
MOST_DAYS = 3650
Names = Annotated[list[Name], BeforeValidator(_as_list, json_schema_input_type=Name | list[Name])]
#: Template name of the process -> the actor who gets it.
Messages = dict[Name, Name]

_AT = re.compile(
    r"^(?:(?P<end>end of)|(?P<time>(?:[01][0-9]|2[0-3]):[0-5][0-9]) on)"
    r" round\.(?P<date>[a-z0-9_.]+)$"
)
_SPAN = re.compile(
    r"^(?:(?P<count>[0-9]{1,4})|round\.(?P<parameter>[a-z0-9_.]+)) (?P<working>working )?days?$"
)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class At(_Part):
    """A point on a day of the round, in the zone of the case.

    ``end of round.first_window.closes`` is 24:00 of that day; ``09:00 on round.publication`` is
    that local time.
    """

    #: Name of the round's date: first_window.closes.
    date: str
    #: Local time, HH:MM; None is the end of the day.
    time: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        found = _AT.match(value)
        if not found:
            hint = 'write "end of round.DATE" or "09:00 on round.DATE"'
            message = f'"{value}" is no point in time: {hint}'
            raise ValueError(message)
        return {"date": found["date"], "time": found["time"]}


class Span(_Part):
    """A number of days: ``14 days``, ``2 working days``, ``round.NAME working days``."""

    #: A fixed number, or …
    count: int | None = Field(default=None, ge=0, le=MOST_DAYS)
    #: … the name of a round parameter that gives it.
    parameter: str | None = None
    working: bool = False

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        found = _SPAN.match(value)
        if not found:
            hint = 'write "14 days", "2 working days" or "round.NAME days"'
            message = f'"{value}" is no span: {hint}'
            raise ValueError(message)
        count = int(found["count"]) if found["count"] else None
        return {"count": count, "parameter": found["parameter"], "working": bool(found["working"])}


class Actor(_Part):
    """Who may act or is written to: resolved for each case, never a list of names.

    Exactly one of ``linked_to``, ``grant``, ``did`` and ``platform`` says how.
    """

    title: Texts
    #: Members of the case's organisation today.
    linked_to: Literal["organisation"] | None = None
    #: Only members with one of these roles.
    roles: list[str] = []
    #: Only validated accounts.
    account: Literal["validated"] | None = None
    #: Holders of this right today …
    grant: str | None = None
    #: … for the area of the case, or for all areas.
    scope: Literal["area", "all"] = "area"
    #: Conflict of interest: never someone who is (or was, while the case ran) linked to its school.
    unless: Literal["linked_to_organisation"] | None = None
    #: The person who last did one of these triggers in the case.
    did: list[str] = []
    #: Nobody: the platform itself.
    platform: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> Actor:
        ways = [bool(self.linked_to), bool(self.grant), bool(self.did), self.platform]
        if sum(ways) != 1:
            message = "an actor has exactly one of linked_to, grant, did and platform"
            raise ValueError(message)
        return self


class State(_Part):
    """A state, under its three names."""

    #: For staff.
    title: Texts
    #: For the school.
    to_school: Texts
    #: Before it is reached.
    ahead: Texts
    waits_for: Name | None = None
    final: bool = False
    #: Once here, another case with the same ``unique`` key may be opened.
    frees: bool = False


class FormField(_Part):
    """One field of the form."""

    name: Name
    type: Literal["yes_no", "text", "evidence"]
    title: Texts
    hint: Texts | None = None
    #: yes_no: the answer needed to submit.
    must_be: Literal["yes", "no"] | None = None
    #: text and evidence: needed to submit.
    required: bool = False
    #: text: at most so many characters (the form's limit when left out).
    max_characters: int | None = Field(default=None, ge=1, le=100_000)
    #: evidence: links, files or both.
    kinds: list[Literal["url", "file"]] = ["url", "file"]
    #: evidence: kinds of file.
    accept: list[str] = []
    #: evidence: largest file, in units of 2**20 bytes, inclusive.
    max_megabytes: int = Field(default=10, ge=1, le=100)
    #: evidence: how many links and files at most.
    at_most: int = Field(default=10, ge=1, le=100)


class Section(_Part):
    """A section of the form."""

    section: Name
    step: int = Field(ge=1)
    title: Texts
    text: Texts | None = None
    #: A document of ``documents`` that is downloaded here.
    document: str | None = None
    fields: list[FormField] = Field(min_length=1)


class Form(_Part):
    """The form of the process."""

    edited_in: list[Name]
    edited_by: Names
    max_characters: int = Field(default=2500, ge=1, le=100_000)
    sections: list[Section] = Field(min_length=1)


class Ask(_Part):
    """What a trigger asks of the person who fires it."""

    name: Name
    type: Literal["text", "text_per_section"]
    title: Texts
    required: bool = False
    max_characters: int = Field(default=2500, ge=1, le=100_000)


class Step(_Part):
    """What starts and transitions share."""

    title: Texts
    to: Name
    by: Names
    #: Rule sets that must be met.
    guard: list[str] = []
    asks: list[Ask] = []
    #: Keeps the form as it is now in the event.
    records: Literal["form"] | None = None
    #: Effects by name with their arguments.
    effect: dict[Name, dict[str, Any]] = {}
    mail: Messages = {}
    notice: Messages = {}


class Start(Step):
    """A way a case begins."""

    #: Begins by itself at this point of each round …
    at: At | None = None
    #: … for every organisation that meets the guard.
    every: Literal["organisation"] | None = None
    #: Until when it is made up for if it was missed; without it a missed one is not made up for.
    until: At | None = None


class Transition(Step):
    """A way a case moves."""

    source: list[Name] = Field(alias="from", min_length=1)
    #: May be taken back by the same person during the grace time.
    undo: bool = False


class TimerRule(_Part):
    """Something that happens by itself while a case is in certain states."""

    states: list[Name] = Field(alias="while", min_length=1)
    #: A point of the round, or …
    at: At | None = None
    #: … so long after the case came into its state (end of that day; working days of the area).
    after: Span | None = None
    #: Instead of at the point itself: so long before it, at 09:00 local time each.
    before: list[Span] = []
    fire: Name | None = None
    mail: Messages = {}

    @model_validator(mode="after")
    def _sense(self) -> TimerRule:
        if (self.at is None) == (self.after is None):
            message = "a timer has either at or after"
            raise ValueError(message)
        if (self.fire is None) == (not self.mail):
            message = "a timer either fires a trigger or sends mails"
            raise ValueError(message)
        if self.before and self.fire:
            message = "a timer that fires a trigger has no before"
            raise ValueError(message)
        return self


class Digest(_Part):
    """One mail a working day to each holder of a right, about the cases that wait."""

    #: Local time, HH:MM.
    at: str = Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")
    to: Name
    waiting: list[Name] = Field(min_length=1)
    late_after: Span
    mail: Name


class Promise(_Part):
    """What must hold on every path to a state; checked before publishing."""

    text: Texts
    reaching: Name
    passes_one_of: list[Name] = []
    #: The one who fires those triggers is never linked to the school.
    not_linked: bool = False
    sends_mail: bool = False


class Process(_Part):
    """A process file."""

    process: Name
    version_note: str = ""
    languages: list[str] = Field(min_length=1)
    title: Texts
    subject: Literal["organisation", "person"]
    #: The calendar of rounds that gives dates and parameters.
    round: Name | None = None
    unique: list[Literal["organisation", "person", "round"]] = []
    #: Where the platform itself keeps time (IANA zone): for what belongs to no case.
    zone: str = "UTC"
    actors: dict[Name, Actor]
    states: dict[Name, State]
    form: Form | None = None
    starts: dict[Name, Start]
    transitions: dict[Name, Transition]
    timers: dict[Name, TimerRule] = {}
    digests: dict[Name, Digest] = {}
    promises: list[Promise] = []
