"""A sign-in that has begun: what has to be remembered until it goes on, once, in one browser."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from fastapi import Request, Response
from sqlalchemy import Connection, delete

from models.access import SignInStart
from web.context import Context
from web.sessions import hashed, is_secure

#: How long it may take.
LASTS = timedelta(minutes=10)

_start = SignInStart.__table__  # type: ignore[attr-defined]


def begin(
    connection: Connection, context: Context, answer: Response, kind: str, data: dict[str, Any]
) -> None:
    """Remember ``data``; ``answer`` brings the browser the key to it."""
    key = secrets.token_urlsafe(32)
    connection.execute(
        _start.insert().values(
            key_hash=hashed(key), kind=kind, data=data, expires_at=context.wall.now() + LASTS
        )
    )
    # Lax: a provider sends the browser back to us from another site.
    answer.set_cookie(
        _name(context, kind), key, max_age=int(LASTS.total_seconds()), path="/",
        secure=is_secure(context), httponly=True, samesite="lax",
    )  # fmt: skip


def take(
    connection: Connection, context: Context, request: Request, kind: str
) -> dict[str, Any] | None:
    """What was remembered for this browser; it is gone then. None: nothing, or too long ago."""
    key = request.cookies.get(_name(context, kind), "")
    row = connection.execute(
        delete(_start)
        .where(_start.c.key_hash == hashed(key), _start.c.kind == kind)
        .returning(_start.c.data, _start.c.expires_at)
    ).first()
    if row is None or row.expires_at <= context.wall.now():
        return None
    return dict(row.data)


def look(
    connection: Connection, context: Context, request: Request, kind: str
) -> dict[str, Any] | None:
    """The same, to show it only."""
    key = request.cookies.get(_name(context, kind), "")
    row = connection.execute(
        _start.select().where(
            _start.c.key_hash == hashed(key), _start.c.kind == kind,
            _start.c.expires_at > context.wall.now(),
        )
    ).first()  # fmt: skip
    return dict(row.data) if row else None


def _name(context: Context, kind: str) -> str:
    return f"{'__Host-' if is_secure(context) else ''}{kind}"
