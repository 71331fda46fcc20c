"""``keurmerk simulate``: what is told of a round, and what cannot be simulated."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from base.settings import Settings
from tests.cli.conftest import Command

ROOT = Path(__file__).resolve().parents[2]
ROUND = ROOT / "rules/rounds/school_label/2023-2024.yaml"
LABEL = ("simulate", "school_label", "--country", "BE-VLG", "--round", "2023-2024")


def changed(folder: Path, old: str, new: str, file: Path = ROUND) -> str:
    text = file.read_text(encoding="utf-8")
    assert old in text
    path = folder / file.name
    path.write_text(text.replace(old, new), encoding="utf-8")
    return str(path)


def test_a_changed_round_is_played_and_nothing_is_left_behind(
    command: Command, settings: Settings, tmp_path: Path
) -> None:
    """No made-up school has more than five teachers: with six wanted, nobody is invited."""
    file = changed(tmp_path, "min_active_teachers: 3", "min_active_teachers: 6")
    done = command(*LABEL, "--cases", "4", "--file", file, "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert (found["round"], found["applicants"], found["cases"]) == ("2023-2024", 4, 0)
    assert (found["unmet"][0]["criterion"], found["unmet"][0]["count"]) == (
        "enough_active_teachers", 4,
    )  # fmt: skip
    assert "6" in found["unmet"][0]["requirement"]
    assert "draft" in found["states_not_reached"]
    assert [path.name for path in tmp_path.iterdir()] == [ROUND.name]
    assert not Path(settings.files).exists()


def test_a_round_is_told_in_tables(command: Command) -> None:
    done = command("simulate", "digisnap_request", "--country", "NL", "--from", "2027-01-04",
                   "--cases", "3", "--language", "nl")  # fmt: skip
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[0].startswith("digisnap_request standing in NL, 2027-01-04 to 20")
    assert lines[1] == "3 made-up applicants, 3 cases"
    for title in (
        "Where the cases are at the end", "How long cases waited, in working days",
        "Weeks of the staff", "Mails by month",
    ):  # fmt: skip
        assert title in lines
    assert any(line.startswith("  Aangevraagd: het Digisnap-team") for line in lines)
    assert lines[-1].startswith("Assumed: staff answers in 4 working days on average")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("school_lable", "--country", "NL"),
         'There is no process school_lable (did you mean "school_label"?)'),
        (("school_label", "--country", "NL"), "Say which round of school_label with --round: "),
        (("school_label", "--country", "NL", "--round", "2032"), "There is no round 2032"),
        (("school_label", "--country", "Flanders", "--round", "2023-2024"), "Flanders"),
        (("group_creation", "--country", "NL", "--from", "soon"), "soon"),
        (("school_label", "--country", "NL", "--round", "2023-2024", "--from", "2027-01-04"),
         "The round names its days itself: leave --from out."),
        (("school_label", "--country", "NL", "--file", "nowhere.yaml"),
         "The file nowhere.yaml cannot be opened: No such file or directory."),
        (("school_label", "--country", "NL", "--file", "rules/rounds/user_right/standing.yaml"),
         "The file standing.yaml does not belong to school_label: it would change nothing."),
        (("school_label", "--country", "NL", "--file", "workflows/user_right.yaml"),
         "The file user_right.yaml does not belong to school_label: it would change nothing."),
    ],
)  # fmt: skip
def test_what_cannot_be_simulated_is_said(
    command: Command, arguments: tuple[str, ...], sentence: str
) -> None:
    done = command("simulate", *arguments)
    assert done.code == 2
    assert sentence in done.err


def test_a_file_with_errors_is_told_with_its_lines(command: Command, tmp_path: Path) -> None:
    file = changed(tmp_path, "closes: 2023-02-28", "closes: 2022-02-28")
    done = command(*LABEL, "--file", file)
    assert done.code == 2
    assert "2023-2024.yaml:" in done.err
    assert "did you mean 2023-02-28?" in done.err
