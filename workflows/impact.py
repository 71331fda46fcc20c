"""What a changed rule or round file would do to the cases there are.

Every decision that was kept has the facts it saw. They are judged again by the changed file; a fact
that the file asks for differently (since another day, say) is looked up anew, as it is today.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from base.days import zone_of
from base.errors import BadInput
from base.i18n import N_
from models.cases import Case, Decision, Definition
from models.reads import rows_of
from models.registry import Organisation
from models.sql import among
from rules.binding import bind
from rules.book import RuleBook
from rules.criteria import BoundRuleSet, overall
from rules.facts import Subject, gather
from rules.reference import decide_reference
from rules.round_file import Round
from rules.rule_file import RuleSet
from workflows.kept import pinned_book, typed_facts
from workflows.parties import add_parties
from workflows.subjects import name_of, named_cases

#: Decisions judged together.
CHUNK = 2000
#: Changed decisions that are named; all are counted.
NAMED = 200

_decision = Decision.__table__  # type: ignore[attr-defined]
_definition = Definition.__table__  # type: ignore[attr-defined]
_case = Case.__table__  # type: ignore[attr-defined]
_organisation = Organisation.__table__  # type: ignore[attr-defined]

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Changed:
    """A decision that would come out differently."""

    decision_id: str
    case_id: str | None
    organisation_id: str | None
    #: What people call the case or the school.
    name: str
    rule_set: str
    round: str | None
    before: str
    after: str
    #: Criteria whose finding changes: name -> (before, after); empty is “does not apply”.
    findings: Mapping[str, tuple[str, str]]
    #: Facts that were looked up anew.
    looked_up: tuple[str, ...]


@dataclass(kw_only=True)
class Impact:
    """What would change."""

    #: The last decision of each case or school on each rule set.
    looked_at: int = 0
    #: (before, after) -> how many.
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    #: Those whose outcome changes, the first of them.
    changed: list[Changed] = field(default_factory=list)

    @property
    def changes(self) -> int:
        """How many come out differently."""
        return sum(count for (before, after), count in self.counts.items() if before != after)


def impact(
    connection: Connection, content: RuleSet | Round, book: RuleBook, now: datetime,
    *, against: str | None = None, progress: Callable[[int, int], None] | None = None,
) -> Impact:  # fmt: skip
    """What the changed file ``content`` would do to what was decided.

    Arguments:
        book: the rule sets and rounds in force, with the changed file in its place.
        against: only the cases of this round; of all if left out.
        progress: is told how many of how many decisions are done.

    Raises:
        BadInput: no case of that round was ever decided by this file.
    """
    query = _concerned(content)
    if against:
        query = query.where(_decision.c.round == against)
    total = connection.execute(select(func.count()).select_from(query.subquery())).scalar_one()
    if against and not total:
        raise BadInput(N_("Nothing was decided by this file in the round {round}."), round=against)
    found = Impact()
    for rows in _pages(connection, query):
        _judge(connection, rows, book, now, found)
        if progress:
            progress(found.looked_at, total)
    _name(connection, found)
    return found


def _concerned(content: RuleSet | Round) -> Select[Any]:
    """The last decision of each case (or school, before it has one) on each rule set."""
    where = [_decision.c.rule_set == content.name]
    if isinstance(content, Round):
        of_round = select(_definition.c.sha256).where(
            _definition.c.kind == "round", _definition.c.name == content.name
        )
        where = [_decision.c.round_sha256.in_(of_round)]
    whose = (_decision.c.case_id, _decision.c.organisation_id, _decision.c.rule_set)
    last = select(func.max(_decision.c.id).label("id")).where(*where).group_by(
        *whose, _decision.c.round
    ).subquery()  # fmt: skip
    return select(_decision).join(last, _decision.c.id == last.c.id)


def _pages(connection: Connection, query: Select[Any]) -> Iterator[list[dict[str, Any]]]:
    after = ""
    while True:
        rows = connection.execute(
            query.where(_decision.c.id > after).order_by(_decision.c.id).limit(CHUNK)
        )
        page = rows_of(rows)
        if page:
            yield page
        if len(page) < CHUNK:
            return
        after = page[-1]["id"]


def _judge(
    connection: Connection, rows: Sequence[Row], book: RuleBook, now: datetime, found: Impact
) -> None:
    groups: dict[tuple[str, str | None, str], list[Row]] = {}
    for row in rows:
        key = row["rule_set_sha256"], row["round_sha256"], row["area"]
        groups.setdefault(key, []).append(row)
    for (rule_set_sha, round_sha, area), there in groups.items():
        pinned = pinned_book(connection, rule_set_sha, round_sha)
        calls = pinned.rounds()
        old = bind(pinned.rule_sets()[0], calls[0].values(area) if calls else {})
        values = book.round(calls[0].name).values(area) if calls else {}
        new = bind(book.rule_set(there[0]["rule_set"]), values)
        asked = {request.key: request for request in old.facts}
        anew = tuple(one.key for one in new.facts if asked.get(one.key) != one)
        facts = [
            {key: value for key, value in typed_facts(old, row["facts"]).items() if key in asked}
            for row in there
        ]
        if anew:
            _look_up(connection, new, there, facts, anew, now)
        wanted = {request.key for request in new.facts}
        given = [{k: v for k, v in one.items() if k in wanted} for one in facts]
        for row, outcomes in zip(there, decide_reference(new, given), strict=True):
            _count(row, {name: str(value) for name, value in outcomes.items()},
                   str(overall(outcomes)), anew, found)  # fmt: skip


def _look_up(
    connection: Connection, bound: BoundRuleSet, rows: Sequence[Row],
    facts: Sequence[dict[str, Any]], anew: Sequence[str], now: datetime,
) -> None:  # fmt: skip
    today = gather(connection, bound, _subjects(connection, rows), now)
    for known, found in zip(facts, today, strict=True):
        known.update({key: found.get(key) for key in anew})


def _subjects(connection: Connection, rows: Sequence[Row]) -> list[Subject]:
    ids = [row["case_id"] for row in rows if row["case_id"]]
    query = named_cases().where(among(connection, _case.c.id, ids))
    cases = {row["id"]: dict(row) for row in connection.execute(query).mappings()} if ids else {}
    add_parties(connection, list(cases.values()))
    schools = [row["organisation_id"] for row in rows if not row["case_id"]]
    known = select(_organisation.c.id, _organisation.c.zone).where(
        among(connection, _organisation.c.id, [one for one in schools if one])
    )
    zones = {row.id: row.zone for row in connection.execute(known)} if any(schools) else {}
    return [_subject(row, cases.get(row["case_id"]), zones) for row in rows]


def _subject(row: Row, case: Row | None, zones: Mapping[str, str | None]) -> Subject:
    if case is None:
        zone = zones.get(row["organisation_id"]) or zone_of(row["area"]).key
        return Subject(
            key=row["id"], organisation_id=row["organisation_id"], round=row["round"],
            process=row["rule_set"].partition("/")[0], area=row["area"], zone=zone,
        )  # fmt: skip
    parties = {
        name: party["person_id"] or party["organisation_id"] or party["project_id"]
        for name, party in case["parties"].items()
    }
    return Subject(
        key=row["id"], organisation_id=case["organisation_id"], person_id=case["person_id"],
        project_id=case["project_id"], case_id=case["id"], process=case["process"],
        round=case["round"], parties=parties, area=case["area"], zone=case["zone"],
    )  # fmt: skip


def _count(
    row: Row, findings: Mapping[str, str], outcome: str, anew: tuple[str, ...], found: Impact
) -> None:
    found.looked_at += 1
    found.counts[row["outcome"], outcome] += 1
    if row["outcome"] == outcome or len(found.changed) >= NAMED:
        return
    names = dict.fromkeys([*row["findings"], *findings])
    differ = {
        name: (row["findings"].get(name, ""), findings.get(name, ""))
        for name in names
        if row["findings"].get(name) != findings.get(name)
    }
    found.changed.append(
        Changed(
            decision_id=row["id"], case_id=row["case_id"], organisation_id=row["organisation_id"],
            name="", rule_set=row["rule_set"], round=row["round"], before=row["outcome"],
            after=outcome, findings=differ, looked_up=anew,
        )
    )  # fmt: skip


def _name(connection: Connection, found: Impact) -> None:
    """Add what people call each case or school."""
    cases = {one.case_id for one in found.changed if one.case_id}
    names: dict[str, str] = {}
    if cases:
        query = named_cases().where(_case.c.id.in_(cases))
        rows = rows_of(connection.execute(query))
        names |= {row["id"]: name_of(row) for row in rows}
    schools = {one.organisation_id for one in found.changed if one.organisation_id}
    if schools:
        query = select(_organisation.c.id, _organisation.c.name).where(
            _organisation.c.id.in_(schools)
        )
        names |= {row.id: row.name for row in connection.execute(query)}
    found.changed = [
        replace(
            one, name=names.get(one.case_id or "") or names.get(one.organisation_id or "") or "–"
        )
        for one in found.changed
    ]
