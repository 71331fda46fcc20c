"""The rounds of a story, or of the demo: those installed, with what countries have set for it.

Many values stand in no source, and every country has its own. A story shows a process in a country
that has set them, as an administrator would: under ``countries`` in the round file.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML

from cli.story_file import StoryFile
from rules.book import RuleBook

EVERYWHERE = "*"

Areas = Mapping[str, Mapping[str, Any]]


def book_of(story: StoryFile) -> RuleBook:
    """The installed rule sets and rounds, with the settings of the story in its rounds.

    Raises:
        NotFound: the story names a round that is not there.
        BadDefinition: a value does not fit its name.
    """
    rounds = {
        name if "/" in name else f"{story.story}/{name}": areas
        for name, areas in story.settings.items()
    }
    return book_with(rounds, "the story")


def book_with(rounds: Mapping[str, Areas], whose: str) -> RuleBook:
    """The installed rule sets and rounds, with settings in some of the rounds.

    Arguments:
        rounds: round -> area (``*`` for all) -> value by its name.
        whose: they are, for messages.

    Raises:
        NotFound: there is no such round.
        BadDefinition: a value does not fit its name.
    """
    installed = RuleBook.from_folder()
    book = RuleBook()
    for key, areas in rounds.items():
        installed.round(key)
        book.add(_with(installed.text_of(key), areas), f"{key} of {whose}")
    book.add_missing(installed)
    return book


def _with(text: str, areas: Areas) -> str:
    yaml = YAML()
    data = yaml.load(text)
    for area, values in areas.items():
        part = data if area == EVERYWHERE else data.setdefault("countries", {}).setdefault(area, {})
        for name, value in values.items():
            dates = part.setdefault("dates", {})
            parameters = part.setdefault("parameters", {})
            into = parameters if name in data.get("parameters", {}) else dates
            into[name] = value
    out = io.StringIO()
    yaml.dump(data, out)
    return out.getvalue()
