from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import sqlalchemy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from base.errors import BadInput
from models.database import metadata, reading, writing
from registry.dossier import read_dossier
from registry.importing import Report, import_file, load_dossier
from registry.resolving import TABLES
from tests.conftest import examples, opened
from tests.registry.dossiers import good, told

NOW = datetime(2022, 11, 23, 5, tzinfo=UTC)


def bring(
    engine: sqlalchemy.Engine, content: bytes | str | Path | dict[str, Any] | list[Any], name: str
) -> Report:
    """Import a file in a transaction of its own."""
    if isinstance(content, dict | list):
        content = json.dumps(content)
    source = content.encode() if isinstance(content, str) else content
    with writing(engine) as connection:
        return import_file(connection, source, name, now=NOW)


def refused(engine: sqlalchemy.Engine, content: Any, name: str) -> dict[str, str]:
    """What is said of a file, by place; nothing of it may have been kept."""
    before = counted(engine)
    with pytest.raises(BadInput) as caught:
        bring(engine, content, name)
    assert counted(engine) == before
    said = {problem.where: problem.say() for problem in caught.value.problems}
    return said or {"": caught.value.say()}


def counted(engine: sqlalchemy.Engine) -> dict[str, int]:
    with reading(engine) as connection:
        return {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in TABLES.items()
        }


def all_of(engine: sqlalchemy.Engine, table: str, *columns: str) -> list[tuple[Any, ...]]:
    found = TABLES[table]
    with reading(engine) as connection:
        rows = connection.execute(select(*(found.c[name] for name in columns)))
        return sorted((tuple(row) for row in rows), key=repr)


def workbook(sheets: dict[str, Sequence[Sequence[Any]]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


SCHOOLS = "name,country,place,area,registered_on\nDe Linde,BE,Lindedorp,BE-VLG,2020-09-01\n"
PEOPLE = (
    "email;name;school_country;school_name;role\n"
    "an@example.org;An Adler;BE;De Linde;teacher\n"
    "bram@example.org;Bram Bakker;BE;de  linde;principal\n"
)


def test_a_dossier_becomes_rows(engine: sqlalchemy.Engine) -> None:
    report = bring(engine, good(), "a.json")
    assert report.counts == {
        "schools": 1, "people": 2, "memberships": 2, "activities": 1, "projects": 1,
        "founders": 2, "involvements": 1, "labels": 2,
    }  # fmt: skip
    assert report.notes == ()
    assert all_of(engine, "schools", "name", "country", "place", "area", "registered_on") == [
        ("Atheneum De Linde", "BE", "Lindedorp", "BE-VLG", date(2020, 9, 1))
    ]
    assert all_of(engine, "people", "email", "name", "validated") == [
        ("an@example.org", "An Adler", True), ("bram@example.org", "Bram Bakker", True),
    ]  # fmt: skip
    assert all_of(engine, "memberships", "role", "first_day", "last_day") == [
        ("principal", date(2020, 9, 1), None), ("teacher", date(2020, 9, 1), None),
    ]  # fmt: skip
    school = all_of(engine, "schools", "id")[0][0]
    people = dict(all_of(engine, "people", "email", "id"))
    columns = (
        "kind", "granted_on", "valid_from", "organisation_id", "person_id", "school_at_grant_id",
    )  # fmt: skip
    assert all_of(engine, "labels", *columns) == [
        ("NQL", date(2021, 10, 1), None, None, people["an@example.org"], school),
        ("school_label", None, date(2018, 3, 1), school, None, None),
    ]


def test_a_dossier_is_loaded_for_one_decision(engine: sqlalchemy.Engine) -> None:
    with writing(engine) as connection:
        school = load_dossier(connection, read_dossier(json.dumps(good())), NOW)
    assert all_of(engine, "schools", "id") == [(school,)]


def test_a_duplicate_school_is_told_and_nothing_is_imported(engine: sqlalchemy.Engine) -> None:
    bring(engine, good(), "a.json")
    assert refused(engine, good(name="ATHENEUM  de linde"), "a.json") == {
        "school.name": "This school is in the registry already."
    }
    pair = [good(name="Other"), good(name="Third"), good(name="other")]
    pair[1]["teachers"], pair[2]["teachers"] = [], []
    assert refused(engine, pair, "a.json")["[2].school.name"] == ("This is the same as [0].school.")


def test_two_schools_of_one_name_are_told_apart_by_their_towns(engine: sqlalchemy.Engine) -> None:
    bring(engine, "name,country,place\nDe Linde,BE,A\nDe Linde,BE,B\nDe Linde,NL,\n", "a.csv")
    assert refused(engine, PEOPLE, "p.csv") == {
        "row 2, school": "2 schools have this name. Say its town, too.",
        "row 3, school": "2 schools have this name. Say its town, too.",
    }
    one = "email,name,school_country,school_name,school_place\na@example.org,A,BE,De Linde,B\n"
    assert bring(engine, one, "p.csv").counts["memberships"] == 1


def test_a_project_of_two_dossiers_is_one_project(engine: sqlalchemy.Engine) -> None:
    partner = good(name="Partner", country="FR", area="FR")
    partner["teachers"], partner["labels"] = [], []
    partner["projects"][0]["labels"][0]["holder"] = "an@example.org"
    report = bring(engine, [good(), partner], "a.json")
    assert (report.counts["projects"], report.counts["involvements"]) == (1, 2)
    assert report.counts["labels"] == 2
    # The partner's dossier names a school of another country: it is not guessed which.
    assert [(note.where, note.say()) for note in report.notes] == [
        ("[1].projects[0].labels[0].school_at_grant",
         "No such school is known: the label counts for the project only."),
    ]  # fmt: skip


def test_a_holder_nobody_knows_is_noted_not_made_up(engine: sqlalchemy.Engine) -> None:
    made = good()
    made["projects"][0]["labels"][0] |= {"holder": "Zoë", "school_at_grant": "Elsewhere"}
    report = bring(engine, made, "a.json")
    assert [note.where for note in report.notes] == [
        "projects[0].labels[0].school_at_grant", "projects[0].labels[0].holder",
    ]  # fmt: skip
    assert ("NQL", None, None) in all_of(
        engine, "labels", "kind", "person_id", "school_at_grant_id"
    )


def test_a_name_of_two_teachers_is_no_holder(engine: sqlalchemy.Engine) -> None:
    made = good()
    made["teachers"][1]["name"] = "An Adler"
    assert refused(engine, made, "a.json") == {
        "projects[0].labels[0].holder": (
            "2 teachers have this name. Write the mail address instead."
        )
    }


def test_a_teacher_twice_at_a_school_is_told(engine: sqlalchemy.Engine) -> None:
    made = good()
    made["teachers"][1] = {"email": "an@example.org", "name": "An Adler"}
    assert refused(engine, made, "a.json") == {
        "teachers[1].email": "This person works at this school already."
    }


def test_an_address_has_one_name(engine: sqlalchemy.Engine) -> None:
    bring(engine, good(), "a.json")
    other = good(name="Other")
    other["teachers"] = [{"email": "an@example.org", "name": "Anna Adelaar"}]
    other["projects"] = []
    assert refused(engine, other, "a.json") == {
        "teachers[0].email": (
            "This address belongs to An Adler already. Correct the address or the name."
        )
    }
    other["teachers"][0]["name"] = "an adler"
    assert bring(engine, other, "a.json").counts["people"] == 0


def test_all_five_tables_come_from_csv(engine: sqlalchemy.Engine) -> None:
    bring(engine, SCHOOLS, "schools.csv")
    bring(engine, "\ufeff" + PEOPLE, "people.csv")
    bring(engine, "email\tkind\ton\nan@example.org\twebinar\t2021-01-02\n", "activities.CSV")
    bring(
        engine, 'title,founders,school_country,school_name\nWater,"BE, FR",BE,De Linde\n', "p.csv"
    )
    bring(
        engine,
        "kind,project,holder,school_country,school_name,granted_on,valid_from,valid_until\n"
        "NQL,Water,an@example.org,BE,De Linde,2021-10-01,,\n"
        "school_label,,,BE,De Linde,,2018-03-01,2019-12-31\n",
        "labels.csv",
    )
    assert counted(engine) == {
        "schools": 1, "people": 2, "memberships": 2, "activities": 1, "projects": 1,
        "founders": 2, "involvements": 1, "labels": 2,
    }  # fmt: skip
    again = "kind,project,holder,granted_on\nNQL,Water,an@example.org,2021-10-01\n"
    assert refused(engine, again, "labels.csv") == {"row 2, kind": "This label is known already."}


def test_all_five_tables_come_from_one_workbook(engine: sqlalchemy.Engine) -> None:
    report = bring(
        engine,
        workbook(
            {
                "Labels": [
                    ["kind", "project", "holder", "granted_on"],
                    ["NQL", "Water", "an@example.org", date(2021, 10, 1)],
                ],
                "Projects": [
                    ["title", "founders", "school_country", "school_name"],
                    ["Water", "BE FR", "BE", "De Linde"],
                ],
                "Activities": [
                    ["email", "kind", "on"],
                    ["an@example.org", "webinar", datetime(2021, 1, 2)],  # noqa: DTZ001
                ],
                "People": [
                    ["email", "name", "school_country", "school_name", "validated"],
                    ["an@example.org", "An Adler", "BE", "De Linde", True],
                    [],
                    ["bram@example.org", "Bram Bakker", "BE", "De Linde", "no"],
                ],
                "Schools": [["name", "country", "place"], ["De Linde", "BE", 9000]],
                "Sheet1": [],
            }
        ),
        "all.xlsx",
    )
    assert report.counts["labels"] == report.counts["activities"] == 1
    assert all_of(engine, "people", "name", "validated") == [
        ("An Adler", True), ("Bram Bakker", False),
    ]  # fmt: skip
    assert all_of(engine, "schools", "place") == [("9000",)]


def test_errors_of_a_table_name_row_and_column(engine: sqlalchemy.Engine) -> None:
    bad = (
        "name,country,registered_on,validated\n"
        ",XX,31/01/2020,perhaps\n"
        "\n"
        "B,BE,2020-02-30,yes,more\n"
        "C\n"
        "D,BE,,\n"
        "d,BE,,\n"
    )
    assert refused(engine, bad, "a.csv") == {
        "row 2, name": "This is empty. Fill it in.",
        "row 2, country": "“XX” is no country. Write its two capital letters, such as BE or NL.",
        "row 2, registered_on": (
            "“31/01/2020” is no date. Write it as year-month-day, such as 2023-01-31."
        ),
        "row 2, validated": "“perhaps” is neither yes nor no. Write yes or no.",
        "row 4, registered_on": "There is no such day as 2020-02-30 in the calendar.",
        "row 4, column 5": "This cell has no heading above it.",
        "row 5, country": "This is empty. Fill it in.",
    }
    assert refused(engine, "name,country\nD,BE\nd,BE\n", "a.csv") == {
        "row 3, name": "This is the same as row 2."
    }


def test_errors_of_a_workbook_name_sheet_row_and_column(engine: sqlalchemy.Engine) -> None:
    made = workbook(
        {
            "schools": [["name", "country", "registered_on"], ["A", "BE", "soon"]],
            "people": [["email", "nam"]],
            "notes": [["x"]],
        }
    )
    assert refused(engine, made, "a.xlsx") == {
        "schools, row 2, registered_on": (
            "“soon” is no date. Write it as year-month-day, such as 2023-01-31."
        ),
        "people, row 1, column 2": (
            'There is no column “nam” in the table people (did you mean "name"?).'
        ),
        "people, row 1": "These columns are missing: name.",
        "“notes”": (
            "No sheet is called so. Sheets are: schools, people, activities, projects, labels."
        ),
    }


def test_names_that_are_not_known_are_told(engine: sqlalchemy.Engine) -> None:
    assert refused(engine, PEOPLE, "p.csv") == {
        "row 2, school": "No such school is known. Import the school first.",
        "row 3, school": "No such school is known. Import the school first.",
    }
    assert refused(engine, "email,kind,on\nan@example.org,x,2021-01-02\n", "a.csv") == {
        "row 2, email": "Nobody with this address is known. Import the person first."
    }
    labels = "kind,project,granted_on,valid_until\nNQL,Water,2021-10-01,\nEQL,,,2020-01-01\n"
    assert refused(engine, labels, "l.csv") == {
        "row 3, project": "A label of the kind EQL needs this.",
        "row 3, granted_on": "A label of the kind EQL needs this.",
        "row 3, valid_until": "A label of the kind EQL does not have this.",
    }
    assert refused(engine, labels.replace("EQL,,,2020-01-01\n", ""), "l.csv") == {
        "row 2, project": "No project of this title is known. Import the project first."
    }


def test_two_projects_of_one_title_are_told_apart_by_their_founders(
    engine: sqlalchemy.Engine,
) -> None:
    bring(engine, "title,founders\nWater,BE FR\nWater,BE BE\n", "p.csv")
    label = "kind,project,granted_on\nNQL,Water,2021-10-01\n"
    assert refused(engine, label, "l.csv") == {
        "row 2, project": "2 projects have this title. Say the founders' countries, too."
    }
    label = "kind,project,founders,granted_on\nNQL,Water,FR BE,2021-10-01\n"
    assert bring(engine, label, "l.csv").counts["labels"] == 1


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.csv", b"", "The file is empty."),
        ("a.csv", b"\n \n", "The file is empty."),
        ("a.csv", b"colour,size\n",
         "The first row names no table of an import. docs/import.md lists the columns."),
        ("a.csv", "name,country\nÉcole,FR\n".encode("latin-1"),
         "The file is not in UTF-8 (line 2). Save it as “CSV UTF-8”."),
        ("a.csv", b'name,country\n"De Linde,BE\n',
         "Row 2 cannot be read: a quotation mark is missing or a cell is too long."),
        ("a.csv", b"name,country\n" + b"x" * 200_000 + b",BE\n",
         "Row 2 cannot be read: a quotation mark is missing or a cell is too long."),
        ("a.xls", b"\xd0\xcf\x11\xe0",
         "a.xls is of a kind that cannot be imported. Save it as CSV, XLSX or JSON."),
        ("a.xlsx", b"PK\x03\x04", "The file is no workbook. Save it as XLSX."),
        ("a.xlsx", b"name,country\n", "The file is no workbook. Save it as XLSX."),
    ],
)  # fmt: skip
def test_files_that_are_none_are_refused_with_a_sentence(
    memory: sqlalchemy.Engine, name: str, content: bytes, sentence: str
) -> None:
    assert refused(memory, content, name) == {"": sentence}


def test_a_heading_twice_is_told(memory: sqlalchemy.Engine) -> None:
    assert refused(memory, "name,country,Name\n", "a.csv") == {
        "row 1, column 3": "The column name stands there twice."
    }


def test_utf_16_as_excel_writes_it_is_read(memory: sqlalchemy.Engine) -> None:
    content = "name\tcountry\nŁódź 3\tPL\n".encode("utf-16")
    assert bring(memory, content, "a.csv").counts["schools"] == 1
    assert all_of(memory, "schools", "name") == [("Łódź 3",)]


def test_a_missing_file_is_told(memory: sqlalchemy.Engine, tmp_path: Path) -> None:
    assert refused(memory, tmp_path / "none.csv", "none.csv") == {
        "": "The file none.csv cannot be opened: No such file or directory."
    }


def _zip(parts: dict[str, bytes]) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return kept.getvalue()


def test_a_workbook_that_is_a_bomb_is_refused(memory: sqlalchemy.Engine) -> None:
    bomb = _zip({"xl/worksheets/sheet1.xml": b"0" * 50_000_000})
    assert refused(memory, bomb, "a.xlsx") == {
        "": "The workbook unpacks to far more than it seems. Save it as CSV instead."
    }


def test_a_workbook_with_entities_is_refused(memory: sqlalchemy.Engine) -> None:
    sheet = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet/>'
    assert refused(memory, _zip({"xl/workbook.xml": sheet}), "a.xlsx") == {
        "": "The workbook holds what Excel does not write."
    }


def test_a_workbook_with_a_row_far_away_does_not_stall(memory: sqlalchemy.Engine) -> None:
    made = workbook({"schools": [["name", "country"], ["A", "BE"]]})
    parts = {}
    with zipfile.ZipFile(io.BytesIO(made)) as book:
        for part in book.namelist():
            parts[part] = book.read(part).replace(b'<row r="2"', b'<row r="99999999999"')
    assert list(refused(memory, _zip(parts), "a.xlsx")) == [""]


def test_progress_runs_to_its_end(memory: sqlalchemy.Engine) -> None:
    seen: list[tuple[int, int]] = []
    rows = "".join(f"School {n},BE\n" for n in range(5_000))
    with writing(memory) as connection:
        import_file(
            connection, f"name,country\n{rows}".encode(), "a.csv", now=NOW,
            progress=lambda done, total: seen.append((done, total)),
        )  # fmt: skip
    assert seen == sorted(seen)
    assert seen[-1] == (100, 100)
    assert len({done for done, _ in seen}) > 3


@pytest.fixture
def memory() -> Iterator[sqlalchemy.Engine]:
    """An empty database in memory, for what is refused before it gets there."""
    with opened("sqlite://") as found:
        metadata.create_all(found)
        yield found


@pytest.fixture(scope="module")
def shared() -> Iterator[sqlalchemy.Engine]:
    with opened("sqlite://") as found:
        metadata.create_all(found)
        yield found


_CELLS = st.text(alphabet='aB1,;"\t\n\r\x00é-@./ ', max_size=60)


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.too_slow])
@given(head=st.sampled_from(["", "name,country\n", "email;name\n", "kind,project\n"]), body=_CELLS)
def test_any_csv_is_read_or_refused(shared: sqlalchemy.Engine, head: str, body: str) -> None:
    content = (head + body).encode()
    with shared.connect() as connection:
        assert told(lambda: import_file(connection, content, "a.csv", now=NOW))


#: Made once: a workbook holds the instant it was made, and a run must see the same each time.
_BOOK = workbook({"schools": [["name", "country"], ["A", "BE"]]})


@settings(max_examples=examples(50))
@given(data=st.data())
def test_any_damaged_workbook_is_read_or_refused(
    shared: sqlalchemy.Engine, data: st.DataObject
) -> None:
    made = bytearray(_BOOK)
    for _ in range(data.draw(st.integers(1, 4))):
        made[data.draw(st.integers(0, len(made) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(made)))
    with shared.connect() as connection:
        assert told(lambda: import_file(connection, bytes(made), "a.xlsx", now=NOW))
    with shared.connect() as connection:
        assert told(lambda: import_file(connection, bytes(made[:cut]), "a.xlsx", now=NOW))
