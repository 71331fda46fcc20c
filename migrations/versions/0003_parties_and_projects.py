"""Parties of cases; what projects, their members and contacts need."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.types import Instant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

#: Table -> columns that are new, and say something about rows that are there already.
COLUMNS = {
    "organisation": (
        ("legal_name", sa.String(length=200), ""),
        ("principal_name", sa.String(length=200), ""),
        ("principal_email", sa.String(length=254), ""),
    ),
    "person": (("available", sa.Boolean(), sa.false()), ("created_at", Instant(), None)),
    "project": (
        ("registered_on", sa.Date(), None),
        ("national", sa.Boolean(), None),
        ("state", sa.String(length=20), "active"),
        ("twinspace", sa.String(length=20), "none"),
    ),
    "label": (("score", sa.Integer(), None),),
}


def upgrade() -> None:
    for table, columns in COLUMNS.items():
        for name, kind, default in columns:
            op.add_column(
                table,
                sa.Column(name, kind, nullable=default is None, server_default=default),
            )
    # Written out, for SQLite can add a column that refers to a table only in one statement.
    op.execute('ALTER TABLE "case" ADD COLUMN project_id VARCHAR(36) REFERENCES project (id)')
    op.create_index("ix_case_project", "case", ["project_id", "process"])
    op.create_table(
        "contact",
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("contact_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("person_id", "contact_id"),
    )
    op.create_table(
        "project_member",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=True),
        sa.Column("joined_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("project_id", "person_id"),
    )
    op.create_index("ix_project_member_person_id", "project_member", ["person_id"])
    op.create_table(
        "case_party",
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("party", sa.String(length=60), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=True),
        sa.Column("organisation_id", sa.String(length=36), nullable=True),
        sa.Column("project_id", sa.String(length=36), nullable=True),
        sa.Column("area", sa.String(length=10), nullable=False),
        sa.CheckConstraint(
            "coalesce(person_id, organisation_id, project_id) IS NOT NULL",
            name="party_is_something",
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"]),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"]),
        sa.PrimaryKeyConstraint("case_id", "party"),
    )
    op.create_index("ix_case_party_person_id", "case_party", ["person_id"])
    op.create_index("ix_case_party_area", "case_party", ["area"])


def downgrade() -> None:
    for table in ("case_party", "project_member", "contact"):
        op.drop_table(table)
    op.drop_index("ix_case_project", "case")
    op.drop_column("case", "project_id")
    for table, columns in COLUMNS.items():
        for name, _kind, _default in columns:
            op.drop_column(table, name)
