"""A school's report of a survey, on paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from documents.typesetting import breakable, typeset
from documents.words import day_in_words, filled, known_language, words

Cell = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class PaperBlock:
    """A table, with charts of the same figures before it."""

    title: str
    #: What the rows are.
    head: str
    columns: Sequence[str]
    #: Title, a line below it, and a cell for each column.
    rows: Sequence[tuple[str, str, Sequence[Cell]]]
    charts: Sequence[str] = ()
    #: What the charts show, for those who do not see them.
    alt: str = ""


@dataclass(frozen=True, kw_only=True)
class SurveyPaper:
    """What the report says."""

    school: str
    level: str
    school_year: str
    first_day: date
    last_day: date
    #: Groups that did not take part; with any, each page bears a watermark.
    incomplete: Sequence[str]
    threshold: int
    #: Title, submitted, invited (None: no number), percent, and whether enough took part.
    groups: Sequence[tuple[str, int, int | None, int | None, bool]]
    low: Sequence[str]
    high: Sequence[str]
    gaps: Sequence[str]
    parts: Sequence[tuple[str, Sequence[PaperBlock]]]


def render_survey_report(data: SurveyPaper, language: str) -> bytes:
    """The report as PDF/UA-1 in ``language`` (English where it does not exist)."""
    language = known_language(language)
    text = words(
        "survey_report", language, threshold=str(data.threshold),
        first=day_in_words(data.first_day, language), last=day_in_words(data.last_day, language),
        groups=", ".join(data.incomplete),
    )  # fmt: skip
    return typeset(
        "survey_report.typ",
        {
            "language": language,
            "title": filled(text["document_title"], school=data.school, level=data.level),
            "date": data.last_day.isoformat(),
            "words": text,
            "school": breakable(data.school),
            "line": f"{data.level}, {data.school_year}",
            "incomplete": bool(data.incomplete),
            "groups": [
                [
                    title, str(submitted), "–" if invited is None else str(invited),
                    "–" if percent is None else f"{percent}\N{NO-BREAK SPACE}%",
                    text["none" if not submitted else "shown" if shown else "not_shown"],
                ]
                for title, submitted, invited, percent, shown in data.groups
            ],
            "lists": [
                [text[name], [breakable(one) for one in found]]
                for name, found in (("low", data.low), ("high", data.high), ("gaps", data.gaps))
                if found
            ],
            "parts": [
                {
                    "title": title,
                    "blocks": [
                        {
                            "title": breakable(one.title), "head": one.head,
                            "columns": list(one.columns),
                            "charts": list(one.charts), "alt": one.alt,
                            "rows": [
                                [breakable(head), breakable(note), [list(cell) for cell in cells]]
                                for head, note, cells in one.rows
                            ],
                        }
                        for one in blocks
                    ],
                }
                for title, blocks in data.parts
            ],
        },
        data.last_day,
    )  # fmt: skip
