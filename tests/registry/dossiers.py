"""A dossier to vary, and what is said of a bad one."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from base.errors import BadInput

GOOD: dict[str, Any] = {
    "school": {
        "name": "Atheneum De Linde",
        "country": "BE",
        "area": "BE-VLG",
        "place": "Lindedorp",
        "registered_on": "2020-09-01",
    },
    "teachers": [
        {
            "email": "An@example.org",
            "name": "An Adler",
            "activities": [{"kind": "webinar", "on": "2021-02-01"}],
        },
        {"email": "bram@example.org", "name": "Bram Bakker", "role": "principal"},
    ],
    "projects": [
        {
            "title": "Water",
            "founders": [{"country": "FR"}, {"country": "BE"}],
            "labels": [
                {
                    "kind": "NQL",
                    "granted_on": "2021-10-01",
                    "holder": "an adler",
                    "school_at_grant": "Atheneum De Linde",
                }
            ],
        }
    ],
    "labels": [{"kind": "school_label", "valid_from": "2018-03-01", "valid_until": "2019-12-31"}],
}


def good(**school: Any) -> dict[str, Any]:
    """A fresh copy of the good dossier, with other values for its school."""
    made = copy.deepcopy(GOOD)
    made["school"] |= school
    return made


def told(action: Callable[[], object]) -> str:
    """What is said when ``action`` refuses its input, or "read"; any other exception passes."""
    try:
        action()
    except BadInput as error:
        return str(error)
    return "read"
