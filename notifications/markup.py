"""From one Markdown source to the two parts of a mail.

A template's Markdown is turned into HTML and into plain text once, when it is read, with its Jinja
expressions set aside; only then is each compiled. So a value can bring neither Markdown nor HTML
into a mail, and both parts always say the same.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from markdown_it import MarkdownIt
from mjml import mjml2html

_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_TOKEN = re.compile(r"KEURMERK(?:VALUE|BLOCK)(\d+)END")
_LONE_BLOCKS = re.compile(r"<p>((?:KEURMERKBLOCK\d+END\s*)+)</p>")
_LONE_LINK = re.compile(r'<p><a href="([^"]*)">(.*?)</a></p>')
_LINK = re.compile(r"\[([^\]]*)\]\(([^)]*)\)")
_EMPHASIS = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_HEADING = re.compile(r"^#+\s+", re.MULTILINE)

_markdown = MarkdownIt("commonmark", {"html": False})

_BUTTON = (
    '<table role="presentation" cellpadding="0" cellspacing="0" style="margin:24px 0"><tr>'
    '<td style="background:#1f4e79;border-radius:4px">'
    '<a href="{url}" style="display:inline-block;padding:12px 24px;color:#ffffff;'
    'font-weight:bold;text-decoration:none">{label}</a></td></tr></table>'
)


def as_html(source: str) -> str:
    """``source`` (Markdown with Jinja) as an HTML template with the same Jinja."""
    kept: list[str] = []

    def set_aside(found: re.Match[str]) -> str:
        kept.append(found[0])
        kind = "BLOCK" if found[0].startswith("{%") else "VALUE"
        return f"KEURMERK{kind}{len(kept) - 1}END"

    html = _markdown.render(_JINJA.sub(set_aside, source))
    html = _LONE_BLOCKS.sub(r"\1", html)
    html = _LONE_LINK.sub(lambda link: _BUTTON.format(url=link[1], label=link[2]), html)
    return _TOKEN.sub(lambda found: kept[int(found[1])], html)


def as_text(source: str) -> str:
    """``source`` (Markdown with Jinja) as a plain text template with the same Jinja."""
    text = _LINK.sub(lambda link: f"{link[1]}: {link[2]}", source)
    text = _EMPHASIS.sub(r"\2", text)
    return _HEADING.sub("", text)


@lru_cache(maxsize=1)
def layout() -> str:
    """The HTML around a mail, with ``@@LANGUAGE@@``, ``@@TITLE@@``, ``@@BODY@@``, ``@@FOOT@@``.

    Compiled from ``mails/layout.mjml``, with no font and no picture from outside.
    """
    source = Path(__file__).with_name("mails") / "layout.mjml"
    return str(mjml2html(source.read_text(encoding="utf-8"), fonts={}))
