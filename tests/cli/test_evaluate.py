"""The last school that may apply, and the first that may not, condition by condition."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import service
from cli.app import build
from cli.context import Wiring

ROOT = Path(__file__).resolve().parents[2]
DOSSIER = json.loads((ROOT / "docs/examples/dossier.json").read_text(encoding="utf-8"))
Change = Callable[[dict[str, Any]], None]


def no_settings() -> Any:
    message = "evaluate asks for no settings"
    raise AssertionError(message)


def decision(tmp_path: Path, dossier: dict[str, Any], *more: str) -> dict[str, Any]:
    path = tmp_path / "dossier.json"
    path.write_text(json.dumps(dossier), encoding="utf-8")
    given = Wiring(settings=no_settings, open=service.open_parts, app=service.application)
    done = CliRunner().invoke(
        build(given),
        ["evaluate", "school_label/eligibility", "--round", "2023-2024", "--dossier", str(path),
         *more],
        catch_exceptions=False,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def registered(day: str) -> Change:
    return lambda dossier: dossier["school"].update(registered_on=day)


def teachers(count: int, since: str) -> Change:
    def change(dossier: dict[str, Any]) -> None:
        for number, teacher in enumerate(dossier["teachers"]):
            on = since if number < count else "2020-08-31"
            teacher["activities"] = [{"kind": "webinar", "on": on}]

    return change


def founders(*countries: str) -> Change:
    def change(dossier: dict[str, Any]) -> None:
        dossier["projects"][0]["founders"] = [{"country": country} for country in countries]

    return change


def labelled(day: str) -> Change:
    return lambda dossier: dossier["projects"][0]["labels"][0].update(granted_on=day)


@pytest.mark.parametrize(
    ("change", "unmet"),
    [
        (registered("2020-09-01"), []),
        (registered("2020-09-02"), ["registered_in_time"]),
        (teachers(3, "2020-09-01"), []),
        (teachers(2, "2020-09-01"), ["enough_active_teachers"]),
        (founders("BE", "IT"), []),
        (founders("BE", "BE"), ["project_with_nql"]),
        (labelled("2020-07-01"), []),
        (labelled("2020-06-30"), ["project_with_nql"]),
    ],
)
def test_the_day_itself_counts_and_the_next_does_not(
    change: Change, unmet: list[str], tmp_path: Path
) -> None:
    dossier = copy.deepcopy(DOSSIER)
    change(dossier)
    found = decision(tmp_path, dossier)
    assert found["outcome"] == ("unmet" if unmet else "met")
    assert [one["criterion"] for one in found["findings"] if one["outcome"] != "met"] == unmet
    assert {bool(one["remedy"]) for one in found["findings"] if one["outcome"] != "met"} <= {True}


def test_reasons_are_said_in_the_language_asked_for(tmp_path: Path) -> None:
    dossier = copy.deepcopy(DOSSIER)
    registered("2020-09-02")(dossier)
    said = {
        language: decision(tmp_path, dossier, "--language", language)["findings"][0]["reason"]
        for language in ("en", "nl", "fr", "de")
    }
    assert len(set(said.values())) == 4
    assert "1 september 2020" in said["nl"]
