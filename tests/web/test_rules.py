from __future__ import annotations

import html
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from models.cases import Release
from models.database import writing
from models.drafts import Draft
from tests.builders import PROCESS, Desk, add_grant, add_person
from tests.web.conftest import client_as, context_of

FILE = "/rules/files/round/school_label/2023-2024"
API = "/api/v1"


@pytest.fixture
def office(sqlite_desk: Desk, tmp_path: Path) -> dict[str, TestClient]:
    """Two administrators of everything, one of Flanders, and a reviewer; pages in English."""
    with writing(sqlite_desk.database) as connection:
        people = {"reviewer": sqlite_desk.reviewer}
        for name, scope in (("Ada", "*"), ("Bram", "*"), ("Nele", "BE-VLG"), ("Nils", "BE")):
            people[name] = add_person(connection, name)
            add_grant(connection, people[name], "administrator", scope)
    context = context_of(sqlite_desk, tmp_path)
    clients = {name: client_as(sqlite_desk, context, one) for name, one in people.items()}
    for client in clients.values():
        client.headers["accept-language"] = "en"
    return clients


def fields(page: str) -> dict[str, str]:
    """The boxes of the page's form and what stands in them."""
    found = dict(re.findall(r'<input[^>]* name="([^"]+)"[^>]* value="([^"]*)"', page))
    found |= dict(re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>([^<]*)</textarea>', page))
    for name, options in re.findall(
        r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL
    ):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    return {name: _plain(value) for name, value in found.items()}


def _plain(text: str) -> str:
    return html.unescape(text)


def begin(client: TestClient, path: str = FILE, **data: str) -> str:
    answer = client.post(path, data=data or {"do": "begin"}, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def press(client: TestClient, path: str, do: str, **changed: str) -> Any:
    sent = {**fields(client.get(path).text), **changed, "do": do}
    return client.post(path, data=sent)


def test_a_round_goes_from_a_mistake_to_being_in_force(
    office: dict[str, TestClient], sqlite_desk: Desk
) -> None:
    ada, bram = office["Ada"], office["Bram"]
    path = begin(ada)
    text = fields(ada.get(path).text)["text"]
    line = next(n for n, one in enumerate(text.splitlines(), 1) if "min_active_teachers" in one)
    typo = text.replace("min_active_teachers: 3", "min_active_teachers: drie")
    shown = press(ada, path, "check", text=typo, why="Eén woord.")
    assert f"school_label/2023-2024.yaml:{line}:" in shown.text
    assert fields(shown.text)["text"] == typo
    assert fields(shown.text)["why"] == "Eén woord."
    refused = press(ada, path, "propose", text=typo, why="Eén woord.")
    assert refused.status_code == 422
    assert fields(refused.text)["text"] == typo
    mended = text.replace("min_active_teachers: 3 ", "min_active_teachers: 2 ")
    day = sqlite_desk.clock.now().date() + timedelta(days=3)
    assert press(ada, path, "propose", text=mended, why="").status_code == 422
    # What was refused had been saved all the same: nothing is lost.
    proposed = press(ada, path, "propose", why="Two will do.", first_day=day.isoformat())
    assert proposed.status_code == 200
    assert "another administrator has to publish it" in proposed.text
    assert "removed:" in proposed.text
    assert "Two will do." in bram.get("/rules").text
    assert press(ada, path, "publish").status_code == 403
    assert "Say what has to be different" in press(bram, path, "send_back").text
    published = press(bram, path, "publish", remark="Fine.")
    assert "Published by Bram" in published.text
    (row,) = sqlite_desk.rows(Draft)
    assert (row["status"], row["first_day"], row["remark"]) == ("published", day, "Fine.")
    assert [one["in_force_from"] for one in sqlite_desk.rows(Release)][-1] == day
    history = ada.get(FILE).text
    assert "Two will do." in history
    assert "Published by Bram" in history
    assert "From 25 November 2022: version 2" in history
    sqlite_desk.until(2022, 11, 26)
    assert "min_active_teachers: 2" in ada.get(FILE).text
    assert "changed here" in ada.get("/rules").text


def test_a_country_sets_its_own_values_and_nothing_else(
    office: dict[str, TestClient], sqlite_desk: Desk
) -> None:
    nele = office["Nele"]
    assert "You set the values of your own country" in nele.get("/rules").text
    assert nele.post(FILE, data={"do": "begin"}).status_code == 403
    for area, status in (("XX", 422), ("België", 422), ("BE", 403), ("NL", 403)):
        answer = nele.post(FILE, data={"do": "area", "of_area": area})
        assert answer.status_code == status, area
    path = begin(nele, do="area", of_area="be-vlg")
    page = nele.get(path).text
    assert "Values of" in page
    wrong = {"v:judge_within_days": "tien", "v:nql_until": "2023-13-01"}
    refused = press(nele, path, "save", **wrong)
    assert refused.status_code == 422
    assert refused.text.count("Write a whole number, or unknown.") == 2
    assert refused.text.count("Write a day as 2023-01-31, or unknown.") == 2
    assert fields(refused.text)["v:judge_within_days"] == "tien"
    right = {"v:judge_within_days": "15", "v:first_window.closes": "2023-02-01"}
    saved = press(nele, path, "save", **right)
    assert saved.status_code == 200
    (row,) = sqlite_desk.rows(Draft)
    before = (Path("rules/rounds") / "school_label/2023-2024.yaml").read_text("utf-8")
    added = [one for one in row["text"].splitlines() if one not in before.splitlines()]
    assert {one.strip() for one in added} >= {
        "BE-VLG:", "judge_within_days: 15", "closes: 2023-02-01"
    }  # fmt: skip
    gone = [one for one in before.splitlines() if one not in row["text"].splitlines()]
    assert gone == []
    again = press(nele, path, "save", **{"v:judge_within_days": "", "v:first_window.closes": ""})
    assert again.status_code == 200
    (row,) = sqlite_desk.rows(Draft)
    assert row["text"] == before
    press(nele, path, "propose", **{"v:judge_within_days": "15"}, why="Onze termijn.")
    assert office["reviewer"].get(path).status_code == 403
    assert press(office["Nils"], path, "publish").status_code == 200
    answer = nele.get(f"{API}/rounds", params={"area": "BE-VLG"}).json()
    values = {one["name"]: one["values"] for one in answer if one["process"] == "school_label"}
    assert values["2023-2024"]["judge_within_days"] == 15


def test_a_form_changes_values_and_texts_and_leaves_the_rest(
    office: dict[str, TestClient], sqlite_desk: Desk
) -> None:
    ada = office["Ada"]
    path = begin(ada, "/rules/files/rule_set/school_label/eligibility")
    boxes = fields(ada.get(f"{path}?view=form").text)
    key = next(name for name in boxes if name.endswith("remedy/nl"))
    press(ada, f"{path}?view=form", "save", **{key: "Zoek er nog een: dat helpt."})
    (row,) = sqlite_desk.rows(Draft)
    before = Path("rules/school_label/eligibility.yaml").read_text("utf-8").splitlines()
    after = row["text"].splitlines()
    assert [one.strip() for one in after if one not in before] == [
        "nl: 'Zoek er nog een: dat helpt.'"
    ]
    assert len(after) == len(before)
    press(ada, f"{path}?view=form", "save", **{"v:title/nl": "Mag dat?\x00"})
    (row,) = sqlite_desk.rows(Draft)
    assert "Mag dat?" in row["text"]
    assert "\0" not in row["text"]
    threshold = "v:criteria/1/at_least"
    assert boxes[threshold] == "${min_active_teachers}"
    for written, stands, remark in (
        ("5", "at_least: 5", "No errors"), ("five", "at_least: five", "With errors"),
        ("${min_active_teachers}", "at_least: ${min_active_teachers}", "No errors"),
    ):  # fmt: skip
        saved = press(ada, f"{path}?view=form", "save", **{threshold: written})
        assert fields(saved.text)[threshold] == written
        (row,) = sqlite_desk.rows(Draft)
        assert stands in row["text"]
        assert remark in saved.text
    made = begin(ada, do="round", new_name="2029-2030")
    assert 'round: "2029-2030"' in fields(ada.get(made).text)["text"]
    for name in ("2023-2024", "twee woorden"):
        answer = ada.post(FILE, data={"do": "round", "new_name": name})
        assert answer.status_code == 422
    sqlite_desk.submitted()
    changed = begin(ada)
    text = fields(ada.get(changed).text)["text"].replace("_teachers: 3 ", "_teachers: 9 ")
    press(ada, changed, "save", text=text)
    shown = ada.get(f"{changed}/impact").text
    assert "1 of " in shown
    assert "Sint-Jan" in shown
    page = ada.get(begin(ada, "/rules/files/process/school_label"))
    assert page.status_code == 200


def test_what_a_renamed_state_becomes_is_said_on_the_page(
    office: dict[str, TestClient], sqlite_desk: Desk
) -> None:
    ada, bram, case_id = office["Ada"], office["Bram"], sqlite_desk.draft()
    path = begin(ada, "/rules/files/process/school_label")
    text = re.sub(r"\bdraft\b(?=[\],:]|\n)", "concept", PROCESS.read_text("utf-8"))
    press(ada, path, "propose", text=text, why="Een beter woord.")
    press(bram, path, "publish")
    page = ada.get("/rules/versions/school_label").text
    assert "Say which of its states that becomes." in page
    assert f'name="version-{case_id}"' not in page
    there = ada.get("/rules/versions/school_label?to=2&state-draft=concept&state-submitted=y").text
    sent = fields(there.split('id="cases"')[1])
    assert sent["state-draft"] == "concept"
    assert sent[f"version-{case_id}"] == "2"
    moved = ada.post(
        "/rules/versions/school_label", data={**sent, "case": case_id, "why": "Een beter woord."}
    )
    assert "What came of it" in moved.text
    assert sqlite_desk.case(case_id)["state"] == "concept"


def test_the_api_of_drafts(office: dict[str, TestClient], sqlite_desk: Desk) -> None:
    ada, bram = office["Ada"], office["Bram"]
    name = {"kind": "round", "name": "school_label/2023-2024"}
    made = ada.post(f"{API}/drafts", json=name).json()
    text = made["text"].replace("judge_within_days: 10", "judge_within_days: 9")
    checked = ada.post(f"{API}/checks", json={**name, "text": "round: x\n: y"}).json()
    assert checked["remarks"][0]["severity"] == "error"
    assert ada.post(f"{API}/checks", json={**name, "text": text}).json()["examples"] != []
    where = f"{API}/drafts/{made['id']}"
    put = ada.put(where, json={"version": 0, "text": text, "why": "Sneller."}).json()
    assert (put["version"], put["writers"]) == (1, ["Ada"])
    stale = ada.put(where, json={"version": 0, "text": text, "why": "Sneller."})
    assert stale.json()["error"]["code"] == "conflict"
    assert ada.get(f"{where}/impact").json()["changes"] == 0
    proposed = ada.post(f"{where}/steps/propose", json={"version": 1}).json()
    assert proposed["status"] == "proposed"
    assert ada.post(f"{where}/steps/publish", json={"version": 2}).status_code == 403
    done = bram.post(f"{where}/steps/publish", json={"version": 2}).json()
    assert done["releases"] == {"school_label": 2}
    assert [one["id"] for one in bram.get(f"{API}/drafts").json()] == [made["id"]]
    sqlite_desk.draft()
    process = {"kind": "process", "name": "school_label"}
    text = re.sub(r"\bdraft\b(?=[\],:]|\n)", "concept", PROCESS.read_text("utf-8"))
    renamed = ada.post(f"{API}/drafts", json={**process, "text": text}).json()
    would = ada.get(f"{API}/drafts/{renamed['id']}/impact").json()
    assert {"kind": "state", "name": "draft", "cases": 1} in would["gone"]
    assert (would["looked_at"], would["possible"]) == (1, 0)
    assert would["cases"][0]["refused"] in would["refused"]
    assert office["Nele"].get(f"{API}/drafts").json() == []
    assert office["reviewer"].get(f"{API}/drafts").status_code == 403
    assert office["reviewer"].get(where).status_code == 404
    assert office["Nele"].get(where).status_code == 404
    assert office["reviewer"].get("/rules").status_code == 403
