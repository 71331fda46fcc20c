"""Problems of an import: pydantic's errors in sentences of our own, and all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from base.errors import BadInput, Problem
from base.i18n import N_
from base.located import nearest
from registry.values import BadValue, shown

#: More problems than this help nobody; the rest is counted.
MAX_PROBLEMS = 500

Path = Sequence[str | int]


def problem_of(
    wrong: dict[str, Any], prefix: str, fields_at: Callable[[Path], list[str]]
) -> Problem:
    """One of pydantic's errors as a place and a sentence.

    Arguments:
        wrong: an item of ``ValidationError.errors()``.
        prefix: what stands before the path.
        fields_at: the fields there are where an unknown one stands, for a hint.
    """
    path: Path = wrong["loc"]
    sentence, values = _sentence(wrong, path, fields_at)
    return Problem(where=(prefix + written(path)) or "dossier", message=sentence, values=values)


def _sentence(
    wrong: dict[str, Any], path: Path, fields_at: Callable[[Path], list[str]]
) -> tuple[str, dict[str, Any]]:
    kind = str(wrong["type"])
    reason = (wrong.get("ctx") or {}).get("error")
    if isinstance(reason, BadValue):
        return reason.message, reason.values
    if kind == "extra_forbidden":
        hint = nearest(str(path[-1]), fields_at(path))
        return N_("There is no such field here{hint}."), {"hint": hint}
    if kind == "too_long":
        limit = wrong["ctx"]["max_length"]
        return N_("At most {limit} are possible here."), {"limit": limit}
    if kind in _PLAIN:
        return _PLAIN[kind], {}
    sentence = (
        N_("{value} stands where fields in braces are needed.")
        if kind.startswith("model")
        else N_("{value} stands where a list in brackets is needed.")
    )
    return sentence, {"value": shown(wrong["input"])}


_PLAIN = {
    "missing": N_("This is missing."),
    "too_short": N_("At least one is needed here."),
}


def written(path: Path) -> str:
    """A path as people write it: ``teachers[2].activities[0].on``."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            clean = "".join(char if char.isprintable() else "·" for char in step[:60])
            text += f".{clean}" if text else clean
    return text


def refuse_if(problems: list[Problem]) -> None:
    """Raises BadInput with ``problems``, if there are any."""
    if len(problems) > MAX_PROBLEMS:
        raise BadInput(
            N_("{count} values cannot be used; these are the first. Nothing was kept."),
            problems[:MAX_PROBLEMS], count=len(problems),
        )  # fmt: skip
    if problems:
        raise BadInput(N_("Some values cannot be used; nothing was kept."), problems)
