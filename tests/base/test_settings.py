from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from base.errors import BadSetting
from base.settings import PREFIX, Settings, read_settings

PAGE = (Path(__file__).resolve().parents[2] / "docs/settings.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the settings of whoever runs this, nor a file of theirs."""
    import os  # noqa: PLC0415

    for name in list(os.environ):
        if name.upper().startswith(PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def shown(value: Any) -> str:
    if value is None or value == {}:
        return "–"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def test_the_page_lists_every_setting_in_order_with_its_default() -> None:
    rows = re.findall(r"^\| `(KEURMERK_\w+)` \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)
    defaults = read_settings()
    assert rows == [
        (f"{PREFIX}{name.upper()}", shown(getattr(defaults, name)), field.description)
        for name, field in Settings.model_fields.items()
    ]


def test_the_example_of_the_page_is_read_as_it_stands(tmp_path: Path) -> None:
    example = PAGE.split("```ini\n")[1].split("```")[0]
    (tmp_path / ".env").write_text(example, encoding="utf-8")
    settings = read_settings()
    assert settings.is_sqlite is False
    assert settings.distributed is True
    assert settings.mail_reply_to == {
        "BE-VLG": "etwinning@nso.example.org", "*": "support@example.org",
    }  # fmt: skip
    assert settings.smtp_password is not None
    assert "secret" not in repr(settings.smtp_password)


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("KEURMERK_PORT=8001\nKEURMERK_HOST=::1\n", encoding="utf-8")
    monkeypatch.setenv("KEURMERK_PORT", "8002")
    settings = read_settings()
    assert (settings.port, settings.host) == (8002, "::1")
    assert read_settings(None).host == "127.0.0.1"


def test_a_file_that_is_no_text_is_said(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"KEURMERK_MAIL_FROM=Zo\xeb <zoe@example.org>\n")
    with pytest.raises(BadSetting, match=r"The settings in .env cannot be read: 'utf-8'"):
        read_settings()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("KEURMERK_DATABSE", "x", "KEURMERK_DATABSE is not known (did you mean"),
        ("keurmerk_nonsense", "x", "keurmerk_nonsense is not known"),
        ("KEURMERK_PORT", "70000", "KEURMERK_PORT cannot be used"),
        ("KEURMERK_DATABASE", "nonsense", "KEURMERK_DATABASE cannot be used: write sqlite:"),
        ("KEURMERK_DATABASE", "mysql://k@db/k", "KEURMERK_DATABASE cannot be used: write"),
        ("KEURMERK_DATABASE", "postgresql+psycopg://k@db:x/k", "KEURMERK_DATABASE cannot be used"),
        ("KEURMERK_SMTP_SECURITY", "maybe", "KEURMERK_SMTP_SECURITY cannot be used"),
        ("KEURMERK_SWEEP_SECONDS", "0", "KEURMERK_SWEEP_SECONDS cannot be used"),
        ("KEURMERK_GRACE_SECONDS", "-1", "KEURMERK_GRACE_SECONDS cannot be used"),
        ("KEURMERK_SECRET_KEY", "short", "KEURMERK_SECRET_KEY cannot be used"),
        ("KEURMERK_LOG_LEVEL", "loud", "KEURMERK_LOG_LEVEL cannot be used"),
    ],
)
def test_what_cannot_be_used_is_named(
    name: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSetting) as error:
        read_settings()
    assert words in str(error.value)


def test_workers_on_other_machines_are_not_woken_from_sqlite(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KEURMERK_DISTRIBUTED", "true")
    with pytest.raises(BadSetting) as error:
        read_settings()
    assert "KEURMERK_DISTRIBUTED" in str(error.value)
    assert "KEURMERK_DATABASE" in str(error.value)
    monkeypatch.setenv("KEURMERK_DATABASE", "postgresql+psycopg://keurmerk@db.example.org/keurmerk")
    assert read_settings().distributed is True


def test_a_secret_is_not_in_the_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEURMERK_SECRET_KEY", "hunter2")
    with pytest.raises(BadSetting) as error:
        read_settings()
    assert "hunter2" not in str(error.value)
