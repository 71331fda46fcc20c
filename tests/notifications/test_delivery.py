"""Delivery against a real mail server, with its outages."""

from __future__ import annotations

import ssl
import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy
from aiosmtpd.controller import Controller

from models.database import writing
from notifications import delivery
from notifications.carriers import Carrier, FolderCarrier, SmtpCarrier, Unreachable
from notifications.delivery import Post, deliver
from notifications.outbox import withdraw
from notifications.templates import Templates
from tests.notifications.conftest import (
    NOW,
    Inbox,
    free_port,
    later,
    make_post,
    outbox,
    put,
)


def test_a_mail_arrives_with_both_parts_and_its_headers(
    engine: sqlalchemy.Engine, post: Post, inbox: Inbox
) -> None:
    (mail_id,) = put(engine, name="Zoë Ulens")
    assert deliver(post) == 1
    (mail,) = inbox.accepted
    assert str(mail["To"]) == "Zoë Ulens <persoon0@example.org>"
    assert str(mail["From"]) == "Keurmerk <keurmerk@example.org>"
    assert str(mail["Reply-To"]) == "nso@vlaanderen.example"
    assert str(mail["Message-ID"]) == f"<{mail_id}@example.org>"
    assert str(mail["Auto-Submitted"]) == "auto-generated"
    assert str(mail["Content-Language"]) == "nl"
    assert datetime.strptime(str(mail["Date"]), "%a, %d %b %Y %H:%M:%S %z") == NOW
    assert str(mail["Subject"]) == "Sint-Jan mag het eTwinning School Label aanvragen"
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().startswith("Beste Zoë Ulens,")
    assert "Beste Zoë Ulens," in html.get_content()
    (row,) = outbox(engine)
    assert (row["status"], row["sent_at"], row["attempts"]) == ("sent", NOW, 1)
    assert row["body"].startswith("Beste Zoë Ulens,")


def test_what_was_sent_is_not_sent_again(
    engine: sqlalchemy.Engine, post: Post, inbox: Inbox
) -> None:
    put(engine, 3)
    assert [deliver(post), deliver(post)] == [3, 0]
    assert len(set(inbox.ids())) == 3


def test_a_held_mail_waits_and_an_undone_step_withdraws_it(
    engine: sqlalchemy.Engine, post: Post, inbox: Inbox
) -> None:
    put(engine, 2, event_id="e", not_before=NOW + timedelta(seconds=20))
    assert deliver(post) == 0
    with writing(engine) as connection:
        assert withdraw(connection, "e") == 2
    later(post, seconds=60)
    assert deliver(post) == 0
    assert inbox.accepted == []
    assert {row["status"] for row in outbox(engine)} == {"withdrawn"}


def test_one_connection_serves_many_mails(
    engine: sqlalchemy.Engine, post: Post, inbox: Inbox
) -> None:
    put(engine, 120)
    deliver(post)
    assert (len(inbox.accepted), inbox.connections) == (120, 1)


def test_a_temporary_failure_is_tried_again_later_and_holds_up_no_other(
    engine: sqlalchemy.Engine, post: Post, inbox: Inbox
) -> None:
    put(engine, 3)
    inbox.answers["persoon1@example.org"] = ["451 greylisted, come back", "450 not yet"]
    assert deliver(post) == 2
    held = next(row for row in outbox(engine) if row["status"] == "waiting")
    assert (held["attempts"], held["trouble"]) == (1, "451 greylisted, come back")
    assert timedelta(seconds=48) <= held["not_before"] - NOW <= timedelta(seconds=72)
    assert deliver(post) == 0
    later(post, seconds=73)
    assert deliver(post) == 0
    held = next(row for row in outbox(engine) if row["status"] == "waiting")
    wait = held["not_before"] - post.clock.now()
    assert timedelta(seconds=96) <= wait <= timedelta(seconds=144)
    later(post, seconds=145)
    assert deliver(post) == 1
    assert len(set(inbox.ids())) == 3


def test_a_refused_mail_fails_at_once_and_shows_the_servers_words(
    engine: sqlalchemy.Engine, post: Post, inbox: Inbox
) -> None:
    put(engine, 3)
    inbox.answers["persoon0@example.org"] = ["550 no such mailbox"]
    assert deliver(post) == 2
    failed = next(row for row in outbox(engine) if row["status"] == "failed")
    assert (failed["to_address"], failed["trouble"]) == (
        "persoon0@example.org", "550 no such mailbox",
    )  # fmt: skip
    later(post, days=1)
    assert deliver(post) == 0


def test_after_seven_days_it_is_given_up(
    engine: sqlalchemy.Engine, post: Post, inbox: Inbox
) -> None:
    put(engine)
    inbox.answers["persoon0@example.org"] = ["451 busy"] * 1000
    tries = 0
    while outbox(engine)[0]["status"] == "waiting":
        tries += 1
        deliver(post)
        later(post, hours=7)
    assert outbox(engine)[0]["status"] == "failed"
    assert post.clock.now() - NOW >= timedelta(days=7)
    assert 24 <= tries <= 30


def test_a_server_that_is_away_costs_a_delay_and_no_mail(
    engine: sqlalchemy.Engine, templates: Templates, inbox: Inbox
) -> None:
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    port = controller.port
    controller.stop(no_assert=True)
    post = make_post(engine, templates, lambda: SmtpCarrier("127.0.0.1", port, security="none"), 3)
    ids = put(engine, 200)
    assert deliver(post) == 0
    assert {row["status"] for row in outbox(engine)} == {"waiting"}
    again = Controller(inbox, hostname="127.0.0.1", port=port)
    again.start()
    try:
        later(post, minutes=2)
        deliver(post)
    finally:
        again.stop(no_assert=True)
    assert sorted(inbox.ids()) == sorted(f"<{mail_id}@example.org>" for mail_id in ids)


def test_a_server_that_dies_in_the_middle(engine: sqlalchemy.Engine, templates: Templates) -> None:
    class Dying(Inbox):
        async def handle_DATA(  # noqa: N802 - the name the server looks for
            self, server: object, session: object, envelope: object
        ) -> str:
            answer = await super().handle_DATA(server, session, envelope)
            if len(self.accepted) == 70:
                threading.Thread(target=controller.stop, args=(True,)).start()
            return answer

    inbox = Dying()
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    port = controller.port
    post = make_post(engine, templates, lambda: SmtpCarrier("127.0.0.1", port, security="none"))
    ids = put(engine, 150)
    deliver(post)
    survivor = Inbox()
    again = Controller(survivor, hostname="127.0.0.1", port=port)
    again.start()
    try:
        later(post, minutes=2)
        deliver(post)
    finally:
        again.stop(no_assert=True)
    got = inbox.ids() + survivor.ids()
    assert sorted(set(got)) == sorted(f"<{mail_id}@example.org>" for mail_id in ids)
    # At most the one that was under way when the server died comes twice.
    assert len(got) <= len(ids) + 1
    assert {row["status"] for row in outbox(engine)} == {"sent"}


def test_two_deliverers_side_by_side_send_nothing_twice(
    engine: sqlalchemy.Engine, templates: Templates, server: Controller, inbox: Inbox
) -> None:
    put(engine, 300)
    posts = [
        make_post(
            engine, templates,
            lambda: SmtpCarrier("127.0.0.1", server.port, security="none"), 2,
        )
        for _ in range(2)
    ]  # fmt: skip
    threads = [threading.Thread(target=deliver, args=(post,)) for post in posts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(inbox.ids()), len(set(inbox.ids()))) == (300, 300)


def test_a_deliverer_that_died_leaves_its_mails_to_the_next(
    engine: sqlalchemy.Engine, post: Post, inbox: Inbox
) -> None:
    put(engine, 5)
    assert len(delivery.LEASES.claim(engine, NOW, 5)) == 5  # and nothing more was heard of it
    assert deliver(post) == 0
    later(post, seconds=int(delivery.LEASE.total_seconds()))
    assert deliver(post) == 5
    assert len(inbox.accepted) == 5


def test_a_slow_server_gets_no_mail_twice(
    engine: sqlalchemy.Engine, templates: Templates, tmp_path: Path
) -> None:
    """Two minutes a mail: a batch would outlast its lease, and another would take it over."""

    class Slow(FolderCarrier):
        def carry(self, mail_id: str, sender: str, to: str, content: bytes) -> None:
            later(post, minutes=2)
            seen.append(mail_id)
            rows = [row for row in outbox(engine) if row["id"] == mail_id]
            held.append(rows[0]["leased_until"] > post.clock.now())
            super().carry(mail_id, sender, to, content)

    seen: list[str] = []
    held: list[bool] = []
    post = make_post(engine, templates, lambda: Slow(tmp_path))
    ids = put(engine, 12)
    assert deliver(post) == 12
    assert seen == ids
    assert held == [True] * 12
    assert {row["attempts"] for row in outbox(engine)} == {1}


@pytest.mark.parametrize(
    ("answers", "status"), [([], "sent"), (["451 not yet"], "withdrawn")], ids=["accepted", "later"]
)
def test_a_mail_withdrawn_while_it_is_under_way_says_what_became_of_it(
    engine: sqlalchemy.Engine, templates: Templates, server: Controller, inbox: Inbox,
    answers: list[str], status: str,
) -> None:  # fmt: skip
    class Undone(SmtpCarrier):
        def carry(self, mail_id: str, sender: str, to: str, content: bytes) -> None:
            with writing(engine) as connection:
                withdraw(connection, "e")
            super().carry(mail_id, sender, to, content)

    put(engine, 1, event_id="e")
    inbox.answers["persoon0@example.org"] = list(answers)
    post = make_post(engine, templates, lambda: Undone("127.0.0.1", server.port, security="none"))
    deliver(post)
    later(post, hours=1)
    deliver(post)
    assert outbox(engine)[0]["status"] == status
    assert len(inbox.accepted) == (status == "sent")


def test_starttls_and_a_password(
    engine: sqlalchemy.Engine, templates: Templates, safe_server: Controller, inbox: Inbox,
    certificate: tuple[Path, Path],
) -> None:  # fmt: skip
    trust = ssl.create_default_context(cafile=str(certificate[0]))
    port = safe_server.port
    put(engine)
    post = make_post(
        engine, templates,
        lambda: SmtpCarrier(
            "127.0.0.1", port, security="starttls", user="keurmerk", password="geheim",
            trust=trust,
        ),
    )  # fmt: skip
    assert deliver(post) == 1
    assert len(inbox.accepted) == 1


def test_a_certificate_nobody_vouches_for_is_not_believed(
    safe_server: Controller, inbox: Inbox
) -> None:
    carrier = SmtpCarrier("127.0.0.1", safe_server.port, security="starttls")
    with pytest.raises(Unreachable, match="certificate"):
        carrier.carry("1", "a@example.org", "b@example.org", b"")
    assert inbox.accepted == []


def test_a_wrong_password_is_no_fault_of_the_mail(
    engine: sqlalchemy.Engine, templates: Templates, safe_server: Controller,
    certificate: tuple[Path, Path],
) -> None:  # fmt: skip
    trust = ssl.create_default_context(cafile=str(certificate[0]))
    put(engine)
    carrier = SmtpCarrier(
        "127.0.0.1", safe_server.port, user="keurmerk", password="fout", trust=trust
    )
    post = make_post(engine, templates, lambda: carrier)
    assert deliver(post) == 0
    (row,) = outbox(engine)
    assert row["status"] == "waiting"
    assert row["trouble"]


def test_without_a_server_mails_are_files(
    engine: sqlalchemy.Engine, templates: Templates, tmp_path: Path
) -> None:
    ids = put(engine, 2)
    folder = tmp_path / "mail"
    carrier: Carrier = FolderCarrier(folder)
    assert deliver(make_post(engine, templates, lambda: carrier)) == 2
    assert sorted(path.name for path in folder.iterdir()) == sorted(f"{one}.eml" for one in ids)
    assert b"Subject: Sint-Jan mag" in (folder / f"{ids[0]}.eml").read_bytes()


def test_a_mail_that_cannot_be_written_fails_alone(
    engine: sqlalchemy.Engine, post: Post, inbox: Inbox
) -> None:
    put(engine, 1, template="school_label/awarded", context={"process": {"title": ""}})
    put(engine, 1, name="Na")
    assert deliver(post) == 1
    failed = next(row for row in outbox(engine) if row["status"] == "failed")
    assert "school_label/awarded.nl" in failed["trouble"]
    assert len(inbox.accepted) == 1
