"""Published definitions: what is in force, and what a case pins.

Publishing keeps the text of the process file and of every rule set and round it uses, each under
its hash, and makes a *release* of them. A case belongs to the release it started with; a later
release does not touch it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row, and_, func, select
from transitions import Machine

from base.canonical import hash_of, sha256
from base.errors import BadDefinition, NotFound
from base.i18n import N_
from base.ids import new_id
from models.cases import Definition, Release
from models.writes import insert_new
from rules.book import RuleBook
from rules.checking import check_book
from workflows.checking import check_process
from workflows.definition import Process
from workflows.known import Mails, known_to
from workflows.machine import machine_of
from workflows.process_file import read_process

#: A file by what it is (process, rule_set or round) and its name.
File: TypeAlias = tuple[str, str]

_definition = Definition.__table__  # type: ignore[attr-defined]
_release = Release.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class Published:
    """One release, read and ready to run."""

    id: str
    number: int
    process: Process
    #: The rule sets and rounds of the release, and no others.
    book: RuleBook
    #: {"process": sha256, "rule_sets": {name: sha256}, "rounds": {name: sha256}}
    parts: Mapping[str, Any]
    #: The first day on which cases that begin take it.
    in_force_from: date = date.min

    @cached_property
    def machine(self) -> Machine:
        """The state machine."""
        return machine_of(self.process)

    def values(self, round_name: str | None, area: str) -> Mapping[str, Any]:
        """The values of a round in an area; empty without a round.

        Raises:
            NotFound: the release has no such round.
        """
        if round_name is None or self.process.round is None:
            return {}
        key = f"{self.process.round}/{round_name}"
        if key not in self.parts["rounds"]:
            raise NotFound(
                N_("There is no round {round}. There are: {rounds}."),
                round=round_name, rounds=", ".join(self.rounds) or "–",
            )  # fmt: skip
        values: Mapping[str, Any] = self.book.round(key).values(area)
        return values

    def values_of(self, case: Mapping[str, Any]) -> Mapping[str, Any]:
        """The values of a case's round in its area."""
        return self.values(case["round"], case["area"])

    def round_title(self, round_name: str) -> Mapping[str, str] | str:
        """What people call a round: by its name if its title only puts a word before it.

        So it stands well behind the name of a label: eTwinning School Label 2023-2024.
        """
        title: Mapping[str, str] = self.book.round(f"{self.process.round}/{round_name}").title
        return round_name if all(round_name in text for text in title.values()) else title

    def round_on(self, day: date) -> str | None:
        """The round of cases that name none: the newest that holds on ``day``; None without one."""
        if self.process.round is None:
            return None
        calls = [self.book.round(key) for key in self.parts["rounds"]]
        holding = [one for one in calls if one.first_day and one.first_day <= day]
        return max(holding, key=lambda one: one.first_day).round if holding else None

    @property
    def rounds(self) -> list[str]:
        """The names of the rounds, oldest first."""
        return sorted(key.rpartition("/")[2] for key in self.parts["rounds"])


def rule_sets_of(process: Process) -> list[str]:
    """The rule sets a process names, in order of name."""
    steps = [*process.starts.values(), *process.transitions.values()]
    return sorted({name for step in steps for name in step.rule_sets})


def publish(
    connection: Connection, text: str, book: RuleBook, *, mails: Mails, author: str, now: datetime,
    in_force_from: date | None = None, approver: str = "", file: str = "process",
    again: bool = False, untried: Collection[str] = (),
) -> Published:  # fmt: skip
    """Publish a process file with the rule sets and rounds of ``book`` that it uses.

    Publishing what is in force already changes nothing and gives it back.

    Arguments:
        text: the process file.
        mails: the mail templates there are.
        author: who publishes.
        in_force_from: first day new cases take it; today when left out.
        again: whether what was published before, and is not in force on that day, comes into force
            a second time; it is given back as it is otherwise.
        untried: rule sets whose examples need not come out. Those of a text that was published
            before never need to: they came out with the rounds there were then, and a round that
            is changed since does not make them wrong.

    Raises:
        BadDefinition: the process file has errors; nothing was published.
    """
    process, located = read_process(text, file)
    wrong = [
        remark
        for remark in check_process(process, located, known_to(book, mails))
        if remark.severity == "error"
    ]
    before = {*untried, *_published_before(connection, book)}
    wrong += [remark for remark in check_book(book, before) if remark.severity == "error"]
    if wrong:
        raise BadDefinition(N_("The process file has errors."), wrong)
    rule_sets = {name: book.rule_set(name) for name in rule_sets_of(process)}
    calls = book.rounds(process.round) if process.round else []
    rounds = [f"{call.calendar}/{call.round}" for call in calls]
    texts = {
        ("process", process.process): text,
        **{("rule_set", name): book.text_of(name) for name in rule_sets},
        **{("round", name): book.text_of(name) for name in rounds},
    }
    parts: dict[str, Any] = {
        "process": sha256(text),
        "rule_sets": {name: sha256(texts["rule_set", name]) for name in rule_sets},
        "rounds": {name: sha256(texts["round", name]) for name in rounds},
    }
    first_day = in_force_from or now.date()
    while known := _known(connection, process.process, hash_of(parts)):
        if not again or known.id == release_on(connection, process.process, first_day):
            return read_release(connection, known.id)
        # It comes back: a release of its own, which says of which one it has the content.
        parts["returns_to"] = known.number
    whole = hash_of(parts)
    insert_new(
        connection,
        _definition,
        [
            {
                "sha256": sha256(content), "kind": kind, "name": name, "text": content,
                "published_at": now, "author": author, "approver": approver,
            }
            for (kind, name), content in texts.items()
        ],
    )  # fmt: skip
    number = newest(connection, process.process)
    release_id = new_id()
    connection.execute(
        _release.insert(),
        {
            "id": release_id, "process": process.process, "number": number + 1, "sha256": whole,
            "parts": parts, "in_force_from": first_day, "published_at": now,
            "author": author,
        },
    )  # fmt: skip
    return read_release(connection, release_id)


def _published_before(connection: Connection, book: RuleBook) -> list[str]:
    """The rule sets of ``book`` whose very text was published before."""
    hashes = {sha256(book.text_of(one.name)): one.name for one in book.rule_sets()}
    known = select(_definition.c.sha256).where(_definition.c.sha256.in_(hashes))
    return [hashes[sha] for sha in connection.execute(known).scalars()]


def newest(connection: Connection, process: str) -> int:
    """The number of the last release of ``process``; 0 where there is none."""
    query = select(func.coalesce(func.max(_release.c.number), 0))
    return int(connection.execute(query.where(_release.c.process == process)).scalar_one())


def _known(connection: Connection, process: str, sha: str) -> Row[Any] | None:
    return connection.execute(
        select(_release.c.id, _release.c.number).where(
            _release.c.process == process, _release.c.sha256 == sha
        )
    ).first()


def release_on(connection: Connection, process: str, day: date) -> str | None:
    """The id of the newest release of ``process`` whose first day has come on ``day``."""
    found: str | None = connection.execute(
        select(_release.c.id)
        .where(_release.c.process == process, _release.c.in_force_from <= day)
        .order_by(_release.c.number.desc())
        .limit(1)
    ).scalar()
    return found


def days_to_come(connection: Connection, process: str, day: date) -> list[date]:
    """The first days of the releases of ``process`` that come into force after ``day``."""
    query = select(_release.c.in_force_from).where(
        _release.c.process == process, _release.c.in_force_from > day
    )
    return sorted(set(connection.execute(query).scalars()))


def texts_of(connection: Connection, published: Published) -> dict[File, str]:
    """The text of every file of a release, by kind and name."""
    parts = published.parts
    hashes = {("process", published.process.process): parts["process"]}
    hashes |= {("rule_set", name): sha for name, sha in parts["rule_sets"].items()}
    hashes |= {("round", name): sha for name, sha in parts["rounds"].items()}
    rows = connection.execute(
        select(_definition.c.sha256, _definition.c.text).where(
            _definition.c.sha256.in_(set(hashes.values()))
        )
    )
    texts = {row.sha256: row.text for row in rows}
    return {file: texts[sha] for file, sha in hashes.items()}


def read_release(connection: Connection, release_id: str) -> Published:
    """One release.

    Raises:
        NotFound: there is none of that id.
    """
    row = connection.execute(select(_release).where(_release.c.id == release_id)).mappings().first()
    if row is None:
        raise NotFound(N_("This version of the process is not published."))
    parts = row["parts"]
    hashes = [parts["process"], *parts["rule_sets"].values(), *parts["rounds"].values()]
    found = connection.execute(
        select(_definition.c.sha256, _definition.c.text).where(_definition.c.sha256.in_(hashes))
    )
    texts = {line.sha256: line.text for line in found}
    process, _located = read_process(texts[parts["process"]], f"{row['process']}.yaml")
    book = RuleBook.from_texts(
        {
            **{name: texts[sha] for name, sha in parts["rule_sets"].items()},
            **{name: texts[sha] for name, sha in parts["rounds"].items()},
        }
    )
    return Published(
        id=row["id"], number=row["number"], process=process, book=book, parts=parts,
        in_force_from=row["in_force_from"],
    )  # fmt: skip


class Library:
    """The releases of one database, each read once: a release never changes."""

    def __init__(self) -> None:
        self._read: dict[str, Published] = {}

    def release(self, connection: Connection, release_id: str) -> Published:
        """The release of that id (see :func:`read_release`)."""
        if release_id not in self._read:
            self._read[release_id] = read_release(connection, release_id)
        return self._read[release_id]

    def in_force(self, connection: Connection, process: str, day: date) -> Published:
        """The newest release of ``process`` whose first day has come.

        Raises:
            NotFound: none is in force.
        """
        found = release_on(connection, process, day)
        if found is None:
            raise NotFound(N_("No process {process} is in force."), process=process)
        return self.release(connection, found)

    def all_in_force(self, connection: Connection, day: date) -> list[Published]:
        """What is in force on ``day``, by name; without what has its first day still to come."""
        newest = (
            select(_release.c.process, func.max(_release.c.number).label("number"))
            .where(_release.c.in_force_from <= day)
            .group_by(_release.c.process)
            .subquery()
        )
        here = and_(_release.c.process == newest.c.process, _release.c.number == newest.c.number)
        query = select(_release.c.id).join(newest, here).order_by(_release.c.process)
        return [self.release(connection, id_) for id_ in connection.execute(query).scalars()]

    def processes(self, connection: Connection) -> list[str]:
        """The names of all processes ever published."""
        query = select(_release.c.process).distinct().order_by(_release.c.process)
        return list(connection.execute(query).scalars())
