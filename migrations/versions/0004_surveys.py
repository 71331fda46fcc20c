"""Surveys for schools: exercises, their links, and anonymous answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.types import Instant, Json

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "survey_company",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("sector", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("organisation_id", "name"),
    )
    op.create_table(
        "survey_exercise",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("questionnaire", sa.String(length=60), nullable=False),
        sa.Column("level", sa.String(length=40), nullable=False),
        sa.Column("school_year", sa.String(length=20), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("invited", Json(), nullable=False),
        sa.Column("optional", Json(), nullable=False),
        sa.Column("with_companies", sa.Boolean(), nullable=False),
        sa.Column("locked_at", Instant(), nullable=True),
        sa.Column("statements", Json(), nullable=False),
        sa.CheckConstraint(
            "last_day IS NULL OR last_day >= first_day", name="survey_days_in_order"
        ),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case.id"],
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("case_id"),
    )
    op.create_index(
        "ix_survey_exercise_organisation",
        "survey_exercise",
        ["organisation_id", "school_year"],
        unique=False,
    )
    op.create_table(
        "survey_invited_company",
        sa.Column("exercise_id", sa.String(length=36), nullable=False),
        sa.Column("company_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"],
            ["survey_company.id"],
        ),
        sa.ForeignKeyConstraint(
            ["exercise_id"],
            ["survey_exercise.id"],
        ),
        sa.PrimaryKeyConstraint("exercise_id", "company_id"),
    )
    op.create_table(
        "survey_link",
        sa.Column("token", sa.String(length=20), nullable=False),
        sa.Column("exercise_id", sa.String(length=36), nullable=False),
        sa.Column("group", sa.String(length=30), nullable=False),
        sa.Column("company_id", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(
            ["company_id"],
            ["survey_company.id"],
        ),
        sa.ForeignKeyConstraint(
            ["exercise_id"],
            ["survey_exercise.id"],
        ),
        sa.PrimaryKeyConstraint("token"),
    )
    op.create_index(
        "ix_survey_link_exercise", "survey_link", ["exercise_id", "group"], unique=False
    )
    op.create_table(
        "survey_sheet",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("exercise_id", sa.String(length=36), nullable=False),
        sa.Column("group", sa.String(length=30), nullable=False),
        sa.Column("company_id", sa.String(length=36), nullable=True),
        sa.Column("answers", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"],
            ["survey_company.id"],
        ),
        sa.ForeignKeyConstraint(
            ["exercise_id"],
            ["survey_exercise.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_survey_sheet_group", "survey_sheet", ["exercise_id", "group"], unique=False)
    op.create_table(
        "survey_statement",
        sa.Column("exercise_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("group", sa.String(length=30), nullable=False),
        sa.Column("area", sa.String(length=40), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("help", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(
            ["exercise_id"],
            ["survey_exercise.id"],
        ),
        sa.PrimaryKeyConstraint("exercise_id", "number", "group"),
    )
    op.create_table(
        "survey_progress",
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("token", sa.String(length=20), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("answers", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["token"],
            ["survey_link.token"],
        ),
        sa.PrimaryKeyConstraint("key_hash"),
    )
    op.create_index("ix_survey_progress_expires", "survey_progress", ["expires_at"], unique=False)


def downgrade() -> None:
    for table in (
        "survey_progress",
        "survey_statement",
        "survey_sheet",
        "survey_link",
        "survey_invited_company",
        "survey_exercise",
        "survey_company",
    ):
        op.drop_table(table)
