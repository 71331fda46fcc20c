"""The commands of the documentation, run as they are written, one after another."""

from __future__ import annotations

import shlex
import signal
import time
from pathlib import Path

import pytest

from tests.notifications.conftest import free_port
from tests.processes import Running

ROOT = Path(__file__).resolve().parents[2]
#: The tutorial has a test of its own, which makes its files first.
PAGES = sorted(
    {"README.md", *(str(page.relative_to(ROOT)) for page in ROOT.glob("docs/*.md"))}
    - {"docs/new-process.md"}
)
PROMPT = "$ keurmerk "


def commands(page: str) -> list[list[str]]:
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    return [
        shlex.split(line.removeprefix(PROMPT), comments=True)
        for line in lines
        if line.startswith(PROMPT)
    ]


def test_there_are_commands_to_run() -> None:
    assert {page for page in PAGES if commands(page)} >= {"README.md", "docs/operations.md"}


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)])
def test_the_commands_of_a_page_work_as_written(page: str, tmp_path: Path) -> None:
    settings = {
        "database": f"sqlite:///{tmp_path / 'keurmerk.db'}", "files": str(tmp_path / "files"),
        "mail_folder": str(tmp_path / "mail"), "port": str(free_port()),
    }  # fmt: skip
    for arguments in commands(page):
        running = Running(*arguments, folder=ROOT, settings=settings)
        if arguments[0] in {"serve", "worker"}:
            running.until_told("Keurmerk is at")
            time.sleep(0.5)
            running.send_signal(signal.SIGTERM)
        done = running.ended()
        assert (arguments, done.returncode, "Traceback" in done.stderr) == (arguments, 0, False)
