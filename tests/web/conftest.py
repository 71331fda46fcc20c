from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from starlette.testclient import TestClient

from base.settings import Settings
from documents.store import FolderStore
from models.database import reading
from models.registry import Person
from tests.builders import Desk, installed_mails
from web.app import create_app
from web.context import Context
from web.signing_in import HEADER

#: Signs in by name as one of the desk's people; None is nobody.
As = Callable[[str | None], TestClient]


def context_of(desk: Desk, folder: Path, *, demo: bool = True) -> Context:
    return Context(
        settings=Settings(files=folder / "files"), database=desk.database, engine=desk.engine,
        templates=installed_mails(), files=FolderStore(folder / "files"), demo=demo,
    )  # fmt: skip


@lru_cache(maxsize=4)
def app_of(context: Context) -> FastAPI:
    """The application of a context, for all who visit it: its description alone takes a second."""
    return create_app(context)


def client_as(
    desk: Desk, context: Context, person: str | None, app: FastAPI | None = None
) -> TestClient:
    client = TestClient(
        app or app_of(context), base_url="http://127.0.0.1:8000", raise_server_exceptions=False,
        client=("127.0.0.1", 50000),
    )  # fmt: skip
    if person:
        table = Person.__table__  # type: ignore[attr-defined]
        with reading(desk.database) as connection:
            email = connection.execute(
                select(table.c.email).where(table.c.id == person)
            ).scalar_one()
        client.headers[HEADER] = email
    return client


@pytest.fixture
def as_(desk: Desk, tmp_path: Path) -> As:
    context = context_of(desk, tmp_path)
    return lambda person: client_as(desk, context, person)
