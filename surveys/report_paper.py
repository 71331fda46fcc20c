"""A report on paper: the whole of it, for those who discuss it."""

from __future__ import annotations

from base.i18n import N_, translate
from documents.survey_report import PaperBlock, SurveyPaper
from surveys.report_figures import Figure
from surveys.report_view import PARTS, Block, View

ANSWERS = N_("{number} answers")
ONE_ANSWER = N_("1 answer")
NOT_APPLICABLE = N_("{number} × not applicable")
LEFT_OUT = N_("{number} × left out")


def paper_of(view: View, school: str, language: str) -> SurveyPaper:
    """The report as the document that is made of it."""
    return SurveyPaper(
        school=school, level=view.level, school_year=view.school_year, first_day=view.first_day,
        last_day=view.last_day, incomplete=list(view.incomplete), threshold=view.threshold,
        groups=[
            (one.title, one.submitted, one.invited, one.percent, one.shown) for one in view.groups
        ],
        low=list(view.low), high=list(view.high), gaps=list(view.gaps),
        parts=[
            (translate(PARTS[name], language), [_block(one, language) for one in blocks])
            for name, blocks in view.parts.items()
            # The same statements by group are for the screen; on paper they stand by area.
            if name != "groups"
        ],
    )  # fmt: skip


def _block(block: Block, language: str) -> PaperBlock:
    return PaperBlock(
        title=block.title, head=block.head, columns=list(block.columns),
        charts=list(block.charts),
        alt=f"{block.chart_title}. {block.chart_description}",
        rows=[
            (line.title, line.note, [cell_words(one, language) for one in line.figures])
            for line in block.lines
        ],
    )  # fmt: skip


def cell_words(one: Figure, language: str) -> tuple[str, str]:
    """A figure in two lines: the mean with its mark, and how many answered."""
    first = f"{one.said} ({one.mark})" if one.mark else one.said
    if one.before:
        first = f"{first} | {one.before}" + (f" ({one.change})" if one.change else "")
    return first, ", ".join(counts(one, language))


def counts(one: Figure, language: str) -> list[str]:
    """How many answered, and how many did not, in words; nothing where it is not shown."""
    if one.answers is None or not (one.answers or one.not_applicable or one.left_out):
        return []  # that there are none is said already
    found = [
        translate(ONE_ANSWER, language)
        if one.answers == 1
        else translate(ANSWERS, language, number=one.answers)
    ]
    for many, sentence in ((one.not_applicable, NOT_APPLICABLE), (one.left_out, LEFT_OUT)):
        if many:
            found.append(translate(sentence, language, number=many))
    return found
