"""docs/new-process.md, followed word by word in a copy of the repository."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/new-process.md").read_text(encoding="utf-8")
#: Folders of the repository that the program itself needs.
PROGRAM = (
    "base", "cli", "documents", "locale", "migrations", "models", "notifications", "registry",
    "rules", "surveys", "digisnap", "web", "workflows",
)  # fmt: skip
#: Blocks of the page: the words before, the kind, and the content.
BLOCK = re.compile(
    r"((?:^[^\n`][^\n]*\n|^`[^`\n]+`:\n|^\n)*)^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL
)
FILE = re.compile(r"^`([^`\n]+)`:$", re.MULTILINE)
SLIP = re.compile(r"write `([^`]+)` instead of `([^`]+)`")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    # With what is compiled already: it is known by its time, which goes along.
    for name in PROGRAM:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns(".*"))
    shutil.copy(ROOT / "service.py", tmp_path)
    return tmp_path


def run(command: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "service", *shlex.split(command)], cwd=folder, text=True,
        capture_output=True, check=False, timeout=250,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done.stdout.strip() + "\n"


def drive(arguments: str, folder: Path) -> None:
    """What scripts/test does when everything is set up."""
    shutil.copytree(ROOT / "tests", folder / "tests")
    shutil.copy(ROOT / "pyproject.toml", folder)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *shlex.split(arguments)],
        cwd=folder, text=True, capture_output=True, check=False, timeout=300,
    )  # fmt: skip
    assert (done.returncode, " passed" in done.stdout) == (0, True), done.stdout[-3000:]


def test_who_follows_the_page_sees_what_it_shows(copy: Path) -> None:
    files, commands = 0, 0
    for before, kind, content in BLOCK.findall(PAGE):
        named = FILE.findall(before)
        slip = SLIP.search(before)
        if kind != "console":
            path = copy / named[-1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
            files += 1
            continue
        command, _, shown = content.partition("\n")
        if not command.startswith("$ keurmerk "):
            assert command.startswith("$ scripts/test ")
            drive(command.removeprefix("$ scripts/test "), copy)
            commands += 1
            continue
        process = copy / "workflows/tablet.yaml"
        right = process.read_text(encoding="utf-8")
        if slip:
            wrong, meant = slip.groups()
            assert f"    {meant}\n" in right
            process.write_text(right.replace(f"    {meant}\n", f"    {wrong}\n"), "utf-8")
        assert run(command.removeprefix("$ keurmerk "), copy) == shown
        process.write_text(right, "utf-8")
        commands += 1
    assert (files, commands) == (12, 5)
