"""The picture of a badge: a hallmark, drawn here."""

from __future__ import annotations

from html import escape
from math import cos, pi, sin

#: Points of the seal's edge.
POINTS = 36


def badge_picture(title: str, line: str, year: str) -> str:
    """A seal as SVG, 400 pixels wide; its words are its title, too.

    Arguments:
        title: what the badge is called.
        line: a short line below it: the level.
        year: the school year.
    """
    edge = " ".join(
        f"{200 + radius * cos(pi * at / POINTS):.1f},{200 + radius * sin(pi * at / POINTS):.1f}"
        for at in range(2 * POINTS)
        for radius in [190 if at % 2 else 176]
    )
    words = [(title, 170, 34, 700), (year, 222, 26, 600), *_lines(line)]
    texts = "".join(
        f'<text x="200" y="{y}" font-family="Source Sans 3, sans-serif" font-size="{size}" '
        f'font-weight="{weight}" text-anchor="middle" fill="#ffffff">{escape(text)}</text>'
        for text, y, size, weight in words
    )
    name = escape(f"{title}, {year}, {line}")
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400" width="400" height="400" '
        f'role="img"><title>{name}</title><polygon points="{edge}" fill="#1f4e79"/>'
        '<circle cx="200" cy="200" r="158" fill="none" stroke="#ffffff" stroke-width="3"/>'
        f"{texts}</svg>"
    )


def _lines(line: str) -> list[tuple[str, int, int, int]]:
    """A line in at most three, of so many letters that they fit in the seal."""
    rows = [""]
    for word in line.split():
        if rows[-1] and len(rows[-1]) + len(word) > 24 and len(rows) < 3:
            rows.append("")
        rows[-1] = f"{rows[-1]} {word}".strip()
    return [(row, 258 + 24 * at, 18, 400) for at, row in enumerate(rows)]
