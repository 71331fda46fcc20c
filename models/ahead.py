"""Reading the next while the one before is being written."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Engine

T = TypeVar("T")


def ahead(database: Engine, items: Iterator[T]) -> Generator[T]:
    """Give ``items``, which are made from what is read from ``database``.

    On PostgreSQL the next is made in a thread of its own while one is being used: the server writes
    at the same time. On SQLite it is made when it is asked for: with two threads at work, one that
    writes would keep all others from writing for longer.

    What goes wrong when one is made is raised when it is asked for. Whoever stops early closes
    this, which waits for the one that is being made; that one is lost.
    """
    if database.dialect.name != "postgresql":
        yield from items
        return
    end = object()
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as thread:
        coming = thread.submit(next, items, end)
        while (item := coming.result()) is not end:
            coming = thread.submit(next, items, end)
            yield item  # type: ignore[misc]
