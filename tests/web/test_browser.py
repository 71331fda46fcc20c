from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from base.clock import VirtualClock
from models.database import writing
from models.registry import Label
from rules.judge import Judge
from tests.builders import Desk, add_school, give_files
from tests.conftest import new_sqlite
from tests.web.browsing import PHONE, SCREEN, browser, look, overheard
from tests.web.conftest import context_of
from tests.web.serving import served
from web.app import create_app

__all__ = ["browser"]

pytestmark = pytest.mark.browser

#: Parts of the browser itself: its viewer of PDF files.
OWN = ("chrome://", "chrome-extension://")


@dataclass(frozen=True, kw_only=True)
class Site:
    """A served Keurmerk, and what is on it."""

    address: str
    #: Whose pages they are (a demo person's name, or nobody's) -> name -> path.
    pages: dict[str | None, dict[str, str]]
    #: Name -> the cookie of the session of who has signed in.
    sessions: dict[str, Any] = field(default_factory=dict)


@pytest.fixture(scope="module")
def site(
    sqlite_template: Path, judge: Judge, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    with new_sqlite(sqlite_template, folder) as database:
        desk = Desk.open(database, VirtualClock(datetime(2022, 11, 22, 11, 0, tzinfo=UTC)), judge)
        pages = _pages(desk)
        give_files(desk, folder / "files")
        with served(create_app(context_of(desk, folder))) as address:
            yield Site(address=address, pages=pages)


def _pages(desk: Desk) -> dict[str | None, dict[str, str]]:
    """Fill the desk: a school with a label, one that is asked for changes, one that is invited."""
    with writing(desk.database) as connection:
        asked, teachers = add_school(connection, "Basisschool De Vlieger")
        add_school(connection, "Gemeentelijk Technisch Instituut Onze-Lieve-Vrouw-Waver")
    awarded = desk.submitted()
    (row,) = [one for one in desk.rows_of_cases() if one["organisation_id"] == asked]
    case_id = str(row["id"])
    desk.fire(case_id, "start", teachers[0])
    school, others = desk.school, desk.teachers
    desk.school, desk.teachers = asked, teachers
    desk.fill_in(case_id)
    desk.fire(case_id, "submit", teachers[0])
    desk.school, desk.teachers = school, others
    desk.fire(
        case_id, "request_changes", desk.reviewer,
        feedback={"esafety": "De link werkt niet: https://school.example/" + "beleid" * 20},
    )  # fmt: skip
    desk.fire(awarded, "approve", desk.reviewer)
    desk.until(2023, 4, 1)
    (label,) = desk.rows(Label, kind="school_label")
    return {
        None: {
            "start": "/",
            "sign-in": "/sign-in",
            "process": "/processes/school_label",
            "label": f"/labels/{label['id']}",
            "reference": "/api",
            "error": "/nowhere",
        },
        "Rita Reviewer": {"start of a reviewer": "/", "case of a reviewer": f"/cases/{awarded}"},
        "Basisschool De Vlieger 1": {"case of a school": f"/cases/{case_id}"},
    }


@contextmanager
def pages_of(site: Site, browser: Browser, person: str | None, **view: Any) -> Iterator[Page]:
    """A page on which this person has signed in, in a browser of her own."""
    with browser.new_context(**view) as context:
        page = context.new_page()
        if person in site.sessions:
            context.add_cookies([site.sessions[person]])
        elif person:
            page.goto(f"{site.address}/sign-in")
            page.get_by_role("button", name=person).first.click()
            (cookie,) = [one for one in context.cookies() if one["name"] == "session"]
            site.sessions[person] = cookie
        yield page


#: What axe looks at: its rules know no language, and each look takes a second.
LOOKED_AT = {"nl": (PHONE, "dark"), "en": (SCREEN, "light")}


#: Not all: the reference of the API has a hundred, which are alike.
OPEN = "[...document.querySelectorAll('details')].slice(0, 20).forEach(one => one.open = true)"


@pytest.mark.parametrize("language", ["en", "nl", "fr", "de"])
def test_pages_are_for_everybody(site: Site, browser: Browser, language: str) -> None:
    for person, pages in site.pages.items():
        with pages_of(site, browser, person, locale=language, reduced_motion="reduce") as page:
            told = overheard(page)
            for name, path in pages.items():
                page.goto(site.address + path)
                assert page.locator("html").get_attribute("lang") == language
                page.evaluate(
                    "document.querySelectorAll('details').forEach(one => one.open = true)"
                )
                for width, scheme in ((PHONE, "dark"), (SCREEN, "light")):
                    page.set_viewport_size({"width": width, "height": 800})
                    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                    look(page, name, axe=LOOKED_AT.get(language) == (width, scheme))
                strange = [one for one in told if not one.startswith((site.address, "data:", *OWN))]
                if name == "error":
                    strange = [one for one in strange if "404" not in one]
                assert strange == [], name
                told.clear()


@pytest.mark.parametrize("width", [PHONE, SCREEN])
def test_the_keyboard_reaches_everything_and_shows_where_it_is(
    site: Site, browser: Browser, width: int
) -> None:
    for person, pages in site.pages.items():
        view = {"viewport": {"width": width, "height": 800}}
        with pages_of(site, browser, person, **view) as page:
            for name, path in pages.items():
                page.goto(site.address + path)
                wanted = page.evaluate(
                    """() => {
                      const all = [...document.querySelectorAll(
                        "a[href], button, summary, input:not([type=hidden]), select, textarea, " +
                        "[tabindex='0']")];
                      const seen = all.filter(one => one.checkVisibility());
                      seen.forEach((one, place) => one.dataset.place = place);
                      window.reached = [];
                      document.addEventListener("focusin", ({target}) => window.reached.push(
                        [Number(target.dataset.place), getComputedStyle(target).outlineStyle]));
                      return seen.length;
                    }"""
                )
                for _ in range(wanted):
                    page.keyboard.press("Tab")
                reached = page.evaluate("window.reached")
                assert reached == [[place, "solid"] for place in range(wanted)], name


def test_the_first_key_leads_past_the_head_of_the_page(site: Site, browser: Browser) -> None:
    view = {"viewport": {"width": PHONE, "height": 800}}
    with pages_of(site, browser, None, **view) as page:
        page.goto(site.address)
        page.keyboard.press("Tab")
        assert page.locator(":focus").inner_text() == "To the content"
        assert page.locator(":focus").bounding_box()["x"] >= 0  # type: ignore[index]
        page.keyboard.press("Enter")
        assert page.locator(":focus").get_attribute("id") == "main"


def test_everything_works_without_javascript(site: Site, browser: Browser) -> None:
    (path,) = site.pages["Basisschool De Vlieger 1"].values()
    with pages_of(site, browser, None, java_script_enabled=False, locale="en") as page:
        page.goto(site.address + path)
        page.get_by_role("button", name="Basisschool De Vlieger 2").click()
        assert page.url == site.address + path
        assert page.locator("h1").inner_text() == "Basisschool De Vlieger"
        page.get_by_text("2. eSafety policy").click()
        assert page.get_by_text("Our school has an eSafety policy.").is_visible()
        page.get_by_role("link", name="Deutsch").click()
        assert page.get_by_role("button", name="Abmelden").is_visible()
        page.get_by_role("button", name="Abmelden").click()
        page.goto(site.address + path)
        assert page.url.startswith(f"{site.address}/sign-in")


def test_text_twice_as_large_still_fits(site: Site, browser: Browser) -> None:
    view = {"viewport": {"width": SCREEN // 2, "height": 800}}
    for person, pages in site.pages.items():
        with pages_of(site, browser, person, **view) as page:
            for name, path in pages.items():
                page.goto(site.address + path)
                page.evaluate("document.documentElement.style.fontSize = '200%'")
                look(page, name, axe=False)


def test_a_process_is_drawn_in_the_colours_of_the_page(site: Site, browser: Browser) -> None:
    colours = {}
    with pages_of(site, browser, None) as page:
        page.goto(f"{site.address}/processes/school_label")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            ink, paper = page.evaluate(
                """() => [getComputedStyle(document.querySelector(".picture text")).fill,
                          getComputedStyle(document.querySelector(".picture")).backgroundColor]"""
            )
            assert ink != paper
            colours[scheme] = ink, paper
    assert colours["light"] != colours["dark"]
