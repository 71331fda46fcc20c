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

_JINJA = re.compile(r"\{\{.*?\}\}|\{%-?\s*(\w+).*?%\}", re.DOTALL)
_TOKEN = re.compile(r"KEURMERK[A-Z]+?(\d+)END")
_BLOCK = r"KEURMERK(?:IF|ENDIF|FOR|ENDFOR|BLOCK)\d+END"
_LONE_BLOCKS = re.compile(rf"<p>((?:{_BLOCK}\s*)+)</p>")
_IF_PARAGRAPH = re.compile(
    r"<p>(KEURMERKIF\d+END)((?:(?!</p>).)*)(KEURMERKENDIF\d+END)</p>", re.DOTALL
)
_LOOPED_LIST = re.compile(
    r"(KEURMERKFOR\d+END)\s*<ul>((?:(?!<ul>|</ul>|KEURMERKENDFOR).)*)</ul>\s*(KEURMERKENDFOR\d+END)",
    re.DOTALL,
)
_LOOPED_LINES = re.compile(
    r"^(KEURMERKFOR\d+END)\n+((?:- .*\n)+)\n*(KEURMERKENDFOR\d+END)$", re.MULTILINE
)
_LONE_LINK = re.compile(r'<p><a href="([^"]*)">(.*?)</a></p>')
_LINK_LINE = re.compile(r"^\[([^\]]*)\]\(([^)]*)\)$", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]*)\]\(([^)]*)\)")
_EMPHASIS = re.compile(r"(?<![\w*])(\*\*?|__?)(?=\S)([^*\n]+?)(?<=\S)\1(?![\w*])")
_CODE = re.compile(r"`([^`\n]+)`")
_HEADING_OR_QUOTE = re.compile(r"^(?:#+|>)\s+", re.MULTILINE)

_markdown = MarkdownIt("commonmark", {"html": False})

_BUTTON = (
    '<table role="presentation" cellpadding="0" cellspacing="0" style="margin:24px 0"><tr>'
    '<td style="background:#1f4e79;border-radius:4px">'
    '<a href="{url}" style="display:inline-block;padding:12px 24px;color:#ffffff;'
    'font-weight:bold;text-decoration:none">{label}</a></td></tr></table>'
)


def as_html(source: str) -> str:
    """``source`` (Markdown with Jinja) as an HTML template with the same Jinja."""
    aside, kept = _set_aside(source)
    html = _LONE_BLOCKS.sub(r"\1", _markdown.render(aside))
    html = _IF_PARAGRAPH.sub(_paragraph_within, html)
    html = _LOOPED_LIST.sub(r"<ul>\1\2\3</ul>", html)
    html = _LONE_LINK.sub(lambda link: _BUTTON.format(url=link[1], label=link[2]), html)
    return _put_back(html, kept)


def as_text(source: str, language: str) -> str:
    """``source`` (Markdown with Jinja) as a plain text template with the same Jinja."""
    text, kept = _set_aside(source)
    # French sets a space before a colon, at which no line may break.
    colon = "\N{NO-BREAK SPACE}:" if language == "fr" else ":"
    text = _LINK_LINE.sub(rf"\1{colon} \2", text)
    # Between angle brackets a full stop behind it is not taken for a part of the address.
    text = _LINK.sub(r"\1 <\2>", text)
    text = _CODE.sub(r"\1", _EMPHASIS.sub(r"\2", text))
    text = _LOOPED_LINES.sub(r"\1\2\3", text)
    return _put_back(_HEADING_OR_QUOTE.sub("", text), kept)


def _set_aside(source: str) -> tuple[str, list[str]]:
    kept: list[str] = []

    def token(found: re.Match[str]) -> str:
        kept.append(found[0])
        kind = (found[1] or "").upper()
        if kind not in {"IF", "ENDIF", "FOR", "ENDFOR"}:
            kind = "BLOCK" if kind else "VALUE"
        return f"KEURMERK{kind}{len(kept) - 1}END"

    return _JINJA.sub(token, source), kept


def _put_back(text: str, kept: list[str]) -> str:
    return _TOKEN.sub(lambda found: kept[int(found[1])], text)


def _paragraph_within(found: re.Match[str]) -> str:
    """A paragraph that is there only sometimes leaves no empty one behind."""
    depth = 1
    for kind in re.findall(r"KEURMERK(IF|ENDIF|BLOCK)\d", found[2]):
        depth += {"IF": 1, "ENDIF": -1}.get(kind, 0)
        if depth == 0 or (depth == 1 and kind == "BLOCK"):  # two conditions, or an "else"
            return found[0]
    return f"{found[1]}<p>{found[2]}</p>{found[3]}"


@lru_cache(maxsize=1)
def layout() -> str:
    """The HTML around a mail, with ``@@LANGUAGE@@``, ``@@TITLE@@``, ``@@BODY@@``, ``@@FOOT@@``.

    Compiled from ``mails/layout.mjml``, with no font and no picture from outside.
    """
    source = Path(__file__).with_name("mails") / "layout.mjml"
    return str(mjml2html(source.read_text(encoding="utf-8"), fonts={}))
