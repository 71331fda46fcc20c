"""An application with all its answers and evidence, for reading and for keeping."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from base.i18n import Text, say
from documents.typesetting import MISSING, breakable, printable, typeset
from documents.words import (
    area_name,
    filled,
    instant_in_words,
    known_language,
    size_in_words,
    words,
)


@dataclass(frozen=True, kw_only=True)
class EvidenceLine:
    """A link or a file of an application."""

    #: The file's name, or the link itself.
    name: str
    #: The link; empty for a file.
    url: str = ""
    #: Of the file; empty for a link.
    sha256: str = ""
    #: In bytes.
    size: int = 0
    added_at: datetime


@dataclass(frozen=True, kw_only=True)
class AnswerLine:
    """A field of the form and what was answered."""

    title: Text | str
    #: A text, a yes or no; None: not answered.
    value: str | bool | None = None
    #: For a field that asks for evidence; None for other fields.
    evidence: Sequence[EvidenceLine] | None = None


@dataclass(frozen=True, kw_only=True)
class SectionLines:
    """A section of the form."""

    title: Text | str
    step: int | None = None
    text: Text | str = ""
    answers: Sequence[AnswerLine] = ()


@dataclass(frozen=True, kw_only=True)
class Application:
    """What the document of an application says."""

    #: Whom or what it is about: the school, the person, the project; each may be empty.
    school: str
    person: str = ""
    project: str = ""
    #: Town; may be empty.
    place: str
    area: str
    label: Text | str
    round: Text | str = ""
    #: By which the application is known.
    reference: str
    #: The name of its state.
    state: Text | str
    #: None: not yet submitted.
    submitted_at: datetime | None
    #: The instant whose state the document shows.
    as_of: datetime
    #: Of all instants.
    zone: ZoneInfo
    sections: Sequence[SectionLines] = field(default=())


def render_application(data: Application, language: str) -> bytes:
    """The application as PDF/UA-1 in ``language`` (English where it does not exist).

    What people wrote stays in the language they wrote it in. The same data gives the same bytes.
    """
    language = known_language(language)
    label = " ".join(dict.fromkeys([say(data.label, language), say(data.round, language)])).strip()
    text = words("application", language)
    name = data.project or data.person or data.school
    submitted = (
        instant_in_words(data.submitted_at, data.zone, language)
        if data.submitted_at
        else text["not_submitted"]
    )
    facts = {
        "project": data.project, "person": data.person, "school": data.school,
        "place": data.place, "area": area_name(data.area, language) if data.area else "",
        "reference": data.reference, "state": say(data.state, language), "submitted": submitted,
    }  # fmt: skip
    sections = [_section(one, data.zone, language, text) for one in data.sections]
    notes = []
    if any(line.sha256 for one in data.sections for a in one.answers for line in a.evidence or ()):
        notes.append(text["about_fingerprints"])
    if _has_missing(sections) or _has_missing([name, data.person, data.school, data.place]):
        notes.append(text["left_out"])
    day = data.as_of.astimezone(data.zone).date()
    return typeset(
        "application.typ",
        {
            "language": language,
            "title": filled(text["document_title"], label=label, name=name),
            "date": day.isoformat(),
            "words": text,
            "label": label,
            "name_short": name if len(name) <= 60 else f"{name[:59]}…",
            "facts": [[text[name], breakable(value)] for name, value in facts.items() if value],
            "printed": filled(
                text["printed"], when=instant_in_words(data.as_of, data.zone, language)
            ),
            "sections": sections,
            "notes": notes,
        },
        day,
    )


def _section(
    section: SectionLines, zone: ZoneInfo, language: str, text: dict[str, str]
) -> dict[str, Any]:
    number = section.step
    return {
        "title": say(section.title, language),
        "step": filled(text["step"], number=str(number)) if number is not None else "",
        "text": say(section.text, language),
        "answers": [_answer(one, zone, language, text) for one in section.answers],
    }


def _answer(
    answer: AnswerLine, zone: ZoneInfo, language: str, text: dict[str, str]
) -> dict[str, Any]:
    title = say(answer.title, language)
    if answer.evidence is not None:
        if not answer.evidence:
            return {"title": title, "kind": "empty", "value": text["no_evidence"]}
        lines = [_evidence(one, zone, language) for one in answer.evidence]
        return {"title": title, "kind": "evidence", "evidence": lines}
    if answer.value is None or answer.value == "":
        return {"title": title, "kind": "empty", "value": text["empty"]}
    if isinstance(answer.value, bool):
        return {"title": title, "kind": "word", "value": text["yes" if answer.value else "no"]}
    return {"title": title, "kind": "text", "value": breakable(answer.value)}


def _evidence(line: EvidenceLine, zone: ZoneInfo, language: str) -> dict[str, Any]:
    half = len(line.sha256) // 2
    return {
        "name": breakable(line.name),
        "url": line.url,
        "size": size_in_words(line.size, language) if line.sha256 else "",
        "added": instant_in_words(line.added_at, zone, language),
        "fingerprint": [line.sha256[:half], line.sha256[half:]] if line.sha256 else [],
    }


def _has_missing(data: Any) -> bool:
    if isinstance(data, str):
        return MISSING in printable(data)
    if isinstance(data, dict):
        return any(_has_missing(value) for value in data.values())
    return isinstance(data, list) and any(_has_missing(value) for value in data)
