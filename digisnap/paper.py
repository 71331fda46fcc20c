"""The principal's report as PDF: how many completed each list, averages by area, training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from babel.numbers import format_decimal

from base.i18n import locale_of, say
from digisnap.areas import areas
from digisnap.scans import averages
from documents.charts import Bar, Bars, bar_chart
from documents.typesetting import breakable, typeset
from documents.words import day_in_words, known_language, words

#: How many areas training is proposed for: those with the lowest averages.
PROPOSED = 3


@dataclass(frozen=True, kw_only=True)
class ListFigures:
    """What was counted of one list."""

    name: str
    school: str
    #: ``completed`` and ``sums``, as :func:`digisnap.scans.counted` gives them.
    figures: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a report says."""

    title: str
    #: Local day.
    made_on: date
    lists: Sequence[ListFigures]
    with_training: bool


def render_report(data: Report, language: str) -> bytes:
    """The report as PDF/UA-1 in ``language`` (English where it does not exist)."""
    language = known_language(language)
    known = areas()
    text = words("digisnap_report", language, least=str(known.least), most=str(known.most))
    found = averages([one.figures for one in data.lists])
    titles = {name: say(area.title, language) for name, area in known.areas.items()}
    said = {name: _number(value, language, text["no_figure"]) for name, value in found.items()}
    chart = bar_chart(
        [
            Bars(
                heading="",
                bars=[
                    Bar(label=titles[name], value=value, said=said[name])
                    for name, value in found.items()
                ],
            )
        ],
        title=text["averages"], description=text["chart"], most=known.most,
    )  # fmt: skip
    lowest = sorted(
        (value, name) for name, value in found.items() if value is not None
    )[:PROPOSED]  # fmt: skip
    return typeset(
        "digisnap_report.typ",
        {
            "language": language,
            "title": data.title,
            "date": data.made_on.isoformat(),
            "words": text,
            "made_on": day_in_words(data.made_on, language),
            "lists": [
                [breakable(one.name), breakable(one.school), str(one.figures["completed"])]
                for one in data.lists
            ],
            "total": str(sum(one.figures["completed"] for one in data.lists)),
            "averages": [[titles[name], said[name]] for name in found],
            "chart": chart,
            "training": [
                [titles[name], say(known.areas[name].training, language)] for _, name in lowest
            ]
            if data.with_training
            else [],
        },
        data.made_on,
    )


def _number(value: float | None, language: str, missing: str) -> str:
    if value is None:
        return missing
    return format_decimal(round(value, 1), locale=locale_of(language))
