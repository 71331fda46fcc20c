"""Drafts of files: checked, proposed by one person, published by another."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from base.errors import NotAllowed, NotFound
from models.database import reading
from web import drafting
from web.api.outcomes import READING, WRITING
from web.api.sent import Sent
from web.context import Context, Here
from web.language import Language
from web.signing_in import Reader, Someone
from workflows import drafts
from workflows.administering import Administrator
from workflows.told_moves import impact_as_data

router = APIRouter(tags=["drafts"])

Kind = Literal["process", "rule_set", "round"]
NAME = r"^[a-z][a-z0-9_]*(/[0-9A-Za-z][0-9A-Za-z._-]*)?$"


class TextToCheck(Sent):
    """A text in the place of a file."""

    kind: Kind
    name: str = Field(max_length=100, pattern=NAME, examples=["school_label/2023-2024"])
    text: str = Field(max_length=drafts.LONGEST_TEXT)


class RemarkLine(BaseModel):
    """What the check says of one place. Lines and columns count from 1."""

    file: str
    line: int
    column: int
    severity: str = Field(description="error (cannot be published), warning or note.")
    message: str


class ExampleLine(BaseModel):
    """An example of a rule file, and how it came out."""

    name: str
    rule_set: str
    expected: str | dict[str, str]
    outcome: str
    findings: dict[str, str]
    trouble: str
    as_expected: bool


class GapLine(BaseModel):
    """A text that is missing in a language."""

    path: str
    line: int
    language: str
    instead: str
    areas: list[str] = Field(description="Whose people would read the other language.")


class CheckAnswer(BaseModel):
    """Everything there is to say of a text."""

    remarks: list[RemarkLine]
    examples: list[ExampleLine]
    gaps: list[GapLine]


class NewDraft(Sent):
    """What begins a draft."""

    kind: Kind
    name: str = Field(max_length=100, pattern=NAME, examples=["school_label/2023-2024"])
    area: str = Field(
        default="", max_length=10, pattern=r"^([A-Z]{2}(-[A-Z0-9]{1,3})?)?$",
        description="Of a round: the country or region whose values it sets; empty: the whole.",
    )  # fmt: skip
    text: str | None = Field(
        default=None, max_length=drafts.LONGEST_TEXT,
        description="What it begins with; the file in force if left out.",
    )  # fmt: skip
    why: str = Field(default="", max_length=drafts.LONGEST_REASON)


class DraftChange(Sent):
    """What somebody wrote in a draft."""

    version: int = Field(ge=0, le=1_000_000, description="The one she saw.")
    text: str | None = Field(
        default=None, max_length=drafts.LONGEST_TEXT, description="Of a draft of the whole file."
    )
    values: dict[str, str] = Field(
        default={}, description="Of a draft of a country’s values: by name; empty takes over."
    )
    why: str = Field(default="", max_length=drafts.LONGEST_REASON)
    up_to_date: bool = Field(
        default=False, description="Whether it now stands on the file in force."
    )


class DraftStep(Sent):
    """What a step of a draft carries."""

    version: int = Field(ge=0, le=1_000_000, description="The one she saw.")
    first_day: date | None = Field(default=None, description="To propose; today if left out.")
    gaps_known: bool = Field(default=False, description="To propose: missing texts are known.")
    remark: str = Field(default="", max_length=drafts.LONGEST_REASON)


class DraftWhole(BaseModel):
    """A draft."""

    id: str
    kind: str
    name: str
    area: str
    text: str
    why: str
    first_day: date | None
    status: str
    version: int
    writers: list[str]
    proposer: str
    decider: str
    remark: str
    changed_at: datetime
    proposed_at: datetime | None
    decided_at: datetime | None
    releases: dict[str, int]


class ImpactAnswer(BaseModel):
    """What a draft would do to the cases there are."""

    looked_at: int
    changes: int
    counts: list[dict[str, Any]] = Field(description="before, after, count.")
    changed: list[dict[str, Any]] = Field(description="The first 200.")


class ProcessImpactAnswer(BaseModel):
    """What a draft of a process file would do to the open cases, if they were moved to it."""

    gone: list[dict[str, Any]] = Field(
        description="kind (state, step, timer), name, and cases: open ones that stand there."
    )
    looked_at: int = Field(description=f"At most {drafting.MOVES_COUNTED}.")
    possible: int
    refused: dict[str, int] = Field(description="Why a case cannot be moved, and how many.")
    timers: list[dict[str, Any]] = Field(
        description="timer, change (set, cancelled, moved), cases."
    )
    at_once: dict[str, int] = Field(description="Timers that would be due at once.")
    not_shown: dict[str, int] = Field(description="Answers kept, but shown no more.")
    cases: list[dict[str, Any]] = Field(description=f"The first {drafting.MOVES_NAMED}.")


@router.post("/checks", summary="Check a text", responses=WRITING)
def check(context: Here, reader: Reader, sent: TextToCheck) -> CheckAnswer:
    """What would be said of a text in the place of a file in force; nothing is kept."""
    found = drafting.check(context, reader.id, (sent.kind, sent.name), sent.text)
    return CheckAnswer(
        remarks=[RemarkLine(**vars(one)) for one in found.remarks],
        examples=[
            ExampleLine(
                name=one.name, rule_set=one.rule_set, outcome=one.outcome, trouble=one.trouble,
                expected=one.expected if isinstance(one.expected, str) else dict(one.expected),
                findings=dict(one.findings), as_expected=one.as_expected,
            )
            for one in found.examples
        ],
        gaps=[
            GapLine(
                path=one.path, line=one.line, language=one.language, instead=one.instead,
                areas=list(one.areas),
            )
            for one in found.gaps
        ],
    )  # fmt: skip


@router.get("/drafts", summary="Drafts, the last to change first", responses=READING)
def list_drafts(
    context: Here, reader: Reader,
    status: Literal["open", "proposed", "published", "withdrawn"] | None = None,
) -> list[DraftWhole]:  # fmt: skip
    """The last 200 drafts an administrator may see."""
    with reading(context.database) as connection:
        who = drafting.administrator_of(connection, context, reader.id)
        rows = drafts.drafts(connection, who, statuses=(status,) if status else ())
    return [_whole(row) for row in rows]


@router.post("/drafts", status_code=201, summary="Begin a draft", responses=WRITING)
def begin(context: Here, reader: Reader, new: NewDraft) -> DraftWhole:
    """Begin a draft of a file in force, of a new one, or of a country's values of a round."""
    made = drafting.begin(
        context, reader.id, (new.kind, new.name), area=new.area, text=new.text, why=new.why
    )
    return _read(context, reader, made)


@router.get("/drafts/{draft_id}", summary="One draft", responses=READING)
def read(context: Here, reader: Reader, draft_id: str) -> DraftWhole:
    """One draft with its text."""
    return _read(context, reader, draft_id)


@router.put("/drafts/{draft_id}", summary="Write in a draft", responses=WRITING)
def write(context: Here, reader: Reader, draft_id: str, sent: DraftChange) -> DraftWhole:
    """Keep a text, or a country's values, in an open draft."""
    _read(context, reader, draft_id)
    drafting.save(
        context, reader.id, draft_id, sent.version, text=sent.text, why=sent.why,
        values=sent.values, up_to_date=sent.up_to_date,
    )  # fmt: skip
    return _read(context, reader, draft_id)


@router.post(
    "/drafts/{draft_id}/steps/{step}", summary="Take a draft a step further", responses=WRITING
)
def take(
    context: Here, reader: Reader, draft_id: str,
    step: Literal["propose", "take_back", "send_back", "withdraw", "publish"], sent: DraftStep,
) -> DraftWhole:  # fmt: skip
    """Propose it, take it back, send it back, give it up; or publish it, as another person."""
    _read(context, reader, draft_id)
    drafting.step(
        context, reader.id, draft_id, sent.version, step, first_day=sent.first_day,
        gaps_known=sent.gaps_known, remark=sent.remark,
    )  # fmt: skip
    return _read(context, reader, draft_id)


@router.get("/drafts/{draft_id}/impact", summary="What a draft would do", responses=READING)
def impact(
    context: Here, reader: Reader, language: Language, draft_id: str, against: str | None = None
) -> ImpactAnswer | ProcessImpactAnswer:
    """The decisions there are, judged again by the draft; nothing changes.

    Of a process file: what moving the open cases to it would do.

    Arguments:
        against: only the cases of this round.
    """
    if _read(context, reader, draft_id).kind == "process":
        moved = drafting.process_impact_of(context, reader.id, draft_id, against, language)
        return ProcessImpactAnswer(**impact_as_data(moved, language))
    found = drafting.impact_of(context, reader.id, draft_id, against)
    return ImpactAnswer(
        looked_at=found.looked_at, changes=found.changes,
        counts=[
            {"before": before, "after": after, "count": count}
            for (before, after), count in sorted(found.counts.items())
        ],
        changed=[
            {**vars(one), "findings": {name: list(two) for name, two in one.findings.items()}}
            for one in found.changed
        ],
    )  # fmt: skip


def _read(context: Context, reader: Someone, draft_id: str) -> DraftWhole:
    with reading(context.database) as connection:
        try:
            who: Administrator = drafting.administrator_of(connection, context, reader.id)
        except NotAllowed:
            # What is not hers does not exist for her.
            raise NotFound(drafts.NO_DRAFT) from None
        return _whole(drafts.read_draft(connection, who, draft_id))


def _whole(row: drafts.Row) -> DraftWhole:
    return DraftWhole(**{name: row[name] for name in DraftWhole.model_fields})
