"""Participation in surveys for an authority: schools and people, never a school's results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from base.i18n import N_, say, translate
from documents.words import area_name, texts
from models.database import reading
from surveys.questionnaire import questionnaire
from surveys.report_csv import csv_of
from surveys.statistics import ALL, Figures, Statistics
from web.context import Here
from web.language import Language
from web.pages.rendering import page
from web.pages.survey_reports import as_csv
from web.signing_in import Reader
from web.survey_figures import figures_for

router = APIRouter(prefix="/surveys")

QUESTIONNAIRE = "selfie"
UNKNOWN = N_("Province not known")
ALL_YEARS = N_("all school years")


@router.get("/statistics")
def figures(
    request: Request, context: Here, person: Reader, language: Language, area: str = "",
    year: str = ALL,
) -> Response:  # fmt: skip
    """Who took part in an area, by level and by province."""
    with reading(context.database) as connection:
        chosen, areas, found = figures_for(connection, context, person.id, area)
    groups = questionnaire(QUESTIONNAIRE).groups
    return page(
        request, "survey_statistics.html", area=chosen, found=found,
        areas={one: _place(one, language) for one in areas},
        groups={one.group: say(one.title, language) for one in groups},
        year=year if found and year in found.totals else ALL,
        names={
            "levels": _levels(found, language), "provinces": _provinces(found, language),
        } if found else {},
    )  # fmt: skip


@router.get("/statistics.csv")
def table(context: Here, reader: Reader, language: Language, area: str = "") -> Response:
    """All of it, one line a figure."""
    with reading(context.database) as connection:
        chosen, _areas, found = figures_for(connection, context, reader.id, area)
    groups = [one.group for one in questionnaire(QUESTIONNAIRE).groups]
    words = [
        N_("Area"), N_("School year"), N_("By"), N_("Level or province"), N_("Schools"),
        N_("Exercises"),
    ]  # fmt: skip
    headings = [translate(one, language) for one in words]
    headings += [say(one.title, language) for one in questionnaire(QUESTIONNAIRE).groups]
    rows = _rows(found, groups, language) if found else iter(())
    return as_csv(csv_of(headings, ([_place(chosen, language), *row] for row in rows)), "figures")


def _rows(
    found: Statistics, groups: Sequence[str], language: str
) -> Iterator[Sequence[Any]]:  # fmt: skip
    level, province = translate(N_("level"), language), translate(N_("province"), language)
    for year, whole in found.totals.items():
        called = year or translate(ALL_YEARS, language)
        yield [called, translate(N_("all"), language), "", *_cells(whole, groups, language)]
        for what, names, cells in (
            (level, _levels(found, language), found.levels[year]),
            (province, _provinces(found, language), found.provinces[year]),
        ):
            for name, title in names.items():
                yield [called, what, title, *_cells(cells[name], groups, language)]


def _cells(one: Figures, groups: Sequence[str], language: str) -> list[Any]:
    if one.people is None:
        return [translate(N_("too few schools"), language)] * (2 + len(groups))
    return [one.schools, one.exercises, *(one.people.get(group, 0) for group in groups)]


def _levels(found: Statistics, language: str) -> dict[str, str]:
    """The levels there are figures of, in the order of the questionnaire."""
    levels = questionnaire(QUESTIONNAIRE).levels
    return {one.level: say(one.title, language) for one in levels if one.level in found.levels[ALL]}


def _provinces(found: Statistics, language: str) -> dict[str, str]:
    """The provinces there are figures of, by name; those of an unknown one come last."""
    words = texts("provinces")
    called = {name: say(words.get(name, name), language) for name in found.provinces[ALL]}
    last = {"": translate(UNKNOWN, language)} if called.pop("", None) is not None else {}
    return dict(sorted(called.items(), key=lambda one: one[1])) | last


def _place(area: str, language: str) -> str:
    return translate(N_("all areas"), language) if area == "*" else area_name(area, language)
