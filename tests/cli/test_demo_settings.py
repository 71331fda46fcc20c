"""The demo's settings: nothing of a real installation is reached by them."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

import service
from base.settings import Settings
from cli.demo_data import demo_settings
from notifications.carriers import FolderCarrier, SmtpCarrier

REAL = Settings.model_construct(
    database="postgresql+psycopg://keurmerk@db.example.org/keurmerk",
    distributed=True,
    smtp_host="smtp.example.org",
    smtp_port=25,
    smtp_security="tls",
    smtp_user="keurmerk",
    smtp_password=SecretStr("secret"),
    smtp_connections=9,
    port=8001,
)


def test_a_demo_mails_no_server_and_wakes_no_workers() -> None:
    assert isinstance(service.carrier(REAL), SmtpCarrier)
    settings = demo_settings(REAL)
    assert isinstance(service.carrier(settings), FolderCarrier)
    assert settings.distributed is False
    nothing = Settings.model_construct()
    left = {name for name in Settings.model_fields if name.startswith("smtp_")}
    assert {name: getattr(settings, name) for name in left} == {
        name: getattr(nothing, name) for name in left
    }


def test_a_demo_keeps_all_it_writes_in_its_folder() -> None:
    settings = demo_settings(REAL)
    assert settings.database == "sqlite:///var/demo/keurmerk.db"
    assert settings.files == Path("var/demo/files")
    assert settings.mail_folder == Path("var/demo/mail")
    assert settings.public_url == "http://127.0.0.1:8001"
