"""Prints what was measured: one table a benchmark, each aim beside its figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, kw_only=True)
class Line:
    """One measured thing."""

    what: str
    #: The figures, as they are to be read.
    figures: Sequence[str]
    #: What it should be; empty where there is no aim.
    aim: str = ""
    #: Whether it is so; None where there is no aim.
    reached: bool | None = None


@dataclass(kw_only=True)
class Report:
    """The result of one benchmark."""

    title: str
    #: Headings of the figures.
    columns: Sequence[str]
    lines: list[Line] = field(default_factory=list)
    #: What a reader must know to read the figures rightly.
    notes: list[str] = field(default_factory=list)

    def add(self, what: str, *figures: str, aim: str = "", reached: bool | None = None) -> None:
        """Add a line."""
        self.lines.append(Line(what=what, figures=figures, aim=aim, reached=reached))

    def show(self) -> None:
        """Print it."""
        table = Table(title=self.title, title_justify="left")
        table.add_column("")
        for column in self.columns:
            table.add_column(column, justify="right")
        table.add_column("aim")
        for line in self.lines:
            verdict = {True: "reached", False: "MISSED", None: ""}[line.reached]
            aim = f"{line.aim}: {verdict}" if verdict else line.aim
            padding = [""] * (len(self.columns) - len(line.figures))
            table.add_row(line.what, *line.figures, *padding, aim)
        console = Console(width=None if Console().is_terminal else 118)
        console.print()
        console.print(table)
        for note in self.notes:
            console.print(f"  {note}", highlight=False)


def per_second(rate: float) -> str:
    """``12,345``."""
    return f"{rate:,.0f}"


def percent(ratio: float) -> str:
    """``62 %``."""
    return f"{ratio * 100:,.0f} %"


def times(ratio: float) -> str:
    """``1.7 x``."""
    return f"{ratio:,.1f} x"


def seconds(duration: float) -> str:
    """``12.3 s``."""
    return f"{duration:,.1f} s"
