"""File names and links as people send them, made safe to keep and to show."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from urllib.parse import SplitResult, urlsplit

from base.errors import BadFile, BadInput, Problem
from base.i18n import N_

#: Longer names are refused: the table keeps 200 characters, and some folders keep 255 bytes.
MAX_NAME = 150
#: The table's limit.
MAX_URL = 2000

#: Characters that turn or hide text: a name with one reads as another name (``exe.fdp``).
_TURNING = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
#: Not allowed in file names on Windows, where reviewers save them.
_AWKWARD = re.compile(r'[<>:"|?*]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
_HOST = re.compile(r"[^\s.:/?#\[\]@%\"<>\\^`{|}]+(\.[^\s.:/?#\[\]@%\"<>\\^`{|}]+)+\.?")


def has_hidden_characters(text: str) -> bool:
    """Whether ``text`` holds control characters, halves of characters, or text-turning ones."""
    return any(char in _TURNING or unicodedata.category(char) in {"Cc", "Cs"} for char in text)


def safe_name(file_name: str) -> str:
    """``file_name`` as it is kept and offered for download.

    Characters that some file systems refuse become ``_``; the rest stays as the sender wrote it.

    Raises:
        BadFile: it is empty, too long, holds a path, or characters that are not to be seen.
    """
    name = file_name.strip()
    if not name:
        raise BadFile(N_("The file has no name. Give it a name and choose it again."))
    if "/" in name or "\\" in name or set(name) <= {"."}:
        raise BadFile(
            N_("The file name holds the name of a folder. Send the file under its own name only.")
        )
    if has_hidden_characters(name):
        raise BadFile(
            N_("The file name holds characters that cannot be seen. Rename the file, please.")
        )
    if len(name) > MAX_NAME or len(name.encode()) > 240:
        raise BadFile(
            N_("The file name is too long. Give it a name of at most {limit} characters."),
            limit=MAX_NAME,
        )
    name = _AWKWARD.sub("_", unicodedata.normalize("NFC", name)).strip(" .")
    if not name:
        raise BadFile(N_("The file has no name. Give it a name and choose it again."))
    return f"_{name}" if _RESERVED.match(name) else name


def check_url(url: str) -> str:
    """``url`` without spaces around it, if it is a link a reviewer can open.

    Raises:
        BadInput: it is too long, no http or https address, holds a password, or leads to a machine
            that only the sender can reach.
    """
    clean = url.strip()
    sentence, values = _wrong(clean)
    if sentence:
        raise BadInput(sentence, [Problem(where="url", message=sentence, values=values)], **values)
    return clean


def _wrong(url: str) -> tuple[str, dict[str, int]]:
    """What is wrong with a link, as a sentence and its values; an empty one if nothing is."""
    if not url:
        return N_("Fill in a link, such as https://www.example.org/policy."), {}
    if len(url) > MAX_URL:
        return N_("The link is too long: at most {limit} characters."), {"limit": MAX_URL}
    if has_hidden_characters(url) or any(char.isspace() for char in url) or "\\" in url:
        return N_("The link holds characters that links do not have. Copy it once more."), {}
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return N_("This is not a link. It looks like https://www.example.org/policy."), {}
    return _wrong_part(parts), {}


def _wrong_part(parts: SplitResult) -> str:
    if parts.scheme.lower() not in {"http", "https"}:
        return N_("A link begins with https:// or http://.")
    if parts.username is not None or parts.password is not None:
        return N_("The link holds a user name or password. Give a link without one.")
    if not _reachable(parts):
        return N_("The link does not lead to a public address, so your NSO cannot open it.")
    return ""


def _reachable(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        pass
    if host.endswith((".local", ".localhost", ".internal", ".localhost.")):
        return False
    # A last part of digits is an address written in another way, such as 127.1.
    last = host.rstrip(".").rpartition(".")[2]
    return bool(_HOST.fullmatch(host)) and not last.isdigit() and not last.startswith("0x")
