from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from models.database import writing
from models.registry import Grant, Label, Person
from notifications.languages import NAMES
from tests.builders import Desk, add_grant, add_person, add_school
from tests.web.conftest import client_as, context_of
from web.pages.sign_in import RIGHTS
from web.security import LARGEST_BODY
from web.signing_in import HEADER

LANGUAGES = tuple(NAMES)
#: Gives the page at an address as one of the desk's people; None is nobody.
Get = Callable[..., str]


@pytest.fixture
def client(sqlite_desk: Desk, tmp_path: Path) -> Callable[..., TestClient]:
    @cache
    def app_of(demo: bool) -> TestClient:
        return client_as(sqlite_desk, context_of(sqlite_desk, tmp_path, demo=demo), None)

    def made(person: str | None = None, *, demo: bool = True) -> TestClient:
        found = TestClient(
            app_of(demo).app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False,
            client=("127.0.0.1", 50000),
        )  # fmt: skip
        if person:
            (row,) = sqlite_desk.rows(Person, id=person)
            found.headers[HEADER] = row["email"]
        return found

    return made


@pytest.fixture
def get(client: Callable[..., TestClient]) -> Get:
    def got(
        path: str, person: str | None = None, *, status: int = 200, language: str = "en"
    ) -> str:
        answer = client(person).get(
            path, headers={"accept-language": language}, follow_redirects=False
        )
        assert answer.status_code == status
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        return answer.text

    return got


def words(html: str) -> str:
    """What stands on a page, without its head and marks."""
    body = html.partition("<body>")[2]
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def awarded(desk: Desk) -> str:
    """A label, awarded to the desk's school; gives its id."""
    case_id = desk.submitted()
    desk.fire(case_id, "approve", desk.reviewer)
    desk.until(2023, 4, 1)
    if desk.case(case_id)["state"] == "approved":
        desk.fire(case_id, "award", desk.css)
    (label,) = desk.rows(Label, kind="school_label")
    return str(label["id"])


def test_the_start_page_says_what_runs(get: Get) -> None:
    text = words(get("/"))
    assert "eTwinning School Label Version 1" in text
    assert "2023-2024 23 November 2022 – 31 January 2023 28 February 2023" in text
    assert "2024-2025 from 6 February 2024, end not known not known" in text
    assert "Sign in" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_in_its_readers_language(get: Get, sqlite_desk: Desk, language: str) -> None:
    label = awarded(sqlite_desk)
    case_id = sqlite_desk.case()["id"]
    pages = [
        get("/", sqlite_desk.reviewer, language=language),
        get("/sign-in", language=language),
        get("/processes/school_label", language=language),
        get(f"/cases/{case_id}", sqlite_desk.teachers[0], language=language),
        get(f"/labels/{label}", language=language),
        get("/api", language=language),
        get("/nowhere", language=language, status=404),
    ]
    assert [page.partition('<html lang="')[2][:2] for page in pages] == [language] * len(pages)


def test_the_reader_chooses_the_language_once(client: Callable[..., TestClient]) -> None:
    reader = client()
    assert '<html lang="fr">' in reader.get("/?lang=fr").text
    assert '<html lang="fr">' in reader.get("/api").text
    links = re.findall(r'href="(\?[^"]+)"', reader.get("/sign-in?then=/x&lang=fr").text)
    assert links == [f"?then=%2Fx&amp;lang={code}" for code in ("en", "nl", "de")]


def test_a_reader_who_asks_for_no_language_is_answered_in_her_own(
    client: Callable[..., TestClient], sqlite_desk: Desk
) -> None:
    reader = client(sqlite_desk.reviewer)
    reader.headers["accept-language"] = ""
    assert '<html lang="nl">' in reader.get("/").text
    assert '<html lang="nl">' in reader.get("/api").text


def test_the_start_page_says_what_waits_for_whom(get: Get, sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    with writing(desk.database) as connection:
        add_school(connection, "De Andere")
        abroad = add_person(connection, "Giulia Italiana")
        add_grant(connection, abroad, "nso_reviewer", "IT")
        linked = add_grant_at(connection, desk)
    desk.submitted()
    for person, hers, others in (
        (desk.reviewer, ["Sint-Jan"], ["De Andere"]),
        (desk.teachers[0], [], ["Sint-Jan"]),
        (linked, [], ["Sint-Jan", "De Andere"]),
        (abroad, [], []),
    ):
        page = get("/", person)
        waits, _, rest = page.partition("<h2>Processes</h2>")[0].partition("What else is open")
        assert re.findall(r'href="/cases/[^"]+">([^<]+)<', waits) == hers
        assert re.findall(r'href="/cases/[^"]+">([^<]+)<', rest) == others
    reviewers = words(get("/", desk.reviewer))
    assert "To be judged 1" in reviewers
    assert "working days left in time until" in reviewers, "it is as urgent as in the queue"
    assert "Your NSO is reading your application 1" in words(get("/", desk.teachers[0]))


def add_grant_at(connection: object, desk: Desk) -> str:
    """A reviewer who teaches at the desk's school."""
    add_grant(connection, desk.teachers[2], "nso_reviewer", "BE-VLG")  # type: ignore[arg-type]
    return desk.teachers[2]


def test_a_process_is_a_picture_and_a_table(get: Get) -> None:
    page = get("/processes/school_label")
    assert page.count('role="img"') == 1
    assert 'style="' not in page
    assert re.search(r"<title [^>]*>eTwinning School Label</title>", page)
    assert "Submit Draft To be judged a teacher of the school" in words(page)
    assert "There is nothing here" in get("/processes/nothing", status=404)


def test_a_process_is_told_with_the_days_of_a_round(get: Get) -> None:
    page = words(get("/processes/school_label?round=2023-2024"))
    assert "at 06:00 on 23 November 2022 Screening –" in page
    assert "14 days, 7 days, one day before: at the end of 31 January 2023 a reminder to" in page
    assert "… can apply for the eTwinning School Label Screening a teacher" in page
    newest = words(get("/processes/school_label", language="fr"))
    assert "à la fin d’un jour que personne n’a encore fixé : Dernier jour du" in newest


def test_a_case_is_for_those_it_concerns(get: Get, sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    case_id = desk.draft()
    with writing(desk.database) as connection:
        _school, others = add_school(connection, "De Andere")
    for person in (desk.reviewer, desk.coordinator, desk.css, desk.teachers[1]):
        assert "<h1>Sint-Jan</h1>" in get(f"/cases/{case_id}", person)
    known, unknown = (
        words(get(f"/cases/{one}", others[0], status=404)) for one in (case_id, "f" * 36)
    )
    assert known == unknown
    assert "There is no such case." in known


def test_nobody_is_led_to_sign_in_and_back(
    client: Callable[..., TestClient], sqlite_desk: Desk
) -> None:
    case_id = sqlite_desk.draft()
    reader = client()
    reader.headers["accept-language"] = "en"
    page = reader.get(f"/cases/{case_id}")
    assert page.url.path == "/sign-in"
    assert f'name="then" value="/cases/{case_id}"' in page.text
    form = {"person": sqlite_desk.teachers[0], "then": f"/cases/{case_id}"}
    page = reader.post("/sign-in", data=form)
    assert page.url.path == f"/cases/{case_id}"
    assert "Your application is not yet submitted" in page.text
    page = reader.post("/sign-out")
    assert page.url.path == "/"
    assert reader.get(f"/cases/{case_id}").url.path == "/sign-in"


@pytest.mark.parametrize("then", ["https://evil.example/", "//evil.example", "/cases/../x", ""])
def test_signing_in_leads_to_no_other_site(
    client: Callable[..., TestClient], sqlite_desk: Desk, then: str
) -> None:
    form = {"person": sqlite_desk.reviewer, "then": then}
    answer = client().post("/sign-in", data=form, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_a_case_says_what_is_missing_and_what_comes(get: Get, sqlite_desk: Desk) -> None:
    case_id = sqlite_desk.draft()
    text = words(get(f"/cases/{case_id}", sqlite_desk.teachers[0]))
    assert "It waits for a teacher of the school. Fill in the form Submit Withdraw" in text
    assert "Still missing" in text
    assert "31 January 2023, 24:00 Expire" in text
    assert "Still missing" not in words(get(f"/cases/{case_id}", sqlite_desk.reviewer))


def test_a_school_reads_what_was_asked_but_not_by_whom(get: Get, sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    case_id = desk.submitted()
    feedback = {"esafety": "<b>De link</b> werkt niet."}
    desk.fire(case_id, "request_changes", desk.reviewer, feedback=feedback)
    page = get(f"/cases/{case_id}", desk.teachers[0])
    assert (
        '<dt>eSafety policy</dt><dd class="written">&lt;b&gt;De link&lt;/b&gt; werkt niet.</dd>'
        in page
    )
    assert "Rita Reviewer" not in page
    assert "a reviewer of the NSO" in page
    assert "Your NSO asks you to improve your application" in page
    page = get(f"/cases/{case_id}", desk.colleague)
    assert "Rita Reviewer" in page
    assert "Changes asked for" in page


def test_anybody_can_see_whether_a_label_is_valid(get: Get, sqlite_desk: Desk) -> None:
    label = awarded(sqlite_desk)
    text = words(get(f"/labels/{label}"))
    assert "✓ This label is valid. Checked on 1 April 2023." in text
    assert "School Sint-Jan, Belgium" in text
    assert "Valid from 29 March 2023 Valid until 31 December 2024" in text
    people = {name for name in ("Rita", "Carl", "Sint-Jan 1", "@") if name in text}
    assert people == set()
    sqlite_desk.until(2025, 1, 1, 12)
    assert "✗ This label is not valid today." in words(get(f"/labels/{label}"))
    assert "There is no such label." in get(f"/labels/{'0' * 36}", status=404)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_certificate_is_public(
    client: Callable[..., TestClient], sqlite_desk: Desk, language: str
) -> None:
    answer = client(demo=False).get(
        f"/labels/{awarded(sqlite_desk)}/certificate.pdf", params={"lang": language}
    )
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")


def test_the_reference_tells_every_request(client: Callable[..., TestClient], get: Get) -> None:
    described = client().get("/api/v1/openapi.json").json()
    page = get("/api")
    found = set(re.findall(r'"method">([A-Z]+)</span> <code class="path">([^<]+)<', page))
    assert found == {
        (method.upper(), path) for path, methods in described["paths"].items() for method in methods
    }
    for name in described["components"]["schemas"]:
        assert f'id="form-{name}"' in page
    assert "Idempotency-Key" in page or "idempotency-key" in page


def test_the_demo_says_so_and_nothing_else_does(client: Callable[..., TestClient]) -> None:
    assert "It is 22 November 2022, 12:00 here" in client().get("/").text
    real = client(demo=False)
    page = real.get("/").text
    assert "without a password" not in page
    assert 'href="/sign-in"' in page
    assert "Sint-Jan" not in real.get("/sign-in").text
    assert real.post("/sign-in", data={"person": "x"}).status_code == 404
    assert real.get(f"/cases/{'0' * 36}").url.path == "/sign-in"


def test_the_demo_names_its_people_by_where_they_work(get: Get, sqlite_desk: Desk) -> None:
    text = words(get("/sign-in"))
    assert "Cora Coordinator coordinator, Flanders" in text
    assert "Central Support Service Carl Support" in text
    assert "Sint-Jan Sint-Jan 1 Sint-Jan 2 Sint-Jan 3" in text
    assert {row["right"] for row in sqlite_desk.rows(Grant)} <= set(RIGHTS)


def test_the_demo_is_for_this_machine_only(
    client: Callable[..., TestClient], sqlite_desk: Desk
) -> None:
    away = client(sqlite_desk.reviewer)
    away.headers["host"] = "keurmerk.example"
    for path, method in (("/", "GET"), ("/api/v1/cases", "GET"), ("/sign-in", "POST")):
        answer = away.request(method, path)
        assert answer.status_code == 403
        assert "for this machine only" in answer.text
        assert "Sint-Jan" not in answer.text
    for host in ("localhost:8000", "127.0.0.2", "[::1]:8000"):
        away.headers["host"] = host
        assert away.get("/").status_code == 200
    stranger = TestClient(away.app, base_url="http://127.0.0.1", client=("192.0.2.7", 4))
    assert stranger.get("/").status_code == 403


@pytest.mark.parametrize("path", ["/", "/api/v1/openapi.json", "/nowhere", "/static/keurmerk.css"])
def test_every_answer_has_the_headers_that_protect(
    client: Callable[..., TestClient], path: str
) -> None:
    headers = client().get(path).headers
    policy = headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src 'self'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert ("no-store" in headers.get("cache-control", "")) != path.startswith("/static/")


def test_another_site_cannot_act(client: Callable[..., TestClient], sqlite_desk: Desk) -> None:
    case_id = sqlite_desk.invited()
    form = {"person": sqlite_desk.reviewer}
    reader = client(sqlite_desk.teachers[0])
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
        answer = reader.post("/sign-in", data=form, headers=headers)
        assert (answer.status_code, answer.headers.get("set-cookie")) == (403, None)
        assert "comes from another site" in answer.text
        assert answer.headers["x-content-type-options"] == "nosniff"
        answer = reader.post(f"/api/v1/cases/{case_id}/triggers/start", json={}, headers=headers)
        assert answer.json()["error"]["code"] == "other_site"
    assert sqlite_desk.case(case_id)["state"] == "invited"
    answer = reader.post("/sign-in", data=form, headers={"sec-fetch-site": "same-origin"})
    assert answer.status_code == 200


def test_what_is_too_large_is_not_read(client: Callable[..., TestClient]) -> None:
    answer = client().post("/sign-in", content=b"x" * (LARGEST_BODY + 1))
    assert answer.status_code == 413
    assert "<h1>This is too large</h1>" in answer.text
    form = {"content-type": "application/x-www-form-urlencoded"}
    for path, kind in (("/sign-in", "text/html"), ("/api/v1/cases", "application/json")):
        # A request that does not say how long it is.
        pieces = (b"x" * 2**20 for _ in range(LARGEST_BODY // 2**20 + 1))
        answer = client().post(path, content=pieces, headers=form if path == "/sign-in" else {})
        assert answer.status_code == 413
        assert answer.headers["content-type"].startswith(kind)
        assert "12 MB is the most" in answer.text
        assert answer.headers["x-content-type-options"] == "nosniff"
    answer = client().post("/sign-in", headers={"content-length": "-5"})
    assert answer.status_code == 413


def test_a_fault_is_told_with_a_reference_even_without_a_database(
    client: Callable[..., TestClient], sqlite_desk: Desk
) -> None:
    reader = client(sqlite_desk.reviewer)
    sqlite_desk.database.dispose()
    Path(str(sqlite_desk.database.url.database)).unlink()
    answer = reader.get("/")
    assert answer.status_code == 500
    assert "Something went wrong" in answer.text
    assert re.search(r"reference: [0-9a-f-]{36}", answer.text)
    assert "Traceback" not in answer.text


def test_pages_load_nothing_from_elsewhere(get: Get, client: Callable[..., TestClient]) -> None:
    for path in ("/", "/sign-in", "/processes/school_label", "/api"):
        page = get(path)
        assert "<script" not in page
        for address in re.findall(r'<(?:link|img|script)[^>]+(?:href|src)="([^"]+)"', page):
            assert address.startswith("/static/")
            assert client().get(address).status_code == 200
    sheet = client().get("/static/keurmerk.css").text
    for address in re.findall(r'url\("([^"]+)"\)', sheet):
        assert client().get(address).status_code == 200
