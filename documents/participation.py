"""The certificate of somebody who filled in a questionnaire: her name is kept nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from base.i18n import Text, say
from documents.typesetting import breakable, typeset
from documents.words import day_in_words, filled, known_language, words


@dataclass(frozen=True, kw_only=True)
class ParticipationCertificate:
    """What the certificate says."""

    #: As it was typed in.
    holder: str
    #: Title of the questionnaire: SELFIE.
    questionnaire: Text
    #: The group she answered in.
    group: Text
    #: Name of the school.
    school: str
    #: The local day on which it is made, right after submitting.
    day: date


def render_participation(data: ParticipationCertificate, language: str) -> bytes:
    """The certificate as PDF/UA-1 in ``language`` (English where it does not exist)."""
    language = known_language(language)
    text = words("participation", language, questionnaire=say(data.questionnaire, language))
    return typeset(
        "participation.typ",
        {
            "language": language,
            "title": filled(text["document_title"], holder=data.holder),
            "date": data.day.isoformat(),
            "words": text,
            "questionnaire": say(data.questionnaire, language),
            "holder": breakable(data.holder),
            "school": breakable(data.school),
            "rows": [
                [text["group"], say(data.group, language)],
                [text["on_day"], day_in_words(data.day, language)],
            ],
        },
        data.day,
    )
