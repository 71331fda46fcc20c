"""What people choose for themselves: private addresses, and mails they do without."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.types import Instant

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "private_address",
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("person_id", "purpose"),
        sa.UniqueConstraint("token"),
    )
    op.create_table(
        "mail_refusal",
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("template", sa.String(length=100), nullable=False),
        sa.Column("refused_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("person_id", "template"),
    )
    op.add_column(
        "mail", sa.Column("optional", sa.Boolean(), nullable=False, server_default=sa.false())
    )


def downgrade() -> None:
    op.drop_column("mail", "optional")
    for table in ("mail_refusal", "private_address"):
        op.drop_table(table)
