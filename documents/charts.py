"""Bar charts as SVG, for pages and papers alike; the figures stand beside each bar.

A page shows the same figures as a table, too. A bar is told apart by its label, never by its colour
alone. The colours are attributes, so that a style sheet can replace them (as in the dark).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from textwrap import wrap

INK, QUIET, BLUE, TINT = "#1b2a3a", "#5b6b7b", "#1f4e79", "#eef3f8"
#: Everything in pixels of a picture that is as wide as this, unless it is told, and scales.
WIDTH, LABEL, VALUE = 720, 230, 110
ROW, HEADING, GAP, BAR = 30, 34, 10, 18
#: Letters of a line of a label that fit: so many of the widest usual ones are LABEL wide. A label
#: has two lines before it is shortened; the whole text stays as its title.
FITS = 25
#: The same of a heading, which has the whole width.
HEADING_FITS = 95


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar."""

    label: str
    #: Its length; None: there is no figure, and the bar is left out.
    value: float | None
    #: The figure in words: "3.4", "12 of 40 (30 %)", "no figure".
    said: str


@dataclass(frozen=True, kw_only=True)
class Bars:
    """Bars under one heading; an empty heading takes no room."""

    heading: str
    bars: Sequence[Bar]


def bar_chart(
    groups: Sequence[Bars], *, title: str, description: str, most: float | None = None,
    width: int = WIDTH,
) -> str:  # fmt: skip
    """A chart of horizontal bars, as SVG text.

    Arguments:
        title, description: what the picture is, and what it shows, for those who do not see it.
        most: the value of the longest possible bar; the largest value there is when left out.
        width: in pixels; a narrower picture has shorter bars, and the same letters.
    """
    values = [bar.value for group in groups for bar in group.bars if bar.value is not None]
    scale = most or max(values, default=0) or 1
    room = width - LABEL - VALUE
    parts, top = [], 0
    for group in groups:
        if group.heading:
            parts.append(_text(0, top + 22, group.heading, weight="700"))
            top += HEADING
        for bar in group.bars:
            middle = top + ROW // 2
            parts += _label(middle, bar.label)
            parts.append(_box(LABEL, middle - BAR // 2, room, TINT))
            length = 0.0
            if bar.value is not None:
                length = max(0.0, min(bar.value / scale, 1.0)) * room
                parts.append(_box(LABEL, middle - BAR // 2, length, BLUE))
            # Words in place of a figure stand where the bar would be: they are longer than figures.
            beside = LABEL + (12 if bar.value is None else room + 12)
            parts.append(_text(beside, middle + 5, bar.said, colour=QUIET))
            top += ROW
        top += GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {max(top, 1)}" role="img">'
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc>"
        f"{''.join(parts)}</svg>"
    )


def _label(middle: int, label: str) -> list[str]:
    """A label beside its bar, on two lines where one is too short for it."""
    lines = wrap(label, FITS)
    if len(lines) < 2:
        return [_text(LABEL - 12, middle + 5, label, anchor="end", fits=FITS)]
    rest = label[len(lines[0]) :].strip()
    return [
        _text(LABEL - 12, middle - 2, lines[0], anchor="end", fits=FITS, size=13),
        _text(LABEL - 12, middle + 12, rest, anchor="end", fits=FITS, whole=label, size=13),
    ]


def _text(
    x: int, y: int, text: str, *, anchor: str = "start", weight: str = "400", colour: str = INK,
    fits: int = HEADING_FITS, whole: str = "", size: int = 15,
) -> str:  # fmt: skip
    short = text if len(text) <= fits else f"{text[: fits - 1].rstrip()}…"
    whole = f"<title>{escape(whole or text)}</title>" if short != text else ""
    return (
        f'<text x="{x}" y="{y}" font-family="Source Sans 3, sans-serif" font-size="{size}" '
        f'font-weight="{weight}" text-anchor="{anchor}" fill="{colour}">'
        f"{whole}{escape(short)}</text>"
    )


def _box(x: int, y: int, width: float, colour: str) -> str:
    return f'<rect x="{x}" y="{y}" width="{width:.1f}" height="{BAR}" rx="3" fill="{colour}"/>'
