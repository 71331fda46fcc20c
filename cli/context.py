"""What commands are handed: the parts of an installation, built by ``service.py``."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:  # what checks or draws a file needs none of it
    import sqlalchemy

    from base.clock import Clock
    from base.settings import Settings
    from documents.store import FileStore
    from notifications.delivery import Post
    from notifications.templates import Templates
    from workflows.engine import Engine


@dataclass(frozen=True, kw_only=True)
class Parts:
    """A running installation."""

    settings: Settings
    clock: Clock
    database: sqlalchemy.Engine
    engine: Engine
    templates: Templates
    files: FileStore
    post: Post


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """How to get at the parts. Nothing is opened before a command asks for it."""

    #: The settings of this process.
    settings: Callable[[], Settings]
    #: Opens an installation; its end closes everything. The clock is the machine's if None.
    open: Callable[[Settings, Clock | None], AbstractContextManager[Parts]]
    #: The web application of an installation; whether it is the demo.
    app: Callable[[Parts, bool], Any]


def wiring(context: typer.Context) -> Wiring:
    """The wiring of this run."""
    found: Wiring = context.obj
    return found


def instant(text: str) -> datetime:
    """``2023-02-01`` (noon UTC that day) or an ISO 8601 instant with its zone.

    Raises:
        typer.BadParameter: it is neither.
    """
    try:
        found = datetime.fromisoformat(f"{text}T12:00:00+00:00" if len(text) == 10 else text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        message = "write a day (2023-02-01) or an instant with its zone (2023-02-01T09:00+01:00)"
        raise typer.BadParameter(message, param_hint="--at")
    return found
