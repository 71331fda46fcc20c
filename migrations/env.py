"""How alembic reaches the database: the connection is handed over by ``models/schema.py``."""

from __future__ import annotations

from alembic import context

from models.database import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
