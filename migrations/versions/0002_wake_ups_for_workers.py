"""The tables of Procrastinate, on PostgreSQL: wake-ups for workers."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    from procrastinate.schema import SchemaManager  # noqa: PLC0415 - of the extra "postgres"

    # Many statements, which only the driver itself takes at once.
    connection.connection.cursor().execute(SchemaManager.get_schema())


def downgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    for kind, names in (
        ("TABLE", ("events", "periodic_defers", "jobs", "workers")),
        ("TYPE", ("job_status", "job_event_type", "job_to_defer_v1")),
    ):
        for name in names:
            op.execute(f"DROP {kind} IF EXISTS procrastinate_{name} CASCADE")
    op.execute(
        "DO $$ DECLARE one regprocedure; BEGIN "
        "FOR one IN SELECT oid::regprocedure FROM pg_proc WHERE proname LIKE 'procrastinate\\_%' "
        "LOOP EXECUTE 'DROP FUNCTION ' || one || ' CASCADE'; END LOOP; END $$"
    )
