"""The outcome of a simulated round as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cli.words import counted
from workflows.simulation import manners
from workflows.simulation.outcome import Outcome

#: Criteria and refusals that are named; the others are counted.
NAMED = 10

Cells = Sequence[object]


def told(found: Outcome, seed: int, answer_days: float) -> str:
    """What came of a round, in lines."""
    return "\n".join(_lines(found, seed, answer_days))


def _lines(found: Outcome, seed: int, answer_days: float) -> Iterator[str]:
    what = " ".join(part for part in (found.process, found.round) if part)
    yield f"{what} in {found.area}, {found.begins} to {found.ends} (seed {seed})"
    yield f"{counted(found.applicants, 'made-up applicant')}, {counted(found.cases, 'case')}"
    yield from _table(
        "Where the cases are at the end", ("", "cases"),
        [(f"{one.title}{'' if one.final else ' (still open)'}", one.cases) for one in found.states],
    )  # fmt: skip
    yield from _table(
        "What stood in the way", ("", "applicants"),
        [(one.requirement, one.count) for one in found.unmet[:NAMED]],
        more=len(found.unmet) - NAMED,
    )  # fmt: skip
    yield from _table(
        "How long cases waited, in working days", ("", "times", "median", "longest", "late"),
        [
            (f"{one.title}: {one.waits_for}", one.stays, _number(one.median_days),
             _number(one.longest_days), f"{one.late} of {one.timed}" if one.timed else "–")
            for one in found.waited
        ],
    )  # fmt: skip
    yield from _table(
        "Weeks of the staff",
        ("week of", "working days", "came", "answered", "waiting", "late of them"),
        [
            (one.begins, one.working_days, one.came, one.answered, one.waiting, one.late)
            for one in found.weeks
        ],
    )  # fmt: skip
    for kind in ("timer", "mail"):
        yield from _by_month(found, kind)
    yield from _table(
        "Refused for other reasons", ("", "times"),
        [(f"{one.step}: {one.why}", one.count) for one in found.refused[:NAMED]],
        more=len(found.refused) - NAMED,
    )  # fmt: skip
    yield ""
    yield from _listed("States nobody came to", found.states_not_reached)
    yield from _listed("Steps nobody took", found.steps_not_taken)
    yield from _listed(f"Not set for {found.area}", found.not_set)
    yield (
        f"Assumed: staff answers in {answer_days:g} working days on average, applicants act in "
        f"{manners.APPLICANT_DAYS} days or before a deadline; {manners.APPLICANT_FORGETS:.0%} of "
        f"the times an applicant forgets, {manners.STAFF_LETS_LIE:.0%} of the times staff lets it "
        f"lie for {manners.LIES_DAYS} working days."
    )


def _by_month(found: Outcome, kind: str) -> Iterator[str]:
    there = [one for one in found.happened if one.kind == kind]
    rows: dict[str, list[str]] = {}
    for one in there:
        rows.setdefault(one.name, []).append(f"{one.month} {one.count}")
    sums = {name: sum(one.count for one in there if one.name == name) for name in rows}
    yield from _table(
        f"{kind.capitalize()}s by month", ("", "all", "by month"),
        [(name, sums[name], ", ".join(months)) for name, months in rows.items()],
    )  # fmt: skip


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"


def _listed(title: str, names: Sequence[str]) -> Iterator[str]:
    if names:
        yield f"{title}: {', '.join(names)}"


def _table(title: str, head: Sequence[str], rows: Sequence[Cells], more: int = 0) -> Iterator[str]:
    """A table with its title: the first column to the left, numbers to the right."""
    if not rows:
        return
    lines = [[str(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(head))]
    yield ""
    yield title
    for line in lines:
        cells = [line[0].ljust(widths[0])]
        for place, cell in enumerate(line[1:], start=1):
            # What is long and last is text.
            is_text = head[place] == "by month"
            cells.append(cell if is_text else cell.rjust(widths[place]))
        yield f"  {'  '.join(cells)}".rstrip()
    if more > 0:
        yield f"  … and {more} more"
