"""Charts: every label is there, on lines that fit."""

from __future__ import annotations

import re

import pytest

from documents.charts import FITS, Bar, Bars, bar_chart


@pytest.mark.parametrize(
    ("label", "lines"),
    [
        ("Teachers", ["Teachers"]),
        ("Trainers in companies, Bouw Janssens", ["Trainers in companies,", "Bouw Janssens"]),
        ("W" * 30, ["W" * FITS, "W" * 5]),
        (f"One {'long ' * 20}", ["One long long long long", f"{'long ' * 4}long…"]),
        ("<b> & co", ["&lt;b&gt; &amp; co"]),
    ],
)
def test_a_label_has_two_lines_and_is_whole_as_a_title(label: str, lines: list[str]) -> None:
    drawn = bar_chart(
        [Bars(heading="", bars=[Bar(label=label, value=1, said="")])], title="T", description="D"
    )
    texts = re.findall(r'text-anchor="end"[^>]*>(?:<title>[^<]*</title>)?([^<]*)</text>', drawn)
    assert texts == lines
    assert (f"<title>{label}</title>" in drawn) == lines[-1].endswith("…")
