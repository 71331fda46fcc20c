"""QR codes."""

from __future__ import annotations

import io

import segno


def qr_code(url: str) -> str:
    """``url`` as a QR code in SVG, robust enough for a crumpled print (level Q)."""
    drawn = io.BytesIO()
    segno.make(url, error="q", micro=False).save(
        drawn, kind="svg", border=0, dark="#16263a", xmldecl=False, svgns=True, nl=False
    )
    return drawn.getvalue().decode()
