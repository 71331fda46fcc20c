"""Digisnap: lists of questionnaires of a school, who manages them, and the principal's reports.

A completed scan has no person: its sender's own reference tells that it is not counted twice.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from base.ids import new_id
from models.types import Instant, Json, Table


class Digisnap(Table, table=True):
    """One list: a questionnaire for some teachers of a school, known by its code."""

    __tablename__ = "digisnap"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    #: Whoever manages the list links herself to it by this code: Digisnap_88Xf2y.
    code: str = Field(unique=True, max_length=60)
    #: KS Leuven Dag.
    name: str = Field(max_length=200)
    organisation_id: str = Field(foreign_key="organisation.id", index=True, max_length=36)
    made_at: datetime = Field(sa_type=Instant)


class DigisnapManager(Table, table=True):
    """A person linked herself to a list; she manages it as long as she has the right."""

    __tablename__ = "digisnap_manager"

    digisnap_id: str = Field(foreign_key="digisnap.id", primary_key=True, max_length=36)
    person_id: str = Field(foreign_key="person.id", primary_key=True, index=True, max_length=36)
    linked_at: datetime = Field(sa_type=Instant)


class DigisnapScan(Table, table=True):
    """A teacher completed a list: her scores, and nothing of her."""

    __tablename__ = "digisnap_scan"
    __table_args__ = (UniqueConstraint("digisnap_id", "reference"),)

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    digisnap_id: str = Field(foreign_key="digisnap.id", max_length=36)
    #: What the sender knows it by; the same one again replaces it.
    reference: str = Field(max_length=60)
    completed_on: date
    #: Area of competence -> score.
    scores: dict[str, Any] = Field(sa_type=Json)


class DigisnapReport(Table, table=True):
    """A report that was asked for: made in the background, kept, downloaded as often as wanted."""

    __tablename__ = "digisnap_report"
    __table_args__ = (
        Index("ix_digisnap_report_waiting", "done_at", "asked_at"),
        Index("ix_digisnap_report_person", "person_id", "asked_at"),
    )

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    person_id: str = Field(foreign_key="person.id", max_length=36)
    title: str = Field(max_length=200)
    #: Ids and names of its lists, as they were called then.
    lists: list[dict[str, Any]] = Field(sa_type=Json)
    #: Whether it proposes training of KlasCement.
    with_training: bool = Field(default=False)
    #: The language it is written in.
    language: str = Field(max_length=5)
    #: IANA zone of its days.
    zone: str = Field(max_length=40)
    #: The least number of completed scans of each list, when it was asked for.
    least: int
    asked_at: datetime = Field(sa_type=Instant)
    #: How many lists have been counted.
    counted: int = Field(default=0)
    #: What was counted so far: list's id -> how many, and sums by area.
    figures: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    #: SHA-256 of the file, once it is made.
    sha256: str | None = Field(default=None, max_length=64)
    done_at: datetime | None = Field(default=None, sa_type=Instant)
    leased_until: datetime | None = Field(default=None, sa_type=Instant)
    failures: int = Field(default=0)
    #: What the log has its last failure under.
    fault: str | None = Field(default=None, max_length=36)
