"""A questionnaire under way keeps no answers here: they are on the participant's page alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.types import Instant

revision = "0005"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _made_anew()


def downgrade() -> None:
    _made_anew(sa.Column("answers", sa.LargeBinary(), nullable=False))


def _made_anew(*more: sa.Column[bytes]) -> None:
    """The table with other columns; what was in it would have been gone within two hours."""
    op.drop_index("ix_survey_progress_expires", table_name="survey_progress")
    op.drop_table("survey_progress")
    op.create_table(
        "survey_progress",
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("token", sa.String(length=20), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        *more,
        sa.ForeignKeyConstraint(
            ["token"],
            ["survey_link.token"],
        ),
        sa.PrimaryKeyConstraint("key_hash"),
    )
    op.create_index("ix_survey_progress_expires", "survey_progress", ["expires_at"], unique=False)
