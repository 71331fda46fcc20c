"""A report as CSV: one line a figure, for those who calculate with it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from base.i18n import N_, say, translate
from surveys.questionnaire import questionnaire
from surveys.report_figures import Figure, figure

HEADINGS = (
    N_("Kind"), N_("Group, sector or company"), N_("Area"), N_("Statement"), N_("Average"),
    N_("Answers"), N_("Not applicable"), N_("Left out"),
)  # fmt: skip
#: What makes a spreadsheet read a cell as a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def plain(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula: an apostrophe goes before it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def csv_of(headings: Sequence[str], rows: Iterator[Sequence[Any]]) -> bytes:
    """A table as CSV, with the mark by which spreadsheets know UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([plain(one) for one in headings])
    writer.writerows([plain(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8")


def report_csv(row: Mapping[str, Any], content: Mapping[str, Any], language: str) -> bytes:
    """The report of an exercise as CSV.

    Arguments:
        row: the exercise.
        content: its report, as it is kept.
    """
    headings = [translate(one, language) for one in HEADINGS]
    return csv_of(headings, _rows(row, content, language))


def _rows(
    row: Mapping[str, Any], content: Mapping[str, Any], language: str
) -> Iterator[Sequence[Any]]:
    whole, settings = questionnaire(row["questionnaire"]), content["settings"]
    area_title = {one["area"]: say(whole.area(one["area"]).title, language)
                  for one in content["areas"]}  # fmt: skip
    kinds = {
        name: translate(word, language)
        for name, word in (
            ("area", N_("area")), ("statement", N_("statement")), ("sectors", N_("sector")),
            ("companies", N_("company")),
        )
    }  # fmt: skip
    texts: dict[str, tuple[str, str]] = {}
    for area in content["areas"]:
        title = area_title[area["area"]]
        for group, cell in area["cells"].items():
            name = say(whole.group(group).title, language)
            yield [kinds["area"], name, title, "", *_cells(figure(cell, settings, language))]
        for one in area["statements"]:
            for group, cell in one["cells"].items():
                name, text = (
                    say(whole.group(group).title, language), say(one["texts"][group], language),
                )  # fmt: skip
                texts[one["id"]] = (title, text)
                figures = _cells(figure(cell, settings, language))
                yield [kinds["statement"], name, title, text, *figures]
    for key in ("sectors", "companies"):
        for one in content[key]:
            for area_name, cell in one["cells"].items():
                figures = _cells(figure(cell, settings, language))
                yield [kinds[key], one["name"], area_title[area_name], "", *figures]
            for id_, cell in one["statements"].items():
                title, text = texts[id_]
                yield [kinds[key], one["name"], title, text,
                       *_cells(figure(cell, settings, language))]  # fmt: skip


def _cells(one: Figure) -> list[Any]:
    return [
        one.said,
        *("" if many is None else many for many in (one.answers, one.not_applicable, one.left_out)),
    ]
