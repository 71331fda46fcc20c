"""Every text is there in every language, and its places can be filled."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from base.i18n import LANGUAGES
from base.located import nearest
from rules.checks.check import Check, Place
from rules.values import PLACE
from rules.wording import PLACES

_BRACE = re.compile(r"[{}]")


def check_texts(check: Check) -> None:
    """Languages and places of all texts."""
    languages = check.rule_set.languages
    for index, language in enumerate(languages):
        if language not in LANGUAGES:
            message = f'"{language}" is no language here: there are {", ".join(LANGUAGES)}'
            check.error(("languages", index), message)
    for place, text, may_have_places in _texts(check):
        for language in languages:
            if not text.get(language, "").strip():
                check.error(place, f'there is no text in "{language}" here')
        for language, sentence in text.items():
            if language not in languages:
                check.warning((*place, language), f'"{language}" is not among the languages')
            if may_have_places:
                _places(check, (*place, language), sentence)


def _texts(check: Check) -> Iterator[tuple[Place, Mapping[str, str], bool]]:
    yield ("title",), check.rule_set.title, False
    for index, criterion in enumerate(check.rule_set.criteria):
        for name in ("text", "found", "remedy"):
            text = getattr(criterion, name)
            if text is not None:
                yield ("criteria", index, name), text, True
        if criterion.remedy is None:
            message = f'"{criterion.id}" has no remedy: say what helps where it is not met'
            check.warning(("criteria", index, "id"), message)


def _places(check: Check, place: Place, sentence: str) -> None:
    known = [*PLACES, *check.rule_set.parameters]
    for found in PLACE.finditer(sentence):
        if found[1] not in known:
            hint = nearest(found[1], known)
            check.error(place, f'nothing fills "{{{found[1]}}}" in this text{hint}')
    if _BRACE.search(PLACE.sub("", sentence)):
        check.error(place, "braces hold the name of a value: {required}, {actual} …")
