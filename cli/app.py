"""The command ``keurmerk`` with all its commands."""

from __future__ import annotations

import sys

import structlog
import typer

from base.errors import BadInput, KeurmerkError, NotFound
from base.ids import new_id
from cli import (
    check,
    demo,
    diagram,
    evaluate,
    export_log,
    importing,
    migrate,
    serve,
    verify,
    worker,
)
from cli.context import Wiring

log = structlog.get_logger("keurmerk.cli")

#: The exit code for input that cannot be used; Click's own for wrong usage.
BAD_INPUT = 2


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
        serve, worker, migrate, check, evaluate, importing, demo, verify, diagram, export_log
    ):  # fmt: skip
        module.register(app)
    return app


def run(wiring: Wiring) -> None:
    """Carry out the command of this process. Errors are sentences; only the log has a trace."""
    try:
        build(wiring)()
    except KeurmerkError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(BAD_INPUT if isinstance(error, BadInput | NotFound) else 1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:
        reference = new_id()
        log.exception("command failed", reference=reference, error=type(error).__name__)
        sys.stderr.write(
            f"Something went wrong that is our fault. The log has it under {reference}.\n"
        )
        sys.exit(70)
