"""The difference of two texts, line by line."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

#: Lines shown around a change.
AROUND = 3


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a difference."""

    kind: Literal["same", "added", "removed", "left_out"]
    #: Numbers in the old and in the new text; None where it is not there.
    old: int | None = None
    new: int | None = None
    text: str = ""


def difference(old: str, new: str, around: int = AROUND) -> list[Line]:
    """What was added and removed, with some lines around it; empty where nothing was."""
    before, after = old.splitlines(), new.splitlines()
    found: list[Line] = []
    groups = SequenceMatcher(a=before, b=after, autojunk=False).get_grouped_opcodes(around)
    for group in groups:
        if found or group[0][1]:
            found.append(Line(kind="left_out"))
        for _tag, old_from, old_to, new_from, new_to in group:
            if _tag == "equal":
                found += [
                    Line(kind="same", old=number + 1, new=number - old_from + new_from + 1,
                         text=before[number])
                    for number in range(old_from, old_to)
                ]  # fmt: skip
                continue
            found += [
                Line(kind="removed", old=number + 1, text=before[number])
                for number in range(old_from, old_to)
            ]
            found += [
                Line(kind="added", new=number + 1, text=after[number])
                for number in range(new_from, new_to)
            ]
    return found
