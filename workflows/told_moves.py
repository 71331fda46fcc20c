"""What moving open cases to another version would do, as programs read it."""

from __future__ import annotations

from typing import Any

from workflows.process_impact import ProcessImpact
from workflows.version_moves import Move, Summary, kind_of


def as_data(found: Summary, language: str) -> dict[str, Any]:
    """A summary, with the cases it names.

    Arguments:
        language: of the reasons why a case cannot be moved.
    """
    return {
        "looked_at": found.looked_at, "possible": found.possible,
        "refused": dict(found.refused),
        "timers": [
            {"timer": name, "change": kind, "cases": count}
            for (name, kind), count in sorted(found.timers.items())
        ],
        "at_once": dict(found.at_once), "not_shown": dict(found.lost),
        "cases": [_case(move, language) for move in found.moves],
    }  # fmt: skip


def impact_as_data(found: ProcessImpact, language: str) -> dict[str, Any]:
    """What a changed process file would do: what it has no more, then the summary."""
    gone = [{"kind": one.kind, "name": one.name, "cases": one.cases} for one in found.gone]
    return {"gone": gone, **as_data(found.moves, language)}


def _case(move: Move, language: str) -> dict[str, Any]:
    return {
        "case": move.case["id"], "state": move.case["state"], "version": move.before.number,
        "refused": move.refused.say(language) if move.refused else None,
        "timers": [
            {
                "timer": one.name, "change": kind_of(one),
                "before": one.before.isoformat() if one.before else None,
                "after": one.after.isoformat() if one.after else None,
            }
            for one in move.timers
        ],
        "at_once": list(move.at_once), "not_shown": list(move.lost),
    }  # fmt: skip
