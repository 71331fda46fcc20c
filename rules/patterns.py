"""Regular expressions of rule files: only those that cannot take long.

A pattern such as ``(a+)+b`` looks harmless and takes longer than the universe on a text of fifty
letters. So the work a pattern can cause is bounded before it is ever used: every repetition
multiplies it by the lengths it can have, every choice by its branches, and the product has a limit.
Repetitions of what can itself match in several ways, back references and look-around are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rules.fitting import TEXT_LIMIT

#: The longest pattern, in characters.
MAX_PATTERN = 200
#: The most ways a pattern may have to try on one text: two repetitions without an end.
MAX_WAYS = 2_000_000

_TOKEN = re.compile(
    r"""
    (?P<back>\\[0-9])
    | (?P<special>\(\?(?!:))
    | (?P<open>\((?:\?:)?)
    | (?P<close>\))
    | (?P<choice>\|)
    | (?P<times>[*+?]|\{(?!\})\d*,?\d*\})[?+]?
    | (?P<one>\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_REFUSED = {
    "back": "a pattern cannot refer back to what it found",
    "special": "of the forms that begin with (? only (?: is allowed in a pattern",
}


@dataclass
class _Group:
    """What stands between two brackets, as far as it was read."""

    ways: int = 1
    branches: int = 1


def pattern_fault(pattern: str) -> str | None:
    """What is wrong with ``pattern``, as a sentence; None if it can be used."""
    if len(pattern) > MAX_PATTERN:
        return f"a pattern has at most {MAX_PATTERN} characters"
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return f"the pattern cannot be read: {error}"
    return _slow(pattern)


def _slow(pattern: str) -> str | None:
    groups = [_Group()]
    last = 1  # how many ways there are to match what a repetition would repeat
    for token in _TOKEN.finditer(pattern):
        kind = str(token.lastgroup)
        if kind in _REFUSED:
            return _REFUSED[kind]
        if kind == "times":
            least, most = _lengths(token["times"])
            if most > 1 and last > 1:
                return "a pattern cannot repeat what itself can match in several ways"
            groups[-1].ways *= most - least + 1
        elif kind == "open":
            groups.append(_Group())
        elif kind == "choice":
            groups[-1].branches += 1
        last = 1
        if kind == "close":
            closed = groups.pop()
            last = closed.ways * closed.branches
            groups[-1].ways *= last
        if any(group.ways * group.branches > MAX_WAYS for group in groups):
            return "the pattern has too many ways to match: use fewer repetitions"
    return None


def _lengths(times: str) -> tuple[int, int]:
    """The least and the most a repetition allows."""
    if not times.startswith("{"):
        return int(times == "+"), 1 if times == "?" else TEXT_LIMIT
    least, comma, most = times.strip("{}").partition(",")
    first = int(least or 0)
    if not comma:
        return first, first
    return first, int(most or TEXT_LIMIT)
