from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest

from base.canonical import sha256
from base.errors import BadDefinition, BadInput, Conflict, NotAllowed, NotFound, NotPossible
from models.cases import Definition, Release
from models.database import reading, writing
from models.drafts import Draft
from rules.book import RuleBook
from tests.builders import PROCESS, Desk, add_grant, add_person, installed_mails
from workflows import drafts
from workflows.administering import Administrator, administrator
from workflows.files_in_force import files_in_force
from workflows.impact import impact
from workflows.installed import conflicts, installed_files, publish_beside_desk
from workflows.publishing import File, Library
from workflows.publishing_drafts import publish_draft

ROUND: File = ("round", "school_label/2023-2024")


class Office:
    """Two administrators of everything, one of Flanders, and what they do."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.library = desk, Library()
        with writing(desk.database) as connection:
            people = []
            for name, scope in (("Ada", "*"), ("Bram", "*"), ("Nele", "BE")):
                person = add_person(connection, name)
                add_grant(connection, person, "administrator", scope)
                found = administrator(connection, person, self.now.date())
                assert found is not None
                people.append(found)
        self.ada, self.bram, self.nele = people

    @property
    def now(self) -> Any:
        return self.desk.clock.now()

    def text(self, file: File, day: date | None = None) -> str:
        with reading(self.desk.database) as connection:
            return files_in_force(connection, self.library, day or self.now.date()).text(file)

    def begin(self, file: File, text: str, who: Administrator | None = None, **more: Any) -> str:
        base = more.pop("base", None) or self.text(file)
        with writing(self.desk.database) as connection:
            return drafts.begin(connection, who or self.ada, file, text, base, self.now,
                                **{"why": "Nieuwe dag.", **more})  # fmt: skip

    def row(self, draft: str) -> dict[str, Any]:
        (row,) = self.desk.rows(Draft, id=draft)
        return row

    def propose(self, draft: str, day: date | None = None, **more: Any) -> None:
        day = day or self.now.date()
        with writing(self.desk.database) as connection:
            drafts.propose(
                connection, self.ada, draft, self.row(draft)["version"], self.now, first_day=day,
                beside=files_in_force(connection, self.library, day), mails=installed_mails(),
                **more,
            )  # fmt: skip

    def publish(self, draft: str, who: Administrator | None = None) -> dict[str, int]:
        with writing(self.desk.database) as connection:
            return publish_draft(
                connection, self.library, installed_mails(), who or self.bram, draft,
                self.row(draft)["version"], self.now,
            )  # fmt: skip

    def through(self, file: File, text: str, day: date | None = None) -> dict[str, int]:
        draft = self.begin(file, text, base=self.text(file, day))
        self.propose(draft, day)
        return self.publish(draft)

    def value(self, name: str, day: date) -> Any:
        with reading(self.desk.database) as connection:
            published = self.library.in_force(connection, "school_label", day)
            return published.values("2023-2024", "BE-VLG")[name]

    def restart(self, text: str | None = None, book: RuleBook | None = None) -> None:
        with writing(self.desk.database) as connection:
            publish_beside_desk(
                connection, "school_label", text or PROCESS.read_text("utf-8"),
                book or RuleBook.from_folder(), mails=installed_mails(), author="installation",
                now=self.now, file="school_label.yaml",
            )  # fmt: skip


def test_one_proposes_another_publishes_and_it_is_in_force_on_its_day(desk: Desk) -> None:
    office = Office(desk)
    case_id = desk.draft()
    today = office.now.date()
    later = today + timedelta(days=10)
    text = office.text(ROUND).replace("min_active_teachers: 3 ", "min_active_teachers: 2 ")
    draft = office.begin(ROUND, text)
    office.propose(draft, later)
    for who in (office.ada, office.nele):
        with pytest.raises((NotAllowed, NotFound)):
            office.publish(draft, who)
    assert office.publish(draft) == {"school_label": 2}
    with pytest.raises(NotPossible):
        office.publish(draft)
    row = office.row(draft)
    assert (row["status"], row["first_day"], row["decided_by"]) == (
        "published", later, office.bram.person_id
    )  # fmt: skip
    assert row["installed_sha256"] == sha256(installed_files()[ROUND])
    assert office.value("min_active_teachers", later - timedelta(days=1)) == 3
    assert office.value("min_active_teachers", later) == 2
    (kept,) = desk.rows_of(Definition, sha256=sha256(text))
    assert (kept["author"], kept["approver"]) == ("Ada", "Bram")
    assert desk.case(case_id)["release_id"] == desk.published.id

    # Something else from today on: what comes later stays, with it in it; and one can go back.
    first = office.text(ROUND)
    assert office.through(ROUND, first.replace("judge_within_days: 10", "judge_within_days: 9"))
    assert office.value("judge_within_days", today) == 9
    assert office.value("min_active_teachers", today) == 3
    assert office.value("min_active_teachers", later) == 2
    office.through(ROUND, first)
    assert office.value("judge_within_days", today) == 10
    assert office.value("min_active_teachers", later) == 2
    numbers = [row["number"] for row in desk.rows(Release, process="school_label")]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))

    # The program starts again: nothing of the desk is overridden.
    before = desk.rows(Release)
    office.restart()
    assert desk.rows(Release) == before
    with reading(desk.database) as connection:
        assert conflicts(connection) == []


def test_an_update_of_the_program_overrides_nothing_in_silence(
    sqlite_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = Office(sqlite_desk)
    text = office.text(ROUND)
    office.through(ROUND, text.replace("judge_within_days: 10", "judge_within_days: 9"))
    today = office.now.date()
    newer = {**installed_files(), ROUND: text.replace("late_amend_days: 0", "late_amend_days: 1")}
    monkeypatch.setattr("workflows.installed.installed_files", lambda: newer)
    monkeypatch.setattr("workflows.drafts.installed_files", lambda: newer)
    book = RuleBook.from_texts({"x.yaml": newer[ROUND]})
    book.add_missing(RuleBook.from_folder())
    process = PROCESS.read_text("utf-8") + "\n# An update.\n"
    office.restart(process, book)
    assert office.text(("process", "school_label")) == process
    assert office.value("judge_within_days", today) == 9
    assert office.value("late_amend_days", today) == 0
    with reading(office.desk.database) as connection:
        (found,) = conflicts(connection)
    assert (found.file, found.installed) == (ROUND, newer[ROUND])
    office.through(ROUND, newer[ROUND].replace("judge_within_days: 10", "judge_within_days: 9"))
    with reading(office.desk.database) as connection:
        assert conflicts(connection) == []
    assert office.value("late_amend_days", today) == 1


def test_what_cannot_be_proposed_or_published(sqlite_desk: Desk) -> None:
    office = Office(sqlite_desk)
    text, today = office.text(ROUND), office.now.date()
    changed = text.replace("judge_within_days: 10", "judge_within_days: 9")
    with pytest.raises(BadInput, match="why"):
        office.propose(office.begin(ROUND, changed, why=" "))
    with pytest.raises(BadInput, match="past"):
        office.propose(office.begin(ROUND, changed), today - timedelta(days=1))
    with pytest.raises(BadInput, match="Nothing is changed"):
        office.propose(office.begin(ROUND, text))
    broken = office.begin(ROUND, text.replace("closes: 2023-01-31}", "closes: 2022-01-31}"))
    with pytest.raises(BadDefinition) as caught:
        office.propose(broken)
    line = text.splitlines().index(next(x for x in text.splitlines() if "first_window:" in x))
    assert [remark.line for remark in caught.value.remarks] == [line + 1]
    with pytest.raises(BadDefinition):
        office.propose(office.begin(ROUND, text.replace(", de: Siegel 2023-2024", "")))
    # A rule file may leave a language out, but not unknown to who proposes it.
    rules: File = ("rule_set", "school_label/first_window")
    few = re.sub(r", de: [^}]*}", "}", office.text(rules)) + "languages: [en, nl, fr]\n"
    gappy = office.begin(rules, few)
    with pytest.raises(BadInput, match="missing"):
        office.propose(gappy)
    office.propose(gappy, gaps_known=True)
    # The file in force has moved on meanwhile.
    late = office.begin(ROUND, text.replace("late_amend_days: 0", "late_amend_days: 3"))
    office.through(ROUND, changed)
    with pytest.raises(Conflict):
        office.propose(late)
    with pytest.raises(Conflict), writing(sqlite_desk.database) as connection:
        drafts.save(connection, office.ada, late, 7, office.now, text="x", why="")
    with pytest.raises(NotAllowed):
        office.begin(ROUND, text, office.nele)


def test_the_impact_of_a_round_is_judged_from_the_facts_that_were_kept(desk: Desk) -> None:
    office = Office(desk)
    desk.submitted()
    text = office.text(ROUND)
    strict = text.replace("min_active_teachers: 3 ", "min_active_teachers: 4 ")
    since = text.replace("activity_since: 2020-09-01", "activity_since: 2021-09-01")
    found = {}
    for name, changed in (("same", text), ("strict", strict), ("since", since)):
        book = RuleBook()
        content = book.add(changed, "x.yaml")
        with reading(desk.database) as connection:
            book.add_missing(files_in_force(connection, office.library, office.now.date()).book)
            found[name] = impact(connection, content, book, office.now)
            with pytest.raises(BadInput):
                impact(connection, content, book, office.now, against="1999")
    assert found["same"].changes == 0 < found["same"].looked_at
    (one,) = found["strict"].changed
    assert (one.name, one.before, one.after, one.looked_up) == ("Sint-Jan", "met", "unmet", ())
    assert one.findings == {"enough_active_teachers": ("met", "unmet")}
    (one,) = found["since"].changed
    assert one.after == "unmet"
    assert one.looked_up == ("active_teachers",)


def test_the_day_of_a_start_that_is_changed_is_waited_for_instead(sqlite_desk: Desk) -> None:
    from workflows.sweep import prepare  # noqa: PLC0415

    office = Office(sqlite_desk)
    text = office.text(ROUND)
    later = text.replace("snapshot: 2022-11-23", "snapshot: 2022-11-30")
    later = later.replace("first_window: {opens: 2022-11-23,", "first_window: {opens: 2022-11-30,")
    office.through(ROUND, later)
    prepare(sqlite_desk.engine)
    sqlite_desk.until(2022, 11, 29, 12)
    assert sqlite_desk.rows_of_cases() == []
    sqlite_desk.until(2022, 11, 30, 12)
    assert len(sqlite_desk.rows_of_cases()) == 1
