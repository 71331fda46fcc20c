"""The documents Keurmerk makes, all PDF/UA-1: tagged, with a title, a language and alt texts."""

from __future__ import annotations

from documents.application import (
    AnswerLine,
    Application,
    EvidenceLine,
    SectionLines,
    render_application,
)
from documents.certificate import Certificate, render_certificate
from documents.declaration import Declaration, render_declaration

__all__ = [
    "AnswerLine",
    "Application",
    "Certificate",
    "Declaration",
    "EvidenceLine",
    "SectionLines",
    "render_application",
    "render_certificate",
    "render_declaration",
]
