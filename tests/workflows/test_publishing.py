from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from base.errors import BadDefinition, NotFound
from models.cases import Definition, Release
from models.database import reading, writing
from notifications.templates import Templates
from rules.book import RuleBook
from tests.builders import PROCESS, Desk
from workflows.publishing import Library, Published, publish, read_release
from workflows.sweep import prepare

#: On the first day of a release, and the day before.
DAYS = timedelta(0), timedelta(days=1)
TEXT = PROCESS.read_text(encoding="utf-8")


def publish_text(desk: Desk, text: str, **more: Any) -> Published:
    with writing(desk.database) as connection:
        return publish(
            connection, text, RuleBook.from_folder(), mails=Templates(), author="An",
            now=desk.clock.now(), **more,
        )  # fmt: skip


def test_publishing_what_is_in_force_changes_nothing(desk: Desk) -> None:
    before = desk.rows(Release)
    assert publish_text(desk, TEXT).id == desk.published.id
    assert desk.rows(Release) == before


def test_a_release_keeps_every_text_it_uses_under_its_hash(desk: Desk) -> None:
    with reading(desk.database) as connection:
        table = Definition.__table__  # type: ignore[attr-defined]
        kept = {row.sha256: row.text for row in connection.execute(table.select())}
        again = read_release(connection, desk.published.id)
    parts = desk.published.parts
    hashes = [parts["process"], *parts["rule_sets"].values(), *parts["rounds"].values()]
    assert sorted(kept) == sorted(hashes)
    assert kept[parts["process"]] == TEXT
    assert again.process == desk.published.process


def test_a_case_is_run_to_its_end_by_the_release_it_began_with(desk: Desk) -> None:
    case_id = desk.submitted()
    changed = TEXT.replace("mail: {approved: teacher}", "mail: {approved: applicant}")
    assert changed != TEXT
    newer = publish_text(desk, changed)
    assert newer.number == 2
    desk.fire(case_id, "approve", desk.reviewer)
    assert len(desk.mails(template="school_label/approved")) == 3


def test_one_mail_per_person_where_one_step_would_send_two(desk: Desk) -> None:
    changed = TEXT.replace(
        "mail: {withdrawn: applicant}", "mail: {withdrawn: applicant, expired: teacher}"
    )
    assert changed != TEXT
    publish_text(desk, changed)
    case_id = desk.draft()
    desk.fire(case_id, "withdraw", desk.teachers[0])
    got = {
        mail["person_id"]: mail["template"].rpartition("/")[2]
        for mail in desk.mails(case_id=case_id)
        if mail["template"].endswith(("withdrawn", "expired"))
    }
    assert got == {
        desk.teachers[0]: "withdrawn", desk.teachers[1]: "expired", desk.teachers[2]: "expired",
    }  # fmt: skip
    assert len(desk.mails(template="school_label/expired")) == 2


def test_a_release_waits_for_its_first_day(desk: Desk) -> None:
    newer = publish_text(desk, TEXT + "\n# later\n", in_force_from=date(2023, 1, 1))
    library = Library()
    with reading(desk.database) as connection:
        today = library.in_force(connection, "school_label", date(2022, 12, 31))
        later = library.in_force(connection, "school_label", date(2023, 1, 1))
        with pytest.raises(NotFound):
            library.in_force(connection, "school_label", date(2020, 1, 1))
        assert [one.id for one in library.all_in_force(connection, date(2023, 1, 1))] == [newer.id]
        assert [one.id for one in library.all_in_force(connection, date(2022, 12, 31))] == [
            today.id
        ]
    assert (today.id, later.id) == (desk.published.id, newer.id)


def test_a_process_whose_first_day_is_to_come_stops_nothing_today(desk: Desk) -> None:
    text = PROCESS.with_name("group_creation.yaml").read_text(encoding="utf-8")
    publish_text(desk, text, in_force_from=date(2023, 1, 1))
    prepare(desk.engine)
    with reading(desk.database) as connection:
        running = desk.engine.tools.library.all_in_force(connection, date(2022, 12, 31))
    assert [one.process.process for one in running] == ["school_label"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    to: draft\n", "    to: drafd\n"),
        ("guard: [school_label/evaluation]", "guard: [school_label/evalution]"),
        ("mail: {lapsed: teacher}", "mail: {gone: teacher}"),
    ],
)
def test_a_file_with_an_error_is_not_published_and_what_is_in_force_stays(
    desk: Desk, old: str, new: str
) -> None:
    before = desk.rows(Release)
    with pytest.raises(BadDefinition) as refused:
        publish_text(desk, TEXT.replace(old, new))
    assert refused.value.remarks
    assert all(remark.line > 1 for remark in refused.value.remarks)
    assert desk.rows(Release) == before
