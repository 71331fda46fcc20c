"""The mails of a step as they are shown before it is taken, and put in other words."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from web.pages.sending import Sent
from workflows.rehearsal import Draft


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A mail of a step that can be put in other words."""

    #: Its fields are called ``mail-0-subject`` and so on.
    number: int
    draft: Draft
    subject: str
    text: str
    #: Tells whether the words are still those that were shown.
    print: str


def letters(drafts: Sequence[Draft], sent: Sent) -> list[Letter]:
    """The mails of a step as they can be edited: with what was typed, if something was."""
    found = []
    for number, draft in enumerate(drafts):
        name = f"mail-{number}"
        same = sent.get(f"{name}-key") == _key(draft)
        subject, text = (
            (sent.get(f"{name}-{part}", value) if same else value)
            for part, value in (("subject", draft.subject), ("text", draft.text))
        )
        found.append(
            Letter(
                number=number, draft=draft, subject=subject, text=text,
                print=_print(draft.subject, draft.text),
            )
        )  # fmt: skip
    return found


def edits_of(sent: Sent) -> list[dict[str, str]]:
    """The mails that were put in other words; those left as they were shown are not among them."""
    found, number = [], 0
    while f"mail-{number}-key" in sent.fields:
        name = f"mail-{number}"
        template, _, language = sent.get(f"{name}-key").partition(".")
        subject, text = (sent.get(f"{name}-{part}") for part in ("subject", "text"))
        if _print(subject, text) != sent.get(f"{name}-print"):
            found.append(
                {"template": template, "language": language, "subject": subject, "text": text}
            )
        number += 1
    return found


def _key(draft: Draft) -> str:
    return f"{draft.template}.{draft.language}"


def _print(subject: str, text: str) -> str:
    """A fingerprint of words, whatever a browser makes of the ends of their lines."""
    lines = [line.rstrip() for line in text.strip().splitlines()]
    plain = "\n".join([" ".join(subject.split()), *lines])
    return hashlib.sha256(plain.encode()).hexdigest()[:16]
