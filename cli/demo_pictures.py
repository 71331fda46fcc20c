"""Pictures that the people of the demo upload as evidence."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw


def picture(title: str) -> bytes:
    """A small photograph of a poster, as a school would upload one."""
    image = Image.new("RGB", (640, 400), "#e8eef4")
    ImageDraw.Draw(image).text((40, 180), title.replace("_", " "), fill="#1f4e79")
    content = io.BytesIO()
    image.save(content, "JPEG", quality=80)
    return content.getvalue()
