"""Digisnap: lists, completed scans, and the principal's report."""

from __future__ import annotations

from datetime import date, datetime

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, Field

from base.days import local_day, zone_of
from digisnap.lists import link
from digisnap.reports import archive, content, is_forgotten
from digisnap.scans import Scan
from models.database import reading, writing
from web.api.outcomes import READING, WRITING, Answers
from web.api.papers import pdf
from web.api.sent import Sent
from web.context import Here
from web.language import Language
from web.signing_in import Reader
from workflows.digisnap_desk import my_lists, new_report, scans_arrive

router = APIRouter(tags=["digisnap"])

_PDF: Answers = {200: {"content": {"application/pdf": {}}}}


class DigisnapLine(BaseModel):
    """A list you manage."""

    id: str
    code: str
    name: str
    school: str
    community: str = Field(description="Lists are reported on together within one.")
    completed: int
    managers: list[str]


class Code(Sent):
    """A code to link yourself by."""

    code: str = Field(max_length=60, examples=["Digisnap_88Xf2y"])


class LinkedLine(BaseModel):
    """A list you are linked to."""

    name: str
    code: str
    again: bool = Field(description="Whether you were linked to it already.")


class ScanSent(Sent):
    """A completed scan, without its teacher."""

    reference: str = Field(
        min_length=1, max_length=60, description="Yours; sent again, it replaces the scan."
    )
    completed_on: date
    scores: dict[str, int] = Field(description="Score by area of competence.")


class ScansSent(Sent):
    """Completed scans of one list."""

    code: str = Field(max_length=60)
    scans: list[ScanSent] = Field(min_length=1, max_length=1000)


class Kept(BaseModel):
    """How many were kept."""

    kept: int


class NewReport(Sent):
    """A report to be made."""

    lists: list[str] = Field(max_length=200, description="Ids of lists you manage.")
    title: str = Field(default="", max_length=300, description="Empty: the usual one.")
    with_training: bool = False


class ReportLine(BaseModel):
    """A report of the archive."""

    id: str
    asked_at: datetime
    title: str
    lists: list[str]
    with_training: bool
    counted: int = Field(description="How many of its lists are counted so far.")
    is_ready: bool = Field(description="Whether it can be downloaded.")
    is_forgotten: bool = Field(description="Whether it was made, and is not kept any longer.")


@router.get("/digisnap/lists", summary="The Digisnaps you manage", responses=READING)
def lists(context: Here, reader: Reader) -> list[DigisnapLine]:
    """Linked by their codes, as long as you have the right at their schools."""
    with reading(context.database) as connection:
        return [
            DigisnapLine(
                id=one.id, code=one.code, name=one.name, school=one.school,
                community=one.community_name, completed=one.completed, managers=list(one.managers),
            )
            for one in my_lists(connection, context.tools, reader.id)
        ]  # fmt: skip


@router.post("/digisnap/links", summary="Link yourself to a Digisnap", responses=WRITING)
def take(context: Here, reader: Reader, given: Code) -> LinkedLine:
    """By its code; you need the right to manage it at its school."""
    now = context.tools.clock.now()
    with writing(context.database) as connection:
        found = link(connection, reader.id, given.code, now, local_day(now, zone_of("BE")))
    return LinkedLine(name=found.name, code=found.code, again=found.again)


@router.post("/digisnap/scans", summary="Send completed scans", responses=WRITING)
def scans(context: Here, reader: Reader, given: ScansSent) -> Kept:
    """For the Digisnap team. Either every scan is kept, or none."""
    sent = [Scan(**one.model_dump()) for one in given.scans]
    with writing(context.database) as connection:
        kept = scans_arrive(connection, context.tools, reader.id, given.code, sent)
    return Kept(kept=kept)


@router.get("/digisnap/reports", summary="Your archive of reports", responses=READING)
def reports(context: Here, reader: Reader) -> list[ReportLine]:
    """The oldest first; those being made, too."""
    with reading(context.database) as connection:
        rows = archive(connection, reader.id, context.tools.clock.now())
    return [
        ReportLine(
            id=row["id"], asked_at=row["asked_at"], title=row["title"],
            lists=[one["name"] for one in row["lists"]], with_training=row["with_training"],
            counted=row["counted"], is_ready=row["sha256"] is not None,
            is_forgotten=is_forgotten(row),
        )
        for row in rows
    ]  # fmt: skip


@router.post("/digisnap/reports", status_code=202, summary="Ask for a report", responses=WRITING)
def order(context: Here, reader: Reader, language: Language, new: NewReport) -> list[ReportLine]:
    """It is made in the background; the answer is the archive."""
    with writing(context.database) as connection:
        new_report(
            connection, context.tools, reader.id, lists=new.lists, title=new.title,
            with_training=new.with_training, language=language,
        )  # fmt: skip
    return reports(context, reader)


@router.get(
    "/digisnap/reports/{report_id}/content", summary="A report as PDF",
    responses=READING | _PDF, response_class=Response,
)  # fmt: skip
def download(context: Here, reader: Reader, report_id: str) -> Response:
    """The same file, as often as wanted."""
    now = context.tools.clock.now()
    with reading(context.database) as connection:
        made = content(connection, context.files, reader.id, report_id, now)
    return pdf(made, "digisnap-report")
