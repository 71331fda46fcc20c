"""The certificate of whoever coordinated a survey at a school. The name on it is kept nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from base.i18n import Text, say
from documents.typesetting import breakable, typeset
from documents.words import day_in_words, filled, known_language, words


@dataclass(frozen=True, kw_only=True)
class CoordinatorCertificate:
    """What it says."""

    name: str
    school: str
    level: Text | str
    school_year: str
    #: First and last day of the exercise.
    first_day: date
    last_day: date
    made_on: date


def render_coordinator_certificate(data: CoordinatorCertificate, language: str) -> bytes:
    """The certificate as PDF/UA-1 in ``language`` (English where it does not exist)."""
    language = known_language(language)
    text = words(
        "coordinator", language, school=data.school, level=say(data.level, language),
        year=data.school_year, first=day_in_words(data.first_day, language),
        last=day_in_words(data.last_day, language),
    )  # fmt: skip
    return typeset(
        "coordinator.typ",
        {
            "language": language, "title": filled(text["document_title"], name=data.name),
            "date": data.made_on.isoformat(), "words": text, "name": breakable(data.name),
            "school": breakable(data.school), "what": breakable(text["what"]),
            "made_on": day_in_words(data.made_on, language), "year": data.school_year,
        },
        data.made_on,
    )  # fmt: skip
