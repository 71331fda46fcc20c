"""A rule administrator's journey in a browser: a mistake, its line, mended, proposed, published."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from base.clock import VirtualClock
from models.database import reading, writing
from rules.judge import Judge
from tests.builders import Desk, add_grant, add_person
from tests.conftest import new_sqlite
from tests.web.browsing import PHONE, SCREEN, browser, look, overheard, tab_to
from tests.web.conftest import context_of
from tests.web.serving import served
from web.app import create_app

__all__ = ["browser"]

pytestmark = pytest.mark.browser

FILE = "/rules/files/round/school_label/2023-2024"
#: What is read, in English and in Dutch.
WORDS = {
    "en": {
        "publish": "Publish", "proposed": "Proposed by", "good": "No errors",
        "wrong": "With errors it cannot be proposed",
    },
    "nl": {
        "publish": "Publiceren", "proposed": "Voorgesteld door", "good": "Geen fouten",
        "wrong": "Met fouten kan het niet worden voorgesteld",
    },
}  # fmt: skip


def looked_at(page: Page, told: list[str], address: str, *, script: bool) -> None:
    """See that the page fits, that axe finds nothing, and nothing strange was said or asked."""
    page.wait_for_load_state()  # a button pressed may still be on its way
    view = page.viewport_size
    assert view is not None
    for width in (PHONE, SCREEN):
        page.set_viewport_size({"width": width, "height": view["height"]})
        look(page, axe=False)
    page.set_viewport_size(view)
    if script:
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        look(page)
    strange = [one for one in told if not one.startswith((address, "data:"))]
    assert strange == []


class Keys:
    """Does everything with the keyboard alone."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def reach(self, selector: str) -> None:
        """Go somewhere with the Tab key, unless one is there."""
        if not self._page.locator(selector).and_(self._page.locator(":focus")).count():
            tab_to(self._page, selector)

    def press(self, selector: str, key: str = "Enter") -> None:
        self.reach(selector)
        self._page.keyboard.press(key)

    def write(self, selector: str, text: str) -> None:
        """Write in the place of what stands there."""
        self.reach(selector)
        self._page.keyboard.press("Control+a")
        self._page.keyboard.insert_text(text)


@pytest.mark.parametrize(
    ("language", "width", "script"), [("nl", PHONE, True), ("en", SCREEN, False)]
)
def test_a_rule_administrators_journey_by_keyboard_alone(
    sqlite_template: Path, tmp_path: Path, judge: Judge, browser: Browser, language: str,
    width: int, script: bool,
) -> None:  # fmt: skip
    words = WORDS[language]
    with new_sqlite(sqlite_template, tmp_path) as database:
        desk = Desk.open(database, VirtualClock(datetime(2022, 11, 22, 11, 0, tzinfo=UTC)), judge)
        desk.submitted()
        with writing(database) as connection:
            for name in ("Ada", "Bram"):
                add_grant(connection, add_person(connection, name), "administrator", "*")
        with (
            served(create_app(context_of(desk, tmp_path))) as address,
            browser.new_context(
                viewport={"width": width, "height": 800}, locale=language,
                java_script_enabled=script, reduced_motion="reduce",
            ) as context,
        ):  # fmt: skip
            page = context.new_page()
            told = overheard(page)
            keys = Keys(page)

            def sign_in(name: str) -> None:
                context.clear_cookies(name="session")
                page.goto(f"{address}/sign-in")
                keys.press(f'button:has-text("{name}")')
                page.wait_for_url(f"{address}/")

            def see() -> None:
                looked_at(page, told, address, script=script)

            def check(text: str, said: str) -> None:
                """Write the file anew; what is said of it comes by itself, or when asked for."""
                keys.write("#text", text)
                if not script:
                    keys.press("button[value=check]")
                page.get_by_text(said).first.wait_for()

            sign_in("Ada")
            page.goto(address + FILE)
            see()
            keys.press("button[value=begin]")
            box = page.locator("#text")
            box.wait_for()
            text = box.input_value()
            line = next(n for n, one in enumerate(text.splitlines(), 1) if "min_active" in one)
            wrong = text.replace("min_active_teachers: 3", "min_active_teachers: drie")
            check(wrong.replace(", fr: Label 2023-2024", ""), words["wrong"])
            assert page.locator("[data-gaps] code").first.inner_text() == "title"
            keys.press(f"#remarks a[data-line='{line}']")
            if script:
                place = page.evaluate(
                    "[document.activeElement.id, document.activeElement.selectionStart]"
                )
                assert place[0] == "text"
                assert box.input_value()[: place[1]].count("\n") == line - 1
            else:
                assert page.url.endswith(f"#line-{line}")
            assert "drie" in box.input_value()
            see()
            check(text.replace("min_active_teachers: 3", "min_active_teachers: 2"), words["good"])
            keys.write("#why", "Twee volstaan.")
            keys.reach("#first_day")
            page.keyboard.type("12122022")  # wherever day and month stand
            keys.press("button[value=propose]")
            page.get_by_text(words["proposed"]).first.wait_for()
            draft = page.url
            assert page.get_by_role("button", name=words["publish"], exact=True).count() == 0
            see()
            sign_in("Bram")
            for where in ("/rules", f"{draft.removeprefix(address)}/impact", "/mailbox"):
                page.goto(address + where)
                see()
            keys.press("tbody th a")
            page.wait_for_url("**/mailbox/*")
            see()
            page.goto(draft)
            keys.press("button[value=publish]")
            page.locator(".good-box").wait_for()
            see()
            desk.clock.move_to(datetime(2022, 12, 12, 11, 0, tzinfo=UTC))
            page.goto(address + FILE.replace("/round/", "/process/").removesuffix("/2023-2024"))
            keys.press("a[href^='/rules/versions/']")
            page.locator("#why").wait_for()
            see()
            keys.press("form#cases button")  # without a reason
            page.locator("#why-error").wait_for()
            told[:] = [one for one in told if "422" not in one]  # the browser's word for a refusal
            keys.press("input[name=case]", "Space")
            keys.press("input[name=case]", "Space")
            keys.write("#why", "Voor iedereen.")
            keys.press("form#cases button")
            page.locator("#came").wait_for()
            see()
            case = desk.case()
            assert case["release_id"] != desk.published.id
            assert desk.events(case["id"])[-1]["payload"]["why"] == "Voor iedereen."
        for day, teachers in ((11, 3), (12, 2)):
            with reading(database) as connection:
                library = desk.engine.tools.library
                published = library.in_force(connection, "school_label", date(2022, 12, day))
            assert published.values("2023-2024", "BE-VLG")["min_active_teachers"] == teachers
