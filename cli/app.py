"""The command ``keurmerk`` with all its commands."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import NoReturn

import typer

from base.errors import BadInput, KeurmerkError, NotFound
from cli.context import Wiring
from cli.failures import failed

#: The module of each command, in the order of the help.
COMMANDS = {
    "serve": "cli.serve",
    "worker": "cli.worker",
    "migrate": "cli.migrate",
    "check": "cli.check",
    "evaluate": "cli.evaluate",
    "impact": "cli.impact",
    "simulate": "cli.simulate",
    "move-cases": "cli.move_cases",
    "import": "cli.importing",
    "demo": "cli.demo",
    "verify": "cli.verify",
    "diagram": "cli.diagram",
    "export-log": "cli.export_log",
}
#: The exit code for input that cannot be used; Click's own for wrong usage.
BAD_INPUT = 2
#: The exit code for a fault of ours (EX_SOFTWARE).
FAULT = 70


def build(wiring: Wiring, command: str | None = None) -> typer.Typer:
    """The application, with every command; or with ``command`` alone, if there is one of that name.

    So a command loads what it needs, and not what the others need.
    """
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

    for module in [COMMANDS[command]] if command in COMMANDS else COMMANDS.values():
        import_module(module).register(app)
    return app


def run(wiring: Wiring) -> None:
    """Carry out the command of this process. Errors are sentences; only the log has a trace."""
    try:
        build(wiring, next(iter(sys.argv[1:]), None))(prog_name="keurmerk")
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
    from sqlalchemy.exc import DatabaseError, OperationalError  # noqa: PLC0415 - only if one is used

    return isinstance(error, OperationalError) or type(error) is DatabaseError


def first_line(error: Exception) -> str:
    """What the database's driver says, without the statement and its values."""
    return (str(getattr(error, "orig", "")).strip().splitlines() or [type(error).__name__])[0]


def _end(sentence: str, code: int) -> NoReturn:
    sys.stderr.write(f"{sentence}\n")
    sys.exit(code)
