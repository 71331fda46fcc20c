"""The form as its reader sees it before submitting: answers in words, evidence, what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from base.errors import Problem
from base.i18n import N_, say, translate
from base.i18n import in_words as day_in_words
from documents.words import area_name
from registry.rights import rights
from workflows.definition import Ask, Process
from workflows.form import Answers, missing, sections
from workflows.form_definition import FormField

#: An answer in words; marked here so that the catalogues have them.
YES_NO = {"yes": N_("Yes"), "no": N_("No")}


@dataclass(frozen=True, kw_only=True)
class FieldPreview:
    """One field, in one language."""

    #: ``section.field``.
    key: str
    type: str
    title: str
    #: The answer in words; empty for none, and for evidence.
    answer: str
    #: The links and files of an evidence field, as they were given.
    evidence: tuple[Any, ...]
    #: What the field lacks, as a sentence; empty if nothing.
    missing: str


@dataclass(frozen=True, kw_only=True)
class SectionPreview:
    """One section, in one language."""

    section: str
    step: int
    title: str
    text: str
    fields: tuple[FieldPreview, ...]

    @property
    def missing(self) -> int:
        """How many fields lack something."""
        return sum(bool(field.missing) for field in self.fields)


@dataclass(frozen=True, kw_only=True)
class Preview:
    """The whole form, in one language."""

    language: str
    sections: tuple[SectionPreview, ...]
    #: Everything missing, by step.
    missing: tuple[Problem, ...]

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing


def preview(
    process: Process,
    answers: Answers,
    evidence: Mapping[str, Sequence[Any]],
    language: str,
) -> Preview:
    """The form with its answers, as it would be submitted now.

    Arguments:
        evidence: the links and files of each evidence field, in the form the caller shows them.
        language: of the reader; texts that lack it are said in English.
    """
    problems = missing(process, answers, {key: len(items) for key, items in evidence.items()})
    lacking = {problem.where: problem.say(language) for problem in problems}
    return Preview(
        language=language,
        sections=tuple(
            SectionPreview(
                section=section.section,
                step=section.step,
                title=say(section.title, language),
                text=say(section.text or {}, language),
                fields=tuple(
                    FieldPreview(
                        key=(key := f"{section.section}.{field.name}"),
                        type=field.type,
                        title=say(field.title, language),
                        answer=in_words(field, answers.get(key), language),
                        evidence=tuple(evidence.get(key, ())),
                        missing=lacking.get(key, ""),
                    )
                    for field in section.fields
                ),
            )
            for section in sections(process)
        ),
        missing=tuple(problems),
    )


def in_words(field: FormField | Ask, answer: Any, language: str) -> str:
    """An answer as people read it, of a form or a step; empty for none, and for evidence."""
    if not isinstance(answer, str) or field.type == "evidence":
        return ""
    if field.type == "yes_no":
        return translate(YES_NO[answer], language) if answer in YES_NO else ""
    if field.type == "choice":
        return say(field.choices.get(answer, {}), language)
    if field.type == "date":
        return _day_in_words(answer, language)
    if field.type == "right" and answer in rights():
        return say(rights()[answer].title, language)
    return area_name(answer, language) if field.type == "area" else answer


def _day_in_words(answer: str, language: str) -> str:
    try:
        return day_in_words(date.fromisoformat(answer), language)
    except ValueError:  # as it was sent: a process file may have asked for a text before
        return answer
