from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from base.clock import ShiftedClock, VirtualClock
from models.cases import Timer
from models.database import writing
from models.messages import Mail
from notifications.carriers import FolderCarrier
from notifications.delivery import Post, deliver
from notifications.message import Sender
from tests.builders import Desk, add_grant, add_person, installed_mails
from tests.web.conftest import As, client_as, context_of
from web.pages.mailbox import in_words
from workflows.engine import Engine
from workflows.moving import mover
from workflows.sweep import next_due

API = "/api/v1"
_mail = Mail.__table__  # type: ignore[attr-defined]


def post_of(desk: Desk, folder: Path) -> Post:
    return Post(
        database=desk.database, clock=desk.clock, templates=installed_mails(),
        sender=Sender(address="Keurmerk <keurmerk@example.org>", reply_to={}),
        carrier=lambda: FolderCarrier(folder / "mail"),
    )  # fmt: skip


def administrator(desk: Desk, name: str = "Ada", scope: str = "*") -> str:
    with writing(desk.database) as connection:
        person = add_person(connection, name)
        add_grant(connection, person, "administrator", scope)
    return person


def test_a_mail_is_read_in_each_language_and_sent_again(
    desk: Desk, as_: As, tmp_path: Path
) -> None:
    desk.submitted()
    desk.clock.advance(timedelta(minutes=1))
    deliver(post_of(desk, tmp_path))
    staff, teacher = as_(desk.reviewer), as_(desk.teachers[0])
    (mail,) = desk.mails(template="school_label/submitted", person_id=desk.teachers[0])
    page = staff.get(f"/mailbox/{mail['id']}?shown=de", headers={"accept-language": "en"}).text
    assert "Send it once more" in page
    assert "Its reader gets it in Nederlands." in page
    framed = staff.get(f"/mailbox/{mail['id']}/html?shown=de")
    assert "sandbox" in framed.headers["content-security-policy"]
    assert 'lang="de"' in framed.text
    words = {
        code: staff.get(f"{API}/mails/{mail['id']}/preview", params={"language": code}).json()
        for code in ("en", "nl", "fr", "de")
    }
    assert len({one["subject"] for one in words.values()}) == 4
    assert words["nl"]["subject"] == mail["subject"]

    before, made = len(desk.mails()), ""
    for number in (1, 2):
        made = staff.post(f"{API}/mails/{mail['id']}/resend").json()["id"]
        (again,) = desk.mails(id=made)
        assert again["key"] == f"again:{mail['id']}#{number}"
        waiting = staff.post(f"{API}/mails/{made}/resend")
        assert waiting.json()["error"]["code"] == "not_possible"
    assert len(desk.mails()) == before + 2
    deliver(post_of(desk, tmp_path))
    (again,) = desk.mails(id=made)
    assert (again["status"], again["to_address"]) == ("sent", mail["to_address"])
    third = staff.post(f"/mailbox/{made}", follow_redirects=False).headers["location"]
    (row,) = desk.mails(id=third.rpartition("/")[2])
    assert row["key"] == f"again:{mail['id']}#3"

    with writing(desk.database) as connection:
        failed = update(_mail).where(_mail.c.id == mail["id"])
        connection.execute(failed.values(status="failed", trouble="550 no such user", attempts=3))
    shown = staff.get(f"/mailbox/{mail['id']}", headers={"accept-language": "en"}).text
    assert "The mail server refused it for good: 550 no such user" in shown
    assert "Try it again" in shown
    assert staff.post(f"{API}/mails/{mail['id']}/resend").json()["id"] == mail["id"]
    (row,) = desk.mails(id=mail["id"])
    assert (row["status"], row["attempts"], row["trouble"]) == ("waiting", 0, "")
    # Her own mail she reads; sending it again is for staff.
    assert teacher.get(f"/mailbox/{again['id']}").status_code == 200
    assert teacher.post(f"{API}/mails/{again['id']}/resend").status_code == 403


def test_filters_pages_and_whose_mails_they_are(sqlite_desk: Desk, tmp_path: Path) -> None:
    desk, context = sqlite_desk, context_of(sqlite_desk, tmp_path)
    case_id = desk.submitted()
    (some,) = desk.mails(template="school_label/submitted", person_id=desk.teachers[0])
    with writing(desk.database) as connection:
        rows = [
            {**some, "id": f"{number:08d}-0000-7000-8000-000000000000", "key": f"k{number}",
             "subject": f"Mail {number}", "status": "sent"}
            for number in range(60)
        ]  # fmt: skip
        connection.execute(_mail.insert(), rows)
        secret = {**some, "id": "f" * 8 + "-0000-7000-8000-000000000000", "key": "secret",
                  "process": "", "case_id": None, "subject": "Sign in"}  # fmt: skip
        connection.execute(_mail.insert(), secret)
        abroad = add_person(connection, "Ans Abroad")
        add_grant(connection, abroad, "nso_reviewer", "NL")
    staff = client_as(desk, context, desk.reviewer)
    seen: list[str] = []
    path = "/mailbox?status=sent&q=Mail"
    while path:
        page = staff.get(path).text
        seen += re.findall(r'/mailbox/([0-9a-f-]{36})"', page)
        following = re.search(r'button second" href="(\?[^"]*after=[^"]*)"', page)
        path = "/mailbox" + following[1].replace("&amp;", "&") if following else ""
    assert seen == [row["id"] for row in reversed(rows)]
    assert case_id[:8] in staff.get(f"/mailbox?case={case_id}").text
    assert staff.get("/mailbox?after=%3D").status_code == 422
    stranger = client_as(desk, context, abroad)
    assert stranger.get(f"/mailbox/{some['id']}").status_code == 404
    assert stranger.get(f"/mailbox/{some['id']}/html").status_code == 404
    assert stranger.post(f"/mailbox/{some['id']}").status_code == 404
    area = client_as(desk, context, administrator(desk, "Nele", "BE-VLG"))
    assert area.get(f"/mailbox/{some['id']}").status_code == 404
    ada = client_as(desk, context, administrator(desk))
    assert ada.get(f"/mailbox/{some['id']}").status_code == 200
    # What is for its reader alone is not for her either: it could let her sign in as the reader.
    page = ada.get(f"/mailbox/{secret['id']}", headers={"accept-language": "en"}).text
    assert "Its words are for its reader alone." in page
    assert ada.get(f"/mailbox/{secret['id']}/html").status_code == 404
    assert ada.get(f"{API}/mails/{secret['id']}/preview").status_code == 404
    assert ada.post(f"{API}/mails/{secret['id']}/resend").status_code == 403
    mails = ada.get(f"{API}/mails", params={"limit": 200}).json()["mails"]
    listed = {one["id"]: one for one in mails}
    assert listed[secret["id"]]["body"] == ""


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        ("", ""), ("451 try later", "put it off"), ("550 no", "for good"),
        ("fault of ours, 01a2 in the log", "under 01a2"), ("no route", "could not be sent"),
    ],
)  # fmt: skip
def test_what_went_wrong_is_said_in_words(trouble: str, words: str) -> None:
    assert words in in_words(trouble, "en")


def test_the_clock_of_the_demo_is_moved_to_the_next_deadline(
    sqlite_desk: Desk, tmp_path: Path
) -> None:
    desk = sqlite_desk
    clock = ShiftedClock(desk.clock.now(), VirtualClock(datetime(2026, 1, 1, tzinfo=UTC)))
    tools = desk.engine.tools
    engine = Engine(desk.database, type(tools)(**{**vars(tools), "clock": clock}))
    post = Post(**{**vars(post_of(desk, tmp_path)), "clock": clock})
    desk.engine = engine
    base = context_of(desk, tmp_path)
    move = mover(engine, post, clock)
    assert mover(engine, post, desk.clock) is None
    client = client_as(desk, type(base)(**{**vars(base), "move": move}), None)
    due = next_due(desk.database)
    page = client.get("/demo/clock", headers={"accept-language": "en"}).text
    assert "23 November 2022" in page
    answer = client.post("/demo/clock", data={"to": "next"}, follow_redirects=False)
    assert re.fullmatch(r"/demo/clock\?done=[1-9]\d*&sent=3", answer.headers["location"])
    assert due is not None
    assert clock.now() == due + tools.grace
    assert [one["status"] for one in desk.mails(template="school_label/invited")] == ["sent"] * 3
    received = client.get("/demo/mails?address=sint-jan.1@example.org")
    assert received.status_code == 200
    assert client.post("/demo/clock", data={"to": "week"}).status_code == 200
    assert clock.now() >= due + timedelta(weeks=1)
    assert [one for one in desk.rows(Timer) if one["failures"]] == []
    assert client.post("/demo/clock", data={"to": "back"}).status_code == 422
    with pytest.raises(ValueError, match="back"):
        clock.move_to(due)
    outside: Callable[..., TestClient] = client_as
    closed = outside(desk, context_of(desk, tmp_path, demo=False), None)
    for path in ("/demo/clock", "/demo/mails"):
        assert closed.get(path).status_code == 404
