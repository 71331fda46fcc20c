"""Reports and badges of surveys, and the province of a school."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.types import Instant, Json

revision = "0007"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "organisation",
        sa.Column("province", sa.String(length=10), nullable=False, server_default=""),
    )
    op.create_table(
        "survey_report",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("exercise_id", sa.String(length=36), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("leased_until", Instant(), nullable=True),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("made_at", Instant(), nullable=True),
        sa.Column("content", Json(), nullable=True),
        sa.ForeignKeyConstraint(["exercise_id"], ["survey_exercise.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("exercise_id"),
    )
    op.create_index("ix_survey_report_due", "survey_report", ["made_at", "due_at"], unique=False)
    op.create_table(
        "survey_badge",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("exercise_id", sa.String(length=36), nullable=False),
        sa.Column("school", sa.String(length=200), nullable=False),
        sa.Column("level", sa.String(length=40), nullable=False),
        sa.Column("school_year", sa.String(length=20), nullable=False),
        sa.Column("completed_on", sa.Date(), nullable=False),
        sa.Column("awarded_at", Instant(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"]),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"]),
        sa.ForeignKeyConstraint(["exercise_id"], ["survey_exercise.id"]),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("id"),
        sa.UniqueConstraint("exercise_id"),
    )
    op.create_index("ix_survey_badge_case_id", "survey_badge", ["case_id"], unique=False)


def downgrade() -> None:
    op.drop_table("survey_badge")
    op.drop_table("survey_report")
    op.drop_column("organisation", "province")
