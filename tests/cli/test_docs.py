"""The commands of the documentation, run as they are written, one after another."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.notifications.conftest import free_port

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
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("KEURMERK_")
    }
    environment |= {
        "KEURMERK_DATABASE": f"sqlite:///{tmp_path / 'keurmerk.db'}",
        "KEURMERK_FILES": str(tmp_path / "files"), "KEURMERK_MAIL_FOLDER": str(tmp_path / "mail"),
        "KEURMERK_PORT": str(free_port()),
    }  # fmt: skip
    for arguments in commands(page):
        process = subprocess.Popen(
            [sys.executable, "-m", "service", *arguments], cwd=ROOT, env=environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        if arguments[0] in {"serve", "worker"}:
            assert process.stderr is not None
            assert "Keurmerk is at" in process.stderr.readline()
            time.sleep(0.5)
            process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=250)
        assert (arguments, process.returncode, "Traceback" in told) == (arguments, 0, False)
