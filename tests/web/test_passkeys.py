"""Passkeys in a real browser, whose authenticator is Chromium's own virtual one."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from playwright.sync_api import Browser, Page
from starlette.testclient import TestClient

from base.settings import Settings
from models.access import Passkey, Session, SignInStart
from models.database import writing
from tests.builders import Desk
from tests.notifications.conftest import free_port
from tests.web.browsing import PHONE, SCREEN, browser, look, overheard
from tests.web.conftest import client_as, context_of
from tests.web.serving import served
from web.app import create_app
from web.context import Context

__all__ = ["browser"]

AUTHENTICATOR = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
    "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


def named(desk: Desk, folder: Path, port: int = 8000) -> Context:
    """A context whose address has a name: a bare number has no passkeys."""
    settings = Settings(files=folder / "files", public_url=f"http://localhost:{port}")
    return dataclasses.replace(context_of(desk, folder), settings=settings)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_context(
        viewport={"width": SCREEN, "height": 900}, locale="en", timezone_id="Europe/Brussels"
    ) as context:
        yield context.new_page()


def looked_at(page: Page, name: str) -> None:
    """No violation, nothing beside the page, at both widths and in two languages."""
    for language in ("en", "nl"):
        page.goto(f"{page.url.split('?')[0]}?lang={language}")
        for width in (PHONE, SCREEN):
            page.set_viewport_size({"width": width, "height": 900})
            look(page, f"{name}-{language}", axe=width == SCREEN)
    page.goto(f"{page.url.split('?')[0]}?lang=en")


@pytest.mark.browser
def test_a_passkey_is_made_signs_in_and_is_removed(
    sqlite_desk: Desk, tmp_path: Path, page: Page
) -> None:
    desk, port = sqlite_desk, free_port()
    app = create_app(named(desk, tmp_path, port))
    told = overheard(page)
    with served(app, port) as address:
        home = address.replace("127.0.0.1", "localhost")
        session = page.context.new_cdp_session(page)
        session.send("WebAuthn.enable")
        key = session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        page.goto(f"{home}/sign-in")
        page.get_by_role("button", name="Rita Reviewer").click()
        page.goto(f"{home}/account")
        page.get_by_label("Name").fill("Work laptop")
        page.get_by_role("button", name="Make a passkey").click()
        page.get_by_role("rowheader", name="Work laptop").wait_for()
        looked_at(page, "account")
        (row,) = desk.rows(Passkey)
        assert (row["person_id"], row["name"], row["used_at"]) == (
            desk.reviewer, "Work laptop", None
        )  # fmt: skip
        (made,) = desk.mails(template="sign_in/passkey_made")
        assert (made["person_id"], made["context"]["browser"]) == (desk.reviewer, "Chrome, Linux")
        assert desk.mails(template="sign_in/passkey_used") == []

        page.get_by_role("button", name="Sign out").click()
        page.goto(f"{home}/sign-in?then=/account")
        looked_at(page, "sign-in")
        page.goto(f"{home}/sign-in?then=/account")
        page.get_by_role("button", name="Sign in with a passkey").click()
        page.wait_for_url(f"{home}/account")
        (found,) = desk.rows(Session)
        assert (found["how"], found["person_id"]) == ("passkey", desk.reviewer)
        assert "Chrome, Linux" in page.content()
        (used,) = desk.rows(Passkey)
        assert used["sign_count"] > row["sign_count"]
        assert desk.rows_of(SignInStart) == []
        (first_use,) = desk.mails(template="sign_in/passkey_used")
        assert first_use["person_id"] == desk.reviewer

        # Whoever does not prove to be its holder is not let in.
        page.get_by_role("button", name="Sign out").click()
        session.send(
            "WebAuthn.setUserVerified",
            {"authenticatorId": key["authenticatorId"], "isUserVerified": False},
        )
        page.goto(f"{home}/sign-in")
        page.get_by_role("button", name="Sign in with a passkey").click()
        page.get_by_role("alert").wait_for(timeout=30_000)
        assert desk.rows(Session) == []
        session.send(
            "WebAuthn.setUserVerified",
            {"authenticatorId": key["authenticatorId"], "isUserVerified": True},
        )
        # A copy of the key that counts from the beginning is told from the key.
        table = Passkey.__table__  # type: ignore[attr-defined]
        with writing(desk.database) as connection:
            connection.execute(table.update().values(sign_count=1000))
        page.get_by_role("button", name="Sign in with a passkey").click()
        page.get_by_text("This passkey is not known here").wait_for()
        with writing(desk.database) as connection:
            connection.execute(table.update().values(sign_count=0))

        page.goto(f"{home}/sign-in")
        page.get_by_role("button", name="Sign in with a passkey").click()
        page.wait_for_url(f"{home}/")
        page.goto(f"{home}/account")
        page.get_by_role("button", name="Remove Work laptop").click()
        assert desk.rows(Passkey) == []
        # It was told once that the passkey is new, however often it is used.
        assert len(desk.mails(template="sign_in/passkey_used")) == 1
        page.goto(f"{home}/sign-in/mail")
        looked_at(page, "mail")
    strange = [
        one for one in told if not one.startswith((address, home, "data:")) and "403" not in one
    ]
    assert strange == []


def posted(client: TestClient, path: str, **form: str) -> tuple[int, str]:
    answer = client.post(path, data=form)
    return answer.status_code, answer.text


def test_what_is_no_passkey_is_refused_in_words(sqlite_desk: Desk, tmp_path: Path) -> None:
    desk = sqlite_desk
    context = named(desk, tmp_path)
    rita, karel = (client_as(desk, context, one) for one in (desk.reviewer, desk.colleague))
    for one in (rita, karel):
        one.headers["accept-language"] = "en"
    made = orjson.dumps({"id": "x", "rawId": "eA", "type": "public-key", "response": {}}).decode()
    for credential in (made, "{", "[]", "null", '{"id": 1}'):
        begun = rita.post("/account/passkeys/begin")
        assert begun.json()["authenticatorSelection"]["userVerification"] == "required"
        status, text = posted(rita, "/account/passkeys", credential=credential, name="A")
        assert (status, "The passkey was not made" in text) == (422, True), credential
        begun = rita.post("/sign-in/passkey/begin")
        assert begun.json()["userVerification"] == "required"
        status, _ = posted(rita, "/sign-in/passkey", credential=credential)
        assert status in {403, 422}, credential
    status, text = posted(rita, "/account/passkeys", credential=made, name="A")
    assert (status, "This took too long" in text) == (403, True)
    status, text = posted(rita, "/sign-in/passkey", credential=made)
    assert (status, "This took too long" in text) == (403, True)
    for name in ("", "   ", "a\u202eb"):
        status, text = posted(rita, "/account/passkeys", credential=made, name=name)
        assert (status, "Give the passkey a name" in text) == (422, True), name
    rita.post("/account/passkeys/begin")
    karel.cookies.update(rita.cookies)
    assert posted(karel, "/account/passkeys", credential=made, name="A")[0] == 403
    assert posted(rita, "/account/passkeys/x/remove")[0] == 404
    assert desk.rows(Passkey) == []
    number = client_as(desk, context_of(desk, tmp_path), desk.reviewer)
    assert number.post("/account/passkeys/begin").status_code == 422
    assert number.post("/sign-in/passkey/begin").status_code == 422
