"""What the web is handed by ``service.py``, and how a request gets at it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Annotated

import sqlalchemy
from fastapi import Depends, Request

from base.clock import Clock, SystemClock
from base.settings import Settings
from documents.store import FileStore
from notifications.templates import Templates
from surveys.opening import Links
from web.limits import Limits
from web.oidc.remote import Remote
from workflows.engine import Engine
from workflows.tools import Tools


@dataclass(frozen=True, kw_only=True, eq=False)
class Context:
    """The parts of the installation that the web uses; each is its own, whatever is in it."""

    settings: Settings
    database: sqlalchemy.Engine
    engine: Engine
    templates: Templates
    files: FileStore
    #: Whether this is the demo: people sign in by choosing who they are.
    demo: bool
    #: Moves the demo's clock forward to an instant, carrying out what is due on the way; gives how
    #: many timers were, and how many mails went out.
    move: Callable[[datetime], tuple[int, int]] | None = None
    #: The time in the world, by which sessions and sign-ins end: the demo's clock is another.
    wall: Clock = field(default_factory=SystemClock)
    #: The providers one can sign in with, in the order in which they are offered.
    remotes: tuple[Remote, ...] = ()
    limits: Limits = field(default_factory=Limits)

    @cached_property
    def links(self) -> Links:
        """The links of questionnaires."""
        return Links(self.database)

    @property
    def tools(self) -> Tools:
        """The engine's tools: clock, library, judge."""
        return self.engine.tools


def context_of(request: Request) -> Context:
    """The context of the application that serves ``request``."""
    found: Context = request.app.state.context
    return found


async def _here(request: Request) -> Context:
    # What is no coroutine would be called in a thread of its own, which takes far longer.
    return context_of(request)


#: For a route's parameters: ``context: Here``.
Here = Annotated[Context, Depends(_here)]
