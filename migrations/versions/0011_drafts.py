"""Drafts of process, rule and round files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.types import Instant, Json

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "draft",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("area", sa.String(length=10), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("base_sha256", sa.String(length=64), nullable=False),
        sa.Column("installed_sha256", sa.String(length=64), nullable=False),
        sa.Column("why", sa.String(length=1000), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("written_by", Json(), nullable=False),
        sa.Column("begun_at", Instant(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("proposed_by", sa.String(length=36), nullable=True),
        sa.Column("proposed_at", Instant(), nullable=True),
        sa.Column("decided_by", sa.String(length=36), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("remark", sa.String(length=1000), nullable=False),
        sa.Column("releases", Json(), nullable=False),
        sa.CheckConstraint(
            "status <> 'published' OR (decided_by IS NOT NULL AND decided_by <> proposed_by)",
            name="draft_four_eyes",
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_draft_file", "draft", ["kind", "name", "id"])


def downgrade() -> None:
    op.drop_index("ix_draft_file", table_name="draft")
    op.drop_table("draft")
