"""Mail templates: one file per mail and language, read and compiled once.

``mails/<process>/<name>.<language>.md`` begins with ``Subject:`` and, where the mail has a notice
beside it, ``Notice:``; after an empty line follows the body in Markdown with Jinja. Administrators
may change these files, so they are rendered in Jinja's sandbox, and a name that does not exist is
an error, not an empty place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup, escape

from base.errors import BadDefinition, Fault, Remark
from base.i18n import N_, in_words, say, translate
from notifications.checks import check
from notifications.languages import name_of
from notifications.markup import as_html, as_text, layout

FOLDER = Path(__file__).with_name("mails")

_FILE = re.compile(r"^(?P<name>[a-z][a-z0-9_]*)\.(?P<language>[a-z]{2})\.md$")
_HEAD = re.compile(r"^(Subject|Notice): (.+)$")
_GAPS = re.compile(r"[ \t]+$|\n(?=\s*\n\s*\n)", re.MULTILINE)

OTHER_LANGUAGE = N_("You asked for mails in {asked}. This one is not available in it.")
TURN_OFF = N_("You can do without such reminders: {address}")
SENT_BY = N_("Keurmerk sent this mail because of a step in “{process}”. You can reply to it.")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mail in words."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class _Compiled:
    subject: Template
    notice: Template | None
    text: Template
    html: Template


class Templates:
    """All templates of an installation."""

    def __init__(self, folder: Path = FOLDER) -> None:
        """Read and compile every template below ``folder``.

        Raises:
            BadDefinition: a template has errors; all are named with file, line and column.
        """
        self._compiled: dict[tuple[str, str], _Compiled] = {}
        remarks: list[Remark] = []
        for path in sorted(folder.glob("*/*.md")):
            found = _FILE.match(path.name)
            if not found:
                remarks.append(_remark(path, 1, 'name the file "NAME.LANGUAGE.md": approved.nl.md'))
                continue
            name = f"{path.parent.name}/{found['name']}"
            text = path.read_text(encoding="utf-8")
            wrong = check(str(path), text, _environments(found["language"])[0])
            remarks += wrong
            try:
                self._compiled[name, found["language"]] = _compile(text, found["language"])
            except TemplateSyntaxError as error:
                # Reading it as one piece has named it already, unless it is right only as one.
                if not wrong:
                    remarks.append(_remark(path, error.lineno, str(error.message)))
            except ValueError as error:
                remarks.append(_remark(path, 1, str(error)))
        if remarks:
            raise BadDefinition(N_("Mail templates have errors."), remarks)

    def names(self) -> list[str]:
        """All templates: ``school_label/approved``."""
        return sorted({name for name, _ in self._compiled})

    def languages(self, name: str) -> list[str]:
        """The languages a template exists in."""
        return sorted(language for known, language in self._compiled if known == name)

    def has_notice(self, name: str) -> bool:
        """Whether every language of a template has a notice."""
        found = [one for (known, _), one in self._compiled.items() if known == name]
        return bool(found) and all(one.notice for one in found)

    def render(
        self, name: str, language: str, context: Mapping[str, Any], *, asked: str | None = None,
        turn_off: str | None = None,
    ) -> Rendered:  # fmt: skip
        """A mail in words.

        Arguments:
            context: the values (``docs/mails.md``), with ``person``.
            asked: the language the person asked for, where it is another one.
            turn_off: the address where such mails are turned off, if they can be.

        Raises:
            Fault: there is no such template, or a value it uses is not given.
        """
        compiled = self._find(name, language)
        notes: list[str] = []
        if asked:
            notes.append(translate(OTHER_LANGUAGE, language, asked=name_of(asked)))
        process = context.get("process", {}).get("title", "")
        notes.append(translate(SENT_BY, language, process=process))
        if turn_off:
            notes.append(translate(TURN_OFF, language, address=turn_off))
        values = {**context, "foot": notes}
        try:
            subject = " ".join(compiled.subject.render(values).split())
            text = compiled.text.render(values)
            html = compiled.html.render(values)
        except TemplateError as error:
            raise Fault(
                N_("The mail {name} cannot be written: {why}."),
                name=f"{name}.{language}", why=str(error),
            ) from error  # fmt: skip
        text = _GAPS.sub("", text).strip()
        text = "\n".join([text, "", "-- ", *notes, ""])
        return Rendered(subject=subject, text=text, html=html)

    def notice(self, name: str, language: str, context: Mapping[str, Any]) -> str:
        """The notice of a template: one sentence; the subject where it has no notice of its own."""
        compiled = self._find(name, language)
        return " ".join((compiled.notice or compiled.subject).render(context).split())

    def _find(self, name: str, language: str) -> _Compiled:
        found = self._compiled.get((name, language)) or self._compiled.get((name, "en"))
        if found is None:
            raise Fault(N_("There is no mail called {name}."), name=name)
        return found


def _compile(text: str, language: str) -> _Compiled:
    head: dict[str, str] = {}
    lines = text.splitlines()
    while lines and (found := _HEAD.match(lines[0])):
        head[found[1]] = found[2].strip()
        lines.pop(0)
    if "Subject" not in head or (lines and lines[0].strip()):
        message = 'begin with "Subject: …" (and "Notice: …"), then an empty line, then the body'
        raise ValueError(message)
    # As many empty lines as the head had, so that errors name the file's own lines.
    body = "\n" * (len(text.splitlines()) - len(lines)) + "\n".join(lines)
    plain, safe = _environments(language)
    whole = (
        layout()
        .replace("@@LANGUAGE@@", language)
        .replace("@@TITLE@@", as_html(head["Subject"]).strip().removeprefix("<p>")[:-4])
        .replace("@@BODY@@", as_html(body))
        .replace("@@FOOT@@", "{% for note in foot %}<p>{{ note }}</p>{% endfor %}")
    )
    return _Compiled(
        subject=plain.from_string(head["Subject"]),
        notice=plain.from_string(head["Notice"]) if "Notice" in head else None,
        text=plain.from_string(as_text(body, language)),
        html=safe.from_string(whole),
    )


@lru_cache(maxsize=16)
def _environments(language: str) -> tuple[SandboxedEnvironment, SandboxedEnvironment]:
    found = []
    for for_html in (False, True):
        environment = SandboxedEnvironment(
            undefined=StrictUndefined, autoescape=for_html, lstrip_blocks=True
        )
        environment.filters["say"] = lambda value: say(value, language)
        environment.filters["day"] = lambda value: _day(value, language)
        environment.filters["lines"] = _html_lines if for_html else str
        found.append(environment)
    return found[0], found[1]


@lru_cache(maxsize=4096)
def _written(iso: str, language: str) -> str:
    return in_words(date.fromisoformat(iso[:10]), language)


def _day(value: str | date | datetime, language: str) -> str:
    """A date in words of the language: 31 januari 2023."""
    return _written(value if isinstance(value, str) else value.isoformat(), language)


def _html_lines(value: str) -> Markup:
    """What a person wrote, with its line breaks."""
    return Markup("<br>").join(escape(line) for line in str(value).splitlines())


def _remark(path: Path, line: int, message: str) -> Remark:
    return Remark(file=str(path), line=line, column=1, message=message)


def missing_languages(templates: Templates, name: str, languages: Sequence[str]) -> list[str]:
    """The languages a template should exist in and does not."""
    return [language for language in languages if language not in templates.languages(name)]
