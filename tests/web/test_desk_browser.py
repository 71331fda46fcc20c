"""A reviewer's main journey in a real browser: by keyboard alone, with JavaScript and without."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from base.clock import VirtualClock
from models.database import writing
from models.messages import Mail
from rules.judge import Judge
from tests.builders import Desk, add_school, give_files
from tests.conftest import new_sqlite
from tests.web.browsing import PHONE, SCREEN, browser, look, overheard, tab_to
from tests.web.conftest import context_of
from tests.web.serving import served
from tests.web.test_queue import submit
from web.app import create_app

__all__ = ["browser"]

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def place(
    sqlite_template: Path, judge: Judge, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Desk]]:
    folder = tmp_path_factory.mktemp("desk")
    with new_sqlite(sqlite_template, folder) as database:
        desk = Desk.open(database, VirtualClock(datetime(2022, 11, 22, 11, 0, tzinfo=UTC)), judge)
        with writing(desk.database) as connection:
            other = add_school(
                connection, "Gemeentelijk Technisch Instituut Onze-Lieve-Vrouw-Waver"
            )
        desk.submitted()
        desk.until(2022, 11, 25, 9)
        submit(desk, *other)
        give_files(desk, folder / "files")
        with served(create_app(context_of(desk, folder))) as address:
            yield address, desk


@pytest.mark.parametrize(
    ("language", "width", "javascript"),
    [("nl", PHONE, True), ("nl", SCREEN, False), ("en", SCREEN, True), ("en", PHONE, False)],
)
def test_a_reviewer_asks_for_changes_and_takes_it_back_by_keyboard(
    place: tuple[str, Desk], browser: Browser, language: str, width: int, javascript: bool,
) -> None:  # fmt: skip
    address, desk = place
    case_id = desk.case()["id"]
    with browser.new_context(
        viewport={"width": width, "height": 800}, locale=language, java_script_enabled=javascript,
        color_scheme="dark" if javascript else "light", reduced_motion="reduce",
    ) as context:  # fmt: skip
        page = context.new_page()
        told = overheard(page)

        def see(name: str) -> None:
            assert page.locator("html").get_attribute("lang") == language
            look(page, name, axe=javascript)

        def choose(path: str) -> None:
            """Follow a link of the head; on a phone they are behind its menu."""
            if width == PHONE:
                tab_to(page, ".menu summary")
                page.keyboard.press("Enter")
            tab_to(page, f'a[href="{path}"]')
            page.keyboard.press("Enter")

        page.goto(f"{address}/sign-in")
        tab_to(page, 'button:has-text("Rita Reviewer")')
        page.keyboard.press("Enter")
        page.wait_for_url(f"{address}/")
        choose("/overview")
        page.wait_for_url("**/overview")
        see("overview")
        choose("/queue")
        page.wait_for_url("**/queue")
        see("queue")
        assert page.locator("a[data-line]").first.inner_text() == "Sint-Jan"
        if javascript:
            page.keyboard.press("j")
            page.keyboard.press("x")
            assert page.locator("input[name=case]").first.is_checked()
            page.keyboard.press("/")
            page.keyboard.type("jx")
            assert page.locator("#q").input_value() == "jx"
            assert page.locator("input[name=case]").first.is_checked()
            page.locator("a[data-line]").first.focus()
        else:
            tab_to(page, "a[data-line]")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/cases/{case_id}")
        see("case")
        tab_to(page, 'a[href$="/steps/request_changes"]')
        page.keyboard.press("Enter")
        page.wait_for_url("**/steps/request_changes")
        see("step")
        tab_to(page, 'textarea[id="feedback.esafety"]')
        page.keyboard.type("De link werkt niet.")
        tab_to(page, 'button[value="look"]')
        page.keyboard.press("Enter")
        page.locator('button[value="take"]').wait_for()
        see("mails")
        tab_to(page, ".letter summary")
        page.keyboard.press("Enter")
        tab_to(page, "#mail-0-text")
        page.keyboard.press("Control+End")
        page.keyboard.type("\nTot binnenkort")
        tab_to(page, 'button[value="take"]')
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/cases/{case_id}")
        assert desk.case()["state"] == "changes_requested"
        (mail,) = [one for one in desk.mails(case_id=case_id, status="waiting") if one["edited"]]
        assert mail["edited"]["text"].endswith("Tot binnenkort")
        see("case that can be taken back")
        tab_to(page, "form.undo button")
        page.keyboard.press("Enter")
        page.locator('a[href$="/steps/request_changes"]').wait_for()
        assert desk.case()["state"] == "submitted"
        assert desk.rows(Mail, id=mail["id"])[0]["status"] == "withdrawn"
        if javascript:
            page.goto(f"{address}/queue/several?case={case_id}")
            see("several")
        # The browser's own viewer shows the PDF.
        own = (address, "data:", "chrome-extension:", "chrome:")
        assert [one for one in told if not one.startswith(own)] == []
