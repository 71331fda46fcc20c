"""Every address with every role: who may is said in ``who_may.yaml``, and nobody else may."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from base.clock import VirtualClock
from base.located import read_yaml
from rules.judge import Judge
from tests.builders import Desk
from tests.conftest import new_sqlite
from tests.web.town import Town

FILE = Path(__file__).with_name("who_may.yaml")
TABLE: dict[str, Any] = read_yaml(FILE.read_text("utf-8"), FILE.name).data
WHO: dict[str, list[str]] = TABLE["who"]
ROUTES: dict[str, dict[str, Any]] = {
    route: {"who": line} if isinstance(line, str) else line
    for route, line in TABLE["routes"].items()
}
ROLES = WHO["everybody"]
#: Where everybody may, or everybody who is signed in, these stand for all.
SOME = {
    "everybody": ["nobody", "teacher_elsewhere"],
    "signed_in": ["nobody", "teacher_elsewhere", "reviewer_elsewhere", "administrator"],
}


def routes_of(app: FastAPI) -> Iterator[str]:
    """``METHOD /path`` of every route; what is mounted are files for everybody."""
    for route in iter_route_contexts(app.routes):
        for method in sorted((getattr(route, "methods", None) or set()) - {"HEAD", "OPTIONS"}):
            yield f"{method} {route.path}"


@pytest.fixture(scope="module")
def town(
    sqlite_template: Path, judge: Judge, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    with new_sqlite(sqlite_template, folder) as database:
        clock = VirtualClock(datetime(2022, 11, 22, 11, 0, tzinfo=UTC))
        found = Town(Desk.open(database, clock, judge), folder)
        yield found
        found.close()


def test_every_route_has_its_line_and_every_line_its_route(town: Town) -> None:
    there = set(routes_of(town.app))
    assert sorted(there - ROUTES.keys()) == [], f"say in {FILE.name} who may use these"
    assert sorted(ROUTES.keys() - there) == [], f"{FILE.name} names what is not there"


@pytest.mark.parametrize("route", ROUTES)
def test_who_may_and_nobody_else(town: Town, route: str) -> None:
    line = ROUTES[route]
    may = WHO[line["who"]]
    roles = SOME.get(line["who"], ROLES)
    answers = {role: town.ask(role, route, line) for role in roles}
    told = {role: one.status_code for role, one in answers.items()}
    if "answers" in line:
        assert told == dict.fromkeys(roles, line["answers"])
        return
    refused = {line["refused"]} if "refused" in line else set()
    found = {role: let_in(answer, refused) for role, answer in answers.items()}
    assert found == {role: role in may for role in roles}, str(told)
    assert set(told.values()) & {405, 500} == set(), told
    if line["who"] != "everybody" and route.startswith("GET /api/"):
        assert told["nobody"] == 401


def let_in(answer: httpx2.Response, refused: set[int]) -> bool:
    """Whether somebody was let in: what was sent may still have been wrong."""
    away = answer.headers.get("location", "").startswith("/sign-in?")
    if answer.request.url.path.endswith("/each") and answer.status_code == 200:
        return any((one["error"] or {}).get("code") != "not_allowed" for one in answer.json())
    return not away and answer.status_code not in {401, 403, 404, 410} | refused
