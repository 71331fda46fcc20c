"""Schools that are probably one: the same name and town, however they are written."""

from __future__ import annotations

import unicodedata
from typing import Any

from sqlalchemy import Connection, Row, select

from models.registry import Organisation
from registry.values import folded

_organisation = Organisation.__table__  # type: ignore[attr-defined]


def bare(text: str) -> str:
    """A name without capitals, accents, spaces and marks: Sint-Jozef and SINT JOZEF are one.

    A name of nothing but marks stays as it is.
    """
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in parts if sign.isalnum()) or folded(text)


def schools_called(connection: Connection, country: str, name: str, place: str) -> list[Row[Any]]:
    """The schools of a country with this name in this town, however written, in order of id.

    Arguments:
        country: ISO 3166-1, as in the registry.

    Returns:
        Rows of ``organisation``.
    """
    query = select(_organisation).where(_organisation.c.country == country)
    wanted = bare(name), bare(place)
    rows = connection.execute(query.order_by(_organisation.c.id))
    return [row for row in rows if (bare(row.name), bare(row.place)) == wanted]
