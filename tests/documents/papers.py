"""Documents to make, and what a made one says."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from pypdf import PdfReader

from documents.pdf import (
    AnswerLine,
    Application,
    Certificate,
    Declaration,
    EvidenceLine,
    SectionLines,
)

LABEL = {
    "en": "eTwinning School Label", "nl": "eTwinning School Label",
    "fr": "Label d’école eTwinning", "de": "eTwinning-Schulsiegel",
}  # fmt: skip
NOW = datetime(2023, 1, 20, 9, 30, tzinfo=UTC)
URL = "https://keurmerk.example.org/labels/0187a3c2-6f1d-7b54-9a3e-2f60c1d4e5f7"

CERTIFICATE = Certificate(
    number="0187a3c2-6f1d-7b54-9a3e-2f60c1d4e5f7", school="Atheneum De Linde", place="Lindedorp",
    area="BE-VLG", label=LABEL, round="2023-2024", granted_on=date(2023, 3, 29),
    valid_from=date(2023, 3, 29), valid_until=date(2024, 12, 31), verify_url=URL,
)  # fmt: skip
DECLARATION = Declaration(
    school="Atheneum De Linde", place="Lindedorp", area="BE-VLG", label=LABEL, round="2023-2024",
    reference="0187a3c2", made_on=date(2023, 1, 20),
    step={"en": "Declaration of honour", "nl": "Verklaring op eer"},
)  # fmt: skip
APPLICATION = Application(
    school="Atheneum De Linde", place="Lindedorp", area="BE-VLG", label=LABEL, round="2023-2024",
    reference="0187a3c2", state={"en": "To be judged", "nl": "Te beoordelen"}, submitted_at=NOW,
    as_of=NOW + timedelta(days=1), zone=ZoneInfo("Europe/Brussels"),
    sections=[
        SectionLines(
            title="eSafety policy", step=2, text="Safe.",
            answers=[
                AnswerLine(title="We have one.", value=True),
                AnswerLine(title="We have two.", value=False),
                AnswerLine(
                    title="Show it.",
                    evidence=[
                        EvidenceLine(
                            name="https://www.example.org/policy",
                            url="https://www.example.org/policy", added_at=NOW,
                        ),
                        EvidenceLine(
                            name="policy.pdf", sha256="ab" * 32, size=1_234_567, added_at=NOW
                        ),
                    ],
                ),
                AnswerLine(title="Describe it.", value="First line.\nSecond line."),
                AnswerLine(title="Plans?"),
                AnswerLine(title="More?", evidence=[]),
            ],
        )
    ],
)  # fmt: skip


def opened(made: bytes) -> PdfReader:
    """A made document, to look into."""
    return PdfReader(io.BytesIO(made))


def text_of(made: bytes) -> str:
    """All its words, with single spaces, as a reader of the file hears them."""
    pages = " ".join(page.extract_text() for page in opened(made).pages)
    return " ".join(pages.replace("\u200b", "").split())
