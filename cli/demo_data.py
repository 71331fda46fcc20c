"""The demo's people and schools, and its installation under ``var/demo``.

Names are invented; addresses end in example.org. The schools come through the same import as real
ones (``demo_files/schools.json``).
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import Connection, select

from base.clock import Clock, ShiftedClock
from base.located import read_yaml
from base.settings import Settings
from cli.context import Parts
from cli.publishing import publish_installed
from cli.story_settings import book_with
from models.cases import CaseEvent
from models.database import open_database, reading, writing
from models.drafts import Draft
from models.messages import Mail
from models.registry import Grant, Membership, Organisation, Person, Project, ProjectMember
from registry.importing import import_file
from rules.book import RuleBook
from workflows.sweep import prepare

SCHOOLS = Path(__file__).with_name("demo_files") / "schools.json"
SETTINGS = SCHOOLS.with_name("settings.yaml")
DIGISNAP = SCHOOLS.with_name("digisnap.yaml")
FOLDER = Path("var/demo")

#: The demo begins on the eve of the round, and the demo service goes on from this moment.
EVE = datetime(2022, 11, 22, 11, 0, tzinfo=UTC)
SERVED_FROM = datetime(2023, 1, 18, 9, 0, tzinfo=UTC)

#: Name, mail address, language, and the right held for a scope.
STAFF = (
    ("Rita Verbeeck", "rita.verbeeck@nso.example.org", "nl", "nso_reviewer", "BE-VLG"),
    ("Karel Mertens", "karel.mertens@nso.example.org", "nl", "nso_reviewer", "BE-VLG"),
    ("Cora Desmet", "cora.desmet@nso.example.org", "nl", "nso_coordinator", "BE-VLG"),
    ("Giulia Conti", "giulia.conti@nso.example.org", "en", "nso_reviewer", "IT"),
    ("Carl Support", "carl.support@css.example.org", "en", "css", "*"),
    ("Ada Peeters", "ada.peeters@css.example.org", "en", "administrator", "*"),
    ("Bram Willems", "bram.willems@css.example.org", "nl", "administrator", "*"),
    ("Nele Claes", "nele.claes@nso.example.org", "nl", "administrator", "BE-VLG"),
    ("Dorien Smet", "dorien.smet@digisnap.example.org", "nl", "digisnap_team", "BE-VLG"),
    ("Wout Aerts", "wout.aerts@onderwijs.example.org", "nl", "survey_authority", "BE-VLG"),
)
#: Teachers who take part in a project of their school: they can apply for a label of their own.
TAKING_PART = (
    ("an.peeters@linde.example.org", "Rivers that meet"),
    ("bram.maes@linde.example.org", "Rivers that meet"),
)
#: A reviewer who also teaches at this school: she may not decide on it.
LINKED = ("karel.mertens@nso.example.org", "Lyceum Ten Dorpe")

#: A teacher who is about to ask for an account: name, mail address, language.
NEWCOMER = ("Fatma Aydin", "fatma.aydin@klaver.example.org", "nl")

_project = Project.__table__  # type: ignore[attr-defined]
_membership = Membership.__table__  # type: ignore[attr-defined]
_person = Person.__table__  # type: ignore[attr-defined]
_organisation = Organisation.__table__  # type: ignore[attr-defined]
_event = CaseEvent.__table__  # type: ignore[attr-defined]
_mail = Mail.__table__  # type: ignore[attr-defined]
_draft = Draft.__table__  # type: ignore[attr-defined]


def fill(connection: Connection, now: datetime) -> None:
    """Write the demo's schools, people and rights into an empty registry."""
    import_file(connection, SCHOOLS, SCHOOLS.name, now=now)
    for name, email, language, right, scope in STAFF:
        person = Person(name=name, email=email, language=language, validated=True)
        connection.execute(_person.insert(), person.model_dump())
        grant = Grant(person_id=person.id, right=right, scope=scope, first_day=date(2022, 9, 1))
        connection.execute(Grant.__table__.insert(), grant.model_dump())  # type: ignore[attr-defined]
    name, email, language = NEWCOMER
    connection.execute(
        _person.insert(), Person(name=name, email=email, language=language).model_dump()
    )
    for email, title in TAKING_PART:
        project = connection.execute(select(_project.c.id).where(_project.c.title == title))
        teacher = person_id(connection, email)
        school = connection.execute(
            select(_membership.c.organisation_id).where(_membership.c.person_id == teacher)
        )
        part = ProjectMember(
            project_id=project.scalar_one(), person_id=teacher, organisation_id=school.scalar()
        )
        connection.execute(ProjectMember.__table__.insert(), part.model_dump())  # type: ignore[attr-defined]
    email, linked = LINKED
    membership = Membership(
        person_id=person_id(connection, email), organisation_id=school_id(connection, linked),
        role="teacher", first_day=date(2019, 9, 1),
    )  # fmt: skip
    connection.execute(
        Membership.__table__.insert(),  # type: ignore[attr-defined]
        membership.model_dump(),
    )


def person_id(connection: Connection, email: str) -> str:
    """The person of that mail address."""
    return str(
        connection.execute(select(_person.c.id).where(_person.c.email == email)).scalar_one()
    )


def school_id(connection: Connection, name: str) -> str:
    """The school of that name."""
    query = select(_organisation.c.id).where(_organisation.c.name == name)
    return str(connection.execute(query).scalar_one())


def demo_settings(settings: Settings, folder: Path = FOLDER) -> Settings:
    """The settings of a demo: its own database, files and mails in ``folder``.

    Nothing that reaches outside is kept: a demo writes to no mail server and wakes no workers.
    """
    outside = {
        name: field.get_default(call_default_factory=True)
        for name, field in Settings.model_fields.items()
        if name.startswith("smtp_") or name in {"distributed", "providers", "staff_passkey"}
    }
    return settings.model_copy(
        update={
            **outside,
            "database": f"sqlite:///{folder / 'keurmerk.db'}",
            "files": folder / "files",
            "badge_key": folder / "badge_key.json",
            "mail_folder": folder / "mail",
            "public_url": web_address(settings),
        }
    )


def web_address(settings: Settings) -> str:
    """Where the service listens, as a browser takes it."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{settings.port}"


def demo_book() -> RuleBook:
    """The installed rule sets and rounds, with what the demo's countries have set.

    Raises:
        BadDefinition: a value does not fit its name.
    """
    settings = read_yaml(SETTINGS.read_text("utf-8"), SETTINGS.name).data
    return book_with(settings, "the demo")


def begin(parts: Parts, only: str | None = None, book: RuleBook | None = None) -> None:
    """The eve of the round: registry filled, processes published, screening set.

    Arguments:
        only: the one process that is published; all if left out.
        book: the rule sets and rounds; those installed if left out.
    """
    with writing(parts.database) as connection:
        fill(connection, parts.clock.now())
    publish_installed(parts, only, book)
    prepare(parts.engine)


def demo_clock(settings: Settings) -> Clock:
    """A clock that goes on from the demo's day, or from what happened last if that was later."""
    database = open_database(settings.database)
    with reading(database) as connection:
        moments = [
            connection.execute(select(column).order_by(column.desc()).limit(1)).scalar()
            for column in (_event.c.at, _mail.c.created_at, _mail.c.sent_at, _draft.c.changed_at)
        ]
    database.dispose()
    return ShiftedClock(max([SERVED_FROM, *(one for one in moments if one)]))
