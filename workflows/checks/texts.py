"""Every text of a process exists in every language the process declares."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from base.i18n import LANGUAGES
from base.located import nearest
from workflows.checks.check import Check, Place

#: The keys that hold a text per language, wherever they stand.
TEXT_KEYS = {"title", "to_school", "ahead", "text", "hint"}


def check_texts(check: Check) -> None:
    """No text lacks a declared language, has one that is not declared, or is blank."""
    for index, language in enumerate(check.process.languages):
        if language not in LANGUAGES:
            message = f'"{language}" is none of the languages there are: {", ".join(LANGUAGES)}'
            check.error(("languages", index), message)
        if language in check.process.languages[:index]:
            check.error(("languages", index), f'"{language}" stands here twice')
    _walk(check, check.process, ())


def _walk(check: Check, value: Any, place: Place) -> None:
    if isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            inside = getattr(value, name)
            there = (*place, field.alias or name)
            if name in TEXT_KEYS and isinstance(inside, dict):
                _text(check, inside, there)
            elif name == "choices":
                for choice, words in inside.items():
                    _text(check, words, (*there, choice))
            else:
                _walk(check, inside, there)
    elif isinstance(value, dict):
        for key, inside in value.items():
            _walk(check, inside, (*place, key))
    elif isinstance(value, list):
        for index, inside in enumerate(value):
            _walk(check, inside, (*place, index))


def _text(check: Check, text: dict[str, str], place: Place) -> None:
    declared = check.process.languages
    missing = [language for language in check.languages() if language not in text]
    if missing:
        check.error(place, f"this text is missing in {', '.join(missing)}")
    for language, words in text.items():
        if language not in declared:
            hint = nearest(language, missing or declared)
            message = f'the process does not declare the language "{language}"{hint}'
            check.warning((*place, language), message)
        elif not words.strip():
            check.error((*place, language), "this text is empty")
