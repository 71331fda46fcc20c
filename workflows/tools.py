"""What every step needs, and why it is taken."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from base.clock import Clock
from rules.decisions import Decider
from workflows.definition import Start, Transition
from workflows.publishing import Library

#: What is sent instead of a mail's own words: by template and language, ``subject`` and ``text``.
Edits = Mapping[tuple[str, str], Mapping[str, str]]


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What every step needs; built once by ``service.py``."""

    clock: Clock
    library: Library
    #: durable_rules inside its fence, with the reference beside it.
    judge: Decider
    #: How long a mail is held so that an undone step withdraws it.
    grace: timedelta
    #: Address of this installation, without a slash at the end.
    public_url: str
    #: Signs the links in mails; where none is set, they hold until the program ends.
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    #: Enqueues a wake-up for the workers in the step's own transaction, where there are workers.
    wake: Callable[[Connection], None] | None = None


@dataclass(frozen=True, kw_only=True)
class Cause:
    """Why a step is taken: which way, by whom, with what."""

    #: Trigger or name of the start.
    trigger: str
    step: Transition | Start
    #: None is the platform.
    actor_id: str | None
    acted_as: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    edits: Edits = field(default_factory=dict)
    now: datetime
    #: Since when a case is in the state it comes to, where it was there all along: its step is
    #: taken back. Now otherwise.
    since: datetime | None = None

    @property
    def kept_payload(self) -> Mapping[str, Any]:
        """What the log keeps of the payload: all but what is private, and the edited mails.

        A mail can repeat what is private; of a step that asks for such things the log keeps which
        mails were edited, not their words.
        """
        private = {ask.name for ask in self.step.asks if ask.private}
        kept = {name: value for name, value in self.payload.items() if name not in private}
        if self.edits:
            kept["mails"] = [
                {"template": template, "language": language, **({} if private else text)}
                for (template, language), text in self.edits.items()
            ]
        return kept
