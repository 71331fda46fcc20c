"""Lists linked by code, completed scans, and the principal's report over them."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from base.clock import VirtualClock
from base.errors import BadInput, NotAllowed, NotFound, NotPossible
from base.i18n import LANGUAGES
from digisnap.areas import areas
from digisnap.forgetting import forget_reports
from digisnap.lists import COMMUNITY, RIGHT, Linked, link
from digisnap.reports import archive, content, make_reports
from digisnap.scans import Scan
from documents.store import FolderStore
from models.cases import Evidence
from models.database import reading, writing
from models.digisnap import Digisnap, DigisnapManager, DigisnapReport, DigisnapScan
from models.registry import OrganisationGroup, OrganisationGroupMember
from notifications.delivery import render
from notifications.templates import Templates
from rules.judge import Judge
from tests.builders import Desk, add, add_grant, add_member, add_school, installed_mails
from tests.documents.papers import text_of
from tests.workflows.quality_labels import settings_book
from tests.workflows.school_rights import give, open_school
from workflows.digisnap_desk import forget_old_reports, my_lists, new_report, scans_arrive
from workflows.process_file import FOLDER
from workflows.publishing import publish

CODE, EVENING = "Digisnap_88Xf2y", "Digisnap_41Qz7b"
TODAY = date(2022, 11, 22)


@pytest.fixture
def both(engine: sqlalchemy.Engine, clock: VirtualClock, judge: Judge) -> Desk:
    return with_lists(open_school(engine, clock, judge))


@pytest.fixture
def here(sqlite_engine: sqlalchemy.Engine, clock: VirtualClock, judge: Judge) -> Desk:
    return with_lists(open_school(sqlite_engine, clock, judge))


def with_lists(desk: Desk) -> Desk:
    """Two lists of the school, one of another in its community, one of a third elsewhere."""
    start = desk.engine.start(
        "digisnap_request", "request", actor_id=desk.extra["principal"],
        organisation_id=desk.school, payload={"lists": "Dag en avond"},
    )  # fmt: skip
    codes = f"{CODE} KS Leuven Dag\n\n{EVENING} KS Leuven Avond"
    desk.fire(start.case["id"], "send_codes", desk.extra["team"], codes=codes)
    desk.extra["request"] = start.case["id"]
    with writing(desk.database) as connection:
        group = add(connection, OrganisationGroup(kind=COMMUNITY, name="SG Leuven"))
        for name, code, grouped in (("Zusterschool", "ZUS", True), ("Elders", "ELD", False)):
            school, _people = add_school(connection, name)
            row = Digisnap(code=code, name=name, organisation_id=school, made_at=desk.clock.now())
            add(connection, row)
            add_member(connection, school, desk.extra["principal"])
            add_grant(connection, desk.extra["principal"], RIGHT, school)
            for member in (desk.school, school) if grouped else ():
                connection.execute(
                    OrganisationGroupMember.__table__.insert(),  # type: ignore[attr-defined]
                    {"organisation_id": member, "kind": COMMUNITY, "group_id": group},
                )
    give(desk, desk.extra["principal"])
    return desk


def linked(desk: Desk, code: str, person: str | None = None) -> Linked:
    with writing(desk.database) as connection:
        now = desk.clock.now()
        return link(connection, person or desk.extra["principal"], code, now, TODAY)


def complete(desk: Desk, code: str, count: int, **other: Any) -> int:
    names = list(areas().areas)
    scans = [
        Scan(**{"reference": f"{code}-{number}", "completed_on": TODAY,
                "scores": dict.fromkeys(names[:5], 40 + number), **other})
        for number in range(count)
    ]  # fmt: skip
    with writing(desk.database) as connection:
        return scans_arrive(connection, desk.engine.tools, desk.extra["team"], code, scans)


def ask(desk: Desk, names: list[str], title: str = "", language: str = "nl") -> str:
    with writing(desk.database) as connection:
        ids = [row["id"] for row in desk.rows(Digisnap) if row["name"] in names]
        return new_report(
            connection, desk.engine.tools, desk.extra["principal"], lists=ids, title=title,
            with_training=True, language=language,
        )  # fmt: skip


def test_from_the_codes_to_the_report(both: Desk, tmp_path: Path) -> None:
    desk, principal = both, both.extra["principal"]
    (mail,) = desk.mails(template="digisnap_request/codes")
    assert mail["context"]["made"]["codes"][0] == {"code": CODE, "name": "KS Leuven Dag"}
    assert CODE not in str(desk.events(desk.extra["request"])), "the log keeps no codes"
    assert (linked(desk, CODE).again, linked(desk, f" {CODE} ").again) == (False, True)
    assert not linked(desk, "ZUS").again
    assert complete(desk, CODE, 3) == complete(desk, CODE, 3) == 3
    complete(desk, "ZUS", 2)
    report = ask(desk, ["KS Leuven Dag", "Zusterschool"], "voorbeeldschool BC")
    files = FolderStore(tmp_path)
    with reading(desk.database) as connection, pytest.raises(NotFound, match="being made"):
        content(connection, files, principal, report, desk.clock.now())
    assert make_reports(desk.database, desk.clock, files) == 1
    assert make_reports(desk.database, desk.clock, files) == 0
    with reading(desk.database) as connection:
        (row,) = archive(connection, principal, desk.clock.now())
        paper = content(connection, files, principal, report, desk.clock.now())
    assert (row["counted"], row["title"]) == (2, "voorbeeldschool BC")
    text = text_of(paper)
    for words in ("voorbeeldschool BC", "KS Leuven Dag", "40,8", "geen cijfer", "KlasCement"):
        assert words in text, words
    assert b"pdfuaid" in paper
    # Without the right nothing of it is there any more.
    (case_id,) = [row["id"] for row in desk.rows_of_cases() if row["process"] == "user_right"]
    desk.fire(case_id, "revoke", principal)
    with reading(desk.database) as connection:
        assert archive(connection, principal, desk.clock.now()) == []
        with pytest.raises(NotFound):
            content(connection, files, principal, report, desk.clock.now())
        names = {one.name for one in my_lists(connection, desk.engine.tools, principal)}
    assert names == {"Zusterschool"}


def test_a_report_is_forgotten_when_its_country_says_so_and_its_file_with_the_last_of_it(
    both: Desk, tmp_path: Path
) -> None:
    desk, files, principal = both, FolderStore(tmp_path), both.extra["principal"]
    linked(desk, CODE)
    complete(desk, CODE, 2)
    alike = [ask(desk, ["KS Leuven Dag"]), ask(desk, ["KS Leuven Dag"])]
    proof = ask(desk, ["KS Leuven Dag"], "Als bewijs")
    assert make_reports(desk.database, desk.clock, files) == 3
    names = {row["id"]: row["sha256"] for row in desk.rows(DigisnapReport)}
    assert names[alike[0]] == names[alike[1]], "two that are alike are one file"
    uploaded = Evidence(
        case_id=desk.extra["request"], field="proof.paper", sha256=names[proof],
        added_at=desk.clock.now(), removed_at=desk.clock.now(),
    )  # fmt: skip
    with writing(desk.database) as connection:
        add(connection, uploaded)
        # The second of those alike was made a day later.
        later = DigisnapReport.__table__.update()  # type: ignore[attr-defined]
        later = later.where(DigisnapReport.id == alike[1])
        connection.execute(later.values(done_at=desk.clock.now() + timedelta(days=1)))

    def forget(days: int) -> int:
        desk.clock.advance(timedelta(days=days))
        return forget_old_reports(desk.database, desk.engine.tools, files)

    assert forget(40) == 0, "while nobody has said how long, they are kept"
    set_kept(desk, 42)
    assert forget(1) == 0
    assert forget(1) == 2, "kept for 42 days, and not a moment longer"
    assert files.has(names[proof]), "evidence is this file, too"
    assert files.has(names[alike[1]]), "a report that is still kept is this file, too"
    with reading(desk.database) as connection:
        with pytest.raises(NotFound, match="not kept any longer"):
            content(connection, files, principal, alike[0], desk.clock.now())
        assert content(connection, files, principal, alike[1], desk.clock.now())
        assert len(archive(connection, principal, desk.clock.now())) == 3
    assert forget(1) == 1
    assert not files.has(names[alike[1]])
    assert files.has(names[proof])
    assert forget(1) == 0
    assert [row["figures"] for row in desk.rows(DigisnapReport)] == [{}, {}, {}]


def set_kept(desk: Desk, days: int) -> None:
    """Flanders says how long reports are kept."""
    values = {"report_min_completed": 2, "answer_within_days": 5, "report_kept_days": days}
    book = settings_book("digisnap_request", {"standing": {"BE-VLG": values}})
    text = (FOLDER / "digisnap_request.yaml").read_text("utf-8")
    with writing(desk.database) as connection:
        publish(
            connection, text, book, mails=installed_mails(), author="test", now=desk.clock.now()
        )


@pytest.mark.parametrize("days", [None, 0, -1])
def test_no_time_is_no_time_to_forget(here: Desk, tmp_path: Path, days: int | None) -> None:
    files = FolderStore(tmp_path)
    linked(here, CODE)
    complete(here, CODE, 2)
    ask(here, ["KS Leuven Dag"])
    make_reports(here.database, here.clock, files)
    later = here.clock.now() + timedelta(days=9999)
    assert forget_reports(here.database, files, later, lambda _: lambda _: days) == 0
    assert forget_reports(here.database, files, later, lambda _: lambda _: 1) == 1


def test_one_that_died_half_way_is_gone_on_with(both: Desk, tmp_path: Path) -> None:
    linked(both, CODE), linked(both, "ZUS")
    complete(both, CODE, 2), complete(both, "ZUS", 2)
    report = ask(both, ["KS Leuven Dag", "Zusterschool"])

    class Full(FolderStore):
        def put(self, content: bytes) -> str:
            raise OSError(28, "No space left on device")

    assert make_reports(both.database, both.clock, Full(tmp_path)) == 0
    (row,) = both.rows(DigisnapReport)
    assert (row["counted"], row["failures"], row["done_at"]) == (2, 1, None)
    files = FolderStore(tmp_path / "files")
    assert make_reports(both.database, both.clock, files) == 0, "not before its pause is over"
    both.clock.advance(timedelta(minutes=1))
    # What is counted is counted: figures do not change any more.
    complete(both, CODE, 9)
    assert make_reports(both.database, both.clock, files) == 1
    (row,) = both.rows(DigisnapReport)
    assert sorted(one["completed"] for one in row["figures"].values()) == [2, 2]
    assert row["id"] == report


def test_an_empty_title_is_the_usual_one(here: Desk) -> None:
    linked(here, CODE)
    complete(here, CODE, 2)
    for language in LANGUAGES:
        ask(here, ["KS Leuven Dag"], "  ", language)
    assert {row["language"]: row["title"] for row in here.rows(DigisnapReport)} == {
        "nl": "Directierapport", "en": "Principal’s report", "fr": "Rapport de direction",
        "de": "Schulleitungsbericht",
    }  # fmt: skip


def test_a_code_links_only_who_has_the_right_there(here: Desk) -> None:
    with pytest.raises(NotAllowed):
        linked(here, CODE, here.extra["ict"])
    for code in ("Digisnap_88xf2y", "nonsense", "", "ZUS' OR 1=1"):
        with pytest.raises(BadInput):
            linked(here, code)
    give(here, here.extra["ict"])
    with pytest.raises(BadInput):
        linked(here, "ZUS", here.extra["ict"])
    assert here.rows_of(DigisnapManager) == []
    linked(here, CODE, here.extra["ict"])
    linked(here, CODE)
    with reading(here.database) as connection:
        (mine,) = my_lists(connection, here.engine.tools, here.extra["principal"])
    assert mine.managers == ("Ivo Claes", "Katrien Bernaerts")


def test_a_report_needs_lists_of_hers_of_one_community_with_enough_scans(here: Desk) -> None:
    for code in (CODE, "ZUS", "ELD"):
        linked(here, code)
        complete(here, code, 2)
    for names, error in (
        ([], BadInput),
        (["KS Leuven Dag", "Elders"], BadInput),
        (["KS Leuven Dag", "KS Leuven Avond"], NotFound),  # not linked
    ):
        with pytest.raises(error):
            ask(here, names)
    linked(here, EVENING)
    for count in (0, 1):
        complete(here, EVENING, count) if count else None
        with pytest.raises(NotPossible, match="KS Leuven Avond"):
            ask(here, ["KS Leuven Dag", "KS Leuven Avond"])
    with pytest.raises(BadInput):
        ask(here, ["KS Leuven Dag"], "x" * 201)
    assert here.rows(DigisnapReport) == []


def test_scans_that_cannot_be_used_are_named_and_none_is_kept(here: Desk) -> None:
    for scan in (
        {"scores": {"assessment": 101}}, {"scores": {"assessment": -1}}, {"scores": {"magic": 1}},
        {"reference": "an@school.example.org"}, {"reference": "same"},
        {"completed_on": date(2022, 11, 23)},
    ):  # fmt: skip
        with pytest.raises(BadInput) as refused:
            complete(here, CODE, 2, **scan)
        assert refused.value.problems, scan
    assert here.rows(DigisnapScan) == []


def test_scans_come_from_the_team_of_the_area(here: Desk) -> None:
    with pytest.raises(NotFound):
        complete(here, "nonsense", 1)
    here.extra["team"] = here.extra["principal"]
    with pytest.raises(NotAllowed):
        complete(here, CODE, 1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_mail_is_written_whether_or_not_its_step_was_given_a_reason(
    here: Desk, language: str
) -> None:
    """What a step asks without requiring it may be left out; its mails go out all the same."""
    here.engine.start(
        "digisnap_request", "request", actor_id=here.extra["principal"],
        organisation_id=here.school,
    )  # fmt: skip
    here.fire(give(here, here.extra["ict"]), "revoke", here.extra["principal"])
    templates = Templates()
    for name in ("digisnap_request/requested", "user_right/revoked"):
        mail = {**here.mails(template=name)[-1], "language": language}
        assert render(templates, mail).text


def test_codes_that_cannot_be_sent_make_no_list(here: Desk) -> None:
    again = here.engine.start(
        "digisnap_request", "request", actor_id=here.extra["principal"],
        organisation_id=here.school,
    )  # fmt: skip
    for codes in (
        "Digisnap_1", f"{CODE} Nog eens", "A Dag\nA Avond", "A Dag\nB", f"{'x' * 61} Dag",
    ):  # fmt: skip
        with pytest.raises(BadInput) as refused:
            here.fire(again.case["id"], "send_codes", here.extra["team"], codes=codes)
        assert len(refused.value.problems) == 1, codes
    assert len(here.rows(Digisnap)) == 4
