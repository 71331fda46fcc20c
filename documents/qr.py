"""QR codes."""

from __future__ import annotations

import io


def qr_code(url: str) -> str:
    """``url`` as a QR code in SVG, robust enough for a crumpled print (level Q)."""
    import segno  # noqa: PLC0415 - its writers bring half a web client with them

    drawn = io.BytesIO()
    segno.make(url, error="q", micro=False).save(
        drawn, kind="svg", border=0, dark="#16263a", xmldecl=False, svgns=True, nl=False,
        # A view box instead: whoever shows it says how large.
        omitsize=True,
    )  # fmt: skip
    return drawn.getvalue().decode()
