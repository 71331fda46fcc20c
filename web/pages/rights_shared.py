"""What the pages of rights share: the process of a right, what was done, and what is wrong."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Form
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import Connection

from base.errors import KeurmerkError, Problem
from base.i18n import N_
from base.ids import new_id
from registry.rights import rights_file
from web.context import Context
from workflows.definition import Process

NO_DAY = N_("“{value}” is no date. Write it as dd/mm/yyyy, such as 26/07/2026.")
MISSING = N_("“{title}”: this has to be filled in.")

#: Carries what came of a request to the page that tells it. It decides nothing.
told = URLSafeSerializer(new_id(), salt="rights")

Text = Annotated[str, Form(max_length=500)]


def read_told(token: str) -> Any:
    """What a token of :data:`told` carries; None if it is none."""
    try:
        return told.loads(token) if token else None
    except BadSignature:
        return None


def process_of_rights(connection: Connection, context: Context) -> Process:
    """The process that gives rights, as it is in force."""
    tools = context.tools
    given, today = rights_file(), tools.clock.now().date()
    return tools.library.in_force(connection, given.process, today).process


def placed(error: KeurmerkError, language: str, otherwise: str) -> dict[str, str]:
    """The sentences of a refusal by the field they belong to."""
    problems: tuple[Problem, ...] = getattr(error, "problems", ())
    found = {
        problem.where if problem.where in ("last_day", "reason") else otherwise: problem.say(
            language
        )
        for problem in problems
    }
    return found or {otherwise: error.say(language)}
