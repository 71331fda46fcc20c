"""The examples of docs/import.md, imported in their order."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy

from models.database import writing
from registry import dossier
from registry.importing import import_file
from registry.tables import TABLES

PAGE = (Path(__file__).parents[2] / "docs" / "import.md").read_text(encoding="utf-8")
NOW = datetime(2022, 11, 23, 5, tzinfo=UTC)


def test_every_example_is_imported(engine: sqlalchemy.Engine) -> None:
    examples = re.findall(r"```(json|csv)\n(.*?)```", PAGE, re.DOTALL)
    assert [kind for kind, _ in examples] == ["json", "csv", "csv", "csv", "csv", "csv"]
    total = dict.fromkeys(["schools", "people", "memberships", "projects", "labels"], 0)
    for kind, text in examples:
        with writing(engine) as connection:
            report = import_file(connection, text.encode(), f"a.{kind}", now=NOW)
        assert report.notes == ()
        for name in total:
            total[name] += report.counts[name]
    assert total == {"schools": 3, "people": 3, "memberships": 4, "projects": 2, "labels": 4}


def test_every_field_of_a_dossier_is_described() -> None:
    models = (
        dossier.School, dossier.Teacher, dossier.Activity, dossier.Project, dossier.Founder,
        dossier.QualityLabel, dossier.SchoolLabel,
    )  # fmt: skip
    for model in models:
        for name, field in model.model_fields.items():
            mark = f"**`{name}`**" if field.is_required() else f"`{name}`"
            assert mark in PAGE, (model.__name__, name)


def test_every_column_of_a_table_is_described() -> None:
    for table, columns in TABLES.items():
        needed = ", ".join(f"**`{name}`**" for name, column in columns.items() if column.needed)
        assert f"| `{table}` | {needed} |" in PAGE
    headings = {
        frozenset(re.split("[,;]", text.split("\n")[0]))
        for text in re.findall(r"```csv\n(.*?)```", PAGE, re.DOTALL)
    }
    assert headings == {frozenset(columns) for columns in TABLES.values()}
