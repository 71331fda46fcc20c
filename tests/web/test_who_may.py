"""Every address with every role: who may is said in ``who_may.yaml``, and nobody else may."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from sqlalchemy import Engine
from starlette.testclient import TestClient

from base.clock import VirtualClock
from base.located import read_yaml
from models.cases import Decision
from models.database import open_database, writing
from models.registry import Label
from rules.judge import Judge
from tests.builders import Desk, add, add_grant, add_member, add_person, add_school
from tests.web.conftest import client_as, context_of

FILE = Path(__file__).with_name("who_may.yaml")
TABLE: dict[str, Any] = read_yaml(FILE.read_text("utf-8"), FILE.name).data
WHO: dict[str, list[str]] = TABLE["who"]
ROUTES: dict[str, dict[str, Any]] = {
    route: {"who": line} if isinstance(line, str) else line
    for route, line in TABLE["routes"].items()
}
ROLES = WHO["everybody"]
#: Where everybody may, or everybody who is signed in, these stand for all.
FIRST = ["nobody", "teacher_elsewhere"]


def routes_of(app: FastAPI) -> Iterator[str]:
    """``METHOD /path`` of every route; what is mounted are files for everybody."""
    for route in iter_route_contexts(app.routes):
        for method in sorted((getattr(route, "methods", None) or set()) - {"HEAD", "OPTIONS"}):
            yield f"{method} {route.path}"


class Town:
    """A case with everything around it, a person of each role, and the way back to how it was."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        case_id = desk.submitted()
        with writing(desk.database) as connection:
            _school, others = add_school(connection, "Andere School")
            principal = add_person(connection, "Petra Principal")
            add_member(connection, desk.school, principal, role="principal")
            abroad = add_person(connection, "Ans Abroad")
            add_grant(connection, abroad, "nso_reviewer", "NL")
            clerk = add_person(connection, "Ada Admin")
            add_grant(connection, clerk, "administrator", "*")
            label = add(
                connection,
                Label(
                    kind="school_label", organisation_id=desk.school, round="2023-2024",
                    valid_from=date(2023, 3, 1), valid_until=date(2024, 12, 31), case_id=case_id,
                    granted_on=date(2023, 3, 1),
                ),
            )  # fmt: skip
        people = {
            "nobody": None, "teacher": desk.teachers[0], "principal": principal,
            "teacher_elsewhere": others[0], "reviewer": desk.reviewer,
            "reviewer_elsewhere": abroad, "coordinator": desk.coordinator, "css": desk.css,
            "administrator": clerk,
        }  # fmt: skip
        context = context_of(desk, folder)
        self.app: Any = client_as(desk, context, None).app
        self.clients: dict[str, TestClient] = {
            role: client_as(desk, context, person) for role, person in people.items()
        }
        evidence = self.clients["teacher"].get(f"/api/v1/cases/{case_id}/evidence").json()
        notices = self.clients["teacher"].get("/api/v1/notices").json()
        #: What stands for the names in addresses.
        self.places = {
            "case_id": case_id, "name": "school_label", "label_id": label, "trigger": "approve",
            "key": "x" * 43, "person_id": desk.reviewer, "school_id": desk.school,
            "evidence_id": evidence[0]["id"], "notice_id": notices[0]["id"],
            "section": "esafety", "process": "school_label", "way": "apply", "sequence": "2",
            "kind": "csv",
            "decision_id": desk.rows(Decision, organisation_id=desk.school)[0]["id"],
        }  # fmt: skip
        self._file = str(desk.database.url.database)
        self._before = sqlite3.connect(":memory:")
        with closing(sqlite3.connect(self._file)) as now:
            now.backup(self._before)

    def ask(self, role: str, route: str, line: dict[str, Any]) -> httpx2.Response:
        """Ask a route as somebody, and undo what that did."""
        method, path = route.split(" ", maxsplit=1)
        client = self.clients[role]
        client.cookies.clear()
        answer = client.request(
            method, path.format(**self.places), params=line.get("query"),
            json=self._filled(line.get("json")), data=self._filled(line.get("form")),
            follow_redirects=False,
        )  # fmt: skip
        if method != "GET" and answer.status_code < 400:
            with closing(sqlite3.connect(self._file)) as now:
                self._before.backup(now)
        return answer

    def _filled(self, sent: Any) -> Any:
        """What is sent, with what there is for the names in it."""
        if isinstance(sent, dict):
            return {key: self._filled(value) for key, value in sent.items()}
        return sent.format(**self.places) if isinstance(sent, str) else sent

    def close(self) -> None:
        """Forget how it was."""
        self._before.close()


@pytest.fixture(scope="module")
def town(
    sqlite_template: Path, judge: Judge, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    path = folder / "keurmerk.db"
    path.write_bytes(sqlite_template.read_bytes())
    database: Engine = open_database(f"sqlite:///{path}", synchronous="NORMAL")
    clock = VirtualClock(datetime(2022, 11, 22, 11, 0, tzinfo=UTC))
    found = Town(Desk.open(database, clock, judge), folder)
    yield found
    found.close()
    database.dispose()


def test_every_route_has_its_line_and_every_line_its_route(town: Town) -> None:
    there = set(routes_of(town.app))
    assert sorted(there - ROUTES.keys()) == [], f"say in {FILE.name} who may use these"
    assert sorted(ROUTES.keys() - there) == [], f"{FILE.name} names what is not there"


@pytest.mark.parametrize("route", [one for one, line in ROUTES.items() if "tested_in" not in line])
def test_who_may_and_nobody_else(town: Town, route: str) -> None:
    line = ROUTES[route]
    may = WHO[line["who"]]
    roles = FIRST if len(may) >= len(ROLES) - 1 else ROLES
    answers = {role: town.ask(role, route, line) for role in roles}
    found = {role: let_in(answer) for role, answer in answers.items()}
    told = {role: one.status_code for role, one in answers.items()}
    assert found == {role: role in may for role in roles}, told
    assert {answer.status_code for answer in answers.values()} & {500, 405} == set(), told
    if line["who"] != "everybody" and route.startswith("GET /api/"):
        assert answers["nobody"].status_code == 401


def let_in(answer: httpx2.Response) -> bool:
    """Whether somebody was let in: what was sent may still have been wrong."""
    away = answer.headers.get("location", "").startswith("/sign-in?")
    return not away and answer.status_code not in {401, 403, 404, 410}


@pytest.mark.parametrize(
    ("route", "file"),
    [(route, line["tested_in"]) for route, line in ROUTES.items() if "tested_in" in line],
)
def test_what_is_tested_elsewhere_is(route: str, file: str) -> None:
    path = route.split(" ")[1].removeprefix("/api/v1")
    names = [part for part in path.split("/") if part and not part.startswith("{")]
    text = Path(file).read_text("utf-8")
    assert [name for name in names if name not in text] == []
