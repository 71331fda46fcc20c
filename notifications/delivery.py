"""Delivery: from the outbox to the carrier, each mail once, none holding up another.

Due mails are claimed with a lease, a small batch at a time, handed over, and marked. Between a
server's yes and our mark lies an instant in which we can be killed; the mails of that one batch
that were accepted then go out a second time when the lease ends, under the same Message-ID, by
which a mail server or reader can tell.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Engine, select

from base.clock import Clock
from base.errors import KeurmerkError
from base.ids import new_id
from models.database import writing
from models.leases import Leases, outlast
from models.messages import Mail
from models.sql import among
from models.writes import Writes
from notifications.carriers import Carrier, Later, Never, Unreachable
from notifications.choices import unsubscribing
from notifications.message import Sender, build
from notifications.outbox import FAILED, SENT, WAITING, WITHDRAWN
from notifications.templates import Rendered, Templates
from notifications.values import SECRET

#: Mails claimed, handed over and marked together.
BATCH = 50
#: How long a claim holds.
LEASE = timedelta(minutes=10)
#: A batch that took so long gives back what is left of it, so that with a slow server nobody else
#: claims a mail that is under way: one mail takes less than the rest of the lease.
LONGEST_BATCH = LEASE / 2
#: A mail that cannot be delivered for so long has failed.
GIVE_UP = timedelta(days=7)
FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(hours=6)

#: Why a mail of a kind that its reader has turned off was not sent.
TURNED_OFF = "its reader has turned such mails off"

log = structlog.get_logger("keurmerk.delivery")

_mail = Mail.__table__  # type: ignore[attr-defined]

LEASES = Leases(
    table=_mail, due=_mail.c.not_before, waiting=_mail.c.status == WAITING, length=LEASE
)


@dataclass(frozen=True, kw_only=True)
class Post:
    """What delivery needs."""

    database: Engine
    clock: Clock
    templates: Templates
    sender: Sender
    #: Makes one carrier; each connection has its own.
    carrier: Callable[[], Carrier]
    #: How many connections are used side by side.
    connections: int = 1
    #: Address of this installation: mails that can be turned off name the one that does it.
    public_url: str = ""


def deliver(post: Post, batch: int = BATCH, ending: threading.Event | None = None) -> int:
    """Deliver everything that is due; gives how many mails were accepted.

    It ends when nothing is due, or when there is no server to talk to: what was claimed then is due
    again a while later.

    Arguments:
        batch: mails claimed, handed over and marked together.
        ending: once it is set, no further batch is begun.
    """
    stop, ending = threading.Event(), ending or threading.Event()
    if post.connections == 1:
        return _work(post, batch, stop, ending)
    with ThreadPoolExecutor(post.connections, thread_name_prefix="delivery") as pool:
        workers = range(post.connections)
        return sum(pool.map(lambda _: _work(post, batch, stop, ending), workers))


def _work(post: Post, batch: int, stop: threading.Event, ending: threading.Event) -> int:
    carrier = post.carrier()
    accepted = 0
    try:
        while not (stop.is_set() or ending.is_set()):
            mails = LEASES.claim(post.database, post.clock.now(), batch)
            if not mails:
                break
            accepted += _hand_over(post, carrier, mails, stop, ending)
    finally:
        carrier.close()
    return accepted


def _hand_over(
    post: Post, carrier: Carrier, mails: Sequence[dict[str, Any]], stop: threading.Event,
    ending: threading.Event,
) -> int:  # fmt: skip
    now = post.clock.now()
    results: list[dict[str, Any]] = []
    ways: Mapping[str, str | None] = {}

    def mark() -> None:
        _mark(post.database, results, mails[0]["leased_until"])
        LEASES.give_back(post.database, mails[len(results) :])

    try:
        ways = unsubscribing(post.database, mails, post.public_url, now)
        for number, mail in enumerate(mails):
            if post.clock.now() - now >= LONGEST_BATCH:
                break
            if mail["id"] in ways and ways[mail["id"]] is None:
                results.append(_result(mail, WITHDRAWN, trouble=TURNED_OFF))
                continue
            try:
                results.append(_one(post, carrier, mail, now, ways.get(mail["id"])))
            except Unreachable as error:
                stop.set()
                log.warning("mail server out of reach", trouble=str(error))
                results += [_again(one, now, str(error)) for one in mails[number:]]
                break
    finally:
        # Nobody but us knows what the server accepted: a database that is away is waited for.
        outlast(mark, clock=post.clock, until=mails[0]["leased_until"], ending=ending)
    return sum(result["status"] == SENT for result in results)


def _one(
    post: Post, carrier: Carrier, mail: dict[str, Any], now: datetime, turn_off: str | None
) -> dict[str, Any]:
    try:
        rendered = _as_sent(post.templates, mail, turn_off)
        content = build(mail, rendered, post.sender, now, turn_off)
    except KeurmerkError as error:
        log.error("mail cannot be written", mail=mail["id"], trouble=str(error))
        return _result(mail, FAILED, trouble=str(error))
    try:
        carrier.carry(mail["id"], post.sender.envelope, mail["to_address"], content)
    except Never as error:
        log.warning("mail refused", mail=mail["id"], trouble=str(error))
        return _result(mail, FAILED, trouble=str(error))
    except Later as error:
        return _again(mail, now, str(error))
    except Unreachable:
        raise
    except Exception as error:
        # A fault of ours: it costs this mail a delay, and the others nothing. What the server was
        # told of this mail so far ends with the connection.
        reference = new_id()
        log.exception(
            "mail failed", reference=reference, mail=mail["id"], error=type(error).__name__
        )
        carrier.close()
        return _again(mail, now, f"fault of ours, {reference} in the log")
    kept = render(post.templates, mail) if SECRET & mail["context"].keys() else rendered
    return _result(mail, SENT, sent_at=now, subject=kept.subject[:500], body=kept.text)


def render(templates: Templates, mail: dict[str, Any]) -> Rendered:
    """A mail row in words, to be looked at: what only its addressee may see is left out."""
    context = mail["context"]
    hidden = {name: _hidden(context[name]) for name in SECRET & context.keys()}
    return _as_sent(templates, {**mail, "context": {**context, **hidden}})


def _hidden(value: Any) -> Any:
    """A value, or each of several by name, as whoever may not see it sees it."""
    return dict.fromkeys(value, "…") if isinstance(value, Mapping) else "…"


def _as_sent(templates: Templates, mail: dict[str, Any], turn_off: str | None = None) -> Rendered:
    """A mail row in words, as its addressee gets it.

    Arguments:
        turn_off: the address where its reader turns such mails off, for one that can be.
    """
    context = {**mail["context"], "person": {"name": mail["to_name"]}}
    asked = mail["context"].get("asked") if mail["fallback"] else None
    if mail.get("edited"):
        return templates.edited(mail["language"], context, mail["edited"], asked=asked)
    return templates.render(
        mail["template"], mail["language"], context, asked=asked, turn_off=turn_off
    )


def _again(mail: dict[str, Any], now: datetime, trouble: str) -> dict[str, Any]:
    """Try later: twice as long each time, give or take a fifth, and not for ever."""
    if now - mail["created_at"] >= GIVE_UP:
        return _result(mail, FAILED, trouble=trouble)
    wait = min(FIRST_RETRY * 2 ** min(mail["attempts"], 12), LONGEST_RETRY)
    wait *= random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, guards nothing
    return _result(mail, WAITING, not_before=now + wait, trouble=trouble)


def _result(mail: dict[str, Any], status: str, **changed: Any) -> dict[str, Any]:
    """What came of a mail: its row's new values."""
    row = {
        "status": status, "not_before": mail["not_before"], "trouble": "", "sent_at": None,
        "subject": "", "body": "", **changed,
    }  # fmt: skip
    return {
        **row, "trouble": row["trouble"][:500], "attempts": mail["attempts"] + 1,
        "leased_until": None, "id": mail["id"],
    }  # fmt: skip


def _mark(database: Engine, results: Sequence[dict[str, Any]], leased: datetime) -> None:
    """Write what came of mails that were claimed until ``leased``."""
    if not results:
        return
    with writing(database) as connection:
        writes = Writes(connection)
        # One that has gone out says so, whatever was said of it meanwhile. Another is left alone
        # where it was withdrawn while it was under way, or somebody has taken it over since.
        writes.update(_mail, [one for one in results if one["status"] == SENT])
        rest = {one["id"]: one for one in results if one["status"] != SENT}
        if rest:
            held = select(_mail.c.id).where(
                _mail.c.status == WAITING, _mail.c.leased_until == leased,
                among(connection, _mail.c.id, list(rest)),
            ).with_for_update()  # fmt: skip
            writes.update(_mail, [rest[one] for one in connection.execute(held).scalars()])
