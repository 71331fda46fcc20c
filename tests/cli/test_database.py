"""Commands without the database they need: a sentence, and nothing left behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from base.settings import Settings
from tests.cli.conftest import Command
from tests.notifications.conftest import free_port

ROOT = Path(__file__).resolve().parents[2]
ASKING = [
    ("verify",), ("verify", "--json"), ("export-log",), ("serve",),
    ("import", str(ROOT / "docs/examples/dossier.json")),
    ("import", "--dry-run", str(ROOT / "docs/examples/dossier.json")),
]  # fmt: skip


@pytest.mark.parametrize("arguments", ASKING, ids=lambda arguments: arguments[0])
def test_no_database_is_said_and_none_is_made(
    arguments: tuple[str, ...], command: Command, settings: Settings, tmp_path: Path
) -> None:
    done = command(*arguments)
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        f"There is no database at {tmp_path / 'var/keurmerk.db'} yet. “keurmerk migrate” makes it,"
        " if KEURMERK_DATABASE names the right one.\n"
    )
    assert list(tmp_path.iterdir()) == []
    assert command("migrate").code == 0
    assert (
        command("verify").out == "0 cases, 0 events and 0 decisions verified: everything holds.\n"
    )


def test_a_file_that_is_no_database_is_said_and_stays(
    command: Command, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "var/keurmerk.db"
    path.parent.mkdir()
    path.write_text("Dear diary, " * 100, encoding="utf-8")
    for name in ("verify", "migrate"):
        done = command(name)
        assert (done.code, done.out) == (1, "")
        assert done.err == (
            "The database of KEURMERK_DATABASE cannot be used: file is not a database\n"
        )
    assert path.read_text(encoding="utf-8").startswith("Dear diary")


def test_a_folder_that_cannot_be_made_is_said(
    command: Command, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "var").touch()
    done = command("migrate")
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        f"The folder {tmp_path / 'var'} cannot be made for the database: File exists.\n"
    )


@pytest.mark.parametrize("name", ["verify", "migrate", "worker"])
def test_a_server_that_is_away_is_said(
    name: str, command: Command, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"postgresql+psycopg://keurmerk:hush@127.0.0.1:{free_port()}/keurmerk"
    monkeypatch.setitem(settings.__dict__, "database", address)
    done = command(name)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("The database of KEURMERK_DATABASE cannot be used: connection")
    assert len(done.err.splitlines()) == 1
    assert "hush" not in done.err
