"""The figures of a report in a reader's words: means, what is said instead, and what stands out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from base.i18n import N_, translate
from surveys.counting import rounded

TOO_FEW = N_("too few")
NO_ANSWERS = N_("no answers")
NOT_ASKED = N_("not asked")
#: A real minus sign, as wide as the plus.
MINUS = "\u2212"
#: Decimals of a mean where a country has set none, and those it may set.
DECIMALS, POSSIBLE_DECIMALS = 1, range(3)
LOW = N_("low")
HIGH = N_("high")


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One cell of a report, for a reader."""

    #: The mean, with a point or comma as the reader writes it; or why there is none.
    said: str
    #: The mean exactly; None where there is none to show.
    mean: Fraction | None = None
    #: How many answered on the scale; None where that is not shown.
    answers: int | None = None
    not_applicable: int | None = None
    left_out: int | None = None
    #: ``low`` or ``high`` in the reader's language, where what has been set calls it so.
    mark: str = ""
    #: Against another session, with its sign: +0.4.
    change: str = ""
    #: What the other session had here.
    before: str = ""


def figure(cell: Mapping[str, Any] | None, settings: Mapping[str, Any], language: str) -> Figure:
    """A cell of the kept report for a reader; None is a group that was not asked."""
    if cell is None:
        return Figure(said=translate(NOT_ASKED, language))
    if cell.get("few"):
        return Figure(said=translate(TOO_FEW, language))
    rest = {"not_applicable": cell["na"], "left_out": cell["left"]}
    if cell.get("none"):
        return Figure(said=translate(NO_ANSWERS, language), answers=0, **rest)
    mean = Fraction(cell["sum"], cell["n"])
    mark = _mark(mean, settings)
    said = _written(rounded(cell["sum"], cell["n"], decimals(settings)), language)
    return Figure(
        said=said, mean=mean, answers=cell["n"],
        mark=translate(mark, language) if mark else "", **rest,
    )  # fmt: skip


def _mark(mean: Fraction, settings: Mapping[str, Any]) -> str:
    low, high = settings.get("low_below"), settings.get("high_from")
    if low is not None and mean * 100 < low:
        return LOW
    if high is not None and mean * 100 >= high:
        return HIGH
    return ""


def decimals(settings: Mapping[str, Any]) -> int:
    """To how many decimals the means of a report are rounded, by what has been set for it."""
    found = settings.get("mean_decimals")
    return found if isinstance(found, int) and found in POSSIBLE_DECIMALS else DECIMALS


def difference(mean: Fraction, language: str, places: int, *, sign: bool = False) -> str:
    """A difference of two exact means, rounded once; with its sign if wanted: +0.4."""
    said = _written(rounded(mean.numerator, mean.denominator, places), language).removeprefix("-")
    if not sign:
        return said
    if not said.strip("0.,"):
        return f"±{said}"
    return f"{'+' if mean > 0 else MINUS}{said}"


def _written(number: str, language: str) -> str:
    return number if language == "en" else number.replace(".", ",")


def compared(now: Figure, before: Figure, language: str, places: int) -> Figure:
    """A figure with that of another session beside it."""
    change = ""
    if now.mean is not None and before.mean is not None:
        change = difference(now.mean - before.mean, language, places, sign=True)
    return Figure(
        said=now.said, mean=now.mean, answers=now.answers, not_applicable=now.not_applicable,
        left_out=now.left_out, mark=now.mark, change=change, before=before.said,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Gap:
    """The largest difference between two groups in one thing, where it is large."""

    higher: str
    lower: str
    by: Fraction


def gap(figures: Mapping[str, Figure], settings: Mapping[str, Any]) -> Gap | None:
    """The gap between the groups that agree most and least; None where it is not large.

    What is large has to be set: the sources speak of significant differences without a number.
    """
    least = settings.get("gap_from")
    means = {group: one.mean for group, one in figures.items() if one.mean is not None}
    if least is None or len(means) < 2:
        return None
    higher = max(means, key=lambda group: means[group])
    lower = min(means, key=lambda group: means[group])
    by = means[higher] - means[lower]
    return Gap(higher=higher, lower=lower, by=by) if by * 100 >= least else None


def standing_out(figures: Mapping[str, Figure], mark: str) -> Sequence[str]:
    """The groups whose figure bears this mark."""
    return [group for group, one in figures.items() if one.mark == mark]
