"""docs/process-files.md says what is true: its blocks are a process, its keys are all the keys."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from base.located import read_yaml
from workflows.checking import check_process
from workflows.checks.check import Known
from workflows.definition import Ask
from workflows.known import RIGHTS
from workflows.points_in_time import At, Span
from workflows.process_file import FOLDER, read_process
from workflows.schema import MODULES

pytestmark = pytest.mark.unit

DOC = (FOLDER.parent / "docs" / "process-files.md").read_text("utf-8")


ASKED = set(get_args(Ask.model_fields["type"].annotation))


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", DOC, re.MULTILINE | re.DOTALL)


def first_cells(heading: str) -> list[str]:
    """The code in the first column of the table under ``heading``."""
    table = DOC[DOC.index(f"| {heading} |") :].split("\n\n", maxsplit=1)[0]
    return re.findall(r"^\| `([^`]+)`", table, re.MULTILINE)


def test_its_blocks_are_the_small_process(lending_text: str, known: Known) -> None:
    text = "\n".join(blocks("yaml"))
    assert read_yaml(text, "doc").data == read_yaml(lending_text, "lending.yaml").data
    process, located = read_process(text, "doc")
    assert check_process(process, located, known) == []


def test_the_check_says_what_it_shows(lending_text: str, known: Known) -> None:
    text = lending_text.replace("    to: lent\n", "    to: lend\n")
    process, located = read_process(text, "lending.yaml")
    shown = "".join(f"{remark}\n" for remark in check_process(process, located, known))
    assert blocks("text") == [shown]


def test_it_explains_every_key_and_no_other() -> None:
    kinds = [
        kind
        for module in MODULES
        for kind in vars(module).values()
        if isinstance(kind, type)
        and issubclass(kind, BaseModel)
        and kind.__module__ == module.__name__
    ]
    phrases = {At, Span}
    keys = {
        field.alias or name
        for kind in kinds
        if kind not in phrases
        for name, field in kind.model_fields.items()
    }
    keys -= {"actors", "states", "form", "starts", "transitions", "timers", "digests", "promises"}
    rows = re.findall(r"^\| (`[a-z_]+`(?:, `[a-z_]+`)*) \|", DOC, re.MULTILINE)
    explained = {key for row in rows for key in re.findall(r"`([a-z_]+)`", row)}
    told = set(re.findall(r"`([a-z_]+)`", DOC))
    assert keys - told == set()
    # The table of the types of asks explains values, not keys.
    assert explained - keys - ASKED == set()


def test_its_points_and_spans_are_some() -> None:
    points = [*first_cells("point of a round"), *first_cells("point of a case")]
    spans = first_cells("span")
    assert (len(points), len(spans)) == (6, 5)
    assert all(At.model_validate(phrase) for phrase in points)
    assert all(Span.model_validate(phrase) for phrase in spans)


def test_it_names_the_rights_there_are() -> None:
    row = next(line for line in DOC.splitlines() if line.startswith("| `grant` |"))
    assert re.findall(r"`([a-z_]+)`", row)[1:] == list(RIGHTS)


def test_its_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", DOC)
    folder = FOLDER.parent / "docs"
    assert {"rule-files.md", "mails.md", "decisions/0501-what-a-character-is.md"} <= set(links)
    assert [link for link in links if not (folder / link).is_file()] == []
    assert Path(FOLDER / "schemas" / "process.json").is_file()
