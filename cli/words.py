"""Small words of what commands print."""

from __future__ import annotations

from typing import Any

from base.i18n import N_, colon, translate


def counted(count: int, one: str) -> str:
    """``1 case``, ``2 cases``, ``1,200 events``: the command line’s own output is English."""
    return f"{count:,} {one}{'' if count == 1 else 's'}"


def counted_in(language: str, count: int, one: str, many: str) -> str:
    """The sentence for one, or that for many with their ``number``, in the language of a story."""
    return translate(one, language) if count == 1 else translate(many, language, number=count)


def told(first: str, second: str, language: str) -> str:
    """What is told of whom, with the colon of the language."""
    return f"{first}{colon(language)}{second}"


def answers_saved(count: int) -> tuple[str, dict[str, Any]]:
    """That so many answers were saved, as a sentence with its values."""
    return (N_("saves one answer") if count == 1 else N_("saves {number} answers")), {
        "number": count
    }
