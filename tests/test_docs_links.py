"""Every link of the documentation leads somewhere: files, folders, and headings of pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")])


def tokens(page: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))


def links(page: Path) -> list[str]:
    found = []
    for token in tokens(page):
        for child in token.children or []:
            target = child.attrGet("href") or child.attrGet("src")
            if target:
                found.append(str(target))
    return found


def anchors(page: Path) -> set[str]:
    """The anchors that a page's headings get where it is shown, as GitHub and others make them."""
    found: list[str] = []
    previous: Token | None = None
    for token in tokens(page):
        if previous and previous.type == "heading_open":
            text = "".join(
                child.content
                for child in token.children or []
                if child.type in {"text", "code_inline"}
            )
            found.append(re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-"))
        previous = token
    return {
        anchor if found[:place].count(anchor) == 0 else f"{anchor}-{found[:place].count(anchor)}"
        for place, anchor in enumerate(found)
    }


def broken(page: Path, link: str) -> bool:
    if "://" in link:
        return False
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists() or not target.is_relative_to(ROOT):
        return True
    return bool(anchor) and anchor not in anchors(target)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    assert [link for link in links(page) if broken(page, link)] == []


def test_links_and_anchors_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A `b` c!\n\n# A b c\n\n[x](#a-b-c) ![y](no.png) `[z](no.md)`\n", encoding="utf-8"
    )
    assert links(page) == ["#a-b-c", "no.png"]
    assert anchors(page) == {"a-b-c", "a-b-c-1"}


def test_readers_find_every_page_from_the_first() -> None:
    seen: set[Path] = set()
    ahead = [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        seen.add(page)
        for link in links(page):
            target = (page.parent / link.partition("#")[0]).resolve()
            if target.suffix == ".md" and target.is_file() and target not in seen:
                ahead.append(target)
    pages = [page for page in PAGES if page.is_relative_to(ROOT / "docs")]
    assert [str(page.relative_to(ROOT)) for page in pages if page not in seen
            and page.parent.name != "decisions"] == []  # fmt: skip
