"""Counting answers: bytes of many sheets side by side, at the speed of C and in flat memory.

A sheet is one byte a statement. The sheets of a group are laid end to end; the answers to the i-th
of n statements are then ``buffer[i::n]``, and counting a value in it is one call.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from base.errors import Fault
from base.i18n import N_

#: The agreement scale: 1 is strongly disagree, 5 strongly agree; 3 is slightly agree, no middle.
SCALE = (1, 2, 3, 4, 5)
NOT_APPLICABLE = 0
LEFT_OUT = 255
#: So many bytes of sheets are laid end to end before they are counted.
BUFFER = 1 << 20


@dataclass(frozen=True, slots=True)
class Count:
    """The answers to one statement, or to several together."""

    #: Answers on the scale, and their sum.
    answers: int = 0
    total: int = 0
    not_applicable: int = 0
    left_out: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(
            self.answers + other.answers, self.total + other.total,
            self.not_applicable + other.not_applicable, self.left_out + other.left_out,
        )  # fmt: skip


def added(counts: Iterable[Count]) -> Count:
    """Counts together: every answer weighs the same."""
    return sum(counts, Count())


def rounded(total: int, answers: int, places: int = 1) -> str:
    """A mean in digits with a point, rounded once, half away from zero: 2.65 becomes 2.7.

    Whole numbers throughout: what a binary fraction would make of 2.65 does not matter.
    """
    scale = 10**places
    units = (2 * abs(total) * scale + answers) // (2 * answers)
    sign = "-" if total < 0 and units else ""
    return f"{sign}{units // scale}.{units % scale:0{places}d}" if places else f"{sign}{units}"


class Tally:
    """Counts the sheets of one group, or of one company's trainers."""

    def __init__(self, statements: int) -> None:
        """Begin with none.

        Arguments:
            statements: how many bytes a sheet has.
        """
        self.sheets = 0
        self._width = statements
        self._counts = [Count()] * statements
        self._waiting: list[bytes] = []
        self._held = 0

    def add(self, sheet: bytes) -> None:
        """Take a sheet.

        Raises:
            Fault: it has another number of statements, or a byte that is no answer.
        """
        if len(sheet) != self._width:
            raise Fault(N_("A questionnaire does not fit what was asked."))
        self._waiting.append(sheet)
        self._held += self._width
        self.sheets += 1
        if self._held >= BUFFER:
            self._flush()

    @property
    def held(self) -> int:
        """How many bytes wait to be counted."""
        return self._held

    def counts(self) -> Sequence[Count]:
        """The answers to each statement, in their order."""
        self._flush()
        return tuple(self._counts)

    def _flush(self) -> None:
        if not self._waiting:
            return
        buffer, sheets = b"".join(self._waiting), len(self._waiting)
        self._waiting, self._held = [], 0
        for i in range(self._width):
            self._counts[i] += _counted(buffer[i :: self._width], sheets)


def _counted(column: bytes, sheets: int) -> Count:
    each = [column.count(value) for value in SCALE]
    none, left = column.count(NOT_APPLICABLE), column.count(LEFT_OUT)
    answers = sum(each)
    if answers + none + left != sheets:
        raise Fault(N_("A questionnaire has an answer that there is not."))
    total = sum(value * count for value, count in zip(SCALE, each, strict=True))
    return Count(answers, total, none, left)
