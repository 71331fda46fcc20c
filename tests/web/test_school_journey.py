"""A school's journey in a real browser: from whether it may apply to sending in a second time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page

from base.clock import VirtualClock
from cli.demo_pictures import picture
from models.database import writing
from rules.judge import Judge
from tests.builders import Desk, add_school
from tests.conftest import new_sqlite
from tests.documents.making import pdf
from tests.web.browsing import PHONE, SCREEN, browser, look, overheard
from tests.web.conftest import context_of
from tests.web.serving import served
from web.app import create_app

pytestmark = pytest.mark.browser

__all__ = ["browser"]

#: What is pressed and read, in each language.
WORDS = {
    "en": {
        "apply": "What can I apply for?", "start": "Start a new application",
        "go": "Save and go on",
        "save": "Save", "end": "Save and look at everything",
        "submit": "Submit", "receipt": "Receipt", "mine": "My applications", "yes": "Yes",
        "look": "Look at the form and submit", "again": "Submit again",
        "link": "Add a link", "saved": "Saved at",
    },
    "nl": {
        "apply": "Wat kan ik aanvragen?", "start": "Nieuwe aanvraag starten",
        "go": "Bewaren en verder", "save": "Bewaren", "end": "Bewaren en alles nakijken",
        "submit": "Indienen", "receipt": "Ontvangstbewijs",
        "mine": "Mijn aanvragen", "yes": "Ja", "look": "Formulier nakijken en indienen",
        "again": "Opnieuw indienen", "link": "Link toevoegen",
        "saved": "Bewaard om",
    },
}  # fmt: skip
#: The addresses axe has looked at, and how wide the page was: it takes a second each time.
LOOKED_AT: set[tuple[str, str]] = set()
FEEDBACK = "Toon ook hoe leerlingen mee beslissen."


@dataclass(frozen=True, kw_only=True)
class Site:
    """A served Keurmerk with two schools that may apply."""

    address: str
    desk: Desk
    #: School -> its teachers.
    schools: dict[str, list[str]]


@pytest.fixture(scope="module")
def site(
    sqlite_template: Path, judge: Judge, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    with new_sqlite(sqlite_template, folder) as database:
        desk = Desk.open(database, VirtualClock(datetime(2022, 11, 23, 11, 0, tzinfo=UTC)), judge)
        with writing(database) as connection:
            schools = {
                name: add_school(connection, name)[1] for name in ("De Vlieger", "Ten Dorpe")
            }
        with served(create_app(context_of(desk, folder))) as address:
            yield Site(address=address, desk=desk, schools=schools)


class Hand:
    """Presses what is on a page: with the mouse, or with the keyboard alone."""

    def __init__(self, page: Page, *, keys_only: bool) -> None:
        self.page, self.keys_only = page, keys_only

    def press(self, what: Locator) -> None:
        """Follow a link, or press a button that leads to another page."""
        if not self.keys_only:
            what.click()
            return
        self._reach(what)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def tick(self, what: Locator) -> None:
        """Choose an answer."""
        if not self.keys_only:
            what.check()
            return
        self._reach(what)
        self.page.keyboard.press("Space")

    def type(self, what: Locator, text: str) -> None:
        if self.keys_only:
            self._reach(what)
            self.page.keyboard.insert_text(text)
        else:
            what.fill(text)

    def _reach(self, what: Locator) -> None:
        # Found once, not after every key.
        wanted = what.element_handle()
        for _ in range(80):
            if self.page.evaluate("one => one === document.activeElement", wanted):
                return
            self.page.keyboard.press("Tab")
        message = f"the keyboard does not reach {what}"
        raise AssertionError(message)


@pytest.mark.parametrize(
    ("language", "width", "scripts", "keys_only", "school"),
    [
        ("nl", SCREEN, True, True, "De Vlieger"),
        ("en", PHONE, False, True, "Ten Dorpe"),
    ],
)
def test_a_school_applies_and_improves_its_application(
    site: Site, browser: Browser, tmp_path: Path, language: str, width: int, scripts: bool,
    keys_only: bool, school: str,
) -> None:  # fmt: skip
    evidence = tmp_path / "bewijs.jpg"
    evidence.write_bytes(picture("bewijs"))
    words = WORDS[language]
    with browser.new_context(
        viewport={"width": width, "height": 800}, locale=language, java_script_enabled=scripts,
        reduced_motion="reduce",
    ) as context:  # fmt: skip
        page = context.new_page()
        told = overheard(page)
        hand = Hand(page, keys_only=keys_only)
        page.goto(f"{site.address}/sign-in")
        page.get_by_role("button", name=f"{school} 1", exact=True).click()
        page.goto(f"{site.address}/applications")
        _look(page, scripts=scripts)

        hand.press(page.locator("main").get_by_role("link", name=words["apply"]))
        _look(page, scripts=scripts)
        hand.press(page.get_by_role("link", name=words["start"]))
        _look(page, scripts=scripts)
        hand.press(page.get_by_role("button", name=words["start"]))

        _fill_in(page, hand, words, evidence, scripts=scripts)
        case_id = page.url.split("/")[4]
        hand.press(page.get_by_role("button", name=words["submit"], exact=True))
        assert page.locator("h1").inner_text() == words["receipt"]
        _look(page, scripts=scripts)
        with page.expect_download() as download:
            page.get_by_role("link", name="PDF").click()
        assert Path(download.value.path()).read_bytes()[:4] == b"%PDF"

        site.desk.fire(
            case_id, "request_changes", site.desk.reviewer, feedback={"students": FEEDBACK}
        )
        hand.press(page.locator("main").get_by_role("link", name=words["mine"]))
        assert page.get_by_text(FEEDBACK).is_visible()
        _look(page, scripts=scripts)
        hand.press(page.get_by_role("link", name=words["look"]))
        _look(page, scripts=scripts)
        hand.press(page.get_by_role("button", name=words["again"]))
        assert page.locator("h1").inner_text() == words["receipt"]
        # What stands beside the journey, on a phone.
        page.set_viewport_size({"width": PHONE, "height": 800})
        receipt = page.url
        for path in ("/calendar", "/notices", "/preferences", "/account", receipt):
            page.goto(path if path == receipt else f"{site.address}{path}")
            _look(page, scripts=scripts)
        assert [one for one in told if not one.startswith((site.address, "data:"))] == []
    events = [event["trigger"] for event in site.desk.events(case_id)]
    assert events == ["apply", "submit", "request_changes", "resubmit"]


def _fill_in(
    page: Page, hand: Hand, words: dict[str, str], evidence: Path, *, scripts: bool
) -> None:
    """Every section of the form, one after the other."""
    _look(page, scripts=scripts)
    yes = page.get_by_role("radio", name=words["yes"], exact=True)
    hand.tick(yes)
    hand.type(page.get_by_label(words["link"]), "https://school.example/beleid")
    if scripts:
        page.get_by_text(words["saved"]).wait_for()
    hand.press(page.get_by_role("button", name=words["go"]))
    for number in range(5):
        hand.tick(yes)
        _upload(page, evidence, scripts=scripts)
        hand.type(page.locator("textarea[name$='.plan']"), f"Plan {number} – de leerlingenraad.")
        hand.press(page.get_by_role("button", name=words["go"]))
    _upload(page, evidence, scripts=scripts, name="verklaring.pdf")
    hand.press(page.get_by_role("button", name=words["end"]))
    assert page.url.endswith("/form/preview")
    assert page.locator("#missing").count() == 0
    _look(page, scripts=scripts)


def _upload(page: Page, evidence: Path, *, scripts: bool, name: str = "bewijs.jpg") -> None:
    box = page.locator("input[type=file]")
    content = evidence.read_bytes() if name.endswith("jpg") else pdf()
    kind = "image/jpeg" if name.endswith("jpg") else "application/pdf"
    box.set_input_files({"name": name, "mimeType": kind, "buffer": content})
    if scripts:  # it goes up by itself
        page.locator(".file").get_by_role("link", name=name).wait_for()


def _look(page: Page, *, scripts: bool) -> None:
    """See that the page stands by the standard: axe looks at each once, and needs scripts."""
    page.wait_for_load_state()  # what was pressed may still be on its way
    seen = page.url, str(page.viewport_size)
    look(page, axe=scripts and seen not in LOOKED_AT)
    LOOKED_AT.add(seen)
