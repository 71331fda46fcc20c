"""A report for a reader: blocks, each a table and perhaps a chart, for page and paper alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

from base.i18n import N_, say, translate
from documents.charts import Bar, Bars, bar_chart
from surveys.questionnaire import Questionnaire, questionnaire
from surveys.report_figures import (
    HIGH,
    LOW,
    Figure,
    compared,
    decimals,
    difference,
    figure,
    gap,
    standing_out,
)

#: What can be chosen to be shown, in this order.
PARTS = {
    "areas": N_("Areas"),
    "statements": N_("Statements by area"),
    "groups": N_("Statements by group"),
    "companies": N_("Sectors and companies"),
}
#: The end of the scale: the longest possible bar.
MOST = 5.0
#: Lines of a table that one chart shows.
PER_CHART = 4

AREA, STATEMENT, COMPANY = N_("Area"), N_("Statement"), N_("Sector or company")
OWN = N_("own statement")
CHART = N_("Average answers: {title}")
DESCRIBED = N_(
    "Bars from 0 to 5, one for each group; the table below the chart has the same figures."
)
LOW_SCORES = N_("{title}: low with {groups}")
HIGH_SCORES = N_("{title}: high with {groups}")
GAP = N_("{title}: {higher} agree more than {lower}, by {points}")

Content = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Line:
    """A row of a table."""

    title: str
    figures: Sequence[Figure]
    #: What the row stands for: area, or own statement.
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Block:
    """A table with its chart."""

    title: str
    #: What its lines are: areas, statements, sectors or companies.
    head: str
    columns: Sequence[str]
    lines: Sequence[Line]
    #: SVG, a few lines each, so that one fits on a sheet of paper; none where there is no chart.
    charts: Sequence[str] = ()
    chart_title: str = ""
    chart_description: str = ""


@dataclass(frozen=True, kw_only=True)
class GroupLine:
    """How a group took part."""

    title: str
    submitted: int
    #: None where it is not told: companies are asked without a number.
    invited: int | None
    #: Whole percent; can be more than 100, since links are shared.
    percent: int | None
    shown: bool


@dataclass(frozen=True, kw_only=True)
class View:
    """The whole report for one reader."""

    level: str
    school_year: str
    first_day: date
    last_day: date
    groups: Sequence[GroupLine]
    #: Titles of the groups that did not take part: the watermark says so.
    incomplete: Sequence[str]
    threshold: int
    by_item: bool
    #: Whether what counts as low, high or a large gap has been set.
    marked: bool
    low: Sequence[str] = ()
    high: Sequence[str] = ()
    gaps: Sequence[str] = ()
    #: Part -> its blocks; a part that has none is left out.
    parts: Mapping[str, Sequence[Block]] = field(default_factory=dict)


class _Reader:
    """What making a view needs all along."""

    def __init__(self, row: Mapping[str, Any], content: Content, language: str) -> None:
        self.content, self.language = content, language
        self.whole: Questionnaire = questionnaire(row["questionnaire"])
        self.groups = [one["group"] for one in content["groups"]]
        self.settings = content["settings"]
        self.places = decimals(self.settings)

    def group(self, name: str) -> str:
        return say(self.whole.group(name).title, self.language)

    def area(self, name: str) -> str:
        return say(self.whole.area(name).title, self.language)

    def say(self, sentence: str, **values: Any) -> str:
        return translate(sentence, self.language, **values)

    def figures(
        self, cells: Mapping[str, Any], before: Mapping[str, Any] | None
    ) -> dict[str, Figure]:
        found = {}
        for group in self.groups:
            now = figure(cells.get(group), self.settings, self.language)
            if before is not None:
                then = figure(before.get(group), self.settings, self.language)
                now = compared(now, then, self.language, self.places)
            found[group] = now
        return found


def make_view(
    row: Mapping[str, Any], content: Content, language: str, other: Content | None = None
) -> View:
    """The report of an exercise for a reader.

    Arguments:
        row: the exercise.
        content: its report, as it is kept.
        other: the report of another session of the school at the same level, to be put beside it.
    """
    reader = _Reader(row, content, language)
    before = _by_id(other) if other is not None else None
    parts = {
        "areas": [_areas(reader, before)],
        "statements": [_statements(reader, area, before) for area in content["areas"]],
        "groups": [_of_group(reader, group, before) for group in reader.groups],
        "companies": _companies(reader),
    }
    settings = content["settings"]
    return View(
        level=say(reader.whole.level(row["level"]).title, language),
        school_year=row["school_year"], first_day=row["first_day"], last_day=row["last_day"],
        groups=[_participation(reader, one) for one in content["groups"]],
        incomplete=[reader.group(one) for one in content["incomplete"]],
        threshold=settings["threshold"], by_item=settings["scope"] == "item",
        marked=any(settings[name] is not None for name in ("low_below", "high_from", "gap_from")),
        parts={name: blocks for name, blocks in parts.items() if blocks},
        **_highlights(reader),
    )  # fmt: skip


def _by_id(other: Content) -> dict[tuple[str, str], Mapping[str, Any]]:
    """The cells of another report, by area and by statement."""
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for area in other["areas"]:
        found["area", area["area"]] = area["cells"]
        found |= {("statement", one["id"]): one["cells"] for one in area["statements"]
                  if not one["own"]}  # fmt: skip
    return found


def _beside(before: Any, kind: str, name: str) -> Mapping[str, Any] | None:
    """The cells of the other session; none were asked where it has no such line."""
    return None if before is None else before.get((kind, name), {})


def _participation(reader: _Reader, line: Mapping[str, Any]) -> GroupLine:
    companies = reader.whole.group(line["group"]).companies
    invited = None if companies else line["invited"]
    percent = None
    if isinstance(invited, int) and invited > 0:
        # Rounded down, as it was shown while they answered (surveys/participation.py).
        percent = line["submitted"] * 100 // invited
    return GroupLine(
        title=reader.group(line["group"]), submitted=line["submitted"], invited=invited,
        percent=percent, shown=line["shown"],
    )  # fmt: skip


def _areas(reader: _Reader, before: Any) -> Block:
    lines = [
        (reader.area(one["area"]), "",
         reader.figures(one["cells"], _beside(before, "area", one["area"])))
        for one in reader.content["areas"]
    ]  # fmt: skip
    return _block(reader, reader.say(PARTS["areas"]), AREA, lines)


def _statements(reader: _Reader, area: Mapping[str, Any], before: Any) -> Block:
    lines = [
        (_text(reader, one), reader.say(OWN) if one["own"] else "",
         reader.figures(one["cells"], _beside(before, "statement", one["id"])))
        for one in area["statements"]
    ]  # fmt: skip
    return _block(reader, reader.area(area["area"]), STATEMENT, lines)


def _text(reader: _Reader, statement: Mapping[str, Any], group: str | None = None) -> str:
    """A statement in the wording of a group; of the first that was asked if none is named."""
    texts = statement["texts"]
    first = group or next(one for one in reader.groups if one in texts)
    return say(texts[first], reader.language)


def _block(
    reader: _Reader, title: str, head: str,
    lines: Sequence[tuple[str, str, Mapping[str, Figure]]],
) -> Block:  # fmt: skip
    names = {group: reader.group(group) for group in reader.groups}
    chart_title = reader.say(CHART, title=title)
    described = reader.say(DESCRIBED)
    bars = [
        Bars(
            heading=heading,
            bars=[
                Bar(
                    label=names[group], value=None if one.mean is None else float(one.mean),
                    said=f"{one.said} ({one.mark})" if one.mark else one.said,
                )
                for group, one in figures.items()
            ],
        )
        for heading, _note, figures in lines
    ]  # fmt: skip
    charts = [
        bar_chart(bars[at : at + PER_CHART], title=chart_title, description=described, most=MOST)
        for at in range(0, len(bars), PER_CHART)
    ]
    return Block(
        title=title, head=reader.say(head), columns=list(names.values()),
        lines=[
            Line(title=heading, note=note, figures=list(figures.values()))
            for heading, note, figures in lines
        ],
        charts=charts, chart_title=chart_title, chart_description=described,
    )  # fmt: skip


def _of_group(reader: _Reader, group: str, before: Any) -> Block:
    lines = []
    for area in reader.content["areas"]:
        for one in area["statements"]:
            if group not in one["cells"]:
                continue
            then = _beside(before, "statement", one["id"])
            found = reader.figures(one["cells"], then)[group]
            text = _text(reader, one, group)
            lines.append(Line(title=text, note=reader.area(area["area"]), figures=[found]))
    name = reader.group(group)
    return Block(title=name, head=reader.say(STATEMENT), columns=[name], lines=lines)


def _companies(reader: _Reader) -> list[Block]:
    content = reader.content
    if not content["companies"]:
        return []
    areas = list(dict.fromkeys(area for one in content["companies"] for area in one["cells"]))
    texts = {
        one["id"]: _text(reader, one, group)
        for area in content["areas"] for one in area["statements"]
        for group in one["texts"] if reader.whole.group(group).companies
    }  # fmt: skip
    blocks = []
    for key, title in (("sectors", N_("Sectors")), ("companies", N_("Companies"))):
        lines = [
            Line(
                title=one["name"], note=one.get("sector", ""),
                figures=[
                    figure(one["cells"].get(area), reader.settings, reader.language)
                    for area in areas
                ],
            )
            for one in content[key]
        ]  # fmt: skip
        columns = [reader.area(area) for area in areas]
        head = reader.say(COMPANY)
        blocks.append(Block(title=reader.say(title), head=head, columns=columns, lines=lines))
        blocks += [
            Block(
                title=one["name"], head=reader.say(STATEMENT),
                columns=[reader.say(N_("Average"))],
                lines=[
                    Line(title=texts[id_], figures=[
                        figure(cell, reader.settings, reader.language)
                    ])
                    for id_, cell in one["statements"].items() if id_ in texts
                ],
            )
            for one in content[key] if one["shown"] and one["submitted"]
        ]  # fmt: skip
    return blocks


def _highlights(reader: _Reader) -> dict[str, list[str]]:
    """Low and high scores, and gaps between groups, in words: where a discussion can begin.

    The lowest, the highest and the largest come first.
    """
    low, high, gaps = (list[tuple[Fraction, str]]() for _ in range(3))
    for area in reader.content["areas"]:
        things = [(reader.area(area["area"]), area["cells"])]
        things += [(_text(reader, one), one["cells"]) for one in area["statements"]]
        for title, cells in things:
            figures = reader.figures(cells, None)
            for found, mark, sentence, sign in (
                (low, LOW, LOW_SCORES, 1), (high, HIGH, HIGH_SCORES, -1),
            ):  # fmt: skip
                groups = standing_out(figures, reader.say(mark))
                if groups:
                    most = min(sign * (figures[one].mean or Fraction(0)) for one in groups)
                    named = [reader.group(one) for one in groups]
                    found.append((most, reader.say(sentence, title=title, groups=named)))
            large = gap(figures, reader.settings)
            if large:
                points = difference(large.by, reader.language, reader.places)
                told = reader.say(
                    GAP, title=title, higher=reader.group(large.higher),
                    lower=reader.group(large.lower), points=points,
                )  # fmt: skip
                gaps.append((-large.by, told))
    named_lists = {"low": low, "high": high, "gaps": gaps}
    return {
        name: [told for _by, told in sorted(found, key=lambda one: one[0])]
        for name, found in named_lists.items()
    }
