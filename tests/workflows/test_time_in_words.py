from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest

from rules.book import RuleBook
from rules.open_values import explained
from workflows.definition import TimerRule
from workflows.points_in_time import At, Span
from workflows.process_file import load_processes
from workflows.readable import timers
from workflows.time_in_words import TimeInWords

VALUES: dict[str, Any] = {
    "window.closes": date(2023, 2, 1), "later": None, "days": 1, "hour": 9, "unset_days": None,
}  # fmt: skip
ABOUT = {
    "later": {"en": "The day after", "nl": "De dag erna"},
    "unset_days": {"en": "Days until an answer"},
}


def words(language: str = "en", own: dict[str, str] | None = None) -> TimeInWords:
    return TimeInWords(language=language, values=VALUES, about=ABOUT, own=own or {})


@pytest.mark.parametrize(
    ("written", "language", "said"),
    [
        ("end of round.window.closes", "en", "at the end of 1 February 2023"),
        ("end of round.window.closes", "fr", "à la fin du 1er février 2023"),
        ("09:30 on round.window.closes", "nl", "om 09:30 op 1 februari 2023"),
        ("round.hour on round.window.closes", "de", "um 09:00 am 1. Februar 2023"),
        ("00:00 on yearly.window.closes", "en", "every year at 00:00 on 1 February"),
        ("end of yearly.window.closes", "fr", "chaque année à la fin du 1er février"),
        (
            "end of round.later", "nl",
            "aan het einde van een dag die nog niemand heeft bepaald: De dag erna",
        ),
        ("09:00 on round.other", "en", "at 09:00 on a day that nobody has set yet: other"),
        (
            "end of case.last_day", "en",
            "at the end of the day that is in the case: Last day",
        ),
        ("00:00 on case.last_day", "en", "at 00:00 on the day that is in the case: Last day"),
        ("end of case.remind_on", "en", "at the end of a day of the case"),
        ("09:00 on case.remind_on", "de", "um 09:00 an einem Tag des Vorgangs"),
    ],
)  # fmt: skip
def test_a_point_in_time(written: str, language: str, said: str) -> None:
    assert words(language, {"last_day": "Last day"}).point(At.model_validate(written)) == said


@pytest.mark.parametrize(
    ("written", "language", "said"),
    [
        ("14 days", "en", "after 14 days"),
        ("1 day", "de", "nach einem Tag"),
        ("0 days", "nl", "meteen"),
        ("round.days working days", "fr", "après un jour ouvrable"),
        ("2 working days", "de", "nach 2 Arbeitstagen"),
        ("1 hour", "nl", "na één uur"),
        ("48 hours", "nl", "na 48 uur"),
        (
            "round.unset_days days", "en",
            "after a time that nobody has set yet: Days until an answer",
        ),
    ],
)  # fmt: skip
def test_a_span(written: str, language: str, said: str) -> None:
    assert words(language).span(Span.model_validate(written)) == said


@pytest.mark.parametrize(
    ("timer", "said"),
    [
        (
            {"at": "end of round.window.closes", "before": ["14 days", "1 day"]},
            "14 days, one day before: at the end of 1 February 2023",
        ),
        (
            {"after": "10 working days", "before": ["round.days working days"]},
            "one working day before: after 10 working days",
        ),
        (
            {"after": "3 days", "before": ["round.unset_days days"]},
            "Days until an answer before: after 3 days",
        ),
        ({"every": "1 day"}, "every day"),
        ({"every": "1 working day"}, "every working day"),
        ({"every": "3 days"}, "every 3 days"),
    ],
)
def test_a_timer(timer: dict[str, Any], said: str) -> None:
    does = {"fire": "look"} if "every" in timer else {"mail": {"reminder": "who"}}
    rule = TimerRule.model_validate({"while": ["asked"], **does, **timer})
    assert words().timer(rule) == said


@pytest.mark.parametrize("language", ["en", "nl", "fr", "de"])
def test_no_time_of_a_process_is_told_by_a_name_of_a_file(language: str) -> None:
    """Where nothing is set; what a day or number is called matters most there."""
    book = RuleBook.from_folder()
    for process, _located in load_processes().values():
        about = explained(book, process.round) if process.round else {}
        times = TimeInWords(language=language, about=about)
        for read in timers(process, times):
            assert not re.search(r"[a-z]_[a-z]|[a-z]\.[a-z]", read.when), (process.process, read)
