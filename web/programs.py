"""Answers for other programs."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi.responses import Response


class JsonLd(Response):
    """A JSON-LD document that any site may read."""

    media_type = "application/ld+json"

    def __init__(self, content: Any, media_type: str | None = None) -> None:
        """Answer with ``content``."""
        super().__init__(
            orjson.dumps(content), media_type=media_type,
            headers={"Access-Control-Allow-Origin": "*"},
        )  # fmt: skip
