"""The command ``keurmerk`` with all its commands."""

from __future__ import annotations

import sys
from typing import NoReturn

import typer
from sqlalchemy.exc import DatabaseError, OperationalError

from base.errors import BadInput, KeurmerkError, NotFound
from cli import (
    check,
    demo,
    diagram,
    evaluate,
    export_log,
    impact,
    importing,
    migrate,
    move_cases,
    serve,
    simulate,
    verify,
    worker,
)
from cli.context import Wiring
from cli.failures import failed

#: The exit code for input that cannot be used; Click's own for wrong usage.
BAD_INPUT = 2
#: The exit code for a fault of ours (EX_SOFTWARE).
FAULT = 70


def build(wiring: Wiring) -> typer.Typer:
    """The application, with every command."""
    app = typer.Typer(
        name="keurmerk",
        help="Runs application and label processes in education.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )

    @app.callback()
    def prepare(context: typer.Context) -> None:
        context.obj = wiring

    for module in (
        serve, worker, migrate, check, evaluate, impact, simulate, move_cases, importing, demo,
        verify, diagram, export_log,
    ):  # fmt: skip
        module.register(app)
    return app


def run(wiring: Wiring) -> None:
    """Carry out the command of this process. Errors are sentences; only the log has a trace."""
    try:
        build(wiring)(prog_name="keurmerk")
    except KeurmerkError as error:
        _end(str(error), BAD_INPUT if isinstance(error, BadInput | NotFound) else 1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:  # noqa: BLE001 - the last resort, and it is logged
        if is_of_the_database(error):
            _end(f"The database of KEURMERK_DATABASE cannot be used: {first_line(error)}", 1)
        _end(failed(error), FAULT)


def is_of_the_database(error: Exception) -> bool:
    """Whether the database is away, locked, full or none at all, rather than asked wrongly."""
    return isinstance(error, OperationalError) or type(error) is DatabaseError


def first_line(error: Exception) -> str:
    """What the database's driver says, without the statement and its values."""
    return (str(getattr(error, "orig", "")).strip().splitlines() or [type(error).__name__])[0]


def _end(sentence: str, code: int) -> NoReturn:
    sys.stderr.write(f"{sentence}\n")
    sys.exit(code)
