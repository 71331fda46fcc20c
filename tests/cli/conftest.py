from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import service
from base.settings import Settings
from cli.app import run
from cli.context import Wiring
from models.schema import migrate
from tests.conftest import opened


@dataclass(frozen=True, kw_only=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


#: Runs a command in this process.
Command = Callable[..., Done]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation in a folder of its own, without a database yet."""
    return Settings.model_construct(
        database=f"sqlite:///{tmp_path / 'var/keurmerk.db'}",
        files=tmp_path / "var/files",
        mail_folder=tmp_path / "var/mail",
    )


@pytest.fixture
def installed(settings: Settings) -> Settings:
    """The same, with an empty database."""
    with opened(settings.database) as database:
        migrate(database)
    return settings


@pytest.fixture
def command(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    def carried_out(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["keurmerk", *arguments])
        wiring = Wiring(settings=lambda: settings, open=service.open_parts, app=service.application)
        with pytest.raises(SystemExit) as end:
            run(wiring)
        said = capsys.readouterr()
        return Done(code=int(end.value.code or 0), out=said.out, err=said.err)

    return carried_out
