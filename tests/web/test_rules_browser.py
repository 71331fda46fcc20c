"""A rule administrator's journey in a browser: a mistake, its line, mended, proposed, published."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from base.clock import VirtualClock
from models.database import reading, writing
from rules.judge import Judge
from tests.builders import Desk, add_grant, add_person
from tests.conftest import opened
from tests.web.conftest import context_of
from tests.web.serving import served
from tests.web.test_browser import CHROMIUM, FLAGS, PHONE, SCREEN, STANDARD
from tests.web.test_desk_browser import tab_to
from web.app import create_app

pytestmark = pytest.mark.browser

FILE = "/rules/files/round/school_label/2023-2024"
#: What is pressed, in English and in Dutch.
WORDS = {
    "en": {
        "begin": "Begin a draft of the whole file", "check": "Check", "propose": "Save and propose",
        "publish": "Publish", "wrong": "With errors it cannot be proposed", "good": "No errors",
    },
    "nl": {
        "begin": "Begin een ontwerp van het hele bestand", "check": "Controleren",
        "propose": "Bewaren en voorstellen", "publish": "Publiceren",
        "wrong": "Met fouten kan het niet worden voorgesteld", "good": "Geen fouten",
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield found
        found.close()


def looked_at(page: Page, width: int, told: list[str], address: str, *, script: bool) -> None:
    """See that the page fits, that axe finds nothing, and nothing strange was said or asked."""
    page.wait_for_load_state()  # a button pressed may still be on its way
    assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
    if script:
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        found = Axe().run(page, options={"runOnly": STANDARD, "resultTypes": ["violations"]})
        assert found.response["violations"] == [], (page.url, found.generate_report())
    strange = [one for one in told if not one.startswith((address, "data:"))]
    assert strange == []


def press_to(page: Page, selector: str, key: str) -> None:
    """Go to something with the Tab key alone, and press ``key`` there."""
    tab_to(page, selector)
    page.keyboard.press(key)


@pytest.mark.parametrize(
    ("language", "width", "script"),
    [("en", SCREEN, True), ("nl", PHONE, True), ("nl", SCREEN, False)],
)
def test_a_rule_administrators_journey(
    sqlite_template: Path, tmp_path: Path, judge: Judge, browser: Browser, language: str,
    width: int, script: bool,
) -> None:  # fmt: skip
    path = tmp_path / "keurmerk.db"
    path.write_bytes(sqlite_template.read_bytes())
    words = WORDS[language]
    with opened(f"sqlite:///{path}") as database:
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
            page, told = context.new_page(), list[str]()
            page.on("console", lambda message: told.append(message.text))
            page.on("request", lambda request: told.append(request.url))

            def sign_in(name: str) -> None:
                context.clear_cookies(name="session")
                page.goto(f"{address}/sign-in")
                page.get_by_role("button", name=name).first.click()

            def look() -> None:
                looked_at(page, width, told, address, script=script)

            sign_in("Ada")
            page.goto(address + FILE)
            look()
            page.get_by_role("button", name=words["begin"]).click()
            box = page.locator("#text")
            text = box.input_value()
            line = next(n for n, one in enumerate(text.splitlines(), 1) if "min_active" in one)
            box.fill(text.replace("min_active_teachers: 3", "min_active_teachers: drie"))
            if not script:
                page.get_by_role("button", name=words["check"]).click()
            page.get_by_text(words["wrong"]).first.wait_for()
            page.get_by_role("link", name=f"2023-2024.yaml:{line}:").first.click()
            if script:
                place = page.evaluate(
                    "[document.activeElement.id, document.activeElement.selectionStart]"
                )
                assert place[0] == "text"
                assert box.input_value()[: place[1]].count("\n") == line - 1
            else:
                assert page.url.endswith(f"#line-{line}")
            assert "drie" in box.input_value()
            look()
            box.fill(text.replace("min_active_teachers: 3", "min_active_teachers: 2"))
            if not script:
                page.get_by_role("button", name=words["check"]).click()
            page.get_by_text(words["good"]).first.wait_for()
            page.locator("#why").fill("Twee volstaan.")
            page.locator("#first_day").fill("2022-11-25")
            page.get_by_role("button", name=words["propose"]).click()
            draft = page.url
            assert page.get_by_role("button", name=words["publish"], exact=True).count() == 0
            look()
            sign_in("Bram")
            for where in ("/rules", f"{draft.removeprefix(address)}/impact", "/mailbox"):
                page.goto(address + where)
                look()
            page.get_by_role("rowheader").get_by_role("link").first.click()
            look()
            page.goto(draft)
            page.get_by_role("button", name=words["publish"], exact=True).click()
            look()
            desk.clock.move_to(datetime(2022, 11, 25, 11, 0, tzinfo=UTC))
            page.goto(address + FILE.replace("/round/", "/process/").removesuffix("/2023-2024"))
            press_to(page, "a[href^='/rules/versions/']", "Enter")
            page.locator("#why").wait_for()
            look()
            press_to(page, "form#cases button", "Enter")  # without a reason
            page.locator("#why-error").wait_for()
            told[:] = [one for one in told if "422" not in one]  # the browser's word for a refusal
            press_to(page, "input[name=case]", "Space")
            press_to(page, "input[name=case]", "Space")
            tab_to(page, "#why")
            page.keyboard.type("Voor iedereen.")
            press_to(page, "form#cases button", "Enter")
            page.locator("#came").wait_for()
            look()
            case = desk.case()
            assert case["release_id"] != desk.published.id
            assert desk.events(case["id"])[-1]["payload"]["why"] == "Voor iedereen."
        for day, teachers in ((24, 3), (25, 2)):
            with reading(database) as connection:
                library = desk.engine.tools.library
                published = library.in_force(connection, "school_label", date(2022, 11, day))
            assert published.values("2023-2024", "BE-VLG")["min_active_teachers"] == teachers
