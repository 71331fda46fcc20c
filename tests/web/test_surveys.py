"""The pages of exercises: setting up, links, participation, and answering without a trace."""

from __future__ import annotations

import re
import traceback
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest
import sqlalchemy
from limits import parse
from sqlalchemy import event, update
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from base.clock import VirtualClock
from models.registry import Organisation
from models.surveys import SurveyExercise, SurveyProgress, SurveySheet
from rules.judge import Judge
from tests.builders import Desk
from tests.surveys.exercises import (
    begun,
    exercise,
    link_in_mail,
    open_desk,
    opened,
    register,
    token_of,
)
from tests.web.conftest import client_as, context_of
from web.limits import POLICIES, Limits
from web.signing_in import inside

pytestmark = pytest.mark.integration


@pytest.fixture
def selfie(sqlite_engine: sqlalchemy.Engine, clock: VirtualClock, judge: Judge) -> Desk:
    """A desk for exercises, on SQLite."""
    return open_desk(sqlite_engine, clock, judge)


def signed_in(desk: Desk, folder: Path, person: str | None) -> TestClient:
    return client_as(desk, context_of(desk, folder), person)


def hidden(html: str) -> dict[str, str]:
    """The hidden fields of a page of the questionnaire, and what else its form sends."""
    found = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html))
    language = re.search(r'<option value="(\w+)"[^>]* selected>', html)
    return {**found, "language": language[1] if language else "en"}


def test_a_school_registers_and_sets_an_exercise_up(selfie: Desk, tmp_path: Path) -> None:
    client = signed_in(selfie, tmp_path, selfie.teachers[0])
    page = client.get("/surveys").text
    found = re.search(r'href="(/apply/[^"]+)"', page)
    assert found
    wrong = client.post(found[1], data={"school_email": "x@"})
    assert (wrong.status_code, wrong.text.count('aria-invalid="true"')) == (422, 2)
    assert 'value="x@"' in wrong.text
    assert "Oefening beginnen" not in page, "there is no coordinator yet"
    case_id = register(selfie)
    link = f"/links/{link_in_mail(selfie, case_id)}"
    for _ in range(2):  # a mail program looks at it first
        assert "Account activeren" in client.get(link).text
    assert selfie.case(case_id)["state"] == "requested"
    nobody = signed_in(selfie, tmp_path, None)
    assert nobody.post(link).status_code == 401
    there = re.search(r'href="/sign-in\?then=([^"]+)"', nobody.get(link).text)
    assert there
    assert inside(unquote(there[1])) == link
    assert client.post(link, follow_redirects=False).status_code == 303
    assert client.post(link).status_code == 409
    assert selfie.case(case_id)["state"] == "profile_incomplete"


def test_every_step_of_the_set_up(selfie: Desk, tmp_path: Path) -> None:
    case_id = begun(selfie)
    client = signed_in(selfie, tmp_path, selfie.teachers[0])
    at = f"/surveys/{case_id}"
    assert client.get("/surveys").status_code == 200
    bad = {"school_leaders": "-3", "teachers": "ten", "students": "5"}
    page = client.post(f"{at}/numbers", data=bad)
    assert (page.status_code, page.text.count("aria-invalid")) == (422, 2)
    assert 'value="ten"' in page.text
    good = {"school_leaders": "2", "teachers": "10", "students": "40", "with_companies": "yes"}
    assert client.post(f"{at}/numbers", data=good).url.path == at
    page = client.post(f"{at}/companies", data={"action": "register", "name": "", "sector": ""})
    assert page.status_code == 422
    named = {"action": "register", "name": "Bouw <b>", "sector": "Bouw", "then": "stay"}
    assert "Bouw &lt;b&gt;" in client.post(f"{at}/companies", data=named).text
    chosen = {"action": "optional", "optional": ["infrastructure_own_devices"]}
    assert client.post(f"{at}/statements", data=chosen).status_code == 200
    page = client.post(f"{at}/statements", data={"action": "own", "area": "leadership"})
    assert (page.status_code, page.text.count("aria-invalid")) == (422, 8)
    own = {
        f"{group}-{part}": "Wij doen dit." for part in ("text", "help")
        for group in ("school_leaders", "teachers", "students", "trainers")
    }  # fmt: skip
    own |= {"action": "own", "area": "leadership", "then": "stay"}
    assert "Wij doen dit." in client.post(f"{at}/statements", data=own).text
    assert "Wij doen dit." in client.get(f"{at}/statements?number=1").text
    page = client.post(f"{at}/dates", data={"first_day": "2022-13-01", "last_day": "2022-12-04"})
    assert page.status_code == 422
    late = {"first_day": "2022-11-28", "last_day": "2022-12-20", "language": "nl"}
    client.post(f"{at}/dates", data=late)
    page = client.post(f"{at}/links")
    assert (page.status_code, "hoogstens 21 dagen" in page.text) == (422, True)
    client.post(f"{at}/dates", data={**late, "last_day": "2022-12-04"})
    assert "Wij doen dit." in client.get(f"{at}/preview/teachers").text
    page = client.post(f"{at}/links")
    assert page.url.path == f"{at}/links"
    assert page.text.count("data:image/svg+xml") == 4
    for step in ("numbers", "companies", "statements", "dates"):
        assert "vanaf dan kan er niets meer aan de set-up" in client.get(f"{at}/{step}").text
        assert client.post(f"{at}/{step}", data=good | late | own).status_code == 409
    assert "nog niet vastgelegd door jullie land" in client.get(at).text


def test_it_is_the_schools_alone(selfie: Desk, tmp_path: Path) -> None:
    case_id = begun(selfie)
    for person in (selfie.extra["stranger"], selfie.reviewer, selfie.coordinator):
        client = signed_in(selfie, tmp_path, person)
        assert client.get(f"/surveys/{case_id}").status_code == 404
        assert client.post(f"/surveys/{case_id}/dates").status_code == 404
        assert client.get(f"/api/v1/exercises/{case_id}").status_code == 404
        assert f"/surveys/{case_id}" not in client.get(f"/cases/{case_id}").text
    colleague = signed_in(selfie, tmp_path, selfie.teachers[1])
    assert colleague.get(f"/surveys/{case_id}").status_code == 200
    assert f'href="/surveys/{case_id}"' in colleague.get(f"/cases/{case_id}").text
    assert colleague.post(f"/surveys/{case_id}/dates").status_code == 403
    assert colleague.get(f"/surveys/{case_id}/nonsense").status_code == 404


def test_answering_leaves_no_trace(selfie: Desk, tmp_path: Path) -> None:
    token = token_of(selfie, opened(selfie), "teachers")
    client = signed_in(selfie, tmp_path, None)
    with capture_logs() as logs:
        page = client.get(f"/s/{token}?lang=fr")
        assert ('lang="fr"' in page.text, "Commencer" in page.text) == (True, True)
        page = client.post(f"/s/{token}", data={"language": "nl"})
        sent = hidden(page.text)
        assert set(sent["answers"]) == {"-"}
        sent |= {"q0": "5", "q1": "0", "to": "stay", "language": "de"}
        page = client.post(f"/s/{token}/answers", data=sent)
        sent = hidden(page.text)
        assert (sent["answers"][:2], sent["language"], sent["at"]) == ("50", "de", "0")
        assert 'id="q0-5" name="q0" value="5" checked' in page.text
        for number in range(8):
            assert sent["at"] == str(number)
            page = client.post(f"/s/{token}/answers", data={**sent, "to": "next"})
            sent = hidden(page.text)
        page = client.post(
            f"/s/{token}/answers", data={**sent, "to": "submit"}, follow_redirects=False
        )
        done = client.get(page.headers["location"])
        ticket = hidden(done.text)
        assert (
            client.post(f"/s/{token}/certificate", data={**ticket, "name": " "}).status_code == 422
        )
        paper = client.post(f"/s/{token}/certificate", data={**ticket, "name": "Mia Maes"})
        assert paper.content.startswith(b"%PDF")
        forged = {**ticket, "name": "Mia Maes", "ticket": ticket["ticket"][:-1]}
        assert client.post(f"/s/{token}/certificate", data=forged).status_code == 409
        again = client.post(f"/s/{token}/answers", data={**sent, "to": "submit"})
        assert again.status_code == 409
    assert client.cookies == {}
    assert logs == []
    assert len(selfie.rows(SurveySheet)) == 1
    assert selfie.rows(SurveySheet)[0]["answers"][:3] == bytes([5, 0, 255])
    assert "Mia" not in str(selfie.rows(SurveySheet))
    selfie.until(2022, 11, 29, 12)
    late = client.post(f"/s/{token}/certificate", data={**ticket, "name": "Mia Maes"})
    assert late.status_code == 409
    assert "cannot be made later" in late.text


def test_nor_does_a_fault(selfie: Desk, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    token = token_of(selfie, opened(selfie), "teachers")
    client = signed_in(selfie, tmp_path, None)
    sent = hidden(client.post(f"/s/{token}").text)
    with selfie.database.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE survey_sheet RENAME TO elsewhere")
    sent |= {"answers": "4" * len(sent["answers"]), "to": "submit"}
    with capture_logs() as logs:
        assert client.post(f"/s/{token}/answers", data=sent).status_code == 500
    (line,) = logs
    told = "".join(traceback.format_exception(line["exc_info"])) + capfd.readouterr().err
    assert "INSERT INTO survey_sheet" in told
    assert "\\x04" not in told, "what was answered"
    assert sent["key"] not in told
    assert exercise(selfie, str(selfie.rows(SurveyExercise)[0]["case_id"]))["id"] not in told


def test_going_through_the_parts_asks_the_database_nothing(selfie: Desk, tmp_path: Path) -> None:
    token = token_of(selfie, opened(selfie), "teachers")
    client = signed_in(selfie, tmp_path, None)
    sent = hidden(client.post(f"/s/{token}").text)
    asked: list[str] = []
    event.listen(
        selfie.database, "before_cursor_execute",
        lambda _c, _cursor, statement, *_more: asked.append(statement),
    )  # fmt: skip
    at = f"/s/{token}/answers"
    for to in ("next", "stay", "back", "next"):
        page = client.post(at, data={**sent, "q0": "5", "to": to})
        assert page.status_code == 200
        sent = hidden(page.text)
    assert asked == []
    # Whoever was sent another seal, or none, as after a new start of the service, is looked up.
    for until in ("", "9999999999~x", sent["until"].replace(".", "1.")):
        page = client.post(at, data={**sent, "until": until, "to": "next"})
        assert (page.status_code, hidden(page.text)["until"]) == (200, sent["until"])
    wrong = client.post(at, data={**sent, "key": "other", "to": "next"})
    assert (wrong.status_code, len(asked)) == (409, 4 * 2)
    selfie.clock.move_to(selfie.clock.now() + timedelta(hours=2))
    assert client.post(at, data={**sent, "to": "next"}).status_code == 409


def test_what_a_link_leads_to_is_read_again_after_a_minute(selfie: Desk, tmp_path: Path) -> None:
    case_id = opened(selfie)
    client = signed_in(selfie, tmp_path, None)
    at = f"/s/{token_of(selfie, case_id, 'teachers')}"
    assert "Sint-Jan" in client.get(at).text
    with selfie.database.begin() as connection:
        connection.execute(update(Organisation).values(name="Sint-Anna"))
    selfie.clock.move_to(selfie.clock.now() + timedelta(seconds=59))
    assert "Sint-Jan" in client.get(at).text
    selfie.clock.move_to(selfie.clock.now() + timedelta(seconds=1))
    assert "Sint-Anna" in client.get(at).text


@pytest.mark.parametrize(
    "changed", [{"answers": "5"}, {"answers": "x" * 33}, {"key": "other"}, {"answers": ""}]
)
def test_what_is_not_of_this_questionnaire(
    selfie: Desk, tmp_path: Path, changed: dict[str, str]
) -> None:
    token = token_of(selfie, opened(selfie), "teachers")
    client = signed_in(selfie, tmp_path, None)
    sent = hidden(client.post(f"/s/{token}").text)
    page = client.post(f"/s/{token}/answers", data={**sent, **changed, "to": "submit"})
    assert page.status_code in {409, 422}
    assert f'href="/s/{token}"' in page.text
    assert selfie.rows(SurveySheet) == []
    assert len(selfie.rows_of(SurveyProgress)) == 1


def test_too_early_too_late_and_no_link(selfie: Desk, tmp_path: Path) -> None:
    case_id = begun(selfie)
    client = signed_in(selfie, tmp_path, selfie.teachers[0])
    assert client.get("/s/abcdefghijkm").status_code == 404
    at = f"/surveys/{case_id}"
    client.post(f"{at}/numbers", data={"school_leaders": "2", "teachers": "9", "students": "0"})
    client.post(
        f"{at}/dates",
        data={"first_day": "2022-11-28", "last_day": "2022-12-04", "language": "nl"},
    )
    client.post(f"{at}/links")
    token = token_of(selfie, case_id, "teachers")
    assert "28 november 2022" in client.get(f"/s/{token}").text
    assert client.post(f"/s/{token}").status_code == 409
    selfie.until(2022, 12, 5, 8)
    assert "4 december 2022" in client.get(f"/s/{token}").text
    assert client.post(f"/s/{token}").status_code == 409


def test_a_whole_school_behind_one_address_answers_at_once() -> None:
    limits = Limits()
    asked = [("GET", "/s/x"), ("POST", "/s/x"), *[("POST", "/s/x/answers")] * 9,
             ("GET", "/s/x/done"), ("POST", "/s/x/certificate")]  # fmt: skip
    waits = [limits.wait(*one, "192.0.2.1") for _ in range(2000) for one in asked]
    assert set(waits) == {0}


def test_one_address_cannot_begin_without_end(selfie: Desk, tmp_path: Path) -> None:
    policies = tuple(
        replace(one, limit=parse("2 per minute")) for one in POLICIES if one.name == "questionnaire"
    )
    case_id = opened(selfie)
    token = token_of(selfie, case_id, "students")
    context = replace(context_of(selfie, tmp_path, demo=False), limits=Limits(policies))
    client = client_as(selfie, context, None)
    page = client.post(f"/s/{token}")
    assert client.post(f"/api/v1/questionnaires/{token}/begin").status_code == 200
    refused = client.post(f"/s/{token}")
    assert (refused.status_code, f'href="/s/{token}"' in refused.text) == (429, True)
    assert client.post(f"/api/v1/questionnaires/{token}/begin").status_code == 429
    sent = hidden(page.text)
    assert client.post(f"/s/{token}/answers", data={**sent, "to": "submit"}).status_code == 200
    assert len(selfie.rows(SurveySheet)) == 1, "whoever has begun is not stopped"


def test_the_same_over_the_api(selfie: Desk, tmp_path: Path) -> None:
    case_id = begun(selfie)
    client = signed_in(selfie, tmp_path, selfie.teachers[0])
    at = f"/api/v1/exercises/{case_id}"
    numbers = {"invited": {"school_leaders": 2, "teachers": 10, "students": 40}}
    assert client.put(f"{at}/numbers", json={"invited": {"teachers": -1}}).status_code == 422
    assert client.put(f"{at}/numbers", json=numbers).json()["invited"]["teachers"] == 10
    days = {"first_day": "2022-11-28", "last_day": "2022-12-04", "language": "nl"}
    assert client.put(f"{at}/dates", json=days).json()["last_day"] == "2022-12-04"
    assert client.put(f"{at}/optional", json={"optional": ["nonsense"]}).status_code == 422
    versions = {g: {"text": "Wij.", "help": "Denk."} for g in numbers["invited"]}
    own = client.post(f"{at}/statements", json={"area": "leadership", "versions": versions})
    assert own.json()["own_statements"][0]["number"] == 1
    assert client.delete(f"{at}/statements/1").json()["own_statements"] == []
    assert client.put(f"{at}/companies", json={"companies": []}).status_code == 422
    client.post(f"/api/v1/cases/{case_id}/triggers/make_links", json={})
    assert client.put(f"{at}/numbers", json=numbers).status_code == 409
    (link, *others) = client.get(f"{at}").json()["links"]
    assert len(others) == 2
    selfie.until(2022, 11, 29, 11)
    nobody = signed_in(selfie, tmp_path, None)
    there = f"/api/v1/questionnaires/{link['address'].rpartition('/')[2]}"
    asked = nobody.get(there).json()
    assert asked["when"] == "open"
    key = nobody.post(f"{there}/begin").json()["key"]
    sent = {"key": key, "answers": [4] * len(asked["statements"])}
    assert nobody.post(f"{there}/submit", json={**sent, "answers": [9]}).status_code == 422
    assert nobody.post(f"{there}/submit", json=sent).status_code == 204
    assert nobody.post(f"{there}/submit", json=sent).status_code == 409
    shown = client.get(at).json()["participation"]
    assert [one["submitted"] for one in shown] == [1, 0, 0]
    assert exercise(selfie, case_id)["locked_at"] is not None
