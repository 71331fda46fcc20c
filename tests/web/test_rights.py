"""The pages of user rights and Digisnap, as a principal goes through them; the API beside them."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from playwright.sync_api import Browser, Page
from starlette.testclient import TestClient

from base.clock import VirtualClock
from digisnap.forgetting import forget_reports
from digisnap.reports import make_reports
from models.database import writing
from models.digisnap import Digisnap, DigisnapReport
from models.registry import Grant
from rules.judge import Judge
from tests.builders import Desk, add_member, add_person
from tests.web.browsing import PHONE, SCREEN, browser, look, tab_to
from tests.web.conftest import client_as, context_of
from tests.web.serving import served
from tests.workflows.school_rights import RIGHT, give, open_school
from web.app import create_app
from web.context import Context
from web.signing_in import HEADER

__all__ = ["browser"]

CODE = "Digisnap_88Xf2y"
NL = {"accept-language": "nl"}


@pytest.fixture
def desk(sqlite_engine: sqlalchemy.Engine, clock: VirtualClock, judge: Judge) -> Desk:
    return open_school(sqlite_engine, clock, judge)


@pytest.fixture
def context(desk: Desk, tmp_path: Path) -> Context:
    return context_of(desk, tmp_path)


def plain(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def post(client: TestClient, path: str, **form: Any) -> Any:
    return client.post(path, data=form, headers=NL)


def test_a_right_for_several_people_in_three_steps(desk: Desk, context: Context) -> None:
    client = client_as(desk, context, desk.extra["principal"])
    ict, teacher = desk.extra["ict"], desk.teachers[0]
    form: dict[str, Any] = {"school": desk.school}
    empty = post(client, "/rights/grant/people", **form, act="search")
    assert (empty.status_code, "minstens één veld" in empty.text) == (422, True)
    found = post(client, "/rights/grant/people", **form, first_name="ivo", act="search")
    assert "Ivo Claes" in found.text
    assert "Katrien" not in plain(found.text).split("Sign out")[-1].split("Afmelden")[-1]
    assert post(client, "/rights/grant/right", **form).status_code == 422, "nobody is chosen"

    form["person"] = [ict, teacher]
    step = post(client, "/rights/grant/right", **form)
    assert "Stap 1 van 3: Selecteer gebruikersrecht" in step.text
    assert post(client, "/rights/grant/days", **form).status_code == 422, "no right"
    form["right"] = RIGHT
    step = post(client, "/rights/grant/days", **form)
    assert "Dit recht verleent toegang tot de toepassing Digisnap als beheerder." in step.text
    assert "leraren hebben dit recht niet nodig! Sint-Jan 1" in plain(step.text)
    for wrong, words in (
        ({"first_day": "22/11/2022", "last_day": "", "reason": "x"}, "moet ingevuld"),
        ({"first_day": "2022-11-22", "last_day": "22/11/2023", "reason": "x"}, "geen datum"),
        ({"first_day": "22/11/2022", "last_day": "21/11/2022", "reason": "x"}, "vóór"),
        ({"first_day": "22/11/2022", "last_day": "22/11/2023", "reason": " "}, "moet ingevuld"),
    ):
        again = post(client, "/rights/grant/confirm", **form, **wrong)
        assert (again.status_code, words in again.text) == (422, True), wrong
        assert wrong["first_day"] in again.text, "what was typed is kept"
    form |= {"first_day": "22/11/2022", "last_day": "22/11/2023", "reason": "test <Digisnap>"}
    last = post(client, "/rights/grant/confirm", **form)
    assert "Stap 3 van 3: Bevestiging" in last.text
    assert "test &lt;Digisnap&gt;" in last.text
    assert desk.rows(Grant, right=RIGHT) == [], "nothing before it is confirmed"
    give(desk, teacher)
    done = post(client, "/rights/grant/done", **form)
    text = plain(done.text)
    assert "De gebruikersrechten zijn aangemaakt en worden verwerkt Ivo Claes" in text
    assert "Niet toegekend Sint-Jan 1 Er loopt er al een" in text
    assert {row["person_id"] for row in desk.rows(Grant, right=RIGHT)} == {ict, teacher}

    desk.until(2022, 11, 22, 12)
    (case_id,) = [row["id"] for row in desk.rows_of_cases() if row["person_id"] == ict]
    late = post(client, f"/rights/{case_id}/extend", last_day="23/11/2026")
    assert (late.status_code, "hoogstens 48 maanden" in late.text) == (422, True)
    moved = post(client, f"/rights/{case_id}/extend", last_day="22/11/2026")
    assert "De einddatum van het recht van Ivo Claes is gewijzigd." in plain(moved.text)
    assert "22/11/2026" in client.get(f"/rights.csv?school={desk.school}").text
    gone = post(client, f"/rights/{case_id}/revoke", reason="Andere taken")
    assert "Het recht van Ivo Claes is ingetrokken." in plain(gone.text)
    assert client.get(f"/rights/{case_id}/revoke").status_code == 404
    file = {"file": ("rights.csv", b"name;email\n", "text/csv")}
    refused = client.post("/rights", data={"school": desk.school}, files=file)
    assert (refused.status_code, "moet deze kolommen noemen" in refused.text) == (422, True)


def test_the_26th_is_refused_and_nobody_else_gets_in(desk: Desk, context: Context) -> None:
    with writing(desk.database) as connection:
        many = [add_person(connection, f"Leraar {number}") for number in range(26)]
        for person in many:
            add_member(connection, desk.school, person)
    client = client_as(desk, context, desk.extra["principal"])
    form = {"school": desk.school, "right": RIGHT, "person": many}
    days = {"first_day": "22/11/2022", "last_day": "22/11/2023", "reason": "x"}
    for step in ("right", "days", "confirm", "done"):
        answer = post(client, f"/rights/grant/{step}", **form, **days)
        assert (answer.status_code, "hoogstens 25" in answer.text) == (422, True), step
    body = {
        "process": "user_right", "way": "grant", "organisation_id": desk.school,
        "payload": {"right": RIGHT, "first_day": "2022-11-22", "last_day": "2023-11-22",
                    "reason": "x"},
    }  # fmt: skip
    assert client.post("/api/v1/cases/each", json={**body, "subjects": many}).status_code == 422
    assert desk.rows(Grant, right=RIGHT) == []
    two = [desk.extra["ict"], many[0]]
    answers = client.post("/api/v1/cases/each", json={**body, "subjects": two}).json()
    assert [one["error"] for one in answers] == [None, None]
    again = client.post("/api/v1/cases/each", json={**body, "subjects": two[:1]}).json()
    assert again[0]["error"]["code"] == "conflict"
    held = client.get("/api/v1/rights/held").json()
    assert [(one["name"], one["not_needed"]) for one in held] == [
        ("Ivo Claes", False), ("Leraar 0", True),
    ]  # fmt: skip
    case_id = answers[0]["case_id"]
    assert client.get(f"/api/v1/cases/{case_id}").json()["state"]["name"] == "pending"
    for person in (desk.teachers[0], desk.reviewer, desk.extra["team"]):
        other = client_as(desk, context, person)
        assert other.get("/rights").status_code == 404
        assert other.get(f"/rights/{case_id}/revoke").status_code == 404
        assert other.get(f"/rights.csv?school={desk.school}").status_code == 404
    for person in (desk.teachers[0], desk.extra["team"]):
        other = client_as(desk, context, person)
        assert other.get(f"/api/v1/cases/{case_id}").status_code == 404
        assert other.post("/api/v1/cases/each", json={**body, "subjects": two}).status_code == 404
    away = client_as(desk, context, None).get("/rights", follow_redirects=False)
    assert (away.status_code, away.headers["location"]) == (303, "/sign-in?then=%2Frights")


def with_report(desk: Desk, context: Context) -> None:
    """From the request to a report, over the pages and the API."""
    principal = client_as(desk, context, desk.extra["principal"])
    team = client_as(desk, context, desk.extra["team"])
    post(principal, "/digisnap/requests", school=desk.school, teachers="Dag en avond")
    assert (
        "Digisnap-team bereidt jullie toegangscodes voor"
        in principal.get("/digisnap", headers=NL).text
    )
    (case_id,) = [row["id"] for row in desk.rows_of_cases()]
    assert team.get(f"/cases/{case_id}").status_code == 200, "the team sees its own process"
    wrong = post(team, f"/digisnap/requests/{case_id}/send_codes", codes=CODE)
    assert (wrong.status_code, "schrijf de code, een spatie" in wrong.text) == (422, True)
    codes = f"{CODE} KS Leuven Dag\r\nDigisnap_41Qz7b KS Leuven Avond"
    post(team, f"/digisnap/requests/{case_id}/send_codes", codes=codes)
    assert post(principal, "/digisnap/links", code=CODE).status_code == 403, "no right yet"
    give(desk, desk.extra["principal"])
    bad = post(principal, "/digisnap/links", code="Digisnap_0")
    assert (bad.status_code, "Digisnap_0" in bad.text) == (422, True)
    linked = plain(post(principal, "/digisnap/links", code=CODE).text)
    assert f"Je bent succesvol aangemeld bij Digisnap “KS Leuven Dag” ({CODE})." in linked
    assert "Je was al aangemeld" in plain(post(principal, "/digisnap/links", code=CODE).text)
    post(principal, "/digisnap/links", code="Digisnap_41Qz7b")
    lists = [row["id"] for row in desk.rows(Digisnap)]
    few = post(principal, "/digisnap/reports", lists=lists)
    assert (few.status_code, "Te weinig leraren" in few.text) == (409, True)
    for code in (CODE, "Digisnap_41Qz7b"):
        scans = [
            {"reference": str(number), "completed_on": "2022-11-21",
             "scores": {"assessment": 50 + number, "digital_resources": 70}}
            for number in range(3)
        ]  # fmt: skip
        sent = team.post("/api/v1/digisnap/scans", json={"code": code, "scans": scans})
        assert sent.json() == {"kept": 3}
    asked = plain(post(principal, "/digisnap/reports", lists=lists, training="yes").text)
    assert "wordt gemaakt: 0 van 2" in asked


def test_from_the_request_to_the_archive(desk: Desk, context: Context) -> None:
    with_report(desk, context)
    principal = client_as(desk, context, desk.extra["principal"])
    (row,) = desk.rows(DigisnapReport)
    assert principal.get(f"/digisnap/reports/{row['id']}.pdf").status_code == 404, "not yet"
    make_reports(desk.database, desk.clock, context.files)
    page = plain(principal.get("/digisnap", headers=NL).text)
    assert "Directierapport KS Leuven Avond; KS Leuven Dag Ja PDF" in page
    paper = principal.get(f"/digisnap/reports/{row['id']}.pdf")
    assert paper.content.startswith(b"%PDF")
    assert principal.get(f"/api/v1/digisnap/reports/{row['id']}/content").content == paper.content
    other = client_as(desk, context, desk.extra["ict"])
    assert other.get(f"/digisnap/reports/{row['id']}.pdf").status_code == 404
    over = desk.clock.now() + timedelta(days=2)
    assert forget_reports(context.database, context.files, over, lambda _: lambda _: 1) == 1
    gone = principal.get(f"/digisnap/reports/{row['id']}.pdf")
    assert (gone.status_code, "niet langer bewaard" in gone.text) == (404, True)
    page = principal.get("/digisnap", headers=NL).text
    assert "Dit rapport wordt niet langer bewaard. Je kan een nieuw rapport maken." in page
    assert f"/digisnap/reports/{row['id']}.pdf" not in page
    (line,) = principal.get("/api/v1/digisnap/reports").json()
    assert (line["is_ready"], line["is_forgotten"]) == (False, True)


def test_what_is_looked_at_each_day_is_no_deadline(desk: Desk, context: Context) -> None:
    case_id = give(desk, desk.extra["ict"])
    desk.until(2022, 11, 22, 13)
    assert {row["name"] for row in desk.timers(case_id)} >= {"look", "expire"}
    client = client_as(desk, context, desk.extra["ict"])
    shown = plain(client.get("/applications", headers=NL).text)
    assert "Beëindigen bij vertrek" not in shown
    assert "22 november 2023" in shown  # its last day is one
    history = plain(client.get(f"/cases/{case_id}", headers=NL).text)
    assert "Gebruikersrecht Digisnap Beheerder" in history
    assert "Begindatum 22 november 2022 Einddatum 22 november 2023" in history


@pytest.mark.browser
def test_the_pages_are_for_everybody(desk: Desk, context: Context, browser: Browser) -> None:
    with_report(desk, context)
    give(desk, desk.extra["ict"])
    people = {
        "principal": "katrien.bernaerts@example.org", "team": "dirk.digisnap@example.org",
    }  # fmt: skip
    with served(create_app(context)) as address:
        for language, width in (("nl", PHONE), ("en", SCREEN)):
            view = browser.new_page(viewport={"width": width, "height": 900}, locale=language)

            def press(selector: str, view: Page = view) -> None:
                view.locator(selector).first.click()

            def sign_in(who: str, view: Page = view) -> None:
                view.set_extra_http_headers({HEADER: people[who]})

            sign_in("principal")
            for name, path in (("rights", "/rights"), ("digisnap", "/digisnap")):
                view.goto(address + path)
                look(view, name)
            view.goto(f"{address}/rights/grant")
            press("[name=act][value=search]")
            look(view, "people-empty")
            view.select_option("#role", "teacher")
            press("[name=act][value=search]")
            for box in view.locator("#main input[type=checkbox]").all():
                box.check()
            look(view, "people")
            press("[formaction='/rights/grant/right']")
            look(view, "step-1")
            press(".buttons .button")
            view.fill("#first_day", "22/11/2022")
            press(".buttons .button")
            look(view, "step-2")
            view.fill("#last_day", "22/11/2023")
            view.fill("#reason", "Digisnap")
            press(".buttons .button")
            look(view, "step-3")
            press(".buttons .button")
            look(view, "granted")
            sign_in("team")
            view.goto(f"{address}/digisnap")
            look(view, "team")
            view.close()


@pytest.mark.browser
def test_a_principal_gives_a_right_by_keyboard_alone_without_javascript(
    desk: Desk, context: Context, browser: Browser
) -> None:
    with (
        served(create_app(context)) as address,
        browser.new_page(
            viewport={"width": PHONE, "height": 800}, locale="nl", java_script_enabled=False,
            extra_http_headers={HEADER: "katrien.bernaerts@example.org"},
        ) as page,
    ):  # fmt: skip

        def press(selector: str) -> None:
            tab_to(page, selector)
            with page.expect_navigation():
                page.keyboard.press("Enter")
            look(page, axe=False)

        page.goto(f"{address}/rights")
        press("main a[href^='/rights/grant']")
        tab_to(page, "#first_name")
        page.keyboard.type("Ivo")
        press("[name=act][value=search]")
        tab_to(page, "#main input[type=checkbox]")
        page.keyboard.press("Space")
        press("[formaction='/rights/grant/right']")
        press("main .buttons .button")
        for name, text in (("first_day", "22/11/2022"), ("last_day", "22/11/2023"),
                           ("reason", "Digisnap")):  # fmt: skip
            if not page.locator(f"#{name}").count():
                press("main .buttons .button")
            tab_to(page, f"#{name}")
            page.keyboard.press("Control+a")
            page.keyboard.type(text)
        press("main .buttons .button")
        press("main .buttons .button")
    assert [row["state"] for row in desk.rows_of_cases() if row["process"] == "user_right"]
