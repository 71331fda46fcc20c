"""A story file: what ``keurmerk demo PROCESS`` plays, as data.

A story begins with the demo's schools and staff, may add people and projects of its own, and then
lets them act. People are named by mail address, schools and projects by name, cases by the name the
story gives them.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator

from base.errors import BadInput
from base.i18n import N_
from base.located import nearest, read_yaml, validated

FOLDER = Path(__file__).with_name("stories")
#: What is told: in each language, or in one for whoever reads it.
Words = str | Annotated[dict[str, str], Field(min_length=1)]
#: Local time in the story's zone.
Moment = Annotated[datetime, Field(description="2022-11-23 09:00")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class School(_Part):
    """A school that is not among the demo's."""

    name: str
    country: str
    area: str
    place: str = ""
    registered_on: date | None = None


class Someone(_Part):
    """A person who is not among the demo's."""

    name: str
    email: str
    language: str | None = None
    #: Name of the school she works at.
    school: str | None = None
    role: str = "teacher"
    since: date = date(2019, 9, 1)
    validated: bool = False
    available: bool = False
    created_on: date | None = None


class Right(_Part):
    """A right of somebody of the story."""

    email: str
    right: str
    scope: str


class StoryLabel(_Part):
    """A label somebody was granted for a project of the story."""

    kind: str
    email: str
    granted_on: date
    #: Points its jury gave, times 100.
    score: int | None = None


class StoryProject(_Part):
    """A project that is there when the story begins."""

    title: str
    #: Mail addresses of the two founders.
    founders: list[str] = Field(min_length=2, max_length=2)
    members: list[str] = []
    registered_on: date | None = None
    labels: list[StoryLabel] = []


class Statement(_Part):
    """A statement of a school's own, the same for every group."""

    area: str
    text: str
    help: str


class SetUp(_Part):
    """What is set up in an exercise; what is left out stays as it is."""

    numbers: dict[str, int] | None = None
    with_companies: bool = False
    #: Companies to register: name -> sector.
    companies: dict[str, str] = {}
    optional: list[str] = []
    statements: list[Statement] = []
    #: First and last day.
    days: list[date] = Field(default=[], max_length=2)
    #: Language in which questionnaires open.
    language: str = "nl"


class Respond(_Part):
    """Questionnaires that are filled in by as many people."""

    group: str
    times: int = Field(default=1, ge=1)
    #: The company whose trainers they are.
    company: str | None = None


class Scans(_Part):
    """Completed scans of a list, as the team's program sends them."""

    code: str
    times: int = Field(default=1, ge=1)


class ReportWanted(_Part):
    """A principal's report over lists, by their names."""

    lists: list[str]
    title: str = ""
    training: bool = False
    language: str = "nl"


class Act(_Part):
    """One act; exactly one of its first keys says what is done."""

    #: A new part of the story.
    chapter: Words | None = None
    #: Go on to this moment: what is due on the way happens, and mails go out.
    until: Moment | None = None
    #: Open a case by this start …
    start: str | None = None
    #: … and call it so from now on.
    named: str | None = None
    #: What it is about, by name: a school, a person (mail address) or a project; or several.
    about: str | list[str] | None = None
    #: Of a person, at which of her schools.
    at: str | None = None
    #: The process it is a case of; the story's own if left out.
    process: str | None = None
    #: The round; the newest that holds if left out.
    round: str | None = None
    #: Fire this trigger …
    fire: str | None = None
    #: … by the link to it in the case's last mail that has one.
    by_link: bool = False
    #: Read what this trigger would do, before anybody fires it.
    foresee: str | None = None
    #: Set an exercise up: numbers, companies, statements, days; see ``cli.story_surveys``.
    set_up: SetUp | None = None
    #: Fill in so many questionnaires of a group.
    respond: Respond | None = None
    #: Link oneself to the Digisnap of this code.
    link: str | None = None
    #: Completed scans of a Digisnap arrive.
    scans: Scans | None = None
    #: Ask for a principal's report; it is made at once.
    report: ReportWanted | None = None
    #: Somebody's (mail address) work at a school ends on this day, inclusive …
    leaves: str | None = None
    on: date | None = None
    #: Take the last step back.
    undo: bool = False
    #: Save these answers of the form; ``all`` answers whatever it asks for.
    answer: dict[str, Any] | str | None = None
    #: Upload a picture as evidence under this field.
    upload: str | None = None
    #: … in this case.
    case: str | None = Field(default=None, alias="in")
    by: str | None = None
    sends: dict[str, Any] = {}
    #: It must be refused; this says what was tried.
    refused: Words | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> Act:
        kinds = (
            "chapter", "until", "start", "fire", "answer", "upload", "leaves", "set_up", "respond",
            "link", "scans", "report", "foresee",
        )  # fmt: skip
        done = [kind for kind in kinds if getattr(self, kind) is not None]
        if len(done) + self.undo != 1:
            message = f"an act is one of {', '.join(kinds)} and undo"
            raise ValueError(message)
        return self


class StoryFile(_Part):
    """A story."""

    #: The process it plays.
    story: str
    zone: str = "Europe/Brussels"
    #: When the story begins, local time.
    begins: Moment
    #: Other processes whose cases are in it.
    processes: list[str] = []
    #: What countries have set for the story: round (of another calendar: calendar/round) -> area
    #: (``*`` is everywhere) -> values by name.
    settings: dict[str, dict[str, dict[str, Any]]] = {}
    schools: list[School] = []
    people: list[Someone] = []
    rights: list[Right] = []
    #: Pairs of people who are contacts.
    contacts: list[list[str]] = []
    projects: list[StoryProject] = []
    acts: list[Act]


def beginning(story: StoryFile) -> datetime:
    """The instant at which a story begins."""
    return story.begins.replace(tzinfo=ZoneInfo(story.zone)).astimezone(UTC)


def stories() -> list[str]:
    """The processes there is a story of."""
    return sorted(["school_label", *(path.stem for path in FOLDER.glob("*.yaml"))])


def read_story(process: str) -> StoryFile:
    """The story of a process.

    Raises:
        BadInput: there is none; names those there are.
        BadDefinition: the file is no story; every place is named.
    """
    if process not in stories():
        raise BadInput(
            N_("There is no demo of {name}{hint}. There is one of: {known}."),
            name=process, hint=nearest(process, stories()), known=stories(),
        )  # fmt: skip
    return story_at(FOLDER / f"{process}.yaml")


def story_at(path: Path) -> StoryFile:
    """The story of a file.

    Raises:
        BadDefinition: the file is no story; every place is named.
    """
    return validated(StoryFile, read_yaml(path.read_text(encoding="utf-8"), str(path)))
