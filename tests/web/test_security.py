"""What an installation tells programs, and whose word it takes for where a request comes from."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from base.errors import BadSetting
from base.settings import Settings, read_settings
from cli.serve import server_settings
from models.access import Access
from tests.builders import Desk
from tests.web.conftest import client_as, context_of
from web.app import create_app
from web.context import Context
from web.limits import LARGE, Limits

PROXY, STRANGER = "192.0.2.10", "198.51.100.7"


def earnest(desk: Desk, folder: Path, settings: Settings) -> Context:
    return dataclasses.replace(
        context_of(desk, folder, demo=False), settings=settings, wall=desk.clock, limits=Limits()
    )


@pytest.mark.parametrize(
    ("peer", "believed"), [(PROXY, True), ("192.0.2.99", True), (STRANGER, False)]
)
def test_only_the_named_web_servers_say_for_whom_they_ask(
    sqlite_desk: Desk, tmp_path: Path, peer: str, believed: bool
) -> None:
    settings = Settings(files=tmp_path, forwarded_from="192.0.2.0/24, 2001:db8::1")
    app = create_app(earnest(sqlite_desk, tmp_path, settings))
    served = server_settings(app, settings, demo=False)
    served.load()

    def ask(client: str) -> int:
        one = TestClient(served.loaded_app, client=(peer, 4000))
        forwarded = {"X-Forwarded-For": f"10.9.8.7, {client}"}
        return one.post("/sign-in/passkey/begin", headers=forwarded).status_code

    # Each person behind it has tries of her own; a stranger cannot get more by naming others.
    assert [ask("203.0.113.5") for _ in range(61)][-1] == 429
    assert (ask("203.0.113.6") == 429) is not believed


def test_files_are_counted_wherever_they_are_sent(sqlite_desk: Desk, tmp_path: Path) -> None:
    app = create_app(earnest(sqlite_desk, tmp_path, Settings(files=tmp_path)))
    client = TestClient(app, client=(STRANGER, 4000))

    def send(content: bytes | Iterator[bytes]) -> int:
        return client.post("/cases/x/form/esafety", content=content).status_code

    assert send(b"x" * LARGE) != 429
    assert [send(iter([b"x"])) for _ in range(300)][-1] == 429  # it does not say how much comes
    assert send(b"x" * LARGE) == 429
    assert send(b"x") != 429


def test_who_is_to_be_told_of_a_weakness_stands_where_it_is_looked_for(
    sqlite_desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(files=tmp_path, security_contact="mailto:security@example.org")
    client = TestClient(create_app(earnest(sqlite_desk, tmp_path, settings)))
    told = client.get("/.well-known/security.txt")
    assert told.headers["content-type"] == "text/plain; charset=utf-8"
    lines = dict(line.split(": ", 1) for line in told.text.splitlines())
    assert lines["Contact"] == "mailto:security@example.org"
    assert f"{sqlite_desk.clock.now():%Y-%m-%d}" < lines["Expires"]
    assert lines["Preferred-Languages"] == "en, nl, fr, de"
    assert lines["Canonical"].endswith("/.well-known/security.txt")
    icon = client.get("/favicon.ico")
    assert icon.headers["content-type"] == "image/svg+xml"
    assert icon.content.startswith(b"<svg")
    assert icon.headers["cache-control"] == "public, max-age=86400"
    for contact in ("security@example.org", "http://example.org", "mailto:a b", "mailto:a\nb@c"):
        monkeypatch.setenv("KEURMERK_SECURITY_CONTACT", contact)
        with pytest.raises(BadSetting, match="KEURMERK_SECURITY_CONTACT"):
            read_settings()


def test_head_is_answered_as_get_without_its_body(sqlite_desk: Desk, tmp_path: Path) -> None:
    case_id = sqlite_desk.submitted()
    context = context_of(sqlite_desk, tmp_path)
    client = client_as(sqlite_desk, context, sqlite_desk.reviewer)
    for path in (
        "/", "/queue", f"/cases/{case_id}", f"/api/v1/cases/{case_id}", "/queue/export.csv",
        "/static/keurmerk.css", "/nonsense", "/cases/x", "/health", "/rules",
    ):  # fmt: skip
        full, head = client.get(path), client.head(path)
        assert (head.status_code, head.content) == (full.status_code, b""), path
        for name in ("content-type", "content-length", "content-security-policy"):
            assert head.headers.get(name) == full.headers.get(name), (path, name)
    for path in (f"/cases/{case_id}/steps/approve", "/sign-out"):
        answer = client.head(path)
        assert (answer.status_code, answer.content) == (client.get(path).status_code, b""), path
    # Who asks by HEAD learns that there is such a case: that is kept like any reading.
    assert len(sqlite_desk.rows(Access, case_id=case_id, what="case")) == 4
    unknown = client_as(sqlite_desk, context, None)
    assert unknown.head(f"/api/v1/cases/{case_id}").status_code == 401
