"""docs/mails.md says what is true: its examples run, its tables are complete."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from base.errors import BadDefinition
from base.settings import Settings
from notifications import delivery
from notifications.templates import Templates
from notifications.values import FILTERS, LISTS, VALUES
from tests.notifications.conftest import CONTEXT

pytestmark = pytest.mark.unit

DOC = (Path(__file__).resolve().parents[2] / "docs" / "mails.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```markdown\n(.*?)^```$", DOC, re.MULTILINE | re.DOTALL)


def first_cells(heading: str) -> str:
    table = DOC[DOC.index(f"| {heading} |") :].split("\n\n", maxsplit=1)[0]
    return "\n".join(row.split(" | ")[0] for row in table.splitlines()[2:])


def test_its_first_example_is_a_mail(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "approved.nl.md").write_text(EXAMPLES[0], "utf-8")
    templates = Templates(tmp_path)
    mail = templates.render("p/approved", "nl", {**CONTEXT, "person": {"name": "An"}})
    assert mail.subject == "Sint-Jan krijgt het eTwinning School Label"
    assert mail.text.startswith(
        "Beste An,\n\nProficiat! Jullie NSO heeft de aanvraag van Sint-Jan goedgekeurd.\n\n"
        "Open de aanvraag: https://keurmerk.example/cases/c\n\n-- \n"
    )
    assert 'background:#1f4e79;border-radius:4px"><a href="https://keurmerk.example/' in mail.html
    notice = templates.notice("p/approved", "nl", CONTEXT)
    assert notice == "De aanvraag van Sint-Jan is goedgekeurd."


def test_the_check_says_what_it_shows(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "invited.nl.md").write_text(EXAMPLES[1], "utf-8")
    with pytest.raises(BadDefinition) as refused:
        Templates(tmp_path)
    said = "".join(f"{remark}\n" for remark in refused.value.remarks)
    shown = re.findall(r"^```text\n(.*?)^```$", DOC, re.MULTILINE | re.DOTALL)
    assert [said.replace(f"{tmp_path / 'p'}/", "")] == shown


def test_it_explains_every_value_and_no_other() -> None:
    told = set(re.findall(r"`([a-z_]+)(?:\.|\[|`)", first_cells("value")))
    assert told == set(VALUES)
    fields = {
        f"{value}.{field}" for value, names in VALUES.items() for field in names or frozenset()
    }
    assert {one for one in fields if f"`{one}`" not in DOC} == set()
    lines = DOC[DOC.index("| `waiting`, `late` |") :].splitlines()[0].split("lines with")[1]
    assert {frozenset(re.findall(r"`([a-z_]+)`", lines))} == set(LISTS.values())


def test_it_names_the_filters() -> None:
    line = DOC[DOC.index("Filters:") :].split("\n\n", maxsplit=1)[0]
    assert re.findall(r"`([a-z]+)`", line) == list(FILTERS)


def test_the_settings_it_names_are_some() -> None:
    named = {one.removeprefix("KEURMERK_").lower() for one in re.findall(r"KEURMERK_[A-Z_]+", DOC)}
    assert len(named) >= 3
    assert named - set(Settings.model_fields) == set()


def test_its_numbers_are_those_of_the_code() -> None:
    assert (delivery.BATCH, "50 at a time" in DOC) == (50, True)
    assert (delivery.LEASE, "their lease to end (10 minutes)" in DOC) == (
        timedelta(minutes=10),
        True,
    )
    assert (delivery.LONGEST_BATCH, "half a lease" in DOC) == (delivery.LEASE / 2, True)
    assert (delivery.FIRST_RETRY, "after a minute" in DOC) == (timedelta(minutes=1), True)
    assert (delivery.LONGEST_RETRY, "six hours" in DOC) == (timedelta(hours=6), True)
    assert (delivery.GIVE_UP, "after 7 days" in DOC) == (timedelta(days=7), True)
