"""Photos: opened, checked and written anew without what the camera noted of place and person."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image, ImageOps, UnidentifiedImageError

from base.errors import BadFile
from base.i18n import N_

#: 8,000 x 6,250: more than any phone takes. A picture needs some 4 bytes a pixel of memory.
MAX_PIXELS = 50_000_000

_BROKEN = (
    OSError, ValueError, SyntaxError, TypeError, EOFError, IndexError, KeyError, OverflowError,
    ArithmeticError, AttributeError, struct.error, zlib.error, UnidentifiedImageError,
)  # fmt: skip


def clean_jpeg(content: bytes) -> bytes:
    """The picture of a JPEG file, turned upright, as a new JPEG file without its metadata.

    The colour profile stays; place, time, owner and thumbnails go.

    Raises:
        BadFile: it is no picture, or one of more than :data:`MAX_PIXELS`.
    """
    # A phone's JPEG with a second picture inside is MPO; its first picture is what is seen.
    return _clean(content, "JPEG", ("JPEG", "MPO"))


def clean_png(content: bytes) -> bytes:
    """As :func:`clean_jpeg`, for PNG; of a moving picture the first image is kept."""
    return _clean(content, "PNG", ("PNG",))


def _clean(content: bytes, kind: str, formats: tuple[str, ...]) -> bytes:
    try:
        with Image.open(io.BytesIO(content), formats=formats) as picture:
            width, height = picture.size
            if width * height > MAX_PIXELS:
                raise _too_large()
            profile = picture.info.get("icc_profile")
            upright = ImageOps.exif_transpose(picture)
            upright.load()
            kept = io.BytesIO()
            clean = upright.copy()
            # What a mode needs to be drawn stays (transparency); all else that was noted goes.
            clean.info = {
                key: value
                for key, value in upright.info.items()
                if key == "transparency" and kind == "PNG"
            }
            options = {"icc_profile": profile} if isinstance(profile, bytes) and profile else {}
            if kind == "JPEG":
                clean.save(kept, kind, quality=90, optimize=True, exif=b"", **options)
            else:
                clean.save(kept, kind, optimize=False, exif=b"", **options)
            return kept.getvalue()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large() from None
    except _BROKEN:
        raise BadFile(
            N_("The picture cannot be read; the file may be damaged. Save it once more as {kind}."),
            kind=kind,
        ) from None


def _too_large() -> BadFile:
    return BadFile(
        N_("The picture has more than {millions} million points. Save it smaller, please."),
        millions=MAX_PIXELS // 1_000_000,
    )
