"""The desk of those who judge: queue, who looks after a case, comments, views, edited mails."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.types import Instant, Json

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "waiting",
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("area", sa.String(length=10), nullable=False),
        sa.Column("right", sa.String(length=40), nullable=False),
        sa.Column("process", sa.String(length=60), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"]),
        sa.PrimaryKeyConstraint("case_id", "area"),
    )
    op.create_index("ix_waiting_due", "waiting", ["area", "right", "due_at", "case_id"])
    op.create_index(
        "ix_waiting_process_due", "waiting", ["area", "right", "process", "due_at", "case_id"]
    )
    op.create_table(
        "assignment",
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("reviewer_id", sa.String(length=36), nullable=False),
        sa.Column("assigned_by", sa.String(length=36), nullable=False),
        sa.Column("assigned_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"]),
        sa.ForeignKeyConstraint(["reviewer_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("case_id"),
    )
    op.create_index("ix_assignment_reviewer", "assignment", ["reviewer_id", "case_id"])
    op.create_table(
        "comment",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("author_id", sa.String(length=36), nullable=False),
        sa.Column("text", sa.String(length=5000), nullable=False),
        sa.Column("written_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_comment_case", "comment", ["case_id", "id"])
    op.create_table(
        "saved_view",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("query", sa.String(length=1000), nullable=False),
        sa.Column("saved_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("person_id", "name"),
    )
    op.add_column("mail", sa.Column("edited", Json(), nullable=True))


def downgrade() -> None:
    op.drop_column("mail", "edited")
    for table in ("saved_view", "comment", "assignment", "waiting"):
        op.drop_table(table)
