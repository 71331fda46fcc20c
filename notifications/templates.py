"""Mail templates: one file per mail and language, read once, compiled when first used.

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
from functools import cached_property, lru_cache
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
#: In an edited mail that several people get, the name of each.
NAME = "{name}"
_ADDRESS = re.compile(r"(https?://[^\s<>\"]+[^\s<>\".,;:!?)])")
#: White space at which a line may break; what French sets before a colon holds it together.
_BREAKING = re.compile(r"[^\S\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}]+")

OTHER_LANGUAGE = N_("You asked for mails in {asked}. This one is not available in it.")
#: In a subject: what is filled in, and all of a choice but what it says otherwise.
_FILLED = re.compile(r"\{\{.*?\}\}")
_NOT_SEVERAL = re.compile(r"\{%-? if [^%]*%\}[^{]*\{%-? else -?%\}|\{%.*?%\}")

TURN_OFF = N_("You can do without such reminders: {address}")
SENT_BY = N_("Keurmerk sent this mail because of a step in “{process}”. You can reply to it.")
ASKED_FOR = N_("Keurmerk sent this mail because somebody asked for it with your mail address.")
ABOUT_YOU = N_("Keurmerk sent this mail because it is about your own account.")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mail in words."""

    subject: str
    text: str
    html: str
    #: The text without what stands under every mail.
    body: str = ""


@dataclass(frozen=True)
class _Source:
    """A template that has been read. A part is compiled when it is first wanted."""

    language: str
    head: Mapping[str, str]
    body: str

    @cached_property
    def subject(self) -> Template:
        return self._plain(self.head["Subject"])

    @cached_property
    def notice(self) -> Template:
        return self._plain(self.head.get("Notice", self.head["Subject"]))

    @cached_property
    def text(self) -> Template:
        return self._plain(as_text(self.body, self.language))

    @cached_property
    def html(self) -> Template:
        whole = (
            layout()
            .replace("@@LANGUAGE@@", self.language)
            .replace("@@TITLE@@", as_html(self.head["Subject"]).strip().removeprefix("<p>")[:-4])
            .replace("@@BODY@@", as_html(self.body))
            .replace("@@FOOT@@", "{% for note in foot %}<p>{{ note }}</p>{% endfor %}")
        )
        return _compiled(_environments(self.language)[1], whole)

    def _plain(self, source: str) -> Template:
        return _compiled(_environments(self.language)[0], source)


class Templates:
    """All templates of an installation."""

    def __init__(self, folder: Path = FOLDER) -> None:
        """Read and check every template below ``folder``.

        Raises:
            BadDefinition: a template has errors; all are named with file, line and column.
        """
        self._sources: dict[tuple[str, str], _Source] = {}
        remarks: list[Remark] = []
        for path in sorted(folder.glob("*/*.md")):
            found = _FILE.match(path.name)
            if not found:
                remarks.append(_remark(path, 1, 'name the file "NAME.LANGUAGE.md": approved.nl.md'))
                continue
            source, wrong = _read(str(path), path.read_text(encoding="utf-8"), found["language"])
            remarks += wrong
            if source:
                self._sources[f"{path.parent.name}/{found['name']}", found["language"]] = source
        if remarks:
            raise BadDefinition(N_("Mail templates have errors."), remarks)

    def names(self) -> list[str]:
        """All templates: ``school_label/approved``."""
        return sorted({name for name, _ in self._sources})

    def languages(self, name: str) -> list[str]:
        """The languages a template exists in."""
        return sorted(language for known, language in self._sources if known == name)

    def has_notice(self, name: str) -> bool:
        """Whether every language of a template has a notice."""
        found = [one for (known, _), one in self._sources.items() if known == name]
        return bool(found) and all("Notice" in one.head for one in found)

    def pattern(self, name: str, language: str) -> str:
        """The subject of a template with … for what differs from mail to mail.

        Where it has a form for one and one for several, the latter.
        """
        subject = self._find(name, language).head["Subject"]
        return on_one_line(_FILLED.sub("…", _NOT_SEVERAL.sub("", subject)))

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
        source = self._find(name, language)
        notes = _notes(language, context, asked)
        if turn_off:
            notes.append(translate(TURN_OFF, language, address=turn_off))
        values = {**context, "foot": notes}
        try:
            subject = on_one_line(source.subject.render(values))
            text = source.text.render(values)
            html = source.html.render(values)
        except TemplateError as error:
            raise Fault(
                N_("The mail {name} cannot be written: {why}."),
                name=f"{name}.{language}", why=str(error),
            ) from error  # fmt: skip
        body = _without_gaps(text)
        return Rendered(subject=subject, text=_with_foot(body, notes), html=html, body=body)

    def edited(
        self, language: str, context: Mapping[str, Any], edited: Mapping[str, str], *,
        asked: str | None = None,
    ) -> Rendered:  # fmt: skip
        """A mail that a person has put in words of her own.

        Arguments:
            context: the values, with ``person``.
            edited: ``subject`` and ``text``; ``{name}`` in them stands for the person's name.
            asked: as in :meth:`render`.
        """
        name = str(context["person"]["name"])
        subject, body = (edited[part].replace(NAME, name) for part in ("subject", "text"))
        notes = _notes(language, context, asked)
        html = _around(language).render(subject=subject, body=_as_paragraphs(body), foot=notes)
        return Rendered(
            subject=on_one_line(subject), text=_with_foot(body, notes), html=html, body=body
        )

    def notice(self, name: str, language: str, context: Mapping[str, Any]) -> str:
        """The notice of a template: one sentence; the subject where it has no notice of its own."""
        source = self._find(name, language)
        return on_one_line(source.notice.render(context))

    def _find(self, name: str, language: str) -> _Source:
        found = self._sources.get((name, language)) or self._sources.get((name, "en"))
        if found is None:
            raise Fault(N_("There is no mail called {name}."), name=name)
        return found


def on_one_line(text: str) -> str:
    """``text`` without line breaks, and with one space where there were several."""
    return _BREAKING.sub(" ", text).strip()


def _without_gaps(text: str) -> str:
    """``text`` without space at the end of lines, and one empty line where there were more."""
    lines: list[str] = []
    for line in text.split("\n"):
        if line.strip():
            lines.append(line.rstrip(" \t"))
        elif lines and lines[-1]:
            lines.append("")
    return "\n".join(lines).strip()


# There are hundreds, and what is read never changes.
@lru_cache(maxsize=2048)
def _read(file: str, text: str, language: str) -> tuple[_Source | None, tuple[Remark, ...]]:
    """A template of ``text`` and what is wrong with it."""
    environment = _environments(language)[0]
    wrong = check(file, text, environment)
    try:
        source = _parts(text, language)
        # Reading it as one piece has named what is wrong, unless it is right only as one. Where
        # the head is right by itself, nothing in it is left open, and so the body is right, too.
        for part in () if wrong else source.head.values():
            environment.parse(part)
    except TemplateSyntaxError as error:
        return None, (_remark(Path(file), error.lineno, str(error.message)),)
    except ValueError as error:
        return None, (*wrong, _remark(Path(file), 1, str(error)))
    return source, tuple(wrong)


def _notes(language: str, context: Mapping[str, Any], asked: str | None) -> list[str]:
    """What stands under every mail."""
    notes: list[str] = []
    if asked:
        notes.append(translate(OTHER_LANGUAGE, language, asked=name_of(asked)))
    process = context.get("process", {}).get("title")
    if process:
        return [*notes, _sent_by(language, say(process, language))]
    # A mail of no process has a link that was asked for, or tells of an account.
    return [*notes, translate(ASKED_FOR if "link" in context else ABOUT_YOU, language)]


# The same for all mails of a process.
@lru_cache(maxsize=256)
def _sent_by(language: str, process: str) -> str:
    return translate(SENT_BY, language, process=process)


def _with_foot(body: str, notes: Sequence[str]) -> str:
    return "\n".join([body, "", "-- ", *notes, ""])


@lru_cache(maxsize=16)
def _around(language: str) -> Template:
    """The HTML around a mail in a person's own words."""
    whole = (
        layout()
        .replace("@@LANGUAGE@@", language)
        .replace("@@TITLE@@", "{{ subject }}")
        .replace("@@BODY@@", "{{ body }}")
        .replace("@@FOOT@@", "{% for note in foot %}<p>{{ note }}</p>{% endfor %}")
    )
    return _compiled(_environments(language)[1], whole)


def _as_paragraphs(text: str) -> Markup:
    """Plain text as HTML: paragraphs, line breaks, and addresses as links; nothing else."""
    found = []
    for paragraph in re.split(r"\n\s*\n", text):
        lines = [_with_links(line) for line in paragraph.strip().splitlines()]
        found.append(Markup("<p>{}</p>").format(Markup("<br>").join(lines)))
    return Markup("").join(found)


def _with_links(line: str) -> Markup:
    parts = _ADDRESS.split(line)
    return Markup("").join(
        Markup('<a href="{0}">{0}</a>').format(part) if _ADDRESS.fullmatch(part) else escape(part)
        for part in parts
    )


def _parts(text: str, language: str) -> _Source:
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
    return _Source(language=language, head=head, body=body)


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


def _compiled(environment: SandboxedEnvironment, source: str) -> Template:
    template = environment.from_string(source)
    # Jinja looks its own names up in layers and copies them for every mail: here they are one.
    template.globals = dict(template.globals)
    return template


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
