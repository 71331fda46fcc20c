"""Every command, run as people run it."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import text

from base.settings import Settings
from models.database import writing
from models.schema import migrate
from tests.cli.conftest import Command
from tests.conftest import opened
from tests.processes import Ended, Running

ROOT = Path(__file__).resolve().parents[2]
DOSSIER = json.loads((ROOT / "docs/examples/dossier.json").read_text(encoding="utf-8"))
COMMANDS = (
    "serve", "worker", "migrate", "check", "evaluate", "import", "demo", "verify", "diagram",
    "export-log",
)  # fmt: skip


def keurmerk(*arguments: str, folder: Path, **settings: str) -> Ended:
    return Running(*arguments, folder=folder, settings=settings).ended()


def evaluate(folder: Path, dossier: Any, *more: str) -> Ended:
    path = folder / "dossier.json"
    path.write_text(dossier if isinstance(dossier, str) else json.dumps(dossier), encoding="utf-8")
    return keurmerk(
        "evaluate", "school_label/eligibility", "--round", "2023-2024", "--dossier", str(path),
        *more, folder=folder,
    )  # fmt: skip


def changed(**school: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(DOSSIER))
    found["school"] |= school
    return found


def test_every_command_has_help(tmp_path: Path) -> None:
    overview = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:service", "-m", "service", "--help"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        timeout=250, check=True,
    )  # fmt: skip
    assert [name for name in COMMANDS if f"  {name}" not in overview.stdout] == []
    for name in ("serve", "evaluate"):
        assert keurmerk(name, "--help", folder=tmp_path).returncode == 0


def test_a_decision_is_json_and_exits_with_0_whatever_it_is(tmp_path: Path) -> None:
    met = evaluate(tmp_path, changed(registered_on="2020-09-01"))
    assert (met.returncode, met.stderr) == (0, "")
    decision = json.loads(met.stdout)
    assert decision["outcome"] == "met"
    assert {frozenset(finding) for finding in decision["findings"]} == {
        frozenset(["criterion", "outcome", "actual", "required", "reason", "remedy"])
    }
    late = evaluate(tmp_path, changed(registered_on="2020-09-02"))
    assert (late.returncode, json.loads(late.stdout)["outcome"]) == (0, "unmet")
    dossier = changed()
    del dossier["school"]["registered_on"]
    unknown = evaluate(tmp_path, dossier)
    assert (unknown.returncode, json.loads(unknown.stdout)["outcome"]) == (0, "undetermined")


@pytest.mark.parametrize(
    ("dossier", "named"),
    [
        (changed(nonsense=1), "school.nonsense"),
        (changed(registered_on="2020-02-30"), "school.registered_on"),
        ("{", "line 1"),
    ],
)
def test_bad_input_exits_with_2_and_names_every_problem(
    tmp_path: Path, dossier: Any, named: str
) -> None:
    done = evaluate(tmp_path, dossier)
    assert (done.returncode, done.stdout) == (2, "")
    assert named in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_rule_set_round_or_file_exits_with_2(tmp_path: Path) -> None:
    path = tmp_path / "d.json"
    path.write_text(json.dumps(DOSSIER), encoding="utf-8")
    for rule_set, round_name, file in (
        ("school_label/nonsense", "2023-2024", path),
        ("eligibility", "1999-2000", path),
        ("eligibility", "2023-2024", tmp_path / "nothing.json"),
    ):
        done = keurmerk(
            "evaluate", rule_set, "--round", round_name, "--dossier", str(file), folder=tmp_path
        )
        assert (done.returncode, done.stdout) == (2, "")
        assert "Traceback" not in done.stderr


def test_check_passes_the_installed_files_and_names_the_overlapping_day(tmp_path: Path) -> None:
    done = keurmerk("check", folder=tmp_path)
    assert done.returncode == 0
    assert "note: 2023-01-31 is both in first_window and in amend_window" in done.stdout


def test_check_names_file_line_and_column_and_exits_with_1(tmp_path: Path) -> None:
    broken = (ROOT / "workflows/school_label.yaml").read_text(encoding="utf-8")
    path = tmp_path / "broken.yaml"
    path.write_text(broken.replace("    to: draft\n", "    to: drafd\n"), encoding="utf-8")
    done = keurmerk("check", str(path), "--json", folder=tmp_path)
    assert done.returncode == 1
    remarks = [one for one in json.loads(done.stdout) if one["severity"] == "error"]
    assert {one["file"] for one in remarks} == {str(path)}
    misspelt = next(one for one in remarks if "drafd" in one["message"])
    assert (misspelt["line"] > 1, misspelt["column"] > 1) == (True, True)
    assert "draft" in misspelt["message"]


def test_the_demo_plays_the_round_and_everything_holds(tmp_path: Path, command: Command) -> None:
    done = keurmerk("demo", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "everything holds" in done.stdout
    for words in (
        "Invited → Draft", "2,501 characters", "registered on 2 September 2020", "there are 2",
        "mag het eTwinning School Label aanvragen", "Bram Maes: “Submit”",
        "Rita Verbeeck: takes the last step back", "linked to this school",
        "Nog 14 dagen", "Nog 7 dagen", "Nog één dag", "Draft → Expired", "Awarded → Lapsed",
        "A resubmission on 1 March", "28 February 2023",
    ):  # fmt: skip
        assert words in done.stdout
    assert list(tmp_path.iterdir()) == []
    told = command("demo", "--language", "nl", "--json").out.splitlines()
    lines = [json.loads(line) for line in told]
    assert lines[-1]["faults"] == []
    assert len([line for line in lines if "mail" in line]) > 20
    assert "Bram Maes: “Indienen”" in [line.get("act") for line in lines]
    refused = "\n".join(line["refused"] for line in lines if "refused" in line)
    assert "28 februari 2023" in refused
    assert "Jullie school" not in refused


@pytest.fixture
def installation(tmp_path: Path) -> dict[str, str]:
    settings = {"database": f"sqlite:///{tmp_path / 'k.db'}"}
    with opened(settings["database"]) as engine:
        migrate(engine)
    return settings


def test_an_import_is_all_or_nothing(tmp_path: Path, installation: dict[str, str]) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text(
        "school,country,registered_on\nGoed,BE,2020-01-01\nFout,BE,2020-13-01\n", encoding="utf-8"
    )
    good = tmp_path / "dossier.json"
    good.write_text(json.dumps(DOSSIER), encoding="utf-8")
    refused = keurmerk("import", str(bad), folder=tmp_path, **installation)
    assert refused.returncode == 2
    assert "row" in refused.stderr
    tried = keurmerk("import", str(good), "--dry-run", "--json", folder=tmp_path, **installation)
    assert json.loads(tried.stdout)["counts"]["schools"] == 1
    done = keurmerk("import", str(good), folder=tmp_path, **installation)
    assert (done.returncode, "schools 1, people 4" in done.stdout) == (0, True)
    again = keurmerk("import", str(good), folder=tmp_path, **installation)
    assert again.returncode == 2


def test_the_log_is_exported_without_people_and_verified(tmp_path: Path) -> None:
    demo = tmp_path / "demo.db"
    script = (
        "from pathlib import Path\nfrom base.settings import Settings\nimport service\n"
        "from cli.context import Wiring\nfrom cli.demo_service import make_demo\n"
        f"s = Settings(database='sqlite:///{demo}', files=Path('{tmp_path}/files'),"
        f" mail_folder=Path('{tmp_path}/mail'))\n"
        "make_demo(Wiring(settings=lambda: s, open=service.open_parts, app=service.application), s)"
    )
    subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, check=True, timeout=250,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    settings = {"database": f"sqlite:///{demo}"}
    xes = keurmerk("export-log", folder=tmp_path, **settings).stdout
    log = ET.fromstring(xes)
    space = "{http://www.xes-standard.org/}"
    assert "Peeters" not in xes
    table = keurmerk("export-log", "--format", "csv", folder=tmp_path, **settings).stdout
    rows = list(csv.DictReader(io.StringIO(table)))
    assert len(rows) == len(log.findall(f"{space}trace/{space}event"))
    assert len({row["case"] for row in rows}) == len(log.findall(f"{space}trace")) >= 6
    of_label = {row["role"] for row in rows if row["process"] == "school_label"}
    assert of_label == {"platform", "teacher", "reviewer"}
    assert keurmerk("verify", folder=tmp_path, **settings).returncode == 0
    with opened(settings["database"]) as database, writing(database) as connection:
        connection.execute(text("UPDATE case_event SET acted_as = 'css' WHERE sequence = 2"))
    tampered = keurmerk("verify", "--json", folder=tmp_path, **settings)
    assert tampered.returncode == 1
    assert "was changed" in json.loads(tampered.stdout)["faults"][0]


def test_a_process_is_drawn(tmp_path: Path) -> None:
    drawn = keurmerk("diagram", "school_label", "--format", "mermaid", folder=tmp_path)
    assert (drawn.returncode, "stateDiagram-v2" in drawn.stdout) == (0, True)
    assert keurmerk("diagram", "nonsense", folder=tmp_path).returncode == 2


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"databse": "x"}, "KEURMERK_DATABSE is not known (did you mean"),
        ({"port": "many"}, "KEURMERK_PORT cannot be used"),
        ({"secret_key": "short"}, "KEURMERK_SECRET_KEY cannot be used"),
    ],
)
def test_a_bad_setting_stops_the_start_and_is_named(
    tmp_path: Path, settings: dict[str, str], words: str
) -> None:
    done = keurmerk("serve", folder=tmp_path, **settings)
    assert done.returncode != 0
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_setting_comes_from_an_env_file_too(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("KEURMERK_PORT=none\n", encoding="utf-8")
    assert "KEURMERK_PORT cannot be used" in keurmerk("serve", folder=tmp_path).stderr


def test_what_cannot_be_served_is_said(tmp_path: Path) -> None:
    empty = {"database": f"sqlite:///{tmp_path / 'empty.db'}"}
    assert "keurmerk migrate" in keurmerk("serve", folder=tmp_path, **empty).stderr
    assert "keurmerk migrate" in keurmerk("worker", folder=tmp_path, **empty).stderr
    open_demo = keurmerk("serve", "--demo", "--host", "192.0.2.1", folder=tmp_path)
    assert (open_demo.returncode, "loopback" in open_demo.stderr) == (1, True)
    done = keurmerk("migrate", folder=tmp_path, **empty)
    assert (done.returncode, "version" in done.stdout) == (0, True)


def test_every_setting_is_documented() -> None:
    documented = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        assert f"| `KEURMERK_{name.upper()}` |" in documented
        assert str(field.description) in documented
    example = documented.split("```ini\n")[1].split("```")[0]
    named = [line.split("=")[0].removeprefix("KEURMERK_").lower() for line in example.splitlines()]
    assert [name for name in named if name not in Settings.model_fields] == []
