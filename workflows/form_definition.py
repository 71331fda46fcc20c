"""The form of a process as its file says it; ``workflows/form.py`` works with what is filled in."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from workflows.definition_parts import Name, Names, Part, Texts


class FormField(Part):
    """One field of the form."""

    name: Name
    type: Literal["yes_no", "text", "choice", "evidence"]
    title: Texts
    hint: Texts | None = None
    #: yes_no: the answer needed to submit.
    must_be: Literal["yes", "no"] | None = None
    #: text, choice and evidence: needed to submit.
    required: bool = False
    #: choice: the answers there are, and what they are called.
    choices: dict[Name, Texts] = {}
    #: text: at most so many characters (the form's limit when left out).
    max_characters: int | None = Field(default=None, ge=1, le=100_000)
    #: text: characters that cannot be used in it.
    without: str = ""
    #: evidence: links, files or both.
    kinds: list[Literal["url", "file"]] = ["url", "file"]
    #: evidence: kinds of file.
    accept: list[str] = []
    #: evidence: largest file, in units of 2**20 bytes, inclusive.
    max_megabytes: int = Field(default=10, ge=1, le=100)
    #: evidence: how many links and files at most.
    at_most: int = Field(default=10, ge=1, le=100)


class Section(Part):
    """A section of the form."""

    section: Name
    step: int = Field(ge=1)
    title: Texts
    text: Texts | None = None
    #: A document of ``documents`` that is downloaded here.
    document: str | None = None
    fields: list[FormField] = Field(min_length=1)


class Form(Part):
    """The form of the process."""

    edited_in: list[Name]
    edited_by: Names
    #: The field whose answer is the name of the case in lists and mails: ``project.title``.
    titled_by: str | None = None
    max_characters: int = Field(default=2500, ge=1, le=100_000)
    sections: list[Section] = Field(min_length=1)
