"""The values a mail or notice may use, as ``docs/mails.md`` explains them."""

from __future__ import annotations

from collections.abc import Mapping

#: Each value and its fields; None where the process, round or step decides which there are.
VALUES: Mapping[str, frozenset[str] | None] = {
    "person": frozenset({"name"}),
    "organisation": frozenset({"name"}),
    "subject": frozenset({"name"}),
    "parties": None,
    "process": frozenset({"name", "title"}),
    "round": frozenset({"name", "title"}),
    "dates": None,
    "kept": None,
    "case": frozenset({"id", "url", "state"}),
    "payload": None,
    "deadline": None,
    "days_left": None,
    "since": None,
    "days_waiting": None,
    "made": None,
    "links": None,
    "label": frozenset({"valid_from", "valid_until", "certificate_url", "verify_url"}),
    "waiting": None,
    "late": None,
    "count": None,
    "more": None,
    "scope": None,
    "day": None,
    "url": None,
    "link": None,
    "minutes": None,
    "browser": None,
}

#: Values that only whoever gets the mail may see: neither the outbox nor a page shows them.
SECRET = frozenset({"link", "links"})

_LINE = frozenset({"organisation", "url", "since", "days_left", "days_late"})
#: The lists whose items have known fields.
LISTS: Mapping[str, frozenset[str]] = {"waiting": _LINE, "late": _LINE}

#: What a value can be sent through, beside Jinja's own filters.
FILTERS = ("say", "day", "lines")
