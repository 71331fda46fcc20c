"""Signing in and out: sessions, links in mails, providers; what is not quite right is refused."""

from __future__ import annotations

import dataclasses
import email
import email.policy
import re
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from limits import parse
from starlette.testclient import TestClient

from base.clock import VirtualClock
from base.errors import BadDefinition, BadSetting
from base.settings import Settings
from models.access import Access, Identity, MailLink, Passkey, Session, SignInStart
from models.cases import Decision
from models.database import writing
from models.registry import Person
from notifications.carriers import FolderCarrier
from notifications.delivery import Post, deliver, render
from notifications.message import Sender
from notifications.templates import Templates
from tests.builders import Desk, add_grant, add_person, installed_mails
from tests.web.conftest import context_of
from tests.web.provider import OwnProvider, at, provider_of
from web.account_mails import LINK, PASSKEY_MADE, PASSKEY_USED
from web.app import create_app
from web.context import Context
from web.limits import Limits, network
from web.oidc.providers import read_providers
from web.oidc.remote import ProviderAway, Remote
from web.oidc.tokens import LOGOUT, BadToken, id_claims, logout_claims
from web.sessions import browser_of, hashed
from workflows.effects.accounts import erasing

HTTPS = "https://keurmerk.example"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
TEACHER = "sint-jan.1@example.org"


def earnest(desk: Desk, folder: Path, **changed: Any) -> Context:
    """Keurmerk as it is in earnest, with the desk's clock as the world's."""
    remotes = changed.pop("remotes", ())
    limits = changed.pop("limits", None) or Limits(mails=parse("1000 per hour"))
    settings = Settings(files=folder / "files", public_url=HTTPS, **changed)
    return dataclasses.replace(
        context_of(desk, folder, demo=False), settings=settings, wall=desk.clock, remotes=remotes,
        limits=limits,
    )  # fmt: skip


def browser(context: Context, agent: str = FIREFOX, address: str = "192.0.2.1") -> TestClient:
    return TestClient(
        create_app(context), base_url=HTTPS, client=(address, 50000),
        headers={"user-agent": agent, "accept-language": "en"},
    )  # fmt: skip


def mailed(desk: Desk) -> str:
    """The link in the mail that goes out now, as whoever gets it reads it."""
    with tempfile.TemporaryDirectory() as folder:
        post = Post(
            database=desk.database, clock=desk.clock, templates=installed_mails(),
            sender=Sender(address="k@example.org", reply_to={}),
            carrier=lambda: FolderCarrier(Path(folder)),
        )  # fmt: skip
        deliver(post)
        mails = [
            email.message_from_bytes(one.read_bytes(), policy=email.policy.default)
            for one in Path(folder).glob("*.eml")
        ]
    texts = "".join(mail.get_body(("plain",)).get_content() for mail in mails)  # type: ignore[union-attr]
    (link,) = re.findall(r"/sign-in/mail/[\w-]{43}(?:\?then=[\w%.-]+)?", texts)
    return str(link)


def signed_in(desk: Desk, context: Context, address: str = TEACHER, **kind: Any) -> TestClient:
    """A browser in which somebody signed in by mail."""
    one = browser(context, **kind)
    one.post("/sign-in/mail", data={"email": address})
    one.post(mailed(desk))
    return one


def test_a_link_signs_in_once_and_soon_and_tells_nobody_who_is_known(
    desk: Desk, tmp_path: Path
) -> None:
    context = earnest(desk, tmp_path)
    one = browser(context)
    known = one.post("/sign-in/mail", data={"email": f" {TEACHER.title()} "})
    unknown = one.post("/sign-in/mail", data={"email": "nobody@example.org"})
    assert (known.url, known.text) == (unknown.url, unknown.text)
    assert "a link is on its way. It works once, for 15 minutes" in known.text
    first = mailed(desk)
    (row,) = desk.mails(template="sign_in/link")
    key = first.rpartition("/")[2]
    assert row["status"] == "sent"
    assert (key in row["body"], key in str(render(installed_mails(), row))) == (False, False)
    assert "…" in row["body"]

    # Programs that open what mails link to use nothing up; a newer link ends the older.
    for landing in (one.get(first), one.get(first)):
        assert (landing.status_code, "One step to go" in landing.text) == (200, True)
    assert one.get(first).headers["referrer-policy"] == "no-referrer"
    # It leads to the page that was wanted, and to no other site.
    wanted = "/applications?x=1"
    assert f'name="then" value="{wanted}"' in one.get("/sign-in", params={"then": wanted}).text
    one.post("/sign-in/mail", data={"email": TEACHER, "then": wanted})
    second, _, there = mailed(desk).partition("?")
    assert f'name="then" value="{wanted}"' in one.get(f"{second}?{there}").text
    assert 'name="then" value="/"' in one.get(second, params={"then": "//evil.example"}).text
    assert one.get(first).status_code == one.post(first).status_code == 410
    answer = one.post(second, data={"then": wanted}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, wanted)
    cookie = answer.headers["set-cookie"]
    assert re.match(r"__Host-session=[\w-]{43}; HttpOnly; Max-Age=36000; Path=/; ", cookie)
    assert "SameSite=lax" in cookie
    assert "Secure" in cookie
    assert "domain" not in cookie.lower()
    assert "Welcome, Sint-Jan 1" in one.get("/").text
    again = one.post(second)
    assert (again.status_code, "was used already" in again.text) == (410, True)

    one.post("/sign-in/mail", data={"email": TEACHER})
    late = mailed(desk)
    desk.clock.advance(timedelta(minutes=15))
    assert one.post(late).status_code == 410
    assert desk.rows_of(MailLink) == []
    wrong = one.post("/sign-in/mail", data={"email": "not an address"})
    assert wrong.status_code == 422
    assert 'value="not an address"' in wrong.text
    assert "Write your mail address" in wrong.text


def test_sessions_are_listed_end_and_are_the_database_s_not_the_cookie_s(
    desk: Desk, tmp_path: Path
) -> None:
    context = earnest(desk, tmp_path)
    one = signed_in(desk, context)
    key = one.cookies["__Host-session"]
    (row,) = desk.rows(Session)
    assert (row["key_hash"], row["how"], row["browser"]) == (
        hashed(key), "mail", "Firefox, Linux"
    )  # fmt: skip
    other = signed_in(desk, context, agent="x" * 2000)
    page = one.get("/account").text
    assert "Firefox, Linux" in page
    assert "unknown browser" in page
    assert page.count("by a link in a mail") == 2

    # Signing in again renews the key; the old one opens nothing.
    one.post("/sign-in/mail", data={"email": TEACHER})
    one.post(mailed(desk))
    assert one.cookies["__Host-session"] != key
    stolen = browser(context)
    stolen.cookies["__Host-session"] = key
    assert stolen.get("/api/v1/notices").json()["error"]["code"] == "not_signed_in"
    assert stolen.get("/account", follow_redirects=False).headers["location"] == (
        "/sign-in?then=%2Faccount"
    )

    foreign = signed_in(desk, context, "sint-jan.2@example.org")
    (mine,) = [one for one in desk.rows(Session) if one["browser"] == ""]
    assert foreign.post(f"/account/sessions/{mine['id']}/end").status_code == 404
    assert other.get("/api/v1/notices").status_code == 200
    assert one.post(f"/account/sessions/{mine['id']}/end").status_code == 200
    assert other.get("/api/v1/notices").status_code == 401
    third = signed_in(desk, context)
    one.post("/account/sessions/end-others")
    assert third.get("/api/v1/notices").status_code == 401
    assert one.get("/api/v1/notices").status_code == 200
    assert foreign.get("/api/v1/notices").status_code == 200

    # Seen is written by the minute; two hours unused, ten in any case.
    before = desk.rows(Session)
    desk.clock.advance(timedelta(seconds=59))
    one.get("/")
    assert desk.rows(Session) == before
    for _ in range(5):
        desk.clock.advance(timedelta(minutes=119))
        assert one.get("/api/v1/notices").status_code == 200
        assert foreign.get("/api/v1/notices").status_code == 200
    desk.clock.advance(timedelta(minutes=6))
    assert one.get("/api/v1/notices").status_code == 401
    signed_in(desk, context)
    idle = signed_in(desk, context)
    desk.clock.advance(timedelta(minutes=121))
    assert idle.get("/api/v1/notices").status_code == 401
    leaving = signed_in(desk, context)
    assert len(desk.rows(Session)) == 1, "what has run out goes at the next sign-in"
    kept = leaving.cookies["__Host-session"]
    leaving.post("/sign-out")
    assert "__Host-session" not in leaving.cookies
    leaving.cookies["__Host-session"] = kept
    assert leaving.get("/api/v1/notices").status_code == 401


def test_whoever_is_erased_is_signed_out_and_signs_in_no_more(
    sqlite_desk: Desk, tmp_path: Path
) -> None:
    desk, context = sqlite_desk, earnest(sqlite_desk, tmp_path)
    one = signed_in(desk, context)
    with writing(desk.database) as connection:
        for change in erasing(desk.teachers[0], desk.clock.now().date()):
            connection.execute(change)
    assert one.get("/api/v1/notices").status_code == 401
    assert [desk.rows_of(kind) for kind in (Session, Identity, MailLink, Passkey)] == [[]] * 4


PEOPLE = (
    {"sub": "t1", "email": TEACHER.upper(), "email_verified": True, "name": "An Peeters"},
    {"sub": "rogue", "email": TEACHER, "email_verified": False, "name": "Not An"},
    {"sub": "new", "email": "nele@example.org", "email_verified": True, "name": "Nele  Nieuw"},
)


@pytest.fixture(scope="module")
def school_login() -> Iterator[str]:
    with provider_of(*PEOPLE) as address:
        yield address


def at_provider(one: TestClient, subject: str, then: str = "/") -> httpx2.Response:
    """Go to the provider, say who one is there, come back."""
    sent = one.get(
        "/sign-in/with/school_login", params={"then": then}, follow_redirects=False
    )  # fmt: skip
    assert sent.status_code == 303
    back = httpx.post(sent.headers["location"], data={"sub": subject})
    assert back.status_code == 302, back.text
    return one.get(back.headers["location"].removeprefix(HTTPS), follow_redirects=False)


def test_a_provider_signs_in_whom_it_has_verified(
    desk: Desk, tmp_path: Path, school_login: str
) -> None:
    remote = Remote(at(school_login), desk_clock := VirtualClock(datetime.now(UTC)))
    context = dataclasses.replace(
        earnest(desk, tmp_path, remotes=(remote,)), wall=desk_clock
    )  # fmt: skip
    one = browser(context)
    assert "Sign in with School Login" in one.get("/sign-in").text
    answer = at_provider(one, "t1", "/account")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert "with School Login" in one.get("/account").text
    (linked,) = desk.rows_of(Identity)
    assert (linked["issuer"], linked["subject"]) == (school_login, "t1")
    assert linked["person_id"] == desk.teachers[0]
    # From now on the subject counts: her address may change here.
    with writing(desk.database) as connection:
        table = Person.__table__  # type: ignore[attr-defined]
        connection.execute(
            table.update().where(table.c.id == desk.teachers[0]).values(email="an@example.org")
        )
    assert at_provider(browser(context), "t1").headers["location"] == "/"

    refused = at_provider(browser(context), "rogue")
    assert refused.status_code == 403
    assert "School Login has not verified your mail address" in refused.text
    refused = at_provider(browser(context), "new")
    assert refused.status_code == 403
    assert "nobody here has the mail address it gave (nele@example.org)" in refused.text
    assert len(desk.rows(Session)) == 2

    # Signed out here, she is led to be signed out there.
    out = one.post("/sign-out", follow_redirects=False)
    assert out.status_code == 200
    assert f'content="0; url={school_login}/oauth2/end_session?id_token_hint=' in out.text
    assert "client_id=keurmerk" in out.text
    assert one.get("/api/v1/notices").status_code == 401

    # What comes back without having gone out, from another browser, twice, or changed.
    one, other = browser(context), browser(context)
    sent = one.get("/sign-in/with/school_login", follow_redirects=False).headers["location"]
    back = httpx.post(sent, data={"sub": "t1"}).headers["location"].removeprefix(HTTPS)
    for who, address in (
        (other, back), (one, re.sub("state=[^&]*", "state=x", back)), (one, back),
    ):  # fmt: skip
        refused = who.get(address, follow_redirects=False)
        assert (refused.status_code, "Please start again" in refused.text) == (403, True)
    denied = one.get("/sign-in/with/school_login", follow_redirects=False)
    state = re.search("state=([^&]*)", denied.headers["location"])
    assert state is not None
    refused = one.get(
        "/sign-in/with/school_login/done",
        params={"error": "access_denied", "state": state[1]},
    )
    assert "did not sign you in" in refused.text
    assert "code_challenge_method=S256" in sent
    assert desk.rows_of(SignInStart) == []
    assert one.get("/sign-in/with/nowhere").status_code == 404


def test_somebody_new_makes_an_account_herself_where_it_may_be(
    sqlite_desk: Desk, tmp_path: Path, school_login: str
) -> None:
    desk, wall = sqlite_desk, VirtualClock(datetime.now(UTC))
    remote = Remote(at(school_login, newcomers=True), wall)
    context = dataclasses.replace(earnest(desk, tmp_path, remotes=(remote,)), wall=wall)
    one = browser(context)
    people = len(desk.rows(Person))
    assert at_provider(one, "new").headers["location"] == "/sign-in/new"
    page = one.get("/sign-in/new").text
    assert "Nele Nieuw" in page
    assert "nele@example.org" in page
    assert len(desk.rows(Person)) == people, "looking makes nobody"
    assert browser(context).post("/sign-in/new").status_code == 403
    assert one.post("/sign-in/new").url.path == "/apply"
    (made,) = desk.rows(Person, email="nele@example.org")
    assert (made["validated"], made["language"]) == (False, "en")
    assert one.get("/api/v1/cases").json()["cases"] == []
    assert at_provider(browser(context), "new").headers["location"] == "/"
    assert len(desk.rows(Person)) == people + 1


NOW = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
EVENT: dict[str, Any] = {LOGOUT: {}}


def whole(provider: OwnProvider, **changed: Any) -> dict[str, Any]:
    """The claims of an ID token, some changed; None leaves one out."""
    stamp = int(NOW.timestamp())
    claims = {
        "iss": provider.address, "aud": "keurmerk", "sub": "t1", "nonce": "n", "iat": stamp,
        "exp": stamp + 300, **changed,
    }  # fmt: skip
    return {name: value for name, value in claims.items() if value is not None}


STAMP = int(NOW.timestamp())


def test_a_token_is_taken_only_if_all_of_it_is_right() -> None:
    clock = VirtualClock(NOW)
    with OwnProvider() as provider:
        remote = Remote(at(provider.address), clock)
        assert id_claims(remote, clock, provider.signed(whole(provider)), "n")["sub"] == "t1"
        several = whole(provider, aud=["keurmerk", "other"], azp="keurmerk")
        assert id_claims(remote, clock, provider.signed(several), "n")["sub"] == "t1"
        for changed in (
            {"iss": "https://other.example"}, {"iss": None}, {"aud": "other"}, {"aud": None},
            {"aud": ["keurmerk", "other"]}, {"azp": "other"}, {"nonce": "m"}, {"nonce": None},
            {"sub": None}, {"sub": ""}, {"exp": STAMP - 61}, {"exp": None}, {"iat": STAMP - 601},
            {"iat": STAMP + 61}, {"iat": None}, {"iat": "now"}, {"nbf": STAMP + 61},
        ):  # fmt: skip
            with pytest.raises(BadToken):
                id_claims(remote, clock, provider.signed(whole(provider, **changed)), "n")

        secret = OctKey.import_key("secret" * 8)
        claims = whole(provider)
        forged = OwnProvider()  # never served: nobody knows its key
        good = provider.signed(claims)
        head, body, _ = good.split(".")
        for token in (
            "", "x", "a.b.c", forged.signed(claims), forged.signed(claims, kid="first"),
            jwt.encode({"alg": "HS256"}, claims, secret),
            f"{jwt.encode({'alg': 'HS256'}, claims, secret).split('.')[0]}.{body}.",
            f"eyJhbGciOiJub25lIn0.{body}.", f"{head}.{body}.{'A' * 342}",
        ):  # fmt: skip
            with pytest.raises(BadToken):
                id_claims(remote, clock, token, "n")
        forged._server.server_close()

        # A new key is asked for, but not at every forgery.
        asked = provider.asked
        provider.renew()
        clock.advance(timedelta(seconds=11))
        assert id_claims(remote, clock, provider.signed(claims), "n")["sub"] == "t1"
        assert provider.asked == asked + 1
        for _ in range(3):
            with pytest.raises(BadToken):
                id_claims(remote, clock, good, "n")
        assert provider.asked == asked + 1

        out = whole(provider, nonce=None, exp=None, events=EVENT, sid="s1")
        assert logout_claims(remote, clock, provider.signed(out)) == ("t1", "s1")
        ended: dict[str, Any]
        for ended in (
            {"nonce": "n"}, {"events": None}, {"events": {}}, {"events": {LOGOUT: 1}},
            {"sub": None, "sid": None}, {"aud": "other"}, {"exp": STAMP - 61},
        ):  # fmt: skip
            with pytest.raises(BadToken):
                logout_claims(remote, clock, provider.signed({**out, **ended}))
        other = Remote(at(f"{provider.address}/other"), clock)
        with pytest.raises(ProviderAway):
            other.metadata()
    with pytest.raises(ProviderAway):
        Remote(at(provider.address), clock).metadata()


def test_a_session_ends_with_that_at_the_provider(sqlite_desk: Desk, tmp_path: Path) -> None:
    desk = sqlite_desk
    with OwnProvider() as provider:
        desk.clock.move_to(NOW)
        remote = Remote(at(provider.address), desk.clock)
        context = earnest(desk, tmp_path, remotes=(remote,))
        first, second, third = (signed_in(desk, context) for _ in range(3))
        table = Session.__table__  # type: ignore[attr-defined]
        with writing(desk.database) as connection:
            for number, row in enumerate(desk_rows(desk)):
                connection.execute(
                    table.update().where(table.c.id == row["id"]).values(
                        how="oidc", provider="school_login", subject="t1",
                        provider_session=f"s{number}",
                    )
                )  # fmt: skip

        def told(token: str) -> int:
            address = "/sign-in/with/school_login/logout"
            return browser(context).post(address, data={"logout_token": token}).status_code

        events = {"nonce": None, "exp": None, "events": EVENT}
        assert told("") == told(provider.signed(whole(provider))) == 400
        assert len(desk.rows(Session)) == 3
        assert told(provider.signed(whole(provider, **events, sid="s1"))) == 200
        states = [one.get("/api/v1/notices").status_code for one in (first, second, third)]
        assert states == [200, 401, 200]
        assert told(provider.signed(whole(provider, **events, sub="somebody else"))) == 200
        assert len(desk.rows(Session)) == 2
        assert told(provider.signed(whole(provider, **events))) == 200
        assert desk.rows(Session) == []


def desk_rows(desk: Desk) -> list[dict[str, Any]]:
    return sorted(desk.rows(Session), key=lambda row: row["id"])


def test_the_file_of_providers_is_read_with_line_and_column(tmp_path: Path) -> None:
    path, secret = tmp_path / "providers.yaml", tmp_path / "secret"
    secret.write_text("s3cret\n")
    text = """providers:
  - name: eu_login
    title: {en: EU Login}
    issuer: https://eu.example
    client_id: keurmerk
    client_secret_file: SECRET
""".replace("SECRET", str(secret))
    path.write_text(text)
    (one,) = read_providers(path)
    assert (one.secret(), one.scopes) == ("s3cret", ["openid", "profile", "email"])
    assert "s3cret" not in repr(one)
    assert read_providers(None) == ()
    for changed, remark in (
        (text.replace("https:", "http:"), "4:5: error: an issuer begins with https://"),
        (text.replace("name: eu_login", "name: EU"), "2:5"),
        (text.replace("client_id", "clientid"), 'did you mean "client_id"?'),
        (text + "    scopes: [email]\n", 'the scopes need "openid"'),
        (text + "    client_auth: none\n", 'give "client_secret"'),
        (text + text.removeprefix("providers:\n"), "a name of its own"),
        ("providers: [", "1:"),
    ):
        path.write_text(changed)
        with pytest.raises(BadDefinition) as error:
            read_providers(path)
        assert remark in str(error.value)
    secret.unlink()
    path.write_text(text)
    for missing in (path, tmp_path / "nowhere.yaml"):
        with pytest.raises(BadSetting, match="KEURMERK_PROVIDERS leads to"):
            read_providers(missing)


def test_the_demo_and_the_setting_say_who_signs_in_how(sqlite_desk: Desk, tmp_path: Path) -> None:
    desk = sqlite_desk
    one = browser(earnest(desk, tmp_path, sign_in_mail=False))
    page = one.get("/sign-in").text
    assert 'action="/sign-in/mail"' not in page
    for method, path in (
        ("GET", "/sign-in/mail"), ("POST", "/sign-in/mail"), ("GET", "/sign-in/mail/x"),
        ("POST", "/sign-in/mail/x"),
    ):  # fmt: skip
        assert one.request(method, path, data={"email": TEACHER}).status_code == 404
    assert one.post("/sign-in", data={"person": desk.reviewer}).status_code == 404
    header = {"keurmerk-person": TEACHER}
    assert one.get("/api/v1/notices", headers=header).status_code == 401


def test_staff_change_nothing_without_a_passkey_where_it_is_set(
    sqlite_desk: Desk, tmp_path: Path
) -> None:
    desk = sqlite_desk
    case_id = desk.submitted()
    context = earnest(desk, tmp_path, staff_passkey=True)
    one = signed_in(desk, context, "rita.reviewer@example.org")
    path = f"/api/v1/cases/{case_id}/triggers/approve"
    assert one.get(f"/api/v1/cases/{case_id}").status_code == 200
    refused = one.post(path, json={})
    assert refused.status_code == 403
    assert "signs in with a passkey" in refused.json()["error"]["message"]
    assert one.post("/account/sessions/end-others").status_code == 200
    table = Session.__table__  # type: ignore[attr-defined]
    with writing(desk.database) as connection:
        connection.execute(table.update().values(how="passkey"))
    assert one.post(path, json={}).status_code == 200
    teacher = signed_in(desk, context)
    assert teacher.patch(f"/api/v1/cases/{case_id}/form", json={"answers": {}}).status_code != 403


def test_who_asks_too_often_waits_and_a_school_does_not_wait_for_another(
    sqlite_desk: Desk, tmp_path: Path
) -> None:
    context = earnest(sqlite_desk, tmp_path, limits=Limits())
    one, neighbour = browser(context), browser(context, address="198.51.100.7")
    answers = [one.post("/sign-in/mail", data={"email": TEACHER}) for _ in range(21)]
    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    wait = int(answers[-1].headers["retry-after"])
    assert 0 < wait <= 600
    assert f"please try again in {wait} seconds" in answers[-1].text
    assert "<h1>Please wait a moment</h1>" in answers[-1].text
    assert answers[-1].headers["x-content-type-options"] == "nosniff"
    assert one.get("/sign-in").status_code == 200
    assert neighbour.post("/sign-in/mail", data={"email": "x@example.org"}).status_code == 200
    # One mailbox gets no more than five an hour, whoever asks.
    assert len(sqlite_desk.mails(template="sign_in/link")) == 5
    kept = str(vars(context.limits._limiter.storage))
    assert "192.0.2.1" not in kept
    off = browser(earnest(sqlite_desk, tmp_path, rate_limits=False))
    assert {off.post("/sign-in/mail", data={"email": "x"}).status_code for _ in range(21)} == {422}


@pytest.mark.parametrize(
    ("address", "counts_as"),
    [
        ("192.0.2.1", "192.0.2.1"), ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"), (None, ""), ("testclient", ""),
    ],
)  # fmt: skip
def test_what_counts_as_one_address(address: str | None, counts_as: str) -> None:
    assert network(address) == counts_as


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; CPU) Version/18.0 Mobile/15E148 Safari/604.1", "Safari, iPhone"),
        ("<script>alert(1)</script>", ""), ("", ""),
    ],
)  # fmt: skip
def test_a_browser_in_two_words(agent: str, words: str) -> None:
    assert browser_of(agent) == words


def test_what_the_staff_read_is_kept_and_shown_to_administrators(
    desk: Desk, tmp_path: Path
) -> None:
    case_id = desk.submitted()
    with writing(desk.database) as connection:
        for name, scope in (("Ada Admin", "*"), ("Bea Belgium", "BE"), ("Nel Nederland", "NL")):
            add_grant(connection, add_person(connection, name), "administrator", scope)
    context = earnest(desk, tmp_path)
    rita = signed_in(desk, context, "rita.reviewer@example.org")
    teacher = signed_in(desk, context)
    for one in (teacher, rita):
        for path in (
            f"/cases/{case_id}", f"/api/v1/cases/{case_id}/form", "/api/v1/cases",
            f"/api/v1/cases/{case_id}/evidence", f"/api/v1/cases/{'0' * 36}",
        ):  # fmt: skip
            one.get(path)
    rows = desk.rows(Access)
    assert [(row["person_id"], row["case_id"], row["what"], row["at"]) for row in rows] == [
        (desk.reviewer, case_id, what, desk.clock.now()) for what in ("case", "form", "evidence")
    ]
    seen: dict[str, Any] = {}
    for name in ("ada.admin", "bea.belgium", "nel.nederland", "rita.reviewer"):
        answer = signed_in(desk, context, f"{name}@example.org").get("/api/v1/access").json()
        seen[name] = [one["what"] for one in answer.get("accesses", [])] or answer
    assert seen["ada.admin"] == seen["bea.belgium"] == ["evidence", "form", "case"]
    assert seen["nel.nederland"] == {"accesses": [], "next": None}
    assert seen["rita.reviewer"]["error"]["who_may"] == ["administrator"]
    ada = signed_in(desk, context, "ada.admin@example.org")
    page = ada.get("/access", params={"person": "rita.reviewer@example.org"}).text
    assert page.count("Rita Reviewer") == 3
    for what in (">the case<", ">the form<", ">links and documents<", "<code>evidence</code>"):
        assert what in page
    assert "Nothing was read." in ada.get("/access", params={"case": "x"}).text
    first = ada.get("/api/v1/access", params={"limit": 2}).json()
    rest = ada.get("/api/v1/access", params={"limit": 2, "after": first["next"]}).json()
    assert ([one["what"] for one in rest["accesses"]], rest["next"]) == (["case"], None)
    # A mail to somebody else and a decision are read of a case, too; one's own mail is one's own.
    (mail,) = desk.mails(template="school_label/submitted", person_id=desk.teachers[0])
    decision = desk.rows(Decision, case_id=case_id)[0]["id"]
    before = len(desk.rows(Access))
    for one in (teacher, rita, ada):
        one.get(f"/mailbox/{mail['id']}")
        one.get(f"/api/v1/mails/{mail['id']}/preview")
        one.get(f"/api/v1/decisions/{decision}")
    assert [(row["person_id"] == desk.reviewer, row["case_id"], row["what"])
            for row in desk.rows(Access)[before:]] == [
        (hers, case_id, what)
        for hers, each in (
            (True, (f"mailbox/{mail['id']}", f"mails/{mail['id']}/preview",
                    f"decisions/{decision}")),
            (False, (f"mailbox/{mail['id']}", f"mails/{mail['id']}/preview")),
        )
        for what in each
    ]  # fmt: skip
    desk.clock.advance(timedelta(days=365, seconds=1))
    signed_in(desk, context)
    assert desk.rows(Access) == []


def test_what_is_loaded_where_there_is_tls_stays_there(sqlite_desk: Desk, tmp_path: Path) -> None:
    headers = browser(earnest(sqlite_desk, tmp_path)).get("/sign-in").headers
    assert headers["strict-transport-security"] == "max-age=63072000"
    for mail in (LINK, PASSKEY_MADE, PASSKEY_USED):
        assert Templates().languages(mail) == ["de", "en", "fr", "nl"]
