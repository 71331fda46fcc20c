"""What goes over the wire, read by the standard library's parser."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import SMTP

import pytest

from base.errors import BadInput
from notifications.message import Sender, build
from notifications.templates import Rendered

NOW = datetime(2022, 11, 23, 5, 0, tzinfo=UTC)
TEXT = "Dag Zoë\n\nJullie school is uitgenodigd.\n" * 20
HTML = "<p>Dag Zoë</p>\n" * 200
MAIL = {
    "id": "0184a2b0-0000-7000-8000-000000000001", "to_name": "An Adler",
    "to_address": "an.adler@example.org", "language": "nl", "area": "BE-VLG",
}  # fmt: skip


def built(
    subject: str = "Uitnodiging", address: str = "Keurmerk <k@example.org>", **mail: str
) -> bytes:
    sender = Sender(address=address, reply_to={"*": "Élan <nso@example.org>"})
    return build(MAIL | mail, Rendered(subject=subject, text=TEXT, html=HTML), sender, NOW)


FRENCH = "Votre école est invitée à poser sa candidature " * 3 + "!"
NAMES = ["An Adler", "Élodie", "Ünal " * 39 + "Ü", 'Ann "O" Brien, Jr.', "n" * 200, "日本" * 100]
SENDERS = ["k@example.org", "Kéurmerk <k@example.org>", "K" * 90 + " <k@example.org>"]


@pytest.mark.parametrize("subject", ["Uitnodiging", FRENCH, "y" * 500, "x " * 90 + "."])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("address", SENDERS)
def test_every_header_and_part_comes_back_as_it_was(subject: str, name: str, address: str) -> None:
    content = built(subject, address, to_name=name)
    message = message_from_bytes(content, policy=SMTP)
    assert message["Subject"] == subject
    assert message["To"].addresses[0].addr_spec == MAIL["to_address"]
    assert message["From"].addresses[0].addr_spec == "k@example.org"
    assert message["Reply-To"].addresses[0].display_name == "Élan"
    # The parser above leaves a space between the pieces of a long name; this one does not.
    written = str(message_from_bytes(content)["To"]).replace("\r\n", "")
    shown = str(make_header(decode_header(written))).replace("\\", "")
    assert shown.removesuffix("<an.adler@example.org>").strip().strip('"') == name
    parts = list(message.iter_parts())
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    assert [part.get_content() for part in parts] == [TEXT, HTML]
    assert [part.defects for part in message.walk()] == [[], [], []]
    assert max(len(line) for line in content.split(b"\r\n")) <= 78
    assert b"\n" not in content.replace(b"\r\n", b"")


def test_what_a_machine_reads_is_there() -> None:
    message = message_from_bytes(built(), policy=SMTP)
    assert message["Message-ID"] == f"<{MAIL['id']}@example.org>"
    assert message["Date"].datetime == NOW
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "nl"
    assert message["MIME-Version"] == "1.0"


@pytest.mark.parametrize(
    "mail", [{"to_name": "An\r\nBcc: x@example.org"}, {"to_address": "é@example.org"}]
)
def test_what_would_break_a_header_is_refused(mail: dict[str, str]) -> None:
    with pytest.raises(BadInput, match="To"):
        built(**mail)


def test_a_subject_with_a_line_break_is_refused() -> None:
    with pytest.raises(BadInput, match="Subject"):
        built("Hello\nBcc: x@example.org")
