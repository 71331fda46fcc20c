"""The pictures of ``docs/screenshots.md``: the demo is started, each page visited and taken.

``docs/screenshots/pages.yaml`` says which pages, as whom, and what is pressed before. A page that
cannot be reached is reported, and keeps no old picture.
"""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Error, Page, sync_playwright
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "screenshots"
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
#: All pictures together may be so large, in bytes.
MOST = 2_000_000
#: A long page is cut here, in pixels.
TALLEST = 1800
#: How long a page may take, in milliseconds.
PATIENCE = 20_000


def main() -> int:
    """Take the pictures named on the command line, or all; gives the exit code."""
    listed = YAML(typ="safe").load((FOLDER / "pages.yaml").read_text(encoding="utf-8"))
    wanted = [one for one in listed if not sys.argv[1:] or one["name"] in sys.argv[1:]]
    missing = []
    with demo() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for one in wanted:
            target = FOLDER / f"{one['name']}.webp"
            target.unlink(missing_ok=True)
            try:
                target.write_bytes(taken(browser, address, one))
            except (Error, LookupError) as error:
                missing.append(f"{one['name']}: {str(error).splitlines()[0]}")
        browser.close()
    write_page(listed)
    size = sum(path.stat().st_size for path in FOLDER.glob("*.webp"))
    sys.stdout.write(f"{len(wanted) - len(missing)} of {len(wanted)} taken, {size} bytes in all.\n")
    sys.stdout.writelines(f"missing: {line}\n" for line in missing)
    if size > MOST:
        sys.stdout.write(f"Too large: {MOST} bytes is the most.\n")
    return 1 if missing or size > MOST else 0


@contextmanager
def demo() -> Iterator[str]:
    """The address of a demo of its own, on a free port, in a folder that is thrown away."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "service", "serve", "--demo", "--port", str(port)],
            cwd=folder, env=environment, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            for line in process.stderr or ():
                if "Keurmerk is at" in line:
                    break
            else:
                message = "the demo did not start"
                raise SystemExit(message)
            yield address
        finally:
            process.terminate()
            process.wait(timeout=30)


def taken(browser: Browser, address: str, one: dict[str, Any]) -> bytes:
    """The picture of one page, as WebP.

    Raises:
        LookupError: there is no such page.
        Error: something that is to be pressed is not there.
    """
    width = one.get("width", 1280)
    context = browser.new_context(
        viewport={"width": width, "height": 900}, locale=one.get("language", "en"),
        color_scheme=one.get("scheme", "light"), reduced_motion="reduce",
    )  # fmt: skip
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    try:
        if "as" in one:
            page.goto(f"{address}/sign-in")
            page.get_by_role("button", name=one["as"]).first.click()
        visit(page, f"{address}{one['path']}")
        for step in one.get("then", []):
            carry_out(page, step)
        page.wait_for_load_state("networkidle")
        picture = page.screenshot(full_page=True)
    finally:
        context.close()
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image = image.crop((0, 0, image.width, min(image.height, TALLEST)))
    if image.width > 1000:
        image = image.resize((1000, image.height * 1000 // image.width))
    out = io.BytesIO()
    image.save(out, "WEBP", quality=60, method=6)
    return out.getvalue()


def visit(page: Page, address: str) -> None:
    """Go to a page, and see that it is one."""
    answer = page.goto(address)
    if answer is None or answer.status >= 400:
        message = f"{answer.status if answer else 'no answer'} at {address}"
        raise LookupError(message)


def carry_out(page: Page, step: dict[str, str]) -> None:
    """Follow a link, press a button, fill in a box, or open the first link that leads somewhere."""
    for what, value in step.items():
        if what == "link":
            page.get_by_role("link", name=value).first.click()
        elif what == "press":
            page.get_by_role("button", name=value).first.click()
        elif what == "open":
            page.locator(f'main a[href^="{value}"]').first.click()
        else:
            page.get_by_label(what).first.fill(value)


def write_page(listed: list[dict[str, Any]]) -> None:
    """``docs/screenshots.md``, of the pictures there are."""
    lines = [
        "# Screenshots",
        "",
        "From the demo, taken by `scripts/screenshots`; the people and schools are invented.",
    ]
    for one in listed:
        if (FOLDER / f"{one['name']}.webp").exists():
            lines += ["", f"## {one['title']}", ""]
            lines += [f"![{one['title']}](screenshots/{one['name']}.webp)"]
    (ROOT / "docs" / "screenshots.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
