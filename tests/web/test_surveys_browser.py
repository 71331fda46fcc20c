"""Exercises in a browser: every page by the standard, and a questionnaire filled in on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from base.clock import VirtualClock
from models.surveys import SurveySheet
from rules.judge import Judge
from tests.builders import Desk
from tests.conftest import new_sqlite
from tests.surveys import conftest as results
from tests.surveys.exercises import begun, open_desk, opened, token_of
from tests.web.browsing import PHONE, SCREEN, browser, look, overheard, tab_to
from tests.web.conftest import context_of
from tests.web.serving import served
from web.app import create_app
from web.signing_in import HEADER

__all__ = ["browser"]

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def desk(
    sqlite_template: Path, judge: Judge, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    with new_sqlite(sqlite_template, tmp_path_factory.mktemp("survey")) as database:
        yield open_desk(database, VirtualClock(datetime(2022, 11, 22, 11, 0, tzinfo=UTC)), judge)


def test_pages_of_exercises(desk: Desk, browser: Browser, tmp_path: Path) -> None:
    draft, running = begun(desk), opened(desk, companies=True)
    token = token_of(desk, running, "teachers")
    with served(create_app(context_of(desk, tmp_path))) as address:
        for width, language in ((PHONE, "nl"), (SCREEN, "en")):
            context = browser.new_context(
                viewport={"width": width, "height": 720}, reduced_motion="reduce",
                extra_http_headers={HEADER: "sint-jan.1@example.org", "Accept-Language": language},
            )  # fmt: skip
            page = context.new_page()
            for name, path in {
                "surveys": "", "draft": f"/{draft}", "running": f"/{running}",
                "numbers": f"/{draft}/numbers", "companies": f"/{running}/companies",
                "statements": f"/{draft}/statements", "dates": f"/{draft}/dates",
                "links": f"/{running}/links", "preview": f"/{running}/preview/teachers",
            }.items():  # fmt: skip
                page.goto(f"{address}/surveys{path}")
                look(page, name)
            page.goto(f"{address}/surveys/{draft}/dates")
            page.get_by_label("Einddatum" if language == "nl" else "Last day").fill("2022-01-01")
            page.get_by_role("button", name="Bewaren" if language == "nl" else "Save").click()
            look(page, "dates-wrong")
            context.close()
        phone = browser.new_context(viewport={"width": PHONE, "height": 640})
        page = phone.new_page()
        page.goto(f"{address}/s/{token}")
        look(page, "begin")
        page.get_by_role("button", name="Beginnen").click()
        look(page, "part")
        page.get_by_label("Mee eens", exact=True).first.check()
        page.get_by_label("Taal").select_option("en")
        page.get_by_role("button", name="Wijzigen").click()
        assert page.get_by_label("Agree", exact=True).first.is_checked()
        for _ in range(8):
            page.get_by_role("button", name="Next").click()
        look(page, "submit")
        page.get_by_role("button", name="Submit").click()
        look(page, "done")
        page.get_by_label("Name on the certificate").fill("Mia Maes")
        with page.expect_download() as download:
            page.get_by_role("button", name="Download").click()
        assert download.value.suggested_filename.endswith(".pdf")
        assert phone.cookies() == []
        phone.close()
    assert len(desk.rows(SurveySheet)) == 1


def test_pages_of_what_came_of_it(
    browser: Browser, sqlite_template: Path, judge: Judge, tmp_path: Path
) -> None:
    with new_sqlite(sqlite_template, tmp_path) as database:
        clock = VirtualClock(datetime(2022, 11, 22, 7, 0, tzinfo=UTC))
        survey = results.opened(database, clock, judge, tmp_path)
        case_id = survey.exercise({"school_leaders": 2, "teachers": 9, "students": 30})
        survey.reported(low_below=300, high_from=320, gap_from=10)
        answer = survey.client(survey.coordinator).post(f"/surveys/{case_id}/badge")
        with served(create_app(survey.context)) as address:
            for width, language in ((PHONE, "de"), (SCREEN, "en")):
                for email, paths in (
                    ("sint-jan.1@example.org", (f"/surveys/{case_id}/report", answer.url.path)),
                    ("carl.support@example.org", ("/surveys/statistics",)),
                ):
                    context = browser.new_context(
                        viewport={"width": width, "height": 720}, reduced_motion="reduce",
                        extra_http_headers={HEADER: email, "Accept-Language": language},
                    )  # fmt: skip
                    page = context.new_page()
                    for at in paths:
                        found = page.goto(f"{address}{at}")
                        assert found is not None
                        assert found.status == 200
                        look(page, "-".join((at.split("/")[1], at.rpartition("/")[2][-10:])))
                    context.close()


@pytest.mark.parametrize(
    ("language", "width", "script", "level"),
    [("en", SCREEN, True, "primary"), ("nl", PHONE, False, "lower_secondary")],
)
def test_an_exercise_is_set_up_and_answered_by_keyboard_alone(
    desk: Desk, browser: Browser, tmp_path: Path, language: str, width: int, script: bool,
    level: str,
) -> None:  # fmt: skip
    case_id, before = begun(desk, level), len(desk.rows(SurveySheet))
    view: dict[str, Any] = {
        "viewport": {"width": width, "height": 720}, "reduced_motion": "reduce",
        "java_script_enabled": script, "locale": language,
    }  # fmt: skip
    told: list[list[str]] = []

    def press(page: Page, selector: str, key: str = "Enter") -> None:
        tab_to(page, selector)
        with page.expect_navigation():
            page.keyboard.press(key)
        look(page, axe=False)

    def fill(page: Page, selector: str, text: str) -> None:
        tab_to(page, selector)
        page.keyboard.type(text)

    with served(create_app(context_of(desk, tmp_path))) as address:
        with browser.new_context(
            **view, extra_http_headers={HEADER: "sint-jan.1@example.org"}
        ) as context:
            page = context.new_page()
            told.append(overheard(page))
            page.goto(f"{address}/surveys")
            press(page, f"a[href='/surveys/{case_id}']")
            press(page, "main a[href$='/numbers']")
            for group in ("school_leaders", "teachers", "students"):
                fill(page, f"#{group}", "5")
            press(page, "main .buttons button")
            press(page, "main a[href$='/dates']")
            fill(page, "#first_day", "12122022")  # wherever day and month stand
            fill(page, "#last_day", "01012023")
            press(page, "main .buttons button")
            press(page, "form[action$='/links'] button")
            token = token_of(desk, case_id, "teachers")
            assert page.locator(f"main :text('/s/{token}')").count() > 0
        desk.until(2022, 12, 12, 11)
        with browser.new_context(**view) as context:
            page = context.new_page()
            told.append(overheard(page))
            page.goto(f"{address}/s/{token}")
            if language != "nl":  # in which it opens
                press(page, f"a[hreflang={language}]")
            press(page, "main button")
            while page.locator("input[type=radio]").count():
                tab_to(page, "input[type=radio]")
                page.keyboard.press("Space")
                with page.expect_navigation():
                    page.keyboard.press("Enter")
            press(page, "button[value=submit]")
            assert "/done" in page.url
            assert page.locator("html").get_attribute("lang") == language
    strange = [one for page in told for one in page if not one.startswith((address, "data:"))]
    assert strange == []
    assert len(desk.rows(SurveySheet)) == before + 1
