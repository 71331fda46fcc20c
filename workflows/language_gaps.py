"""The language gate: texts that are missing, and who would read another language instead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from base.i18n import FALLBACK, LANGUAGES
from base.located import Located
from notifications.languages import SPOKEN
from rules.editing import TEXTS, Path, written


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A text that is not there in one language."""

    #: Where: ``criteria/0/remedy``.
    path: str
    line: int
    language: str
    #: What is read instead.
    instead: str
    #: The countries and regions whose people read it.
    areas: tuple[str, ...]


def areas_of(language: str) -> tuple[str, ...]:
    """The countries and regions whose people are written to in a language, if they ask no other."""
    return tuple(sorted(area for area, spoken in SPOKEN.items() if spoken == language))


def language_gaps(located: Located) -> list[Gap]:
    """Every text of a file that one of our languages lacks, in the order of the file."""
    found = []
    for path, text in _texts(located.data, ()):
        for language in LANGUAGES:
            if str(text.get(language, "")).strip():
                continue
            found.append(
                Gap(
                    path=written(path), line=located.position(path)[0], language=language,
                    instead=FALLBACK if text.get(FALLBACK) else next(iter(text), ""),
                    areas=areas_of(language),
                )
            )  # fmt: skip
    return found


def _texts(data: Any, path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    if isinstance(data, dict):
        if path and _is_text(path, data):
            yield path, data
            return
        for key, value in data.items():
            yield from _texts(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _texts(value, (*path, index))


def _is_text(path: Path, data: dict[str, Any]) -> bool:
    named = path[-1] in TEXTS or (len(path) > 1 and path[-2] == "choices")
    return named and bool(data) and set(data) <= set(LANGUAGES)
