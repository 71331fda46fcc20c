"""Settings: from the environment (``KEURMERK_…``) and an optional ``.env`` file.

Every setting is described in ``docs/settings.md``; a test compares the two.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from base.errors import BadSetting
from base.i18n import N_
from base.located import nearest

PREFIX = "KEURMERK_"


class Settings(BaseSettings):
    """What differs from one installation to the next."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    database: str = Field(
        "sqlite:///var/keurmerk.db",
        description="Database address: sqlite:///path or postgresql+psycopg://user@host/name.",
    )
    sqlite_synchronous: Literal["NORMAL", "FULL"] = Field(
        "FULL",
        description="FULL keeps each acknowledged decision through a power cut; NORMAL is faster.",
    )
    files: Path = Field(Path("var/files"), description="Folder of uploaded evidence.")
    host: str = Field("127.0.0.1", description="Address the service listens on.")
    port: int = Field(8000, ge=1, le=65535, description="Port the service listens on.")
    public_url: str = Field(
        "http://127.0.0.1:8000",
        description="Address of this installation as people see it: for links in mails, QR codes.",
    )
    secret_key: SecretStr | None = Field(
        None,
        description="At least 32 characters; signs links in mails that take a step, and tickets of "
        "questionnaires. Left out: made anew at each start, and older links lead nowhere.",
        min_length=32,
    )
    badge_key: Path = Field(
        Path("var/badge_key.json"),
        description="File of the keys that sign badges; made when the first badge is looked at.",
    )
    badge_issuer: str = Field("Keurmerk", description="Name under which badges are issued.")
    session_hours: int = Field(
        10, ge=1, le=720, description="How long one stays signed in at most, in hours."
    )
    session_idle_minutes: int = Field(
        120, ge=5, le=43200,
        description="How long one stays signed in without a request, in minutes.",
    )  # fmt: skip
    sign_in_mail: bool = Field(True, description="Whether one can sign in by a link sent by mail.")
    mail_link_minutes: int = Field(
        15, ge=2, le=1440, description="How long such a link can be used, in minutes."
    )
    providers: Path | None = Field(
        None, description="File of the OpenID Connect providers one can sign in with."
    )
    staff_passkey: bool = Field(
        False,
        description="Whether staff must have signed in with a passkey for whatever they change.",
    )
    forwarded_from: str = Field(
        "127.0.0.1,::1",
        description="Addresses or networks of web servers before this one, whose "
        "X-Forwarded-For is believed.",
    )
    rate_limits: bool = Field(
        True, description="Whether sign-in, uploads and questionnaires are limited per address."
    )
    security_contact: str | None = Field(
        None, pattern=r"^(mailto:|https://|tel:)\S{3,300}$",
        description="Whom to tell of a weakness: mailto:…, https://… or tel:…; shown at "
        "/.well-known/security.txt, which is not there without it.",
    )  # fmt: skip
    access_days: int = Field(
        365, ge=1, le=3650, description="How long it is kept who of the staff read what, in days."
    )
    smtp_host: str | None = Field(
        None, description="Mail server. Left out: mails are written to mail_folder."
    )
    smtp_port: int = Field(587, ge=1, le=65535, description="Port of the mail server.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="starttls, tls (from the first byte), or none (loopback only)."
    )
    smtp_user: str | None = Field(None, description="User name at the mail server.")
    smtp_password: SecretStr | None = Field(None, description="Password at the mail server.")
    smtp_connections: int = Field(
        4, ge=1, le=32, description="How many connections to the mail server are kept open."
    )
    mail_folder: Path = Field(
        Path("var/mail"), description="Where mails are written as .eml without a mail server."
    )
    mail_from: str = Field("Keurmerk <keurmerk@example.org>", description="Sender of every mail.")
    mail_reply_to: Annotated[dict[str, str], NoDecode] = Field(
        default_factory=dict,
        description="Reply-To per area: BE-VLG=nso@example.org,NL=desk@example.org; * for others.",
    )
    grace_seconds: int = Field(
        20, ge=0, le=3600,
        description="How long a mail waits, so that an undone step withdraws it, in seconds.",
    )  # fmt: skip
    sweep_seconds: float = Field(
        5.0, gt=0, le=3600, description="How often due timers and mails are looked for, in seconds."
    )
    distributed: bool = Field(
        False,
        description="PostgreSQL only: wake the workers (keurmerk worker) in each transaction.",
    )
    log_format: Literal["text", "json"] = Field("text", description="Form of the log lines.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="From which level on log lines are written."
    )

    @field_validator("database")
    @classmethod
    def _usable(cls, address: str) -> str:
        try:
            driver = make_url(address).drivername
        except (ArgumentError, ValueError):
            driver = ""
        if driver not in {"sqlite", "postgresql+psycopg"}:
            message = "write sqlite:///path or postgresql+psycopg://user@host/name"
            raise ValueError(message)
        return address

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is the embedded one."""
        return self.database.startswith("sqlite")

    def __init__(self, **values: Any) -> None:
        if isinstance(values.get("mail_reply_to"), str):
            values["mail_reply_to"] = _pairs(values["mail_reply_to"])
        super().__init__(**values)


def read_settings(env_file: Path | None = Path(".env")) -> Settings:
    """The settings of this process.

    Arguments:
        env_file: a file of ``NAME=value`` lines; the environment wins over it. None for no file.

    Raises:
        BadSetting: a ``KEURMERK_`` name is unknown, a value is unusable, two do not go together, or
            the file cannot be read; the sentence names it.
    """
    given: dict[str, str] = {}
    if env_file and env_file.is_file():
        given.update(_of_file(env_file))
    given.update(os.environ)
    values: dict[str, Any] = {}
    for name, value in given.items():
        if not name.upper().startswith(PREFIX):
            continue
        key = name[len(PREFIX) :].lower()
        if key not in Settings.model_fields:
            known = [f"{PREFIX}{field.upper()}" for field in Settings.model_fields]
            raise BadSetting(
                N_("The setting {name} is not known{hint}. docs/settings.md lists them all."),
                name=name, hint=nearest(name.upper(), known),
            )  # fmt: skip
        values[key] = value
    try:
        settings = Settings(**values)
    except ValidationError as error:
        problem = error.errors()[0]
        name = f"{PREFIX}{'.'.join(str(part) for part in problem['loc']).upper()}"
        raise BadSetting(
            N_("The setting {name} cannot be used: {why}."),
            name=name, why=problem["msg"].removeprefix("Value error, "),
        ) from None  # fmt: skip
    if settings.distributed and settings.is_sqlite:
        raise BadSetting(
            N_("KEURMERK_DISTRIBUTED needs PostgreSQL, but KEURMERK_DATABASE names a SQLite "
               "database. Change one of the two.")
        )  # fmt: skip
    return settings


def _of_file(env_file: Path) -> dict[str, str]:
    try:
        found = dotenv_values(env_file, encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(
            N_("The settings in {file} cannot be read: {why}."), file=env_file, why=error
        ) from None
    return {name: value for name, value in found.items() if value is not None}


def _pairs(text: str) -> dict[str, str]:
    pairs = (part.split("=", maxsplit=1) for part in text.split(",") if part.strip())
    return {pair[0].strip(): pair[-1].strip() for pair in pairs}
