"""What a request can be answered with, as the description of the API tells it."""

from __future__ import annotations

from typing import Any, TypeAlias

from web.api.shapes import ErrorAnswer

#: Answers by status, as a route's ``responses`` takes them.
Answers: TypeAlias = dict[int | str, dict[str, Any]]

_SAID = {
    401: "Nobody is signed in.",
    403: "Not this person's to do, or sent from another site.",
    404: "There is no such thing for this person.",
    409: "The case's state has no such step, or somebody was first.",
    413: "More than 12 MB at once.",
    422: "What was sent cannot be used, or a condition is not met.",
    429: "Too many requests from one address within a minute.",
    500: "Our own failure; the log has it under the reference.",
}


def refusals(*statuses: int) -> Answers:
    """Refusals with these statuses, and those that any request can meet."""
    return {
        status: {"model": ErrorAnswer, "description": _SAID[status]}
        for status in sorted((*statuses, 403, 422, 500))
    }


#: A process as SVG, DOT or Mermaid.
PICTURE: Answers = {200: {"content": {"image/svg+xml": {}, "text/plain": {}}}}
#: Of lists that everybody may read.
EVERYBODY = refusals()
#: Of one thing that everybody may read.
EVERYBODY_ONE = refusals(404)
#: Of what only those it concerns may read.
READING = refusals(401, 404)
#: Of what a step would do.
READING_STEP = refusals(401, 404, 409)
#: Of what changes something.
WRITING = refusals(401, 404, 409, 413)
