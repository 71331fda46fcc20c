"""The import: files of schools, people, activities, projects and labels. All of a file or nothing.

``docs/import.md`` says what such files look like.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from base.clock import in_utc
from base.errors import BadInput, Problem
from base.i18n import N_
from registry.bulk import chunks, insert_many
from registry.csv_files import read_csv
from registry.dossier import Dossier, read_dossiers
from registry.from_dossier import records_of
from registry.problems import refuse_if
from registry.records import Records
from registry.resolving import TABLES, Resolver
from registry.strict_json import MAX_BYTES
from registry.xlsx_files import read_xlsx

#: Is told how far the import has come: done, of how much.
Progress = Callable[[int, int], None]

#: Parts of the work, in hundredths: reading, looking up, writing.
_READ, _RESOLVED, _WHOLE = 50, 70, 100


@dataclass(frozen=True, kw_only=True)
class Report:
    """What an import did."""

    #: New rows by kind: schools, people, memberships, activities, projects, labels …
    counts: dict[str, int]
    #: What was left out on purpose, such as the holder of a label whom nobody knows.
    notes: tuple[Problem, ...] = ()


def import_file(
    connection: Connection,
    source: Path | bytes,
    name: str,
    *,
    now: datetime,
    progress: Progress | None = None,
) -> Report:
    """Import one file, in the caller's transaction. Nothing is written unless all of it is right.

    Arguments:
        source: the file, or its content.
        name: its name; its ending says what it is (.json, .csv, .xlsx).
        now: an aware instant. People without a first day count as members from this day at latest.
        progress: is told how far it is, for a progress bar.

    Raises:
        BadInput: the file or values in it cannot be used; every problem names row and field.
    """
    tell = progress or (lambda _done, _total: None)
    content = source if isinstance(source, bytes) else _content(source)
    records = _read(content, name, lambda done, of: tell(_share(done, of, 0, _READ), _WHOLE))
    tell(_READ, _WHOLE)
    return _write(connection, records, now, tell)


def load_dossier(connection: Connection, dossier: Dossier, now: datetime) -> str:
    """Write one dossier to an empty or other registry; gives the id of its school.

    Raises:
        BadInput: names in it cannot be resolved, or the school is there already.
    """
    records, problems = records_of(dossier)
    refuse_if(problems)
    resolver = _resolved(connection, records, now, lambda _done, _total: None)
    for table, rows in resolver.rows.items():
        insert_many(connection, TABLES[table], rows)
    return str(resolver.rows["schools"][0]["id"])


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadInput(
                N_("The file is larger than {limit} MB. Split it in several."),
                limit=MAX_BYTES // 2**20,
            )
        return path.read_bytes()
    except OSError as error:
        raise BadInput(
            N_("The file {name} cannot be opened: {why}."), name=path.name, why=error.strerror
        ) from None


def _read(content: bytes, name: str, progress: Progress) -> Records:
    records = Records()
    ending = name.rpartition(".")[2].lower()
    if ending == "csv":
        refuse_if(read_csv(content, records, progress))
    elif ending == "xlsx":
        refuse_if(read_xlsx(content, records, progress))
    elif ending == "json":
        problems: list[Problem] = []
        for prefix, dossier in read_dossiers(content):
            found, wrong = records_of(dossier, prefix)
            records.add(found)
            problems += wrong
        refuse_if(problems)
    else:
        raise BadInput(
            N_("{name} is of a kind that cannot be imported. Save it as CSV, XLSX or JSON."),
            name=name,
        )
    return records


def _write(connection: Connection, records: Records, now: datetime, tell: Progress) -> Report:
    resolver = _resolved(connection, records, now, tell)
    tell(_RESOLVED, _WHOLE)
    rows = resolver.rows
    total = sum(len(part) for part in rows.values())
    done = 0
    for table, new in rows.items():
        for part in chunks(new, 20_000):
            insert_many(connection, TABLES[table], part)
            done += len(part)
            tell(_share(done, total, _RESOLVED, _WHOLE), _WHOLE)
    tell(_WHOLE, _WHOLE)
    return Report(
        counts={table: len(new) for table, new in rows.items()}, notes=tuple(resolver.notes)
    )


def _resolved(connection: Connection, records: Records, now: datetime, tell: Progress) -> Resolver:
    # The earliest day it is anywhere: whoever works at a school "now" does so on its local day.
    today = (in_utc(now) - timedelta(hours=12)).date()
    resolver = Resolver(connection, records, today)
    done, total = 0, len(records)

    def step(count: int) -> None:
        nonlocal done
        done += count
        tell(_share(done, total, _READ, _RESOLVED), _WHOLE)

    resolver.resolve(step)
    refuse_if(resolver.problems)
    return resolver


def _share(done: int, of: int, first: int, last: int) -> int:
    """Where in the whole a part stands that has come to ``done`` of ``of``."""
    return first + (last - first) * min(done, of) // max(of, 1)
