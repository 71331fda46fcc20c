"""User rights and Digisnap: what a case keeps, groups of schools, lists, scans and reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.types import Instant, Json

revision = "0006"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("case", sa.Column("kept", Json(), nullable=False, server_default="{}"))
    op.create_table(
        "organisation_group",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kind", "name"),
    )
    op.create_table(
        "organisation_group_member",
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("group_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"]),
        sa.ForeignKeyConstraint(["group_id"], ["organisation_group.id"]),
        sa.PrimaryKeyConstraint("organisation_id", "kind"),
    )
    op.create_index(
        "ix_organisation_group_member_group_id", "organisation_group_member", ["group_id"]
    )
    op.create_table(
        "digisnap",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    op.create_index("ix_digisnap_organisation_id", "digisnap", ["organisation_id"])
    op.create_table(
        "digisnap_manager",
        sa.Column("digisnap_id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("linked_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["digisnap_id"], ["digisnap.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("digisnap_id", "person_id"),
    )
    op.create_index("ix_digisnap_manager_person_id", "digisnap_manager", ["person_id"])
    op.create_table(
        "digisnap_scan",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("digisnap_id", sa.String(length=36), nullable=False),
        sa.Column("reference", sa.String(length=60), nullable=False),
        sa.Column("completed_on", sa.Date(), nullable=False),
        sa.Column("scores", Json(), nullable=False),
        sa.ForeignKeyConstraint(["digisnap_id"], ["digisnap.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digisnap_id", "reference"),
    )
    op.create_table(
        "digisnap_report",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("lists", Json(), nullable=False),
        sa.Column("with_training", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("zone", sa.String(length=40), nullable=False),
        sa.Column("least", sa.Integer(), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("figures", Json(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("done_at", Instant(), nullable=True),
        sa.Column("leased_until", Instant(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("fault", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_digisnap_report_waiting", "digisnap_report", ["done_at", "asked_at"])
    op.create_index("ix_digisnap_report_person", "digisnap_report", ["person_id", "asked_at"])


def downgrade() -> None:
    for table in (
        "digisnap_report",
        "digisnap_scan",
        "digisnap_manager",
        "digisnap",
        "organisation_group_member",
        "organisation_group",
    ):
        op.drop_table(table)
    op.drop_column("case", "kept")
