"""What tests in a real browser share: the browser, a hand that presses keys, and eyes that look."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
    # One process for all pages: to begin one takes longer than to show most of them.
    "--renderer-process-limit=1", "--disable-site-isolation-trials",
]  # fmt: skip
#: What axe looks for: WCAG 2.2 AA, and what is good practice besides. What is wrong is told, and
#: nothing is made ready that nobody reads. Frames have no scripts: axe would wait for an answer.
OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
    "iframes": False,
}
PHONE, SCREEN = 320, 1280
#: A folder for pictures, for whoever wants to look at the pages.
SHOTS = os.environ.get("KEURMERK_TEST_SHOTS")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, started, and ended whatever happens."""
    assert CHROMIUM.exists(), "Chromium is missing: apt-get install chromium"
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        try:
            yield found
        finally:
            found.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


def overheard(page: Page) -> list[str]:
    """Everything the page will say to the console and ask for, as it comes."""
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("request", lambda request: told.append(request.url))
    return told


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until something is reached."""
    page.locator(selector).first.wait_for(state="attached")
    # Found once, not after every key: a page has a hundred places to stop at.
    wanted = page.locator(selector).element_handles()
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => wanted.includes(document.activeElement)", wanted):
            return
    raise AssertionError(selector)


def look(page: Page, name: str = "", *, axe: bool = True) -> None:
    """See that a page fits in its width, and that axe finds nothing (it needs scripts to look).

    Args:
        page: The page; whatever was pressed on it may still be on its way.
        name: What it is called where something is wrong with it, and in pictures.
        axe: Whether axe looks at it.
    """
    page.wait_for_load_state()
    name, view = name or page.url, page.viewport_size
    assert view is not None
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= view["width"], f"{name} is {wide} wide at {view['width']}"
    if SHOTS:
        file = f"{name.replace('/', '_')}-{view['width']}.png"
        page.screenshot(path=f"{SHOTS}/{file}", full_page=True)
    if axe:
        found = Axe().run(page, options=OPTIONS)
        assert found.response["violations"] == [], (name, found.generate_report())
