"""A process file as typed values: what a process can say.

``workflows/checking.py`` says whether what it says makes sense; ``docs/process-files.md`` explains
every key with examples.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from workflows.definition_parts import Messages, Name, Names, Part, RoundValue, Texts
from workflows.form_definition import Form
from workflows.points_in_time import At, Span


class Party(Part):
    """Someone or something else that a case is about: a co-founder, a project, a second account."""

    title: Texts
    #: What it is; tells what an ask that fills it takes.
    kind: Literal["person", "organisation", "project"]


class Actor(Part):
    """Who may act or is written to: resolved for each case, never a list of names.

    Exactly one of ``linked_to``, ``party``, ``grant``, ``did``, ``anyone``, ``address``,
    ``link_of`` and ``platform`` says how.
    """

    title: Texts
    #: Members of the case's organisation today, or people who take part in its project.
    linked_to: Literal["organisation", "project"] | None = None
    #: linked_to organisation: only members with one of these roles.
    roles: list[str] = []
    #: The person who is this party of the case; ``person`` is the one it is about.
    party: Name | None = None
    #: Only validated accounts.
    account: Literal["validated"] | None = None
    #: Holders of this right today …
    grant: str | None = None
    #: … for the area of the case, for all areas, or for its organisation while they work there …
    scope: Literal["area", "all", "organisation"] = "area"
    #: … or for the area of this party of it.
    area_of: Name | None = None
    #: Conflict of interest: never someone who is (or was, while the case ran) linked to its school;
    #: ``involved`` is never someone linked to a school of the case, its parties or those who take
    #: part in its project, or one of these herself.
    unless: Literal["linked_to_organisation", "involved"] | None = None
    #: The person who last did one of these triggers in the case.
    did: list[str] = []
    #: Anybody with an account: for starts.
    anyone: bool = False
    #: Somebody without an account: the mail address given under this ask of the step …
    address: Name | None = None
    #: … and the name given under this one.
    named: Name | None = None
    #: Whoever signs in after opening the link in the mail of one of these steps.
    link_of: list[str] = []
    #: Nobody: the platform itself.
    platform: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> Actor:
        ways = [
            bool(self.linked_to), bool(self.party), bool(self.grant), bool(self.did), self.anyone,
            bool(self.address), bool(self.link_of), self.platform,
        ]  # fmt: skip
        if sum(ways) != 1:
            message = (
                "an actor has exactly one of linked_to, party, grant, did, anyone, address, "
                "link_of and platform"
            )
            raise ValueError(message)
        return self


class State(Part):
    """A state, under its three names."""

    #: For staff.
    title: Texts
    #: For the school, or whoever else the case is about.
    to_school: Texts
    #: Before it is reached.
    ahead: Texts
    waits_for: Name | None = None
    final: bool = False
    #: Once here, another case with the same ``unique`` key may be opened.
    frees: bool = False


class Ask(Part):
    """What a trigger asks of the person who fires it."""

    name: Name
    type: Literal[
        "text", "text_per_section", "yes_no", "choice", "number", "date", "email", "area",
        "right", "person", "organisation", "project",
    ]  # fmt: skip
    title: Texts
    required: bool = False
    #: text and text_per_section.
    max_characters: int = Field(default=2500, ge=1, le=100_000)
    #: text: characters that cannot be used in it.
    without: str = ""
    #: yes_no: the only answer with which the step can be taken.
    must_be: Literal["yes", "no"] | None = None
    #: choice: the answers there are, and what they are called.
    choices: dict[Name, Texts] = {}
    #: number: least and most, both inclusive; whole numbers.
    least: int | None = None
    most: int | None = None
    #: person, organisation, project: becomes this party of the case, or (starts only) what it is
    #: about itself: ``person``, ``organisation``, ``project``. A person is named by mail address,
    #: the others by their id. area: always that of the case.
    becomes: Name | None = None
    #: Not kept in the log, which is never erased: only effects and mails of this step see it.
    private: bool = False
    #: Starts only: the field of the form that this is the first answer to: ``project.title``.
    answers: str | None = None
    #: Starts only: asked where this value of the round is true in the area of the case, and nowhere
    #: else: ``round.asks_number``.
    only_if: RoundValue | None = None


class Branch(Part):
    """One of several states a step leads to."""

    to: Name
    #: Rule sets that must be met for it; none: whatever is the case (the last one).
    when: list[str] = []


class Step(Part):
    """What starts and transitions share."""

    title: Texts
    #: The state it leads to; of several the first whose rule sets are met.
    to: Name | list[Branch]
    by: Names
    #: Rule sets that must be met.
    guard: list[str] = []
    asks: list[Ask] = []
    #: Whoever does it becomes this party of the case.
    becomes: Name | None = None
    #: Keeps the form as it is now in the event.
    records: Literal["form"] | None = None
    #: Effects by name with their arguments.
    effect: dict[Name, dict[str, Any]] = {}
    mail: Messages = {}
    #: A yes or no of the round: ``round.NAME``. The mails go out only where it is yes.
    mail_if: RoundValue | None = None
    notice: Messages = {}

    @property
    def branches(self) -> list[Branch]:
        """Where it leads, in order; a single state is one branch without a condition."""
        return [Branch(to=self.to)] if isinstance(self.to, str) else self.to

    @property
    def targets(self) -> list[str]:
        """The states it may lead to."""
        return [branch.to for branch in self.branches]

    def mails(self, values: Mapping[str, Any]) -> Messages:
        """The mails it sends, where the round has these values."""
        if self.mail_if and values.get(self.mail_if.removeprefix("round.")) is not True:
            return {}
        return self.mail

    @property
    def rule_sets(self) -> list[str]:
        """Every rule set it asks: of its guard, and of its branches."""
        return [*self.guard, *(name for branch in self.branches for name in branch.when)]


class Start(Step):
    """A way a case begins."""

    #: What the case is about: named by whoever starts it (``given``), that person herself
    #: (``actor``), or made by an effect of this start (``made``).
    about: Literal["given", "actor", "made"] = "given"
    #: Begins by itself at this point of each round …
    at: At | None = None
    #: … for each of these that meets the guard.
    every: Literal["organisation", "person", "project"] | None = None
    #: Until when it is made up for if it was missed; without it a missed one is not made up for.
    until: At | None = None
    #: For how many subjects it can be done in one request.
    together: int = Field(default=1, ge=1, le=1000)


class Transition(Step):
    """A way a case moves."""

    source: list[Name] = Field(alias="from", min_length=1)
    #: May be taken back by the same person during the grace time.
    undo: bool = False


class TimerRule(Part):
    """Something that happens by itself while a case is in certain states."""

    states: list[Name] = Field(alias="while", min_length=1)
    #: A point of the round, or …
    at: At | None = None
    #: … so long after the case came into its state (end of that day; working days of the area).
    after: Span | None = None
    #: … or again and again, at 00:00 local time, until the guard of its trigger is met.
    every: Span | None = None
    #: after: the clock stands still in these states, and goes on from where it was.
    paused_in: list[Name] = []
    #: Instead of at the point itself: so long before it, at 09:00 local time each.
    before: list[Span] = []
    fire: Name | None = None
    mail: Messages = {}

    @model_validator(mode="after")
    def _sense(self) -> TimerRule:
        if sum(way is not None for way in (self.at, self.after, self.every)) != 1:
            message = "a timer has one of at, after and every"
            raise ValueError(message)
        if self.every and (self.fire is None or not self.every.count):
            message = "a timer that comes every so many days, one or more, fires a trigger"
            raise ValueError(message)
        if (self.fire is None) == (not self.mail):
            message = "a timer either fires a trigger or sends mails"
            raise ValueError(message)
        if self.before and self.fire:
            message = "a timer that fires a trigger has no before"
            raise ValueError(message)
        if self.after and self.after.hours and (self.before or self.paused_in):
            message = "hours are counted to the second: neither before nor paused_in goes with them"
            raise ValueError(message)
        if any(span.hours for span in (*self.before, *([self.every] if self.every else []))):
            message = "hours go with after alone"
            raise ValueError(message)
        return self


class Digest(Part):
    """One mail a working day to each holder of a right, about the cases that wait."""

    #: Local time, HH:MM.
    at: str = Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")
    to: Name
    waiting: list[Name] = Field(min_length=1)
    late_after: Span
    mail: Name


class Promise(Part):
    """What must hold on every path to a state; checked before publishing."""

    text: Texts
    reaching: Name
    passes_one_of: list[Name] = []
    #: Whoever takes those steps, or these of them by name, is never linked to the school.
    not_linked: bool | list[Name] = False
    sends_mail: bool = False


class Process(Part):
    """A process file."""

    process: Name
    version_note: str = ""
    languages: list[str] = Field(min_length=1)
    title: Texts
    subject: Literal["organisation", "person", "project"]
    #: Who else or what else a case is about.
    parties: dict[Name, Party] = {}
    #: The calendar of rounds that gives dates and parameters.
    round: Name | None = None
    #: What a case keeps of what its steps ask and its effects find: for its timers and mails.
    keeps: list[Name] = []
    #: At most one case at a time for all of these together: the subject, the round, parties, and
    #: what it keeps.
    unique: list[Name] = []
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
    #: Reminders and digests that their readers may turn off; what tells of a step always goes out.
    optional_mails: list[Name] = []
