"""The API answers as it describes itself: requests made of that description, right and wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import Case, GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok

from base.clock import VirtualClock
from models.cases import Decision, Evidence
from models.database import writing
from models.messages import Notice
from models.registry import Label, Person
from rules.judge import Judge
from tests.builders import ROUND, Desk, add, add_grant, add_member, add_person, add_school
from tests.conftest import examples, new_sqlite
from tests.web.conftest import context_of
from tests.web.serving import served
from web.app import create_app
from web.signing_in import HEADER
from workflows import drafts
from workflows.administering import administrator

pytestmark = pytest.mark.integration

#: What schemathesis looks at in every answer. What it would ask of a made-up id or answer (that it
#: be found, that it be fit for the case's form) is for the tests that tell a story.
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "negative_data_rejection",
    "unsupported_method",
]
#: How often a name in an address is one there is.
REAL = 0.8


@dataclass(frozen=True, kw_only=True)
class Api:
    """A served Keurmerk with cases in several states."""

    address: str
    #: Role -> the mail address to sign in with; nobody has none.
    people: dict[str, str | None]
    #: Names that stand in addresses -> those there are.
    known: dict[str, list[str]]


@pytest.fixture(scope="module")
def api(
    sqlite_template: Path, judge: Judge, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("api")
    with new_sqlite(sqlite_template, folder) as database:
        desk = Desk.open(database, VirtualClock(datetime(2022, 11, 22, 11, 0, tzinfo=UTC)), judge)
        known = _fill(desk)
        people = {
            "school": desk.teachers[0], "reviewer": desk.reviewer,
            "administrator": _administrator(desk, known),
        }  # fmt: skip
        emails = {row["id"]: row["email"] for row in desk.rows(Person)}
        with served(create_app(context_of(desk, folder))) as address:
            yield Api(
                address=address, known=known,
                people={"nobody": None} | {role: emails[one] for role, one in people.items()},
            )  # fmt: skip


def _fill(desk: Desk) -> dict[str, list[str]]:
    """Fill the desk: an approved case, a draft, one asked for changes; what there is by name."""
    with writing(desk.database) as connection:
        schools = [add_school(connection, name)[0] for name in ("De Vlieger", "Atheneum")]
        for school in schools:
            add_member(connection, school, desk.teachers[0])
    approved = desk.submitted()
    case_of = {one["organisation_id"]: str(one["id"]) for one in desk.rows_of_cases()}
    draft, asked = (case_of[school] for school in schools)
    for case_id in (draft, asked):
        desk.fire(case_id, "start", desk.teachers[0])
        desk.fill_in(case_id)
    desk.fire(asked, "submit", desk.teachers[0])
    desk.fire(asked, "request_changes", desk.reviewer, feedback={"esafety": "Meer."})
    desk.fire(approved, "approve", desk.reviewer)
    with writing(desk.database) as connection:
        label = add(
            connection,
            Label(
                kind="school_label", granted_on=date(2023, 3, 31), organisation_id=desk.school,
                case_id=approved, round=ROUND, valid_from=date(2023, 1, 1),
                valid_until=date(2024, 12, 31),
            ),
        )  # fmt: skip
    cases = [approved, draft, asked]
    return {
        "path.case_id": cases,
        "path.evidence_id": [one["id"] for one in desk.rows(Evidence)],
        "path.trigger": ["submit", "withdraw", "approve", "request_changes", "refuse"],
        "path.decision_id": [one["id"] for one in desk.rows(Decision)][:5],
        "path.notice_id": [one["id"] for one in desk.rows(Notice)],
        "path.name": ["school_label"],
        "path.label_id": [label],
        "query.case_id": cases,
        "query.organisation_id": [desk.school, *schools],
        "query.state": ["approved", "draft"],
        "query.status": ["waiting", "sent"],
        "query.format": ["svg", "dot", "mermaid"],
    }


def _administrator(desk: Desk, known: dict[str, list[str]]) -> str:
    """An administrator with a draft of a round, and what there is of drafts and mails by name."""
    with writing(desk.database) as connection:
        person = add_person(connection, "Ada")
        add_grant(connection, person, "administrator", "*")
        who = administrator(connection, person, desk.clock.now().date())
        assert who is not None
        file = ("round", f"school_label/{ROUND}")
        text = desk.published.book.text_of(file[1])
        draft = drafts.begin(connection, who, file, text, text, desk.clock.now(), why="Nieuw.")
    known |= {
        "path.draft_id": [draft],
        "path.step": ["propose", "take_back", "send_back", "withdraw", "publish"],
        "path.mail_id": [one["id"] for one in desk.mails()][:5],
        "query.against": [ROUND],
    }  # fmt: skip
    return person


RIGHT, WRONG = GenerationMode.POSITIVE, GenerationMode.NEGATIVE


@pytest.mark.parametrize(
    ("role", "mode", "times"),
    [
        ("school", RIGHT, 4),
        ("reviewer", RIGHT, 4),
        ("nobody", RIGHT, 3),
        ("school", WRONG, 3),
        ("administrator", RIGHT, 3),
        ("administrator", WRONG, 2),
    ],
)
def test_every_answer_is_as_described(
    api: Api, role: str, mode: GenerationMode, times: int
) -> None:
    schema = schemathesis.openapi.from_url(
        f"{api.address}/api/v1/openapi.json", config=_config(api)
    )
    person = api.people[role]
    headers = {HEADER: person} if person else {}
    asked, failures = set(), list[FailureGroup]()
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        if mode is WRONG and not _can_be_wrong(operation.definition.raw):
            continue

        @seed(20230131)
        @settings(
            max_examples=examples(times), database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: Case[Any]) -> None:
            case.headers.pop(HEADER, None)
            case.call_and_validate(headers=headers)

        try:
            ask()
        except FailureGroup as failure:
            failures.append(failure)
        asked.add(operation.label)
    if failures:
        raise BaseExceptionGroup("not as described", failures)
    described = {
        f"{method.upper()} {path}"
        for path, methods in schema.raw_schema["paths"].items() for method in methods
    }  # fmt: skip
    assert asked == described if mode is RIGHT else asked < described


def _can_be_wrong(described: Mapping[str, Any]) -> bool:
    """Whether a request can be: not where all it has are names in its address, any text being one.

    To find that out by trying takes seconds for each.
    """
    parameters = described.get("parameters", [])
    return "requestBody" in described or any(
        one["in"] == "query" or one["schema"].get("type") != "string" for one in parameters
    )


def _config(api: Api) -> SchemathesisConfig:
    return SchemathesisConfig.from_dict(
        {
            "seed": 20230131,
            "dictionaries": {
                name.replace(".", "_"): {"values": values} for name, values in api.known.items()
            },
            "parameters": {
                name: {"dictionary": name.replace(".", "_"), "probability": REAL}
                for name in api.known
            },
            "checks": {"enabled": False} | {name: {"enabled": True} for name in CHECKS},
            "generation": {"with-security-parameters": False},
        }
    )
