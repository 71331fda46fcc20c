"""``keurmerk migrate``: bring the database to this program's version."""

from __future__ import annotations

import typer

from cli.context import wiring
from models.database import open_database
from models.schema import expected_version, migrate


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("migrate")(run)


def run(context: typer.Context) -> None:
    """Make the database, or bring it to this program's version."""
    settings = wiring(context).settings()
    engine = open_database(settings.database, settings.sqlite_synchronous)
    migrate(engine)
    engine.dispose()
    typer.echo(f"The database has version {expected_version()}.")
